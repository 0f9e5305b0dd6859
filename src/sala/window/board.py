"""What does everybody see of the problem reports of a place? Lists, points and times, read by the indexes that are there.

Each read is bounded: a commune's or a district's reports come in the order of their index by deadline, open and finished ones
apart, so that none is slower for a million requests elsewhere.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from statistics import median
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet, Sum

from sala.kit import clock
from sala.places.rules import Unit
from sala.window import public, queries, rules
from sala.window.models import Request

POINTS = 500
"""So many points of each sort are drawn, those due last: more would be one blot."""
COUNTED = 1000
"""From so many finished reports times are worked out, and up to so many open ones are counted."""
FEWEST = 5
"""Of fewer cases no time is told: it would say something about single ones."""
SIZE = 25
FED = 50
_CHUNK = 2000
STATES = ("open", "closed")
LATE = "late"
"""A third list: open, past the promised day, and not waiting for the applicant."""


def _rows(unit: Unit | None, *, still: bool, services: Sequence[str]) -> QuerySet[Request]:
    place = {unit.level: unit.key} if unit is not None else {}
    return Request.objects.filter(**place, open=still, service_id__in=services).order_by("-due_at", "-pk")


@dataclass(frozen=True)
class Page:
    """A part of the list, and the number from which the next one goes on; empty at the end."""

    rows: list[Request]
    after: str


def _listed(unit: Unit, state: str, services: Sequence[str]) -> QuerySet[Request]:
    """One of the lists of a place: open, late (of the open ones), or closed."""
    rows = _rows(unit, still=state != "closed", services=services)
    return rows.filter(due_at__lt=clock.now(), paused_at=None) if state == LATE else rows


def page(unit: Unit, *, state: str, services: Sequence[str], after: str = "", size: int = SIZE) -> Page:
    """The open, late or closed reports of a place, those due last first, from ``after`` on. Raises ValueError for a bad key."""
    rows = _listed(unit, state, services).only(*public.PUBLIC_COLUMNS)
    if after:
        due, key = _key(after)
        rows = rows.filter(Q(due_at__lt=due) | Q(due_at=due, pk__lt=key), due_at__lte=due)
    found = list(rows[: size + 1])
    more = found[size - 1].number if len(found) > size else ""
    return Page(found[:size], more)


def _key(number: str) -> tuple[datetime, UUID]:
    """Where in the order the report of this number stands; its id is nobody's business, so that pages name the number."""
    found = (
        Request.objects.filter(number=number, service_id__in=queries.listed())
        .values_list("due_at", "pk")
        .first()
        if rules.is_number(number)
        else None
    )
    if found is None:
        raise ValueError(number)
    return found


def points(unit: Unit, *, services: Sequence[str], states: Sequence[str] = STATES) -> list[tuple[Any, ...]]:
    """Latitude, longitude and whether open of the reports of a place that have a point, each blurred."""
    found: list[tuple[Any, ...]] = []
    for state in states:
        rows = _listed(unit, state, services).filter(latitude__isnull=False)
        found += [
            (public.blurred(latitude), public.blurred(longitude), state != "closed")
            for latitude, longitude in rows.values_list("latitude", "longitude")[:POINTS]
        ]
    return found


def newest(unit: Unit) -> list[Request]:
    """The reports of a place that came in last, for a feed: open and finished ones."""
    services = queries.listed()
    parts = (
        _rows(unit, still=still, services=services).only(*public.PUBLIC_COLUMNS)[:FED]
        for still in (True, False)
    )
    return sorted(chain(*parts), key=lambda row: (row.received_at, row.pk), reverse=True)[:FED]


@dataclass(frozen=True)
class Pace:
    """How fast reports of a service were finished: cases, and for at least `FEWEST` of them the median and the share in time."""

    service: str
    cases: int
    minutes: int | None
    on_time: float | None


def pace(unit: Unit) -> list[Pace]:
    """By service, from the reports of a place finished last; one for all together stands last, with an empty code.

    Joined ones are one case. Those that were withdrawn are none.
    """
    rows = _rows(unit, still=False, services=queries.listed()).filter(joined=None)
    by_service: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    for code, minutes, on_time in rows.values_list("service_id", "handling_minutes", "on_time")[:COUNTED]:
        if minutes is not None:  # what was withdrawn was never finished
            by_service[code].append((minutes, bool(on_time)))
            by_service[""].append((minutes, bool(on_time)))
    ordered = sorted(code for code in by_service if code)
    return [_pace(code, by_service[code]) for code in (*ordered, "") if code in by_service]


def _pace(code: str, found: list[tuple[int, bool]]) -> Pace:
    if len(found) < FEWEST:
        return Pace(code, len(found), None, None)
    times = [minutes for minutes, _ in found]
    return Pace(code, len(found), round(median(times)), sum(on_time for _, on_time in found) / len(found))


def still_open(unit: Unit) -> int:
    """How many reports of a place are open, exact up to `COUNTED`, then one more. Joined ones are one case."""
    return (
        _rows(unit, still=True, services=queries.listed())
        .filter(joined=None)
        .order_by()[: COUNTED + 1]
        .count()
    )


def _every(unit: Unit | None, start: datetime | None, end: datetime | None) -> QuerySet[Request]:
    """Every problem report of a place that was received from ``start`` on and before ``end``."""
    rows = Request.objects.filter(service_id__in=queries.listed()).order_by("pk")
    if unit is not None:
        rows = rows.filter(**{unit.level: unit.key})
    if start is not None:
        rows = rows.filter(received_at__gte=start)
    if end is not None:
        rows = rows.filter(received_at__lt=end)
    return rows


def stamp(unit: Unit | None, start: datetime | None, end: datetime | None) -> tuple[object, ...]:
    """What differs whenever `everything` would say something else: every step of a report moves its moment of change."""
    told = _every(unit, start, end).aggregate(
        count=Count("pk"), changed=Max("changed"), versions=Sum("version")
    )
    return (sorted(queries.listed()), *told.values())


def everything(unit: Unit | None, start: datetime | None, end: datetime | None) -> Iterator[Request]:
    """The same reports, by key ranges, so that a long list holds no long transaction and no memory."""
    rows = _every(unit, start, end).only(*public.PUBLIC_COLUMNS, "joined_id")
    chunk = list(rows[:_CHUNK])
    while chunk:
        yield from chunk
        chunk = list(rows.filter(pk__gt=chunk[-1].pk)[:_CHUNK])
