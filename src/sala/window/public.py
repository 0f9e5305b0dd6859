"""What may everybody read of problem reports, and which programs may make them? Reads that ask nobody who they are."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Max, Q, QuerySet

from sala.kit import ids
from sala.places import queries as places
from sala.window import nearby, rules, steps
from sala.window.models import ApiKey, Event, Request, Service, ServiceVersion
from sala.window.queries import listed, narrowed

NEAR = 4
"""Decimal places of a public point: about ten metres, the width of a street."""


def blurred(degrees: Decimal | None) -> float | None:
    """Degrees as everybody may have them."""
    return None if degrees is None else round(float(degrees), NEAR)


# What everybody may know of a report: no words, no contact, no photo, no exact point.
PUBLIC_COLUMNS = (
    "number", "service_id", "terms_id", "state", "open", "province", "district", "commune", "village",
    "latitude", "longitude", "office_id", "received_at", "due_at", "done_at", "changed",
)  # fmt: skip


def reports(
    *,
    numbers: Sequence[str] = (),
    services: Sequence[str] = (),
    statuses: Sequence[str] = (),
    place: str = "",
    start: datetime | None = None,
    end: datetime | None = None,
) -> QuerySet[Request]:
    """Problem reports as everybody may read them (`PUBLIC_COLUMNS`), the newest first; ``numbers`` override the rest."""
    rows = Request.objects.filter(service_id__in=listed()).only(*PUBLIC_COLUMNS)
    if numbers:
        return rows.filter(number__in=numbers).order_by("-received_at", "-pk")
    if services:
        rows = rows.filter(service_id__in=services)
    if len(set(statuses)) == 1:
        rows = rows.filter(open=statuses[0] == "open")
    if start is not None and end is not None:
        rows = rows.filter(received_at__gte=start, received_at__lte=end)
    return narrowed(rows, place=place).order_by("-received_at", "-pk")


CLOSEST = 200
"""So many open reports of a commune and service are looked through, those due last first: no resident waits for more."""


def similar(terms: ServiceVersion, here: nearby.Spot) -> list[nearby.Near]:
    """The open reports that may be the problem somebody is about to report at ``here``; none where they are not to be joined."""
    if not rules.openness(terms.kind, terms.service.protected).joined:
        return []
    place = Q(village=here.village)
    if here.point is not None:
        south, west, north, east = (f"{edge:.5f}" for edge in nearby.box(here.point))
        inside = Q(latitude__range=(south, north), longitude__range=(west, east))
        place = inside | Q(village=here.village, latitude__isnull=True)
    # "In" and not a bare truth: only so SQLite reads the index of the commune, and not the one of the service in all of them.
    rows = (
        Request.objects.filter(
            place, commune=here.commune, open__in=[True], service_id=terms.service_id, joined=None
        )
        .order_by("-due_at")
        .values_list("number", "state", "received_at", "commune", "village", "latitude", "longitude")
    )
    return nearby.near(
        here,
        [
            nearby.Open(number, state, received, spot(commune, village, latitude, longitude))
            for number, state, received, commune, village, latitude, longitude in rows[:CLOSEST]
        ],
    )


def spot(commune: str, village: str, latitude: Decimal | None, longitude: Decimal | None) -> nearby.Spot:
    """Where a report lies, from its columns."""
    if latitude is None or longitude is None:
        return nearby.Spot(commune, village)
    return nearby.Spot(commune, village, float(latitude), float(longitude))


def steps_of_reports(
    start: datetime, end: datetime, *, place: str = "", numbers: Sequence[str] = ()
) -> QuerySet[Event]:
    """Public steps of problem reports in this time, without their words, the newest first.

    ``place``: of reports that lie there, an unknown one finds nothing; ``numbers``: of these reports only.
    """
    first, after = ids.least(start), ids.least(end + timedelta(milliseconds=1))
    rows = Event.objects.filter(pk__gte=first, pk__lt=after, public=True, request__service_id__in=listed())
    if place:
        unit = places.unit(place)
        rows = rows.filter(**{f"request__{unit.level}": unit.key}) if unit else rows.none()
    if numbers:
        rows = rows.filter(request__number__in=numbers)
    return (
        rows.select_related("request")
        .only("act", "target", "at", "position", "request__number")
        .order_by("-pk")  # the keys are in the order of time, and there is no other index on it
    )


def services_changed() -> datetime | None:
    """When what is on offer last changed; None before anything was."""
    return Service.objects.aggregate(last=Max("changed"))["last"]


def key_holder(key: str) -> ApiKey | None:
    """Whose Open311 key this is; None for none, and for one that has ended."""
    return ApiKey.objects.filter(digest=rules.key_hash(key), ended=None).first()


def key_snapshots() -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every Open311 key's facts, for the ledger's verification."""
    for row in ApiKey.objects.order_by("pk"):
        yield str(row.pk), steps.key_content(row)
