"""Every change of a ticket: permission, rule, row and ledger entry in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from sala.counter import queries, rules
from sala.counter.models import Ticket
from sala.counter.terms import LedgerAct, Priority, State, Step, Verb
from sala.kit import clock
from sala.kit.acting import Acting
from sala.kit.errors import Changed, FieldError, Invalid, NotPossible
from sala.kit.rows import insert
from sala.kit.terms import N_
from sala.ledger import actions as ledger
from sala.numbers import actions as numbers
from sala.window import rules as window

SERIES = "counter.ticket"
QUEUE = "A"
OVERTAKEN = N_("Somebody else changed this ticket while you had it open. Look at the queue again.")
NOBODY = N_("Nobody is waiting.")
ONE_AT_A_TIME = N_("You have called somebody already. Finish with that ticket first.")
DESK_TAKEN = N_("Another officer has called somebody to this desk. Choose the number of your own desk.")
SAME_MOMENT = N_("You or another officer called to this desk in the same moment. Look at the queue again.")
WRONG_DESK = N_("Give the number of your desk, from 1 to 99.")
NOT_OVER = N_("The day of this ticket is not over yet.")
CHOSEN_BY_THE_RULE = N_("The next ticket is chosen by the order of the queue.")

_CHANGING = (
    "state", "called_at", "called_by", "waiting_minutes", "started_at", "ended_at", "serving_minutes", "changed",
    "desk",
)  # fmt: skip


def issue(*, by: Acting, priority: Priority = Priority.ORDINARY, queue: str = QUEUE) -> Ticket:
    """Give out the next number of the acting post's own office for today.

    Side effects: the ticket with the estimate as it was told, the next number of the office, day and queue, a ledger
    entry. Not done: nobody's name is asked for, and priority is not proved. Raises `Refused`.
    """
    with transaction.atomic():
        where = by.where
        by.require(Verb.ISSUE, where)
        if by.office is None:
            raise NotPossible(N_("Tickets are given out in an office."))
        day = clock.today()
        said = queries.estimate(by.office, day, queue, priority)
        position = numbers.next_number(series=series(queue, day), office=by.office, year=day.year)
        ticket = new(by, by.office, queue, position, priority, said)
        insert([ticket])
        _record(by, Verb.ISSUE, ticket)
    return ticket


def series(queue: str, day: date) -> str:
    """The series of numbers of one day: they begin at 1 every morning."""
    return f"{SERIES}.{queue}.{day:%m%d}"


def new(by: Acting, office: UUID, queue: str, position: int, priority: Priority, said: int | None) -> Ticket:
    """A ticket of this moment, not yet saved, the same at the door and for many at once. ``said``: minutes estimated."""
    where, now = by.where, clock.now()
    ticket = Ticket(
        office_id=office,
        province=where.province,
        district=where.district,
        commune=where.commune,
        village=where.village,
        day=clock.today(),
        queue=queue,
        priority=priority,
        issued_at=now,
        changed=now,
        estimated_minutes=said,
        position=position,
    )
    ticket.code_hash = window.code_hash(rules.code(settings.SECRET_KEY.encode(), ticket.pk))
    return ticket


def call_next(*, by: Acting, queue: str = QUEUE, desk: int | None = None) -> Ticket:
    """Call who is next in the acting post's office, by `rules.next_one`, to the desk of this number.

    Side effects: the ticket is called by this post, its waiting time is kept, a ledger entry. Who calls in the same moment
    gets the one after. Raises `Refused`, `Invalid` (desk), `NotPossible` (nobody waits, this post has not finished with
    another ticket, somebody else called to that desk).
    """
    with _alone(), transaction.atomic():
        by.require(Verb.SERVE, by.where)
        if by.office is None:
            raise NotPossible(NOBODY)
        day = clock.today()
        _one_at_a_time(by, desk)
        while True:
            rows = queries.line(by.office, day, queue)
            if not rows:
                raise NotPossible(NOBODY)
            ticket = rows[0]
            if _moved(ticket, Step.CALL, by, desk):
                break
        _record(by, LedgerAct.CALL, ticket)
    return ticket


def step(*, by: Acting, ticket_id: UUID, version: int, act: Step, desk: int | None = None) -> Ticket:
    """Any other step of a ticket: serve, served, nobody came, call again (to ``desk``), has left.

    Side effects: the state with its time, a ledger entry. Raises `NotFound`, `Refused`, `Invalid` (desk), `NotPossible`
    (the state table), `Changed` (somebody was faster than ``version``).
    """
    with _alone(), transaction.atomic():
        ticket = queries.ticket(ticket_id, by=by)
        by.require(Verb.SERVE, ticket.where)
        if act == Step.CALL:
            raise NotPossible(CHOSEN_BY_THE_RULE)
        if act == Step.LAPSE and ticket.day >= clock.today():
            raise NotPossible(NOT_OVER)
        if ticket.version != version:
            raise Changed(OVERTAKEN)
        if act == Step.RECALL:
            _one_at_a_time(by, desk)
        if not _moved(ticket, act, by, desk):
            raise Changed(OVERTAKEN)
        _record(by, LedgerAct(f"counter.{act}"), ticket)
    return ticket


@contextmanager
def _alone() -> Iterator[None]:
    """The database's own word that two are called to one desk, where `_one_at_a_time` was asked in the same moment."""
    try:
        yield
    except IntegrityError as error:
        raise NotPossible(SAME_MOMENT) from error


def _one_at_a_time(by: Acting, desk: int | None) -> None:
    """Two who are called to one desk would both come."""
    if desk is not None and not 1 <= desk <= rules.MOST_DESKS:
        raise Invalid(WRONG_DESK, errors=[FieldError("desk", "number", WRONG_DESK)])
    busy = Ticket.objects.filter(office=by.office, day=clock.today(), state__in=queries.BUSY)
    if busy.filter(called_by=by.post).exists():
        raise NotPossible(ONE_AT_A_TIME)
    if desk is not None and busy.filter(desk=desk).exists():
        raise NotPossible(DESK_TAKEN)


def _moved(ticket: Ticket, act: Step, by: Acting, desk: int | None) -> bool:
    """Take the step in memory and write it if the row is still the version read; False where somebody was faster."""
    read = ticket.version
    move(ticket, act, post=by.post, desk=desk)
    written = Ticket.objects.filter(pk=ticket.pk, version=read).update(
        version=ticket.version, **{name: getattr(ticket, name) for name in _CHANGING}
    )
    return written == 1


def move(ticket: Ticket, act: Step, *, post: str, desk: int | None = None) -> None:
    """Take the step in memory, with the times that belong to it, the same at the counter and for many at once."""
    now = clock.now()
    ticket.state = rules.TICKET.after(State(ticket.state), act)
    ticket.changed = now
    ticket.version += 1
    if act in (Step.CALL, Step.RECALL):
        ticket.called_by, ticket.desk = post, desk
        if ticket.called_at is None:  # the wait ended with the first call
            ticket.called_at, ticket.waiting_minutes = now, rules.minutes(ticket.issued_at, now)
    elif act == Step.START:
        ticket.started_at = now
    elif act == Step.FINISH and ticket.started_at is not None:
        ticket.ended_at, ticket.serving_minutes = now, rules.minutes(ticket.started_at, now)


def _record(by: Acting, act: str, ticket: Ticket) -> None:
    ledger.record(
        by=by,
        act=act,
        kind=queries.TICKET,
        subject=str(ticket.pk),
        at=ticket.where,
        content=queries.content(ticket),
    )
