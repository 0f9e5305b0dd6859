"""How do many simulated lives of requests become rows at once? The same rows and ledger entries as the actions leave."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from sala.installation import actions as installation
from sala.kit import clock
from sala.kit.acting import Acting, Where
from sala.kit.days import Calendar
from sala.ledger import actions as ledger
from sala.numbers import actions as numbers
from sala.offices import queries as offices
from sala.window import actions, queries, rules, steps
from sala.window.models import Contact, Event, Rating, Request, ServiceVersion
from sala.window.terms import Act

CHUNK = 1000
Pair = tuple[Any, Any]  # a ledger entry and its salt, not yet saved


@dataclass(frozen=True)
class Step:
    """One thing that happens to a request: the act, when, by whom, and what the act needs."""

    act: Act
    at: datetime
    by: Acting
    text: str = ""
    assigned: UUID | None = None
    courtesy: int = 0
    speed: int = 0
    publish: bool = False


@dataclass(frozen=True)
class Life:
    """A simulated request: what is asked where and when, by whom, and the steps after it in the order of time.

    No e-mail address: a simulated life writes to nobody.
    """

    service: str
    place: str
    at: datetime
    by: Acting
    steps: tuple[Step, ...] = ()
    channel: str = "web"
    description: str = ""
    location: str = ""
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    name: str = ""
    phone: str = ""
    language: str = "km"
    attributes: Mapping[str, object] = field(default_factory=dict)


@dataclass
class _Known:
    """What is looked up once: services, places, offices, calendars."""

    services: dict[str, ServiceVersion] = field(default_factory=dict)
    wheres: dict[str, Where] = field(default_factory=dict)
    routes: dict[tuple[str, str], tuple[UUID, str]] = field(default_factory=dict)
    calendars: dict[UUID, Calendar] = field(default_factory=dict)

    def route(self, life: Life) -> tuple[ServiceVersion, Where, UUID, str]:
        """The service, the place and the office of a life, with the head of its number."""
        terms = self.services.get(life.service) or self.services.setdefault(
            life.service, queries.service(life.service)
        )
        where = self.wheres.get(life.place) or self.wheres.setdefault(life.place, actions.locate(life.place))
        seat = getattr(where, terms.level, "")
        key = (seat, terms.level)
        if key not in self.routes:
            self.routes[key] = actions.route(where, terms.level)
            self.calendars[self.routes[key][0]] = offices.calendar(self.routes[key][0])
        office_id, head = self.routes[key]
        return terms, where, office_id, head


@dataclass
class _Rows:
    requests: list[Request] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    ratings: list[Rating] = field(default_factory=list)
    entries: list[Pair] = field(default_factory=list)

    def save(self) -> None:
        """Write them in the order of foreign keys; the ledger in the order of time."""
        Request.objects.bulk_create(self.requests, batch_size=CHUNK)
        Contact.objects.bulk_create(self.contacts, batch_size=CHUNK)
        Event.objects.bulk_create(self.events, batch_size=CHUNK)
        Rating.objects.bulk_create(self.ratings, batch_size=CHUNK)


def play(lives: Iterable[Life], tell: Callable[[int], None] | None = None) -> Mapping[str, int]:
    """Let the lives happen, in the order of their first moments; returns how many rows of each kind came of them.

    Only in a database marked as demonstration (`installation.actions.simulated` refuses elsewhere). One transaction:
    all or nothing. ``tell`` hears how many lives are done. Side effects: as the actions, without notices.
    """
    ordered = sorted(lives, key=lambda life: life.at)
    known = _Known()
    counts: Counter[str] = Counter()
    with transaction.atomic():
        taken = _take_numbers(ordered, known)
        pairs: list[Pair] = []
        for start in range(0, len(ordered), CHUNK):
            rows = _Rows()
            for life in ordered[start : start + CHUNK]:
                _live(life, known, taken, rows)
            rows.save()
            pairs.extend(rows.entries)
            counts.update(
                requests=len(rows.requests),
                contacts=len(rows.contacts),
                events=len(rows.events),
                ratings=len(rows.ratings),
                entries=len(rows.entries),
            )
            if tell is not None:
                tell(counts["requests"])
        pairs.sort(key=lambda pair: (pair[0].at, pair[0].id))
        ledger.save_many(pairs)
    return counts


def _series(life: Life, known: _Known) -> tuple[str, int]:
    return known.route(life)[3], life.at.astimezone(clock.zone()).year


def _take_numbers(lives: list[Life], known: _Known) -> dict[tuple[str, int], int]:
    """Reserve each office's numbers of a year in one step; the value is the next one to give."""
    wanted = Counter(_series(life, known) for life in lives)
    return {
        (head, year): numbers.reserve(series=actions.SERIES, office=head, year=year, count=count)
        for (head, year), count in sorted(wanted.items())
    }


def _live(life: Life, known: _Known, taken: dict[tuple[str, int], int], rows: _Rows) -> None:
    terms, found, office_id, head = known.route(life)
    series = _series(life, known)
    sequence, taken[series] = taken[series], taken[series] + 1
    where = Where(found.province, found.district, found.commune, found.village, office_id)
    calendar = known.calendars[office_id]
    with installation.simulated(life.at):
        asked = steps.Asked(
            terms, where, life.channel, life.description, life.location, life.latitude, life.longitude,
            life.name, life.phone, "", life.language, actions.answered(terms, life.attributes),
        )  # fmt: skip
        request, contact, event = steps.receive(
            asked,
            number=rules.number(head, series[1], sequence),
            secret=queries.secret(),
            office_id=office_id,
            calendar=calendar,
            at=life.at,
            post=life.by.post,
        )
        rows.requests.append(request)
        rows.events.append(event)
        rows.entries.append(_entry(life.by, Act.RECEIVE, where, request))
        if contact is not None:
            rows.contacts.append(contact)
            rows.entries.append(_entry(life.by, Act.RECEIVE, where, contact))
    for step in life.steps:
        with installation.simulated(step.at):
            _happen(step, request, where, calendar, rows)


def _happen(step: Step, request: Request, where: Where, calendar: Calendar, rows: _Rows) -> None:
    rating = None
    if step.act == Act.RATE:
        rating = steps.rating(
            request,
            courtesy=step.courtesy,
            speed=step.speed,
            comment=step.text,
            at=step.at,
            publish=step.publish,
        )
        rows.ratings.append(rating)
    assigned = queries.post_id(step.by) if step.act == Act.TAKE else step.assigned
    said = "" if step.act == Act.RATE else step.text
    rows.events.append(
        steps.step(
            request, step.act, at=step.at, post=step.by.post, calendar=calendar, said=said, assigned=assigned
        )
    )
    rows.entries.append(_entry(step.by, step.act, where, request))
    if rating is not None:
        rows.entries.append(_entry(step.by, step.act, where, rating))


def _entry(by: Acting, act: Act, at: Where, row: Request | Contact | Rating) -> Pair:
    return ledger.build(by=by, act=f"window.{act}", at=at, **steps.entry(row))
