"""What becomes of a request that holds two matters? The second one becomes a request of its own, told on the same day."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from sala.kit import clock
from sala.kit.acting import Acting
from sala.kit.errors import FieldError, Invalid, NotPossible
from sala.kit.rows import insert, update
from sala.kit.terms import N_
from sala.ledger import actions as ledger
from sala.numbers import actions as numbers
from sala.offices import queries as offices
from sala.window import actions, admission, letters, queries, routes, rules, steps
from sala.window.models import Contact, Request, ServiceVersion
from sala.window.terms import Act, LedgerAct, State, Verb

OVER = N_("Only an open request can be split.")
_COLUMNS = (*steps.CHANGING, "version")


@dataclass(frozen=True)
class Wish:
    """What the second matter is: a service on offer that the office decides, by its code, and what was told of it."""

    service: str
    description: str


@dataclass(frozen=True)
class Preview:
    """What would come of a wish: the service, by when it would be due, and whether there is a way to tell the applicant."""

    terms: ServiceVersion
    due: datetime
    told: bool


def services(request: Request) -> list[ServiceVersion]:
    """What the second matter can be: the services that the office which holds the request decides."""
    level = next((level for level, kind in offices.HOLDS.items() if kind == request.office.kind), "")
    return list(queries.services(level=level)) if level else []


def preview(*, by: Acting, request_id: UUID, version: int, wish: Wish) -> Preview:
    """What `split` would do. Changes nothing; raises as it does."""
    with transaction.atomic():
        first, terms = _admitted(by, request_id, version, wish)
        calendar = offices.calendar(first.office_id)
        times = rules.Clock(first.received_at, first.due_at, first.paused_at, first.paused_minutes)
        times = rules.second_clock(
            calendar, times, clock.now(), terms.days, terms.days_kind, first.reopened_at
        )
        # A chat is linked to one request by whoever opened its page; nobody has opened that of the second yet.
        return Preview(terms, times.due, bool(letters.ways(queries.contact_of(first), "")))


def split(*, by: Acting, request_id: UUID, version: int, wish: Wish) -> Request:
    """Split the second matter off; returns the new request, with a number and a code of its own.

    Contact, place and the day of receipt are taken over, and so is the office; its rules say who gets it. Side effects: a
    request with two public steps and a contact, a public step of the first, ledger entries, one notice to the applicant with
    the new number and code. Not done: photos stay with the first; what the other service asks is left open, the applicant
    was never asked. Raises `NotFound`, `Refused`, `Changed`, `NotPossible` (over, or joined to another), `Invalid`.
    """
    with transaction.atomic():
        first, terms = _admitted(by, request_id, version, wish)
        now, calendar = clock.now(), offices.calendar(first.office_id)
        head = actions.code_of_place(first.office.place)
        year = first.received_at.astimezone(clock.zone()).year
        sequence = numbers.next_number(series=actions.SERIES, office=head, year=year)
        second, contact, events = steps.second(
            first,
            _asked(first, terms, wish.description),
            number=rules.number(head, year, sequence),
            secret=queries.secret(),
            calendar=calendar,
            at=now,
            post=by.post,
            received_by=queries.events(first, public=False)[0].post,
            assigned=_officer(first, terms),
        )
        left = steps.step(first, Act.SPLIT, at=now, post=by.post, calendar=calendar, said=second.number)
        update([first], _COLUMNS)
        made: tuple[Request | Contact, ...] = (second, contact) if contact is not None else (second,)
        insert([*made, *events, left])
        entries = [
            ledger.build(by=by, act=act, at=first.where, **steps.entry(row))
            for act, row in [(Verb.SPLIT, first), *((LedgerAct.SECOND, row) for row in made)]
        ]
        ledger.save_many(entries)
        letters.tell(second, events[-1], contact, queries.code_of(second))
    return second


def _admitted(by: Acting, request_id: UUID, version: int, wish: Wish) -> tuple[Request, ServiceVersion]:
    """The first request, locked, and the service of the second."""
    first = actions.opened(by=by, request_id=request_id, version=version, verb=Verb.SPLIT)
    if first.joined_id is not None:
        raise NotPossible(admission.JOINED)
    if not rules.can_split(State(first.state), joined=False):
        raise NotPossible(OVER)
    terms = next((each for each in services(first) if each.code == wish.service), None)
    errors = []
    if terms is None:
        message = N_("Choose a service of this office from the list.")
        errors.append(FieldError("service", "not-here", message))
    if not wish.description.strip():
        errors.append(FieldError("description", "required", N_("Write what the second matter is.")))
    if terms is None or errors:
        raise Invalid(errors[0].message, errors=errors)
    return first, terms


def _asked(first: Request, terms: ServiceVersion, description: str) -> steps.Asked:
    contact = queries.contact_of(first)
    return steps.Asked(
        terms,
        first.where,
        first.channel,
        description,
        first.location,
        first.latitude,
        first.longitude,
        contact.name if contact is not None else "",
        contact.phone if contact is not None else "",
        contact.email if contact is not None else "",
        contact.language if contact is not None else first.language,
    )


def _officer(first: Request, terms: ServiceVersion) -> UUID | None:
    """Whom the office's own rules name; nobody where they would send it to another office: this one took it in."""
    office, assigned = routes.goal(first.office_id, first.place, terms.service_id, {})
    return assigned if office == first.office_id else None
