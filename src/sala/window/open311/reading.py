"""What does a client of GeoReport v2 ask for? Arguments read once; an empty one is as good as none."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext as _

from sala.kit import clock
from sala.kit.khmer import ascii_digits
from sala.places import queries as places
from sala.window.open311.writing import Refused311

SPAN = timedelta(days=90)
"""The longest stretch of time a list covers, as the standard sets it."""
MOST = 1000
"""The most requests in one answer, as the standard sets it."""
STATUSES = ("open", "closed")


@dataclass(frozen=True)
class Wanted:
    """Which requests a list holds."""

    numbers: tuple[str, ...]
    services: tuple[str, ...]
    statuses: tuple[str, ...]
    place: str
    start: datetime
    end: datetime
    page: int
    size: int


def argument(given: QueryDict, name: str, longest: int = 4000) -> str:
    """One argument without blanks around it. Raises `Refused311` for what no text can hold, or too much of it."""
    text = given.get(name, "").strip()
    if "\x00" in text or len(text) > longest:
        raise Refused311(400, _("%(name)s: this can't be read, or is too long.") % {"name": name})
    return text


def _list(given: QueryDict, name: str) -> tuple[str, ...]:
    parts = [part.strip() for part in argument(given, name).split(",")]
    return tuple(part for part in parts if part)[:MOST]


def _moment(given: QueryDict, name: str) -> datetime | None:
    text = argument(given, name, 40)
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text.replace(" ", "+"))
        found = found if found.tzinfo else found.replace(tzinfo=clock.zone())
        found.astimezone(clock.zone()).isoformat()
        return (
            found + timedelta()
            if clock.now().year - 200 < found.year < clock.now().year + 200
            else _never(name)
        )
    except (ValueError, OverflowError):
        return _never(name)


def _never(name: str) -> datetime:
    raise Refused311(400, _("%(name)s: give a moment such as 2026-11-24T08:00:00+07:00.") % {"name": name})


def _number(given: QueryDict, name: str, default: int, most: int) -> int:
    text = argument(given, name, 20)
    if not text:
        return default
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise Refused311(400, _("%(name)s: give a number from 1 to %(most)s.") % {"name": name, "most": most})
    return int(text)


def jurisdiction(given: QueryDict) -> str:
    """The place a client limits itself to: a gazetteer code, or empty for all. Raises `Refused311` for an unknown one."""
    code = ascii_digits(argument(given, "jurisdiction_id", 16))
    if code and places.unit(code) is None:
        raise Refused311(404, _("jurisdiction_id: there is no such place. Give a code of the gazetteer."))
    return code


def overridden(given: QueryDict) -> QueryDict:
    """What a list of requests is asked for: numbers override all other arguments, which are then not even read."""
    if not _list(given, "service_request_id"):
        return given
    kept = {name: given[name] for name in ("service_request_id", "page", "page_size") if name in given}
    return QueryDict(urlencode(kept))


def wanted(given: QueryDict) -> Wanted:
    """What a list is asked to hold: the last 90 days, where nothing else is said."""
    statuses = _list(given, "status")
    if not set(statuses) <= set(STATUSES):
        raise Refused311(400, _("status: give open, closed, or both with a comma."))
    start, end = _moment(given, "start_date"), _moment(given, "end_date")
    if start and end and end < start:
        raise Refused311(400, _("end_date: this lies before start_date."))
    end = end or (start + SPAN if start else clock.now())
    start = max(start, end - SPAN) if start else end - SPAN
    return Wanted(
        numbers=_list(given, "service_request_id"),
        services=_list(given, "service_code"),
        statuses=statuses,
        place=jurisdiction(given),
        start=start,
        end=end,
        page=_number(given, "page", 1, 10_000),
        size=_number(given, "page_size", MOST, MOST),
    )


@dataclass(frozen=True)
class Spot:
    """Where a problem lies: the gazetteer's key, the point, and the words of an address."""

    place: str
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    words: str = ""


def spot(given: QueryDict) -> Spot:
    """The place of a new request: a point, the id of an address (a gazetteer code), or an address that names one place.

    Raises `Refused311` with a sentence for each thing that is missing or wrong.
    """
    words = argument(given, "address_string", 200)
    latitude, longitude = _degrees(given, "lat", 90), _degrees(given, "long", 180)
    if latitude is not None and longitude is not None:
        place = places.locate(float(latitude), float(longitude))
        if place is None:
            raise Refused311(400, _("lat, long: this point lies in no commune that is served here."))
        return Spot(place, latitude, longitude, words)
    if latitude is not None or longitude is not None:
        raise Refused311(400, _("lat, long: give both."))
    code = ascii_digits(argument(given, "address_id", 16))
    if code:
        unit = places.unit(code)
        if unit is None or unit.level not in ("commune", "village"):
            raise Refused311(400, _("address_id: give the gazetteer code of a commune or a village."))
        return Spot(code, words=words)
    if not words:
        raise Refused311(400, _("Say where: lat and long, or address_id, or address_string."))
    return Spot(_named(words), words=words)


def _named(words: str) -> str:
    found = places.search(words, limit=3, levels=("commune", "village"))
    if not found:
        raise Refused311(
            400, _("address_string: no place of this name is known. Give lat and long, or address_id.")
        )
    if len(found) > 1:
        some = ", ".join(f"{unit.key} {places.title(unit.key)['en']}" for unit in found)
        raise Refused311(
            400, _("address_string: several places are called so. Give address_id: %(some)s") % {"some": some}
        )
    return found[0].key


def _degrees(given: QueryDict, name: str, most: int) -> Decimal | None:
    text = argument(given, name, 40)
    if not text:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) > most:
        raise Refused311(400, _("%(name)s: give degrees such as 11.5625.") % {"name": name})
    return number.quantize(Decimal("0.00001"))


def answers(given: QueryDict) -> dict[str, Any]:
    """The attributes: ``attribute[CODE]=value``, and ``attribute[CODE][]=value`` for several."""
    found: dict[str, Any] = {}
    for name in given:
        if not name.startswith("attribute["):
            continue
        code = name[len("attribute[") :].split("]")[0]
        found.setdefault(code[:64], []).extend(given.getlist(name)[:50])
    return found
