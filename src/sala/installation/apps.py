"""Django's name for the room `installation` and what it registers when the house opens."""

from django.apps import AppConfig


class InstallationConfig(AppConfig):
    name = "sala.installation"
    label = "installation"
