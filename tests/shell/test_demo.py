"""Is the demonstration fictional, the same for a seed, and does it look like a year in the whole country?"""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from sala.accounts import queries as accounts_queries
from sala.accounts.acting import RESIDENT, system
from sala.counter import till
from sala.installation import packs
from sala.installation.actions import simulated
from sala.offices import queries as offices
from sala.places import queries as places
from sala.shell.demo import cashbox, opening, people, year
from sala.window import actions as requests
from sala.window import queries as window
from sala.window.terms import Act

ZONE = ZoneInfo("Asia/Phnom_Penh")

UNTIL = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def drawn(seed: int, requests: int, until: datetime = UNTIL) -> list[object]:
    pack = packs.path("kh")
    plan = people.read_plan(pack)
    staffing = people.Staffing(plan, people.read_names(pack), Random(seed), system("tests"))
    made = year.Year(staffing, year.read_stock(pack), until, Random(seed))
    return opening.lives(made, plan, requests, year.months_before(until, plan["months"]))


def essence(life: object) -> tuple[object, ...]:
    """What does not depend on the ids of appointments."""
    steps = tuple((step.act, step.at, step.text, step.courtesy, step.speed) for step in life.steps)
    return life.service, life.place, life.at, life.description, life.location, life.name, life.phone, steps


@pytest.mark.django_db
@pytest.mark.once
def test_the_same_seed_gives_the_same_year_and_another_seed_another() -> None:
    first, second, other = drawn(5, 60), drawn(5, 60), drawn(6, 60)
    assert [essence(life) for life in first] == [essence(life) for life in second]
    assert [essence(life) for life in first] != [essence(life) for life in other]


@pytest.mark.django_db
@pytest.mark.once
def test_the_year_reaches_every_province_and_has_its_seasons() -> None:
    lives = drawn(1, 1500)
    provinces = Counter(places.where(life.place).province for life in lives)
    assert len(provinces) == 25
    assert all(life.at < UNTIL and all(step.at < UNTIL for step in life.steps) for life in lives)
    assert all(list(life.steps) == sorted(life.steps, key=lambda step: step.at) for life in lives)
    months = {(life.at.year, life.at.month) for life in lives}
    assert len(months) == 14
    sewers = [life.at.month for life in lives if life.service == "RP-SEWER"]
    rains = sum(month in (5, 6, 7, 8, 9, 10) for month in sewers)
    assert rains > len(sewers) * 0.5
    fates = Counter(step.act for life in lives for step in life.steps)
    assert fates[Act.FINISH] > fates[Act.REFUSE] > 0
    assert fates[Act.ASK] >= fates[Act.REPLY] > 0
    assert fates[Act.RATE] > 0


@pytest.mark.once
def test_months_end_with_the_month_of_the_day_it_is_made() -> None:
    months = year.months_before(
        datetime(2026, 2, 28, 20, 0, tzinfo=UTC), 14
    )  # the first of March in Phnom Penh
    assert months[0].isoformat() == "2025-02-01"
    assert months[-1].isoformat() == "2026-03-01"


@pytest.mark.django_db
@pytest.mark.once
def test_phones_are_plainly_fictional_and_names_come_from_the_stock() -> None:
    """No number a person may have: 012 000 and three digits. Nobody has an e-mail address, so nobody is written to."""
    names = people.read_names(packs.path("kh"))
    stock = {f"{family[0]} {given[0]}" for family in names.family for given in names.given}
    lives = drawn(3, 80)
    phones = {life.phone for life in lives if life.phone}
    assert phones
    assert all(phone.startswith("+85512000") and len(phone) == 12 for phone in phones)
    assert {life.name for life in lives if life.name} <= stock
    assert not hasattr(lives[0], "email")


@pytest.mark.django_db
def test_sign_ins_are_those_others_rely_on(accounts: dict[str, dict[str, str]]) -> None:
    needed = Counter(
        {
            "ministry_officer": 1,
            "provincial_planning_officer": 2,
            "capital_governor": 1,
            "one_window_head": 1,
            "commune_chief": 2,
            "first_deputy": 2,
            "clerk": 2,
            "front_desk_officer": 2,
            "civil_registry_clerk": 2,
            "councillor": 4,
            "election_officer": 1,
            "safety_focal_person": 1,
            "working_group_secretary": 1,
            "civil_society_representative": 1,
            "auditor": 1,
            "administrator": 1,
        }
    )
    have = Counter(row["post"] for row in accounts.values())
    assert not needed - have
    for row in accounts.values():
        assert set(row) == {"username", "password", "name", "office", "post", "place_code", "level"}
    chiefs = [row for row in accounts.values() if row["post"] == "commune_chief"]
    assert "120404" in {row["place_code"] for row in chiefs}
    assert len({row["place_code"][:2] for row in chiefs}) == 2
    planners = {
        row["place_code"] for row in accounts.values() if row["post"] == "provincial_planning_officer"
    }
    assert len(planners) == 2


@pytest.mark.django_db
@pytest.mark.once
@pytest.mark.parametrize(
    "until",
    [
        datetime(2026, 11, 25, 3, 0, tzinfo=UTC),  # on a holiday
        datetime(2026, 9, 6, 20, 0, tzinfo=UTC),  # a Monday, three in the morning
        datetime(2026, 7, 3, 10, 45, tzinfo=UTC),  # a Friday after closing time
        datetime(2026, 1, 15, 2, 0, tzinfo=UTC),
    ],
)
def test_whenever_it_is_made_a_hall_with_sign_ins_has_something_of_everything(until: datetime) -> None:
    lives = drawn(3, 900, until)
    assert len(lives) == 900
    for commune in ("120404", "020801"):
        queue = Counter(
            standing
            for life in lives
            if places.where(life.place).commune == commune
            for standing in stands(life, until)
        )
        assert queue["late"] >= 3
        assert queue["due"] >= 2
        assert queue["waiting"] >= 3
        assert queue["new"] >= 2


def stands(life: object, until: datetime) -> set[str]:
    """How an open request stands at ``until``: reckoned here from its steps and the hall's calendar."""
    acts = [step.act for step in life.steps]
    if set(acts) & {Act.FINISH, Act.REFUSE, Act.WITHDRAW}:
        return set()
    if Act.ASK in acts and Act.REPLY not in acts:
        return {"waiting"}
    version = window.service(life.service)
    office = offices.serving(life.place, version.level)
    calendar = offices.calendar(office.pk)
    due = calendar.add_days(life.at, version.days)
    found = {"new"} if not acts else set()
    if due < until:
        return found | {"late"}
    return found | (
        {"due"}
        if calendar.working_days_between(until.astimezone(ZONE).date(), due.astimezone(ZONE).date()) <= 1
        else set()
    )


@pytest.mark.django_db
@pytest.mark.once
def test_offices_are_not_equally_fast_and_some_districts_are_slow_as_a_whole() -> None:
    pack = packs.path("kh")
    plan = people.read_plan(pack)
    made = year.Year(
        people.Staffing(plan, people.read_names(pack), Random(1), system("tests")),
        year.read_stock(pack),
        UNTIL,
        Random(1),
    )
    around = {key: made.around(key[:2], key) for key in places.keys("district")}
    slow = [key for key, pace in around.items() if pace > 1.6]
    assert 5 <= len(slow) <= 40
    assert len({round(made.around(province, ""), 6) for province in places.keys("province")}) == 25
    assert made.around("12", "1204") == around["1204"]


@pytest.mark.once
def test_long_work_says_how_far_it_is() -> None:
    said: list[str] = []
    tell = opening.every(5000, said.append, "lived")
    for count in (0, 1000, 4999, 5000, 6000, 10000):
        tell(count)
    assert said == ["demonstration: 5,000 requests lived", "demonstration: 10,000 requests lived"]


@pytest.mark.django_db
@pytest.mark.once
def test_the_cash_box_has_fees_a_reversal_and_days_that_balance(accounts: dict[str, dict[str, str]]) -> None:
    pack = packs.path("kh")
    plan = people.read_plan(pack)
    staffing = people.Staffing(plan, people.read_names(pack), Random(1), system("tests"))
    made = year.Year(staffing, year.read_stock(pack), UNTIL, Random(1))
    for days in (0.05, 1, 4, 5, 6, 11, 12, 50):  # the first is of this morning, the last too old to be shown
        with simulated(UNTIL - timedelta(days=days)):
            requests.receive(by=RESIDENT, service="LG-BUSCERT", place="12040402")
    services = year.services_of(plan, year.months_before(UNTIL, plan["months"]))
    assert [service.code for service in cashbox.charged(services)] == ["LG-BUSCERT"]
    assert len(cashbox.lives(made, services, plan["commune"]["places"], 600)) == 10
    assert cashbox.play(made, plan["commune"]["places"]) >= 5
    with simulated(UNTIL):
        head = accounts_queries.post_of(offices.holders(offices.office_at("1204", "one_window").pk)[0])
        closed = till.closings(by=head)
        box = till.box(by=head)
    assert len(closed) >= 3
    assert all(row.difference == 0 and row.total == row.expected for row in closed)
    assert sum(row.reversals for row in closed) == 1000
    assert sum(row.handed_over for row in closed) > 0
    assert not box.closed  # whoever tries the demonstration can take a fee
    assert not box.due
    assert list(till.faults()) == []
