"""What can be done here? The home page, a hall's page and the list of services."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from sala.kit import clock, inputs
from sala.kit.errors import NotFound
from sala.kit.periods import Period
from sala.measures import queries as figures
from sala.measures import shown as figures_shown
from sala.places import queries as places
from sala.ui import jinja
from sala.window import measures, prices, queries, shown


def _found(typed: str) -> tuple[str, list[dict[str, object]] | None]:
    """What was typed into the search for a hall, and the halls it may mean; None where nothing was typed. A village
    leads to the hall of its commune."""
    try:
        words = inputs.line(typed, 120)
    except inputs.Wrong:
        return "", []
    if not words:
        return "", None
    halls: dict[str, dict[str, object]] = {}
    for unit in places.search(words, limit=10, levels=("commune", "village")):
        halls.setdefault(
            unit.commune,
            {"key": unit.commune, "title": places.title(unit.commune), "line": _line(unit.key)},
        )
    return words, list(halls.values())


def _line(key: str) -> str:
    """What tells a hall from others of its name: the village that was found, district and province."""
    units = [unit for unit in places.line(key) if unit.level != "commune"]
    names = [jinja.name(places.title(unit.key)) for unit in reversed(units)]
    return (" " if jinja.lang() == "km" else ", ").join(names)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The residents' home: two main actions, follow a request, find one's hall; the figures of all halls."""
    chosen = places.unit(request.GET.get("place", "")[:16])
    if chosen is not None and chosen.commune:
        return redirect("hall", chosen.commune)
    words, found = _found(request.GET.get("q", ""))
    return render(request, "window/home.html", {"q": words, "found": found, "key": "", **_figures("")})


@require_safe
def hall(request: HttpRequest, key: str) -> HttpResponse:
    """The same for one hall, with the figures of its place."""
    unit = places.unit(key)
    if unit is None or unit.level == "village":
        raise NotFound(_("There is no hall with this code. Look for it by name."))
    context = {"q": "", "found": None, "key": key, **shown.frame(key), **_figures(key)}
    return render(request, "window/home.html", context)


FIGURES = (
    (measures.ON_TIME, gettext_lazy("finished within the deadline")),
    (measures.MEDIAN, gettext_lazy("of opening hours: half took no longer")),
    (measures.RECEIVED, gettext_lazy("requests received")),
    (measures.SATISFACTION, gettext_lazy("points given by applicants")),
)


def _figures(key: str) -> dict[str, object]:
    """This year's figures of a place, each with the address that opens it; empty where nothing has been counted."""
    period = Period.parse(str(clock.today().year))
    items = []
    known = figures.at_once([one for one, _text in FIGURES], key, period)
    for one, text in FIGURES:
        value = known[one.code].value if one.code in known else None
        if value is not None:
            address = jinja.url("figure", one.code, query={"place": key, "period": period.code})
            items.append({"value": figures_shown.sentence(one, value), "text": text, "url": address})
    return {"figures": items, "since": period.first}


@require_safe
def services(request: HttpRequest) -> HttpResponse:
    """The list of services, by sector, with what each costs and how long it takes."""
    try:
        words = inputs.line(request.GET.get("q", ""), 120)
    except inputs.Wrong:
        words = ""
    rows = list(queries.services(words))
    groups = prices.by_sector(rows)
    context = {"q": words, "groups": groups, "count": len(rows), "shown": shown, "key": _key(request)}
    return render(request, "window/services.html", {**context, **shown.frame(_key(request))})


@require_safe
def service(request: HttpRequest, code: str) -> HttpResponse:
    """One service: what it costs and why, how long it takes, what to bring."""
    found = queries.service(code)
    key = _key(request)
    context = {
        "service": found,
        "shown": shown,
        "key": key,
        **shown.if_asked_now(found, key),
        **shown.frame(key),
    }
    return render(request, "window/service.html", context)


def _key(request: HttpRequest) -> str:
    """The hall that was chosen before, from the address; empty for none and for what is no place."""
    unit = places.unit(request.GET.get("place", "")[:16])
    return unit.key if unit is not None else ""
