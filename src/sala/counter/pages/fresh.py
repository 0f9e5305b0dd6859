"""Has anything changed since this page was drawn? A page that asks again by itself is answered in one line where nothing has."""

import hashlib

from django.http import HttpRequest


def mark(*facts: object) -> str:
    """A short mark of what a page shows; it stands in the address that the page asks again."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def unchanged(request: HttpRequest, now: str) -> bool:
    """Whether a script asks that shows this very mark already; a reader gets the whole page."""
    return request.headers.get("HX-Request") == "true" and request.GET.get("seen") == now
