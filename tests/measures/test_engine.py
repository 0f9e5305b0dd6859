"""Does the roll-up's SQL agree with a plain recount, for any facts?"""

from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sala.kit.periods import Kind, Period
from sala.measures import engine, rules
from sala.measures.engine import Placed
from sala.measures.rules import Fact
from sala.measures.terms import Aggregation

CODES = {str(one): str(one) for one in Aggregation}
PLACES = st.sampled_from(
    [("", "", ""), ("12", "", ""), ("12", "1204", ""), ("12", "1204", "120404"), ("12", "1204", "120401"),
     ("12", "1201", "120101"), ("02", "0208", "020801"), ("02", "0208", "020802")]
)  # fmt: skip
PERIODS = st.sampled_from(
    ["2025-12-31", "2026-01", "2026-01-15", "2026-03", "2026-04", "2026-Q2", "2026", "2025", "2026-W05"]
)
numbers = st.one_of(
    st.integers(0, 100_000),
    st.decimals(Decimal("-1000"), Decimal("1000000"), places=6, allow_nan=False, allow_infinity=False),
)


@st.composite
def facts(draw):
    measure = draw(st.sampled_from(sorted(CODES)))
    place, period = draw(PLACES), draw(PERIODS)
    if measure == "ratio":
        bottom = draw(st.one_of(st.integers(0, 9), st.decimals(0, 5000, places=4)))
        return measure, place, period, None, draw(numbers), bottom
    return measure, place, period, draw(numbers), None, None


def placed(fact):
    measure, place, code, value, top, bottom = fact
    period = Period.parse(code)
    whole = [period.whole(kind) for kind in (Kind.MONTH, Kind.QUARTER, Kind.YEAR)]
    return Placed(measure, *place, *(one.code if one else None for one in whole), value, top, bottom)


def recount(given_facts):
    """Plainly: put every fact under each of its places and periods, then combine."""
    groups = defaultdict(list)
    for measure, place, code, value, top, bottom in given_facts:
        fact = Fact(measure, place[2] or place[1] or place[0], Period.parse(code), value, top, bottom)
        for key in {"", *(key for key in place if key)}:
            for kind in rules.ROLLED_KINDS:
                period = fact.period.whole(kind)
                if period is not None:
                    groups[measure, key, period.code].append(fact)
    return {key: rules.combine(Aggregation(key[0]), group) for key, group in groups.items()}


def close(a, b):
    if a is None or b is None:
        return a is b
    return abs(a - b) <= Decimal("1e-9") * max(Decimal(1), abs(b))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(facts(), max_size=60))
def test_the_sql_equals_a_plain_recount(tmp_path, drawn):
    count, rows = engine.roll((placed(fact) for fact in drawn), CODES, tmp_path)
    assert count == len(drawn)
    found = {(row.measure, row.place, row.period): row for row in rows}
    assert len(found) == len(rows)
    expected = recount(drawn)
    assert set(found) == set(expected)
    for key, (value, top, bottom, number) in expected.items():
        row = found[key]
        assert row.count == number
        assert close(row.value, value), key
        assert close(row.numerator, top), key
        assert close(row.denominator, bottom), key


def one(measure, values, tmp_path, place=("12", "1204", "120404"), period="2026-01"):
    _count, rows = engine.roll(
        [placed((measure, place, period, value, None, None)) for value in values], CODES, tmp_path
    )
    return next(row for row in rows if row.place == "" and row.kind == "month")


@pytest.mark.parametrize(
    ("values", "median", "p90"),
    [
        ([7], "7", "7"),
        ([1, 2], "1.5", "1.9"),
        ([10, 1, 5], "5", "9"),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "5.5", "9.1"),
        ([0, 0, 0, 100], "0", "70"),
    ],
)
def test_medians_and_percentiles_by_hand(tmp_path, values, median, p90):
    assert one("median", values, tmp_path).value == Decimal(median)
    assert one("p90", values, tmp_path).value == Decimal(p90)


def test_a_median_above_is_not_the_median_of_medians(tmp_path):
    facts = [
        placed(("median", ("12", "1204", "120404"), "2026-01", value, None, None))
        for value in (1, 1, 1, 1, 100)
    ]
    facts += [
        placed(("median", ("12", "1204", "120401"), "2026-02", value, None, None)) for value in (50, 60)
    ]
    _count, rows = engine.roll(facts, CODES, tmp_path)
    figures = {(row.place, row.period): row.value for row in rows}
    assert figures["120404", "2026-01"] == 1
    assert figures["120401", "2026-02"] == 55
    assert figures["1204", "2026-Q1"] == figures["", "2026"] == 1  # median of medians would be 28


def test_a_ratio_is_weighted_never_averaged(tmp_path):
    facts = [
        placed(("ratio", ("12", "1204", "120404"), "2026-01", None, 1, 1)),
        placed(("ratio", ("12", "1204", "120401"), "2026-01", None, 0, 99)),
    ]
    _count, rows = engine.roll(facts, CODES, tmp_path)
    figures = {row.place: row for row in rows if row.kind == "month"}
    assert figures["1204"].value == Decimal("0.01")
    assert (figures[""].numerator, figures[""].denominator, figures[""].count) == (1, 100, 2)


def test_no_data_is_no_row(tmp_path):
    assert engine.roll([], CODES, tmp_path) == (0, [])
    _count, rows = engine.roll([placed(("sum", ("12", "", ""), "2026", 3, None, None))], CODES, tmp_path)
    assert {(row.place, row.level, row.period) for row in rows} == {
        ("", "nation", "2026"),
        ("12", "province", "2026"),
    }
    _count, rows = engine.roll([placed(("sum", ("12", "", ""), "2026-W01", 3, None, None))], CODES, tmp_path)
    assert rows == []  # this week lies wholly in no month and no year


def test_sums_are_exact(tmp_path):
    values = [Decimal("0.1")] * 30 + [Decimal("12345678901.0000000001")]
    _count, rows = engine.roll(
        [placed(("sum", ("12", "", ""), "2026", value, None, None)) for value in values], CODES, tmp_path
    )
    assert {row.value for row in rows} == {Decimal("12345678904.0000000001")}


def test_a_hundred_thousand_facts_take_a_few_seconds(tmp_path):
    import time

    communes = [
        (f"{p:02}", f"{p:02}{d:02}", f"{p:02}{d:02}{c:02}")
        for p in range(1, 26)
        for d in range(1, 9)
        for c in range(1, 9)
    ]
    facts = [
        placed((sorted(CODES)[i % 5], communes[i % 1600], f"2026-{i % 12 + 1:02}", i % 977 if i % 5 != 3 else None,
                i % 2 if i % 5 == 3 else None, 1 if i % 5 == 3 else None))
        for i in range(100_000)
    ]  # fmt: skip
    began = time.perf_counter()
    count, rows = engine.roll(facts, CODES, tmp_path)
    assert count == 100_000 and len(rows) > 10_000
    assert time.perf_counter() - began < 10
