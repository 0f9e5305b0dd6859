"""Which office is this, which one serves a place, who holds its posts on a day, and when is it open?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet

from sala.kit import clock
from sala.kit.kept import Kept
from sala.kit.prepared import Bound, Prepared
from sala.offices.models import Appointment, Holiday, Hours, Office, Person, PostKind
from sala.offices.terms import OfficeKind

if TYPE_CHECKING:
    from sala.kit.days import Calendar

# The office that holds the cases of a level. One way for every country: the pack names its offices by these kinds.
HOLDS = {
    "commune": OfficeKind.COMMUNE_HALL,
    "district": OfficeKind.ONE_WINDOW,
    "province": OfficeKind.PROVINCIAL_HALL,
    "nation": OfficeKind.MINISTRY_DEPARTMENT,
}


def office(office_id: UUID | str) -> Office | None:
    """The office with this id, or None."""
    try:
        key = office_id if isinstance(office_id, UUID) else UUID(office_id)
    except ValueError:
        return None
    return Office.objects.filter(pk=key).first()


def office_by_code(code: str) -> Office | None:
    """The office with this code (``commune-hall-120404``), or None."""
    return Office.objects.filter(code=code).first()


_FIRST = Prepared(
    lambda: Office.objects.filter(place=Bound("place"), kind=Bound("kind")).order_by("code")[:1]
)
_at: Kept[tuple[str, str], Office] = Kept(
    lambda key: _FIRST.one(place=key[0], kind=key[1]),
    lambda: Office.objects.aggregate(Count("pk"), Max("changed")),
)


def office_at(place_key: str, kind: str) -> Office | None:
    """The office of this kind that stands for exactly this place (empty key: the nation), or None. Kept: change no row of it."""
    return _at((place_key, kind))


def forget_offices() -> None:
    """Read which office stands where anew."""
    _at.forget()


def at_places(keys: Iterable[str]) -> list[Office]:
    """The offices that stand for exactly these places, in the order of the keys, highest kind first; one read."""
    wanted = list(keys)
    order = list(OfficeKind)
    rows = Office.objects.filter(place__in=[key for key in wanted if key])
    return sorted(
        rows, key=lambda row: (wanted.index(row.place), order.index(OfficeKind(row.kind)), row.code)
    )


def serving(place_key: str, level: str) -> Office | None:
    """The office that holds cases of ``level`` for the place: its commune hall, its district's one-window office, its
    provincial hall, or the ministry. None where the pack has no such office; `LookupError` for an unknown level.
    """
    kind = HOLDS[level]
    if level == "nation":
        return _at(("", kind))
    from sala.places import queries as places

    where = places.where(place_key)
    key = {"commune": where.commune, "district": where.district, "province": where.province}[level]
    return _at((key, kind)) if key else None


def listed(*, q: str = "", kind: str = "", place: Any = None, reach: Q | None = None) -> QuerySet[Office]:
    """Offices for a list: by part of a name, kind, or the place (`places.Unit`) they stand in or below."""
    rows = Office.objects.select_related("parent")
    if kind:
        rows = rows.filter(kind=kind)
    if q:
        rows = rows.filter(Q(name_km__contains=q) | Q(name_en__icontains=q) | Q(code__icontains=q))
    if place is not None:
        column = place.level if place.level in ("province", "district", "commune") else "commune"
        rows = rows.filter(**{column: place.key if column == place.level else place.parent_key})
    if reach is not None:
        rows = rows.filter(reach)
    return rows


def above(office_id: UUID) -> list[Office]:
    """The offices above an office, the next one first, in one read: no pack knows a taller line than seven."""
    found = Office.objects.select_related("__".join(["parent"] * 7)).filter(pk=office_id).first()
    line: list[Office] = []
    while found is not None and found.parent is not None:
        found = found.parent
        line.append(found)
    return line


def own_calendars() -> set[UUID]:
    """The offices whose calendar is another than the country's: they have hours or holidays of their own."""
    days = Holiday.objects.filter(office__isnull=False).values_list("office_id", flat=True)
    hours = Hours.objects.filter(office__isnull=False).values_list("office_id", flat=True)
    return {key for key in days.union(hours) if key is not None}


def names(ids: Iterable[UUID]) -> dict[UUID, dict[str, str]]:
    """Office id -> its names in both languages, in one read."""
    rows = Office.objects.filter(pk__in=set(ids)).values_list("id", "name_km", "name_en")
    return {key: {"km": km, "en": en} for key, km, en in rows}


def posts(office_kind: str = "") -> list[PostKind]:
    """The kinds of posts, in the pack's order; only those of an office of this kind where one is given."""
    rows = PostKind.objects.order_by("order", "code")
    return [post for post in rows if not office_kind or office_kind in post.office_kinds]


def post(code: str) -> PostKind | None:
    """The kind of post with this code, or None."""
    return PostKind.objects.filter(pk=code).first()


def on(day: date | Bound) -> Q:
    """The filter for appointments valid on ``day``."""
    return Q(start__lte=day) & (Q(end__isnull=True) | Q(end__gte=day))


def holders(office_id: UUID, day: date | None = None) -> list[Appointment]:
    """Who holds the posts of an office on a day (default: today), in the posts' order."""
    rows = Appointment.objects.filter(on(day or clock.today()), office_id=office_id)
    return list(rows.select_related("person", "post", "office").order_by("post__order", "start", "id"))


def holders_of_posts(codes: Iterable[str], day: date | None = None) -> list[Appointment]:
    """Who holds posts of these kinds on a day (default: today), in whatever office."""
    rows = Appointment.objects.filter(on(day or clock.today()), post_id__in=list(codes))
    return list(rows.select_related("person", "post", "office").order_by("office__code", "post__order", "id"))


def appointments_of(person_id: UUID, day: date | None = None) -> list[Appointment]:
    """The posts a person holds on a day (default: today), in the posts' order."""
    rows = Appointment.objects.filter(on(day or clock.today()), person_id=person_id)
    return list(rows.select_related("person", "post", "office").order_by("post__order", "start", "id"))


def appointment(appointment_id: UUID | str) -> Appointment | None:
    """One appointment with its person, post and office, or None."""
    try:
        key = appointment_id if isinstance(appointment_id, UUID) else UUID(appointment_id)
    except ValueError:
        return None
    return Appointment.objects.select_related("person", "post", "office").filter(pk=key).first()


def person(person_id: UUID) -> Person | None:
    """The person in public office with this id, or None."""
    return Person.objects.filter(pk=person_id).first()


def holder_names(appointment_ids: Iterable[str]) -> dict[str, dict[str, str]]:
    """Appointment id -> ``{"km", "en"}`` of the post in its office; what pages show for the actor of an act."""
    keys = set()
    for text in appointment_ids:
        try:
            keys.add(UUID(str(text)))
        except ValueError:
            continue  # "resident", "key:..." and "system:..." are no appointments
    if not keys:
        return {}
    rows = Appointment.objects.filter(pk__in=keys).values_list("pk", "post__names", "office__form")
    return {str(key): names.get(form) or names[""] for key, names, form in rows}


@dataclass(frozen=True)
class Holder:
    """Somebody to whom work of an office can be given: the appointment's id, the person's name, the post's title."""

    id: UUID
    name_km: str
    name_en: str
    post: dict[str, str]


_PARTS_OF_A_NAME = ("family_km", "given_km", "family_en", "given_en")


def people(office_id: UUID, day: date | None = None) -> list[Holder]:
    """Who works in an office on a day (default: today), in the posts' order."""
    rows = (
        Appointment.objects.filter(on(day or clock.today()), office_id=office_id)
        .select_related("person", "post", "office")
        .only(*(f"person__{part}" for part in _PARTS_OF_A_NAME), "post__names", "office__form")
        .order_by("post__order", "start", "id")
    )
    return [
        Holder(row.pk, row.person.name_km, row.person.name_en, title(row.post, row.office.form))
        for row in rows
    ]


_PEOPLE = Prepared(
    lambda: (
        Appointment.objects.filter(on(Bound("day")), office_id=Bound("office"))
        .order_by("post__order", "start", "id")
        .values_list("id", *(f"person__{part}" for part in _PARTS_OF_A_NAME))
    )
)


def people_names(office_id: UUID, day: date | None = None) -> list[tuple[UUID, dict[str, str]]]:
    """The same as the appointment's id and the person's name alone: for a list to choose from."""
    return [_named(row) for row in _PEOPLE(office=office_id, day=day or clock.today())]


def _named(row: tuple[Any, ...]) -> tuple[UUID, dict[str, str]]:
    key, family_km, given_km, family_en, given_en = row
    return key, {"km": f"{family_km} {given_km}", "en": f"{family_en} {given_en}"}


def appointment_names(ids: Iterable[UUID]) -> dict[UUID, dict[str, str]]:
    """Appointment id -> the holder's name in both languages, in one read; for tables of those who may see it."""
    wanted = set(ids)
    if not wanted:
        return {}
    rows = Appointment.objects.filter(pk__in=wanted)
    return dict(map(_named, rows.values_list("pk", *(f"person__{part}" for part in _PARTS_OF_A_NAME))))


def title(post_kind: PostKind, form: str) -> dict[str, str]:
    """What the post is called in an office of this form."""
    names_by_form: dict[str, dict[str, str]] = post_kind.names
    return names_by_form.get(form) or names_by_form[""]


def calendar(office_id: UUID | None) -> "Calendar":
    """The working calendar of an office: the country's hours and holidays, and its own. Kept: other processes see a change
    within five seconds, this one at once.
    """
    own: frozenset[UUID] | None = _calendars(_OWN)
    # Most offices have no day and no hour of their own: one calendar of the country's, not thousands of the same.
    found: Calendar | None = _calendars(office_id if own and office_id in own else None)
    assert found is not None  # every office has one
    return found


def forget_calendars() -> None:
    """Read holidays and hours anew."""
    _calendars.forget()


_OWN = "offices with days or hours of their own"


def _read_calendar(office_id: UUID | str | None) -> Any:
    from sala.kit.days import Calendar

    if office_id == _OWN:
        days = Holiday.objects.filter(office__isnull=False).values_list("office_id", flat=True)
        hours = Hours.objects.filter(office__isnull=False).values_list("office_id", flat=True)
        return frozenset(days) | frozenset(hours)
    mine = Q(office__isnull=True) | Q(office_id=office_id) if office_id else Q(office__isnull=True)
    stretches: dict[int, list[tuple[time, time]]] = {}
    rows = list(Hours.objects.filter(mine).order_by("weekday", "opens"))
    own = {row.weekday for row in rows if row.office_id}
    for row in rows:
        if row.weekday in own and row.office_id is None:
            continue  # an office's own hours stand instead of the country's on that weekday
        stretches.setdefault(row.weekday, []).append((row.opens, row.closes))
    holidays = Holiday.objects.filter(mine).order_by("date").values_list("date", "name_km", "name_en")
    return Calendar(
        hours={weekday: tuple(sorted(spans)) for weekday, spans in stretches.items()},
        holidays={day: {"km": name_km, "en": name_en} for day, name_km, name_en in holidays},
        zone=clock.zone(),
    )


def _days() -> object:
    days = Holiday.objects.aggregate(Count("pk"), Max("changed"))
    hours = Hours.objects.aggregate(Count("pk"), Max("changed"))
    return days, hours


_calendars: Kept[UUID | str | None, Any] = Kept(_read_calendar, _days)


def holidays(year: int, office_id: UUID | None = None) -> list[Holiday]:
    """The country's holidays of a year, and those of one office, by date."""
    mine = Q(office__isnull=True) | Q(office_id=office_id) if office_id else Q(office__isnull=True)
    return list(Holiday.objects.filter(mine, date__year=year).order_by("date", "id"))


def holiday_years() -> list[int]:
    """The years for which the country has holidays."""
    return [day.year for day in Holiday.objects.filter(office__isnull=True).dates("date", "year")]
