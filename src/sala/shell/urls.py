"""Every address of the house: each room's pages under /km/ and /en/, the API, and what has one address for all languages."""

from importlib import import_module
from typing import Any

from django.conf.urls.i18n import i18n_patterns
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, URLResolver, path, resolve
from django.utils import translation

from sala.shell import api, health

handler400 = "sala.shell.problems.bad_request"
handler403 = "sala.shell.problems.permission_denied"
handler404 = "sala.shell.problems.page_not_found"
handler500 = "sala.shell.problems.server_error"


def front_door(request: HttpRequest) -> HttpResponseBase:
    """`/`: the residents' home, in Khmer unless the reader has chosen English before."""
    chosen = "en" if request.COOKIES.get("sala_language") == "en" else "km"
    translation.activate(chosen)
    found = resolve(f"/{chosen}/")
    response: HttpResponseBase = found.func(request, *found.args, **found.kwargs)
    return response


def _of_rooms(name: str) -> list[Any]:
    return [
        pattern
        for room in api.rooms("urls")
        for pattern in getattr(import_module(f"sala.{room}.urls"), name, [])
    ]


urlpatterns: list[URLPattern | URLResolver] = [
    path("", front_door),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("api/v1/docs", api.docs, name="api-docs"),
    path("api/v1/", api.API.urls),
    *_of_rooms("plain_urlpatterns"),
    *i18n_patterns(*_of_rooms("urlpatterns")),
]
