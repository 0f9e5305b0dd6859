"""Places for programs: the list of units, the search, one unit, the commune at a point, the borders as GeoJSON."""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Literal

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from ninja import Router

from sala.kit import api, export, inputs, openapi
from sala.kit.errors import FieldError, Invalid, NotFound
from sala.kit.openapi import Link, Names, Told
from sala.kit.paging import ListSpec, choice, flag, place, text
from sala.places import queries, shown
from sala.places.rules import Unit
from sala.places.terms import Change, Defect, Level, Status

router = Router(tags=["places"])


class DefectTold(Told):
    """Something wrong with a unit's line in the list."""

    code: Defect
    listed: str


class UnitTold(Told):
    """A unit of the gazetteer; ``status`` says how sure it is."""

    id: str
    code: str
    place: str
    level: Level
    kind: str
    name: Names
    title: Names
    parent: str | None
    province: str
    district: str | None
    commune: str | None
    state: Literal["valid", "former"]
    status: Status
    valid_from: date | None
    valid_to: date | None
    defects: list[DefectTold]
    version: int


class UnitTitle(Told):
    """A unit with its title."""

    id: str
    title: Names


class ChangeTold(Told):
    """What a unit came from or became."""

    id: str
    kind: Change
    on: date | None
    instrument: str
    status: Status


class UnitWhole(UnitTold):
    """A unit with its line from the top, what lies in it, and its changes."""

    line: list[UnitTitle]
    children: list[UnitTitle]
    became: list[ChangeTold]
    came_from: list[ChangeTold]


class Found(Told):
    """Places that were meant, likeliest first."""

    count: int
    results: list[UnitTold]


class Feature(Told):
    """A unit with its border, as GeoJSON has it."""

    type: Literal["Feature"]
    id: str
    properties: dict[str, Any]
    geometry: dict[str, Any]


class FeatureCollection(Told):
    """RFC 7946."""

    type: Literal["FeatureCollection"]
    features: list[Feature]


_FOUND = 200  # `q` of the list looks among so many of the search's best answers
_LEVELS = [level for level in Level if level != Level.NATION]
_AXES = (("lat", 90), ("lon", 180))
_DRAWN = (Level.PROVINCE, Level.DISTRICT, Level.COMMUNE)


def _search(words: str) -> Q:
    return Q(pk__in=[unit.key for unit in queries.search(words, limit=_FOUND, former=True)])


SPEC = ListSpec(
    filters=(
        choice("level", "level", [(level.value, _(level.en)) for level in _LEVELS], _("Level")),
        place(label=_("In the place")),
        text("parent", "parent_id", _("Unit directly above"), longest=16),
        flag("former", Q(ended=True), _("Former units")),
    ),
    sorts={"code": ("code", "key"), "name": ("sort_key", "key")},
    search=_search,
    default_sort="code",
)


def _rows(request: HttpRequest) -> QuerySet[Any]:
    return queries.listed()


def _serialise(rows: Sequence[Any]) -> Sequence[dict[str, Any]]:
    return [shown.record(queries.require(row.key)) for row in rows]


api.serve_list(
    router,
    "/units",
    SPEC,
    _rows,
    _serialise,
    row=UnitTold,
    links={"Unit": Link("places_unit", {"key": "$response.body#/results/0/id"})},
    name=_("Administrative units"),
    columns=[
        export.Column("id", _("Key")),
        export.Column("code", _("Gazetteer code")),
        export.Column("level", _("Level")),
        export.Column("kind", _("Kind")),
        export.Column("name_km", _("Name in Khmer"), lambda row: row["name"]["km"]),
        export.Column("name_en", _("Name in Latin letters"), lambda row: row["name"]["en"]),
        export.Column("parent", _("Unit directly above")),
        export.Column("state", _("State")),
        export.Column("status", _("How sure")),
        export.Column("valid_from", _("Valid from")),
        export.Column("valid_to", _("Valid to")),
    ],
    auth=None,
)


def _refuse(field: str, code: str, message: Any) -> Invalid:
    return Invalid(_("Something in the address is not right."), errors=[FieldError(field, code, message)])


def _read(name: str, typed: str, longest: int = 200) -> str:
    try:
        return inputs.line(typed, longest)
    except inputs.Wrong as wrong:
        raise _refuse(name, wrong.code, wrong.message) from wrong


def _level(typed: str, allowed: Sequence[Level]) -> str:
    level = _read("level", typed, 20)
    if level and level not in allowed:
        words = ", ".join(allowed)
        raise _refuse("level", "unknown-value", format_lazy(_("Choose one of: {values}."), values=words))
    return level


def _within(typed: str) -> str:
    key = _read("within", typed, 16)
    if key and queries.unit(key) is None:
        raise _refuse("within", "unknown-value", _("There is no place with this code."))
    return key


_WITHIN = {"within": {"maxLength": 16}}


def _one_of(levels: Sequence[Level]) -> dict[str, Any]:
    return {"level": {"enum": ["", *(level.value for level in levels)]}}


@router.get("/units.geojson", auth=None, summary="Borders as GeoJSON", operation_id="places_borders")
@openapi.says(FeatureCollection, kind="application/geo+json", parameters={**_one_of(_DRAWN), **_WITHIN})
def geojson(
    request: HttpRequest,
    level: str = Level.PROVINCE.value,
    within: str = "",
) -> HttpResponse:
    """The borders (2014) of all units of ``level`` (province, district, commune) in ``within``, as RFC 7946 GeoJSON."""
    features = _features(_level(level, _DRAWN) or Level.PROVINCE, _within(within))
    body = '{"type":"FeatureCollection","features":[' + ",".join(features) + "]}"
    return HttpResponse(body, content_type="application/geo+json")


def _features(level: str, within: str) -> Iterator[str]:
    for unit, geometry, year, basis, source in queries.features(level, within):
        properties = shown.record(unit) | {"border": {"year": year, "basis": basis, "source": source}}
        head = {"type": "Feature", "id": unit.key, "properties": properties}
        yield json.dumps(head, ensure_ascii=False, separators=(",", ":"))[:-1] + f',"geometry":{geometry}}}'


@router.get("/search", auth=None, summary="Find a place by name or code", operation_id="places_search")
@openapi.says(
    Found,
    parameters={
        "q": {"maxLength": 200},
        "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10},
        **_one_of(_LEVELS),
        **_WITHIN,
    },
    links={"Unit": Link("places_unit", {"key": "$response.body#/results/0/id"})},
)
def search(
    request: HttpRequest,
    q: str = "",
    level: str = "",
    within: str = "",
    limit: str = "10",
) -> HttpResponse:
    """Places that ``q`` may mean, likeliest first: Khmer, Latin, a code, with a typing error; ``level``, ``within``, ``limit``."""
    words, wanted, inside = _read("q", q), _level(level, _LEVELS), _within(within)
    try:
        most = inputs.whole(limit, 1, 100)
    except inputs.Wrong as wrong:
        raise _refuse("limit", wrong.code, wrong.message) from wrong
    found = queries.search(words, limit=most, levels=[wanted] if wanted else None, within=inside)
    return api.json({"count": len(found), "results": [shown.record(unit) for unit in found]})


@router.get("/locate", auth=None, summary="The commune at a point", operation_id="places_locate")
@openapi.says(
    UnitWhole,
    problems=(404,),
    parameters={name: {"type": "number", "minimum": -bound, "maximum": bound} for name, bound in _AXES},
)
def locate(
    request: HttpRequest,
    lat: str,
    lon: str,
) -> HttpResponse:
    """The commune in whose border of 2014 the point ``lat``, ``lon`` (WGS 84) lies, or the unit above it; else 404."""
    point = []
    for (name, bound), typed in zip(_AXES, (lat, lon), strict=True):
        try:
            value = float(inputs.digits(typed)[:24])
        except ValueError:
            value = float("nan")
        if not -bound <= value <= bound:
            message = format_lazy(_("Give degrees from -{bound} to {bound}."), bound=bound)
            raise _refuse(name, "not-a-number", message)
        point.append(value)
    key = queries.locate(point[0], point[1])
    if key is None:
        raise NotFound(_("The point lies outside all known borders."))
    return api.json(_detail(queries.require(key)))


@router.get("/units/{key}", auth=None, summary="One unit", operation_id="places_unit")
@openapi.says(UnitWhole, links={"Above": Link("places_unit", {"key": "$response.body#/parent"})})
def detail(request: HttpRequest, key: str) -> HttpResponse:
    """One unit by key or code, with its line, the units below it and what became of it."""
    unit = queries.unit(key) or queries.by_code(key)
    if unit is None:
        raise NotFound(_("There is no place with this code."))
    return api.json(_detail(unit))


def _detail(unit: Unit) -> dict[str, Any]:
    return shown.record(unit) | {
        "line": [{"id": one.key, "title": queries.title(one.key)} for one in queries.line(unit.key)],
        "children": [{"id": one.key, "title": queries.title(one.key)} for one in queries.children(unit.key)],
        "became": [_change(row, row.new_id) for row in queries.successors(unit.key)],
        "came_from": [_change(row, row.old_id) for row in queries.predecessors(unit.key)],
    }


def _change(row: Any, key: str) -> dict[str, Any]:
    return {
        "id": key,
        "kind": row.kind,
        "on": row.on.isoformat() if row.on else None,
        "instrument": row.instrument,
        "status": row.status,
    }
