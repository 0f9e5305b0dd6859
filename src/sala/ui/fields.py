"""How are dates read from a form? Three fields, the month as a word, digits of either script, errors that name the part."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from sala.kit.khmer import ascii_digits

Parts = tuple[str, str, str]


class DayWidget(forms.Widget):
    """Reads ``<name>_day``, ``<name>_month`` and ``<name>_year``; the macro `ui.date` draws it."""

    parts_of_day = ("day", "month", "year")

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Parts:
        """What was typed, in the order day, month, year."""
        day, month, year = (str(data.get(f"{name}_{part}", "")).strip()[:20] for part in self.parts_of_day)
        return day, month, year

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        """Whether none of the three was sent."""
        return not any(f"{name}_{part}" in data for part in self.parts_of_day)

    def use_required_attribute(self, initial: Any) -> bool:
        """Never: the browser's own words would be in its language."""
        return False


class DayField(forms.Field):
    """A date in three fields. Cleans to a `datetime.date`, or None where it is not required and left empty.

    ``earliest`` and ``latest`` bound it (a date, or a callable that gives one).
    """

    widget = DayWidget
    default_error_messages = {
        "required": _("Enter the date."),
        "day": _("Enter the day."),
        "month": _("Choose the month."),
        "year": _("Enter the year with four digits."),
        "invalid": _("This day does not exist in that month."),
        "earliest": _("The date is too early."),
        "latest": _("The date is too late."),
    }

    def __init__(self, *, earliest: Any = None, latest: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.earliest, self.latest = earliest, latest

    def parts(self, value: Any) -> Parts:
        """What the three controls show for a value: as typed, or of a date."""
        if isinstance(value, date):
            return str(value.day), str(value.month), str(value.year)
        day, month, year = value or ("", "", "")
        return day, ascii_digits(month), year

    def bad_parts(self, value: Any) -> list[str]:
        """Which of the three controls are wrong; all, if each is right by itself."""
        day, month, year = (ascii_digits(part) for part in self.parts(value))
        bad = [
            part
            for part, right in (
                ("day", day.isdecimal() and 1 <= int(day) <= 31),
                ("month", month.isdecimal() and 1 <= int(month) <= 12),
                ("year", year.isdecimal() and len(year) == 4),
            )
            if not right
        ]
        return bad or list(DayWidget.parts_of_day)

    def to_python(self, value: Any) -> date | None:
        """The date; raises ValidationError that names the wrong part."""
        if value is None or isinstance(value, date):
            return value
        if not any(value):
            return None
        bad = self.bad_parts(value)
        if len(bad) < 3:
            raise ValidationError([self._error(part) for part in bad])
        day, month, year = (ascii_digits(part) for part in value)
        try:
            return date(int(year), int(month), int(day))
        except ValueError as error:
            raise self._error("invalid") from error

    def validate(self, value: Any) -> None:
        """Required, and within the bounds."""
        if value is None:
            if self.required:
                raise self._error("required")
            return
        earliest, latest = (b() if callable(b) else b for b in (self.earliest, self.latest))
        if earliest and value < earliest:
            raise self._error("earliest")
        if latest and value > latest:
            raise self._error("latest")

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether what was typed is another date than before."""
        return self.parts(initial) != self.parts(data)

    def _error(self, code: str) -> ValidationError:
        return ValidationError(self.error_messages[code], code=code)
