"""Is a date of three fields read in either script, and are its errors told by the part that is wrong?"""

from datetime import date

import pytest
from django import forms
from django.utils import translation

from sala.ui.fields import DayField


class _Form(forms.Form):
    day = DayField(earliest=date(1900, 1, 1), latest=lambda: date(2026, 11, 20))


class _Optional(forms.Form):
    day = DayField(required=False)


def _form(day: str, month: str, year: str, kind: type[forms.Form] = _Form) -> forms.Form:
    return kind({"day_day": day, "day_month": month, "day_year": year})


@pytest.mark.parametrize(
    ("day", "month", "year"), [("5", "1", "2023"), ("០៥", "1", "២០២៣"), (" 5 ", "01", "2023")]
)
def test_both_scripts_are_read(day: str, month: str, year: str) -> None:
    form = _form(day, month, year)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["day"] == date(2023, 1, 5)


@pytest.mark.parametrize(
    ("day", "month", "year", "says"),
    [
        ("", "", "", "Enter the date."),
        ("", "1", "2023", "Enter the day."),
        ("32", "1", "2023", "Enter the day."),
        ("1", "", "2023", "Choose the month."),
        ("1", "13", "2023", "Choose the month."),
        ("1", "1", "23", "Enter the year with four digits."),
        ("x", "1", "y", "Enter the day."),
        ("31", "2", "2023", "This day does not exist in that month."),
        ("1", "1", "1899", "The date is too early."),
        ("21", "11", "2026", "The date is too late."),
        ("²", "1", "2023", "Enter the day."),
        ("1", "1", "9" * 30, "Enter the year with four digits."),
    ],
)
def test_errors_name_the_part(day: str, month: str, year: str, says: str) -> None:
    with translation.override("en"):
        form = _form(day, month, year)
        assert not form.is_valid()
        assert says in form.errors["day"]


def test_empty_is_none_where_not_required() -> None:
    form = _form("", "", "", _Optional)
    assert form.is_valid()
    assert form.cleaned_data["day"] is None
    assert not _Optional({}).errors


def test_parts_shown_again_as_typed_and_from_a_date() -> None:
    field = DayField()
    assert field.parts(date(2023, 1, 5)) == ("5", "1", "2023")
    assert field.parts(("៣១", "2", "x")) == ("៣១", "2", "x")
    assert field.parts(None) == ("", "", "")
    assert field.bad_parts(("31", "2", "x")) == ["year"]
    assert field.bad_parts(("31", "2", "2023")) == ["day", "month", "year"]
    assert field.has_changed(date(2023, 1, 5), ("6", "1", "2023"))
    assert not field.has_changed(date(2023, 1, 5), ("5", "1", "2023"))


def test_the_browser_does_not_judge() -> None:
    assert not DayField().widget.use_required_attribute(None)
