"""In which stretch of the calendar is an expression counted, when it is moved by months or begins with the year?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sala.kit.periods import Kind, Period

Interval = tuple[date, date]
ALL_TIME: Interval = (date.min, date.max)
_LENGTHS = {Kind.MONTH: 1, Kind.QUARTER: 3, Kind.HALF: 6, Kind.YEAR: 12}


@dataclass(frozen=True)
class Shift:
    """So many months later."""

    months: int


@dataclass(frozen=True)
class ToDate:
    """From the first of January."""


Step = Shift | ToDate


def moved(intervals: Iterable[Interval], steps: Iterable[Step]) -> tuple[Interval, ...] | None:
    """The days after the steps, in their order, outermost first; None where the calendar ends before."""
    found = tuple(intervals)
    for step in steps:
        if found == (ALL_TIME,):
            continue
        try:
            if isinstance(step, Shift):
                found = tuple((_plus(first, step.months), _end(last, step.months)) for first, last in found)
            elif found:
                last = max(end for _, end in found)
                found = ((date(last.year, 1, 1), last),)
        except (ValueError, OverflowError):
            return None
    return found


def _plus(day: date, months: int) -> date:
    """The same day so many months later, or the last of a shorter month."""
    number = day.year * 12 + day.month - 1 + months
    first = date(number // 12, number % 12 + 1, 1)
    return first.replace(day=min(day.day, Period.containing(first, Kind.MONTH).last.day))


def _end(day: date, months: int) -> date:
    """The same for a last day: the last of a month stays the last of a month."""
    if day == date.max:
        return day
    following = day + timedelta(days=1)
    if following.day == 1:
        return _plus(following, months) - timedelta(days=1)
    return _plus(day, months)


def union(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The days of all of them as few intervals, in order: neighbours become one, so that a quarter lies in its three months."""
    found: list[Interval] = []
    for first, last in sorted(intervals):
        if found and (found[-1][1] == date.max or first <= found[-1][1] + timedelta(days=1)):
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def common(one: Iterable[Interval], other: Iterable[Interval]) -> tuple[Interval, ...]:
    """The days that lie in both."""
    pairs = ((max(a, c), min(b, d)) for a, b in one for c, d in other)
    return union((first, last) for first, last in pairs if first <= last)


def covers(intervals: Iterable[Interval], period: Period) -> bool:
    """Whether the whole of a period lies in one of the intervals."""
    return any(first <= period.first and period.last <= last for first, last in intervals)


def in_year(intervals: tuple[Interval, ...], kind: Kind, count: bool) -> int | None:
    """The number of the period within its year, or how many such periods a year has; None where it is no period."""
    length = _LENGTHS.get(kind)
    if length is None or not intervals or intervals == (ALL_TIME,):
        return None
    if count:
        return 12 // length
    return (intervals[-1][1].month - 1) // length + 1
