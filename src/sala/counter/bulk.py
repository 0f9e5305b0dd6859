"""How do many simulated tickets become rows at once? The same rows and ledger entries as the actions leave."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from sala.counter import actions, queries
from sala.counter.models import Ticket
from sala.counter.terms import LedgerAct, Priority, Step, Verb
from sala.installation import actions as installation
from sala.kit import clock
from sala.kit.acting import Acting
from sala.ledger import actions as ledger
from sala.numbers import actions as numbers

CHUNK = 1000


@dataclass(frozen=True)
class Moment:
    """One step of a ticket: which, when, by whom, and at which desk it was called."""

    act: Step
    at: datetime
    by: Acting
    desk: int | None = None


@dataclass(frozen=True)
class Life:
    """A simulated ticket: given out when and by whom, what was said about the wait, and its steps in the order of time."""

    at: datetime
    by: Acting
    priority: Priority = Priority.ORDINARY
    said: int | None = None
    steps: tuple[Moment, ...] = ()


def play(lives: Iterable[Life]) -> int:
    """Let the tickets happen, in the order in which they were given out; returns how many.

    Only in a database marked as demonstration (`installation.actions.simulated` refuses elsewhere). One transaction: all or
    nothing. Side effects: as the actions. A life whose post has no office is left out.
    """
    ordered = [(life, life.by.office) for life in sorted(lives, key=lambda life: life.at) if life.by.office]
    rows: list[Ticket] = []
    pairs: list[tuple[Any, Any]] = []
    with transaction.atomic():
        taken = _take_numbers((office, _day(life)) for life, office in ordered)
        for life, office in ordered:
            key = (office, _day(life))
            position, taken[key] = taken[key], taken[key] + 1
            ticket = _live(life, office, position, pairs)
            rows.append(ticket)
        Ticket.objects.bulk_create(rows, batch_size=CHUNK)
        pairs.sort(key=lambda pair: (pair[0].at, pair[0].id))
        ledger.save_many(pairs)
    return len(rows)


def _day(life: Life) -> date:
    return life.at.astimezone(clock.zone()).date()


def _take_numbers(keys: Iterable[tuple[UUID, date]]) -> dict[tuple[UUID, date], int]:
    """Reserve each office's numbers of a day in one step; the value is the next one to give."""
    return {
        (office, day): numbers.reserve(
            series=actions.series(actions.QUEUE, day), office=office, year=day.year, count=count
        )
        for (office, day), count in sorted(Counter(keys).items(), key=str)
    }


def _live(life: Life, office: UUID, position: int, pairs: list[tuple[Any, Any]]) -> Ticket:
    with installation.simulated(life.at):
        ticket = actions.new(life.by, office, actions.QUEUE, position, life.priority, life.said)
        pairs.append(_entry(life.by, Verb.ISSUE, ticket))
    for step in life.steps:
        with installation.simulated(step.at):
            actions.move(ticket, step.act, post=step.by.post, desk=step.desk)
            pairs.append(_entry(step.by, LedgerAct(f"counter.{step.act}"), ticket))
    return ticket


def _entry(by: Acting, act: str, ticket: Ticket) -> tuple[Any, Any]:
    return ledger.build(
        by=by,
        act=act,
        kind=queries.TICKET,
        subject=str(ticket.pk),
        at=ticket.where,
        content=queries.content(ticket),
    )
