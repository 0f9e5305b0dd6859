"""Which pages does the frame offer to whom? Rooms register their entries when the house opens."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language

from sala.kit.acting import Acting, Reach


@dataclass(frozen=True)
class Entry:
    """A link of the staff bar (``bar="staff"``) or of the residents' footer (``bar="foot"``).

    ``label`` is a lazy text; ``verb`` the grant without which the entry is not shown ("" = everybody signed in, or
    every resident in the footer).
    """

    route: str
    label: Any
    order: int
    verb: str = ""
    bar: str = "staff"


@dataclass(frozen=True)
class Item:
    """An entry as one reader sees it."""

    url: str
    label: str
    current: bool


_entries: dict[tuple[str, str], Entry] = {}


def register(entry: Entry) -> None:
    """Offer ``entry``; called from a room's `apps.ready`. The same route again replaces it."""
    _entries[entry.bar, entry.route] = entry


def entries(bar: str = "staff") -> list[Entry]:
    """All entries of a bar in their order."""
    found = [entry for entry in _entries.values() if entry.bar == bar]
    return sorted(found, key=lambda entry: (entry.order, entry.route))


@lru_cache(maxsize=256)
def _address(route: str, language: str) -> str:
    try:
        return reverse(route)
    except NoReverseMatch:
        return ""  # a test holds that every entry leads somewhere; a missing page must not take all others with it


def _extends(reach: Reach) -> bool:
    return reach != Reach()


def items(acting: Acting | None, path: str, bar: str = "staff") -> Iterator[Item]:
    """The entries ``acting`` may use, with the one marked that leads to ``path`` or above it."""
    found = []
    for entry in entries(bar):
        if entry.verb and not (acting and acting.signed_in and _extends(acting.reach(entry.verb))):
            continue
        url = _address(entry.route, get_language() or "")
        if url:
            found.append((url, entry))
    best = max((url for url, _ in found if path == url or path.startswith(url + "/")), key=len, default="")
    for url, entry in found:
        yield Item(url, str(entry.label), url == best)
