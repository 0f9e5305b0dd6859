"""Which verbs are there, and which of them does everybody have? Rooms register theirs when the house opens."""

from collections.abc import Iterable
from typing import Any

from sala.kit.terms import Term
from sala.ledger import registry

_rooms: dict[str, type[Term]] = {}
_labels: dict[str, Any] = {}
_resident: set[str] = set()
_recent: set[str] = set()


def register(
    room: str, verbs: type[Term], resident: Iterable[str] = (), label: Any = "", recent: Iterable[str] = ()
) -> None:
    """Make a room's verbs known; ``resident`` are those that need neither account nor post; ``label`` (marked text) heads
    them on pages; ``recent`` are those that can't be undone: who signed in a while ago is asked again who he is. Raises
    `ValueError` if misnamed.
    """
    for verb in verbs:
        if not verb.value.startswith(f"{room}."):
            raise ValueError(f"the verb {verb.value} must start with {room}.")
    _rooms[room] = verbs
    registry.acts(verbs)  # the ledger's page says acts in words
    _labels[room] = label
    _resident.update(str(verb) for verb in resident)
    _recent.update(str(verb) for verb in recent)


def rooms() -> dict[str, type[Term]]:
    """The verbs by room, in the order of registering."""
    return dict(_rooms)


def label(room: str) -> Any:
    """What heads the verbs of a room on a page; empty where the room gave nothing."""
    return _labels.get(room, "")


def known(verb: str) -> Term | None:
    """The verb as its room declares it; None where no room does."""
    room = _rooms.get(verb.split(".", 1)[0])
    try:
        return room(verb) if room else None
    except ValueError:
        return None


def resident() -> frozenset[str]:
    """The verbs everybody has."""
    return frozenset(_resident)


def needs_recent(verb: str) -> bool:
    """Whether the verb asks for a recent sign-in."""
    return verb in _recent


def is_resident(verb: str) -> bool:
    """Whether everybody has the verb."""
    return verb in _resident
