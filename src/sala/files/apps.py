"""Django's name for the room `files` and what it registers when the house opens."""

from django.apps import AppConfig
from django.conf import settings


class FilesConfig(AppConfig):
    name = "sala.files"
    label = "files"

    def ready(self) -> None:
        from sala.files import store

        fault = store.check(settings.FILES_URL)
        if fault:
            raise SystemExit(fault)
