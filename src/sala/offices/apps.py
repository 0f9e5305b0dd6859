"""Django's name for the room `offices` and what it registers when the house opens."""

from django.apps import AppConfig


class OfficesConfig(AppConfig):
    name = "sala.offices"
    label = "offices"
