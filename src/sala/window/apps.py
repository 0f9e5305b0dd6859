"""Django's name for the room `window` and what it registers when the house opens."""

from django.apps import AppConfig


class WindowConfig(AppConfig):
    name = "sala.window"
    label = "window"
