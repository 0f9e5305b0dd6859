"""Working days and minutes: examples a clerk recognises, and what must hold for every calendar."""

import csv
from datetime import date, datetime, time, timedelta
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sala.kit.days import Calendar

ZONE = ZoneInfo("Asia/Phnom_Penh")
DAY = ((time(7, 30), time(11, 30)), (time(14), time(17, 30)))
HOURS = dict.fromkeys(range(5), DAY)
WATER = {date(2026, 11, day): {"km": "បុណ្យអុំទូក", "en": "Water Festival"} for day in (23, 24, 25)}
CALENDAR = Calendar(HOURS, WATER, ZONE)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-11-16 09:00", 3, "2026-11-19 17:30"),
        ("2026-11-16 09:00", 0, "2026-11-16 17:30"),
        ("2026-11-16 06:00", 1, "2026-11-17 17:30"),  # before opening is the same day
        ("2026-11-16 12:30", 1, "2026-11-17 17:30"),  # over lunch too
        ("2026-11-16 17:30", 1, "2026-11-18 17:30"),  # at closing: as come on Tuesday
        ("2026-11-20 09:00", 1, "2026-11-26 17:30"),  # Friday before the Water Festival: Thursday after
        ("2026-11-20 18:00", 1, "2026-11-27 17:30"),  # Friday evening: as come on Thursday
        ("2026-11-21 10:00", 1, "2026-11-27 17:30"),  # Saturday: as come on Thursday
        ("2026-11-24 10:00", 2, "2026-11-30 17:30"),  # in the festival
    ],
)
def test_due_after_days(start: str, days: int, due: str) -> None:
    assert CALENDAR.add_days(at(start), days) == at(due)


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        ("2026-11-16 09:00", 60, "2026-11-16 10:00"),
        ("2026-11-16 11:00", 60, "2026-11-16 14:30"),  # lunch is not counted
        ("2026-11-16 11:00", 30, "2026-11-16 11:30"),
        ("2026-11-20 17:00", 60, "2026-11-26 08:00"),  # over the weekend and the festival
        ("2026-11-20 17:00", 30, "2026-11-20 17:30"),
        ("2026-11-21 10:00", 450, "2026-11-26 17:30"),
        ("2026-11-16 09:00", 0, "2026-11-16 09:00"),
    ],
)
def test_due_after_minutes(start: str, minutes: int, due: str) -> None:
    assert CALENDAR.add_minutes(at(start), minutes) == at(due)
    assert CALENDAR.minutes_between(at(start), at(due)) == minutes


def test_a_working_day_has_450_minutes() -> None:
    assert CALENDAR.minutes_a_day == 450
    assert CALENDAR.minutes_between(at("2026-11-16 00:00"), at("2026-11-17 00:00")) == 450


def test_days_between_and_uncounted() -> None:
    assert CALENDAR.working_days_between(date(2026, 11, 20), date(2026, 11, 26)) == 1
    assert CALENDAR.working_days_between(date(2026, 11, 26), date(2026, 11, 20)) == -1
    assert CALENDAR.working_days_between(date(2026, 11, 20), date(2026, 11, 25)) == 0
    assert [day.day for day, _ in CALENDAR.uncounted(date(2026, 11, 20), at("2026-11-24 09:00"))] == [23, 24]
    assert CALENDAR.uncounted(date(2026, 11, 1), date(2026, 12, 1))[0][1]["en"] == "Water Festival"


def test_a_holiday_on_a_sunday_is_not_uncounted() -> None:
    calendar = Calendar(HOURS, {date(2026, 11, 22): {"km": "ឆ", "en": "x"}}, ZONE)
    assert calendar.uncounted(date(2026, 11, 1), date(2026, 11, 30)) == []


def test_open_and_next_working_day() -> None:
    assert CALENDAR.is_open(at("2026-11-20 07:30"))
    assert not CALENDAR.is_open(at("2026-11-20 11:30"))
    assert not CALENDAR.is_open(at("2026-11-24 09:00"))
    assert CALENDAR.next_working_day(date(2026, 11, 21)) == date(2026, 11, 26)
    assert CALENDAR.next_working_day(date(2026, 11, 26)) == date(2026, 11, 26)
    with pytest.raises(ValueError, match="not a working day"):
        CALENDAR.closing(date(2026, 11, 24))


def test_waiting_for_the_applicant_is_not_counted() -> None:
    asked, answered = at("2026-11-17 09:00"), at("2026-11-18 09:00")
    start, end = at("2026-11-16 09:00"), at("2026-11-19 09:00")
    assert CALENDAR.minutes_between(start, end) == 3 * 450
    assert CALENDAR.minutes_between(start, end, [(asked, answered)]) == 2 * 450
    assert CALENDAR.minutes_between(start, end, [(asked, answered), (asked, answered)]) == 2 * 450
    assert CALENDAR.minutes_between(start, end, [(asked, None)]) == 450
    assert (
        CALENDAR.add_days(start, 3) == CALENDAR.add_days(start, 3, [(asked, None)]) == at("2026-11-19 17:30")
    )
    assert CALENDAR.add_days(start, 3, [(asked, answered)]) == at("2026-11-20 17:30")
    assert CALENDAR.add_days(start, 3, [(at("2026-11-21 09:00"), at("2026-11-22 09:00"))]) == at(
        "2026-11-19 17:30"
    )


def test_left_and_overdue() -> None:
    due = at("2026-11-20 17:30")
    left = CALENDAR.left(at("2026-11-18 17:00"), due)
    assert (left.minutes, left.days, left.overdue) == (930, 2, False)
    late = CALENDAR.left(at("2026-11-20 18:00"), due)
    assert (late.minutes, late.days, late.overdue) == (-1, 0, True)
    late = CALENDAR.left(at("2026-11-26 08:00"), due)
    assert (late.minutes, late.days, late.overdue) == (-30, -1, True)
    assert CALENDAR.overdue(at("2026-11-20 17:31"), due)
    assert not CALENDAR.overdue(due, due)


def test_an_office_that_never_closes() -> None:
    calendar = Calendar({weekday: ((time(0), time(0)),) for weekday in range(7)}, {}, ZONE)
    assert calendar.minutes_a_day == 1440
    assert calendar.add_minutes(at("2026-11-16 22:00"), 120) == at("2026-11-17 00:00")
    assert calendar.add_days(at("2026-11-16 22:00"), 1) == at("2026-11-18 00:00")


@pytest.mark.parametrize(
    "hours",
    [{}, {0: ()}, {0: ((time(9), time(8)),)}, {0: ((time(8), time(11)), (time(10), time(12)))}],
)
def test_hours_that_can_not_be(hours: dict[int, tuple[tuple[time, time], ...]]) -> None:
    with pytest.raises(ValueError, match="open"):
        Calendar(hours, {}, ZONE)


def test_refuses_naive_moments_and_negative_amounts() -> None:
    naive = datetime(2026, 11, 16, 9)
    for call in (
        lambda: CALENDAR.add_days(naive, 1),
        lambda: CALENDAR.add_days(at("2026-11-16 09:00"), -1),
        lambda: CALENDAR.add_minutes(at("2026-11-16 09:00"), -1),
    ):
        with pytest.raises(ValueError, match=r"zone|negative"):
            call()


FIRST = datetime(2025, 1, 1, tzinfo=ZONE)
moments = st.integers(0, 3 * 365 * 24 * 3600).map(lambda seconds: FIRST + timedelta(seconds=seconds))
holidays = st.frozensets(
    st.integers(0, 3 * 366).map(lambda day: FIRST.date() + timedelta(days=day)), max_size=90
)
weeks = st.dictionaries(
    st.integers(0, 6),
    st.lists(st.integers(0, 1439), min_size=2, max_size=6, unique=True)
    .map(sorted)
    .map(
        lambda cuts: tuple(
            (time(a // 60, a % 60), time(b // 60, b % 60))
            for a, b in zip(cuts[::2], cuts[1::2], strict=False)
        )
    ),
    min_size=1,
)
NAME = {"km": "ថ្ងៃឈប់សម្រាក", "en": "Holiday"}


def calendar_of(week: dict[int, tuple[tuple[time, time], ...]], days: frozenset[date]) -> Calendar:
    return Calendar(week, dict.fromkeys(days, NAME), ZONE)


def naive_minutes(
    calendar_week: dict[int, tuple[tuple[time, time], ...]], days: frozenset[date], a: datetime, b: datetime
) -> int:
    """Day by day, interval by interval: slow and plain."""
    total, day = 0, a.date()
    a, b = a.replace(second=0, microsecond=0), b.replace(second=0, microsecond=0)
    while day <= b.date():
        if day not in days:
            for start, end in calendar_week.get(day.weekday(), ()):
                begin = max(datetime.combine(day, start, ZONE), a)
                close = min(datetime.combine(day, end, ZONE), b)
                total += max(0, int((close - begin).total_seconds()) // 60)
        day += timedelta(days=1)
    return total


@given(weeks, holidays, moments, st.integers(0, 60 * 24 * 40))
def test_measures_as_a_plain_walk_over_the_days(week, days, a, length) -> None:
    b = a + timedelta(minutes=length)
    assert calendar_of(week, days).minutes_between(a, b) == naive_minutes(week, days, a, b)


@given(weeks, holidays, moments, st.integers(1, 20000))
def test_add_then_measure_is_inverse(week, days, start, n) -> None:
    calendar = calendar_of(week, days)
    due = calendar.add_minutes(start, n)
    assert calendar.minutes_between(start, due) == n
    assert (
        calendar.minutes_between(start, due - timedelta(minutes=1)) == n - 1
    )  # and no earlier moment would do


@given(weeks, holidays, moments, moments, moments)
def test_measuring_is_additive_over_splits(week, days, a, b, c) -> None:
    calendar = calendar_of(week, days)
    assert calendar.minutes_between(a, b) + calendar.minutes_between(b, c) == calendar.minutes_between(a, c)


@given(weeks, holidays, moments, st.integers(0, 200))
def test_the_nth_working_day(week, days, start, n) -> None:
    calendar = calendar_of(week, days)
    due = calendar.add_days(start, n)
    first = start.date()
    if calendar.is_working_day(first) and start >= calendar.closing(first):
        first += timedelta(days=1)
    while not calendar.is_working_day(first):
        first += timedelta(days=1)
    assert due == calendar.closing(due.date())
    assert calendar.working_days_between(first, due.date()) == n
    assert due >= start


@given(weeks, holidays, moments, st.integers(0, 60), st.integers(0, 9000), st.integers(0, 3 * 366))
def test_a_holiday_added_never_shortens(week, days, start, n, minutes, extra) -> None:
    before = calendar_of(week, days)
    after = calendar_of(week, days | {FIRST.date() + timedelta(days=extra)})
    assert after.add_days(start, n) >= before.add_days(start, n)
    assert after.add_minutes(start, minutes) >= before.add_minutes(start, minutes)


@given(weeks, holidays, moments, st.integers(1, 9000), st.lists(st.tuples(moments, moments), max_size=4))
def test_pauses_shift_the_due_moment_by_their_working_time(week, days, start, n, spans) -> None:
    calendar = calendar_of(week, days)
    pauses = [(min(span), max(span)) for span in spans]
    due = calendar.add_minutes(start, n, pauses)
    assert due >= calendar.add_minutes(start, n)
    assert calendar.minutes_between(start, due, pauses) == n


def test_is_fast_enough_for_a_demonstration_year() -> None:
    start, begun = at("2026-01-05 09:10"), perf_counter()
    for step in range(10_000):
        CALENDAR.minutes_between(start, CALENDAR.add_minutes(start, step))
    assert perf_counter() - begun < 1.0


PACK = Path(__file__).parents[2] / "src/sala/countries/kh"
# a feast: its days as lunar month and day of the month from 1
FEASTS = {
    "Visak Bochea": [("ពិសាខ", 15)],
    "Royal Ploughing Ceremony": [("ពិសាខ", 19)],
    "Pchum Ben": [("ភទ្របទ", 29), ("ភទ្របទ", 30), ("អស្សុជ", 1)],
    "Water Festival": [("កត្តិក", 14), ("កត្តិក", 15), ("កត្តិក", 16)],
}


def pack_holidays() -> dict[date, dict[str, str]]:
    with (PACK / "holidays.csv").open(encoding="utf-8", newline="") as file:
        return {date.fromisoformat(row["date"]): row for row in csv.DictReader(file)}


@pytest.mark.parametrize("year", [2025, 2026, 2027])
def test_lunar_holidays_of_the_pack_follow_its_lunar_months(year: int) -> None:
    with (PACK / "lunar_months.csv").open(encoding="utf-8", newline="") as file:
        months = [(date.fromisoformat(row["first_day"]), row["month_km"]) for row in csv.DictReader(file)]
    holidays = pack_holidays()
    for name, days in FEASTS.items():
        expected = {
            first + timedelta(days=day - 1)
            for month, day in days
            for first, month_km in months
            if month_km == month and (first + timedelta(days=day - 1)).year == year
        }
        found = {day for day, row in holidays.items() if name in row["name_en"] and day.year == year}
        assert found == expected
    assert all(row["status"] in ("fixed", "predicted") and row["source"] for row in holidays.values())


def test_the_packs_water_festival_is_known_to_every_clerk() -> None:
    calendar = Calendar(HOURS, pack_holidays(), ZONE)
    assert calendar.add_days(at("2026-11-20 09:00"), 1) == at("2026-11-26 17:30")
    assert [day.isoformat() for day, _ in calendar.uncounted(date(2026, 11, 1), date(2026, 11, 30))] == [
        "2026-11-09",
        "2026-11-23",
        "2026-11-24",
        "2026-11-25",
    ]
