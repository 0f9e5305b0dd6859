"""What went through the cash boxes in the last weeks? Fees, one payment reversed and taken again, closed days; all by the real actions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import groupby
from typing import Any

from sala.accounts import queries as accounts
from sala.counter import cash, till
from sala.counter.terms import CashKind
from sala.installation import actions as installation
from sala.kit import clock
from sala.kit.acting import Acting
from sala.kit.days import Calendar
from sala.offices import queries as offices
from sala.places import queries as places
from sala.shell.demo.year import Service, Weighted, Year
from sala.window import bulk
from sala.window import queries as window
from sala.window.terms import FeeStatus

SPAN = timedelta(weeks=6)
FEES = 14  # requests with a fee that are drawn for each box, beside those of the year
CHANGE = 20_000  # riel that stay in the box
HANDED_OVER = 5  # after so many fees the rest goes to the treasury
REVERSED = 3  # the third fee is reversed, and taken again


@dataclass(frozen=True)
class Box:
    """An office's cash box: who takes fees, and who closes it."""

    office: Any
    cashier: Acting
    head: Acting
    calendar: Calendar


def boxes(year: Year, communes: Sequence[str]) -> Iterator[Box]:
    """The boxes of the one-window offices that serve these communes and have a head."""
    for commune in communes:
        office = offices.serving(commune, "district")
        there = offices.holders(office.pk) if office is not None else []
        heads = [row for row in there if row.post_id == "one_window_head"]
        if office is not None and heads:
            cashier = year.hall(commune, "district").officer
            yield Box(office, cashier, accounts.post_of(heads[0]), offices.calendar(office.pk))


def charged(services: Weighted[Service]) -> list[Service]:
    """The services of the year for which a district's office takes a fee by law."""
    return [
        service
        for service in services.things
        if service.level == "district" and window.service(service.code).fee_status == FeeStatus.CHARGEABLE
    ]


def lives(year: Year, services: Weighted[Service], communes: Sequence[str], requests: int) -> list[bulk.Life]:
    """Requests with a fee of the last weeks; a small demonstration has fewer."""
    found: list[bulk.Life] = []
    choices, random = charged(services), year.random
    for box in boxes(year, communes) if choices else ():
        around = places.keys("commune", within=box.office.place)
        for _ in range(min(FEES, requests // 60)):
            at = year.until - timedelta(minutes=random.randrange(60, int(SPAN.total_seconds() // 60)))
            found.append(year.life(random.choice(choices), random.choice(around), at))
    return found


def play(year: Year, communes: Sequence[str]) -> int:
    """Let the last weeks happen in every box; returns how many fees were taken. Side effects: as the actions of the book."""
    return sum(_book(year, box) for box in boxes(year, communes))


def _book(year: Year, box: Box) -> int:
    """One book. The day on which the demonstration is made stays open, so that whoever tries it can take a fee."""
    today = year.until.astimezone(clock.zone()).date()
    taken = 0
    for day, paid in groupby(_moments(year, box), key=lambda each: each[0].astimezone(clock.zone()).date()):
        for at, number in paid:
            taken += _pay(year, box, number, at, first=not taken, wrong=taken + 1 == REVERSED)
        if day < today:
            closes = box.calendar.add_days(datetime.combine(day, time.min, clock.zone()), 0)
            _close(year, box, max(at, closes) + timedelta(minutes=5), hand_over=taken % HANDED_OVER == 0)
    return taken


def _moments(year: Year, box: Box) -> list[tuple[datetime, str]]:
    """When who asked comes to pay: some time after the request, while the office is open."""
    rows = window.visible(box.head).filter(
        office=box.office, terms__fee_status=FeeStatus.CHARGEABLE, received_at__gte=year.until - SPAN
    )
    drawn = [
        (box.calendar.add_minutes(received, year.random.randrange(20, 300)), number)
        for received, number in rows.order_by("received_at", "pk").values_list("received_at", "number")
    ]
    return sorted(each for each in drawn if each[0] < year.until)


def _pay(year: Year, box: Box, number: str, at: datetime, *, first: bool, wrong: bool) -> bool:
    """Take the fee, where one may be taken; before the first of the book somebody puts change into the box."""
    riel = till.owed(number, by=box.cashier).riel
    if riel is None:
        return False
    with installation.simulated(at - timedelta(minutes=5)):
        if first:
            words = year.stock.say(year.random, "put_in", "cash")
            cash.move_money(by=box.head, kind=CashKind.PUT_IN, riel=CHANGE, words=words)
    with installation.simulated(at):
        line = cash.pay(by=box.cashier, number=number, riel=riel)
    if wrong:
        with installation.simulated(at + timedelta(minutes=1)):
            cash.reverse(by=box.head, line_id=line.pk, words=year.stock.say(year.random, "reverse", "cash"))
        with installation.simulated(at + timedelta(minutes=2)):
            cash.pay(by=box.cashier, number=number, riel=riel)
    return True


def _close(year: Year, box: Box, at: datetime, *, hand_over: bool) -> None:
    """Count what lies in the box, which is what must lie in it, and close the day; nothing where no fee was taken."""
    with installation.simulated(at):
        running = till.box(by=box.head)
        if not running.lines:
            return
        surplus = running.sums.expected - CHANGE
        if hand_over and surplus > 0:
            words = year.stock.say(year.random, "hand_over", "cash")
            cash.move_money(by=box.head, kind=CashKind.HAND_OVER, riel=surplus, words=words)
        cash.close_day(by=box.head, counted=notes(till.box(by=box.head).sums.expected))


def notes(riel: int) -> dict[int, int]:
    """How that sum lies in the box, in the largest notes."""
    counted = {}
    for note in till.notes():
        counted[note], riel = divmod(riel, note)
    return counted
