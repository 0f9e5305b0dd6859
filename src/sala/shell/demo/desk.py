"""What lies on the desks of the halls with sign-ins at the moment the demonstration is made? Late, due, waiting and new requests."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from random import Random
from uuid import UUID

from sala.kit import clock
from sala.kit.days import Calendar
from sala.offices import queries as offices
from sala.shell.demo.year import Hall, Service, Weighted, Year
from sala.window import bulk, comments
from sala.window.terms import Act


class Lot(StrEnum):
    """How a request stands: past its deadline, due by the next closing, due the working day after, waiting, just come in."""

    LATE = "late"
    DUE = "due"
    SOON = "soon"
    WAITING = "waiting"
    NEW = "new"


# Every hall with sign-ins gets these, in this order; a small demonstration only the first of them.
LOTS: Sequence[Lot] = (
    *(Lot.LATE, Lot.WAITING, Lot.DUE, Lot.NEW, Lot.SOON) * 2,
    *(Lot.LATE, Lot.WAITING, Lot.DUE, Lot.NEW, Lot.LATE),
)
LEFT = 0.3  # chance that nobody has taken on a request that is late or due
LOOKED_THROUGH = 2  # newest comments of a hall that nobody has looked through yet
GIVEN = 0.45  # chance that the clerk has given it to somebody else of the hall


def screen(year: Year, communes: Sequence[str]) -> int:
    """In the halls with sign-ins the comments were looked through, but for the newest; returns how many were published."""
    count = 0
    for commune in communes:
        officer = year.hall(commune, "commune").officer
        for rating in list(comments.waiting(officer).order_by("-at"))[LOOKED_THROUGH:]:
            comments.publish(by=officer, rating_id=rating.id, leave_out=[])
            count += 1
    return count


def lots_for(requests: int) -> Sequence[Lot]:
    """The lots of each hall in a demonstration of so many requests."""
    return LOTS[: requests // 30]


def life(year: Year, services: Weighted[Service], commune: str, lot: Lot) -> bulk.Life:
    """A request of the commune's own hall that stands as the lot says when the year ends."""
    service = services.draw(year.random)
    while service.level != "commune":
        service = services.draw(year.random)
    hall = year.hall(commune, service.level)
    at = received(year.random, hall.calendar, service.days, lot, year.until)
    return year.told(service, commune, at, _steps(year, service, hall, lot, at))


def received(random: Random, calendar: Calendar, days: int, lot: Lot, until: datetime) -> datetime:
    """When it came in, so that a deadline of so many working days falls as the lot wants it at ``until``."""
    if lot == Lot.NEW:
        return until - timedelta(minutes=random.randrange(15, 1400))
    closing = calendar.add_days(until, 0)  # by the calendar: the next close of business
    wanted = closing.date()
    if lot == Lot.LATE:
        wanted = before(calendar, until.astimezone(clock.zone()).date(), random.choice((1, 1, 2, 3, 4, 6)))
    elif lot == Lot.SOON:
        wanted = calendar.add_days(until, 1).date()
    elif lot == Lot.WAITING:
        wanted = calendar.add_days(until, random.randrange(days)).date()
    morning = datetime.combine(wanted, time(8), clock.zone())
    while calendar.add_days(morning, days).date() > wanted:
        morning -= timedelta(days=1)
    return min(morning + timedelta(minutes=random.randrange(400)), until - timedelta(minutes=10))


def before(calendar: Calendar, day: date, count: int) -> date:
    """The ``count``-th working day before ``day``."""
    while count:
        day -= timedelta(days=1)
        count -= calendar.is_working_day(day)
    return day


def _steps(year: Year, service: Service, hall: Hall, lot: Lot, at: datetime) -> tuple[bulk.Step, ...]:
    """Taken on, given to a colleague, asked or told; nothing for what nobody has looked at."""
    random, calendar, clerk = year.random, hall.calendar, hall.officer
    if lot == Lot.NEW or (lot != Lot.WAITING and random.random() < LEFT):
        return ()
    taken = calendar.add_minutes(at, random.randrange(10, 240))
    steps = [bulk.Step(Act.TAKE, taken, clerk, assigned=UUID(clerk.post))]
    colleagues = [row.pk for row in offices.holders(clerk.office)] if clerk.office else []
    if random.random() < GIVEN and colleagues:
        given = calendar.add_minutes(taken, random.randrange(5, 60))
        steps.append(bulk.Step(Act.ASSIGN, given, clerk, assigned=random.choice(colleagues)))
    act = Act.ASK if lot == Lot.WAITING else random.choice((Act.NOTE, Act.ANSWER, None))
    if act is not None:
        said = year.stock.say(random, str(act), service.kind)
        when = calendar.add_minutes(steps[-1].at, random.randrange(10, 180))
        steps.append(bulk.Step(act, when, clerk, text=said))
    return tuple(step for step in steps if step.at < year.until)
