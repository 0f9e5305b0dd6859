"""Names of records: in the order of their moments, with a lower bound for each."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sala.kit import ids

MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC))


@given(MOMENTS)
def test_the_least_name_of_a_moment_parts_what_was_before_from_what_is_then(at: datetime) -> None:
    assert ids.uuid7(at - timedelta(milliseconds=1)) < ids.least(at) <= ids.uuid7(at)


@given(MOMENTS)
def test_of_two_records_of_one_millisecond_the_first_sorts_first(at: datetime) -> None:
    names = [ids.uuid7(at + timedelta(microseconds=step)) for step in range(5)]
    assert names == sorted(names)
    assert {name.version for name in names} == {7}


def test_moments_before_all_records_have_a_least_name_too() -> None:
    assert ids.least(datetime(1830, 1, 1, tzinfo=UTC)).int == 0
