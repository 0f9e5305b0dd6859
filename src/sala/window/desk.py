"""What does an officer's desk hold? The first page of a saved list and how long each list is, with SQL that is written once."""

from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet

from sala.kit import clock
from sala.kit.acting import Acting, Where
from sala.kit.prepared import Bound, Counts, Prepared
from sala.window import queries
from sala.window.models import Request
from sala.window.terms import Verb


class Row(NamedTuple):
    """What a line of a list shows of a request; everything else would be read for nothing."""

    id: UUID
    number: str
    terms_id: UUID
    state: str
    open: bool
    province: str
    district: str
    commune: str
    village: str
    office_id: UUID
    assigned: UUID | None
    location: str
    due_at: datetime
    paused_at: datetime | None
    on_time: bool | None
    escalated: str

    @property
    def place(self) -> str:
        """Key of the most precise place."""
        return self.village or self.commune or self.district or self.province

    @property
    def where(self) -> Where:
        """Where it stands, for permission."""
        return Where(self.province, self.district, self.commune, self.village, self.office_id)


def rows(found: QuerySet[Request]) -> QuerySet[Request, Any]:
    """The columns of `Row` alone."""
    return found.values_list(*Row._fields)


def first(by: Acting, view: str, size: int) -> list[Row]:
    """The ``size`` requests of a saved list that are due first."""
    values = _values(by)
    if values is None:
        found = queries.visible(by).filter(queries.view(by, view)).order_by("due_at", "pk")
        return [Row(*row) for row in rows(found)[:size]]
    given = _given(by)
    # Each part comes in the order of its index and is cut there; asked for together, all of them would be read and sorted.
    parts = [_rows(view, column, size)(**given, **{column: key}) for column, key in values.items()]
    one = parts[0] if len(parts) == 1 else sorted({row for part in parts for row in part}, key=_due)[:size]
    return [Row(*row) for row in one]


def lengths(by: Acting) -> dict[str, int]:
    """How many requests each saved list holds, exact up to 1,000, then 1,001. All together: to do, waiting, joined and done."""
    values = _values(by)
    if values is None:
        return queries.counts(by)
    given = {**_given(by), **values}
    *others, place = values
    found = _lengths(VIEWS, place, "")(**given)
    short = tuple(view for view in VIEWS if found[view] <= queries.COUNT_LIMIT)
    for column in others if short else ():
        for view, more in _lengths(short, column, place)(**given).items():
            found[view] = min(found[view] + more, queries.COUNT_LIMIT + 1)
    return queries.with_all(found)


VIEWS = tuple(name for name in queries.VIEWS if name != "all")
EVERYTHING = "everything"


def _due(row: Any) -> tuple[datetime, UUID]:
    return row[Row._fields.index("due_at")], row[0]


def _values(by: Acting) -> dict[str, object] | None:
    """What the asker sees, by column: everything, or what one office holds, or what lies in one place, or both; else None."""
    reach = by.reach(Verb.SEE)
    if queries.post_id(by) is None:
        return None
    if reach.everything:
        return {EVERYTHING: True}
    places = {"province": reach.provinces, "district": reach.districts, "commune": reach.communes}
    parts: dict[str, frozenset[Any]] = {"office": reach.offices, **places}
    found: dict[str, object] = {column: next(iter(keys)) for column, keys in parts.items() if len(keys) == 1}
    few = len(found) == sum(map(bool, parts.values())) and len(found.keys() & places) <= 1
    return found if found and few and all(found.values()) else None


def _given(by: Acting) -> dict[str, object]:
    return {"now": clock.now(), "post": queries.post_id(by), "open": True, "over": False}


def _seen(view: str, column: str) -> QuerySet[Request]:
    """A saved list of what stands in this column."""
    found = Request.objects.filter(queries.view_q(view, now=Bound("now"), post=Bound("post")))
    if column == EVERYTHING:
        return found
    # Said as an equality once more: SQLite reads an index on it only so, and the partial index of the nation only as a truth.
    if view != "all":
        found = found.filter(open=Bound("over" if view == "done" else "open"))
    return found.filter(**{column: Bound(column)})


@lru_cache(maxsize=256)
def _rows(view: str, column: str, size: int) -> Prepared[Any]:
    return Prepared(lambda: rows(_seen(view, column).order_by("due_at", "pk"))[:size])


@lru_cache(maxsize=64)
def _lengths(views: tuple[str, ...], column: str, without: str) -> Counts:
    """The saved lists of a column, without what lies in the place that is counted already."""
    outside = ~Q(**{without: Bound(without)}) if without else Q()
    most = queries.COUNT_LIMIT + 1

    def counted(view: str) -> QuerySet[Request]:
        found = _seen(view, column).filter(outside)
        # In their order, or PostgreSQL reads the whole table in the hope of soon having met a thousand of them.
        return (found.order_by("due_at") if view in ("todo", "late", "waiting", "joined") else found)[:most]

    return Counts(lambda: {view: counted(view) for view in views})
