"""Django's name for the room `notices` and what it registers when the house opens."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "sala.notices"
    label = "notices"
