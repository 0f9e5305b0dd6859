"""What happens to a file of figures? It is read, its places found, its facts kept as new versions, one ledger entry written."""

import csv
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from sala.kit import clock
from sala.kit.acting import Acting, Where
from sala.kit.canonical import canonical
from sala.kit.errors import FieldError, Invalid, TooLarge
from sala.kit.periods import Period
from sala.kit.terms import N_
from sala.ledger import actions as ledger
from sala.measures import pack, registry, sheets
from sala.measures.models import Fact, Import
from sala.measures.sheets import Fault, Sheet, SheetFact, SheetMapping, SheetRow
from sala.measures.terms import KIND_IMPORT, Verb
from sala.numbers import actions as numbers
from sala.places import queries as places

MAX_BYTES = 50 * 1024 * 1024
_NAMED = 200  # faults that are named in an answer; the report file names all
_BATCH = 2000


@dataclass
class Taken:
    """What came of a file. ``imported`` is None where the same file is in force already."""

    imported: Import | None
    rows: int = 0
    facts: int = 0
    changed: int = 0
    faults: list[Fault] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)
    former: list[str] = field(default_factory=list)
    report: Path | None = None


def take(
    *,
    by: Acting,
    data: bytes,
    file_name: str,
    mapping: SheetMapping,
    source: str = "",
    licence: str = "",
    others: Mapping[str, bytes] | None = None,
    lenient: bool = False,
    folder: Path | None = None,
) -> Taken:
    """Take in a file of figures. Strict (default): one bad row and nothing is taken; ``lenient``: the good rows are.

    A figure that is there already with another value becomes a new version; the old one is kept. Side effects: rows of facts, one row and one ledger
    entry for the file, a report file under SALA_HOME that names every bad, repaired or unmatched row with its cells.
    Deliberately not done: totals, which the next roll-up counts. Raises `Refused`, `TooLarge`, `Invalid` (faults as field errors).
    """
    by.require(Verb.IMPORT, Where())
    if len(data) > MAX_BYTES:
        raise TooLarge(N_("The file is larger than 50 MB. Divide it."))
    sheet = sheets.read(data, mapping, others)
    for cells in mapping.facts:
        registry.get(cells.measure)
    period = Period.parse(mapping.period)
    placed, former = _places(sheet, mapping, period)
    taken = Taken(None, rows=sheet.lines, faults=sheet.faults, notes=sheet.notes, former=former)
    if sheet.faults or sheet.notes:
        taken.report = _report(sheet, data, file_name, folder)
    if sheet.faults and not (lenient and placed):
        raise Invalid(
            N_("Nothing was taken from the file. Correct the rows named and import it again."),
            code="bad-rows",
            errors=[
                FieldError(f"{fault.row}:{fault.column}", fault.code, fault.sentence())
                for fault in sheet.faults[:_NAMED]
            ],
        )
    with transaction.atomic():
        imported = _import(by, data, file_name, mapping, sheet, source, licence)
        if imported is None:
            return taken
        taken.facts, taken.changed = _keep(imported, placed, period)
        imported.facts = taken.changed
        imported.save(update_fields=["facts"])
        ledger.record(
            by=by,
            act=Verb.IMPORT,
            kind=KIND_IMPORT,
            subject=str(imported.id),
            at=Where(),
            content=content(imported, facts_digest(imported)),
        )
    taken.imported = imported
    return taken


def _import(
    by: Acting, data: bytes, file_name: str, mapping: SheetMapping, sheet: Sheet, source: str, licence: str
) -> Import | None:
    """The row of the file as the next version of its mapping; None where the same file is in force already."""
    digest = hashlib.sha256(data).hexdigest()
    last = Import.objects.filter(mapping=mapping.name).order_by("-version").first()
    if last is not None and last.digest == digest:
        return None
    # The counter's row is the lock: of two imports at once the second compares with what the first has kept.
    version = numbers.next_number(series=KIND_IMPORT, office=mapping.name, year=0)
    origin = pack.origins(pack.folder()).get(mapping.origin)
    return Import.objects.create(
        mapping=mapping.name,
        version=version,
        file_name=file_name[:200],
        digest=digest,
        source=(source or (origin.title.en if origin else mapping.name))[:300],
        licence=(licence or (origin.licence if origin else ""))[:200],
        year=origin.year if origin else Period.parse(mapping.period).year,
        rows=sheet.lines,
        facts=0,
        report=[[f.row, f.column, f.code, f.sentence()] for f in (*sheet.faults, *sheet.notes)],
        post=by.post,
    )


def content(imported: Import, digest: str) -> dict[str, object]:
    """What the ledger holds of an import; ``digest`` is that of its facts, so that an edited figure is noticed."""
    return {
        "mapping": imported.mapping,
        "version": imported.version,
        "file": imported.file_name,
        "digest": imported.digest,
        "source": imported.source,
        "licence": imported.licence,
        "rows": imported.rows,
        "facts": imported.facts,
        "facts_digest": digest,
    }


def facts_digest(imported: Import) -> str:
    """SHA-256 over the facts that came with an import, to six places (SQLite keeps decimals to fifteen digits).

    A fact counts until a newer version takes its place; one that was put out of force, or into it, otherwise is noticed.
    """
    running = hashlib.sha256()
    numbers = ("value", "numerator", "denominator")
    said = (
        "row",
        "measure",
        "place",
        "province",
        "district",
        "commune",
        "village",
        "period",
        "dimension_key",
    )
    newer = Fact.objects.filter(
        measure=OuterRef("measure"),
        place=OuterRef("place"),
        period=OuterRef("period"),
        dimension_key=OuterRef("dimension_key"),
        version__gt=OuterRef("version"),
    )
    facts = Fact.objects.filter(imported=imported).order_by("row", "measure").annotate(outdated=Exists(newer))
    for fact in facts.values_list(*numbers, "current", "outdated", "version", *said).iterator(_BATCH):
        rightly = fact[3] != fact[4]
        running.update(canonical([*map(_six, fact[:3]), rightly, *map(str, fact[5:])]))
    return running.hexdigest()


def snapshots() -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every import as its table says it now, for the ledger's verification."""
    for imported in Import.objects.order_by("created", "pk").iterator(100):
        yield str(imported.id), content(imported, facts_digest(imported))


def _six(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.quantize(Decimal('0.000001')):f}"


def _places(
    sheet: Sheet, mapping: SheetMapping, period: Period
) -> tuple[list[tuple[SheetRow, Where]], list[str]]:
    """The line of every row's place as it was at the period's end; former units are noted, unknown ones are faults."""
    placed: list[tuple[SheetRow, Where]] = []
    former: list[str] = []
    for row in sheet.rows:
        unit = places.by_code(row.code, at=period.last)
        if unit is None or unit.level != mapping.level:
            reason = N_("There is no place with the code %(code)s, now or formerly.")
            sheet.faults.append(Fault(row.row, mapping.code, "place", reason, {"code": row.code}))
            continue
        if not unit.valid(clock.today()):
            former.append(row.code)
            reason = N_("%(code)s %(name)s is no longer in the gazetteer; kept with the former unit.")
            sheet.notes.append(
                Fault(row.row, mapping.code, "former", reason, {"code": row.code, "name": row.name})
            )
        placed.append((row, places.where(unit.key)))
    sheet.faults.sort(key=lambda fault: (fault.row, fault.column))
    return placed, former


def _keep(imported: Import, placed: list[tuple[SheetRow, Where]], period: Period) -> tuple[int, int]:
    """How many facts the file says, and how many of them are new or changed."""
    measures = {fact.measure for row, _where in placed for fact in row.facts}
    present = {
        (fact.measure, fact.place): fact
        for fact in Fact.objects.filter(
            current=True, period=period.code, dimension_key="", measure__in=measures
        )
    }
    count, fresh, outdated = 0, [], []
    for row, where in placed:
        for said in row.facts:
            count += 1
            before = present.get((said.measure, where.place))
            if before is not None and _same(before, said):
                continue
            if before is not None:
                outdated.append(before.pk)
            fresh.append(
                Fact(
                    measure=said.measure,
                    place=where.place,
                    province=where.province,
                    district=where.district,
                    commune=where.commune,
                    village=where.village,
                    period=period.code,
                    value=said.value,
                    numerator=said.numerator,
                    denominator=said.denominator,
                    version=before.version + 1 if before else 1,
                    imported=imported,
                    row=row.row,
                )
            )
    for start in range(0, len(outdated), _BATCH):
        Fact.objects.filter(pk__in=outdated[start : start + _BATCH]).update(current=False)
    Fact.objects.bulk_create(fresh, batch_size=_BATCH)
    return count, len(fresh)


def _same(before: Fact, said: SheetFact) -> bool:
    pairs = (
        (before.value, said.value),
        (before.numerator, said.numerator),
        (before.denominator, said.denominator),
    )
    return all(_six(old) == _six(new) for old, new in pairs)


def _report(sheet: Sheet, data: bytes, file_name: str, folder: Path | None) -> Path:
    """Every fault and note with the row's own cells, as CSV under SALA_HOME."""
    folder = folder or Path(settings.HOME) / "measures" / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    stem = "".join(c if c.isalnum() or c in "-_" else "-" for c in Path(file_name).stem)[:60]
    path = folder / f"{clock.now():%Y%m%dT%H%M%S%f}-{stem}.csv"
    _header, lines, _faults = sheets.table(data)
    cells = dict(lines)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "column", "kind", "code", "reason", "cells"])
        for kind, found in (("fault", sheet.faults), ("note", sheet.notes)):
            for fault in found:
                original = " | ".join(cells.get(fault.row, []))
                writer.writerow([fault.row, fault.column, kind, fault.code, fault.sentence(), original])
    return path
