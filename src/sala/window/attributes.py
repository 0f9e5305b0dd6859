"""What does a service ask beside place and words, and is what was sent an answer to it? Typed attributes, pure functions.

The types are those of Open311 GeoReport v2, so that one list serves the form on the web, the counter, the API and Open311.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sala.kit.khmer import ascii_digits, date_long
from sala.kit.terms import N_, Term
from sala.kit.text import normalise

LONGEST = {"string": 200, "text": 2000}
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)
"""What an answer about a day can mean."""
Values = dict[str, str | list[str]]
"""Answers by the attribute's code: a text, or the keys that were chosen of a list from which several may be."""


class DataType(Term):
    """What kind of answer it takes."""

    STRING = "string", N_("a line of text")
    NUMBER = "number", N_("a number")
    DATETIME = "datetime", N_("a date")
    TEXT = "text", N_("a text")
    ONE = "singlevaluelist", N_("one of a list")
    SEVERAL = "multivaluelist", N_("several of a list")


LISTS = frozenset({DataType.ONE, DataType.SEVERAL})


@dataclass(frozen=True)
class Choice:
    """One value of a list."""

    key: str
    names: Mapping[str, str]


@dataclass(frozen=True)
class Attribute:
    """One question of a service. ``least`` and ``most`` bound a number."""

    code: str
    datatype: DataType
    label: Mapping[str, str]
    hint: Mapping[str, str]
    required: bool = False
    choices: tuple[Choice, ...] = ()
    least: Decimal | None = None
    most: Decimal | None = None

    @property
    def keys(self) -> frozenset[str]:
        """The keys of its list."""
        return frozenset(choice.key for choice in self.choices)


@dataclass(frozen=True)
class Fault:
    """What is wrong with the answer to one attribute: its code, a word for programs, a sentence for people."""

    attribute: str
    code: str
    message: str


def parse(form: Iterable[Mapping[str, Any]]) -> tuple[Attribute, ...]:
    """The attributes of a form as the pack writes it. Raises ValueError and KeyError, naming the attribute."""
    found: list[Attribute] = []
    for row in form:
        kind = DataType(row["datatype"])
        choices = tuple(
            Choice(value["key"], {"km": value["km"], "en": value["en"]}) for value in row.get("values", ())
        )
        bounds = {
            name: None if row.get(name) is None else Decimal(str(row[name])) for name in ("least", "most")
        }
        if bool(choices) != (kind in LISTS) or len({choice.key for choice in choices}) != len(choices):
            raise ValueError(f"{row['code']}: a list needs values, each once; nothing else has them")
        if row["code"] in {known.code for known in found}:
            raise ValueError(f"{row['code']}: asked twice")
        label = {lang: row["label"][lang] for lang in ("km", "en")}
        hint = {lang: row.get("hint", {}).get(lang, "") for lang in ("km", "en")}
        found.append(Attribute(row["code"], kind, label, hint, bool(row.get("required")), choices, **bounds))
    return tuple(found)


def clean(form: Sequence[Attribute], sent: Mapping[str, object]) -> tuple[Values, list[Fault]]:
    """What was sent, in the form in which it is kept, and what is wrong with it. An empty answer is none."""
    known = {attribute.code: attribute for attribute in form}
    values: Values = {}
    faults = [
        Fault(code, "unknown-field", N_("This service does not ask for this. Leave it out."))
        for code in sent
        if code not in known
    ]
    for attribute in form:
        given = _given(sent.get(attribute.code))
        if not given:
            if attribute.required:
                faults.append(Fault(attribute.code, "required", N_("Answer this question.")))
            continue
        read = _read(attribute, given)
        if isinstance(read, Fault):
            faults.append(read)
        else:
            values[attribute.code] = read
    return values, faults


def _given(value: object) -> list[str]:
    """The answers without those that are empty, in one way of writing; what can't be text is marked by a NUL."""
    several = value if isinstance(value, list | tuple) else [] if value is None else [value]
    found = []
    for one in several:
        try:
            text = normalise(str(one)).strip()
        except ValueError:
            text = "\x00"
        if text:
            found.append(text)
    return found


def _read(attribute: Attribute, given: list[str]) -> str | list[str] | Fault:
    if any("\x00" in text for text in given):
        return Fault(
            attribute.code, "unreadable", N_("This text contains signs that can't be read. Type it again.")
        )
    if attribute.datatype == DataType.SEVERAL:
        if not set(given) <= attribute.keys:
            return Fault(attribute.code, "unknown-value", N_("Choose from the list."))
        return [choice.key for choice in attribute.choices if choice.key in given]
    if len(given) > 1:
        return Fault(attribute.code, "too-many", N_("Give one answer only."))
    return _one(attribute, given[0])


def _one(attribute: Attribute, text: str) -> str | Fault:
    kind, code = attribute.datatype, attribute.code
    if kind == DataType.ONE:
        return text if text in attribute.keys else Fault(code, "unknown-value", N_("Choose from the list."))
    if kind == DataType.NUMBER:
        return _number(attribute, text)
    if kind == DataType.DATETIME:
        return _moment(text) or Fault(code, "not-a-date", N_("Give a date such as 2026-11-24."))
    if len(text) > LONGEST[kind]:
        return Fault(code, "too-long", N_("This is too long. Say it in fewer words."))
    return text if kind == DataType.TEXT else " ".join(text.split())


def _number(attribute: Attribute, text: str) -> str | Fault:
    plain = ascii_digits(text).replace(",", ".")
    try:
        number = Decimal(plain)
    except InvalidOperation:
        return Fault(attribute.code, "not-a-number", N_("Give a number."))
    if not number.is_finite() or len(plain) > 20 or abs(number.adjusted()) > 20:  # 1e9999999 is short too
        return Fault(attribute.code, "not-a-number", N_("Give a number."))
    if attribute.least is not None and number < attribute.least:
        return Fault(attribute.code, "too-small", N_("This number is too small."))
    if attribute.most is not None and number > attribute.most:
        return Fault(attribute.code, "too-large", N_("This number is too large."))
    return format(number, "f")


def _moment(text: str) -> str:
    """A date or a moment as ISO 8601; empty for neither, and for one that no request can mean."""
    plain = ascii_digits(text)
    try:
        day: date = date.fromisoformat(plain)
        written = day.isoformat()
    except ValueError:
        try:
            day = datetime.fromisoformat(plain)
        except ValueError:
            return ""
        written = day.isoformat(timespec="seconds")
    return written if EARLIEST.year <= day.year <= LATEST.year else ""


def said(form: Sequence[Attribute], values: Mapping[str, object], language: str) -> list[tuple[str, str]]:
    """Questions and answers for people, in the order of the form; answers to what is asked no more are left out."""
    found = []
    for attribute in form:
        value = values.get(attribute.code)
        if not value:
            continue
        several = value if isinstance(value, list) else [value]
        found.append(
            (attribute.label[language], ", ".join(_said(attribute, str(one), language) for one in several))
        )
    return found


def _said(attribute: Attribute, value: str, language: str) -> str:
    """One answer in words: the name of a choice, a day as it is written in sentences, everything else as it was given."""
    if attribute.datatype == DataType.DATETIME:
        day = date_long(datetime.fromisoformat(value).date(), language)
        return day if "T" not in value else f"{day} {value[11:16]}"
    return next((choice.names[language] for choice in attribute.choices if choice.key == value), value)
