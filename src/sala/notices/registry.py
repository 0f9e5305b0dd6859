"""Which kinds of notice are there, and which records can a chat be linked to? Rooms name theirs in `apps.ready()`."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

_kinds: dict[str, str] = {}
_urgent: set[str] = set()


def register(kind: str, label: str, *, urgent: bool = False) -> None:
    """Register a kind (``window.received``) with its English label, marked for translation by ``N_``. ``urgent`` ones don't
    wait for the end of the quiet hours."""
    _kinds[kind] = label
    (_urgent.add if urgent else _urgent.discard)(kind)


def kinds() -> dict[str, str]:
    """All registered kinds and their labels."""
    return dict(_kinds)


def urgent() -> frozenset[str]:
    """The kinds that may wake people."""
    return frozenset(_urgent)


def label(kind: str) -> str:
    """The label of a kind; the kind itself where none was registered."""
    return _kinds.get(kind, kind)


@dataclass(frozen=True)
class Greeting:
    """What a chat is told when it was linked to a record, in the language of whom it concerns."""

    kind: str
    language: str
    text: str
    office: UUID | None = None


Greet = Callable[[str], Greeting | None]
_linkable: dict[str, Greet] = {}


def link(kind: str, greet: Greet) -> None:
    """Let chats be linked to records of ``kind``; ``greet`` takes a record's key and answers None where there is none (any
    more) of whom anybody would be told."""
    _linkable[str(kind)] = greet


def linkable() -> dict[str, Greet]:
    """The kinds of record that chats can be linked to."""
    return dict(_linkable)
