"""Is what a resident or an officer typed usable? One form a question, with the sentence that helps."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Self

import phonenumbers
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from sala.kit import text
from sala.kit.khmer import ascii_digits
from sala.places import queries as places
from sala.ui.fields import DayField
from sala.window import attributes
from sala.window.attributes import EARLIEST, LATEST, LONGEST, Attribute, DataType
from sala.window.terms import Channel, Withheld

MOST_PHOTOS = 3


class Plain(forms.CharField):
    """A text field of which each form has its own copy, but not of its widget and validators, which nobody changes.

    Django copies both, for each form that is made; that took a tenth of the time in which a request is taken in.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """The field for one more form."""
        made = object.__new__(type(self))
        made.__dict__.update(self.__dict__, error_messages=dict(self.error_messages))
        return made


class Words(Plain):
    """A text in one way of writing: normalised before its length is judged. One line, or several with ``lines``."""

    def __init__(self, *, lines: bool = False, **options: Any) -> None:
        if lines:
            options.setdefault("widget", forms.Textarea)
        self.lines = lines
        super().__init__(**options)

    def to_python(self, value: Any) -> str:
        """The normalised text; raises ValidationError for what can't be text."""
        if "\x00" in str(value or ""):
            raise ValidationError(
                _("This text contains signs that can't be read. Type it again."), code="unreadable"
            )
        plain = super().to_python(value) or ""
        try:
            plain = text.normalise(plain)
        except ValueError as error:
            raise ValidationError(
                _("This text contains signs that can't be read. Type it again."), code="unreadable"
            ) from error
        return plain.strip() if self.lines else " ".join(plain.split())


class Phone(Plain):
    """A telephone number, typed in either script; kept in the international form."""

    def to_python(self, value: Any) -> str:
        """E.164, or empty; raises ValidationError."""
        typed = ascii_digits((super().to_python(value) or "").strip())
        if not typed:
            return ""
        try:
            number = phonenumbers.parse(typed, settings.COUNTRY.upper())
        except phonenumbers.NumberParseException as error:
            raise ValidationError(_("Enter a telephone number such as 012 345 678."), code="phone") from error
        if not phonenumbers.is_possible_number(number):
            raise ValidationError(_("Enter a telephone number such as 012 345 678."), code="phone")
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class Email(Words):
    """An e-mail address."""

    def validate(self, value: str) -> None:
        """Raises ValidationError with an example."""
        super().validate(value)
        if value:
            try:
                validate_email(value)
            except ValidationError as error:
                raise ValidationError(
                    _("Enter an e-mail address such as name@example.com."), code="email"
                ) from error


class Degrees(Plain):
    """Degrees of latitude or longitude within ``least`` and ``most``, typed in either script; kept to about a metre."""

    def __init__(self, *, least: int, most: int, **options: Any) -> None:
        self.least, self.most = Decimal(least), Decimal(most)
        super().__init__(max_length=24, required=False, **options)

    def clean(self, value: Any) -> Any:
        """A Decimal of five places, or None; raises ValidationError."""
        typed = ascii_digits((super().clean(value) or "").strip()).replace(",", ".")
        if not typed:
            return None
        try:
            number = Decimal(typed)
        except ArithmeticError as error:
            raise ValidationError(
                _("Enter degrees as a number, such as 11.56245."), code="degrees"
            ) from error
        if not number.is_finite() or not self.least <= number <= self.most:
            raise ValidationError(_("This point does not lie in the country."), code="outside")
        return number.quantize(Decimal("0.00001"))


class ServiceForm(forms.Form):
    """What is the problem?"""

    service = forms.ChoiceField(
        label=_("Problem"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose what the problem is."),
            "invalid_choice": _("Choose what the problem is."),
        },
    )

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"].choices = choices  # type: ignore[attr-defined]


def astray(latitude: Decimal | None, longitude: Decimal | None) -> list[tuple[str, ValidationError]]:
    """What is wrong with two degrees that are right each, and in which field."""
    if latitude is None and longitude is None:
        return []
    if latitude is None or longitude is None:
        missing = "latitude" if latitude is None else "longitude"
        return [(missing, ValidationError(_("Enter both degrees, or none."), code="half"))]
    if places.locate(float(latitude), float(longitude)) is None:
        return [("latitude", ValidationError(_("This point does not lie in the country."), code="outside"))]
    return []


class PointForm(forms.Form):
    """Where in the place is it?"""

    location = Words(label=_("Street, house number or a place people know"), max_length=200, required=False)
    latitude = Degrees(label=_("Latitude"), least=-90, most=90)
    longitude = Degrees(label=_("Longitude"), least=-180, most=180)

    def clean(self) -> dict[str, Any]:
        """A point needs both degrees, and lies in the country."""
        found = super().clean() or {}
        if "latitude" in found and "longitude" in found:
            for name, error in astray(found["latitude"], found["longitude"]):
                self.add_error(name, error)
        return found


class WhereForm(PointForm):
    """Where is it? The commune is found first; then its villages are the choice."""

    field_order = ("place", "village")
    place = forms.CharField(
        label=_("Commune or sangkat"),
        max_length=16,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the commune or sangkat.")},
    )
    village = forms.ChoiceField(
        label=_("Village"),
        error_messages={"required": _("Choose the village."), "invalid_choice": _("Choose the village.")},
        required=True,
    )
    photos = forms.FileField(label=_("Photos"), required=False, widget=forms.FileInput)

    def __init__(self, *args: Any, villages: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["village"]
        field.choices = [("", _("Choose the village")), *villages]  # type: ignore[attr-defined]
        field.required = bool(villages)


ASKED = "asked-"
"""How the names of the fields begin in which a service's own questions are answered."""


def asked(attribute: Attribute, lang: str) -> forms.Field:
    """The field for one question of a service; whether the answer is one is judged by `attributes.clean`."""
    said: dict[str, Any] = {
        "label": attribute.label[lang],
        "help_text": attribute.hint[lang],
        "required": attribute.required,
        "error_messages": {
            "required": _("Answer this question."),
            "invalid_choice": _("Choose from the list."),
        },
    }
    choices = [(choice.key, choice.names[lang]) for choice in attribute.choices]
    if attribute.datatype == DataType.SEVERAL:
        said["error_messages"]["invalid_list"] = _("Choose from the list.")
        return forms.MultipleChoiceField(choices=choices, widget=forms.CheckboxSelectMultiple, **said)
    if attribute.datatype == DataType.ONE:
        return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **said)
    if attribute.datatype == DataType.DATETIME:
        del said["error_messages"]  # the field says which part is wrong
        return DayField(earliest=EARLIEST, latest=LATEST, **said)
    longest = LONGEST["text"] if attribute.datatype == DataType.TEXT else LONGEST["string"]
    return Words(lines=attribute.datatype == DataType.TEXT, max_length=longest, **said)


class WhatForm(forms.Form):
    """What happened, and how can we reach you?"""

    description = Words(
        label=_("What happened?"),
        lines=True,
        max_length=2000,
        error_messages={"required": _("Describe the problem in a few words.")},
    )
    name = Words(label=_("Your name"), max_length=120, required=False)
    phone = Phone(label=_("Telephone number"), max_length=30, required=False)
    email = Email(label=_("E-mail"), max_length=254, required=False)
    language = forms.ChoiceField(
        label=_("Language of our messages"),
        choices=[("km", "ភាសាខ្មែរ"), ("en", "English")],
        widget=forms.RadioSelect,
        initial="km",
    )

    def __init__(
        self,
        *args: Any,
        document: bool = False,
        asks: Sequence[Attribute] = (),
        lang: str = "km",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.asks = asks
        for attribute in asks:
            self.fields[f"{ASKED}{attribute.code}"] = asked(attribute, lang)
        if document:
            self.fields["description"].required = False
            self.fields["description"].label = _("What do you need it for?")
            self.fields["name"].required = True
            self.fields["name"].error_messages["required"] = _("Enter your name.")

    def clean(self) -> dict[str, Any]:
        """With the answers to what the service asks, as they are kept, in ``attributes``."""
        said: dict[str, Any] = super().clean() or {}
        names = {attribute.code: f"{ASKED}{attribute.code}" for attribute in self.asks}
        given = {code: said[name] for code, name in names.items() if name in said}
        said["attributes"], faults = attributes.clean(self.asks, given)
        for fault in faults:
            if names[fault.attribute] not in self.errors:
                self.add_error(names[fault.attribute], _(fault.message))
        return said

    def answers(self) -> list[Any]:
        """The fields of what the service asks, for the page."""
        return [self[f"{ASKED}{attribute.code}"] for attribute in self.asks]


class CounterForm(WhatForm):
    """The same at the counter: how the request came in."""

    channel = forms.ChoiceField(
        label=_("Came in"),
        choices=[(str(Channel.COUNTER), _("At the counter")), (str(Channel.PHONE), _("By telephone"))],
        initial=str(Channel.COUNTER),
        widget=forms.RadioSelect,
    )


class AskForm(forms.Form):
    """What does the resident need, in their own words?"""

    text = Words(
        label=_("What do you need?"),
        lines=True,
        max_length=2000,
        error_messages={"required": _("Write in a few words what you need.")},
    )


class LookForm(forms.Form):
    """Which code opens the request?"""

    code = Words(
        label=_("Number or code on your receipt"),
        max_length=60,
        error_messages={"required": _("Enter the code on your receipt.")},
    )


class ReplyForm(forms.Form):
    """What does the applicant reply?"""

    text = Words(
        label=_("Your reply"),
        lines=True,
        max_length=2000,
        error_messages={"required": _("Write your reply.")},
    )


class DisputeForm(forms.Form):
    """What of the data held is wrong? Beside other forms of the page, so that its field has a name of its own."""

    wrong = Words(
        label=_("What is wrong, and how should it be?"),
        help_text=_("Only the hall reads this. It does not stand on this page."),
        lines=True,
        min_length=3,
        max_length=1000,
        error_messages={"required": _("Say what is wrong, and how it should be.")},
    )


class SettleForm(forms.Form):
    """What became of it?"""

    version = forms.IntegerField(min_value=1, max_value=1_000_000_000, widget=forms.HiddenInput)
    text = Words(
        label=_("What you did, or why it stays as it is; the applicant reads it"),
        help_text=_("It stands on the page of the code: write no name and no number."),
        lines=True,
        min_length=3,
        max_length=1000,
    )


class ReopenForm(forms.Form):
    """Why is the applicant not content?"""

    text = Words(
        label=_("What is still not right?"),
        lines=True,
        max_length=2000,
        error_messages={"required": _("Write what is still not right.")},
    )


class RateForm(forms.Form):
    """How was it?"""

    SCALE = [
        ("5", _("Very good")),
        ("4", _("Good")),
        ("3", _("Fair")),
        ("2", _("Poor")),
        ("1", _("Very poor")),
    ]
    courtesy = forms.TypedChoiceField(
        label=_("Courtesy"),
        coerce=int,
        choices=SCALE,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how courteous we were.")},
    )
    speed = forms.TypedChoiceField(
        label=_("Speed"),
        coerce=int,
        choices=SCALE,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how fast we were.")},
    )
    comment = Words(label=_("What should we do better?"), lines=True, max_length=1000, required=False)
    publish = forms.BooleanField(
        label=_("Everybody may read this comment, without my name"),
        help_text=_("An officer looks through it first and leaves out names and numbers."),
        required=False,
    )


class ScreenForm(forms.Form):
    """What of a comment is left out, or why it is not published."""

    rating = forms.UUIDField(widget=forms.HiddenInput)
    leave_out = forms.MultipleChoiceField(
        label=_("Leave out"), required=False, widget=forms.CheckboxSelectMultiple
    )
    more = Words(
        label=_("Other words to leave out, each on its own line"), lines=True, max_length=1000, required=False
    )
    reason = forms.ChoiceField(label=_("Why it is not published"), required=False)

    def __init__(self, *args: Any, found: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["leave_out"].choices = [(words, words) for words in dict.fromkeys(found)]  # type: ignore[attr-defined]
        self.fields["reason"].choices = [("", _("Choose")), *((one.value, _(one.en)) for one in Withheld)]  # type: ignore[attr-defined]


class ContactForm(forms.Form):
    """Who asked, and how can they be reached?"""

    version = forms.IntegerField(min_value=1, max_value=1_000_000_000, widget=forms.HiddenInput)
    name = Words(label=_("Name"), max_length=120, required=False)
    phone = Phone(label=_("Telephone number"), max_length=30, required=False)
    email = Email(label=_("E-mail"), max_length=254, required=False)
    language = forms.ChoiceField(
        label=_("Language of our messages"),
        choices=[("km", "ភាសាខ្មែរ"), ("en", "English")],
        widget=forms.RadioSelect,
        initial="km",
    )


class StepForm(forms.Form):
    """What a step of an officer needs: words, an officer or an office to give it to, as the state table says."""

    version = forms.IntegerField(min_value=1, max_value=1_000_000_000, widget=forms.HiddenInput)
    text = Words(lines=True, max_length=4000, required=False)
    assigned = forms.UUIDField(required=False, widget=forms.Select)
    office = forms.UUIDField(required=False, widget=forms.Select)

    def __init__(
        self,
        *args: Any,
        needs: tuple[str, ...],
        prompt: str = "",
        people: list[tuple[str, str]] | None = None,
        offices: list[tuple[str, str]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name in ("text", "assigned", "office"):
            if name not in needs:
                del self.fields[name]
        if "text" in needs:
            self.fields["text"].label = prompt
            self.fields["text"].required = True
            self.fields["text"].error_messages["required"] = _("Write what the next person needs to know.")
        if "assigned" in needs:
            self._choose("assigned", _("Officer in charge"), _("Choose the officer in charge."), people or [])
        if "office" in needs:
            self._choose("office", _("Forward to"), _("Choose the office it is forwarded to."), offices or [])

    def _choose(self, name: str, label: Any, ask: Any, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        field.label, field.required = label, True
        field.error_messages |= {"required": ask, "invalid": ask}
        field.widget = forms.Select(choices=[("", _("Choose")), *choices])
