"""Who may open an attachment? The room that owns the record it is attached to answers."""

from collections.abc import Callable

from django.http import HttpRequest

MayOpen = Callable[[HttpRequest, str], bool]
_kinds: dict[str, MayOpen] = {}


def register(kind: str, may_open: MayOpen) -> None:
    """Register a kind of record (``window.request``): ``may_open(request, subject)`` is asked at every opening."""
    _kinds[kind] = may_open


def is_registered(kind: str) -> bool:
    """Whether files can be attached to records of this kind."""
    return kind in _kinds


def may_open(request: HttpRequest, kind: str, subject: str) -> bool:
    """Whether this request may open a file of the record; False for a kind nobody registered."""
    ask = _kinds.get(kind)
    return ask is not None and bool(ask(request, subject))
