"""What do people type to sign in, to keep an account, to look up who may do what?"""

import json
from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sala.accounts.rules import MOST_TOKEN_DAYS, PASSWORD_MOST, READ
from sala.kit import clock
from sala.kit.errors import Problem
from sala.kit.text import normalise
from sala.ui.fields import DayField


def new_password() -> forms.CharField:
    """A password that is chosen; nothing is trimmed from it."""
    return forms.CharField(
        label=_("New password"),
        help_text=_(
            "At least 8 characters; longer is better. Spaces, Khmer letters and whole sentences are welcome."
        ),
        max_length=PASSWORD_MOST,
        strip=False,
        widget=forms.PasswordInput,
        error_messages={"required": _("Enter a new password.")},
    )


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
    new = new_password()


class CodeForm(forms.Form):
    """The code of an app, or a recovery code; Khmer digits and blanks are welcome."""

    code = forms.CharField(
        label=_("Code"),
        max_length=32,
        help_text=_("The six digits your app shows now, or one of your recovery codes."),
        error_messages={"required": _("Enter the code.")},
    )


class SecretForm(forms.Form):
    """The password once more."""

    password = forms.CharField(
        label=_("Password"),
        max_length=PASSWORD_MOST,
        strip=False,
        widget=forms.PasswordInput,
        error_messages={"required": _("Enter your password.")},
    )


class PasskeyForm(forms.Form):
    """What the browser made of a passkey; a script fills it in."""

    name = forms.CharField(
        label=_("Name of the passkey"),
        help_text=_("By which you will know it: “office computer”, “my telephone”."),
        max_length=40,
        required=False,
    )
    credential = forms.CharField(max_length=20_000, required=False, widget=forms.HiddenInput)

    def clean_credential(self) -> Any:
        """The browser's answer, read; a mapping."""
        try:
            found = json.loads(self.cleaned_data["credential"])
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise forms.ValidationError(_("The browser gave no passkey. Try again."))
        return found


class ChooseForm(forms.Form):
    """An invitation's code, and the password one chooses with it."""

    code = forms.CharField(
        label=_("Code of the invitation"),
        max_length=64,
        error_messages={"required": _("Enter the code of your invitation.")},
    )
    password = new_password()


class TokenForm(forms.Form):
    """What a token is for, how long it lives, and what it may do."""

    label = forms.CharField(
        label=_("What it is for"), max_length=80, error_messages={"required": _("Say what the token is for.")}
    )
    days = forms.IntegerField(
        label=_("For how many days"), min_value=1, max_value=MOST_TOKEN_DAYS, initial=30
    )
    scope = forms.ChoiceField(
        label=_("What it may do"),
        widget=forms.RadioSelect,
        choices=[(READ, _("Only read")), ("", _("All that my post may do"))],
        initial=READ,
        required=False,
    )


class OpenForm(forms.Form):
    """The user name of a new account."""

    username = forms.CharField(
        label=_("User name"),
        max_length=64,
        help_text=_("By which the person signs in: Latin letters and digits are easiest."),
        error_messages={"required": _("Enter a user name.")},
    )


class EmailForm(forms.Form):
    """Where somebody of the staff is written to, in which language, and whether."""

    email = forms.CharField(
        label=_("E-mail address"),
        max_length=254,
        required=False,
        help_text=_("For news of your work: the number of a request and a link. Leave it empty to get none."),
    )
    language = forms.ChoiceField(
        label=_("Language of the messages"),
        widget=forms.RadioSelect,
        choices=settings.LANGUAGES,
        initial="km",
    )
    notified = forms.BooleanField(label=_("Write to me about my work"), required=False, initial=True)


class LinkForm(forms.Form):
    """Who somebody is at the provider."""

    subject = forms.CharField(
        label=_("Subject at the provider"),
        max_length=100,
        help_text=_("The provider's own unchanging name for the person (“sub”)."),
        error_messages={"required": _("Enter the subject.")},
    )


class EndForm(forms.Form):
    """The last day of an appointment, and why it ends."""

    appointment = forms.UUIDField(widget=forms.HiddenInput)
    end = DayField(
        label=_("Last day"),
        earliest=lambda: date(clock.today().year - 1, 1, 1),
        latest=lambda: date(clock.today().year + 10, 12, 31),
    )
    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)


class AppointForm(OpenForm):
    """A person in public office, the post, the paper, and the user name."""

    family_km = forms.CharField(
        label=_("Family name in Khmer"),
        max_length=60,
        error_messages={"required": _("Enter the family name in Khmer.")},
    )
    given_km = forms.CharField(
        label=_("Given name in Khmer"),
        max_length=60,
        error_messages={"required": _("Enter the given name in Khmer.")},
    )
    family_latin = forms.CharField(
        label=_("Family name in Latin letters"),
        max_length=60,
        error_messages={"required": _("Enter the family name in Latin letters.")},
    )
    given_latin = forms.CharField(
        label=_("Given name in Latin letters"),
        max_length=60,
        error_messages={"required": _("Enter the given name in Latin letters.")},
    )
    post = forms.ChoiceField(label=_("Post"), error_messages={"required": _("Choose the post.")})
    start = DayField(
        label=_("Held from"),
        earliest=date(1990, 1, 1),
        latest=lambda: date(clock.today().year + 1, 12, 31),
    )
    end = DayField(
        label=_("Until"),
        required=False,
        earliest=date(1990, 1, 1),
        latest=lambda: date(clock.today().year + 20, 12, 31),
    )
    instrument = forms.ChoiceField(
        label=_("By which paper"), error_messages={"required": _("Choose the kind of paper.")}
    )
    number = forms.CharField(label=_("Number of the paper"), max_length=80, required=False)
    field_order = (
        "family_km",
        "given_km",
        "family_latin",
        "given_latin",
        "post",
        "start",
        "end",
        "instrument",
        "number",
    )

    def __init__(
        self, *args: Any, posts: list[tuple[str, str]], papers: list[tuple[str, str]], **kw: Any
    ) -> None:
        super().__init__(*args, **kw)
        self.fields["post"].choices = [("", ""), *posts]  # type: ignore[attr-defined]
        self.fields["instrument"].choices = [("", ""), *papers]  # type: ignore[attr-defined]


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
