"""Is what an officer typed on the tools of the queue usable? Ready answers, routing rules, steps for many, sub-tasks."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sala.kit import clock
from sala.ui.fields import DayField
from sala.window.attributes import LATEST
from sala.window.forms import StepForm, Words
from sala.window.rules import READY
from sala.window.terms import BUTTONS


class PhraseForm(forms.Form):
    """What does a ready answer say, and for which step is it?"""

    act = forms.ChoiceField(
        label=_("Step"),
        error_messages={
            "required": _("Choose the step from the list."),
            "invalid_choice": _("Choose the step from the list."),
        },
    )
    name_km = Words(label=_("Name in Khmer"), max_length=120)
    name_en = Words(label=_("Name in English"), max_length=120)
    text_km = Words(label=_("Text in Khmer"), lines=True, max_length=2000)
    text_en = Words(label=_("Text in English"), lines=True, max_length=2000)
    version = forms.IntegerField(min_value=1, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(each), _(BUTTONS[each])) for each in READY]
        self.fields["act"].choices = [("", _("Choose")), *choices]  # type: ignore[attr-defined]
        for name in ("name_km", "name_en", "text_km", "text_en"):
            self.fields[name].error_messages["required"] = _("Fill in this field.")


class RuleForm(forms.Form):
    """Which new requests go where? Conditions that are left empty hold for all."""

    place = forms.ChoiceField(label=_("Place"), required=False)
    service = forms.ChoiceField(label=_("Service"), required=False)
    answer = forms.ChoiceField(label=_("Answer"), required=False)
    post = forms.ChoiceField(
        label=_("To whoever holds this post; of several, to who has the least open"), required=False
    )
    office = forms.ChoiceField(label=_("To another office"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        names = ("places", "services", "answers", "posts", "offices")
        choices = {name.removesuffix("s"): kwargs.pop(name) for name in names}
        super().__init__(*args, **kwargs)
        for name, some in choices.items():
            none = _("Choose") if name in ("post", "office") else _("All")
            self.fields[name].choices = [("", none), *some]  # type: ignore[attr-defined]
            self.fields[name].error_messages["invalid_choice"] = _("Choose from the list.")

    def clean(self) -> dict[str, Any]:
        """One goal and no other."""
        said: dict[str, Any] = super().clean() or {}
        if not self.errors and bool(said["post"]) == bool(said["office"]):
            self.add_error("post", _("Choose either a post of this office or another office."))
        return said


class SeveralForm(StepForm):
    """The same for many requests at once; each has its own version."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["version"]


class SubTaskForm(forms.Form):
    """What has somebody of the office to do for this request, and until when?"""

    text = Words(label=_("What is to be done"), lines=True, max_length=1000)
    post = forms.UUIDField(label=_("Who does it"), widget=forms.Select)
    due = DayField(label=_("Until"), earliest=clock.today, latest=LATEST)

    def __init__(self, *args: Any, people: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].error_messages["required"] = _("Write what is to be done.")
        field = self.fields["post"]
        field.error_messages |= dict.fromkeys(("required", "invalid"), _("Choose who does it."))
        field.widget = forms.Select(choices=[("", _("Choose")), *people])


class JoinForm(forms.Form):
    """To which report is it joined?"""

    version = forms.IntegerField(widget=forms.HiddenInput)
    number = Words(
        label=_("Number of the other report"),
        max_length=32,
        error_messages={"required": _("Enter the number of the other report.")},
    )


class SplitForm(forms.Form):
    """What is the second matter in a request?"""

    version = forms.IntegerField(widget=forms.HiddenInput)
    service = forms.ChoiceField(label=_("Service of the second matter"))
    description = Words(
        label=_("What was told about it"),
        lines=True,
        max_length=2000,
        error_messages={"required": _("Write what the second matter is.")},
    )

    def __init__(self, *args: Any, services: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["service"]
        field.choices = [("", _("Choose")), *services]  # type: ignore[attr-defined]
        field.error_messages |= dict.fromkeys(
            ("required", "invalid_choice"), _("Choose a service of this office from the list.")
        )


class PartForm(forms.Form):
    """Which report is taken apart?"""

    version = forms.IntegerField()
    joined = forms.UUIDField()
