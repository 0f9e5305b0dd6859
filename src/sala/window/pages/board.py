"""What problems are reported here, where, and how fast are they finished? Pages for everybody, without anything that was told."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time, timedelta
from functools import lru_cache, wraps
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import conditional_page, require_safe
from markupsafe import Markup

from sala.kit import clock, export, inputs, network, reads
from sala.kit.errors import Malformed, NotFound
from sala.offices import queries as offices
from sala.places import queries as places
from sala.ui import jinja
from sala.window import board, point, public, queries, shown
from sala.window.terms import Kind, State

NO_PLACE = gettext_lazy("There is no such place. Look for it by name.")
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
VIEWS = {
    "open": gettext_lazy("Not finished yet"),
    board.LATE: gettext_lazy("Late"),
    "closed": gettext_lazy("Finished"),
}
_BELOW = {"province": "district", "district": "commune", "commune": "commune"}


def _kept(seconds: int) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Browsers and proxies may keep the answer for so long: it is the same for everybody. Who comes back with its ETag, a
    digest of its bytes, gets 304 and no bytes.
    """

    def around(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @conditional_page
        @wraps(view)
        def answered(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
            response = view(request, *args, **named)
            response.headers["Cache-Control"] = f"public, max-age={seconds}"
            return response

        return answered

    return around


def _unit(key: str) -> Any:
    """The province, district or commune of a key. Raises `NotFound`."""
    unit = places.unit(inputs.digits(key)[:16])
    if unit is None or unit.level not in _BELOW:
        raise NotFound(NO_PLACE)
    return unit


def _services(request: HttpRequest) -> tuple[str, list[str]]:
    """The service a list is narrowed to, and the codes that it holds: an unknown one narrows nothing."""
    every = queries.listed()
    wanted = request.GET.get("service", "")
    return (wanted, [wanted]) if wanted in every else ("", every)


def _state(request: HttpRequest) -> str:
    wanted = request.GET.get("state", "open")
    return wanted if wanted in VIEWS else "open"


@lru_cache(maxsize=256)
def _ground(key: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The border of a place, and those of what lies in it (of a commune: beside it); borders are of one year."""
    unit = places.require(key)
    within = unit.district if unit.level == "commune" else key
    above = {"province": "", "district": unit.province, "commune": unit.district}[unit.level]
    own = next((text for one, text, *_rest in places.features(unit.level, above) if one.key == key), "")
    parts = tuple((one.key, text) for one, text, *_rest in places.features(_BELOW[unit.level], within))
    return own, parts if any(one == key for one, _text in parts) else ((key, own), *parts)


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Where? A search for a place, and the provinces."""
    try:
        words = inputs.line(request.GET.get("q", ""), 120)
    except inputs.Wrong:
        words = ""
    found = places.search(words, limit=10, levels=("province", "district", "commune")) if words else []
    context = {
        "q": words,
        "found": [(unit.key, jinja.name(places.title(unit.key))) for unit in found],
        "below": [(unit.key, jinja.name(places.title(unit.key))) for unit in places.children()],
    }
    return render(request, "window/board_start.html", context)


@require_safe
@conditional_page
@reads.bounded()
def reports(request: HttpRequest, key: str) -> HttpResponse:
    """The reports of a place on a map and as a list, and how fast they are finished."""
    unit = _unit(key)
    service, services = _services(request)
    state = _state(request)
    try:
        page = board.page(unit, state=state, services=services, after=request.GET.get("after", "")[:80])
    except ValueError:
        page = board.page(unit, state=state, services=services)
    query = {"service": service} if service else {}
    context = {
        **shown.frame(unit.key),
        "unit": unit,
        "title": places.title(unit.key),
        # In the page, not beside it: a picture of its own could not use the page's Khmer font.
        "map": Markup(_drawn(unit, services, state)),  # noqa: S704 - drawn by us, names escaped
        "views": [
            {
                "url": jinja.url("public-map", unit.key, query={**query, "state": name}),
                "text": text,
                "current": name == state,
            }
            for name, text in VIEWS.items()
        ],
        "selects": [("service", _("Problem"), _choices(), service)],
        "state": state,
        "rows": _rows(page.rows),
        "next_url": jinja.url("public-map", unit.key, query={**query, "state": state, "after": page.after})
        if page.after
        else "",
        "pace": _pace(unit),
        "fewest": board.FEWEST,
        "counted": board.COUNTED,
        "below": [(one.key, jinja.name(places.title(one.key))) for one in places.children(unit.key)]
        if unit.level != "commune"
        else [],
    }
    return render(request, "window/board.html", context)


def _choices() -> list[tuple[str, str]]:
    every = queries.listed()
    rows = queries.services(kind=Kind.REPORT)
    return [("", _("All")), *((row.code, shown.short(row)) for row in rows if row.code in every)]


def _rows(found: Sequence[Any]) -> list[dict[str, Any]]:
    names = shown.place_names(found)
    short = queries.short_names(row.terms_id for row in found)
    return [
        {
            "number": row.number,
            "service": jinja.name(short[row.terms_id]),
            "place": shown.address(row, names, told=False),
            "received": row.received_at,
            "due": row.due_at,
            "done": row.done_at,
            "state": shown.tag(State(row.state)),
        }
        for row in found
    ]


def _pace(unit: Any) -> list[dict[str, Any]]:
    """Times by service, with how many cases; the last line is all together."""
    office = offices.office_at(unit.key, "commune_hall") if unit.level == "commune" else None
    calendar = offices.calendar(office.id if office is not None else None)
    names = dict(queries.choices())
    return [
        {
            "service": jinja.name(names.get(each.service, {"km": each.service, "en": each.service}))
            if each.service
            else _("All together"),
            "cases": each.cases,
            "time": shown.worked(each.minutes, calendar),
            "share": None if each.on_time is None else round(each.on_time * 100),
        }
        for each in board.pace(unit)
    ]


@require_safe
@_kept(300)
@reads.bounded()
def picture(request: HttpRequest, key: str) -> HttpResponse:
    """The map of a place with its reports, gathered where they lie together."""
    drawn = _drawn(_unit(key), _services(request)[1], _state(request))
    if not drawn:
        raise NotFound(_("There is no map of this place."))
    return HttpResponse(drawn, content_type="image/svg+xml")


def _drawn(unit: Any, services: Sequence[str], state: str) -> str:
    """The map as SVG; empty for a place whose border is not known."""
    own, parts = _ground(unit.key)
    if not own:
        return ""
    names = places.names(one for one, _text in parts)
    points = board.points(unit, services=services, states=(state,))
    if unit.level != "commune":
        names[unit.key] = {"km": "", "en": ""}  # the title says it; its parts are named
    return point.picture(own, [(jinja.name(names[one]), text) for one, text in parts], points=points)


@require_safe
@_kept(300)
@reads.bounded()
def feed(request: HttpRequest, key: str) -> HttpResponse:
    """The newest reports of a place as an Atom feed (RFC 4287)."""
    unit = _unit(key)
    found = board.newest(unit)
    root = Element("feed", {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": get_language() or "km"})

    def say(parent: Element, name: str, text: str = "", **attributes: str) -> None:
        SubElement(parent, name, attributes).text = text or None

    home = network.absolute(request, reverse("public-map", args=[unit.key]))
    title = _("Problem reports: %(place)s") % {"place": jinja.name(places.title(unit.key))}
    say(root, "title", f"{title} ({mark})" if (mark := shown.mark()) else title)
    say(root, "id", home)
    # Without reports it is as old as the day, so that the same emptiness is the same feed.
    today = datetime.combine(clock.today(), time.min, tzinfo=clock.zone())
    say(root, "updated", _moment(max((row.changed for row in found), default=today)))
    say(root, "link", rel="self", href=network.absolute(request, request.path))
    say(root, "link", rel="alternate", href=home)
    say(root, "rights", LICENCE)
    say(SubElement(root, "author"), "name", "Sala")
    for row, said in zip(found, _rows(found), strict=True):
        entry = SubElement(root, "entry")
        say(entry, "id", f"urn:sala:request:{row.number}")
        say(entry, "title", f"{said['service']} · {said['place']}")
        say(entry, "updated", _moment(row.changed))
        say(entry, "published", _moment(row.received_at))
        say(entry, "category", term=row.service_id)
        say(entry, "link", rel="alternate", href=home)
        say(entry, "summary", f"{row.number}: {jinja.term(State(row.state))}")
    body = '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode")
    return HttpResponse(body, content_type="application/atom+xml; charset=utf-8")


def _moment(at: Any) -> str:
    return str(at.astimezone(clock.zone()).isoformat(timespec="seconds"))


@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"]})
@require_safe
@_kept(300)
@reads.bounded()
def counter(request: HttpRequest, key: str) -> HttpResponse:
    """A small page with the numbers of a place, which every other page may hold in a frame."""
    unit = _unit(key)
    pace = board.pace(unit)
    whole = pace[-1] if pace else None
    still = board.still_open(unit)
    context = {
        "title": places.title(unit.key),
        "address": network.absolute(request, reverse("public-map", args=[unit.key])),
        "still": jinja.number(min(still, board.COUNTED)) + ("+" if still > board.COUNTED else ""),
        "cases": whole.cases if whole is not None else 0,
        "share": None if whole is None or whole.on_time is None else round(whole.on_time * 100),
    }
    return render(request, "window/board_counter.html", context)


# ---- open data ---------------------------------------------------------------------------------------------------------------

COLUMNS = (
    ("number", gettext_lazy("Request number"), gettext_lazy("the number of the report"), lambda row: row.number),
    ("service", gettext_lazy("Service"), gettext_lazy("code of the service"), lambda row: row.service_id),
    ("state", gettext_lazy("State"), gettext_lazy("where it stands"), lambda row: row.state),
    ("open", gettext_lazy("Open"), gettext_lazy("true while it is worked on"), lambda row: row.open),
    ("joined", gettext_lazy("Joined"), gettext_lazy("true for a report that follows another of the same problem"), lambda row: row.joined_id is not None),
    ("province", gettext_lazy("Province"), gettext_lazy("code of the gazetteer"), lambda row: row.province),
    ("district", gettext_lazy("District"), gettext_lazy("code of the gazetteer"), lambda row: row.district),
    ("commune", gettext_lazy("Commune"), gettext_lazy("code of the gazetteer"), lambda row: row.commune),
    ("village", gettext_lazy("Village"), gettext_lazy("code of the gazetteer, empty where it is not known"), lambda row: row.village),
    ("latitude", gettext_lazy("Latitude"), gettext_lazy("degrees (WGS 84) to about ten metres, empty where it is not known"), lambda row: public.blurred(row.latitude)),
    ("longitude", gettext_lazy("Longitude"), gettext_lazy("degrees (WGS 84) to about ten metres, empty where it is not known"), lambda row: public.blurred(row.longitude)),
    ("received", gettext_lazy("Received"), gettext_lazy("when it came in (ISO 8601)"), lambda row: row.received_at),
    ("due", gettext_lazy("Due"), gettext_lazy("when it is due (ISO 8601)"), lambda row: row.due_at),
    ("done", gettext_lazy("Done"), gettext_lazy("when it was finished (ISO 8601), empty while it is not"), lambda row: row.done_at),
)  # fmt: skip


@require_safe
@conditional_page
def data(request: HttpRequest) -> HttpResponse:
    """The public tables, with licence and data dictionary."""
    columns = [(code, label, meaning) for code, label, meaning, _value in COLUMNS]
    return render(request, "window/open.html", {"columns": columns, "licence": LICENCE})


@require_safe
@conditional_page
def dictionary(request: HttpRequest) -> HttpResponse:
    """The same for programs: what each column means, in the reader's language."""
    found = {
        "table": "reports",
        "licence": LICENCE,
        "columns": [{"name": code, "label": str(label), "meaning": str(meaning)} for code, label, meaning, _v in COLUMNS],
    }  # fmt: skip
    return JsonResponse(found, json_dumps_params={"ensure_ascii": False})


_OPEN = {
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "public, no-cache",
    "Vary": "Accept-Language, Cookie",
}
"""Everybody may keep the file and asks each time whether it is still good."""
EXPORT = 40
"""What a file costs of the reads of a minute: thirty files a minute are enough for everybody."""


@require_safe
@reads.bounded(EXPORT)
def table(request: HttpRequest, kind: str) -> HttpResponseBase:
    """All problem reports as CSV or JSON: of a ``place``, received ``from`` a day ``to`` another, where that is said.

    Who has the file already (``If-None-Match``) gets 304: what the rows say is known from one small question.
    """
    if kind not in ("csv", "json"):
        raise Malformed(_("Open data can be had as csv or json."), code="unknown-format")
    place = request.GET.get("place", "")
    unit = _unit(place) if place else None
    try:
        first = _day(request.GET.get("from", ""), after=0)
        last = _day(request.GET.get("to", ""), after=1)
    except inputs.Wrong as wrong:
        raise Malformed(wrong.message) from wrong
    columns = [export.Column(code, label, value) for code, label, _meaning, value in COLUMNS]
    said = (kind, get_language(), str(shown.mark()), board.stamp(unit, first, last))
    tag = f'W/"{hashlib.sha256(repr(said).encode()).hexdigest()[:32]}"'
    known = get_conditional_response(request, etag=tag)
    if known is not None:
        return _with(known, {**_OPEN, "ETag": tag})
    response = export.write("reports", columns, board.everything(unit, first, last), kind, mark=shown.mark())
    response.headers["Link"] = (
        f'<{LICENCE}>; rel="license", </open/reports/dictionary.json>; rel="describedby"'
    )
    return _with(response, {**_OPEN, "ETag": tag})


def _with(response: HttpResponseBase, headers: Mapping[str, str]) -> HttpResponseBase:
    for name, value in headers.items():
        response.headers[name] = value
    return response


def _day(typed: str, *, after: int) -> Any:
    """The beginning of a day, or of the one ``after`` it; None where none was given. Raises `inputs.Wrong`."""
    if not typed:
        return None
    return datetime.combine(inputs.day(typed) + timedelta(days=after), time.min, tzinfo=clock.zone())
