"""The addresses of Open311 GeoReport v2: services, their attributes, requests in and out, steps, tokens, discovery."""

import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from sala.accounts.acting import program
from sala.files import actions as files
from sala.kit import network, reads
from sala.kit.canonical import canonical
from sala.kit.errors import NotFound, Problem
from sala.numbers.idempotency import Answer, once
from sala.offices import queries as offices
from sala.places import queries as places
from sala.ui import jinja
from sala.window import actions, checking, forms, public, queries, rules
from sala.window.attributes import LISTS, Attribute, DataType
from sala.window.open311 import reading
from sala.window.open311.writing import Refused311, answers, moment, written
from sala.window.terms import Act, Channel, Kind, State


def _lang() -> str:
    return "en" if get_language() == "en" else "km"


def _name(row: Any) -> str:
    """The service's name, in the language in force."""
    return str(row.name_en if _lang() == "en" else row.name_km)


def _offered(code: str) -> Any:
    """A problem report on offer. Raises `Refused311`: everything else is no service of Open311."""
    try:
        found = queries.service(code)
    except NotFound as missing:
        raise Refused311(404, "service_code: " + _(str(missing.message))) from missing
    if found.kind != Kind.REPORT:
        raise Refused311(404, _("service_code: documents are applied for on the website or at the hall."))
    if not rules.openness(found.kind, found.service.protected).listed:
        raise Refused311(
            404, _("service_code: this service is protected. It is asked for on the website or at the hall.")
        )
    return found


@require_safe
@answers
def services(request: HttpRequest, kind: str) -> HttpResponse:
    """The problems one can report."""
    reading.jurisdiction(request.GET)
    found = [
        {
            "service_code": row.code,
            "service_name": _name(row),
            "description": row.short_en if _lang() == "en" else row.short_km,
            "metadata": bool(row.form),
            "type": "realtime",
            "keywords": ", ".join(dict.fromkeys((row.name_km, row.name_en, row.sector_km, row.sector_en))),
            "group": row.sector_en if _lang() == "en" else row.sector_km,
        }
        for row in queries.services(kind=Kind.REPORT)
        if rules.openness(row.kind, row.service.protected).listed
    ]
    return written(kind, "services", "service", found)


@require_safe
@answers
def service(request: HttpRequest, kind: str, code: str) -> HttpResponse:
    """What a service asks beside place and words."""
    reading.jurisdiction(request.GET)
    found = _offered(code)
    asked = [_attribute(one, order) for order, one in enumerate(found.asks, start=1)]
    return written(kind, "service_definition", "item", {"service_code": found.code, "attributes": asked})


def _attribute(one: Attribute, order: int) -> dict[str, Any]:
    said = {
        "variable": True,
        "code": one.code,
        "datatype": str(one.datatype),
        "required": one.required,
        "datatype_description": one.hint[_lang()] or jinja.term(DataType(one.datatype)),
        "order": order,
        "description": one.label[_lang()],
    }
    if one.datatype in LISTS:
        said["values"] = [{"key": choice.key, "name": choice.names[_lang()]} for choice in one.choices]
    return said


@csrf_exempt  # a key of its own stands for the program; no cookie is read
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@answers
def requests(request: HttpRequest, kind: str) -> HttpResponse:
    """Reports as everybody may read them; a POST makes one."""
    if request.method == "POST":
        return _post(request, kind)
    reads.check(request, 1)
    wanted = reading.wanted(reading.overridden(request.GET))
    rows = public.reports(
        numbers=wanted.numbers,
        services=wanted.services,
        statuses=wanted.statuses,
        place=wanted.place,
        start=wanted.start,
        end=wanted.end,
    )
    first = (wanted.page - 1) * wanted.size
    return written(kind, "service_requests", "request", _public(rows[first : first + wanted.size]))


@never_cache
@require_safe
@answers
def one_request(request: HttpRequest, kind: str, number: str) -> HttpResponse:
    """One report by its number."""
    limit = reading.jurisdiction(request.GET)
    rows = list(public.reports(numbers=[number[:32]]))
    if not rows or (
        limit and limit not in (rows[0].province, rows[0].district, rows[0].commune, rows[0].village)
    ):
        raise Refused311(404, _("service_request_id: there is no such report."))
    return written(kind, "service_requests", "request", _public(rows))


def _public(rows: Any) -> list[dict[str, Any]]:
    """Reports without what was told: names looked up once for all of them."""
    found: Sequence[Any] = list(rows)
    versions = queries.full_names(row.terms_id for row in found)
    halls = offices.names({row.office_id for row in found})
    where = places.names({key for row in found for key in _places(row)})
    lang = _lang()
    return [
        {
            "service_request_id": row.number,
            "status": "open" if row.open else "closed",
            "status_notes": jinja.term(State(row.state)),
            "service_name": versions[row.terms_id][lang],
            "service_code": row.service_id,
            "description": None,
            "agency_responsible": halls.get(row.office_id, {}).get(lang),
            "service_notice": None,
            "requested_datetime": moment(row.received_at),
            "updated_datetime": moment(row.changed if row.open else row.done_at or row.changed),
            "expected_datetime": moment(row.due_at),
            "address": ", ".join(where[key][lang] for key in _places(row) if key in where),
            "address_id": row.place,
            "zipcode": None,
            "lat": public.blurred(row.latitude),
            "long": public.blurred(row.longitude),
            "media_url": None,
        }
        for row in found
    ]


def _places(row: Any) -> list[str]:
    """Where a report lies, the smallest place first, as the standard wants an address."""
    return list(dict.fromkeys(filter(None, (row.place, row.commune, row.district, row.province))))


def _post(request: HttpRequest, kind: str) -> HttpResponse:
    """A new report of a program with a key: the same act as on the website, by the same rules."""
    given = request.POST
    key = reading.argument(given, "api_key", 200)
    holder = public.key_holder(key) if key else None
    if holder is None:
        raise Refused311(403, _("api_key: this key is not known. Ask the hall for one."))
    code = reading.argument(given, "service_code", 32)
    if not code:
        raise Refused311(400, _("service_code: say which service is asked for."))
    terms = _offered(code)
    limit = reading.jurisdiction(given)
    spot = reading.spot(given)
    if limit and limit not in (spot.place, *(unit.key for unit in places.line(spot.place))):
        raise Refused311(400, _("jurisdiction_id: the place of the report does not lie there."))
    said = checking.checked(
        {
            "service": terms.code,
            "place": spot.place,
            "description": reading.argument(given, "description"),
            "location": spot.words,
            "latitude": "" if spot.latitude is None else str(spot.latitude),
            "longitude": "" if spot.longitude is None else str(spot.longitude),
            "name": " ".join(
                filter(None, (reading.argument(given, name, 60) for name in ("first_name", "last_name")))
            ),
            "phone": reading.argument(given, "phone", 30),
            "email": reading.argument(given, "email", 254),
            "language": _lang(),
            "attributes": reading.answers(given),
        },
        wordless=True,
    )
    return written(kind, "service_requests", "request", [_made(request, holder, said)], 201)


def _made(request: HttpRequest, holder: Any, said: dict[str, Any]) -> dict[str, Any]:
    """Keep the photo, take the report in, once for an Idempotency-Key; what the program is told of it."""
    uploads = request.FILES.getlist("media")
    if len(uploads) > forms.MOST_PHOTOS:
        raise Refused311(400, _("media: send at most %(most)s pictures.") % {"most": forms.MOST_PHOTOS})
    by = program(holder.pk)  # never who is signed in: a page elsewhere can send a form with a clerk's cookie
    source = by.post

    def act() -> Answer:
        where = places.where(said["place"])
        photos = [
            files.keep(upload, purpose="window.request", at=where, source=source).id for upload in uploads
        ]
        received = actions.receive(
            by=by, channel=Channel.OPEN311, source=source, photos=photos, own=False, **said
        )
        return Answer(201, {"id": str(received.request.id), "number": received.request.number})

    seen = canonical(
        {**said, "service": said["service"].code, "media": [_digest(upload) for upload in uploads]}
    )
    try:
        answer = once(request.headers.get("Idempotency-Key"), f"window.open311:{holder.pk}", seen, act)
    except Problem as problem:
        if problem.status == 413:
            raise Refused311(413, "media: " + _(str(problem.message))) from problem
        raise
    kept: dict[str, str] = answer.body  # type: ignore[assignment]
    code = queries.code_of_id(UUID(kept["id"]))
    notice = _("Follow it, and answer the hall: %(address)s") % {
        "address": network.absolute(request, reverse("request", args=[code]))
    }
    if request.POST.get("media_url", "").strip():
        notice += " " + _("The picture at media_url was not taken over; send the picture itself as media.")
    return {"service_request_id": kept["number"], "service_notice": notice, "account_id": None}


def _digest(upload: Any) -> str:
    """What tells one picture from another."""
    found = hashlib.sha256()
    for chunk in upload.chunks():
        found.update(chunk)
    upload.seek(0)
    return found.hexdigest()


@never_cache
@require_safe
@answers
def token(request: HttpRequest, kind: str, code: str) -> HttpResponse:
    """The number of the request that a code opens; every report has its number at once, so the code is the token."""
    reading.jurisdiction(request.GET)
    try:
        found = queries.by_code(code)
    except NotFound as missing:
        raise Refused311(404, "token: " + _(str(missing.message))) from missing
    said = [{"service_request_id": found.number, "token": code}]
    return written(kind, "service_requests", "request", said)


@never_cache
@require_safe
@answers
def updates(request: HttpRequest, kind: str) -> HttpResponse:
    """The public steps of reports, the newest first: what happened, never what was written."""
    reads.check(request, 1)
    wanted = reading.wanted(request.GET)
    first = (wanted.page - 1) * wanted.size
    found = public.steps_of_reports(wanted.start, wanted.end, place=wanted.place, numbers=wanted.numbers)
    rows = found[first : first + wanted.size]
    said = [
        {
            "update_id": f"{event.request.number}-{event.position}",
            "service_request_id": event.request.number,
            "status": "open" if State(event.target) in rules.OPEN else "closed",
            "updated_datetime": moment(event.at),
            "description": jinja.term(Act(event.act)),
            "media_url": None,
        }
        for event in rows
    ]
    return written(kind, "service_request_updates", "request_update", said)


@require_safe
@answers
def discovery(request: HttpRequest, kind: str) -> HttpResponse:
    """Where this hall answers, and how; the changeset is when a service last changed, so that a client reads them again."""
    home = network.absolute(request, reverse("home"))
    changeset = moment(public.services_changed())
    found = {
        "changeset": changeset,
        "contact": _("Ask the hall: %(address)s") % {"address": home},
        "key_service": _("Ask the hall for a key: %(address)s") % {"address": home},
        "endpoints": [
            {
                "specification": "http://wiki.open311.org/GeoReport_v2",
                "url": network.absolute(request, "/open311/v2"),
                "changeset": changeset,
                "type": "production",
                "formats": ["text/xml", "application/json"],
            }
        ],
    }
    return written(kind, "discovery", "item", found)
