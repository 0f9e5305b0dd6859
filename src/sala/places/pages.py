"""Which place do you mean, and what is known of it? The search for a place, the list, and a unit's public page."""

from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from sala.kit import inputs
from sala.kit.errors import NotFound
from sala.kit.text import sort_key
from sala.places import links, queries, shown
from sala.places.rules import Unit
from sala.places.terms import Kind, Level
from sala.ui import jinja

_LONGEST = 120
_LIMIT = 20


def _typed(request: HttpRequest) -> str:
    """The words typed, cleaned; what means nothing finds nothing."""
    field = request.GET.get("field", "")
    raw = request.GET.get("q") or request.GET.get(f"{field[:40]}_search", "")
    try:
        return inputs.line(raw, _LONGEST)
    except inputs.Wrong:
        return ""


def _levels(request: HttpRequest) -> tuple[str, ...] | None:
    """Which levels are wanted (``for=commune,village``); None for all."""
    known = {level.value for level in list(Level)[1:]}
    wanted = tuple(level for level in request.GET.get("for", "").split(",") if level in known)
    return wanted or None


def _next(request: HttpRequest) -> str:
    """The address to go back to with the place chosen: on this host only, else empty."""
    target = request.GET.get("next", "")
    hosts = {request.get_host()}
    if not target.startswith("/") or not url_has_allowed_host_and_scheme(target, hosts, request.is_secure()):
        return ""
    return target


def _with_place(target: str, key: str) -> str:
    """``target`` with ``place=KEY`` in its query."""
    joint = "&" if urlsplit(target).query else "?"
    return f"{target}{joint}{urlencode({'place': key})}"


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Find a place by name or code; each found place leads on. With htmx: only the choices, for a form's field."""
    words, levels = _typed(request), _levels(request)
    within = request.GET.get("within", "")
    if queries.unit(within) is None:
        within = ""
    found = queries.search(words, limit=_LIMIT, levels=levels, within=within) if words else []
    language = jinja.lang()
    field = request.GET.get("field", "")
    if request.headers.get("HX-Request") and field:
        name = field if field.replace("_", "").replace("-", "").isalnum() and len(field) <= 40 else "place"
        choices = [shown.choice(unit, language) for unit in found[:10]] if words else None
        return render(request, "places/found.html", {"name": name, "found": choices})
    target = _next(request)
    rows = []
    for key, title, line in (shown.choice(unit, language) for unit in found):
        unit = queries.require(key)
        rows.append(
            {"unit": unit, "title": title, "line": line, "url": _with_place(target, key) if target else ""}
        )
    context = {"q": words, "rows": rows, "next": target, "levels": ",".join(levels or ()), "within": within}
    return render(request, "places/search.html", context)


def _sorted(units: list[Unit], language: str) -> list[Unit]:
    """In the order of the page's language."""
    return sorted(units, key=lambda unit: unit.sort_key if language == "km" else sort_key(unit.name_en))


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All provinces, with how many units each has."""
    language = jinja.lang()
    context = {
        "unit": None,
        "title": queries.title(""),
        "children": _children("", language),
        "map": _map("", Level.PROVINCE),
        "below": Level.PROVINCE,
        "counts": _counts("", Level.NATION),
    }
    return render(request, "places/unit.html", context)


@require_safe
def detail(request: HttpRequest, key: str) -> HttpResponse:
    """One unit: names, code, kind, what lies above and below, validity and defects in words, and a map."""
    unit = queries.unit(key) or queries.by_code(key)
    if unit is None:
        raise NotFound(_("There is no place with this code. Look for it by its name."))
    language = jinja.lang()
    drawn = unit if unit.level != Level.VILLAGE else queries.require(unit.commune)
    context = {
        "unit": unit,
        "title": queries.title(unit.key),
        "line": queries.line(unit.key)[:-1],
        "titles": queries.title,
        "children": _children(unit.key, language),
        "below": queries.level_below(unit.level),
        "kind": Kind(unit.kind),
        "counts": _counts(unit.key, unit.level),
        "links": [] if unit.ended else links.of(unit.key, unit.level),
        "sentences": shown.sentences(unit, language),
        "changes": shown.changes(unit, language),
        "twins": [one for one in queries.all_by_code(unit.code) if one.key != unit.key],
        "map": _map(drawn.key, Level.DISTRICT if drawn.level == Level.PROVINCE else Level.COMMUNE),
    }
    return render(request, "places/unit.html", context)


def _counts(key: str, level: str) -> list[tuple[object, str]]:
    """How many units lie below, level by level."""
    order = list(Level)
    below = order[order.index(Level(level)) + 1 :]
    return [(jinja.term(each), jinja.number(len(queries.keys(each, key)))) for each in below]


def _children(key: str, language: str) -> list[tuple[Unit, str]]:
    below = _sorted(queries.children(key), language)
    return [(unit, queries.title(unit.key)[language]) for unit in below]


def _map(key: str, level: Level) -> dict[str, object] | None:
    """The outlines around a unit: its parts, or its neighbours with itself marked; None where no border is known."""
    unit = queries.unit(key)
    alone = unit is not None and unit.level == Level.COMMUNE
    within = (unit.district if alone else key) if unit else ""
    shapes = queries.outlines(level, within)
    if not shapes or (alone and key not in dict(shapes)):
        return None
    return {
        "box": queries.view_box(within),
        "shapes": [(each, path, queries.title(each)[jinja.lang()]) for each, path in shapes],
        "here": key if alone else "",
    }
