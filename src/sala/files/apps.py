"""Django's name for the room `files` and what it registers when the house opens."""

from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "sala.files"
    label = "files"
