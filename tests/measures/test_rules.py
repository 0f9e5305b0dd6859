"""Do facts become figures by the rule, and are figures rounded only at the end?"""

import itertools
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sala.kit.periods import Kind, Period
from sala.measures import rules
from sala.measures.rules import Fact, Measure, Text, Total
from sala.measures.terms import Aggregation, Level, Unit

YEAR = Period.parse("2026")
WORDS = Text("ក", "a")


def measure(aggregation=Aggregation.SUM, unit=Unit.COUNT, **more):
    return Measure(code="t.m", name=WORDS, what=WORDS, rule=WORDS, unit=unit, aggregation=aggregation, **more)


def fact(value=None, top=None, bottom=None):
    return Fact("t.m", "", YEAR, value, top, bottom)


@pytest.mark.parametrize(
    ("aggregation", "values", "expected"),
    [
        ("sum", [1, 2, Decimal("0.1")], "3.1"),
        ("average", [1, 2, 6], "3"),
        ("median", [5, 1, 3], "3"),
        ("median", [1, 2, 3, 10], "2.5"),
        ("p90", list(range(1, 12)), "10"),
        ("p90", [4], "4"),
    ],
)
def test_combining_by_hand(aggregation, values, expected):
    value, _top, _bottom, count = rules.combine(Aggregation(aggregation), [fact(value) for value in values])
    assert value == Decimal(expected)
    assert count == len(values)


def test_a_ratio_is_the_sum_of_parts_out_of_the_sum_of_wholes():
    value, top, bottom, count = rules.combine(Aggregation.RATIO, [fact(None, 1, 1), fact(None, 0, 3)])
    assert (value, top, bottom, count) == (Decimal("0.25"), 1, 4, 2)


def test_nothing_to_divide_by_is_no_value_but_a_counted_fact():
    assert rules.combine(Aggregation.RATIO, [fact(None, 0, 0)]) == (None, 0, 0, 1)


@pytest.mark.parametrize("aggregation", list(Aggregation))
def test_no_facts_no_value(aggregation):
    assert rules.combine(aggregation, [])[0] is None


@given(st.lists(st.integers(-1000, 1000), min_size=1), st.randoms())
def test_order_does_not_matter(values, random):
    shuffled = values[:]
    random.shuffle(shuffled)
    for aggregation in (Aggregation.SUM, Aggregation.AVERAGE, Aggregation.MEDIAN, Aggregation.P90):
        assert rules.combine(aggregation, map(fact, values)) == rules.combine(
            aggregation, map(fact, shuffled)
        )


@given(st.lists(st.integers(0, 1000), min_size=1))
def test_a_percentile_lies_among_the_values(values):
    assert (
        min(values)
        <= rules.percentile(values, Decimal("0.5"))
        <= rules.percentile(values, Decimal("0.9"))
        <= max(values)
    )


def test_a_percentile_of_nothing_is_refused():
    with pytest.raises(ValueError, match="no values"):
        rules.percentile([], Decimal("0.5"))


@pytest.mark.parametrize(
    ("aggregation", "given_fact", "fault"),
    [
        ("sum", fact(1), ""),
        ("sum", fact(None, 1, 2), "no value"),
        ("ratio", fact(None, 1, 2), ""),
        ("ratio", fact(1), "a ratio needs numerator and denominator"),
        ("ratio", fact(None, 1, -2), "the denominator is negative"),
    ],
)
def test_faults_of_facts(aggregation, given_fact, fault):
    assert rules.faults(given_fact, measure(Aggregation(aggregation))) == fault


def test_a_ratio_is_read_from_its_parts_not_from_the_stored_quotient():
    total = Total("t.m", "", "nation", "2026", Decimal("0.3333333333"), Decimal(1), Decimal(3), 3)
    assert rules.exact(total, measure(Aggregation.RATIO, Unit.SHARE)) == Decimal(1) / 3
    nothing = Total("t.m", "", "nation", "2026", None, Decimal(0), Decimal(0), 1)
    assert rules.exact(nothing, measure(Aggregation.RATIO, Unit.SHARE)) is None
    assert rules.exact(total, measure(Aggregation.SUM)) == Decimal("0.3333333333")


def test_periods_from_the_finest_up():
    assert measure().periods == (Kind.MONTH, Kind.QUARTER, Kind.YEAR)
    assert measure(finest=Kind.YEAR).periods == (Kind.YEAR,)
    assert measure(version=3).rule_version == "t.m v3"


def test_texts_in_both_languages():
    one = measure()
    assert (one.name_km, one.name_en) == (WORDS.name_km, WORDS.name_en) == ("ក", "a")
    assert WORDS.as_dict() == {"km": "ក", "en": "a"}


def test_levels_below():
    assert rules.level_below(Level.NATION) is Level.PROVINCE
    assert rules.level_below(Level.DISTRICT) is Level.COMMUNE
    assert rules.level_below(Level.COMMUNE) is None


@given(
    st.lists(st.decimals(0, 1, places=4), max_size=40),
    st.sampled_from([(Unit.SHARE, 1), (Unit.COUNT, 1000), (Unit.MINUTES, 5000), (Unit.POINTS, 5)]),
)
def test_classes_always_rise(values, unit):
    kind, factor = unit
    limits = rules.classes([value * factor for value in values], measure(unit=kind))
    assert len(limits) == 4
    assert all(a < b for a, b in itertools.pairwise(limits))


def test_a_wide_share_has_fixed_classes():
    values = [Decimal(n) / 10 for n in range(11)]
    assert rules.classes(values, measure(unit=Unit.SHARE)) == tuple(Decimal(n) / 5 for n in (1, 2, 3, 4))
    assert rules.classes([], measure()) == tuple(Decimal(n) / 5 for n in (1, 2, 3, 4))
    assert rules.classes([Decimal(n) for n in range(1001)], measure()) == (200, 400, 600, 800)
