"""What do people type to sign in, to change a password, to look up who may do what?"""

from datetime import date

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sala.accounts.rules import PASSWORD_MOST
from sala.kit import clock
from sala.kit.errors import Problem
from sala.kit.text import normalise
from sala.ui.fields import DayField


class SignInForm(forms.Form):
    """User name and password. Pasting is welcome; nothing is trimmed from a password."""

    username = forms.CharField(
        label=_("User name"), max_length=64, error_messages={"required": _("Enter your user name.")}
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=PASSWORD_MOST,
        strip=False,
        widget=forms.PasswordInput,
        error_messages={"required": _("Enter your password.")},
    )

    def clean_username(self) -> str:
        """The user name as it is stored."""
        return normalise(self.cleaned_data["username"]).strip()


class PasswordForm(forms.Form):
    """The present and the new password."""

    old = forms.CharField(
        label=_("Present password"),
        max_length=PASSWORD_MOST,
        strip=False,
        widget=forms.PasswordInput,
        error_messages={"required": _("Enter your present password.")},
    )
    new = forms.CharField(
        label=_("New password"),
        help_text=_(
            "At least 8 characters; longer is better. Spaces, Khmer letters and whole sentences are welcome."
        ),
        max_length=PASSWORD_MOST,
        strip=False,
        widget=forms.PasswordInput,
        error_messages={"required": _("Enter a new password.")},
    )


class PowersForm(forms.Form):
    """An office, by a place or part of its name, and a day."""

    q = forms.CharField(label=_("Place or office"), required=False, max_length=120)
    office = forms.CharField(required=False, max_length=48, widget=forms.HiddenInput)
    day = DayField(
        label=_("On the day"),
        required=False,
        earliest=date(1990, 1, 1),
        latest=lambda: date(clock.today().year + 20, 12, 31),
    )

    def clean_q(self) -> str:
        """The search line, normalised."""
        return normalise(self.cleaned_data["q"]).strip()


def problems_into(form: forms.Form, problem: Problem) -> None:
    """Put an action's problem, in the reader's language, to the fields it names, or above the form."""
    if not problem.errors:
        form.add_error(None, gettext(str(problem.message)))
    for error in problem.errors:
        form.add_error(error.field if error.field in form.fields else None, gettext(str(error.message)))
