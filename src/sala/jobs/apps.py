"""Django's name for the room `jobs` and what it registers when the house opens."""

from datetime import timedelta

from django.apps import AppConfig


def beat() -> None:
    """Nothing to do: that the loop came by is the sign of life `queries.heartbeat` reads."""


class JobsConfig(AppConfig):
    name = "sala.jobs"
    label = "jobs"

    def ready(self) -> None:
        from sala.jobs import registry

        registry.register("jobs.heartbeat", timedelta(seconds=5), beat)
