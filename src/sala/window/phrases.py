"""Which ready answers does an office have, and who changes them? Texts in both languages, put into a field to be edited."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet

from sala.kit import clock
from sala.kit.acting import Acting, Where
from sala.kit.errors import Changed, FieldError, Invalid, NotFound, NotPossible
from sala.kit.terms import N_
from sala.ledger import actions as ledger
from sala.window import queries, rules
from sala.window.models import Phrase, Request
from sala.window.terms import Act, LedgerAct, Verb

PHRASE = "window.phrase"
FACTS = ("act", "name_km", "name_en", "text_km", "text_en")
NOT_FOUND = N_("There is no such ready answer, or it belongs to another office.")
CHANGED = N_(
    "Somebody changed this ready answer while you had it open. Look at what is new, then change it again."
)
ENDED = N_("This ready answer has ended. Add a new one.")
TOO_MANY = N_("An office keeps at most 100 ready answers. End one that is not needed any more.")


@dataclass(frozen=True)
class Wording:
    """What a ready answer says: for which step, its name and its text in both languages."""

    act: str
    name_km: str
    name_en: str
    text_km: str
    text_en: str


# ---- reading ------------------------------------------------------------------------------------------------------------


def offered(office: UUID, verb: Act) -> list[Phrase]:
    """The ready answers for a step in an office: its own first, then the country's, by name."""
    mine = Q(office=office) | Q(office__isnull=True)
    found = Phrase.objects.filter(mine, act=verb, ended__isnull=True)
    return list(found.order_by(F("office").asc(nulls_last=True), "name_km", "pk"))


def kept(by: Acting) -> QuerySet[Phrase]:
    """The ready answers that are in use in the asker's office, the office's own first. Raises `Refused`."""
    by.require(Verb.PHRASES, _at(by))
    rows = Phrase.objects.filter(Q(office=by.office) | Q(office__isnull=True), ended__isnull=True)
    return rows.order_by(F("office").asc(nulls_last=True), "act", "name_km", "pk")


def one(by: Acting, phrase_id: UUID) -> Phrase:
    """One of the asker's own office. Raises `Refused`, `NotFound`."""
    by.require(Verb.PHRASES, _at(by))
    found = Phrase.objects.filter(pk=phrase_id, office=by.office).first()
    if found is None:
        raise NotFound(NOT_FOUND)
    return found


def text_for(phrase_id: UUID, verb: Act, requests: Iterable[Request]) -> str:
    """The words of a ready answer for whoever asked these requests, in their language; in both where they are several.

    Raises `NotFound` for one that the office of one of them does not have.
    """
    found = Phrase.objects.filter(pk=phrase_id, act=verb, ended__isnull=True).first()
    requests = list(requests)
    if found is None or any(found.office_id not in (None, each.office_id) for each in requests):
        raise NotFound(NOT_FOUND)
    languages = {_language(each) for each in requests}
    return "\n\n".join(getattr(found, f"text_{each}") for each in ("km", "en") if each in languages)


def _language(request: Request) -> str:
    contact = queries.contact_of(request)
    return "en" if (contact.language if contact is not None else request.language) == "en" else "km"


def _at(by: Acting) -> Where:
    return replace(by.where, office=by.office)


# ---- changing -----------------------------------------------------------------------------------------------------------


def add(*, by: Acting, wording: Wording) -> Phrase:
    """Add a ready answer to the asker's office. Side effect: a ledger entry.

    Raises `Refused`, `Invalid` (something is empty, no such step, or there are `rules.MOST_PHRASES` already).
    """
    by.require(Verb.PHRASES, _at(by))
    _check(wording)
    with transaction.atomic():
        if Phrase.objects.filter(office=by.office, ended__isnull=True).count() >= rules.MOST_PHRASES:
            raise Invalid(TOO_MANY, errors=[FieldError("act", "too-many", TOO_MANY)])
        row = Phrase(office_id=by.office, **_facts(wording))
        row.save(force_insert=True)
        _record(by, LedgerAct.PHRASE_ADD, row)
    return row


def change(*, by: Acting, phrase_id: UUID, version: int, wording: Wording) -> Phrase:
    """Say it in other words. Side effect: a ledger entry. What was sent with the old words stays as it was sent.

    Raises `Refused`, `NotFound`, `Changed`, `NotPossible` (ended), `Invalid`.
    """
    by.require(Verb.PHRASES, _at(by))
    _check(wording)
    return _save(by, LedgerAct.PHRASE_CHANGE, phrase_id, version, _facts(wording))


def end(*, by: Acting, phrase_id: UUID, version: int) -> Phrase:
    """Offer it no more. Side effect: a ledger entry. Raises `Refused`, `NotFound`, `Changed`, `NotPossible` (ended)."""
    return _save(by, LedgerAct.PHRASE_END, phrase_id, version, {"ended": clock.now()})


def _save(by: Acting, act: LedgerAct, phrase_id: UUID, version: int, values: Mapping[str, Any]) -> Phrase:
    with transaction.atomic():
        row = one(by, phrase_id)
        if row.ended is not None:
            raise NotPossible(ENDED)
        now = {**values, "version": version + 1, "changed": clock.now()}
        if not Phrase.objects.filter(pk=row.pk, version=version).update(**now):
            raise Changed(CHANGED)
        row.refresh_from_db()
        _record(by, act, row)
    return row


def _check(wording: Wording) -> None:
    needed = N_("Fill in this field.")
    errors = [FieldError(name, "required", needed) for name in FACTS if not getattr(wording, name).strip()]
    if wording.act and wording.act not in rules.READY:
        errors.append(FieldError("act", "unknown", N_("Choose the step from the list.")))
    if errors:
        raise Invalid(errors[0].message, errors=errors)


def _facts(wording: Wording) -> dict[str, str]:
    return {name: getattr(wording, name) for name in FACTS}


def _record(by: Acting, act: LedgerAct, row: Phrase) -> None:
    ledger.record(by=by, act=act, kind=PHRASE, subject=str(row.pk), at=_whose(by, row), content=content(row))


def _whose(by: Acting, row: Phrase) -> Where:
    return Where() if row.office_id is None else _at(by)


# ---- the country's pack -------------------------------------------------------------------------------------------------


def load(pack: Path, by: Acting) -> list[str]:
    """The pack's loader for ``answers.toml`` (a pack may have none): idempotent; returns a line for the report.

    Side effects: rows added, changed, and ended that the pack has no more; a ledger entry each. Raises `ValueError`
    for a file that says something else than its documentation.
    """
    by.require(LedgerAct.PHRASE_LOAD, Where())
    file = pack / "answers.toml"
    said = tomllib.loads(file.read_text(encoding="utf-8")).get("answer", []) if file.exists() else []
    wordings = {row["code"]: Wording(*(row[name] for name in FACTS)) for row in said}
    new = changed = 0
    with transaction.atomic():
        present = {row.code: row for row in Phrase.objects.exclude(code="")}
        for code, wording in wordings.items():
            _check(wording)
            row = present.get(code) or Phrase(code=code, version=0)
            facts: dict[str, Any] = {**_facts(wording), "ended": None}
            if row.version and all(getattr(row, name) == value for name, value in facts.items()):
                continue
            new, changed = new + (row.version == 0), changed + (row.version > 0)
            _bring(by, row, facts)
        for code, row in present.items():
            if code not in wordings and row.ended is None:
                _bring(by, row, {"ended": clock.now()})
    return [f"ready answers: {len(wordings)} ({new} new, {changed} changed)"]


def _bring(by: Acting, row: Phrase, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.version, row.changed = row.version + 1, clock.now()
    row.save()
    _record(by, LedgerAct.PHRASE_LOAD, row)


# ---- what the ledger recomputes -----------------------------------------------------------------------------------------


def content(row: Phrase) -> dict[str, object]:
    """What the ledger's digest of a ready answer is taken from."""
    return {
        "version": row.version,
        "code": row.code,
        "office": str(row.office_id) if row.office_id else None,
        **{name: getattr(row, name) for name in FACTS},
        "ended": row.ended is not None,
    }


def snapshots() -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every ready answer's facts."""
    for row in Phrase.objects.order_by("pk").iterator(chunk_size=500):
        yield str(row.pk), content(row)
