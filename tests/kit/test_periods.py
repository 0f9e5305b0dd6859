"""Do periods name, order and split the calendar rightly?"""

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sala.kit.periods import Kind, Period

days = st.dates(date(2, 1, 5), date(9998, 12, 20))
kinds = st.sampled_from(list(Kind))


@pytest.mark.parametrize(
    ("code", "kind", "first", "last", "km", "en"),
    [
        ("2026-11-24", "day", "2026-11-24", "2026-11-24", "ថ្ងៃទី២៤ ខែវិច្ឆិកា ឆ្នាំ២០២៦", "24 November 2026"),
        ("2026-W53", "week", "2026-12-28", "2027-01-03", "សប្តាហ៍ទី៥៣ ឆ្នាំ២០២៦", "Week 53, 2026"),
        ("2024-02", "month", "2024-02-01", "2024-02-29", "ខែកុម្ភៈ ឆ្នាំ២០២៤", "February 2024"),
        ("2026-Q1", "quarter", "2026-01-01", "2026-03-31", "ត្រីមាសទី១ ឆ្នាំ២០២៦", "Quarter 1, 2026"),
        ("2026-Q4", "quarter", "2026-10-01", "2026-12-31", "ត្រីមាសទី៤ ឆ្នាំ២០២៦", "Quarter 4, 2026"),
        ("2026-H2", "half", "2026-07-01", "2026-12-31", "ឆមាសទី២ ឆ្នាំ២០២៦", "Half-year 2, 2026"),
        ("2026", "year", "2026-01-01", "2026-12-31", "ឆ្នាំ២០២៦", "2026"),
    ],
)
def test_named_examples(code, kind, first, last, km, en):
    period = Period.parse(code)
    assert (period.kind, period.code) == (kind, code)
    assert (period.first.isoformat(), period.last.isoformat()) == (first, last)
    assert (period.label("km"), period.label("en")) == (km, en)


@pytest.mark.parametrize(
    "text",
    ["", "26", "2026-13", "2026-00", "2026-Q5", "2026-Q0", "2026-H3", "2026-W54", "2025-W53", "2026-W00", "2026-02-30",
     "2026-1", " 2026", "2026 ", "2026\n", "២០២៦", "0000", "2026-11-24T00:00", "2026Q4", "-2026", "2026-q1"],
)  # fmt: skip
def test_what_is_no_period_is_refused(text):
    with pytest.raises(ValueError):
        Period.parse(text)


@given(days, kinds)
def test_the_code_names_the_period_again(day, kind):
    period = Period.containing(day, kind)
    assert day in period
    assert Period.parse(period.code) == period


@given(days, kinds)
def test_neighbours_touch_without_gap_or_overlap(day, kind):
    period = Period.containing(day, kind)
    assert period.next().first - period.last == timedelta(days=1)
    assert period.next().previous() == period
    assert period < period.next()


@given(days, kinds, kinds)
def test_parts_lie_inside_and_cover_where_they_nest(day, whole, part):
    period = Period.containing(day, whole)
    parts = list(period.parts(part))
    assert all(one in period and one.kind == part for one in parts)
    assert all(b.first - a.last == timedelta(days=1) for a, b in itertools.pairwise(parts))
    order = [Kind.DAY, Kind.MONTH, Kind.QUARTER, Kind.HALF, Kind.YEAR]
    if whole in order and part in order and order.index(part) <= order.index(whole):
        assert (parts[0].first, parts[-1].last) == (period.first, period.last)
        assert all(one.whole(whole) == period for one in parts)


@given(days, kinds)
def test_a_year_before_is_of_the_same_kind_and_one_year_earlier(day, kind):
    period = Period.containing(day, kind)
    before = period.a_year_before()
    assert before.kind == kind
    assert before.year == period.year - 1


def test_odd_corners_of_the_calendar():
    assert Period.parse("2024-02-29").a_year_before().code == "2023-02-28"
    assert Period.parse("2026-W53").a_year_before().code == "2025-W52"
    assert Period.parse("2026-W01").whole("month") is None  # it begins in December
    assert Period.parse("2026-W01").year == 2026
    assert list(Period.parse("2026-01").parts("year")) == []
    assert len(list(Period.parse("2026").parts("week"))) == 51  # weeks 1 and 53 reach into other years
    with pytest.raises(ValueError):
        Period.parse("9999").next()
    with pytest.raises(ValueError):
        Period.parse("0001").previous()
    assert list(Period.parse("9999-12").parts("day"))[-1].last == date.max


def test_short_names():
    assert Period.parse("2026-01").short("km") == "មករា"
    assert Period.parse("2026-01").short("en") == "Jan"
    assert Period.parse("2026-Q3").short("km") == "ត្រី៣"
    assert Period.parse("2026-Q3").short("en") == "Q3"
    assert Period.parse("2026").short("km") == "២០២៦"
    assert Period.parse("2026-11-24").short("en") == "24/11"
