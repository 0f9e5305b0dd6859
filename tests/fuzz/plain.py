"""Working time reckoned the slow way, day by day and minute by minute: the second opinion of the state machines."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from sala.kit import clock

DAY = timedelta(days=1)
# What the country's pack says: Monday to Friday, 7:30 to 11:30 and 14:00 to 17:30.
HOURS = ((time(7, 30), time(11, 30)), (time(14, 0), time(17, 30)))


def stretches(day: date, holidays: set[date]) -> list[tuple[datetime, datetime]]:
    """When an office is open on a day."""
    if day.weekday() > 4 or day in holidays:
        return []
    zone = clock.zone()
    return [(datetime.combine(day, a, zone), datetime.combine(day, b, zone)) for a, b in HOURS]


def days(first: date) -> Iterator[date]:
    while True:
        yield first
        first += DAY


def due(received: datetime, number: int, holidays: set[date]) -> datetime:
    """Close of business of the ``number``-th working day after the day of receipt."""
    local = received.astimezone(clock.zone())
    passed = -1
    for day in days(local.date()):
        open_at = stretches(day, holidays)
        if not open_at or (day == local.date() and local >= open_at[-1][1]):
            continue
        passed += 1
        if passed == number:
            return open_at[-1][1]
    raise AssertionError


def minutes(a: datetime, b: datetime, holidays: set[date]) -> int:
    """Working minutes between two moments, each taken at its full minute."""
    a, b = (at.astimezone(clock.zone()).replace(second=0, microsecond=0) for at in (a, b))
    found = timedelta()
    for day in days(a.date()):
        if day > b.date():
            break
        for start, end in stretches(day, holidays):
            found += max(min(end, b) - max(start, a), timedelta())
    return int(found.total_seconds()) // 60


def later(at: datetime, number: int, holidays: set[date]) -> datetime:
    """The first moment at which ``number`` working minutes have passed since ``at``."""
    if not number:
        return at
    at = at.astimezone(clock.zone()).replace(second=0, microsecond=0)
    for day in days(at.date()):
        for start, end in stretches(day, holidays):
            begin = max(start, at)
            room = int((end - begin).total_seconds()) // 60
            if room >= number:
                return begin + timedelta(minutes=number)
            number -= max(room, 0)
    raise AssertionError
