"""Django's name for the room `measures` and what it registers when the house opens."""

from django.apps import AppConfig


class MeasuresConfig(AppConfig):
    name = "sala.measures"
    label = "measures"
