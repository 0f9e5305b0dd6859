"""Who waits at an office, and what past days say about how long? Asked with `Verb.SERVE`; a ticket of elsewhere is not there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from django.conf import settings

from sala.accounts.acting import Device
from sala.counter import rules
from sala.counter.models import Kiosk, Ticket
from sala.counter.terms import Priority, State, Verb
from sala.kit import clock, reach
from sala.kit.acting import Acting
from sala.kit.errors import NotFound
from sala.kit.rows import one
from sala.kit.terms import N_
from sala.window import rules as window

TICKET, KIOSK = "counter.ticket", "counter.kiosk"
PAST = 100  # last served tickets an estimate is made of
BUSY = (State.CALLED, State.SERVING)
LAST = 1_000_000  # a position behind everybody
DEVICE_VERBS = frozenset({str(Verb.ISSUE)})

_FACTS = (
    "version", "province", "district", "commune", "village", "day", "queue", "position", "priority", "state", "issued_at",
    "estimated_minutes", "called_at", "called_by", "waiting_minutes", "started_at", "ended_at", "serving_minutes", "changed",
)  # fmt: skip
# What came later: part of the digest only where it says something, so that the digests of rows made before stay true.
_LATER = ("desk", "code_hash")


def ticket(ticket_id: UUID, *, by: Acting) -> Ticket:
    """One ticket of an office where ``by`` serves. Raises `NotFound`."""
    found = one(Ticket.objects.filter(reach.q(by.reach(Verb.SERVE)), pk=ticket_id))
    if found is None:
        raise NotFound(N_("There is no such ticket here."))
    return found


def waiting(office: UUID, day: date, queue: str) -> list[Ticket]:
    """Who waits, in the order of arrival."""
    rows = Ticket.objects.filter(office=office, day=day, queue=queue, state=State.WAITING)
    return list(rows.order_by("position"))


def row(office: UUID, day: date, queue: str) -> int:
    """How many priority tickets were called last without one of the others between them."""
    called = Ticket.objects.filter(office=office, day=day, queue=queue, called_at__isnull=False)
    newest = called.order_by("-called_at", "-position").values_list("priority", flat=True)[: rules.ROW]
    return rules.in_a_row(Priority(value) for value in newest)


def line(office: UUID, day: date, queue: str) -> list[Ticket]:
    """Who waits, in the order in which they will be called if nobody else comes."""
    return ordered(waiting(office, day, queue), row(office, day, queue))


def ordered(rows: Sequence[Ticket], called: int) -> list[Ticket]:
    """These tickets as they will be called, after ``called`` priority tickets in a row (`row`)."""
    by_position = {one.position: one for one in rows}
    return [by_position[next_one.position] for next_one in rules.order(map(_waiting, rows), called)]


def _waiting(ticket: Ticket) -> rules.Waiting:
    return rules.Waiting(ticket.position, Priority(ticket.priority))


@dataclass(frozen=True)
class Outlook:
    """How many are called before, and in how many minutes one is called, with the error such an estimate usually has
    (None both, while too little is known).
    """

    before: int
    minutes: int | None = None
    off: int | None = None


def estimate(office: UUID, day: date, queue: str, priority: Priority = Priority.ORDINARY) -> int | None:
    """Minutes until somebody who comes now is called; None while too little is known."""
    return _minutes(office, day, queue, _before(office, day, queue, rules.Waiting(LAST, priority)))


def _before(office: UUID, day: date, queue: str, comes: rules.Waiting) -> int:
    here = [*map(_waiting, waiting(office, day, queue)), comes]
    return rules.order(here, row(office, day, queue)).index(comes)


def _minutes(office: UUID, day: date, queue: str, before: int) -> int | None:
    served = Ticket.objects.filter(office=office, state=State.DONE).order_by("-ended_at")
    minutes = list(served.values_list("serving_minutes", flat=True)[:PAST])
    here = Ticket.objects.filter(office=office, day=day, queue=queue)
    desks = here.filter(state__in=BUSY).values("called_by").distinct().count()
    return rules.estimate([value for value in minutes if value is not None], before, desks)


def outlook(ticket: Ticket) -> Outlook:
    """What its holder may expect while it waits. An estimate is told only together with its measured error."""
    here = waiting(ticket.office_id, ticket.day, ticket.queue)
    called = row(ticket.office_id, ticket.day, ticket.queue)
    before = [one.pk for one in ordered(here, called)].index(ticket.pk)
    return _told(ticket.office_id, ticket.day, ticket.queue, before)


def outlook_now(office: UUID, day: date, queue: str) -> Outlook:
    """The same for somebody without priority who would come now; ``before`` is everybody who is called earlier."""
    before = _before(office, day, queue, rules.Waiting(LAST))
    return _told(office, day, queue, before)


def _told(office: UUID, day: date, queue: str, before: int) -> Outlook:
    off = error(office)
    minutes = _minutes(office, day, queue, before) if off is not None else None
    return Outlook(before, minutes, off if minutes is not None else None)


def error(office: UUID) -> int | None:
    """How far off this office's estimates usually were, in minutes; None while too few came true."""
    past = Ticket.objects.filter(
        office=office, estimated_minutes__isnull=False, waiting_minutes__isnull=False
    )
    newest = past.order_by("-day", "-queue", "-position")  # as the index of positions has them
    pairs = newest.values_list("estimated_minutes", "waiting_minutes")[:PAST]
    return rules.error((said, came) for said, came in pairs if said is not None and came is not None)


def called_now(office: UUID, day: date) -> list[Ticket]:
    """Who is being called, the newest call first."""
    return list(
        Ticket.objects.filter(office=office, day=day, state=State.CALLED).order_by("-changed", "-position")
    )


def called_before(office: UUID, day: date, most: int) -> list[Ticket]:
    """Who was called before those, the newest first."""
    rows = Ticket.objects.filter(office=office, day=day, called_at__isnull=False).exclude(state=State.CALLED)
    return list(rows.order_by("-called_at", "-position")[:most])


@dataclass(frozen=True)
class Today:
    """Today's open tickets of an office: ``mine`` is with the asker, ``others`` with other desks, ``line`` in the order of calls."""

    line: list[Ticket]
    mine: Ticket | None
    others: list[Ticket]
    missed: list[Ticket]
    desk: int | None


def today(*, by: Acting, queue: str) -> Today:
    """What a clerk has before her. Raises `Refused`, `NotSignedIn`, `NotFound` (a post without an office)."""
    by.require(Verb.SERVE, by.where)
    if by.office is None:
        raise NotFound(N_("There is no such ticket here."))
    day = clock.today()
    rows = list(
        Ticket.objects.filter(office=by.office, day=day, queue=queue)
        .exclude(state__in=[str(state) for state in rules.FINAL])
        .order_by("position")
    )
    here = [one for one in rows if one.state == State.WAITING]
    busy = [one for one in rows if one.state in BUSY]
    return Today(
        line=ordered(here, row(by.office, day, queue)) if here else [],
        mine=next((one for one in busy if one.called_by == by.post), None),
        others=[one for one in busy if one.called_by != by.post],
        missed=[one for one in rows if one.state == State.MISSED],
        desk=desk(by.office, by.post),
    )


def desk(office: UUID, post: str) -> int | None:
    """The desk to which this post called last; None where it never named one."""
    mine = Ticket.objects.filter(office=office, called_by=post, desk__isnull=False)
    return mine.order_by("-called_at").values_list("desk", flat=True).first()


def open_before(day: date, most: int) -> list[UUID]:
    """Tickets of days before ``day`` that nobody has ended."""
    over = [str(state) for state in State if state not in rules.FINAL]
    rows = Ticket.objects.filter(state__in=over, day__lt=day)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:most])


# ---- what opens without an account --------------------------------------------------------------------------------------


def code_of(ticket: Ticket) -> str:
    """The code that opens the holder's page, in its written form; empty where the secret it was made with is lost."""
    for secret in (settings.SECRET_KEY, *settings.FORMER_SECRETS):
        made = rules.code(secret.encode(), ticket.pk)
        if window.same(window.code_hash(made), ticket.code_hash):
            return made
    return ""


def by_code(typed: str) -> Ticket:
    """The ticket that this code opens, with its office. Raises `NotFound` with one sentence, whatever was wrong."""
    plain = window.read_code(typed)
    wanted = window.code_hash(plain) if plain is not None else ""
    found = one(Ticket.objects.select_related("office").filter(code_hash=wanted)) if wanted else None
    if found is None:
        raise NotFound(
            N_("This code opens no queue ticket. Scan the code on your ticket again, or ask at the counter.")
        )
    return found


def issued(ticket_id: str, *, by: Acting) -> Ticket:
    """A ticket that ``by`` gave out, for the same press sent twice. Raises `NotFound`."""
    found = one(Ticket.objects.filter(reach.q(by.reach(Verb.ISSUE)), pk=ticket_id))
    if found is None:
        raise NotFound(N_("There is no such ticket here."))
    return found


def kiosks(*, by: Acting) -> list[Kiosk]:
    """The links of the asker's office, those in use first. Raises `Refused`."""
    by.require(Verb.KIOSK, by.where)
    rows = Kiosk.objects.filter(reach.q(by.reach(Verb.KIOSK)), office=by.office)
    return sorted(rows.order_by("-created"), key=lambda row: row.ended is not None)


def device(key: str) -> Device | None:
    """The device that shows this key; None for none, and for one that has ended."""
    found = (
        one(Kiosk.objects.select_related("office").filter(digest=window.key_hash(key), ended=None))
        if key
        else None
    )
    if found is None:
        return None
    return Device(found.pk, found.office_id, found.office.where, DEVICE_VERBS)


# ---- the ledger ---------------------------------------------------------------------------------------------------------


def content(ticket: Ticket) -> dict[str, object]:
    """What the ledger's digest of a ticket is made of."""
    facts = {name: _plain(getattr(ticket, name)) for name in _FACTS}
    later = {name: getattr(ticket, name) for name in _LATER}
    return {
        "office": str(ticket.office_id),
        **facts,
        **{name: value for name, value in later.items() if value},
    }


def kiosk_content(kiosk: Kiosk) -> dict[str, object]:
    """The same of a kiosk's link."""
    return {
        "office": str(kiosk.office_id),
        "name": kiosk.name,
        "digest": kiosk.digest,
        "created": _plain(kiosk.created),
        "ended": _plain(kiosk.ended),
    }


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return str(value) if isinstance(value, str) else value


def snapshots() -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every ticket's facts from its row."""
    for row in Ticket.objects.order_by("pk").iterator(chunk_size=2000):
        yield str(row.pk), content(row)


def kiosk_snapshots() -> Iterator[tuple[str, Mapping[str, object]]]:
    """The same of every kiosk's link."""
    for kiosk in Kiosk.objects.order_by("pk"):
        yield str(kiosk.pk), kiosk_content(kiosk)
