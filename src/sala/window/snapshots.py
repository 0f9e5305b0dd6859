"""What does the ledger recompute of the window's rows? Each record's facts as they stand, with its steps in one pass."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from uuid import UUID

from sala.window import steps
from sala.window.models import Contact, Event, Rating, Request


def requests() -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every request's facts from its row, with the trail taken anew from its steps."""
    rows = Request.objects.order_by("pk").iterator(chunk_size=500)
    said = groupby(
        Event.objects.order_by("request_id", "position").iterator(chunk_size=2000), key=lambda e: e.request_id
    )
    current: tuple[UUID, Iterable[Event]] | None = next(said, None)
    for row in rows:
        row.trail = ""
        while current is not None and current[0].int < row.pk.int:
            current = next(said, None)
        if current is not None and current[0] == row.pk:
            row.trail = steps.trail(current[1])
            current = next(said, None)
        yield str(row.pk), steps.content(row)


def contacts() -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every contact's facts."""
    for row in Contact.objects.order_by("pk").iterator(chunk_size=2000):
        yield str(row.pk), steps.contact_content(row)


def ratings() -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every rating's facts."""
    for row in Rating.objects.order_by("pk").iterator(chunk_size=2000):
        yield str(row.pk), steps.rating_content(row)
