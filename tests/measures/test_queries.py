"""Do the questions about figures give what a reader expects: parts, months, comparison, and no data as no data?"""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from sala.accounts.acting import RESIDENT
from sala.kit import clock
from sala.kit.errors import NotFound
from sala.kit.periods import Kind, Period
from sala.measures import actions, queries, registry
from sala.measures.rules import Fact, Measure, Text
from sala.measures.terms import Aggregation, Unit

pytestmark = pytest.mark.django_db
WORDS = Text("សាក", "test")
NOON = datetime(2019, 3, 15, 12, tzinfo=ZoneInfo("Asia/Phnom_Penh"))


def fact(code, place, period, top, bottom=None):
    if bottom is None:
        return Fact(code, place, Period.parse(period), top)
    return Fact(code, place, Period.parse(period), numerator=top, denominator=bottom)


FACTS = [
    fact("test.sum", "120404", "2018-01", 10),
    fact("test.sum", "120404", "2018-02", 10),
    fact("test.sum", "120404", "2018-03", 10),
    fact("test.sum", "120404", "2018-12", 99),
    fact("test.sum", "120404", "2019-01", 12),
    fact("test.sum", "020801", "2019-03", 3),
    fact("test.share", "120404", "2019-01", 1, 2),
    fact("test.share", "020801", "2019-02", 1, 8),
    fact("test.median", "120404", "2018-01", 5),
    fact("test.median", "120404", "2019-01", 7),
]


@pytest.fixture(autouse=True)
def figures():
    common = {"name": WORDS, "what": WORDS, "rule": WORDS, "group": WORDS}
    registry.declare(
        Measure(code="test.sum", unit=Unit.COUNT, aggregation=Aggregation.SUM, **common),
        Measure(code="test.share", unit=Unit.SHARE, aggregation=Aggregation.RATIO, **common),
        Measure(code="test.median", unit=Unit.MINUTES, aggregation=Aggregation.MEDIAN, **common),
        facts=facts,
    )
    actions.roll_up()
    with clock.simulate(NOON):
        yield
    for code in ("test.sum", "test.share", "test.median"):
        registry.forget(code)


def facts():
    return iter(FACTS)


def one(code):
    return queries.measure(code)


def test_parts_list_every_unit_and_say_no_data_where_there_is_none():
    parts = queries.parts(one("test.sum"), "", Period.parse("2019"))
    assert len(parts) == 25
    known = {part.key: part.value for part in parts if part.value is not None}
    assert known == {"02": 3, "12": 12}
    districts = queries.parts(one("test.sum"), "12", Period.parse("2019"))
    assert {part.key[:2] for part in districts} == {"12"}
    assert [part.value for part in districts if part.key == "1204"] == [12]
    assert queries.parts(one("test.sum"), "120404", Period.parse("2019")) == []


def test_parts_of_a_past_period_hold_the_units_of_then():
    parts = queries.parts(one("cdb.families"), "03", Period.parse("2011"))
    former = [part for part in parts if part.former]
    assert former and all(part.value is not None for part in former)


def test_a_running_year_is_compared_with_the_same_months():
    before = queries.year_before(one("test.sum"), "", Period.parse("2019"))
    assert before.total.value == 30  # January to March 2018, without December
    assert queries.year_before(one("test.sum"), "", Period.parse("2019-01")).total.value == 10
    assert queries.year_before(one("test.sum"), "", Period.parse("2018")) is None
    assert queries.year_before(one("test.median"), "", Period.parse("2019")) is None  # medians can't be added
    assert queries.year_before(one("test.median"), "", Period.parse("2019-01")).total.value == 5
    assert queries.year_before(one("test.share"), "", Period.parse("2019")) is None


def test_months_to_draw_have_gaps_not_zeros_and_no_future():
    months = queries.months(one("test.sum"), "", Period.parse("2019"))
    assert [(month.period.code, month.value) for month in months] == [
        ("2019-01", 12),
        ("2019-02", None),
        ("2019-03", 3),
    ]
    twelve = queries.months(one("test.sum"), "", Period.parse("2019-02"))
    assert (len(twelve), twelve[0].period.code) == (12, "2018-03")
    assert len(queries.months(one("test.sum"), "", Period.parse("2018-Q1"))) == 12
    assert queries.months(one("cdb.families"), "", Period.parse("2011")) == []


def test_periods_and_the_usual_one():
    found = [period.code for period in queries.periods(one("test.sum"))]
    assert found[:3] == ["2019", "2018", "2019-Q1"]
    assert queries.default_period(one("test.sum")).code == "2019"
    assert queries.default_period(one("cdb.families"), "12").code == "2011"
    assert queries.default_period(one("cdb.families"), "25").code == "2011"
    registry.forget("test.sum")
    assert (
        queries.default_period(Measure("x", WORDS, WORDS, WORDS, Unit.COUNT, Aggregation.SUM)).kind
        is Kind.YEAR
    )


def test_places_figures_are_kept_for():
    assert queries.place("") == ""
    assert queries.place("1204") == "1204"
    for wrong in ("99", "12040401", "x"):
        with pytest.raises(NotFound):
            queries.place(wrong)
    with pytest.raises(NotFound):
        queries.measure("nothing")


def test_totals_of_a_level():
    year = Period.parse("2019")
    assert [row.place for row in queries.totals(one("test.sum"), year, "", "commune")] == ["020801", "120404"]
    assert [row.place for row in queries.totals(one("test.sum"), year, "12", "commune")] == ["120404"]
    assert [row.place for row in queries.totals(one("test.sum"), year, "12")] == ["12"]
    assert queries.totals(one("test.sum"), year, "120404", "province") == []
    assert queries.values_at(one("test.share"), year, "commune") == {
        "120404": Decimal("0.5"),
        "020801": Decimal("0.125"),
    }


def test_communes_without_data_are_counted():
    assert queries.without_data(one("test.sum"), "", Period.parse("2019")) == 1661 - 2


def test_lines_of_parts_have_gaps():
    months = [Period.parse("2019-01"), Period.parse("2019-02")]
    assert queries.lines_of_parts(one("test.sum"), ["12", "02"], months) == {
        "12": [12, None],
        "02": [None, None],
    }


def test_groups_and_national():
    groups = {group.en: [one.code for one in measures] for group, measures in queries.groups()}
    assert groups["Living conditions"] == [
        "cdb.families",
        "cdb.electricity",
        "cdb.latrines",
        "cdb.latrines_share",
    ]
    national = queries.national([one("test.sum")])["test.sum"]
    assert {figure.period.kind for figure in national} == {Kind.MONTH, Kind.YEAR}


def test_a_measure_nobody_opens():
    assert queries.opened(one("test.sum"), "", Period.parse("2019"), RESIDENT) is None


def test_a_page_asks_the_database_a_few_times_whatever_its_size(django_assert_max_num_queries):
    with django_assert_max_num_queries(2):  # one of them asks whether places have changed
        queries.parts(one("test.sum"), "", Period.parse("2019"))
    with django_assert_max_num_queries(1):
        queries.national(queries.measures())


def test_many_measures_of_one_place_at_once(django_assert_num_queries):
    wanted = [queries.measure(code) for code in ("test.sum", "test.share", "test.median")]
    period = Period.parse("2019")
    with django_assert_num_queries(1):
        found = queries.at_once(wanted, "120404", period)
    assert found == {one.code: queries.figure(one, "120404", period) for one in wanted}
    assert queries.at_once(wanted, "020801", Period.parse("2018")) == {}
