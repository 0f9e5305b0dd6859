"""Django's name for the room `jobs` and what it registers when the house opens."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "sala.jobs"
    label = "jobs"
