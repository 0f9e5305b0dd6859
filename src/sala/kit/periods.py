"""Which stretch of the calendar is meant? Days, ISO weeks, months, quarters, half-years and years: codes, order, parts, names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import total_ordering

from sala.kit.khmer import MONTHS_EN, MONTHS_KM, digits
from sala.kit.terms import N_, Term


class Kind(Term):
    """How long a period is, from short to long."""

    DAY = "day", N_("Day")
    WEEK = "week", N_("Week")
    MONTH = "month", N_("Month")
    QUARTER = "quarter", N_("Quarter")
    HALF = "half", N_("Half-year")
    YEAR = "year", N_("Year")


_FORMS = {
    Kind.DAY: re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII),
    Kind.WEEK: re.compile(r"(\d{4})-W(\d\d)", re.ASCII),
    Kind.MONTH: re.compile(r"(\d{4})-(\d\d)", re.ASCII),
    Kind.QUARTER: re.compile(r"(\d{4})-Q([1-4])", re.ASCII),
    Kind.HALF: re.compile(r"(\d{4})-H([12])", re.ASCII),
    Kind.YEAR: re.compile(r"(\d{4})", re.ASCII),
}
_MONTHS_IN = {Kind.MONTH: 1, Kind.QUARTER: 3, Kind.HALF: 6, Kind.YEAR: 12}
_ONE_DAY = timedelta(days=1)


@total_ordering
@dataclass(frozen=True)
class Period:
    """A period of the civil calendar, both ends included. Build it with `parse` or `containing`."""

    kind: Kind
    first: date
    last: date

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Read ``2026-11-24``, ``2026-W48``, ``2026-11``, ``2026-Q4``, ``2026-H2`` or ``2026``; raises `ValueError`."""
        for kind, form in _FORMS.items():
            found = form.fullmatch(text)
            if found is None:
                continue
            numbers = [int(part) for part in found.groups()]
            if kind is Kind.DAY:
                return cls.containing(date(*numbers), kind)
            if kind is Kind.WEEK:
                return cls.containing(date.fromisocalendar(numbers[0], numbers[1], 1), kind)
            ordinal = numbers[1] if len(numbers) > 1 else 1
            return cls.containing(date(numbers[0], (ordinal - 1) * _MONTHS_IN[kind] + 1, 1), kind)
        raise ValueError(f"not a period: {text!r}")

    @classmethod
    def containing(cls, day: date, kind: Kind | str) -> "Period":
        """The period of that kind in which ``day`` lies. Raises `ValueError` where the calendar ends (year 9999)."""
        kind = Kind(kind)
        try:
            if kind is Kind.DAY:
                return cls(kind, day, day)
            if kind is Kind.WEEK:
                monday = day - timedelta(days=day.weekday())
                return cls(kind, monday, monday + timedelta(days=6))
            length = _MONTHS_IN[kind]
            start = (day.month - 1) // length * length + 1
            end = start + length
            last = date(day.year, end, 1) - _ONE_DAY if end <= 12 else date(day.year, 12, 31)
            return cls(kind, date(day.year, start, 1), last)
        except OverflowError as error:
            raise ValueError("outside the calendar") from error

    @property
    def year(self) -> int:
        """The year it is counted to; for a week the ISO year."""
        return self.first.isocalendar().year if self.kind is Kind.WEEK else self.first.year

    @property
    def ordinal(self) -> int:
        """Its number within the year (a day: within the month; a year: 1)."""
        if self.kind is Kind.DAY:
            return self.first.day
        if self.kind is Kind.WEEK:
            return self.first.isocalendar().week
        return (self.first.month - 1) // _MONTHS_IN[self.kind] + 1

    @property
    def code(self) -> str:
        """The text that `parse` reads."""
        year = f"{self.year:04}"
        match self.kind:
            case Kind.DAY:
                return self.first.isoformat()
            case Kind.WEEK:
                return f"{year}-W{self.ordinal:02}"
            case Kind.MONTH:
                return f"{year}-{self.ordinal:02}"
            case Kind.QUARTER:
                return f"{year}-Q{self.ordinal}"
            case Kind.HALF:
                return f"{year}-H{self.ordinal}"
        return year

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    def __str__(self) -> str:
        return self.code

    def __lt__(self, other: "Period") -> bool:
        """By beginning; of two that begin together the shorter is first."""
        return (self.first, self.last, self.kind) < (other.first, other.last, other.kind)

    def __contains__(self, other: "date | Period") -> bool:
        """Whether a day, or the whole of another period, lies within."""
        if isinstance(other, Period):
            return self.first <= other.first and other.last <= self.last
        return self.first <= other <= self.last

    def next(self) -> "Period":
        """The one that follows. Raises `ValueError` where the calendar ends."""
        if self.last == date.max:
            raise ValueError("outside the calendar")
        return Period.containing(self.last + _ONE_DAY, self.kind)

    def previous(self) -> "Period":
        """The one before. Raises `ValueError` where the calendar begins."""
        if self.first == date.min:
            raise ValueError("outside the calendar")
        return Period.containing(self.first - _ONE_DAY, self.kind)

    def a_year_before(self) -> "Period":
        """The same period of the year before (week 53 gives that year's last week, 29 February the 28th)."""
        if self.kind is Kind.WEEK:
            last_week = date(self.year - 1, 12, 28).isocalendar().week
            return Period.parse(f"{self.year - 1:04}-W{min(self.ordinal, last_week):02}")
        leap_day = (self.first.month, self.first.day) == (2, 29)
        day = self.first.replace(year=self.first.year - 1, day=28 if leap_day else self.first.day)
        return Period.containing(day, self.kind)

    def parts(self, kind: Kind | str) -> Iterator["Period"]:
        """The periods of that kind that lie wholly inside, in order; none where ``kind`` is longer."""
        part = Period.containing(self.first, kind)
        if part.first < self.first:
            part = part.next()
        while part.last <= self.last:
            yield part
            if part.last == date.max:
                return
            part = part.next()

    def whole(self, kind: Kind | str) -> "Period | None":
        """The longer period of that kind in which it lies wholly, or None (a week between two months)."""
        longer = Period.containing(self.first, kind)
        return longer if self in longer else None

    def label(self, lang: str) -> str:
        """Its name in Khmer (``km``, Khmer digits) or English."""
        return _khmer(self) if lang == "km" else _english(self)

    def short(self, lang: str) -> str:
        """Its name where the year is understood or space is short: axes, table heads."""
        match self.kind:
            case Kind.MONTH:
                return MONTHS_KM[self.ordinal - 1] if lang == "km" else MONTHS_EN[self.ordinal - 1][:3]
            case Kind.DAY:
                text = f"{self.first.day}/{self.first.month}"
            case Kind.YEAR:
                text = str(self.year)
            case _:
                letter = {Kind.WEEK: "W", Kind.QUARTER: "Q", Kind.HALF: "H"}[self.kind]
                if lang == "km":
                    letter = {Kind.WEEK: "ស", Kind.QUARTER: "ត្រី", Kind.HALF: "ឆ"}[self.kind]
                text = f"{letter}{self.ordinal}"
        return digits(text, lang)


def _khmer(period: Period) -> str:
    year = f"ឆ្នាំ{period.year}"
    match period.kind:
        case Kind.DAY:
            text = f"ថ្ងៃទី{period.first.day} ខែ{MONTHS_KM[period.first.month - 1]} {year}"
        case Kind.WEEK:
            text = f"សប្តាហ៍ទី{period.ordinal} {year}"
        case Kind.MONTH:
            text = f"ខែ{MONTHS_KM[period.ordinal - 1]} {year}"
        case Kind.QUARTER:
            text = f"ត្រីមាសទី{period.ordinal} {year}"
        case Kind.HALF:
            text = f"ឆមាសទី{period.ordinal} {year}"
        case _:
            text = year
    return digits(text)


def _english(period: Period) -> str:
    match period.kind:
        case Kind.DAY:
            return f"{period.first.day} {MONTHS_EN[period.first.month - 1]} {period.year}"
        case Kind.WEEK:
            return f"Week {period.ordinal}, {period.year}"
        case Kind.MONTH:
            return f"{MONTHS_EN[period.ordinal - 1]} {period.year}"
        case Kind.QUARTER:
            return f"Quarter {period.ordinal}, {period.year}"
        case Kind.HALF:
            return f"Half-year {period.ordinal}, {period.year}"
    return str(period.year)
