"""What does a holiday that is added do to open requests? Their deadlines are counted anew, whole halls at a time."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from sala.kit import clock
from sala.kit.acting import Acting
from sala.kit.garbage import uncollected
from sala.kit.rows import insert, insert_values, update_values
from sala.kit.rows import values as read
from sala.ledger import actions as ledger
from sala.offices import queries as offices
from sala.window import joining, rules, steps
from sala.window.models import Event, Postponement, Request, ServiceVersion
from sala.window.terms import Act

CHUNK = 5000  # rows at once: each round costs PostgreSQL a table of its own
Row = dict[str, Any]
CHANGED = ("version", "due_at", "escalated", "trail", "changed")


def recount(*, by: Acting, day: date, office: UUID | None) -> int:
    """Count the deadlines of open requests anew that reach over ``day``; returns how many moved.

    Called inside the transaction of whoever adds the holiday, who was asked for permission there. Side effects: due
    date, a public step and a ledger entry each; what the worker needs to tell the people (`postponing`). Not done: what is
    finished keeps its judgement; nobody is told in this transaction, whose writing others wait for.
    """
    start = datetime.combine(day, time.min, tzinfo=clock.zone())
    # Those that are joined to another follow it, whenever they came in.
    rows = Request.objects.filter(
        open=True, joined=None, due_at__gte=start, received_at__lt=start + timedelta(days=1)
    )
    if office is not None:
        rows = rows.filter(office_id=office)
    fresh = _Deadlines()
    moved: list[UUID] = []
    with transaction.atomic(), uncollected():
        for chunk in _chunks(rows):
            moved += _recounted(by, chunk, fresh)
        moved += joining.recounted(by, moved, clock.now())
        if moved:
            insert([Postponement(day=day, requests=[str(key) for key in moved])])
    return len(moved)


class _Deadlines:
    """When requests are due by the calendar as it is now; what is the same for many is reckoned once."""

    def __init__(self) -> None:
        rows = ServiceVersion.objects.values_list("pk", "days", "days_kind")
        self._days = {key: (count, kind) for key, count, kind in rows}
        self._known: dict[tuple[object, ...], datetime] = {}

    def __call__(self, row: Row) -> datetime:
        if row["paused_minutes"] or row["reopened_at"] is not None:
            return self._reckoned(row)
        # By the minute: whether it came before closing time is all that the hour says.
        minute = row["received_at"].replace(second=0, microsecond=0)
        key = (row["office_id"].int, row["terms_id"].int, minute)
        due = self._known.get(key)
        if due is None:
            due = self._known[key] = self._reckoned(row)
        return due

    def _reckoned(self, row: Row) -> datetime:
        times = rules.Clock(row["received_at"], row["due_at"], row["paused_at"], row["paused_minutes"])
        days, kind = self._days[row["terms_id"]]
        calendar = offices.calendar(row["office_id"])
        return rules.recounted(calendar, times, days, row["reopened_at"], kind).astimezone(UTC)


def _chunks(rows: QuerySet[Request]) -> Iterator[list[Row]]:
    """The rows, some thousands at a time by their keys: what is done with is let go, and nothing is read while it is changed."""
    names = ("id", *steps.COLUMNS)
    found = rows.select_for_update().order_by("pk").values_list(*names)
    chunk = [dict(zip(names, values, strict=True)) for values in read(found[:CHUNK])]
    while chunk:
        yield chunk
        after = read(found.filter(pk__gt=chunk[-1]["id"])[:CHUNK])
        chunk = [dict(zip(names, values, strict=True)) for values in after]


def _recounted(by: Acting, chunk: list[Row], fresh: _Deadlines) -> list[UUID]:
    """Write what moves of these; the keys of what moved."""
    now = clock.now()
    moved, events, said = [], [], []
    for row in chunk:
        due = fresh(row)
        if due == row["due_at"]:
            continue
        events.append(steps.recount(row, due=due, at=now, post=by.post))
        moved.append((row["version"], due, row["escalated"], row["trail"], now, row["id"]))
        said.append((str(row["id"]), _place(row), steps.facts(row)))
    update_values(Request, CHANGED, moved)
    insert_values(Event, events)
    ledger.record_many(by=by, act=f"window.{Act.RECOUNT}", kind=steps.REQUEST, said=said)
    return [row[-1] for row in moved]


def _place(row: Row) -> str:
    """Key of the most precise place."""
    return row["village"] or row["commune"] or row["district"] or row["province"]
