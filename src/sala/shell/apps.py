"""Django's name for the room `shell` and what it registers when the house opens."""

from django.apps import AppConfig


class ShellConfig(AppConfig):
    name = "sala.shell"
    label = "shell"
