"""Whose turn is it, how long will it take, how far off is such a promise usually, and what must be in the cash box?"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from statistics import median
from uuid import UUID

from sala.counter.terms import CashKind, Priority, State, Step
from sala.kit.states import Move, Table
from sala.window import rules as window

ROW = 3  # priority tickets called one after the other while somebody without priority waits
ENOUGH = 20  # past values before an estimate or its error is told
USUALLY = 0.8  # the share of past estimates that were at most as far off as is told
MOST_DESKS = 99

TICKET: Table[State] = Table(
    name="ticket",
    initial=State.WAITING,
    moves=(
        Move(State.WAITING, Step.CALL, State.CALLED),
        Move(State.WAITING, Step.LEAVE, State.LEFT),
        Move(State.CALLED, Step.START, State.SERVING),
        Move(State.CALLED, Step.MISS, State.MISSED),
        Move(State.SERVING, Step.FINISH, State.DONE),
        Move(State.MISSED, Step.RECALL, State.CALLED),
        Move(State.MISSED, Step.LEAVE, State.LEFT),
        # Nobody waits overnight. Whose serving nobody ended gets no serving time: it would be an invented one.
        Move(State.WAITING, Step.LAPSE, State.LEFT),
        Move(State.CALLED, Step.LAPSE, State.LEFT),
        Move(State.SERVING, Step.LAPSE, State.LEFT),
        Move(State.MISSED, Step.LAPSE, State.LEFT),
    ),
    owners={
        State.WAITING: "clerk",
        State.CALLED: "clerk",
        State.SERVING: "clerk",
        State.MISSED: "clerk",
        State.DONE: "nobody",
        State.LEFT: "nobody",
    },
)
FINAL = frozenset({State.DONE, State.LEFT})


@dataclass(frozen=True)
class Waiting:
    """Somebody who waits: the place in the order of arrival, and why he or she is called earlier."""

    position: int
    priority: Priority = Priority.ORDINARY


def name(queue: str, position: int) -> str:
    """What stands on the ticket: ``A-001``. Beyond 999 it grows a digit rather than begin again."""
    return f"{queue}-{position:03d}"


def code(secret: bytes, ticket_id: UUID) -> str:
    """The unguessable code that opens the holder's page, written and read as the code of a request is."""
    return window.code(secret, ticket_id, of=b"counter.ticket:")


def in_a_row(called: Iterable[Priority]) -> int:
    """How many priority tickets were called last without one of the others; ``called`` is newest first."""
    count = 0
    for priority in called:
        if priority == Priority.ORDINARY:
            break
        count += 1
    return count


def order(waiting: Iterable[Waiting], row: int) -> list[Waiting]:
    """Those who wait, as they will be called if nobody else comes. Priority comes first, each group in the order of
    arrival; after `ROW` priority tickets in a row it is the turn of one without, so that nobody waits for ever. ``row`` is
    what `in_a_row` counted.
    """
    first: deque[Waiting] = deque()
    others: deque[Waiting] = deque()
    for ticket in sorted(waiting, key=lambda ticket: ticket.position):
        (others if ticket.priority == Priority.ORDINARY else first).append(ticket)
    called = []
    while first or others:
        if first and (row < ROW or not others):
            called.append(first.popleft())
            row += 1
        else:
            called.append(others.popleft())
            row = 0
    return called


def next_one(waiting: Iterable[Waiting], row: int) -> Waiting | None:
    """Who is called next, the first of `order`. None: nobody waits."""
    return next(iter(order(waiting, row)), None)


def minutes(start: datetime, end: datetime) -> int:
    """Whole minutes between two moments, never below zero (a clock may have been set back)."""
    return max(0, int((end - start).total_seconds() // 60))


def estimate(serving: Sequence[int], before: int, desks: int) -> int | None:
    """Minutes until the call: the median of the last serving times, for each of those before, shared by the open desks.

    None with fewer than `ENOUGH` past values. A hall whose desks are all closed is counted as one desk. Rounded up once.
    """
    if len(serving) < ENOUGH:
        return None
    return ceil(median(serving) * before / max(1, desks))


def error(past: Iterable[tuple[int, int]]) -> int | None:
    """How far off estimates usually were, in minutes: the least that covers `USUALLY` of the pairs (estimated, waited).

    None with fewer than `ENOUGH` pairs.
    """
    off = sorted(abs(estimated - waited) for estimated, waited in past)
    return off[ceil(USUALLY * len(off)) - 1] if len(off) >= ENOUGH else None


# ---- the cash box -------------------------------------------------------------------------------------------------------

MOST_RIEL = 1_000_000_000  # of one line of the cash book; more is a slip of the finger
_COMES_IN = frozenset({CashKind.PAYMENT, CashKind.PUT_IN})


@dataclass(frozen=True)
class Sums:
    """The cash box of a day in riel: what lay in it in the morning, and the day's lines by kind."""

    opening: int = 0
    payments: int = 0
    reversals: int = 0
    put_in: int = 0
    handed_over: int = 0

    @property
    def expected(self) -> int:
        """What must lie in it now."""
        return self.opening + self.payments + self.put_in - self.reversals - self.handed_over


def sums(opening: int, lines: Iterable[tuple[CashKind, int]]) -> Sums:
    """Add up a day's lines, each a kind and an amount in riel."""
    total = dict.fromkeys(CashKind, 0)
    for kind, amount in lines:
        total[kind] += amount
    return Sums(
        opening,
        total[CashKind.PAYMENT],
        total[CashKind.REVERSAL],
        total[CashKind.PUT_IN],
        total[CashKind.HAND_OVER],
    )


def goes_out(kind: CashKind) -> bool:
    """Whether such a line takes money out of the box."""
    return kind not in _COMES_IN


def total(counted: Mapping[int, int]) -> int:
    """Riel of so many notes of each denomination."""
    return sum(note * count for note, count in counted.items())


def receipt_number(place_code: str, year: int, sequence: int) -> str:
    """``R-120404-26-00012``: the office's place, two digits of the year, five digits (more when they are used up)."""
    return f"R-{window.number(place_code, year, sequence)}"
