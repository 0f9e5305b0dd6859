"""What happened in the demonstration's fourteen months? Requests with seasons and weak offices, drawn by a seed, lived by the window's rules."""

import csv
from bisect import bisect
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any, Generic, TypeVar
from uuid import UUID

from sala.accounts.acting import RESIDENT, system
from sala.kit import clock
from sala.kit.acting import Acting
from sala.kit.days import Calendar
from sala.offices import queries as offices
from sala.places import queries as places
from sala.shell.demo import people
from sala.window import bulk, rules
from sala.window import queries as window
from sala.window.terms import Act

T = TypeVar("T")
FAVOURED = 280  # requests of each commune that has sign-ins, so that its queue is worth a look
WEAK, SLOWER = 0.12, 2.1  # share of offices that take longer, and how much
WEAK_DISTRICTS = 0.08  # share of districts whose offices are all slow: they show on the map
FATES = {Act.FINISH: 0.935, Act.REFUSE: 0.045, Act.WITHDRAW: 0.02}
ASKED, TOLD, NOTED, RATED, POINTED = 0.10, 0.30, 0.08, 0.38, 0.65


class Weighted(Generic[T]):
    """Things drawn with unequal chances."""

    def __init__(self, pairs: Sequence[tuple[T, float]]) -> None:
        self.things = [thing for thing, _ in pairs]
        self.sums = list(accumulate(weight for _, weight in pairs))

    def draw(self, random: Random) -> T:
        """One of them."""
        return self.things[bisect(self.sums, random.random() * self.sums[-1])]


@dataclass(frozen=True)
class Service:
    """What the year needs to know of a service."""

    code: str
    kind: str
    level: str
    days: int
    months: Weighted[date]


@dataclass(frozen=True)
class Hall:
    """Who answers, on which calendar, and how fast (1 is usual)."""

    officer: Acting
    calendar: Calendar
    pace: float


@dataclass(frozen=True)
class Stock:
    """Texts and names to draw from."""

    asked: Mapping[str, list[str]]  # service -> what residents write
    said: Mapping[tuple[str, str], list[str]]  # (act, kind) -> what is said
    names: people.Names

    def say(self, random: Random, act: str, kind: str) -> str:
        """Something said at that act; empty where the stock has nothing."""
        return random.choice(self.said.get((act, kind)) or [""])


def read_stock(pack: Path) -> Stock:
    """``demo/texts.csv``, ``demo/sayings.csv`` and ``demo/people.csv``."""
    asked: dict[str, list[str]] = defaultdict(list)
    said: dict[tuple[str, str], list[str]] = defaultdict(list)
    with (pack / "demo" / "texts.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            asked[row["service"]].append(row["km"])
    with (pack / "demo" / "sayings.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            said[row["act"], row["kind"]].append(row["km"])
    return Stock(asked, said, people.read_names(pack))


def months_before(until: datetime, count: int) -> list[date]:
    """The first days of ``count`` months, the last one holding ``until``."""
    last = until.astimezone(clock.zone()).date().replace(day=1)
    index = last.year * 12 + last.month - 1
    return [date((index - back) // 12, (index - back) % 12 + 1, 1) for back in reversed(range(count))]


def moment(random: Random, month: date) -> datetime:
    """A moment of the month: mostly in office hours, some evenings and weekends."""
    following = (month.replace(day=28) + timedelta(days=4)).replace(day=1)
    day = month + timedelta(days=random.randrange((following - month).days))
    minute = (
        random.randrange(7 * 60 + 30, 17 * 60)
        if random.random() < 0.75
        else random.randrange(5 * 60, 22 * 60)
    )
    return datetime.combine(day, time(minute // 60, minute % 60, random.randrange(60)), clock.zone())


def services_of(plan: Mapping[str, Any], months: Sequence[date]) -> Weighted[Service]:
    """The services of the plan with their shares; each draws its months by season, and use grows over the year."""
    drawn = []
    for row in plan["service"]:
        version = window.service(row["code"])
        chances = [
            (month, (1 + 0.04 * index) * (2 if month.month in row["season"] else 1))
            for index, month in enumerate(months)
        ]
        drawn.append(
            (
                Service(row["code"], version.kind, version.level, version.days, Weighted(chances)),
                float(row["share"]),
            )
        )
    return Weighted(drawn)


def places_of(plan: Mapping[str, Any], requests: int, random: Random) -> list[str]:
    """A commune for each request: every province has some, communes with sign-ins many, others by chance much or little."""
    communes = places.keys("commune")
    chances = Weighted([(key, random.lognormvariate(0, 0.9)) for key in communes])
    everywhere = [
        random.choice(places.keys("commune", within=province)) for province in places.keys("province")
    ]
    favoured = [key for key in plan["commune"]["places"] for _ in range(min(FAVOURED, requests // 10))]
    drawn = [*everywhere, *favoured, *(chances.draw(random) for _ in range(requests))]
    return drawn[:requests]


class Year:
    """Draws the lives of all requests until ``until``."""

    def __init__(self, staffing: people.Staffing, stock: Stock, until: datetime, random: Random) -> None:
        self.staffing, self.stock, self.until, self.random = staffing, stock, until, random
        self.halls: dict[tuple[str, str], Hall] = {}
        self.paces: dict[str, float] = {}
        self.villages: dict[str, list[str]] = {}
        self.closer = system("window.close")

    def hall(self, commune: str, level: str) -> Hall:
        """The office that answers for that commune at that level."""
        where = places.where(commune)
        key = (getattr(where, level, ""), level)
        if key not in self.halls:
            office = offices.serving(commune, level)
            if office is None:
                raise LookupError(f"no office serves {commune} at level {level}")
            pace = self.random.lognormvariate(-0.75, 0.3) * (SLOWER if self.random.random() < WEAK else 1)
            pace *= self.around(where.province, where.district)
            self.halls[key] = Hall(
                people.officer(office.pk, self.staffing), offices.calendar(office.pk), pace
            )
        return self.halls[key]

    def around(self, province: str, district: str) -> float:
        """How much slower than usual the offices of a province and of a district are, drawn once for each."""
        for key, weak in ((province, 0.0), (district, WEAK_DISTRICTS)):
            if key and key not in self.paces:
                slow = SLOWER if self.random.random() < weak else 1
                self.paces[key] = self.random.lognormvariate(0, 0.12) * slow
        return self.paces.get(province, 1) * self.paces.get(district, 1)

    def village(self, commune: str) -> str:
        """A village of the commune; the commune itself where the gazetteer has none."""
        if commune not in self.villages:
            self.villages[commune] = [unit.key for unit in places.children(commune)] or [commune]
        return self.random.choice(self.villages[commune])

    def point(self, service: Service, commune: str) -> tuple[Decimal, Decimal] | tuple[None, None]:
        """Where on the map it lies, for most problems; documents have no point."""
        if service.kind == "document" or self.random.random() > POINTED:
            return None, None
        found = places.point_in(commune, self.random.random)
        if found is None:
            return None, None
        latitude, longitude = (Decimal(str(round(axis, 5))) for axis in found)
        return latitude, longitude

    def life(self, service: Service, commune: str, at: datetime) -> bulk.Life:
        """One request from its first moment on; what would happen after ``until`` has not happened yet."""
        steps = self.steps(service, self.hall(commune, service.level), at)
        return self.told(service, commune, at, tuple(step for step in steps if step.at < self.until))

    def told(self, service: Service, commune: str, at: datetime, steps: tuple[bulk.Step, ...]) -> bulk.Life:
        """A life with those steps; what is told, where and by whom is drawn."""
        random = self.random
        name = self.stock.names.draw(random)
        known = random.random() < (0.95 if service.kind == "document" else 0.7)
        latitude, longitude = self.point(service, commune)
        return bulk.Life(
            service=service.code,
            place=self.village(commune),
            at=at,
            by=RESIDENT,
            steps=steps,
            channel="web",
            description=random.choice(
                self.stock.asked.get(service.code) or [self.stock.say(random, "reply", service.kind)]
            ),
            location=self.stock.say(random, "location", service.kind),
            latitude=latitude,
            longitude=longitude,
            name=f"{name['family_km']} {name['given_km']}" if known else "",
            phone=f"+85512000{random.randrange(1000):03d}" if known else "",
        )

    def steps(self, service: Service, hall: Hall, at: datetime) -> list[bulk.Step]:
        """What happens to it: taken, perhaps asked and replied, perhaps told, then its fate, perhaps rated, closed."""
        random, calendar, kind = self.random, hall.calendar, service.kind
        wanted = max(
            20, int(service.days * calendar.minutes_a_day * hall.pace * random.lognormvariate(0, 0.45))
        )
        minutes = sorted(random.randrange(5, wanted) for _ in range(4))
        clerk, me = hall.officer, UUID(hall.officer.post)
        taken = calendar.add_minutes(at, min(minutes[0], 3 * calendar.minutes_a_day))
        steps = [bulk.Step(Act.TAKE, taken, clerk, assigned=me)]
        waited = timedelta(0)
        if random.random() < ASKED:
            asked = calendar.add_minutes(at, minutes[1])
            asked = max(asked, taken + timedelta(minutes=3))
            waited = timedelta(minutes=random.randrange(40, 4000))
            steps.append(bulk.Step(Act.ASK, asked, clerk, text=self.stock.say(random, "ask", kind)))
            steps.append(
                bulk.Step(Act.REPLY, asked + waited, RESIDENT, text=self.stock.say(random, "reply", kind))
            )
        for act, chance, minute in ((Act.NOTE, NOTED, minutes[2]), (Act.ANSWER, TOLD, minutes[3])):
            if random.random() < chance:
                when = max(calendar.add_minutes(at, minute) + waited, steps[-1].at + timedelta(minutes=2))
                steps.append(bulk.Step(act, when, clerk, text=self.stock.say(random, str(act), kind)))
        fate = Weighted(list(FATES.items())).draw(random)
        ended = max(calendar.add_minutes(at, wanted) + waited, steps[-1].at + timedelta(minutes=5))
        actor = RESIDENT if fate == Act.WITHDRAW else clerk
        steps.append(bulk.Step(fate, ended, actor, text=self.stock.say(random, str(fate), kind)))
        if fate == Act.FINISH:
            steps += self.afterwards(service, hall, wanted, ended)
        return steps

    def afterwards(self, service: Service, hall: Hall, wanted: int, ended: datetime) -> list[bulk.Step]:
        """The resident's rating (worse where it took long), and the closing after the period for objections."""
        random = self.random
        steps = []
        if random.random() < RATED:
            late = wanted > service.days * hall.calendar.minutes_a_day
            courtesy = random.choices((5, 4, 3, 2, 1), (40, 35, 15, 6, 4))[0]
            speed = random.choices((5, 4, 3, 2, 1), (5, 15, 30, 30, 20) if late else (40, 35, 15, 7, 3))[0]
            said = self.stock.say(random, "comment", service.kind) if random.random() < 0.2 else ""
            when = ended + timedelta(minutes=random.randrange(20, 5000))
            steps.append(
                bulk.Step(
                    Act.RATE, when, RESIDENT, text=said, courtesy=courtesy, speed=speed, publish=bool(said)
                )
            )
        closes = hall.calendar.add_days(ended, rules.CLOSE_AFTER_DAYS) + timedelta(minutes=1)
        return [*(step for step in steps if step.at < closes), bulk.Step(Act.CLOSE, closes, self.closer)]
