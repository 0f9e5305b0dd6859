"""Django's name for the room `shell` and what it registers when the house opens."""

from django.apps import AppConfig


class ShellConfig(AppConfig):
    name = "sala.shell"
    label = "shell"

    def ready(self) -> None:
        """Middlewares on the floors below show their problems as the house does."""
        from sala.kit import bounds
        from sala.shell import problems, serve

        bounds.register(problems.show)
        serve.register_jobs()
