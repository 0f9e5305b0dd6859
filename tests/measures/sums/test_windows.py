"""Is a time that is moved, cut or joined the time that is meant?"""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sala.kit.periods import Kind, Period
from sala.measures.sums.windows import ALL_TIME, Shift, ToDate, common, covers, in_year, moved, union


def days(*codes):
    return tuple((Period.parse(code).first, Period.parse(code).last) for code in codes)


@pytest.mark.parametrize(
    ("start", "steps", "end"),
    [
        (days("2017-03"), [Shift(-1)], days("2017-02")),
        (days("2016-02"), [Shift(12)], days("2017-02")),
        (days("2017-Q1"), [Shift(-3)], days("2016-Q4")),
        (days("2017"), [Shift(-1)], ((date(2016, 12, 1), date(2017, 11, 30)),)),
        (days("2017-05"), [ToDate()], ((date(2017, 1, 1), date(2017, 5, 31)),)),
        (days("2017-05"), [Shift(-12), ToDate()], ((date(2016, 1, 1), date(2016, 5, 31)),)),
        (days("2017-01"), [ToDate(), Shift(-1)], days("2016-12")),
        ((ALL_TIME,), [Shift(-1), ToDate()], (ALL_TIME,)),
        (days("0001-01"), [Shift(-1)], None),
        (days("9999-12"), [Shift(1)], None),
        ((), [ToDate()], ()),
    ],
)
def test_moving(start, steps, end):
    assert moved(start, steps) == end


def test_neighbours_become_one_and_only_they():
    assert union(days("2017-03", "2017-01", "2017-02")) == days("2017-Q1")
    assert len(union(days("2017-01", "2017-03"))) == 2
    assert union([ALL_TIME, *days("2017")]) == (ALL_TIME,)
    assert covers(union(days("2017-01", "2017-02", "2017-03")), Period.parse("2017-Q1"))
    assert not covers(days("2017-01", "2017-03"), Period.parse("2017-Q1"))
    assert common(days("2017"), days("2016-12", "2017-02")) == days("2017-02")


def test_numbers_of_periods():
    assert in_year(days("2017-05"), Kind.MONTH, False) == 5
    assert in_year(days("2017-Q3"), Kind.QUARTER, False) == 3
    assert in_year(days("2017"), Kind.YEAR, False) == 1
    assert [
        in_year(days("2017"), kind, True) for kind in (Kind.MONTH, Kind.QUARTER, Kind.HALF, Kind.YEAR)
    ] == [12, 4, 2, 1]
    assert (
        in_year((ALL_TIME,), Kind.YEAR, False) is None and in_year(days("2017-W03"), Kind.WEEK, False) is None
    )


@given(st.dates(date(1000, 1, 1), date(3000, 1, 1)), st.sampled_from([Kind.MONTH, Kind.QUARTER, Kind.YEAR]), st.integers(-30, 30))  # fmt: skip
def test_a_period_moved_by_its_own_length_is_a_period(day, kind, times):
    period = Period.containing(day, kind)
    length = {Kind.MONTH: 1, Kind.QUARTER: 3, Kind.YEAR: 12}[kind]
    there = moved([(period.first, period.last)], [Shift(length * times)])
    assert there is not None
    other = Period.containing(there[0][0], kind)
    assert there == ((other.first, other.last),)
    assert moved(there, [Shift(-length * times)]) == ((period.first, period.last),)
