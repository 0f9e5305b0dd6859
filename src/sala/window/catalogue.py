"""What does the country pack's list of services say? Reads the rows into plain values; nothing of Django here."""

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sala.window import attributes, rules
from sala.window.terms import Kind


@dataclass(frozen=True)
class Row:
    """One service as the pack says it: the fields of its version, its kind, and whether its requests are protected."""

    code: str
    kind: Kind
    facts: Mapping[str, Any]
    protected: bool = False


class Faulty(ValueError):  # noqa: N818 - the sentence reads so
    """The pack can't be read; the message names the row, the column and the reason."""


def _both(text: str, texts: Mapping[str, str]) -> dict[str, str]:
    """A text of the source in both languages; ``km`` is empty where nobody translated it."""
    return {"km": texts.get(text, ""), "en": text}


def _form(line: int, code: str, pack: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the service asks, as the pack writes it, once it has been read without a fault."""
    form = [dict(asked) for asked in pack.get("form", {}).get(code, [])]
    try:
        attributes.parse(form)
    except (KeyError, ValueError) as error:
        raise Faulty(f"services.toml, form of {code} (row {line}): {error}") from error
    return form


def _row(line: int, row: Mapping[str, str], pack: Mapping[str, Any], basis: str) -> Row:
    code, texts = row["code"].strip(), pack["texts"]
    names = pack["names"].get(code, {})
    kind = Kind.REPORT if row["sector"] in pack["kinds"]["report_sectors"] else Kind.DOCUMENT
    default = pack["days"].get(code, pack["defaults"][f"{kind}_days"])
    try:
        level = rules.level(row["level"], pack["levels"])
        sector = pack["sectors"][row["sector"]]
        days, days_status = rules.deadline(row["deadline_working_days"], default)
        fee = int(row["fee_riel"]) if row["fee_riel"].strip() else None
    except (KeyError, ValueError) as error:
        raise Faulty(f"services.csv, row {line} ({code}): {error}") from error
    name_km, name_en = row["name_km"].strip() or names.get("km", ""), row["name_en"].strip()
    if not name_km or not name_en:
        raise Faulty(
            f"services.csv, row {line} ({code}): name_km, name_en: a name is missing in services.toml too"
        )
    note = "" if row["fee_note"].strip() == "UNVERIFIED" else row["fee_note"].strip()
    facts = {
        "name_km": name_km,
        "name_en": name_en,
        "name_verified": row["name_km_from_source"].strip() == "Y",
        "short_km": names.get("short_km", name_km)[:120],
        "short_en": names.get("short_en", name_en)[:120],
        "level": str(level),
        "level_text": row["level"].strip(),
        "sector": row["sector"].strip(),
        "sector_km": sector["km"],
        "sector_en": sector["en"],
        "fee_riel": fee,
        "fee_note": _both(note, texts) if note else {},
        "fee_status": str(rules.fee_status(kind, fee, basis, row["status"])),
        "days": days,
        "days_status": str(days_status),
        "days_note": _both(row["deadline_note"].strip(), texts) if row["deadline_note"].strip() else {},
        "validity": _both(row["validity"].strip(), texts) if row["validity"].strip() else {},
        "papers": [
            _both(paper.strip(), texts) for paper in row["required_documents"].split(";") if paper.strip()
        ],
        "form": _form(line, code, pack),
        "legal_basis": basis,
        "status": row["status"].strip(),
        "source": row["source"].strip(),
    }
    return Row(code, kind, facts, protected=code in pack.get("protected", {}).get("codes", ()))


def read(pack: Path) -> list[Row]:
    """The services of ``pack`` in the order of the file; a legal basis "same" repeats the row above. Raises `Faulty`."""
    with (pack / "services.toml").open("rb") as file:
        settings = tomllib.load(file)
    rows: list[Row] = []
    basis = ""
    with (pack / "services.csv").open(encoding="utf-8-sig", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            own = row["legal_basis"].strip()
            basis = basis if own == "same" else own
            rows.append(_row(line, row, settings, basis))
    codes = [row.code for row in rows]
    if len(codes) != len(set(codes)):
        raise Faulty(f"services.csv: a code stands twice: {sorted({c for c in codes if codes.count(c) > 1})}")
    unknown = set(settings.get("protected", {}).get("codes", ())) - set(codes)
    if unknown:  # a slip of the pen would leave somebody unprotected
        raise Faulty(f"services.toml, protected: there is no such service: {sorted(unknown)}")
    return rows
