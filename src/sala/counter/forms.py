"""Is what was typed at the counter usable? The number of a desk, the kind of a ticket, the name of a device."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sala.counter import rules
from sala.counter.actions import WRONG_DESK
from sala.counter.kiosks import NAMELESS
from sala.counter.terms import Priority
from sala.kit import inputs
from sala.window.forms import Words


class Desk(forms.Field):
    """The number of a desk, typed in either script."""

    def __init__(self) -> None:
        super().__init__(label=_("Number of your desk"), error_messages={"required": _(WRONG_DESK)})

    def to_python(self, value: Any) -> int | None:
        """A whole number, or None where nothing was typed; raises ValidationError."""
        if not value:
            return None
        try:
            return inputs.whole(str(value), 1, rules.MOST_DESKS)
        except inputs.Wrong as wrong:
            raise forms.ValidationError(_(WRONG_DESK), code="number") from wrong


class CallForm(forms.Form):
    """Call the next one to a desk. ``seen`` is the number that stood on the button: if another one comes, it is said."""

    desk = Desk()
    seen = forms.CharField(required=False, max_length=16, widget=forms.HiddenInput)


class IssueForm(forms.Form):
    """Why somebody is called earlier: what was seen or told at the door."""

    priority = forms.ChoiceField(
        choices=[(str(one), one.en) for one in Priority],
        error_messages={
            "required": _("Choose one of the five."),
            "invalid_choice": _("Choose one of the five."),
        },
    )


class KioskForm(forms.Form):
    """A new link for a device."""

    name = Words(label=_("Name of the device"), max_length=80, error_messages={"required": _(NAMELESS)})
