"""Is what was typed at the counter usable? The number of a desk, the kind of a ticket, the name of a device."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sala.counter import rules
from sala.counter.actions import WRONG_DESK
from sala.counter.cash import AMOUNT, COUNT, WHY
from sala.counter.kiosks import NAMELESS
from sala.counter.terms import CashKind, Priority
from sala.counter.till import notes
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


class Riel(forms.Field):
    """An amount in riel, or a count of notes: whole, digits of either script, thousands set apart or not."""

    def __init__(self, *, least: int = 1, message: Any, **options: Any) -> None:
        self.least, self.message = least, message
        super().__init__(error_messages={"required": _(message)}, **options)

    def to_python(self, value: Any) -> int | None:
        """A whole number, or None where nothing was typed; raises ValidationError."""
        plain = re.sub(r"[\s.,៛]", "", str(value or ""))
        if not plain:
            return None
        try:
            return inputs.whole(plain, self.least, rules.MOST_RIEL)
        except inputs.Wrong as wrong:
            raise forms.ValidationError(_(self.message), code="number") from wrong


class FindForm(forms.Form):
    """The number of a request whose fee is to be taken."""

    number = Words(
        label=_("Request number"),
        max_length=32,
        error_messages={"required": _("Write the number of the request.")},
    )


class ReverseForm(forms.Form):
    """Why a payment is reversed."""

    words = Words(label=_("Why is it reversed?"), max_length=300, error_messages={"required": _(WHY)})


class MoveForm(forms.Form):
    """Money that comes into the box or leaves it beside the fees."""

    kind = forms.ChoiceField(
        label=_("What is done"),
        widget=forms.RadioSelect,
        choices=[(str(kind), _(kind.en)) for kind in (CashKind.HAND_OVER, CashKind.PUT_IN)],
        error_messages={
            "required": _("Choose one of the two."),
            "invalid_choice": _("Choose one of the two."),
        },
    )
    riel = Riel(label=_("Amount in riel"), message=AMOUNT)
    words = Words(
        label=_("From whom, or to whom and why"), max_length=300, error_messages={"required": _(WHY)}
    )


class CloseForm(forms.Form):
    """How many notes of each denomination lie in the box, and why that is not what must be there."""

    explanation = Words(label=_("Explanation of a difference"), required=False, max_length=500)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for note in notes():
            self.fields[f"note_{note}"] = Riel(least=0, message=COUNT, required=False)

    def counted(self) -> dict[int, int]:
        """Denomination -> how many notes; what was left empty is none."""
        return {note: self.cleaned_data[f"note_{note}"] or 0 for note in notes()}


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
