"""What does one type to add a holiday?"""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sala.kit import clock
from sala.kit.errors import Invalid
from sala.ui.fields import DayField

COUNTRY, OFFICE = "country", "office"


class HolidayForm(forms.Form):
    """A day, its names, the paper that decides it, and for whom it counts."""

    day = DayField(
        label=_("Day"),
        earliest=lambda: date(clock.today().year - 1, 1, 1),
        latest=lambda: date(clock.today().year + 5, 12, 31),
    )
    name_km = forms.CharField(
        label=_("Name in Khmer"), max_length=160, error_messages={"required": _("Enter the name in Khmer.")}
    )
    name_en = forms.CharField(
        label=_("Name in English"),
        max_length=160,
        error_messages={"required": _("Enter the name in English.")},
    )
    source = forms.CharField(
        label=_("Sub-decree or decision"),
        max_length=300,
        error_messages={"required": _("Name the paper that decides it.")},
    )
    counts = forms.ChoiceField(
        label=_("For whom"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose for whom it counts.")},
    )

    def __init__(self, *args: Any, scopes: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["counts"].choices = scopes  # type: ignore[attr-defined]
        if len(scopes) == 1:
            self.initial["counts"] = scopes[0][0]

    def take(self, problem: Invalid) -> None:
        """Show an action's problem at the fields it names."""
        for error in problem.errors:
            field = "day" if error.field == "date" else error.field
            self.add_error(field, gettext(str(error.message)))
