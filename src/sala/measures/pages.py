"""Which pages show figures? All measures; one measure with chart, table and map; what a figure was counted from; files."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sala.kit import export
from sala.kit.paging import Listing, ListSpec, Sort
from sala.kit.periods import Kind
from sala.measures import asked, maps, noticed, queries, shown, told
from sala.measures.asked import Asked
from sala.measures.queries import Part
from sala.measures.terms import Level
from sala.places import queries as places
from sala.ui.jinja import lang, term, url

SPEC = ListSpec(
    sorts={
        "code": Sort(("code",)),
        "name": Sort(("name",)),
        "value": Sort(("value",)),
        "part": Sort(("part",)),
        "whole": Sort(("whole",)),
    },
    default_sort="code",
    keep=asked.KEPT,
)


def figures(request: HttpRequest) -> HttpResponse:
    """Every measure in its group with the nation's figure and its line."""
    national = queries.national(queries.measures())
    groups = []
    for group, measures in queries.groups():
        rows = []
        for one in measures:
            years = [figure for figure in national[one.code] if figure.period.kind is Kind.YEAR]
            months = [figure for figure in national[one.code] if figure.period.kind is Kind.MONTH]
            rows.append(
                {"measure": one, "latest": years[-1] if years else None, "spark": shown.spark(months[-14:])}
            )
        groups.append((group, rows))
    return render(
        request,
        "measures/figures.html",
        {"groups": groups, "shown": shown, "lang": lang(), "last": queries.last_count()},
    )


def figure(request: HttpRequest, code: str) -> HttpResponse:
    """One measure at one place: head figure, chart, table of what lies below, what is counted, the provinces side by side."""
    chosen = request.GET.get("measure", "")[:64]
    if chosen and chosen != code:
        return redirect(_of_measure(request, chosen))
    wanted = asked.read(request, code)
    parts = queries.parts(wanted.measure, wanted.place, wanted.period)
    listing = Listing.of(request.GET, SPEC, path=request.path)
    head = _head(wanted)
    return render(
        request,
        "measures/figure.html",
        {
            **head,
            "noticed": noticed.notice(wanted.measure, head["figure"].value, parts),
            "trail": _trail(wanted, "figure"),
            "parts": listing.cut(_sorted(parts, listing.sort)),
            "listing": listing,
            "exports": [
                (
                    kind.upper(),
                    listing.export_link(kind, url("figure-table", code, "csv").removesuffix(".csv")),
                )
                for kind in ("csv", "xlsx", "json")
            ],
            "highest": max((part.value for part in parts if part.value is not None), default=Decimal(0)),
            **_multiples(wanted, parts),
            "selects": _selects(wanted),
            "file": queries.last_import(code),
            "last": queries.last_count(),
        },
    )


def _of_measure(request: HttpRequest, code: str) -> str:
    """The address of another measure at the same place, in the same period where that has a figure."""
    other = queries.measure(code)
    key = queries.place(request.GET.get("place", "").strip()[:16])
    period = request.GET.get("period", "").strip()[:16]
    known = period in {one.code for one in queries.periods(other, key)}
    level = request.GET.get("level", "").strip()[:16]
    query = {"place": key, "period": period if known else "", "level": level}
    return url("figure", other.code, query={name: value for name, value in query.items() if value})


def _head(wanted: Asked) -> dict[str, Any]:
    one = wanted.measure
    figure = queries.figure(one, wanted.place, wanted.period)
    before = queries.year_before(one, wanted.place, wanted.period)
    months = queries.months(one, wanted.place, wanted.period)
    line = places.line(wanted.place)
    return {
        "measure": one,
        "wanted": wanted,
        "period": wanted.period,
        "figure": figure,
        "before": before,
        "change": shown.change(one, figure.value, before.value if before else None),
        "months": months,
        "chart": shown.chart(one, months),
        "without": queries.without_data(one, wanted.place, wanted.period),
        "title": places.title(wanted.place),
        "level": queries.level_of(wanted.place),
        "below": _below(wanted.place),
        "line": [(unit.key, places.title(unit.key)) for unit in line],
        "shown": shown,
        "lang": lang(),
        "link": _linker(wanted),
    }


def _below(key: str) -> Level | None:
    return {Level.NATION: Level.PROVINCE, Level.PROVINCE: Level.DISTRICT, Level.DISTRICT: Level.COMMUNE}.get(
        queries.level_of(key)
    )


def _linker(wanted: Asked) -> Callable[..., str]:
    def link(route: str, **changes: str) -> str:
        return url(route, wanted.measure.code, query=wanted.query(**changes))

    return link


def _multiples(wanted: Asked, parts: list[Part]) -> dict[str, Any]:
    """The provinces side by side and their scale, on the nation's page of a measure that knows months."""
    if wanted.place or Kind.MONTH not in wanted.measure.periods:
        return {"multiples": "", "scale": ""}
    months = [month.period for month in queries.months(wanted.measure, "", wanted.period)]
    lines = queries.lines_of_parts(wanted.measure, [part.key for part in parts], months)
    link = _linker(wanted)
    return {
        "multiples": shown.multiples(wanted.measure, parts, lines, lambda key: link("figure", place=key)),
        "scale": shown.multiples_scale(wanted.measure, parts, lines),
    }


def _selects(wanted: Asked) -> list[tuple[str, str, list[tuple[str, Any]], str]]:
    """Measure (in its groups), period (years, quarters, months), level of the map."""
    here = lang()
    known = queries.periods(wanted.measure, wanted.place) or [wanted.period]
    if wanted.period not in known:
        known = [wanted.period, *known]
    measures = [
        (shown.name(group.as_dict()), [(one.code, shown.name(one.name.as_dict())) for one in found])
        for group, found in queries.groups()
    ]
    kinds = {Kind.YEAR: _("Years"), Kind.QUARTER: _("Quarters"), Kind.MONTH: _("Months")}
    periods = [
        (words, [(period.code, period.label(here)) for period in known if period.kind is kind])
        for kind, words in kinds.items()
    ]
    levels = [(str(level), term(level)) for level in _levels(wanted.place)]
    found: list[tuple[str, str, list[tuple[str, Any]], str]] = [
        ("measure", _("Measure"), measures, wanted.measure.code),
        ("period", _("Period"), [group for group in periods if group[1]], wanted.period.code),
    ]
    return [*found, ("level", _("Level of the map"), levels, str(wanted.level))] if len(levels) > 1 else found


def _levels(key: str) -> list[Level]:
    """The levels that a map of the place can show."""
    order = list(Level)
    return order[order.index(queries.level_of(key)) + 1 :]


def _sorted(parts: list[Part], sort: str) -> list[Part]:
    """By the column asked for; what has no data is last either way."""
    down = sort.startswith("-")

    def whole(part: Part) -> Decimal | None:
        return part.figure.total.denominator if part.figure.total else None

    def portion(part: Part) -> Decimal | None:
        return part.figure.total.numerator if part.figure.total else None

    keys: dict[str, Callable[[Part], Any]] = {
        "code": lambda part: part.code,
        "name": (lambda part: part.sort_key) if lang() == "km" else (lambda part: part.name["en"]),
        "value": lambda part: part.value,
        "part": portion,
        "whole": whole,
    }
    key = keys[sort.lstrip("-")]
    known = [part for part in parts if key(part) is not None]
    unknown = [part for part in parts if key(part) is None]
    return sorted(known, key=key, reverse=down) + unknown


def figure_table(request: HttpRequest, code: str, kind: str) -> HttpResponseBase:
    """The table of a figure's parts as a file, with licence and, in a demonstration, its mark."""
    wanted = asked.read(request, code)
    one = wanted.measure
    listing = Listing.of(request.GET, SPEC, strict=True, path=request.path)
    whole = queries.figure(one, wanted.place, wanted.period)
    top = Part(
        wanted.place,
        wanted.place,
        places.names([wanted.place]).get(wanted.place) or places.title(""),
        {},
        whole,
    )
    rows = [top, *_sorted(queries.parts(one, wanted.place, wanted.period), listing.sort)]
    licence = told.licence(one)
    if one.origin:
        licence += f", {shown.name(one.origin.publisher.as_dict())}"
    return export.write(
        shown.name(one.name.as_dict()), _columns(wanted, licence), rows, kind, mark=told.mark()
    )


def _columns(wanted: Asked, licence: str) -> list[export.Column]:
    one, period = wanted.measure, wanted.period.code

    def total(field: str) -> Callable[[Part], object]:
        return lambda part: getattr(part.figure.total, field) if part.figure.total else None

    return [
        export.Column("measure", gettext_lazy("Measure"), lambda _part: one.code),
        export.Column("period", gettext_lazy("Period"), lambda _part: period),
        export.Column("place", gettext_lazy("Place"), lambda part: part.code),
        export.Column("name", gettext_lazy("Name"), lambda part: part.name),
        export.Column("value", gettext_lazy("Value"), lambda part: part.value),
        export.Column("numerator", gettext_lazy("Numerator"), total("numerator")),
        export.Column("denominator", gettext_lazy("Denominator"), total("denominator")),
        export.Column("count", gettext_lazy("Facts counted"), total("count")),
        export.Column("unit", gettext_lazy("Unit"), lambda _part: str(one.unit.value)),
        export.Column("rule", gettext_lazy("Rule"), lambda _part: one.rule_version),
        export.Column("licence", gettext_lazy("Licence"), lambda _part: licence),
    ]


def figure_map(request: HttpRequest, code: str) -> HttpResponse:
    """The map of a figure: a page of its own, or its part for a page that is open already. Loaded only when asked for."""
    wanted = asked.read(request, code)
    fragment = bool(getattr(request, "htmx", False))
    template = "measures/map.html" if fragment else "measures/map_page.html"
    return render(request, template, {**_map(wanted), "shown": shown, "lang": lang()})


def _map(wanted: Asked) -> dict[str, Any]:
    link = _linker(wanted)
    return {
        "measure": wanted.measure,
        "wanted": wanted,
        "period": wanted.period,
        "title": places.title(wanted.place),
        "link": link,
        "levels": [
            (link("figure-map", level=level), level, level is wanted.level) for level in _levels(wanted.place)
        ],
        "map": maps.draw(wanted, lambda key: link("figure", place=key)),
    }


def figure_sources(request: HttpRequest, code: str) -> HttpResponse:
    """What a figure was counted from: down the places to the single records, for those who may see them."""
    wanted = asked.read(request, code)
    if request.GET.get("without") == "1":
        return _without(request, wanted)
    own = request.GET.get("own") == "1"
    context = _head(wanted)
    parts = [] if own else queries.parts(wanted.measure, wanted.place, wanted.period)
    total = context["figure"].total
    rest = (total.count if total else 0) - sum(part.figure.total.count for part in parts if part.figure.total)
    listing = Listing.of(request.GET, ListSpec(keep=(*asked.KEPT, "own"), page_size=50), path=request.path)
    records = None
    if total and (own or not parts):
        acting = request.acting  # type: ignore[attr-defined]
        records = queries.opened(wanted.measure, wanted.place, wanted.period, acting, listing.page, own=own)
    return render(
        request,
        "measures/sources.html",
        {
            **context,
            "parts": [part for part in parts if part.figure.total],
            "own": own,
            "rest": rest,
            "records": records,
            "listing": listing,
            "trail": _trail(wanted),
        },
    )


def _without(request: HttpRequest, wanted: Asked) -> HttpResponse:
    """The communes that have no figure, by province: what is missing from a sum is named, too."""
    keys = queries.communes_without(wanted.measure, wanted.place, wanted.period)
    titles = places.titles(keys)
    groups: dict[str, list[tuple[str, dict[str, str]]]] = {}
    for key in keys:
        groups.setdefault(places.where(key).province, []).append((key, titles[key]))
    context = {
        "measure": wanted.measure,
        "period": wanted.period,
        "title": places.title(wanted.place),
        "link": _linker(wanted),
        "groups": [(places.title(province), found) for province, found in groups.items()],
        "count": len(keys),
        "lang": lang(),
    }
    return render(request, "measures/without.html", context)


def _trail(wanted: Asked, route: str = "figure-sources") -> list[tuple[str, str]]:
    """Nation, province, district, commune, each with its figure and a link."""
    link = _linker(wanted)
    keys = ["", *(unit.key for unit in places.line(wanted.place))]
    found = queries.figures(wanted.measure, keys, [wanted.period])
    trail = []
    for key in keys:
        got = found.get((key, wanted.period.code))
        words = f"{shown.name(places.title(key))} {shown.sentence(wanted.measure, got.value) if got else '–'}"
        trail.append(("" if key == wanted.place else link(route, place=key), words))
    return trail
