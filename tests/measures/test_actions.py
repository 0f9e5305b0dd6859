"""Does counting anew give the right figures, write only what has changed, and lose no fact in silence?"""

from decimal import Decimal

import pytest

from sala.kit.periods import Period
from sala.measures import actions, queries, registry
from sala.measures.models import RollUp, Total
from sala.measures.rules import Fact, Measure, Text
from sala.measures.terms import Aggregation, Level, Unit

pytestmark = pytest.mark.django_db
WORDS = Text("សាក", "test")
JAN, FEB = Period.parse("2019-01"), Period.parse("2019-02-03")
FACTS: list[Fact] = []


def source():
    return iter(FACTS)


@pytest.fixture(autouse=True)
def measures():
    common = {"name": WORDS, "what": WORDS, "rule": WORDS, "group": WORDS}
    registry.declare(
        Measure(code="test.sum", unit=Unit.COUNT, aggregation=Aggregation.SUM, **common),
        Measure(code="test.share", unit=Unit.SHARE, aggregation=Aggregation.RATIO, **common),
        Measure(code="test.median", unit=Unit.MINUTES, aggregation=Aggregation.MEDIAN, **common),
        facts=source,
    )
    FACTS[:] = [
        Fact("test.sum", "120404", JAN, 3),
        Fact("test.sum", "120401", FEB, 4),
        Fact("test.sum", "1204", FEB, 1),
        Fact("test.sum", "020801", FEB, 10),
        Fact("test.share", "120404", JAN, numerator=1, denominator=4),
        Fact("test.share", "020801", JAN, numerator=0, denominator=0),
        Fact("test.median", "120404", JAN, 5),
        Fact("test.median", "120401", JAN, 100),
    ]
    yield
    for code in ("test.sum", "test.share", "test.median"):
        registry.forget(code)


def value(code, place, period):
    total = queries.figure(queries.measure(code), place, Period.parse(period)).total
    return (total.value, total.count) if total else None


def test_all_levels_and_periods_at_once():
    actions.roll_up()
    assert value("test.sum", "120404", "2019-01") == (3, 1)
    assert value("test.sum", "1204", "2019-02") == (5, 2)  # its own fact and its commune's, each once
    assert value("test.sum", "1204", "2019-Q1") == (8, 3)
    assert value("test.sum", "12", "2019") == (8, 3)
    assert value("test.sum", "", "2019") == (18, 4)
    assert value("test.sum", "", "2018") is None
    assert value("test.median", "", "2019") == (Decimal("52.5"), 2)
    assert value("test.share", "", "2019") == (Decimal("0.25"), 2)
    assert value("test.share", "02", "2019") == (None, 1)  # nothing to divide by is not 0


def test_rows_know_their_line():
    actions.roll_up()
    row = Total.objects.get(measure="test.sum", place="120404", period="2019")
    assert (row.level, row.province, row.district, row.kind) == (Level.COMMUNE, "12", "1204", "year")


def test_only_what_has_changed_is_written():
    actions.roll_up()
    kept = Total.objects.get(measure="test.sum", place="02", period="2019")
    assert actions.roll_up().changed == 0
    FACTS.append(Fact("test.sum", "120404", JAN, 1))
    last = actions.roll_up()
    # month, quarter and year of commune, district, province and nation
    assert last.changed == 12
    assert value("test.sum", "", "2019-01") == (4, 2)
    assert Total.objects.get(measure="test.sum", place="02", period="2019").pk == kept.pk


def test_what_is_no_longer_counted_goes():
    actions.roll_up()
    FACTS[:] = [fact for fact in FACTS if fact.place != "020801"]
    actions.roll_up()
    assert value("test.sum", "02", "2019") is None
    assert value("test.sum", "", "2019") == (8, 3)


def test_a_new_rule_version_rewrites_its_figures():
    actions.roll_up()
    registry.declare(
        Measure(
            code="test.sum",
            unit=Unit.COUNT,
            aggregation=Aggregation.SUM,
            version=2,
            name=WORDS,
            what=WORDS,
            rule=WORDS,
        ),
        facts=source,
    )
    assert actions.roll_up().changed == Total.objects.filter(measure="test.sum").count()
    assert set(Total.objects.filter(measure="test.sum").values_list("rule_version", flat=True)) == {2}


def test_facts_that_can_not_be_counted_are_named(caplog):
    FACTS.extend(
        [
            Fact("test.nothing", "120404", JAN, 1, source="A"),
            Fact("test.sum", "999999", JAN, 1, source="B"),
            Fact("test.sum", "120404", JAN, source="C"),
            Fact("test.share", "120404", JAN, numerator=1, denominator=-1, source="D"),
        ]
    )
    last = actions.roll_up()
    assert [line.rsplit(": ", 1)[1] for line in last.refused] == [
        "no such measure", "no such place", "no value", "the denominator is negative"
    ]  # fmt: skip
    assert "4 facts left out" in caplog.text
    assert value("test.sum", "", "2019") == (18, 4)


def test_the_count_says_when():
    actions.roll_up()
    last = queries.last_count()
    assert last.totals == Total.objects.count()
    assert RollUp.objects.count() == 1
    assert last.facts >= len(FACTS)


def test_if_the_totals_can_not_be_written_the_old_ones_stand(monkeypatch):
    actions.roll_up()
    FACTS.append(Fact("test.sum", "120404", JAN, 1))
    before = Total.objects.count()
    monkeypatch.setattr(RollUp, "save", lambda *_args, **_more: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        actions.roll_up()
    assert value("test.sum", "", "2019") == (18, 4)
    assert Total.objects.count() == before


def test_a_job_counts_every_five_minutes():
    from datetime import timedelta

    from sala.jobs import registry as jobs

    job = jobs.jobs()["measures.roll_up"]
    assert (job.every, job.run) == (timedelta(minutes=5), actions.roll_up)


def test_of_many_bad_facts_a_hundred_are_named_and_all_are_counted(caplog):
    FACTS.extend(Fact("test.sum", "999999", JAN, 1, source=str(number)) for number in range(130))
    assert len(actions.roll_up().refused) == 100
    assert "130 facts left out" in caplog.text


def test_a_share_that_has_a_whole_at_last_is_written():
    actions.roll_up()
    assert value("test.share", "020801", "2019-01") == (None, 1)
    FACTS[:] = [Fact("test.share", "020801", JAN, numerator=1, denominator=2)]
    actions.roll_up()
    assert value("test.share", "020801", "2019-01") == (Decimal("0.5"), 1)
