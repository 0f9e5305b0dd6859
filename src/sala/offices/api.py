"""Offices and who holds their posts, for programs: Popolo organisations and memberships, public."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Router

from sala.kit import clock
from sala.kit.api import serve_list
from sala.kit.errors import FieldError, Invalid, NotFound
from sala.kit.export import Column
from sala.kit.inputs import Wrong, day
from sala.kit.paging import ListSpec, choice, place
from sala.offices import queries
from sala.offices.terms import OfficeKind

router = Router(tags=["offices"])

SPEC = ListSpec(
    filters=(choice("kind", "kind", OfficeKind, _("Kind")), place()),
    sorts={"code": "code", "name": "name_en", "created": "created", "changed": "changed"},
    search=lambda q: Q(name_km__contains=q) | Q(name_en__icontains=q) | Q(code__icontains=q),
    default_sort="code",
)


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


@router.get("/offices/{office_id}", auth=None, summary="An office by its id or code")
def office(request: HttpRequest, office_id: str) -> dict[str, Any]:
    """A Popolo organisation."""
    return organization(_office(office_id))


@router.get("/offices/{office_id}/holders", auth=None, summary="Who holds the posts of an office on a day")
def holders(request: HttpRequest, office_id: str, on: str = "") -> dict[str, Any]:
    """Popolo memberships valid on the day ``on`` (default: today)."""
    try:
        at = day(on) if on else clock.today()
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


@router.get("/posts", auth=None, summary="Kinds of posts, with their duties")
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
