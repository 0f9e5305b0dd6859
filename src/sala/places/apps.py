"""Django's name for the room `places` and what it registers when the house opens."""

from django.apps import AppConfig


class PlacesConfig(AppConfig):
    name = "sala.places"
    label = "places"
