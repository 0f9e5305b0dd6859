"""Every change of a ticket: permission, rule, row and ledger entry in one transaction."""

from uuid import UUID

from django.db import transaction

from sala.counter import queries, rules
from sala.counter.models import Ticket
from sala.counter.terms import LedgerAct, Priority, State, Step, Verb
from sala.kit import clock
from sala.kit.acting import Acting
from sala.kit.errors import Changed, NotPossible
from sala.kit.rows import insert
from sala.kit.terms import N_
from sala.ledger import actions as ledger
from sala.numbers import actions as numbers

SERIES = "counter.ticket"
QUEUE = "A"
OVERTAKEN = N_("Somebody else changed this ticket while you had it open. Look at the queue again.")
NOBODY = N_("Nobody is waiting.")
ONE_AT_A_TIME = N_("You have called somebody already. Finish with that ticket first.")
CHOSEN_BY_THE_RULE = N_("The next ticket is chosen by the order of the queue.")

_CHANGING = (
    "state", "called_at", "called_by", "waiting_minutes", "started_at", "ended_at", "serving_minutes", "changed",
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
        now, day = clock.now(), clock.today()
        said = queries.estimate(by.office, day, queue) if priority == Priority.ORDINARY else None
        series = f"{SERIES}.{queue}.{day:%m%d}"
        ticket = Ticket(
            office_id=by.office,
            province=where.province,
            district=where.district,
            commune=where.commune,
            village=where.village,
            day=day,
            queue=queue,
            priority=priority,
            issued_at=now,
            changed=now,
            estimated_minutes=said,
            position=numbers.next_number(series=series, office=by.office, year=day.year),
        )
        insert([ticket])
        _record(by, Verb.ISSUE, ticket)
    return ticket


def call_next(*, by: Acting, queue: str = QUEUE) -> Ticket:
    """Call who is next in the acting post's office, by `rules.next_one`.

    Side effects: the ticket is called by this post, its waiting time is kept, a ledger entry. Who calls in the same moment
    gets the one after. Raises `Refused`, `NotPossible` (nobody waits, or this post has not finished with another ticket).
    """
    with transaction.atomic():
        by.require(Verb.SERVE, by.where)
        if by.office is None:
            raise NotPossible(NOBODY)
        day = clock.today()
        _one_at_a_time(by)
        while True:
            rows = queries.waiting(by.office, day, queue)
            chosen = rules.next_one(
                (rules.Waiting(row.position, Priority(row.priority)) for row in rows),
                queries.row(by.office, day, queue),
            )
            if chosen is None:
                raise NotPossible(NOBODY)
            ticket = next(row for row in rows if row.position == chosen.position)
            if _moved(ticket, Step.CALL, by):
                break
        _record(by, LedgerAct.CALL, ticket)
    return ticket


def step(*, by: Acting, ticket_id: UUID, version: int, act: Step) -> Ticket:
    """Any other step of a ticket: serve, served, nobody came, call again, has left.

    Side effects: the state with its time, a ledger entry. Raises `NotFound`, `Refused`, `NotPossible` (the state table),
    `Changed` (somebody was faster than ``version``).
    """
    with transaction.atomic():
        ticket = queries.ticket(ticket_id, by=by)
        by.require(Verb.SERVE, ticket.where)
        if act == Step.CALL:
            raise NotPossible(CHOSEN_BY_THE_RULE)
        if ticket.version != version:
            raise Changed(OVERTAKEN)
        if act == Step.RECALL:
            _one_at_a_time(by)
        if not _moved(ticket, act, by):
            raise Changed(OVERTAKEN)
        _record(by, LedgerAct(f"counter.{act}"), ticket)
    return ticket


def _one_at_a_time(by: Acting) -> None:
    """Two who are called to one desk would both come."""
    busy = (State.CALLED, State.SERVING)
    if Ticket.objects.filter(office=by.office, day=clock.today(), called_by=by.post, state__in=busy).exists():
        raise NotPossible(ONE_AT_A_TIME)


def _moved(ticket: Ticket, act: Step, by: Acting) -> bool:
    """Take the step in memory and write it if the row is still the version read; False where somebody was faster."""
    now = clock.now()
    ticket.state = rules.TICKET.after(State(ticket.state), act)
    ticket.changed = now
    if act in (Step.CALL, Step.RECALL):
        ticket.called_by = by.post
        if ticket.called_at is None:  # the wait ended with the first call
            ticket.called_at, ticket.waiting_minutes = now, rules.minutes(ticket.issued_at, now)
    elif act == Step.START:
        ticket.started_at = now
    elif act == Step.FINISH and ticket.started_at is not None:
        ticket.ended_at, ticket.serving_minutes = now, rules.minutes(ticket.started_at, now)
    written = Ticket.objects.filter(pk=ticket.pk, version=ticket.version).update(
        version=ticket.version + 1, **{name: getattr(ticket, name) for name in _CHANGING}
    )
    ticket.version += 1
    return written == 1


def _record(by: Acting, act: str, ticket: Ticket) -> None:
    ledger.record(
        by=by,
        act=act,
        kind=queries.TICKET,
        subject=str(ticket.pk),
        at=ticket.where,
        content=queries.content(ticket),
    )
