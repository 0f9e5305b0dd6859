"""Offices and who holds their posts, for programs: Popolo organisations and memberships, public."""

from collections.abc import Sequence
from datetime import date as Day  # noqa: N812 - bodies have a field called date
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Field, Query, Router

from sala.kit import clock
from sala.kit.api import Strict, serve_list, version
from sala.kit.errors import FieldError, Invalid, NotFound
from sala.kit.export import Column
from sala.kit.inputs import DAY, Wrong, day
from sala.kit.openapi import Link, Names, Told, page_of, says
from sala.kit.paging import ListSpec, choice, place
from sala.numbers.idempotency import Answer, json_response, of_request
from sala.offices import actions, queries
from sala.offices.terms import DayStatus, Instrument, OfficeKind

router = Router(tags=["offices"])

SPEC = ListSpec(
    filters=(choice("kind", "kind", OfficeKind, _("Kind")), place(villages=False)),
    sorts={"code": "code", "name": "name_en", "created": "created", "changed": "changed"},
    search=lambda q: Q(name_km__contains=q) | Q(name_en__icontains=q) | Q(code__icontains=q),
    default_sort="code",
)


class Organization(Told):
    """An office as a Popolo organisation."""

    id: UUID
    number: str
    version: int
    state: Literal["open", "closed"]
    place: str
    created: datetime
    changed: datetime
    name: Names
    classification: OfficeKind
    parent_id: UUID | None
    founding_date: Day | None
    dissolution_date: Day | None


class Holder(Told):
    """A person in public office."""

    id: UUID
    name: Names


class PostHeld(Told):
    """The post of a membership."""

    id: str
    label: Names
    organization_id: UUID


class Membership(Told):
    """An appointment as a Popolo membership."""

    id: UUID
    version: int
    organization_id: UUID
    person: Holder
    post: PostHeld
    start_date: Day
    end_date: Day | None


class Duty(Told):
    """One duty of a post, with its source and how sure that is."""

    km: str
    en: str
    source: str
    status: str


class PostTold(Told):
    """A kind of post; ``labels`` are its names by the kind of place."""

    id: str
    version: int
    label: Names
    labels: dict[str, Names]
    office_kinds: list[OfficeKind]
    duties: list[Duty]
    single: bool
    status: str
    source: str


class HolidayTold(Told):
    """A day on which deadlines stand still."""

    id: UUID
    date: Day
    name: Names
    status: DayStatus
    source: str
    office: UUID | None


def organization(row: Any) -> dict[str, Any]:
    """An office as a Popolo organisation, with what every record of the API has."""
    today = clock.today()
    over = row.valid_to is not None and row.valid_to < today
    return {
        "id": str(row.pk),
        "number": row.code,
        "version": row.version,
        "state": "closed" if over else "open",
        "place": row.place,
        "created": row.created,
        "changed": row.changed,
        "name": {"km": row.name_km, "en": row.name_en},
        "classification": row.kind,
        "parent_id": str(row.parent_id) if row.parent_id else None,
        "founding_date": row.valid_from,
        "dissolution_date": row.valid_to,
    }


def membership(row: Any) -> dict[str, Any]:
    """An appointment as a Popolo membership with its person and post."""
    return {
        "id": str(row.pk),
        "version": row.version,
        "organization_id": str(row.office_id),
        "person": {"id": str(row.person_id), "name": {"km": row.person.name_km, "en": row.person.name_en}},
        "post": {
            "id": row.post_id,
            "label": queries.title(row.post, row.office.form),
            "organization_id": str(row.office_id),
        },
        "start_date": row.start,
        "end_date": row.end,
    }


def _rows(request: HttpRequest) -> QuerySet[Any]:
    return queries.listed()


def _organizations(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [organization(row) for row in rows]


serve_list(
    router,
    "/offices",
    SPEC,
    _rows,
    _organizations,
    row=Organization,
    links={
        "Office": Link("offices_office", {"office_id": "$response.body#/results/0/id"}),
        "Holders": Link("offices_holders", {"office_id": "$response.body#/results/0/number"}),
    },
    name=_("Offices"),
    columns=[
        Column("number", _("Code")),
        Column("classification", _("Kind")),
        Column("name_km", _("Name in Khmer"), lambda row: row["name"]["km"]),
        Column("name_en", _("Name in English"), lambda row: row["name"]["en"]),
        Column("place", _("Place")),
        Column("parent_id", _("Above it")),
    ],
    auth=None,
)


def _office(office_id: str) -> Any:
    row = queries.office(office_id) or queries.office_by_code(office_id[:48])
    if row is None:
        raise NotFound(_("There is no such office."))
    return row


@router.get(
    "/offices/{office_id}", auth=None, summary="An office by its id or code", operation_id="offices_office"
)
@says(Organization, links={"Holders": Link("offices_holders", {"office_id": "$response.body#/id"})})
def office(request: HttpRequest, office_id: str) -> dict[str, Any]:
    """A Popolo organisation."""
    return organization(_office(office_id))


@router.get(
    "/offices/{office_id}/holders",
    auth=None,
    summary="Who holds the posts of an office on a day",
    operation_id="offices_holders",
)
@says(
    page_of(Membership),
    parameters={"on": DAY},
    links={
        "Appoint": Link(
            "offices_appoint",
            body={
                "person": "$response.body#/results/0/person/id",
                "post": "$response.body#/results/0/post/id",
                "office": "$response.body#/results/0/organization_id",
            },
        )
    },
)
def holders(
    request: HttpRequest,
    office_id: str,
    on: str | None = None,
) -> dict[str, Any]:
    """Popolo memberships valid on the day ``on`` (default: today)."""
    try:
        at = clock.today() if on is None else day(on)
    except Wrong as wrong:
        raise Invalid(wrong.message, errors=[FieldError("on", wrong.code, wrong.message)]) from wrong
    rows = queries.holders(_office(office_id).pk, at)
    return {
        "count": len(rows),
        "more": False,
        "next": None,
        "previous": None,
        "results": [membership(row) for row in rows],
    }


@router.get("/posts", auth=None, summary="Kinds of posts, with their duties", operation_id="offices_posts")
@says(page_of(PostTold))
def posts(request: HttpRequest) -> dict[str, Any]:
    """Every kind of post: its names by the kind of place, the kinds of offices that have it, its duties with their source."""
    rows = queries.posts()
    results = [
        {
            "id": row.pk,
            "version": row.version,
            "label": row.names[""],
            "labels": {form: names for form, names in row.names.items() if form},
            "office_kinds": row.office_kinds,
            "duties": row.duties,
            "single": row.single,
            "status": row.status,
            "source": row.source,
        }
        for row in rows
    ]
    return {"count": len(results), "more": False, "next": None, "previous": None, "results": results}


class HolidayIn(Strict):
    """A day on which deadlines stand still; ``office`` for one office only."""

    date: Day
    name_km: str = Field(min_length=1, max_length=160)
    name_en: str = Field(min_length=1, max_length=160)
    source: str = Field("", max_length=300)
    office: str | None = Field(None, max_length=48)


class PaperIn(Strict):
    """The instrument of an appointment."""

    kind: Instrument
    number: str = Field("", max_length=80)
    date: Day | None = None


class AppointmentIn(Strict):
    """A person (by id) comes into a post of an office (id or code) from a day on."""

    person: UUID
    post: str = Field(max_length=48)
    office: str = Field(max_length=48)
    start: Day
    end: Day | None = None
    instrument: PaperIn


class EndIn(Strict):
    """The last day of an appointment."""

    end: Day
    reason: str = Field("", max_length=300)


def _holiday(row: Any) -> dict[str, Any]:
    name = {"km": row.name_km, "en": row.name_en}
    office_id = str(row.office_id) if row.office_id else None
    return {
        "id": str(row.pk),
        "date": row.date,
        "name": name,
        "status": row.status,
        "source": row.source,
        "office": office_id,
    }


@router.get(
    "/holidays", auth=None, summary="The country's holidays of a year", operation_id="offices_holidays"
)
@says(page_of(HolidayTold))
def holidays(
    request: HttpRequest,
    year: int = Query(0, ge=0, le=9999),
) -> dict[str, Any]:
    """Days that do not count in deadlines; 0: this year's."""
    wanted = year or clock.today().year
    rows = queries.holidays(wanted)
    return {
        "count": len(rows),
        "more": False,
        "next": None,
        "previous": None,
        "results": [_holiday(row) for row in rows],
    }


@router.post("/holidays", summary="Add a holiday", operation_id="offices_add_holiday")
@says(HolidayTold, status=201, once=True, problems=(404,))
def add_holiday(request: HttpRequest, body: HolidayIn) -> Any:
    """For the country, or for one office; deadlines that reach over it move."""

    def act() -> Answer:
        row = actions.add_holiday(
            by=request.acting,  # type: ignore[attr-defined]
            day=body.date,
            name={"km": body.name_km, "en": body.name_en},
            office=_office(body.office) if body.office else None,
            source=body.source,
        )
        return Answer(201, plain(_holiday(row)))

    return json_response(of_request(request, "offices.holidays", act))


@router.post("/appointments", summary="Appoint a person to a post", operation_id="offices_appoint")
@says(
    Membership,
    status=201,
    once=True,
    etag=True,
    problems=(404,),
    links={
        "End": Link(
            "offices_end", {"appointment_id": "$response.body#/id", "If-Match": "$response.header.ETag"}
        )
    },
)
def appoint(request: HttpRequest, body: AppointmentIn) -> Any:
    """What the person may do in Sala follows from it at once."""

    def act() -> Answer:
        row = actions.appoint(
            by=request.acting,  # type: ignore[attr-defined]
            person=body.person,
            post=body.post,
            office=_office(body.office),
            start=body.start,
            end=body.end,
            instrument=actions.Paper(body.instrument.kind, body.instrument.number, body.instrument.date),
        )
        return Answer(201, plain(membership(row)), {"ETag": f'"{row.version}"'})

    return json_response(of_request(request, "offices.appointments", act))


@router.post(
    "/appointments/{uuid:appointment_id}/end", summary="End an appointment", operation_id="offices_end"
)
@says(Membership, version=True)
def end(request: HttpRequest, appointment_id: UUID, body: EndIn) -> dict[str, Any]:
    """With ``If-Match``; the post is held until the end of that day, and what it allows ends with it."""
    row = actions.end_appointment(
        by=request.acting,  # type: ignore[attr-defined]
        appointment=appointment_id,
        end=body.end,
        reason=body.reason,
        version=version(request),
    )
    return membership(row)


def plain(body: dict[str, Any]) -> dict[str, Any]:
    """The object with its dates as texts, as an answer is kept for a repeated request."""
    return {key: value.isoformat() if isinstance(value, Day) else value for key, value in body.items()}
