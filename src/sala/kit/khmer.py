"""How are numbers, money, dates and hours written in Khmer and in English?

Pure functions of a value and a language (``"km"`` or ``"en"``; anything else is written as English). In a sentence
Khmer uses its own digits, points between thousands and a decimal comma; in columns both languages use `figure`.
"""

import csv
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path

Number = int | float | Decimal

_TO_KHMER = str.maketrans("0123456789", "០១២៣៤៥៦៧៨៩")
_TO_ASCII = str.maketrans("០១២៣៤៥៦៧៨៩", "0123456789")
_SWAP = str.maketrans(",.", ".,")

MONTHS_KM = (
    "មករា",
    "កុម្ភៈ",
    "មីនា",
    "មេសា",
    "ឧសភា",
    "មិថុនា",
    "កក្កដា",
    "សីហា",
    "កញ្ញា",
    "តុលា",
    "វិច្ឆិកា",
    "ធ្នូ",
)
MONTHS_EN = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS_KM = ("ចន្ទ", "អង្គារ", "ពុធ", "ព្រហស្បតិ៍", "សុក្រ", "សៅរ៍", "អាទិត្យ")  # Monday first, as ministries write
WEEKDAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def digits(text: object, lang: str = "km") -> str:
    """``text`` with Khmer digits (on English pages: unchanged)."""
    return str(text).translate(_TO_KHMER) if lang == "km" else str(text)


def ascii_digits(text: str) -> str:
    """``text`` with 0-9 for Khmer digits: what a user typed, before it is read as a number."""
    return text.translate(_TO_ASCII)


def _rounded(n: Number, decimals: int) -> Decimal:
    return Decimal(str(n)).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def figure(n: Number, decimals: int = 0) -> str:
    """A number for a column, the same in both languages: ``12,345.6`` (Khmer digits of the font have unequal widths)."""
    text = f"{_rounded(n, decimals):,f}"
    return text.replace("-", "−")


def number(n: Number, lang: str, decimals: int = 0) -> str:
    """A number in a sentence: ``១២.៣៤៥,៦`` or ``12,345.6``; half is rounded up."""
    text = figure(n, decimals)
    return digits(text.translate(_SWAP)) if lang == "km" else text


def percent(share: Number, lang: str, decimals: int = 1) -> str:
    """A share of 1 as per cent: ``percent(0.875, "km")`` is ``៨៧,៥%``; a zero after the comma is left out."""
    rounded = _rounded(Decimal(str(share)) * 100, decimals)
    if rounded == rounded.to_integral_value():
        decimals = 0
    return number(rounded, lang, decimals) + "%"


def money(riel: int, lang: str) -> str:
    """Whole riel: ``៤.០០០ រៀល`` or ``4,000 riel``."""
    return f"{number(riel, lang)} {'រៀល' if lang == 'km' else 'riel'}"


def weekday(day: date, lang: str) -> str:
    """``ថ្ងៃសុក្រ`` or ``Friday``."""
    return f"ថ្ងៃ{WEEKDAYS_KM[day.weekday()]}" if lang == "km" else WEEKDAYS_EN[day.weekday()]


def month_name(month: int, lang: str) -> str:
    """``វិច្ឆិកា`` or ``November`` for 11."""
    return (MONTHS_KM if lang == "km" else MONTHS_EN)[month - 1]


def month(day: date, lang: str) -> str:
    """The month of ``day``: ``ខែវិច្ឆិកា ឆ្នាំ២០២៦`` or ``November 2026``."""
    name = month_name(day.month, lang)
    return f"ខែ{name} ឆ្នាំ{digits(day.year)}" if lang == "km" else f"{name} {day.year}"


def date_long(day: date, lang: str, *, year: bool = True, week: bool = True) -> str:
    """``ថ្ងៃសុក្រ ទី២០ ខែវិច្ឆិកា ឆ្នាំ២០២៦`` or ``Friday 20 November 2026``; without weekday ``ថ្ងៃទី២០ ខែ…``."""
    name = month_name(day.month, lang)
    if lang == "km":
        start = f"{weekday(day, lang)} ទី" if week else "ថ្ងៃទី"
        return f"{start}{digits(day.day)} ខែ{name}" + (f" ឆ្នាំ{digits(day.year)}" if year else "")
    return (f"{weekday(day, lang)} " if week else "") + f"{day.day} {name}" + (f" {day.year}" if year else "")


def date_short(day: date, lang: str, *, year: bool = True) -> str:
    """For tables, the month always a word: ``២០ វិច្ឆិកា ២០២៦`` or ``20 November 2026``."""
    text = f"{day.day} {month_name(day.month, lang)}" + (f" {day.year}" if year else "")
    return digits(text, lang)


def date_span(first: date, last: date, lang: str) -> str:
    """Days from ``first`` to ``last`` in a sentence, without the year: ``ថ្ងៃទី២៣–២៥ ខែវិច្ឆិកា`` or ``23–25 November``."""
    if (first.year, first.month) == (last.year, last.month) and first != last:
        name = month_name(last.month, lang)
        if lang == "km":
            return f"ថ្ងៃទី{digits(first.day)}–{digits(last.day)} ខែ{name}"
        return f"{first.day}–{last.day} {name}"
    ends = [date_long(day, lang, year=False, week=False) for day in dict.fromkeys((first, last))]
    return (" ដល់" if lang == "km" else " – ").join(ends)


def _part_of_day(hour: int) -> str:
    if hour < 5 or hour >= 20:
        return "យប់"
    if hour < 12:
        return "ព្រឹក"
    if hour < 13:
        return "ថ្ងៃត្រង់"
    return "រសៀល" if hour < 18 else "ល្ងាច"


def _clock(at: time, *, staff: bool) -> str:
    return f"{at.hour:02}:{at.minute:02}" if staff else f"{(at.hour - 1) % 12 + 1}:{at.minute:02}"


def clock_time(at: time, lang: str, staff: bool = False) -> str:
    """Residents read ``ម៉ោង ២:១៥ រសៀល`` or ``2:15 pm``; staff ``១៤:១៥`` or ``14:15``."""
    text = _clock(at, staff=staff)
    if staff:
        return digits(text, lang)
    if lang == "km":
        return f"ម៉ោង {digits(text)} {_part_of_day(at.hour)}"
    return f"{text} {'am' if at.hour < 12 else 'pm'}"


def hours(start: time, end: time, lang: str) -> str:
    """A span within a day, for residents: ``ម៉ោង ៧:៣០–១១:៣០ ព្រឹក`` or ``7:30–11:30 am``."""
    first, last = _clock(start, staff=False), _clock(end, staff=False)
    if lang == "km":
        same = _part_of_day(start.hour) == _part_of_day(end.hour)
        first = digits(first) + ("" if same else f" {_part_of_day(start.hour)}")
        return f"ម៉ោង {first}–{digits(last)} {_part_of_day(end.hour)}"
    same = (start.hour < 12) == (end.hour < 12)
    first += "" if same else " am"
    return f"{first}–{last} {'am' if end.hour < 12 else 'pm'}"


def moment(at: datetime, lang: str, staff: bool = False, *, year: bool = True) -> str:
    """Day and hour of ``at`` (already in the country's zone): the long date for residents, the short one for staff."""
    if staff:
        joint = " ម៉ោង " if lang == "km" else ", "
        return date_short(at.date(), lang, year=year) + joint + clock_time(at.time(), lang, staff=True)
    joint = " " if lang == "km" else ", "
    return date_long(at.date(), lang, year=year) + joint + clock_time(at.time(), lang)


ANIMALS = ("ជូត", "ឆ្លូវ", "ខាល", "ថោះ", "រោង", "ម្សាញ់", "មមី", "មមែ", "វក", "រកា", "ច", "កុរ")  # from 2020
SAKS = (
    "សំរឹទ្ធិស័ក",
    "ឯកស័ក",
    "ទោស័ក",
    "ត្រីស័ក",
    "ចត្វាស័ក",
    "បញ្ចស័ក",
    "ឆស័ក",
    "សប្តស័ក",
    "អដ្ឋស័ក",
    "នព្វស័ក",
)
_EPOCH = (
    date(2024, 4, 16).toordinal() - 506250
)  # the day before day 1 of the lesser era; 16 April 2024 was its day 506,250


def new_year(year: int) -> tuple[date, date]:
    """The day of the New Year's moment and the day on which the sak rises, in the common year ``year``.

    Classical solar reckoning of the lesser era (292,207 / 800 days a year); the moment is 2 days 3 h 57 min 36 s before
    the rise. Agrees with the published days of 2011 and 2024-2027.
    """
    eighths = 292207 * (year - 638) + 373  # in 1/800 days
    rise = _EPOCH + eighths // 800 + 1
    seconds = eighths % 800 * 108 - (3 * 3600 + 57 * 60 + 36)
    return date.fromordinal(rise - 2 + seconds // 86400), date.fromordinal(rise)


@dataclass(frozen=True)
class LunarDay:
    """A day of the lunar calendar: ``day`` 1-15, waxing or waning, Khmer names of month, animal year and sak, Buddhist year."""

    day: int
    waxing: bool
    month: str
    animal: str
    sak: str
    year: int

    def __str__(self) -> str:
        side = "កើត" if self.waxing else "រោច"
        return f"{digits(self.day)}{side} ខែ{self.month} ឆ្នាំ{self.animal} {self.sak} ព.ស.{digits(self.year)}"


class LunarCalendar:
    """The lunar months of a pack's table (``first_day,month_km,days``); rows in the order of days, without a gap."""

    def __init__(self, months: Iterable[tuple[date, str, int]]) -> None:
        self._months = sorted(months)
        self._starts = [start for start, _, _ in self._months]
        # The first waning day of ពិសាខ, on which the Buddhist year changes.
        self._visak = {
            start.year: start + timedelta(days=15) for start, name, _ in self._months if name == "ពិសាខ"
        }
        for (start, name, days), (following, _, _) in pairwise(self._months):
            if start + timedelta(days=days) != following:
                raise ValueError(f"lunar months: {name} from {start} does not reach {following}")

    @classmethod
    def read(cls, path: Path) -> "LunarCalendar":
        """From a CSV file; raises ValueError at a gap or an overlap."""
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            return cls([(date.fromisoformat(r["first_day"]), r["month_km"], int(r["days"])) for r in rows])

    def _of(self, day: date) -> tuple[int, str]:
        index = bisect_right(self._starts, day) - 1
        start, name, days = self._months[index] if index >= 0 else (day, "", 0)
        offset = (day - start).days
        if index < 0 or offset >= days:
            raise LookupError(f"no lunar month known for {day}")
        return offset, name

    def day(self, day: date) -> LunarDay:
        """The lunar day; raises LookupError outside the table.

        Three change-overs in one year: the animal on New Year's day, the sak when it rises, the Buddhist year on
        the first waning day of ពិសាខ.
        """
        offset, name = self._of(day)
        turn, rise = new_year(day.year)
        animal = day.year - (day < turn)
        era = day.year - 638 - (day < rise)
        change = self._visak.get(day.year, date(day.year, 6, 1))
        buddhist = day.year + 543 + (day >= change)
        return LunarDay(
            day=offset % 15 + 1,
            waxing=offset < 15,
            month=name,
            animal=ANIMALS[(animal - 2020) % 12],
            sak=SAKS[era % 10],
            year=buddhist,
        )

    def line(self, day: date) -> str:
        """The date line of a letter: weekday, lunar day, "corresponding to", solar date."""
        solar = date_long(day, "km", week=False)
        return f"{weekday(day, 'km')} {self.day(day)} ត្រូវនឹង{solar}"


@cache
def lunar_calendar(path: Path) -> LunarCalendar:
    """The calendar of a pack's file, read once a process."""
    return LunarCalendar.read(path)
