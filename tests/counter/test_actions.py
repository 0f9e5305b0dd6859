"""The counter's actions: numbers without gap, whose turn it is, what the ledger keeps, and nothing kept half."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from sala.accounts.acting import RESIDENT
from sala.counter import actions, queries, rules
from sala.counter.models import Ticket
from sala.counter.terms import Priority, State, Step
from sala.installation.actions import simulated
from sala.kit import clock
from sala.kit.errors import Changed, NotFound, NotPossible, NotSignedIn, Refused
from sala.ledger.models import Entry
from sala.ledger.rules import leaves
from sala.offices import queries as offices

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 16, 9, 0, tzinfo=clock.zone())


def acting(username: str) -> Any:
    """The acting post of a demonstration sign-in."""
    from sala.accounts import queries as accounts
    from sala.accounts.models import User

    user = User.objects.get(username=username)
    held = offices.appointments_of(user.person_id, clock.today())
    return accounts.acting_as(held[0].id, clock.today())


def verified() -> None:
    """The latest digest of every ticket is what its row says now."""
    for subject, content in queries.snapshots():
        entry = Entry.objects.filter(kind=queries.TICKET, subject=subject).latest("at", "id")
        assert entry.digest == leaves.content_digest(bytes(entry.salt.salt), content)


def test_numbers_follow_each_other_by_office_and_begin_anew_each_day() -> None:
    desk, other = acting("frontdesk120404"), acting("clerk020801")
    with simulated(MONDAY):
        assert [actions.issue(by=desk).position for _ in range(3)] == [1, 2, 3]
        assert actions.issue(by=other).position == 1
    with simulated(MONDAY + timedelta(days=1)):
        assert actions.issue(by=desk).position == 1
    verified()


def test_times_are_kept_at_the_steps() -> None:
    desk = acting("frontdesk120404")
    with simulated(MONDAY):
        actions.issue(by=desk)
    with simulated(MONDAY + timedelta(minutes=12)):
        ticket = actions.call_next(by=desk)
        ticket = actions.step(by=desk, ticket_id=ticket.pk, version=ticket.version, act=Step.START)
    with simulated(MONDAY + timedelta(minutes=19)):
        actions.step(by=desk, ticket_id=ticket.pk, version=ticket.version, act=Step.FINISH)
    row = Ticket.objects.get()
    assert (row.state, row.waiting_minutes, row.serving_minutes) == (State.DONE, 12, 7)
    acts = list(Entry.objects.filter(kind=queries.TICKET).order_by("at", "id").values_list("act", flat=True))
    assert acts == ["counter.issue", "counter.call", "counter.start", "counter.finish"]
    verified()


def test_priority_is_called_first_and_others_after_three() -> None:
    desk = acting("frontdesk120404")
    actions.issue(by=desk)
    for _ in range(4):
        actions.issue(by=desk, priority=Priority.ELDERLY)
    called = []
    for _ in range(5):
        ticket = actions.call_next(by=desk)
        called.append(ticket.position)
        actions.step(by=desk, ticket_id=ticket.pk, version=ticket.version, act=Step.MISS)
    assert called == [2, 3, 4, 1, 5]


def test_a_missed_ticket_is_called_again_and_keeps_its_wait() -> None:
    desk = acting("frontdesk120404")
    with simulated(MONDAY):
        actions.issue(by=desk)
        ticket = actions.call_next(by=desk)
        ticket = actions.step(by=desk, ticket_id=ticket.pk, version=ticket.version, act=Step.MISS)
    with simulated(MONDAY + timedelta(minutes=30)):
        ticket = actions.step(by=desk, ticket_id=ticket.pk, version=ticket.version, act=Step.RECALL)
    assert (ticket.state, ticket.waiting_minutes) == (State.CALLED, 0)
    verified()


def test_one_ticket_at_a_time_and_nobody_waits() -> None:
    desk = acting("frontdesk120404")
    with pytest.raises(NotPossible, match="Nobody"):
        actions.call_next(by=desk)
    actions.issue(by=desk)
    actions.issue(by=desk)
    actions.call_next(by=desk)
    with pytest.raises(NotPossible, match="already"):
        actions.call_next(by=desk)


def test_who_was_slower_is_told() -> None:
    desk, clerk = acting("frontdesk120404"), acting("clerk120404")
    actions.issue(by=desk)
    ticket = actions.call_next(by=desk)
    actions.step(by=clerk, ticket_id=ticket.pk, version=ticket.version, act=Step.START)
    with pytest.raises(Changed):
        actions.step(by=desk, ticket_id=ticket.pk, version=2, act=Step.MISS)
    with pytest.raises(NotPossible):
        actions.step(by=desk, ticket_id=ticket.pk, version=3, act=Step.CALL)


def test_who_may() -> None:
    desk = acting("frontdesk120404")
    ticket = actions.issue(by=desk)
    with pytest.raises(NotSignedIn):
        actions.issue(by=RESIDENT)
    with pytest.raises(Refused):
        actions.call_next(by=acting("auditor"))
    with pytest.raises(NotFound):  # of another office: not there
        actions.step(by=acting("clerk020801"), ticket_id=ticket.pk, version=1, act=Step.LEAVE)


def test_without_ledger_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = acting("frontdesk120404")
    actions.issue(by=desk)

    def fails(**_: object) -> None:
        raise RuntimeError("ledger")

    monkeypatch.setattr("sala.ledger.actions.record", fails)
    with pytest.raises(RuntimeError):
        actions.issue(by=desk)
    with pytest.raises(RuntimeError):
        actions.call_next(by=desk)
    monkeypatch.undo()
    assert Ticket.objects.get().state == State.WAITING
    assert actions.issue(by=desk).position == 2


def test_estimate_and_its_error_appear_with_twenty_past_values() -> None:
    desk = acting("frontdesk120404")
    at = MONDAY
    for _ in range(rules.ENOUGH):
        with simulated(at):
            assert actions.issue(by=desk).estimated_minutes is None
            ticket = actions.call_next(by=desk)
            ticket = actions.step(by=desk, ticket_id=ticket.pk, version=ticket.version, act=Step.START)
        at += timedelta(minutes=6)
        with simulated(at):
            actions.step(by=desk, ticket_id=ticket.pk, version=ticket.version, act=Step.FINISH)
    with simulated(at):
        assert [actions.issue(by=desk).estimated_minutes for _ in range(3)] == [0, 6, 12]
        assert queries.error(desk.office) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "lost"}, {"priority": "rich"}, {"position": 0}, {"state": State.CALLED},
        {"state": State.DONE}, {"started_at": MONDAY}, {"serving_minutes": 3}, {"called_at": MONDAY},
    ],
)  # fmt: skip
def test_the_database_refuses(wrong: dict[str, Any]) -> None:
    ticket = actions.issue(by=acting("frontdesk120404"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Ticket.objects.filter(pk=ticket.pk).update(**wrong)
