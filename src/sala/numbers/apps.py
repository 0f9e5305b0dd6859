"""Django's name for the room `numbers` and what it registers when the house opens."""

from django.apps import AppConfig


class NumbersConfig(AppConfig):
    name = "sala.numbers"
    label = "numbers"
