"""What do programs ask of the window? The catalogue, requests without personal data, new requests, and the officers' steps."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import Path, Router
from pydantic import Field

from sala.accounts.acting import system
from sala.kit import api, export, network, openapi
from sala.kit.errors import NotFound
from sala.kit.khmer import ascii_digits
from sala.kit.openapi import Link
from sala.kit.paging import ListSpec, choice, text
from sala.numbers.idempotency import Answer, json_response, of_request
from sala.offices import queries as offices
from sala.places import queries as places
from sala.window import (
    actions,
    answers,
    checking,
    joining,
    keeping_api,
    listing,
    looking,
    queries,
    rules,
    shown,
    splitting,
    work_api,
)
from sala.window.proposal import serving
from sala.window.terms import GRANTS, Act, Channel, FeeStatus, Kind, State, Verb

router = Router(tags=["window"])
router.add_router("", keeping_api.router)
router.add_router("", work_api.router)

SERVICES = ListSpec(
    filters=(
        choice("kind", "service__kind", Kind, gettext_lazy("Kind")),
        text("sector", "sector", gettext_lazy("Sector"), longest=40),
        choice("fee", "fee_status", FeeStatus, gettext_lazy("Fee")),
    ),
    sorts={"position": "service__position", "code": "service_id", "days": "days"},
    search=queries.service_q,
    default_sort="position",
    page_size=100,
)


def in_order(value: Any) -> Any:
    """What a JSON column holds, Khmer before English, whatever order the database keeps keys in (PostgreSQL's is its own)."""
    if isinstance(value, list):
        return [in_order(each) for each in value]
    if isinstance(value, dict):
        return {key: in_order(value[key]) for key in sorted(value, key=lambda key: (key != "km", key))}
    return value


def _service(row: Any) -> dict[str, Any]:
    return {
        "code": row.code,
        "version": row.version,
        "kind": row.kind,
        "name": {"km": row.name_km, "en": row.name_en},
        "name_verified": row.name_verified,
        "level": row.level,
        "sector": {"code": row.sector, "km": row.sector_km, "en": row.sector_en},
        "fee_riel": row.fee_riel,
        "fee_status": row.fee_status,
        "fee_note": in_order(row.fee_note),
        "days": row.days,
        "days_kind": row.days_kind,
        "days_status": row.days_status,
        "days_note": in_order(row.days_note),
        "validity": in_order(row.validity),
        "papers": in_order(row.papers),
        "form": in_order(row.form),
        "about": in_order(row.about),
        "passes": row.passes,
        "verified": row.proven,
        "legal_basis": row.legal_basis,
        "status": row.status,
        "source": row.source,
    }


api.serve_list(
    router,
    "/services",
    SERVICES,
    queryset=lambda request: queries.services(),
    serialise=lambda rows: [_service(row) for row in rows],
    row=answers.ServiceTold,
    links={"Service": Link("window_service", {"code": "$response.body#/results/0/code"})},
    name=gettext_lazy("Services"),
    columns=[
        export.Column("code", gettext_lazy("Code")),
        export.Column("name", gettext_lazy("Service")),
        export.Column("kind", gettext_lazy("Kind")),
        export.Column("level", gettext_lazy("Who decides")),
        export.Column("fee_riel", gettext_lazy("Fee in riel")),
        export.Column("fee_status", gettext_lazy("Status of the fee")),
        export.Column("days", gettext_lazy("Working days")),
        export.Column("days_status", gettext_lazy("Status of the deadline")),
        export.Column("legal_basis", gettext_lazy("Legal basis")),
        export.Column("source", gettext_lazy("Source")),
    ],
    mark=shown.mark,
    auth=None,
)


@router.get(
    "/services/{code}", auth=None, summary="One service in its present version", operation_id="window_service"
)
@openapi.says(answers.ServiceTold)
def service(request: HttpRequest, code: str) -> HttpResponse:
    """One service; 404 for one that is not offered."""
    return api.json(_service(queries.service(code)))


class Ask(api.Strict):
    """A resident's own words. ``place``: a gazetteer code, so that the responsible office can be named."""

    text: str = Field(max_length=2000)
    place: str = Field("", max_length=16)


def _office(key: str, level: str) -> dict[str, str] | None:
    unit = places.unit(ascii_digits(key)) if key else None
    office = offices.serving(unit.key, level) if unit is not None else None
    return {"km": office.name_km, "en": office.name_en} if office is not None else None


@router.post(
    "/propose",
    auth=None,
    summary="Which services may a text mean? Nothing is stored",
    operation_id="window_propose",
)
@openapi.says(
    answers.Proposals, links={"Service": Link("window_service", {"code": "$response.body#/services/0/code"})}
)
def propose(request: HttpRequest, body: Ask) -> HttpResponse:
    """The five likeliest services on offer for a text in Khmer or English, with who decides. Always an answer, never certain."""
    offered = {row.code: row for row in queries.services()}
    found = serving.answer(body.text, offered)
    told = [
        {
            "code": row.code,
            "score": round(each.score, 4),
            "kind": row.kind,
            "name": {"km": row.name_km, "en": row.name_en},
            "level": row.level,
            "office": _office(body.place, row.level),
        }
        for each, row in ((each, offered[each.code]) for each in found.services[:5])
    ]
    return api.json({"lang": found.lang, "unsure": found.unsure, "services": told})


def _by(request: HttpRequest) -> Any:
    return request.acting  # type: ignore[attr-defined]


def _listed(view: Any) -> Any:
    """A list of requests. The filters do not depend on who asks, only what the search reads does: one description for all."""
    return api.lists(listing.spec(system("description")))(view)


# Where an answer about one request leads.
_ONE = Link("window_request", {"request_id": "$response.body#/id"})
_NEXT = Link("window_step", {"request_id": "$response.body#/id", "If-Match": "$response.header.ETag"})


@router.get(
    "/requests", summary="Requests the asker may see, without personal data", operation_id="window_requests"
)
@_listed
@openapi.says(
    openapi.page_of(answers.RequestTold),
    links={"First": Link("window_request", {"request_id": "$response.body#/results/0/id"})},
)
def requests(request: HttpRequest) -> HttpResponse:
    """A page of requests, narrowed by q, state, service, channel, assigned, open, place, from and to."""
    by = _by(request)
    looking.search(by, request.GET.get("q", ""))
    return api.json(api.collection(request, queries.listing(by), listing.spec(by), listing.serialiser(by)))


def _export(request: HttpRequest, kind: str) -> Any:
    by = _by(request)
    looking.search(by, request.GET.get("q", ""))
    return api.exported(
        request,
        queries.listing(by),
        listing.spec(by),
        listing.serialiser(by),
        name=str(_("Requests")),
        columns=listing.COLUMNS,
        kind=kind,
        mark=shown.mark(),
    )


@router.get("/requests.csv", summary="The same as CSV", operation_id="window_requests_csv")
@_listed
@api.file_of("csv")
def requests_csv(request: HttpRequest) -> Any:
    """The same as CSV."""
    return _export(request, "csv")


@router.get("/requests.xlsx", summary="The same as XLSX", operation_id="window_requests_xlsx")
@_listed
@api.file_of("xlsx")
def requests_xlsx(request: HttpRequest) -> Any:
    """The same as XLSX."""
    return _export(request, "xlsx")


def _detail(by: Any, found: Any) -> dict[str, Any]:
    names = shown.place_names([found])
    told = queries.may_see_person(by, found)
    body = listing.plain(found, names)
    body["events"] = [
        {
            "act": event.act,
            "state": event.target,
            "public": event.public,
            "at": event.at,
            "text": event.text if told else None,
        }
        for event in queries.events(found, public=not told)
    ]
    moves = [
        str(move.verb)
        for move in rules.moves(State(found.state), joined=found.joined_id is not None)
        if move.verb in GRANTS and by.may(GRANTS[Act(move.verb)], found.where)
    ]
    body["steps"] = moves
    may_join = found.open and by.may(Verb.JOIN, found.where)
    splits = rules.can_split(State(found.state), joined=found.joined_id is not None)
    body["steps"] += [str(Act.SPLIT)] if splits and by.may(Verb.SPLIT, found.where) else []
    body["steps"] += [str(Act.PART if found.joined_id else Act.JOIN)] if may_join else []
    if told:
        contact = queries.contact_of(found)
        body |= {
            "description": found.description,
            "location": found.location,
            "attributes": found.attributes,
            "latitude": float(found.latitude) if found.latitude is not None else None,
            "longitude": float(found.longitude) if found.longitude is not None else None,
            "applicant": {"name": contact.name, "phone": shown.masked(contact.phone)} if contact else None,
        }
    return body


@router.get("/requests/{uuid:request_id}", summary="One request", operation_id="window_request")
@openapi.says(answers.RequestWhole, etag=True, links={"Step": _NEXT})
def request_detail(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """One request; what was told only for the office that holds it. 404 for what the asker may not see."""
    by = _by(request)
    found = looking.see(by=by, request_id=request_id)
    return api.json(_detail(by, found), headers={"ETag": f'"{found.version}"'})


class NewRequest(api.Strict):
    """A request to take in. ``place`` is the gazetteer code of a commune or village."""

    service: str = Field(min_length=1, max_length=32)
    place: str = Field(min_length=6, max_length=16)
    description: str = Field("", max_length=2000)
    location: str = Field("", max_length=200)
    latitude: float | None = Field(None, ge=-90, le=90, allow_inf_nan=False)
    longitude: float | None = Field(None, ge=-180, le=180, allow_inf_nan=False)
    name: str = Field("", max_length=120)
    phone: str = Field("", max_length=30)
    email: str = Field("", max_length=254)
    language: str = Field("km", pattern="^(km|en)$")
    attributes: dict[str, str | list[str]] = Field(default_factory=dict, max_length=50)
    joined: str = Field("", max_length=32, description="Number of an open report of the same problem to join")


@router.post(
    "/requests",
    auth=None,
    summary="Make a request (residents need no account; takes Idempotency-Key)",
    operation_id="window_make_request",
)
@openapi.says(
    answers.RequestMade,
    status=201,
    once=True,
    etag=True,
    location=True,
    problems=(429,),
    links={
        "Request": _ONE,
        "Step": _NEXT,
        "Tracking": Link("window_tracking", {"code": "$response.body#/code"}),
    },
)
def create(request: HttpRequest, body: NewRequest) -> HttpResponse:
    """Take in a request. The answer holds the number, and the code that opens the request's page."""
    by = _by(request)
    data = body.dict()
    joined = ascii_digits(data.pop("joined")).strip()
    for axis in ("latitude", "longitude"):
        data[axis] = "" if data[axis] is None else str(Decimal(repr(data[axis])))

    made: dict[str, str] = {}

    def act() -> Answer:
        received = actions.receive(
            by=by,
            channel=Channel.API,
            source=network.address(request),
            joined=joined,
            own=False,
            **checking.checked(data),
        )
        found = received.request
        made[str(found.id)] = received.code
        headers = {"Location": _address(found.id), "ETag": f'"{found.version}"'}
        return Answer(201, {"id": str(found.id), **_public(found)}, headers)

    def render(answer: Answer) -> Answer:
        key: str = answer.body["id"]  # type: ignore[index]
        code = made.get(key) or queries.code_of_id(UUID(key))
        return Answer(answer.status, {**answer.body, "code": code}, answer.headers)  # type: ignore[dict-item]

    return json_response(of_request(request, "window.requests", act, render))


def _address(request_id: UUID) -> str:
    return f"/api/v1/window/requests/{request_id}"


def _public(found: Any) -> dict[str, Any]:
    """What the applicant may read of a request, as plain JSON values."""
    return {
        "number": found.number,
        "version": found.version,
        "state": str(found.state),
        "service": found.service_id,
        "place": found.place,
        "received": found.received_at.isoformat(),
        "due": found.due_at.isoformat(),
        "done": found.done_at.isoformat() if found.done_at else None,
        "created": found.created.isoformat(),
        "changed": found.changed.isoformat(),
    }


@router.get(
    "/tracking/{code}",
    auth=None,
    summary="The request a code opens, with its public steps",
    operation_id="window_tracking",
)
@openapi.says(answers.RequestTracked, links={"Request": _ONE})
def tracking(request: HttpRequest, code: str) -> HttpResponse:
    """What the applicant sees; 404 when the code opens nothing."""
    found = queries.by_code(code)
    body = {"id": str(found.id), **_public(found), "events": queries.event_texts(found)}
    body["page"] = network.absolute(request, reverse("request", args=[queries.code_of(found)]))
    return api.json(body)


class Words(api.Strict):
    """What a step needs: words, or the appointment or the office it is given to."""

    text: str = Field("", max_length=4000)
    assigned: UUID | None = None
    office: UUID | None = None
    joined: str = Field("", max_length=32, description="For `join`: the number of the other report")
    service: str = Field("", max_length=32, description="For `split`: the service of the second matter")


STEPS = [str(act) for act in (*GRANTS, Act.JOIN, Act.PART, Act.SPLIT) if act != Act.RECEIVE]


@router.post(
    "/requests/{uuid:request_id}/{verb}",
    summary="One step of an officer (takes If-Match and Idempotency-Key)",
    operation_id="window_step",
)
@openapi.says(
    answers.RequestPublic,
    version=True,
    once=True,
    etag=True,
    parameters={"verb": {"enum": STEPS}},
    links={"Request": _ONE, "Step": _NEXT},
)
def step(
    request: HttpRequest,
    request_id: UUID,
    verb: Path[str],
    body: Words | None = None,
) -> HttpResponse:
    """Take, assign, ask, answer, note, forward, return, reopen, finish, refuse, erase, join, part or split (the answer is the new request). 404 not visible, 403 not allowed, 409 not in this state, 412 changed."""
    by = _by(request)
    if verb not in STEPS:
        raise NotFound(_("There is no such step."))
    queries.record(by, request_id)
    version = api.version(request)
    said = body or Words(text="", joined="", service="")

    def act() -> Answer:
        if verb == Act.ERASE:
            api.match(request, queries.record(by, request_id).version)
            found = actions.erase_person(by=by, request_id=request_id)
        elif verb == Act.JOIN:
            number = ascii_digits(said.joined)
            found = joining.join(by=by, request_id=request_id, version=version, number=number)
        elif verb == Act.PART:
            found = joining.part(by=by, request_id=request_id, version=version)
        elif verb == Act.SPLIT:
            wish = splitting.Wish(said.service, checking.words(said.text))
            found = splitting.split(by=by, request_id=request_id, version=version, wish=wish)
        else:
            found = actions.act(
                by=by,
                request_id=request_id,
                version=version,
                verb=Act(verb),
                text=checking.words(said.text),
                assigned=said.assigned,
                office=said.office,
            )
        return Answer(200, {"id": str(found.id), **_public(found)}, {"ETag": f'"{found.version}"'})

    return json_response(of_request(request, f"window.step:{request_id}:{verb}", act))
