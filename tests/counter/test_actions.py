"""The counter's actions: numbers without gap, whose turn it is, what the ledger keeps, and nothing kept half."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from sala.accounts.acting import RESIDENT, system
from sala.counter import actions, bulk, kiosks, queries, rules, tasks
from sala.counter.models import Kiosk, Ticket
from sala.counter.terms import Priority, State, Step
from sala.installation.actions import simulated
from sala.kit import clock
from sala.kit.errors import Changed, Invalid, NotFound, NotPossible, NotSignedIn, Refused
from sala.ledger.models import Entry
from sala.ledger.rules import leaves
from tests.window.conftest import acting

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 16, 9, 0, tzinfo=clock.zone())


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


def test_two_are_never_called_to_one_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    desk, clerk = acting("frontdesk120404"), acting("clerk120404")
    for _ in range(3):
        actions.issue(by=desk)
    assert actions.call_next(by=desk, desk=2).desk == 2
    with pytest.raises(NotPossible, match="to this desk"):
        actions.call_next(by=clerk, desk=2)
    for wrong in (0, 100):
        with pytest.raises(Invalid, match="1 to 99"):
            actions.call_next(by=clerk, desk=wrong)
    monkeypatch.setattr(actions, "_one_at_a_time", lambda by, desk: None)  # both asked in the same moment
    with pytest.raises(NotPossible, match="same moment"):
        actions.call_next(by=clerk, desk=2)
    with pytest.raises(NotPossible, match="same moment"):
        actions.call_next(by=desk, desk=3)
    assert actions.call_next(by=clerk, desk=3).position == 2
    verified()


def test_the_desk_of_a_second_call_is_told() -> None:
    desk, clerk = acting("frontdesk120404"), acting("clerk120404")
    actions.issue(by=desk)
    ticket = actions.call_next(by=desk, desk=1)
    ticket = actions.step(by=desk, ticket_id=ticket.pk, version=ticket.version, act=Step.MISS)
    ticket = actions.step(by=clerk, ticket_id=ticket.pk, version=ticket.version, act=Step.RECALL, desk=2)
    assert (ticket.desk, ticket.called_by) == (2, clerk.post)
    verified()


def test_what_nobody_ended_ends_with_the_day() -> None:
    desk, clerk = acting("frontdesk120404"), acting("clerk120404")
    with simulated(MONDAY):
        for _ in range(4):
            actions.issue(by=desk)
        missed = actions.call_next(by=clerk)
        actions.step(by=clerk, ticket_id=missed.pk, version=missed.version, act=Step.MISS)
        served = actions.call_next(by=clerk)
        served = actions.step(by=clerk, ticket_id=served.pk, version=served.version, act=Step.START)
        actions.call_next(by=desk)
        tasks.end_day()
        assert not Ticket.objects.filter(state=State.LEFT).exists()
        with pytest.raises(NotPossible, match="not over"):
            actions.step(by=clerk, ticket_id=served.pk, version=served.version, act=Step.LAPSE)
    with simulated(MONDAY + timedelta(days=1)):
        mine = actions.issue(by=desk)
        tasks.end_day()
        tasks.end_day()
    assert set(Ticket.objects.exclude(pk=mine.pk).values_list("state", flat=True)) == {State.LEFT}
    assert Ticket.objects.get(pk=mine.pk).state == State.WAITING
    acts = Entry.objects.filter(kind=queries.TICKET, act="counter.lapse", post="system:counter.end_day")
    assert acts.count() == 4
    assert Ticket.objects.filter(serving_minutes__isnull=False).count() == 0  # none is invented
    verified()


def test_a_day_ends_although_somebody_was_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = acting("frontdesk120404")
    with simulated(MONDAY):
        ticket = actions.issue(by=desk)
    with simulated(MONDAY + timedelta(days=1)):
        monkeypatch.setattr(queries, "open_before", lambda day, most: [ticket.pk] * 2)
        tasks.end_day()  # the second time it has ended already
    assert Ticket.objects.get().state == State.LEFT


def test_the_estimate_of_a_newcomer_counts_only_who_is_called_before() -> None:
    desk = acting("frontdesk120404")
    for priority in (Priority.ELDERLY,) * 5:
        actions.issue(by=desk, priority=priority)
    day = clock.today()
    assert queries.outlook_now(desk.office, day, actions.QUEUE).before == rules.ROW
    mine = actions.issue(by=desk)
    assert queries.outlook(mine) == queries.Outlook(rules.ROW)


def test_a_code_opens_its_ticket_alone_and_stays_good_under_a_new_secret(settings: Any) -> None:
    desk = acting("frontdesk120404")
    one, other = actions.issue(by=desk), actions.issue(by=desk)
    code = queries.code_of(one)
    assert queries.by_code(code.lower().replace("-", " ")).pk == one.pk
    assert queries.code_of(other) != code
    for wrong in ("", "A-001", code[:-1], "0000-0000-0000-0000"):
        with pytest.raises(NotFound):
            queries.by_code(wrong)
    settings.FORMER_SECRETS, settings.SECRET_KEY = (settings.SECRET_KEY,), "another"
    assert queries.code_of(one) == code
    settings.FORMER_SECRETS = ()
    assert queries.code_of(one) == ""
    assert queries.by_code(code).pk == one.pk


def test_links_of_devices_are_made_once_and_ended() -> None:
    chief, desk = acting("chief120404"), acting("frontdesk120404")
    with pytest.raises(Refused):
        kiosks.make(by=desk, name="Tablet")
    with pytest.raises(Invalid):
        kiosks.make(by=chief, name=" ")
    with pytest.raises(NotPossible):
        kiosks.make(by=system("tests"), name="Tablet")
    key = kiosks.make(by=chief, name="  Tablet at  the door ")
    with pytest.raises(Invalid, match="in use"):
        kiosks.make(by=chief, name="Tablet at the door")
    row = Kiosk.objects.get()
    assert row.name == "Tablet at the door" and key not in str(queries.kiosk_content(row))
    device: Any = queries.device(key)
    ticket = actions.issue(by=device)
    assert (ticket.office_id, ticket.commune) == (desk.office, "120404")
    assert Entry.objects.get(kind=queries.TICKET).post == f"key:{row.pk}"
    with pytest.raises(Refused):
        actions.call_next(by=device)
    assert queries.device("") is None and queries.device("x") is None
    with pytest.raises(NotFound):
        kiosks.end(by=acting("chief020801"), kiosk_id=row.pk)
    kiosks.end(by=chief, kiosk_id=row.pk)
    with pytest.raises(NotFound):
        kiosks.end(by=chief, kiosk_id=row.pk)
    assert queries.device(key) is None
    kiosks.make(by=chief, name="Tablet at the door")
    assert [kiosk.ended is None for kiosk in queries.kiosks(by=chief)] == [True, False]
    for subject, content in queries.kiosk_snapshots():
        entry = Entry.objects.filter(kind=queries.KIOSK, subject=subject).latest("at", "id")
        assert entry.digest == leaves.content_digest(bytes(entry.salt.salt), content)


def test_simulated_tickets_leave_the_rows_of_real_ones() -> None:
    desk, clerk = acting("frontdesk120404"), acting("clerk120404")
    steps = (
        bulk.Moment(Step.CALL, MONDAY + timedelta(minutes=5), clerk, 2),
        bulk.Moment(Step.START, MONDAY + timedelta(minutes=6), clerk),
        bulk.Moment(Step.FINISH, MONDAY + timedelta(minutes=16), clerk),
    )
    lives = [
        bulk.Life(MONDAY, desk, said=4, steps=steps),
        bulk.Life(MONDAY + timedelta(minutes=1), desk, Priority.ELDERLY),
        bulk.Life(MONDAY, system("tests")),
    ]
    assert bulk.play(lives) == 2
    done, waiting = Ticket.objects.order_by("position")
    assert (done.state, done.waiting_minutes, done.serving_minutes, done.desk) == (State.DONE, 5, 10, 2)
    assert (done.estimated_minutes, done.version, waiting.priority) == (4, 4, Priority.ELDERLY)
    verified()
    with simulated(MONDAY):
        assert actions.issue(by=desk).position == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "lost"}, {"priority": "rich"}, {"position": 0}, {"state": State.CALLED},
        {"state": State.DONE}, {"started_at": MONDAY}, {"desk": 1}, {"serving_minutes": 3}, {"called_at": MONDAY},
    ],
)  # fmt: skip
def test_the_database_refuses(wrong: dict[str, Any]) -> None:
    ticket = actions.issue(by=acting("frontdesk120404"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Ticket.objects.filter(pk=ticket.pk).update(**wrong)
