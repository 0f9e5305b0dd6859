"""Where does a place's page lead on to? Rooms above register what they know of a place when the house opens."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Link:
    """A link on the page of a place of these ``levels``; ``label`` is a lazy text, ``address`` makes the link from the key."""

    name: str
    order: int
    label: Any
    levels: tuple[str, ...]
    address: Callable[[str], str]


_links: dict[str, Link] = {}


def register(link: Link) -> None:
    """Offer ``link``; the same name again replaces it."""
    _links[link.name] = link


def of(key: str, level: str) -> list[tuple[str, str]]:
    """Address and words of the links for a place."""
    found = sorted(_links.values(), key=lambda link: (link.order, link.name))
    return [(link.address(key), str(link.label)) for link in found if level in link.levels]
