"""What may a service say? One plain form for the editor, the files and the tables; pure functions over it.

Plain means what JSON holds: texts in one line or several, whole numbers, ``{"km", "en"}`` for a text in both languages.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sala.kit.terms import N_
from sala.kit.text import normalise
from sala.window import attributes, rules
from sala.window.terms import DaysKind, DaysStatus, Fact, Kind, Level

Plain = dict[str, Any]
CODE = re.compile(r"[A-Z][A-Z0-9]{0,7}(?:-[A-Z0-9]{1,16}){0,3}")
ASKED = re.compile(r"[a-z][a-z0-9_]{0,39}")
LINES = {
    "name_km": 300, "name_en": 300, "short_km": 120, "short_en": 120, "sector": 40, "sector_km": 100, "sector_en": 100,
    "legal_basis": 300, "status": 200,
}  # fmt: skip
NEEDED = ("name_km", "name_en", "sector", "sector_km", "sector_en")
BOTH = {"about": 2000, "fee_note": 500, "days_note": 500, "validity": 300}
SOURCE, PAPER = 2000, 300
MOST_FEE, MOST_DAYS, MOST_PAPERS, MOST_ASKED, MOST_CHOICES = 1_000_000_000, 1000, 40, 20, 60
TEXTS = (*LINES, "source")
KEYS = (
    "code", "kind", "offered", "protected", "name_km", "name_en", "short_km", "short_en", "about", "level", "passes", "sector", "sector_km",
    "sector_en", "fee_riel", "fee_note", "days", "days_kind", "days_note", "validity", "papers", "form", "legal_basis",
    "verified", "status", "source",
)  # fmt: skip
LANGUAGES = ("km", "en")


@dataclass(frozen=True)
class Fault:
    """What is wrong with one field: its key, a word for programs, a sentence for people."""

    field: str
    code: str
    message: str


TOO_LONG = N_("This is too long. Say it in fewer words.")
UNREADABLE = N_("This text contains signs that can't be read. Type it again.")
MISSING = N_("Fill in this field.")


def line(value: object) -> str:
    """A text in one line, written the one way."""
    return " ".join(normalise(str(value or "")).split())


def both(value: object) -> dict[str, str]:
    """A text in both languages, each in one line; empty where neither says anything."""
    given = value if isinstance(value, Mapping) else {}
    found = {language: line(given.get(language)) for language in LANGUAGES}
    return found if any(found.values()) else {}


def tidy(plain: Mapping[str, Any]) -> Plain:
    """The same in the form in which it is kept and compared. Raises ValueError for a text that holds a NUL."""
    found: Plain = {key: plain.get(key) for key in KEYS}
    found |= {key: line(plain.get(key)) for key in LINES}
    found |= {key: both(plain.get(key)) for key in BOTH}
    for language in LANGUAGES:
        found[f"short_{language}"] = (found[f"short_{language}"] or found[f"name_{language}"])[:120].strip()
    found["source"] = normalise(str(plain.get("source") or ""))
    found["code"] = line(plain.get("code")).upper()
    found["offered"] = bool(plain.get("offered", True))
    said = plain.get("protected")
    found["protected"] = said if said is None else bool(said)  # None: the file doesn't say, so it stays
    found["days_kind"] = line(plain.get("days_kind")) or str(DaysKind.WORKING)
    for key in ("kind", "level"):
        found[key] = line(plain.get(key))
    papers = [both(paper) for paper in plain.get("papers") or []]
    found["papers"] = [paper for paper in papers if paper]
    found["passes"] = [line(level) for level in plain.get("passes") or [] if line(level)]
    told = [line(fact) for fact in plain.get("verified") or []]
    order = [str(fact) for fact in Fact]
    found["verified"] = [fact for fact in order if fact in told] + [
        fact for fact in told if fact and fact not in order
    ]
    found["form"] = [asked(row) for row in plain.get("form") or []]
    return found


def asked(row: Mapping[str, Any]) -> Plain:
    """One attribute of the form; what it doesn't need is left out."""
    found: Plain = {
        "code": line(row.get("code")),
        "datatype": line(row.get("datatype")),
        "label": {language: line((row.get("label") or {}).get(language)) for language in LANGUAGES},
    }
    if row.get("required"):
        found["required"] = True
    hint = both(row.get("hint"))
    if hint:
        found["hint"] = hint
    for bound in ("least", "most"):
        if row.get(bound) not in (None, ""):
            found[bound] = row[bound]
    values = [
        {"key": line(value.get("key")), **{language: line(value.get(language)) for language in LANGUAGES}}
        for value in row.get("values") or []
    ]
    if values:
        found["values"] = values
    return found


def faults(plain: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with a tidy one; empty for a sound one."""
    found = [*_texts(plain), *_numbers(plain), *_choices(plain), *_papers(plain)]
    return found + form_faults(plain["form"])


def _texts(plain: Mapping[str, Any]) -> Iterable[Fault]:
    if not CODE.fullmatch(plain["code"]):
        yield Fault("code", "code", N_("Give a code of capital letters and digits, such as CR-BIRTH."))
    for key in NEEDED:
        if not plain[key]:
            yield Fault(key, "required", MISSING)
    for key, most in LINES.items():
        if len(plain[key]) > most:
            yield Fault(key, "too-long", TOO_LONG)
    if len(plain["source"]) > SOURCE:
        yield Fault("source", "too-long", TOO_LONG)
    for key, most in BOTH.items():
        for language, text in plain[key].items():
            if len(text) > most:
                yield Fault(f"{key}_{language}", "too-long", TOO_LONG)
        if plain[key] and not plain[key]["en"]:
            yield Fault(f"{key}_en", "required", N_("Say it in English too."))


def _numbers(plain: Mapping[str, Any]) -> Iterable[Fault]:
    fee, days = plain["fee_riel"], plain["days"]
    if fee is not None and not (_whole(fee) and 0 <= fee <= MOST_FEE):
        yield Fault(
            "fee_riel", "fee", N_("Give the fee in whole riel, 0 for free, or nothing where it is not known.")
        )
    elif fee and plain["kind"] == Kind.REPORT:
        yield Fault(
            "fee_riel", "fee", N_("To report a problem costs nothing. Leave the fee empty, or give 0.")
        )
    if not (_whole(days) and 1 <= days <= MOST_DAYS):
        yield Fault("days", "days", N_("Give a whole number of days from 1 to 1000."))


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _choices(plain: Mapping[str, Any]) -> Iterable[Fault]:
    choose = N_("Choose from the list.")
    for key, terms in (("kind", Kind), ("level", Level), ("days_kind", DaysKind)):
        if plain[key] not in set(terms):
            yield Fault(key, "unknown-value", choose)
    if not set(plain["passes"]) <= set(Level) or len(set(plain["passes"])) != len(plain["passes"]):
        yield Fault("passes", "unknown-value", choose)
    if not set(plain["verified"]) <= set(Fact):
        yield Fault("verified", "unknown-value", choose)
    if Fact.BASIS in plain["verified"] and plain["legal_basis"].lower() in rules.NO_BASIS:
        yield Fault(
            "verified", "no-basis", N_("A legal basis that is not there can't be verified. Name it first.")
        )


def _papers(plain: Mapping[str, Any]) -> Iterable[Fault]:
    if len(plain["papers"]) > MOST_PAPERS:
        yield Fault("papers", "too-many", N_("These are too many papers: 40 at most."))
    for paper in plain["papers"]:
        if not paper["en"]:
            yield Fault("papers", "required", N_("Say each paper in English too, on the same line."))
        if any(len(text) > PAPER for text in paper.values()):
            yield Fault("papers", "too-long", TOO_LONG)


def form_faults(form: list[Plain]) -> list[Fault]:
    """What is wrong with the questions of a service."""
    found = []
    if len(form) > MOST_ASKED:
        found.append(Fault("form", "too-many", N_("These are too many questions: 20 at most.")))
    for row in form:
        texts = [
            *row["label"].values(),
            *(value[each] for value in row.get("values", []) for each in LANGUAGES),
        ]
        if not ASKED.fullmatch(row["code"]):
            found.append(
                Fault("form", "code", N_("A question needs a code of small letters, such as house_number."))
            )
        elif not all(texts):
            found.append(
                Fault("form", "required", N_("A question and its answers need words in both languages."))
            )
        elif any(len(text) > PAPER for text in (*texts, *row.get("hint", {}).values())):
            found.append(Fault("form", "too-long", TOO_LONG))
        elif len(row.get("values", [])) > MOST_CHOICES or not all(
            ASKED.fullmatch(value["key"]) for value in row.get("values", [])
        ):
            found.append(
                Fault("form", "values", N_("A list needs 1 to 60 answers, each with a key of small letters."))
            )
    try:
        if not found:
            attributes.parse(form)
    except (KeyError, ValueError, ArithmeticError):
        found.append(
            Fault(
                "form",
                "form",
                N_(
                    "A question is not complete: each needs a code of its own, a kind, and a list its answers."
                ),
            )
        )
    return found


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The keys in which two tidy ones differ, in their order."""
    return [key for key in KEYS if before.get(key) != after.get(key)]


def kept(plain: Mapping[str, Any], level_text: str) -> Plain:
    """The columns of a version that says what a sound, tidy one says; ``level_text`` is what its source called the level."""
    told = plain["verified"]
    columns = {
        key: plain[key]
        for key in (*TEXTS, *BOTH, "level", "passes", "fee_riel", "days", "days_kind", "papers", "form")
    }
    return columns | {
        "checked": list(told),
        "name_verified": Fact.NAME in told,
        "days_status": str(DaysStatus.VERIFIED if Fact.DAYS in told else DaysStatus.DEFAULT),
        "fee_status": str(rules.fee_of(plain["kind"], plain["fee_riel"], plain["legal_basis"], told)),
        "level_text": level_text,
    }
