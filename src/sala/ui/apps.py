"""Django's name for the room `ui` and what it registers when the house opens."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "sala.ui"
    label = "ui"
