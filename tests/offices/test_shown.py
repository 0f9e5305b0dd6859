"""When is a hall open: the week and the days off in a sentence, in both languages."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from sala.kit.days import Calendar
from sala.offices import shown

MORNING = (time(7, 30), time(11, 30))
AFTERNOON = (time(14), time(17, 30))
ZONE = ZoneInfo("Asia/Phnom_Penh")
FEAST = {"km": "បុណ្យ", "en": "Feast"}
WATER = {"km": "បុណ្យអុំទូក", "en": "Water Festival"}
CALENDAR = Calendar(
    dict.fromkeys(range(5), (MORNING, AFTERNOON)),
    {
        **{date(2026, 11, day): WATER for day in (23, 24, 25)},
        date(2026, 11, 9): {"km": "ឯករាជ្យ", "en": "Independence"},
    },
    ZONE,
)


def calendar(hours: dict[int, tuple[tuple[time, time], ...]], *days: date) -> Calendar:
    return Calendar(hours, dict.fromkeys(days, FEAST), ZONE)


@pytest.mark.parametrize(
    ("hours", "english"),
    [
        (dict.fromkeys(range(5), (MORNING, AFTERNOON)), "Monday to Friday, 7:30–11:30 am and 2:00–5:30 pm"),
        ({0: (MORNING,)}, "Monday, 7:30–11:30 am"),
        ({0: (MORNING,), 2: (MORNING,)}, "Monday, 7:30–11:30 am; Wednesday, 7:30–11:30 am"),
        (
            {**dict.fromkeys(range(5), (MORNING, AFTERNOON)), 5: (MORNING,)},
            "Monday to Friday, 7:30–11:30 am and 2:00–5:30 pm; Saturday, 7:30–11:30 am",
        ),
    ],
)
def test_week(hours: dict[int, tuple[tuple[time, time], ...]], english: str) -> None:
    with translation.override("en"):
        assert shown.week(calendar(hours)) == english


def test_week_in_khmer() -> None:
    with translation.override("km"):
        assert shown.week(CALENDAR) == "ថ្ងៃចន្ទ ដល់ថ្ងៃសុក្រ ម៉ោង ៧:៣០–១១:៣០ ព្រឹក និងម៉ោង ២:០០–៥:៣០ រសៀល"


@pytest.mark.parametrize(
    ("now", "english"),
    [
        (datetime(2026, 11, 20, tzinfo=UTC), "Closed on 23–25 November: Water Festival."),
        (
            datetime(2026, 11, 25, 3, tzinfo=UTC),
            "Closed on 23–25 November: Water Festival.",
        ),  # under way: whole
        (datetime(2026, 11, 25, 17, tzinfo=UTC), ""),  # past midnight here
        (datetime(2026, 10, 25, tzinfo=UTC), "Closed on 9 November: Independence."),
        (datetime(2026, 10, 9, tzinfo=UTC), ""),
    ],
)
def test_closed(now: datetime, english: str) -> None:
    with translation.override("en"):
        assert shown.closed(CALENDAR, now) == english


def test_a_feast_over_two_months() -> None:
    two = calendar(dict.fromkeys(range(7), (MORNING,)), date(2026, 4, 30), date(2026, 5, 1), date(2026, 5, 2))
    now = datetime(2026, 4, 20, tzinfo=UTC)
    with translation.override("en"):
        assert shown.closed(two, now) == "Closed on 30 April – 2 May: Feast."
    with translation.override("km"):
        assert shown.closed(two, now) == "បិទនៅថ្ងៃទី៣០ ខែមេសា ដល់ថ្ងៃទី២ ខែឧសភា៖ បុណ្យ។"


def test_days_of_one_name_are_one_feast() -> None:
    found = [
        (date(2026, 4, 14), FEAST),
        (date(2026, 4, 15), FEAST),
        (date(2026, 5, 1), {"km": "ក", "en": "A"}),
    ]
    with translation.override("en"):
        assert shown.feasts(found) == [
            ("Feast", [date(2026, 4, 14), date(2026, 4, 15)]),
            ("A", [date(2026, 5, 1)]),
        ]
        assert shown.feasts([]) == []
