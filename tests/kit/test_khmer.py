"""Are numbers, dates, hours and the lunar date line written as officials write them?"""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sala.kit import khmer

TABLE = Path(khmer.__file__).parents[1] / "countries" / "kh" / "lunar_months.csv"
DAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("n", "decimals", "km", "en"),
    [
        (12345.6, 1, "១២.៣៤៥,៦", "12,345.6"),
        (0, 0, "០", "0"),
        (999, 0, "៩៩៩", "999"),
        (1000, 0, "១.០០០", "1,000"),
        (Decimal("2.5"), 0, "៣", "3"),
        (0.005, 2, "០,០១", "0.01"),
        (-1234, 0, "−១.២៣៤", "−1,234"),
        (16609.31, 2, "១៦.៦០៩,៣១", "16,609.31"),
    ],
)
def test_number(n: float, decimals: int, km: str, en: str) -> None:
    assert khmer.number(n, "km", decimals) == km
    assert khmer.number(n, "en", decimals) == en == khmer.figure(n, decimals)


@given(st.integers(min_value=-(10**12), max_value=10**12))
def test_a_number_can_be_read_back(n: int) -> None:
    text = khmer.ascii_digits(khmer.number(n, "km")).replace(".", "").replace("−", "-")
    assert int(text) == n


@given(st.text())
def test_digits_turn_and_return(text: str) -> None:
    assert khmer.ascii_digits(khmer.digits(text)) == khmer.ascii_digits(text)


def test_percent() -> None:
    assert khmer.percent(0.875, "km") == "៨៧,៥%"
    assert khmer.percent(Decimal("0.92"), "km") == "៩២%"
    assert khmer.percent(1, "en") == "100%"
    assert khmer.percent(0.8889, "en") == "88.9%"
    assert khmer.percent(0.8999, "en") == "90%"


def test_money() -> None:
    assert khmer.money(4000, "km") == "៤.០០០ រៀល"
    assert khmer.money(4000, "en") == "4,000 riel"


def test_dates() -> None:
    assert khmer.date_long(DAY, "km") == "ថ្ងៃសុក្រ ទី២០ ខែវិច្ឆិកា ឆ្នាំ២០២៦"
    assert khmer.date_long(DAY, "en") == "Friday 20 November 2026"
    assert khmer.date_long(DAY, "km", year=False) == "ថ្ងៃសុក្រ ទី២០ ខែវិច្ឆិកា"
    assert khmer.date_long(date(2023, 1, 5), "km", week=False) == "ថ្ងៃទី៥ ខែមករា ឆ្នាំ២០២៣"
    assert khmer.date_long(DAY, "en", week=False, year=False) == "20 November"
    assert khmer.date_short(DAY, "km") == "២០ វិច្ឆិកា ២០២៦"
    assert khmer.date_short(DAY, "en", year=False) == "20 November"
    assert khmer.month(DAY, "km") == "ខែវិច្ឆិកា ឆ្នាំ២០២៦"
    assert khmer.month(DAY, "en") == "November 2026"
    assert khmer.date_long(date(2023, 8, 17), "km") == "ថ្ងៃព្រហស្បតិ៍ ទី១៧ ខែសីហា ឆ្នាំ២០២៣"


@pytest.mark.parametrize(
    ("hour", "minute", "km", "en", "staff_km", "staff_en"),
    [
        (14, 15, "ម៉ោង ២:១៥ រសៀល", "2:15 pm", "១៤:១៥", "14:15"),
        (8, 42, "ម៉ោង ៨:៤២ ព្រឹក", "8:42 am", "០៨:៤២", "08:42"),
        (0, 5, "ម៉ោង ១២:០៥ យប់", "12:05 am", "០០:០៥", "00:05"),
        (12, 0, "ម៉ោង ១២:០០ ថ្ងៃត្រង់", "12:00 pm", "១២:០០", "12:00"),
        (17, 30, "ម៉ោង ៥:៣០ រសៀល", "5:30 pm", "១៧:៣០", "17:30"),
        (18, 30, "ម៉ោង ៦:៣០ ល្ងាច", "6:30 pm", "១៨:៣០", "18:30"),
        (21, 0, "ម៉ោង ៩:០០ យប់", "9:00 pm", "២១:០០", "21:00"),
    ],
)
def test_hours_of_the_clock(hour: int, minute: int, km: str, en: str, staff_km: str, staff_en: str) -> None:
    at = time(hour, minute)
    assert khmer.clock_time(at, "km") == km
    assert khmer.clock_time(at, "en") == en
    assert khmer.clock_time(at, "km", staff=True) == staff_km
    assert khmer.clock_time(at, "en", staff=True) == staff_en


def test_opening_hours() -> None:
    assert khmer.hours(time(7, 30), time(11, 30), "km") == "ម៉ោង ៧:៣០–១១:៣០ ព្រឹក"
    assert khmer.hours(time(14), time(17, 30), "km") == "ម៉ោង ២:០០–៥:៣០ រសៀល"
    assert khmer.hours(time(7, 30), time(17), "km") == "ម៉ោង ៧:៣០ ព្រឹក–៥:០០ រសៀល"
    assert khmer.hours(time(7, 30), time(11, 30), "en") == "7:30–11:30 am"
    assert khmer.hours(time(7, 30), time(17), "en") == "7:30 am–5:00 pm"


def test_moment() -> None:
    at = datetime(2026, 11, 16, 8, 42)
    assert khmer.moment(at, "km") == "ថ្ងៃចន្ទ ទី១៦ ខែវិច្ឆិកា ឆ្នាំ២០២៦ ម៉ោង ៨:៤២ ព្រឹក"
    assert khmer.moment(at, "km", staff=True, year=False) == "១៦ វិច្ឆិកា ម៉ោង ០៨:៤២"
    assert khmer.moment(at, "en") == "Monday 16 November 2026, 8:42 am"
    assert khmer.moment(at, "en", staff=True) == "16 November 2026, 08:42"


# Dated lines of official and press pages; the first stands on a New Year's day, where an almanac names the coming year.
LINES = [
    ("2011-04-14", "១១កើត ខែចេត្រ", ""),
    ("2018-09-19", "១០កើត ខែភទ្របទ", "ច សំរឹទ្ធិស័ក ២៥៦២"),
    ("2019-03-19", "១៤កើត ខែផល្គុន", "ច សំរឹទ្ធិស័ក ២៥៦២"),
    ("2020-09-07", "៥រោច ខែភទ្របទ", "ជូត ទោស័ក ២៥៦៤"),
    ("2020-09-12", "១០រោច ខែភទ្របទ", "ជូត ទោស័ក ២៥៦៤"),
    ("2021-01-11", "១៣រោច ខែបុស្ស", "ជូត ទោស័ក ២៥៦៤"),
    ("2021-05-28", "២រោច ខែជេស្ឋ", "ឆ្លូវ ត្រីស័ក ២៥៦៥"),
    ("2021-09-22", "១រោច ខែភទ្របទ", "ឆ្លូវ ត្រីស័ក ២៥៦៥"),
    ("2021-10-06", "១៥រោច ខែភទ្របទ", "ឆ្លូវ ត្រីស័ក ២៥៦៥"),
    ("2021-10-21", "១៥កើត ខែអស្សុជ", "ឆ្លូវ ត្រីស័ក ២៥៦៥"),
    ("2022-07-04", "៦កើត ខែអាសាឍ", "ខាល ចត្វាស័ក ២៥៦៦"),
    ("2022-09-10", "១៥កើត ខែភទ្របទ", "ខាល ចត្វាស័ក ២៥៦៦"),
    ("2022-09-14", "៤រោច ខែភទ្របទ", "ខាល ចត្វាស័ក ២៥៦៦"),
    ("2022-12-12", "៤រោច ខែមិគសិរ", "ខាល ចត្វាស័ក ២៥៦៦"),
    ("2023-08-17", "១កើត ខែស្រាពណ៍", "ថោះ បញ្ចស័ក ២៥៦៧"),
    ("2025-01-05", "៧កើត ខែបុស្ស", "រោង ឆស័ក ២៥៦៨"),
    ("2025-07-11", "១រោច ខែអាសាឍ", "ម្សាញ់ សប្តស័ក ២៥៦៩"),
]


@pytest.mark.parametrize(("solar", "lunar", "year"), LINES)
def test_lunar_line_of_published_pages(solar: str, lunar: str, year: str) -> None:
    text = str(khmer.lunar_calendar(TABLE).day(date.fromisoformat(solar)))
    assert text.startswith(lunar + " ")
    if year:
        animal, sak, buddhist = year.split()
        assert text == f"{lunar} ឆ្នាំ{animal} {sak} ព.ស.{buddhist}"


def test_the_whole_line() -> None:
    assert khmer.lunar_calendar(TABLE).line(date(2021, 1, 11)) == (
        "ថ្ងៃចន្ទ ១៣រោច ខែបុស្ស ឆ្នាំជូត ទោស័ក ព.ស.២៥៦៤ ត្រូវនឹងថ្ងៃទី១១ ខែមករា ឆ្នាំ២០២១"
    )


@pytest.mark.parametrize(
    ("year", "turn", "rise"),
    [(2011, 14, 16), (2024, 13, 16), (2025, 14, 16), (2026, 14, 16), (2027, 14, 16)],
)
def test_new_year(year: int, turn: int, rise: int) -> None:
    assert khmer.new_year(year) == (date(year, 4, turn), date(year, 4, rise))


def test_three_changeovers_in_one_year() -> None:
    calendar = khmer.lunar_calendar(TABLE)
    before, turned, risen = (calendar.day(date(2024, 4, d)) for d in (12, 13, 16))
    assert (before.animal, before.sak) == ("ថោះ", "បញ្ចស័ក")
    assert (turned.animal, turned.sak) == ("រោង", "បញ្ចស័ក")
    assert (risen.animal, risen.sak, risen.year) == ("រោង", "ឆស័ក", 2567)
    visak = next(
        d
        for d in (date(2024, 5, 1) + timedelta(n) for n in range(60))
        if "១៥កើត ខែពិសាខ" in str(calendar.day(d))
    )
    assert calendar.day(visak).year == 2567
    assert calendar.day(visak + timedelta(1)).year == 2568


def test_every_day_of_the_table_has_a_line_and_the_buddhist_year_rises_once_a_year() -> None:
    calendar, day, last = khmer.lunar_calendar(TABLE), date(1990, 2, 1), 2533
    rises = 0
    while day < date(2060, 12, 1):
        year = calendar.day(day).year
        assert year - last in (0, 1)
        rises, last, day = rises + year - last, year, day + timedelta(1)
    assert rises == 71


def test_outside_the_table_nothing_is_guessed() -> None:
    calendar = khmer.lunar_calendar(TABLE)
    for day in (date(1980, 1, 1), date(2099, 1, 1)):
        with pytest.raises(LookupError):
            calendar.day(day)


def test_a_gap_in_the_table_is_told() -> None:
    with pytest.raises(ValueError, match="does not reach"):
        khmer.LunarCalendar([(date(2020, 1, 1), "បុស្ស", 30), (date(2020, 2, 1), "មាឃ", 29)])
