"""What does somebody type who changes a service? One form for its facts, one for each question, and the words for every field."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sala.kit import inputs
from sala.window import facts, interchange
from sala.window.attributes import DataType
from sala.window.facts import LANGUAGES, Plain
from sala.window.forms import Words
from sala.window.terms import DaysKind, Fact, Kind, Level

LABELS: dict[str, Any] = {
    "code": _("Code"), "kind": _("Kind"), "offered": _("Offered"), "protected": _("Protected"),
    "name_km": _("Name in Khmer"), "name_en": _("Name in English"),
    "short_km": _("Short name in Khmer"), "short_en": _("Short name in English"), "about": _("Description"),
    "level": _("Who decides"), "passes": _("Passes through"), "sector": _("Code of the sector"),
    "sector_km": _("Sector in Khmer"), "sector_en": _("Sector in English"), "fee_riel": _("Fee in riel"),
    "fee_note": _("About the fee"), "days": _("Number of days"), "days_kind": _("Days that count"),
    "days_note": _("About the time"), "validity": _("Validity"), "papers": _("Required documents"),
    "form": _("Questions of the form"), "legal_basis": _("Legal basis"), "verified": _("Verified facts"),
    "status": _("Status of the source"), "source": _("Source"),
}  # fmt: skip
LANGUAGE: dict[str, Any] = {"km": _("in Khmer"), "en": _("in English")}
SEPARATOR = "|"


def _terms(kind: Any) -> list[tuple[str, Any]]:
    return [(str(term.value), _(term.en)) for term in kind]


def _line(key: str, **options: Any) -> forms.Field:
    return Words(required=False, label=LABELS[key], max_length=facts.LINES.get(key), **options)


class EditorForm(forms.Form):
    """The facts of a service as they are typed; `plain` gives them as `facts` wants them. What is wrong with them, `facts.faults` says."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, required=False)
    code = _line(
        "code",
        help_text=_("Capital letters, digits and dashes, such as CR-BIRTH. It can't be changed later."),
    )
    kind = forms.ChoiceField(choices=lambda: _terms(Kind), label=LABELS["kind"], required=False)
    level = forms.ChoiceField(choices=lambda: _terms(Level), label=LABELS["level"], required=False)
    passes = forms.MultipleChoiceField(
        choices=lambda: _terms(Level), label=LABELS["passes"], required=False,
        help_text=_("The levels it passes before the one that decides."),
    )  # fmt: skip
    protected = forms.BooleanField(
        required=False,
        label=_("Protect its requests"),
        help_text=_(
            "Nothing of them is public: no map, no list, no comment; messages do not name the service. It can't be undone."
        ),
    )
    sector = _line("sector")
    fee_riel = Words(
        required=False,
        label=LABELS["fee_riel"],
        max_length=20,
        help_text=_("0 for free; empty where it is not known."),
    )
    days = Words(required=False, label=LABELS["days"], max_length=10)
    days_kind = forms.ChoiceField(choices=lambda: _terms(DaysKind), label=LABELS["days_kind"], required=False)
    legal_basis = _line("legal_basis", help_text=_("Without one that is verified, no fee may be charged."))
    verified = forms.MultipleChoiceField(
        choices=lambda: _terms(Fact), label=LABELS["verified"], required=False,
        help_text=_("Mark what was seen in its source."),
    )  # fmt: skip
    status = _line("status")
    source = Words(required=False, lines=True, label=LABELS["source"], max_length=facts.SOURCE)

    def __init__(self, *args: Any, new: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        for language, said in LANGUAGE.items():
            for key in ("name", "short", "sector"):
                name = f"{key}_{language}"
                self.fields[name] = _line(name)
            for key, most in facts.BOTH.items():
                label = _("%(what)s, %(language)s") % {"what": LABELS[key], "language": said}
                self.fields[f"{key}_{language}"] = Words(required=False, label=label, max_length=most)
            label = _("%(what)s, %(language)s") % {"what": LABELS["papers"], "language": said}
            self.fields[f"papers_{language}"] = forms.CharField(
                required=False, strip=False, label=label, widget=forms.Textarea, max_length=20_000,
                help_text=_("One a line; the same line means the same paper."),
            )  # fmt: skip
        if not new:
            del self.fields["code"], self.fields["kind"]

    def plain(self, fixed: Mapping[str, Any], questions: Sequence[Plain]) -> Plain | None:
        """The tidy service, or None after saying what is wrong. ``fixed``: what is not asked of a service that exists."""
        if not self.is_valid():
            return None
        said: dict[str, Any] = {**fixed, **self.cleaned_data, "form": list(questions)}
        for key in facts.BOTH:
            said[key] = {language: said[f"{key}_{language}"] for language in LANGUAGES}
        said["papers"] = interchange.pairs(said["papers_km"], said["papers_en"])
        for key, most in (("fee_riel", facts.MOST_FEE), ("days", facts.MOST_DAYS)):
            try:
                said[key] = inputs.whole(said[key].replace(",", ""), 0, most) if said[key] else None
            except inputs.Wrong as wrong:
                self.add_error(key, wrong.message)
                said[key] = 1  # so that the other fields are looked at too
        try:
            found = facts.tidy(said)
        except ValueError:
            self.add_error(None, _(facts.UNREADABLE))
            return None
        self.say(facts.faults(found))
        return None if self.errors else found

    def say(self, faults: Sequence[facts.Fault]) -> None:
        """Put what is wrong beside its field."""
        for fault in faults:
            name = "papers_en" if fault.field == "papers" else fault.field
            self.add_error(name if name in self.fields else None, _(fault.message))


def typed(service: Plain) -> dict[str, Any]:
    """A service as the form shows it before anything is typed."""
    said = {
        key: value
        for key, value in service.items()
        if key not in facts.BOTH and key not in ("papers", "form")
    }
    for language in LANGUAGES:
        said |= {f"{key}_{language}": service[key].get(language, "") for key in facts.BOTH}
        said[f"papers_{language}"] = "\n".join(paper[language] for paper in service["papers"])
    return said


class QuestionForm(forms.Form):
    """One question that a service asks."""

    code = Words(
        required=False, max_length=40, label=_("Code"), help_text=_("Small letters, such as house_number.")
    )
    datatype = forms.ChoiceField(choices=lambda: _terms(DataType), label=_("Kind of answer"), required=False)
    label_km = Words(required=False, max_length=facts.PAPER, label=_("Question in Khmer"))
    label_en = Words(required=False, max_length=facts.PAPER, label=_("Question in English"))
    hint_km = Words(required=False, max_length=facts.PAPER, label=_("Hint in Khmer"))
    hint_en = Words(required=False, max_length=facts.PAPER, label=_("Hint in English"))
    required = forms.BooleanField(required=False, label=_("It must be answered"))
    least = forms.DecimalField(
        required=False, max_digits=12, label=_("Smallest number"), widget=forms.TextInput
    )
    most = forms.DecimalField(
        required=False, max_digits=12, label=_("Largest number"), widget=forms.TextInput
    )
    values = Words(
        required=False, lines=True, max_length=20_000, label=_("Answers of a list"),
        help_text=_("One a line: code | in Khmer | in English"),
    )  # fmt: skip

    def plain(self) -> Plain | None:
        """The question as `facts` wants it, or None after saying what is wrong."""
        if not self.is_valid():
            return None
        said = self.cleaned_data
        row = {**said, "values": _values(said["values"])}
        row |= {
            name: {language: said[f"{name}_{language}"] for language in LANGUAGES}
            for name in ("label", "hint")
        }
        row |= {
            bound: None if said[bound] is None else format(said[bound], "f") for bound in ("least", "most")
        }
        found = facts.asked(row)
        for fault in facts.form_faults([found]):
            self.add_error("code", _(fault.message))
        return None if self.errors else found


def _values(text: str) -> list[dict[str, str]]:
    found = []
    for line in text.splitlines():
        parts = [part.strip() for part in line.split(SEPARATOR)] + ["", ""]
        if any(parts):
            found.append({"key": parts[0], "km": parts[1], "en": parts[2]})
    return found


def question(row: Plain) -> dict[str, Any]:
    """A question as its form shows it before anything is typed."""
    said = {key: row.get(key) for key in ("code", "datatype", "required", "least", "most")}
    for language in LANGUAGES:
        said[f"label_{language}"] = row["label"].get(language, "")
        said[f"hint_{language}"] = row.get("hint", {}).get(language, "")
    answers = [
        f" {SEPARATOR} ".join((value["key"], value["km"], value["en"])) for value in row.get("values", [])
    ]
    return said | {"values": "\n".join(answers)}


def moved(rows: list[dict[str, Any]], act: str) -> list[dict[str, Any]]:
    """The questions after ``add``, ``up-N``, ``down-N`` or ``remove-N``; as they are for anything else."""
    verb, _dash, number = act.partition("-")
    rows = list(rows)
    if verb == "add":
        return [*rows, {"datatype": DataType.STRING}] if len(rows) < facts.MOST_ASKED else rows
    if not number.isascii() or not number.isdigit() or not int(number[:4]) < len(rows):
        return rows
    at = int(number[:4])
    row = rows.pop(at)
    if verb != "remove":
        rows.insert(max(0, at - 1) if verb == "up" else at + 1 if verb == "down" else at, row)
    return rows
