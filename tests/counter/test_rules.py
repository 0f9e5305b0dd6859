"""The counter's rules: nobody starves, and an estimate is told only with its measured error."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sala.counter import rules
from sala.counter.rules import Waiting
from sala.counter.terms import Priority
from sala.window import rules as window

ORDINARY, ELDERLY, PREGNANT = Priority.ORDINARY, Priority.ELDERLY, Priority.PREGNANT


def test_state_table_is_sound() -> None:
    assert rules.TICKET.faults(rules.FINAL) == []


@pytest.mark.parametrize(
    ("position", "said"), [(1, "A-001"), (42, "A-042"), (999, "A-999"), (1000, "A-1000")]
)
def test_name(position: int, said: str) -> None:
    assert rules.name("A", position) == said


@pytest.mark.parametrize(
    ("waiting", "row", "position"),
    [
        ([], 0, None),
        ([Waiting(2), Waiting(1)], 0, 1),
        ([Waiting(1), Waiting(2, ELDERLY)], 0, 2),
        ([Waiting(3, PREGNANT), Waiting(2, ELDERLY)], 2, 2),
        ([Waiting(1), Waiting(2, ELDERLY)], rules.ROW, 1),
        ([Waiting(2, ELDERLY)], rules.ROW, 2),
    ],
)
def test_next_one(waiting: list[Waiting], row: int, position: int | None) -> None:
    found = rules.next_one(waiting, row)
    assert (found.position if found else None) == position


@given(st.lists(st.sampled_from(Priority), max_size=20), st.integers(0, rules.ROW))
def test_the_order_is_what_calling_one_after_the_other_gives(arrived: list[Priority], row: int) -> None:
    waiting = [Waiting(position, priority) for position, priority in enumerate(arrived)]
    order = rules.order(waiting, row)
    called = [ELDERLY] * row
    for expected in order:
        found = rules.next_one(waiting, rules.in_a_row(called))
        assert found == expected
        waiting.remove(found)
        called.insert(0, found.priority)
    assert waiting == []


def test_codes_of_tickets_are_not_those_of_requests() -> None:
    ticket = UUID(int=7)
    assert rules.code(b"secret", ticket) != window.code(b"secret", ticket)
    assert window.read_code(rules.code(b"secret", ticket).lower()) is not None


def test_in_a_row_counts_back_to_the_last_without_priority() -> None:
    assert rules.in_a_row([ELDERLY, PREGNANT, ORDINARY, ELDERLY]) == 2
    assert rules.in_a_row([ORDINARY, ELDERLY]) == 0
    assert rules.in_a_row([]) == 0


@given(
    st.integers(0, 12),
    st.lists(st.sampled_from(Priority), min_size=80, max_size=80),
    st.integers(0, rules.ROW),
)
def test_nobody_starves_however_many_with_priority_arrive(
    ahead: int, arriving: list[Priority], row: int
) -> None:
    """Somebody behind ``ahead`` others without priority is called within (ahead + 1) x (ROW + 1) calls."""
    waiting = [Waiting(position) for position in range(ahead + 1)]
    called: list[Priority] = [ELDERLY] * row
    for count, priority in enumerate(arriving, start=1):
        waiting.append(Waiting(ahead + count, priority))
        found = rules.next_one(waiting, rules.in_a_row(called))
        assert found is not None
        waiting.remove(found)
        called.insert(0, found.priority)
        if found.position == ahead:
            assert count <= (ahead + 1) * (rules.ROW + 1)
            return
    raise AssertionError("never called")


@given(st.lists(st.sampled_from(Priority), min_size=1, max_size=30))
def test_within_a_group_first_come_is_first_called(arrived: list[Priority]) -> None:
    waiting = [Waiting(position, priority) for position, priority in enumerate(arrived)]
    called: list[Waiting] = []
    while found := rules.next_one(waiting, rules.in_a_row(one.priority for one in reversed(called))):
        waiting.remove(found)
        called.append(found)
    assert len(called) == len(arrived)
    for ordinary in (True, False):
        group = [one.position for one in called if (one.priority == ORDINARY) is ordinary]
        assert group == sorted(group)


def test_estimate_is_median_by_those_before_and_desks() -> None:
    serving = [5] * 11 + [50] * 9
    assert rules.estimate(serving, 4, 2) == 10
    assert rules.estimate(serving, 1, 2) == 3
    assert rules.estimate(serving, 4, 0) == 20
    assert rules.estimate(serving, 0, 1) == 0
    assert rules.estimate(serving[:19], 4, 2) is None


def test_error_covers_four_of_five() -> None:
    assert rules.error([(10, 10 + off) for off in range(20)]) == 15
    assert rules.error([(10, 10)] * 19) is None


def test_minutes_are_whole_and_never_negative() -> None:
    start = datetime(2026, 3, 16, 9, tzinfo=UTC)
    assert rules.minutes(start, start + timedelta(seconds=119)) == 1
    assert rules.minutes(start, start - timedelta(minutes=5)) == 0
