"""How do programs ask for figures? Measures, figures of many places, and the records behind one; open to all."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import Router

from sala.kit import api, export, openapi
from sala.kit.errors import FieldError, Invalid
from sala.kit.openapi import Link, Names, Told
from sala.kit.paging import Filter, Listing, ListSpec
from sala.kit.periods import Kind, Period
from sala.measures import asked, queries, told
from sala.measures.rules import Total
from sala.measures.terms import Aggregation, Direction, Level, Unit

router = Router(tags=["measures"])


class SourceTold(Told):
    """Where a measure's figures come from."""

    title: Names
    publisher: Names
    year: int
    licence: str
    url: str


class MeasureTold(Told):
    """A measure: what is counted, by which rule, in which unit, how it adds up."""

    code: str
    name: Names
    group: Names
    what: Names
    rule: Names
    rule_version: str
    unit: Unit
    direction: Direction
    aggregation: Aggregation
    periods: list[Kind]
    numerator: Names | None
    denominator: Names | None
    goal: float | None
    source: SourceTold | None


class FigureTold(Told):
    """One figure, not rounded; shares are of 1, times in minutes of working time."""

    measure: str
    place: str
    name: Names
    level: Level
    period: str
    value: float | None
    numerator: float | None
    denominator: float | None
    count: int
    rule_version: str
    licence: str


@router.get("", auth=None, summary="All measures", operation_id="list_measures")
@openapi.says(
    openapi.page_of(MeasureTold),
    links={"Figures": Link("list_figures", {"measure": "$response.body#/results/0/code"})},
)
def measures(request: HttpRequest) -> HttpResponse:
    """Every measure: names, what is counted, rule and version, unit, direction, aggregation, source."""
    found = [told.described(one) for one in queries.measures()]
    return api.json({"count": len(found), "more": False, "next": None, "previous": None, "results": found})


def _read_period(text: str) -> Period:
    return asked.period(text)


def _plain(name: str, label: Any, read: Any) -> Filter:
    """A parameter this room reads itself: it narrows before the database does."""
    from django.db.models import Q

    return Filter(name, label, read, lambda _values: Q())


SPEC = ListSpec(
    filters=(
        _plain("measure", gettext_lazy("Measure"), lambda text: queries.measure(text[:64]).code),
        _plain("place", gettext_lazy("Place"), lambda text: queries.place(text[:16])),
        _plain("period", gettext_lazy("Period"), _read_period),
        _plain("level", gettext_lazy("Level"), lambda text: _level(text)),
    ),
    sorts={"place": "place", "value": "value"},
    default_sort="place",
    page_size=50,
)


def _level(text: str) -> Level:
    from sala.kit.inputs import Wrong

    try:
        return Level(text)
    except ValueError:
        raise Wrong("unknown", _("Give nation, province, district or commune as the level.")) from None


@router.get("/figures", auth=None, summary="Figures of a measure", operation_id="list_figures")
@api.lists(SPEC)
@openapi.says(openapi.page_of(FigureTold), problems=(404,))
def figures(request: HttpRequest) -> HttpResponse:
    """The figures of one measure in one period: of the place itself, or with ``level`` of all units of that level in it.

    ``period`` defaults to the latest year with data. What has no data has no row. ``value`` is not rounded; shares are of 1, times in minutes
    of working time.
    """
    listing, rows = _found(request)
    page = listing.cut(rows)
    answer: dict[str, Any] = {
        "count": page.count,
        "more": page.more,
        "next": page.next,
        "previous": page.previous,
        "results": told.serialised(page.results),
    }
    return api.json(answer)


def _file(kind: str) -> Any:
    @api.lists(SPEC)
    @openapi.says({"type": "string"}, kind=export.KINDS[kind].partition(";")[0], problems=(404,))
    def figures_file(request: HttpRequest) -> Any:
        _listing, rows = _found(request)
        columns = [
            export.Column("measure", gettext_lazy("Measure")),
            export.Column("place", gettext_lazy("Place")),
            export.Column("name", gettext_lazy("Name")),
            export.Column("level", gettext_lazy("Level")),
            export.Column("period", gettext_lazy("Period")),
            export.Column("value", gettext_lazy("Value")),
            export.Column("numerator", gettext_lazy("Numerator")),
            export.Column("denominator", gettext_lazy("Denominator")),
            export.Column("count", gettext_lazy("Facts counted")),
            export.Column("rule_version", gettext_lazy("Rule")),
            export.Column("licence", gettext_lazy("Licence")),
        ]
        return export.write(_("Figures"), columns, told.serialised(rows), kind, mark=told.mark())

    return figures_file


for _kind in ("csv", "xlsx"):
    router.get(
        f"/figures.{_kind}",
        auth=None,
        summary=f"Figures of a measure ({_kind})",
        operation_id=f"list_figures_{_kind}",
    )(_file(_kind))


def _found(request: HttpRequest) -> tuple[Listing, list[Total]]:
    listing = Listing.of(request.GET, SPEC, strict=True, path=request.path)
    values = {name: given[0] for name, given in listing.values.items()}
    if "measure" not in values:
        raise Invalid(
            _("Say which measure: measure=<code>."),
            errors=[FieldError("measure", "required", _("This field is needed."))],
        )
    one = queries.measure(values["measure"])
    key = values.get("place", "")
    period = values.get("period") or queries.default_period(one, key)
    rows = queries.totals(one, period, key, values.get("level"))
    down = listing.sort.startswith("-")
    if listing.sort.lstrip("-") == "value":
        known = [row for row in rows if row.value is not None]
        unknown = [row for row in rows if row.value is None]
        return listing, sorted(known, key=lambda row: row.value or 0, reverse=down) + unknown
    return listing, sorted(rows, key=lambda row: row.place, reverse=down)
