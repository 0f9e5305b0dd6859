"""What can be done here? The home page, a hall's page and the list of services."""

from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from sala.kit import clock, inputs
from sala.kit.errors import NotFound
from sala.places import queries as places
from sala.ui import jinja
from sala.window import queries, shown
from sala.window.terms import Kind


def _found(typed: str) -> tuple[str, list[dict[str, object]] | None]:
    """What was typed into the search for a hall, and the communes it may mean; None where nothing was typed."""
    try:
        words = inputs.line(typed, 120)
    except inputs.Wrong:
        return "", []
    if not words:
        return "", None
    found = places.search(words, limit=10, levels=("commune",))
    return words, [
        {"key": unit.key, "title": places.title(unit.key), "line": _line(unit.key)} for unit in found
    ]


def _line(key: str) -> str:
    """District and province of a place, in the page's language."""
    above = [unit for unit in places.line(key)[:-1] if unit.level != "commune"]
    names = [jinja.name(places.title(unit.key)) for unit in reversed(above)]
    return (" " if jinja.lang() == "km" else ", ").join(names)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The residents' home: two main actions, follow a request, find one's hall."""
    words, found = _found(request.GET.get("q", ""))
    return render(request, "window/home.html", {"q": words, "found": found, "place": None, "key": ""})


@require_safe
def hall(request: HttpRequest, key: str) -> HttpResponse:
    """The same for one hall, with the figures of its commune."""
    unit = places.unit(key)
    if unit is None or unit.level == "village":
        raise NotFound(_("There is no hall with this code. Look for it by name."))
    first = clock.today().replace(month=1, day=1)
    context = {
        "q": "",
        "found": None,
        "key": key,
        "place": shown.hall(key),
        "since": first,
        "figures": queries.hall_figures(unit.level, key, first),
    }
    return render(request, "window/home.html", context)


@require_safe
def services(request: HttpRequest) -> HttpResponse:
    """The list of services, by sector, with what each costs and how long it takes."""
    try:
        words = inputs.line(request.GET.get("q", ""), 120)
    except inputs.Wrong:
        words = ""
    rows = list(queries.services(words))
    order = list(dict.fromkeys(row.sector for row in rows))
    rows.sort(key=lambda row: (row.kind != Kind.REPORT, order.index(row.sector)))
    groups = [
        (jinja.name({"km": first.sector_km, "en": first.sector_en}), [first, *rest])
        for _sector, (first, *rest) in groupby(rows, key=lambda row: row.sector)
    ]
    context = {"q": words, "groups": groups, "count": len(rows), "shown": shown, "place": _place(request)}
    return render(request, "window/services.html", context)


@require_safe
def service(request: HttpRequest, code: str) -> HttpResponse:
    """One service: what it costs and why, how long it takes, what to bring."""
    found = queries.service(code)
    context = {
        "service": found,
        "shown": shown,
        "place": _place(request),
        "key": request.GET.get("place", "")[:16],
    }
    return render(request, "window/service.html", context)


def _place(request: HttpRequest) -> dict[str, object] | None:
    key = request.GET.get("place", "")[:16]
    return shown.hall(key) if key and places.unit(key) else None
