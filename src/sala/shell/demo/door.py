"""Who stood at the counters of the halls with sign-ins in the last weeks? Queue tickets, lived by the counter's own rules."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random

from sala.accounts import queries as accounts
from sala.counter import bulk, rules
from sala.counter.terms import Priority, Step
from sala.kit import clock
from sala.kit.acting import Acting
from sala.kit.days import Calendar
from sala.offices import queries as offices
from sala.shell.demo.desk import before

DAYS = 15  # working days that are shown
A_DAY = (11, 19)  # who come a day, at least and at most
PRIORITIES = {
    Priority.ORDINARY: 80,
    Priority.ELDERLY: 9,
    Priority.PREGNANT: 4,
    Priority.DISABLED: 3,
    Priority.SMALL_CHILD: 4,
}
ABSENT, GONE = 0.05, 0.04  # chance that nobody comes to the call, that somebody leaves while it is still far
OPENS, CLOSES = time(7, 45), time(9, 45)  # most come in the morning
POSTS = ("front_desk_officer", "clerk")


@dataclass
class Came:
    """Somebody who came to the door on a day."""

    position: int
    at: datetime
    priority: Priority
    said: int | None = None
    steps: list[bulk.Moment] = field(default_factory=list)

    @property
    def waiting(self) -> rules.Waiting:
        """As the rules see it."""
        return rules.Waiting(self.position, self.priority)


def lives(places: Sequence[str], until: datetime, random: Random) -> list[bulk.Life]:
    """The tickets of the last working days before ``until`` in the commune halls of these places."""
    found: list[bulk.Life] = []
    for place in places:
        office = offices.office_at(place, "commune_hall")
        clerks = _clerks(office.pk) if office is not None else []
        if office is None or not clerks:
            continue
        calendar, last = offices.calendar(office.pk), until.astimezone(clock.zone()).date()
        served: list[int] = []
        for day in _days(calendar, last):
            for came in _day(day, clerks, served, random):
                if came.at < until:
                    steps = tuple(step for step in came.steps if step.at < until)
                    found.append(bulk.Life(came.at, clerks[0], came.priority, came.said, steps))
    return found


def _clerks(office: object) -> list[Acting]:
    """Who stand at the desks, in the order of their numbers."""
    there = {row.post_id: row for row in reversed(offices.holders(office))}  # type: ignore[arg-type]
    return [accounts.post_of(there[post]) for post in POSTS if post in there]


def _days(calendar: Calendar, last: date) -> list[date]:
    """The last working days, the oldest first."""
    here = [last] if calendar.is_working_day(last) else []
    return [*(before(calendar, last, count) for count in range(DAYS, 0, -1)), *here]


def _day(day: date, clerks: Sequence[Acting], served: list[int], random: Random) -> list[Came]:
    """One day: who came when, and how the desks called them one after the other. ``served`` grows by the minutes it took."""
    opens, closes = (datetime.combine(day, hour, clock.zone()) for hour in (OPENS, CLOSES))
    span = int((closes - opens).total_seconds())
    arrivals = sorted(random.randrange(span) for _ in range(random.randint(*A_DAY)))
    kinds = random.choices(list(PRIORITIES), list(PRIORITIES.values()), k=len(arrivals))
    line = [
        Came(position, opens + timedelta(seconds=second), kind)
        for position, (second, kind) in enumerate(zip(arrivals, kinds, strict=True), start=1)
    ]
    free = dict.fromkeys(range(len(clerks)), opens)
    waiting: list[Came] = []
    coming, called = list(line), list[Priority]()
    while coming or waiting:
        desk = min(free, key=lambda one: free[one])
        now = max(free[desk], min(came.at for came in [*waiting, *coming]))
        while coming and coming[0].at <= now:
            waiting.append(coming.pop(0))
            ahead = rules.order([one.waiting for one in waiting], rules.in_a_row(called))
            said = rules.estimate(served[-100:], ahead.index(waiting[-1].waiting), len(clerks))
            waiting[-1].said = said
        first = rules.next_one([one.waiting for one in waiting], rules.in_a_row(called))
        came = next(one for one in waiting if one.waiting == first)
        waiting.remove(came)
        called.insert(0, came.priority)
        free[desk] = _serve(came, now, clerks[desk], desk + 1, served, random)
    return line


def _serve(
    came: Came, now: datetime, clerk: Acting, desk: int, served: list[int], random: Random
) -> datetime:
    """What happens to one whose turn it is; returns when the desk is free again."""
    waited = now - came.at
    if random.random() < GONE and waited > timedelta(minutes=4):
        came.steps.append(bulk.Moment(Step.LEAVE, now - timedelta(minutes=1), clerk))
        return now
    call = now + timedelta(seconds=random.randrange(5, 40))
    came.steps.append(bulk.Moment(Step.CALL, call, clerk, desk))
    if random.random() < ABSENT:
        missed = call + timedelta(minutes=2)
        came.steps += [
            bulk.Moment(Step.MISS, missed, clerk),
            bulk.Moment(Step.LEAVE, missed + timedelta(minutes=30), clerk),
        ]
        return missed
    start = call + timedelta(seconds=random.randrange(20, 60))
    end = start + timedelta(minutes=min(45, max(2, random.lognormvariate(2.5, 0.5))))
    came.steps += [bulk.Moment(Step.START, start, clerk), bulk.Moment(Step.FINISH, end, clerk)]
    served.append(rules.minutes(start, end))
    return end
