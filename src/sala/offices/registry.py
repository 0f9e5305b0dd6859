"""Who must know when a working calendar changes? Rooms that keep deadlines register; they are called in the same transaction."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

from sala.kit.acting import Acting

Listener = Callable[[Acting, date, UUID | None], None]
_listeners: dict[str, Listener] = {}


def on_holiday(room: str, listener: Listener) -> None:
    """Call ``listener(by, day, office id or None for the country)`` after a holiday was added, inside its transaction."""
    _listeners[room] = listener


def tell(by: Acting, day: date, office: UUID | None) -> None:
    """Tell every room that registered, in the order of registering."""
    for listener in _listeners.values():
        listener(by, day, office)
