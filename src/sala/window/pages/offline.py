"""What does a browser need to keep a report while the network is away? Its service worker, the page for then, a fresh token."""

import hashlib
import json
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.templatetags.static import static
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sala.ui import jinja
from sala.window import queries, shown
from sala.window.pages.report import writer
from sala.window.terms import Kind

SOURCE = Path(__file__).parents[1] / "static" / "window" / "worker.js"
NEEDED = ("ui/sala.css", "ui/icon.svg", "window/waiting.js")
"""What the page for no network loads, kept with it."""


@lru_cache(maxsize=1)
def _worker() -> tuple[str, str]:
    """The worker's text and what tells its version: itself and the addresses of what it keeps."""
    needed = json.dumps([static(name) for name in NEEDED])
    source = SOURCE.read_text(encoding="utf-8")
    version = hashlib.sha256((needed + source).encode()).hexdigest()[:16]
    return f'const VERSION = "{version}", NEEDED = {needed};\n{source}', f'"{version}"'


@require_safe
def worker(request: HttpRequest) -> HttpResponseBase:
    """The service worker. It stands at the root: a worker may only see the addresses below its own."""
    text, version = _worker()
    if request.headers.get("If-None-Match") == version:
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = HttpResponse(text, content_type="text/javascript; charset=utf-8")
    response.headers["ETag"] = version
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """What opens when the network is away: what waits on this phone, and a report on one page. The same for everybody, so
    that it may be kept: no token, no key, nothing about who reads it.
    """
    groups = [
        (kind, [(row.code, shown.short(row)) for row in queries.services(kind=kind)])
        for kind in (Kind.REPORT, Kind.DOCUMENT)
    ]
    response = render(request, "window/offline.html", {"groups": groups, "languages": settings.LANGUAGES})
    response.headers["Cache-Control"] = "no-cache"
    return response


@never_cache
@require_safe
def token(request: HttpRequest) -> JsonResponse:
    """Just before a kept form is sent: the token against forged requests as it is now, and under which sign-in one is.

    No foreign page can read it (no other origin is allowed to), as none can read the token of a page.
    """
    return JsonResponse({"csrf": get_token(request), "owner": writer(request), "lang": jinja.lang()})
