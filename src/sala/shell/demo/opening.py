"""How does a demonstration hall open? The pack, officers with sign-ins, a year of requests lived through, figures, the ledger sealed."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from django.db import transaction

from sala.accounts.acting import system
from sala.counter import bulk as counter
from sala.installation import actions as installation
from sala.installation import packs
from sala.kit import clock, ids
from sala.ledger import actions as ledger
from sala.measures import actions as measures
from sala.shell import founding
from sala.shell.demo import cashbox, desk, door, people
from sala.shell.demo.year import Year, moment, months_before, places_of, read_stock, services_of
from sala.window import bulk


def every(step: int, say: founding.Say, done: str) -> Callable[[int], None]:
    """Says how many requests are ``done`` whenever ``step`` more are: what lasts over two seconds shows that it lives."""

    def tell(count: int) -> None:
        if count and count % step == 0:
            say(f"demonstration: {count:,} requests {done}")

    return tell


def lives(
    year: Year,
    plan: Mapping[str, Any],
    requests: int,
    months: Sequence[date],
    tell: Callable[[int], None] = lambda count: None,
) -> list[bulk.Life]:
    """All requests of the year, and on the desks of the halls with sign-ins something of everything."""
    random = year.random
    services = services_of(plan, months)
    halls = plan["commune"]["places"]
    lots = [(key, lot) for key in halls for lot in desk.lots_for(requests)]
    communes = places_of(plan, requests - len(lots), random)
    paid = cashbox.lives(year, services, halls, requests)
    communes = communes[: len(communes) - len(paid)]
    drawn = [*paid, *(desk.life(year, services, commune, lot) for commune, lot in lots)]
    for commune in communes:
        service = services.draw(random)
        at = moment(random, service.months.draw(random))
        while at >= year.until:
            at = moment(random, service.months.draw(random))
        drawn.append(year.life(service, commune, at))
        tell(len(drawn))
    return drawn


def found(
    *,
    country: str,
    requests: int | None = None,
    seed: int | None = None,
    until: datetime | None = None,
    say: founding.Say,
) -> None:
    """Open a demonstration hall: the pack, fictional officers with sign-ins, a year of records, figures, ledger sealed."""
    pack = packs.path(country)
    plan = people.read_plan(pack)
    chosen = plan["seed"] if seed is None else seed
    random = Random(chosen)  # noqa: S311 - a demonstration, not a secret
    count = plan["requests"] if requests is None else requests
    until = until or clock.now()
    months = months_before(until, plan["months"])
    opening = datetime.combine(months[0] - timedelta(days=1), time(8), clock.zone())
    installation.initialise(country=country, demonstration=True, seed=chosen)
    with ids.seeded(random):
        with installation.simulated(opening):
            founding.load_pack(country, say)
            staffing = people.Staffing(plan, people.read_names(pack), Random(chosen), system("demonstration"))  # noqa: S311
            with transaction.atomic():  # one commit for a thousand appointments
                accounts = people.open_accounts(staffing)
                year = Year(staffing, read_stock(pack), until, random)
                drawn = lives(year, plan, count, months, every(5000, say, "drawn"))
        say(
            f"demonstration: {len(accounts)} sign-ins, {len(year.halls)} offices at work; living through {len(drawn)} requests"
        )
        counts = dict(bulk.play(drawn, tell=every(5000, say, "lived")))
        with installation.simulated(until), transaction.atomic():
            counts["comments published"] = desk.screen(year, plan["commune"]["places"])
            counts["fees taken"] = cashbox.play(year, plan["commune"]["places"])
        came = door.lives(plan["commune"]["places"], until, Random(chosen))  # noqa: S311
        counts["queue tickets"] = counter.play(came)
    say("demonstration: " + ", ".join(f"{number:,} {name}" for name, number in sorted(counts.items())))
    ledger.seal()
    measures.roll_up()
    transaction.on_commit(
        lambda: founding.write_accounts(accounts)
    )  # `make demo` takes the file for an open hall
