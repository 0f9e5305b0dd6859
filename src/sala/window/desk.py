"""What does an officer's desk hold? The first page of a saved list and how long each list is, with SQL that is written once."""

from datetime import datetime
from functools import lru_cache, reduce
from operator import or_
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
    read = _rows(view, tuple(values), size)
    return [Row(*row) for row in read(**values, **_given(by))]


def lengths(by: Acting) -> dict[str, int]:
    """How many requests each saved list holds, exact up to 1,000, then 1,001. All together: to do, waiting and done."""
    values = _values(by)
    if values is None:
        return queries.counts(by)
    found = _lengths(tuple(values))(**values, **_given(by))
    return queries.with_all(found)


def _values(by: Acting) -> dict[str, object] | None:
    """What the asker sees, where that is everything, or held by one office or lying in one place (column -> key); else None."""
    reach = by.reach(Verb.SEE)
    if queries.post_id(by) is None:
        return None
    if reach.everything:
        return {}
    parts = {
        "office": reach.offices,
        "province": reach.provinces,
        "district": reach.districts,
        "commune": reach.communes,
    }
    found: dict[str, object] = {column: next(iter(keys)) for column, keys in parts.items() if len(keys) == 1}
    return found if all(found.values()) and found and len(found) == sum(map(bool, parts.values())) else None


def _given(by: Acting) -> dict[str, object]:
    return {"now": clock.now(), "post": queries.post_id(by), "open": True, "over": False}


def _seen(view: str, columns: tuple[str, ...]) -> QuerySet[Request]:
    """A saved list of what stands in these columns."""
    found = Request.objects.filter(queries.view_q(view, now=Bound("now"), post=Bound("post")))
    if not columns:
        return found
    # Said as an equality once more: SQLite reads an index on it only so, and the partial index of the nation only as a truth.
    if view != "all":
        found = found.filter(open=Bound("over" if view == "done" else "open"))
    return found.filter(reduce(or_, (Q(**{column: Bound(column)}) for column in columns)))


@lru_cache(maxsize=256)
def _rows(view: str, columns: tuple[str, ...], size: int) -> Prepared[Any]:
    return Prepared(lambda: rows(_seen(view, columns).order_by("due_at", "pk"))[:size])


@lru_cache(maxsize=16)
def _lengths(columns: tuple[str, ...]) -> Counts:
    views = [name for name in queries.VIEWS if name != "all"]
    return Counts(lambda: {name: _seen(name, columns)[: queries.COUNT_LIMIT + 1] for name in views})
