"""When is it due, and how much working time was that? Arithmetic over opening hours, lunch breaks, holidays and pauses."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Hours = Mapping[int, tuple[tuple[time, time], ...]]
Name = Mapping[str, str]
Pause = tuple[datetime, datetime | None]

_DAY = 24 * 60
_WEEK_ZERO = date(1, 1, 1).toordinal()  # a Monday


@dataclass(frozen=True)
class Left:
    """How far off a due moment is: working minutes and working days; both negative when it has passed."""

    minutes: int
    days: int

    @property
    def overdue(self) -> bool:
        """Whether the due moment has passed, in working time or on the clock."""
        return self.minutes < 0 or self.days < 0


class Calendar:
    """The opening hours of one office and the holidays of its country.

    ``hours`` maps a weekday (Monday 0) to its open intervals, in order and apart, to the minute; an end of 00:00
    means midnight; a weekday that is not there is closed. ``holidays`` maps a date to its name in each language.
    Moments are datetimes with a zone and count by their full minute; answers are in ``zone``. Raises `ValueError`
    for a week without an open minute, crossing intervals, naive moments and negative amounts.

    All questions are answered from cumulative minutes of the week and of the holidays, by bisection, whatever the
    distance.
    """

    def __init__(self, hours: Hours, holidays: Mapping[date, Name], zone: ZoneInfo) -> None:
        self.zone = zone
        self.holidays: dict[date, Name] = dict(sorted(holidays.items()))
        self.hours: Hours = {weekday: tuple(hours[weekday]) for weekday in range(7) if hours.get(weekday)}
        self._intervals = [_minutes(hours.get(weekday, ())) for weekday in range(7)]
        open_minutes = [sum(end - start for start, end in intervals) for intervals in self._intervals]
        self._before = _running(
            open_minutes
        )  # open minutes of the week before each weekday; [7] is the whole week
        self._days_before = _running([int(minutes > 0) for minutes in open_minutes])
        if self._before[7] == 0:
            raise ValueError("a calendar needs at least one open minute a week")
        self._open_minutes = open_minutes
        self._lost = _Lost(
            [day.toordinal() for day in self.holidays if open_minutes[day.weekday()]],
            open_minutes,
            self._before,
            self._days_before,
        )

    @property
    def minutes_a_day(self) -> int:
        """The usual length of a working day, in minutes: the most frequent one, the longer of two equally frequent."""
        lengths = [minutes for minutes in self._open_minutes if minutes]
        return max(set(lengths), key=lambda minutes: (lengths.count(minutes), minutes))

    def is_working_day(self, day: date) -> bool:
        """Whether the office opens on ``day`` at all."""
        return self._open_minutes[day.weekday()] > 0 and day not in self.holidays

    def is_open(self, at: datetime) -> bool:
        """Whether the office is open at this moment; the minute of closing is not."""
        local = self._local(at)
        minute = local.hour * 60 + local.minute
        return self.is_working_day(local.date()) and any(
            start <= minute < end for start, end in self._intervals[local.weekday()]
        )

    def next_working_day(self, day: date) -> date:
        """The first working day from ``day`` on, itself included."""
        return date.fromordinal(self._lost.day_of(self._lost.days(day.toordinal()) + 1))

    def closing(self, day: date) -> datetime:
        """The close of business of ``day``; raises `ValueError` when it is no working day."""
        if not self.is_working_day(day):
            raise ValueError(f"{day} is not a working day")
        return self._moment(day.toordinal(), self._intervals[day.weekday()][-1][1])

    def add_days(self, start: datetime, n: int, pauses: Iterable[Pause] = ()) -> datetime:
        """The close of business of the ``n``-th working day after the day of ``start``, moved on by the pauses.

        What comes after closing time or on a day off counts as come on the next working day. Each pause that begins
        before the due moment moves it on by the working minutes of the pause.
        """
        if n < 0:
            raise ValueError("days can't be negative")
        local = self._local(start)
        day = local.date()
        if (
            self.is_working_day(day)
            and local.hour * 60 + local.minute >= self._intervals[day.weekday()][-1][1]
        ):
            day += timedelta(days=1)
        count = self._lost.days(day.toordinal()) + 1 + n
        return self._paused(self.closing(date.fromordinal(self._lost.day_of(count))), start, pauses)

    def add_minutes(self, start: datetime, n: int, pauses: Iterable[Pause] = ()) -> datetime:
        """The first moment at which ``n`` working minutes have passed since ``start``; ``start`` itself for none."""
        if n < 0:
            raise ValueError("minutes can't be negative")
        due = start.astimezone(self.zone) if n == 0 else self._at(self._position(start) + n)
        return self._paused(due, start, pauses)

    def beyond(self, at: datetime, n: int) -> datetime:
        """The first moment that lies more than ``n`` working minutes after ``at``; of a negative ``n``, so many before it.

        So the moments ``d`` before it are exactly those with ``minutes_between(at, d) <= n``.
        """
        return self._at(self._position(at) + n + 1)

    def minutes_between(self, a: datetime, b: datetime, pauses: Iterable[Pause] = ()) -> int:
        """Working minutes from ``a`` to ``b`` without those of the pauses; negative when ``b`` is before ``a``.

        Pauses may overlap and reach beyond; one without an end lasts until ``b``.
        """
        if b < a:
            return -self.minutes_between(b, a, pauses)
        whole = self._position(b) - self._position(a)
        for begin, end in _merged(pauses, a, b):
            whole -= self._position(end) - self._position(begin)
        return whole

    def working_days_between(self, a: date, b: date) -> int:
        """Working days after ``a`` up to and with ``b``; negative when ``b`` is before ``a``."""
        return self._lost.days(b.toordinal() + 1) - self._lost.days(a.toordinal() + 1)

    def uncounted(self, a: date | datetime, b: date | datetime) -> list[tuple[date, Name]]:
        """The holidays from ``a`` to ``b`` (both included) on which the office would otherwise have opened."""
        first, last = self._date(a), self._date(b)
        return [
            (day, name)
            for day, name in self.holidays.items()
            if first <= day <= last and self._open_minutes[day.weekday()]
        ]

    def left(self, now: datetime, due: datetime) -> Left:
        """How much working time is left until ``due``; for an overdue moment how much has passed since, negative."""
        minutes = self.minutes_between(now, due)
        days = self.working_days_between(self._date(now), self._date(due))
        return Left(min(minutes, -1) if due < now else minutes, days)

    def overdue(self, now: datetime, due: datetime) -> bool:
        """Whether ``due`` has passed."""
        return now > due

    def _local(self, at: datetime) -> datetime:
        if at.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return at.astimezone(self.zone)

    def _date(self, at: date | datetime) -> date:
        return self._local(at).date() if isinstance(at, datetime) else at

    def _position(self, at: datetime) -> int:
        """Working minutes from the beginning of the calendar to the full minute of ``at``."""
        local = self._local(at)
        day, weekday = local.toordinal(), local.weekday()
        passed = self._lost.minutes(day)
        if self._open_minutes[weekday] and not self._lost.holds(day):
            minute = local.hour * 60 + local.minute
            for start, end in self._intervals[weekday]:
                if minute <= start:
                    break
                passed += min(minute, end) - start
        return passed

    def _at(self, position: int) -> datetime:
        """The first moment at which ``position`` working minutes have passed."""
        raw = self._lost.regained(position)
        weeks, rest = divmod(raw - 1, self._before[7])
        rest += 1  # 1..week: the minute that must have passed in this week
        weekday = bisect_left(self._before, rest) - 1
        rest -= self._before[weekday]
        intervals = iter(
            self._intervals[weekday]
        )  # their minutes are those of the weekday: one of them holds the rest
        start, end = next(intervals)
        while rest > end - start:
            rest -= end - start
            start, end = next(intervals)
        return self._moment(_WEEK_ZERO + weeks * 7 + weekday, start + rest)

    def _moment(self, ordinal: int, minute: int) -> datetime:
        if minute == _DAY:
            ordinal, minute = ordinal + 1, 0
        return datetime.combine(date.fromordinal(ordinal), time(minute // 60, minute % 60), self.zone)

    def _paused(self, due: datetime, start: datetime, pauses: Iterable[Pause]) -> datetime:
        for begin, end in _merged(pauses, start, None):
            if begin >= due:
                break
            minutes = self._position(end) - self._position(begin)
            if minutes:
                due = self._at(self._position(due) + minutes)
        return due


class _Lost:
    """The week's cumulative minutes and days, less those that holidays take away. Days are ordinals."""

    def __init__(
        self,
        holidays: Sequence[int],
        open_minutes: Sequence[int],
        before: Sequence[int],
        days_before: Sequence[int],
    ) -> None:
        self._holidays = list(holidays)
        self._set = frozenset(holidays)
        self._week, self._days_week = before, days_before
        self._minutes_lost = _running([open_minutes[(day - _WEEK_ZERO) % 7] for day in holidays])
        self._minutes_at = [self.minutes(day) for day in holidays]
        self._days_at = [self.days(day) for day in holidays]

    def holds(self, day: int) -> bool:
        """Whether ``day`` is one of the holidays."""
        return day in self._set

    def minutes(self, day: int) -> int:
        """Working minutes before ``day``."""
        weeks, weekday = divmod(day - _WEEK_ZERO, 7)
        lost = self._minutes_lost[bisect_left(self._holidays, day)]
        return weeks * self._week[7] + self._week[weekday] - lost

    def days(self, day: int) -> int:
        """Working days before ``day``."""
        weeks, weekday = divmod(day - _WEEK_ZERO, 7)
        return weeks * self._days_week[7] + self._days_week[weekday] - bisect_left(self._holidays, day)

    def regained(self, minutes: int) -> int:
        """The minutes of the bare week at which ``minutes`` working minutes have passed for the first time."""
        return minutes + self._minutes_lost[bisect_left(self._minutes_at, minutes)]

    def day_of(self, count: int) -> int:
        """The ``count``-th working day (from 1)."""
        raw = count + bisect_left(self._days_at, count)
        weeks, rest = divmod(raw - 1, self._days_week[7])
        weekday = bisect_right(self._days_week, rest) - 1
        return _WEEK_ZERO + weeks * 7 + weekday


def _running(values: Iterable[int]) -> list[int]:
    """Running sums, beginning with 0."""
    sums = [0]
    for value in values:
        sums.append(sums[-1] + value)
    return sums


def _minutes(intervals: Iterable[tuple[time, time]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in intervals:
        begin, close = start.hour * 60 + start.minute, end.hour * 60 + end.minute or _DAY
        if close <= begin or (found and begin < found[-1][1]):
            raise ValueError(f"opening hours {start}-{end} are empty or cross")
        found.append((begin, close))
    return found


def _merged(pauses: Iterable[Pause], a: datetime, b: datetime | None) -> list[tuple[datetime, datetime]]:
    """The pauses within ``a`` to ``b``, in order and apart. One without an end needs ``b``; else it is left out."""
    found: list[tuple[datetime, datetime]] = []
    for begin, until in sorted(pauses, key=lambda pause: pause[0]):
        end = until if until is not None else b
        if end is None:
            continue
        begin, end = max(begin, a), min(end, b) if b is not None else end
        if end <= begin:
            continue
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found
