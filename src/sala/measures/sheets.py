"""What does a file of figures say? Reads a CSV by its mapping; repairs codes; names every bad cell by row, column and reason.

Pure: it knows neither the database nor the gazetteer.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from sala.kit.terms import N_

MAX_ROWS = 200_000
_LENGTH = {"province": 2, "district": 4, "commune": 6, "village": 8}
_CODE = re.compile(r"([0-9]{1,8})(?:\.(0*))?", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?", re.ASCII)
_GROUPED = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{1,15})?", re.ASCII)
_LEAST, _MOST = Decimal("-1e13"), Decimal("1e13")


@dataclass(frozen=True)
class Cells:
    """Which columns make a fact of ``measure``: a value; numerator and denominator; or a per cent with its weight."""

    measure: str
    value: str = ""
    numerator: str = ""
    denominator: str = ""
    percent: str = ""
    weight: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Those that are named."""
        named = (self.value, self.numerator, self.denominator, self.percent, self.weight)
        return tuple(column for column in named if column)


@dataclass(frozen=True)
class Compare:
    """Another file that says the same: its ``code`` column and which of its columns answers to ours."""

    file: str
    code: str
    columns: Mapping[str, str]
    other_code: str = ""


@dataclass(frozen=True)
class SheetMapping:
    """How a file is read. ``level`` is that of the places its ``code`` column names."""

    name: str
    file: str
    origin: str
    period: str
    level: str
    code: str
    name_column: str
    facts: tuple[Cells, ...]
    compare: tuple[Compare, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns the file must have, each once."""
        wanted = [self.code, *(column for cells in self.facts for column in cells.columns)]
        return tuple(dict.fromkeys(column for column in wanted if column))


@dataclass(frozen=True)
class Fault:
    """Something wrong, or repaired. ``row`` counts the lines of the table, the header is row 1; 0 is the file as a whole.

    ``reason`` is a marked text with ``%(name)s`` places for ``values``.
    """

    row: int
    column: str
    code: str
    reason: str
    values: Mapping[str, str] = field(default_factory=dict)

    def sentence(self, translate: object = None) -> str:
        """The reason in words, in English or by ``translate``."""
        text = translate(self.reason) if callable(translate) else self.reason
        return str(text) % dict(self.values) if self.values else str(text)


@dataclass(frozen=True)
class SheetFact:
    """A fact as the file says it."""

    measure: str
    value: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None


@dataclass(frozen=True)
class SheetRow:
    """A sound row: its number, repaired code, the place's name as written, its facts."""

    row: int
    code: str
    name: str
    facts: tuple[SheetFact, ...]


@dataclass
class Sheet:
    """What a file says: sound rows, what is wrong (such rows are not among ``rows``), what was repaired or odd."""

    rows: list[SheetRow] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)
    lines: int = 0


def repair_code(text: str, level: str) -> str:
    """A gazetteer code of ``level`` from what spreadsheets make of it: ``10201``, ``10201.000``, Khmer digits.

    Raises ValueError where it can't be one: a fraction that is not zero, letters, too long, all zeros, or so short that
    more than the one leading zero would have to be guessed.
    """
    plain = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text.strip())
    found = _CODE.fullmatch(plain)
    length = _LENGTH[level]
    if found is None or not length - 1 <= len(found[1]) <= length or not int(found[1]):
        raise ValueError(text)
    return found[1].zfill(length)


def number(text: str) -> Decimal:
    """A number as spreadsheets write it: ``1299.000``, ``1,299``, Khmer digits. Raises ValueError for anything else."""
    plain = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text.strip())
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(",", "")
    if not _NUMBER.fullmatch(plain):
        raise ValueError(text)
    try:
        value = Decimal(plain)
    except InvalidOperation as error:
        raise ValueError(text) from error
    if not _LEAST < value < _MOST:
        raise ValueError(text)
    return value


def table(data: bytes) -> tuple[list[str], list[tuple[int, list[str]]], list[Fault]]:
    """Header, numbered rows, and faults of the file as a whole (then there are no rows)."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("utf-8-sig", errors="replace")
    if "\x00" in text:
        return (
            [],
            [],
            [
                Fault(
                    0, "", "binary", N_("This is not a text file: it holds NUL bytes. Save the table as CSV.")
                )
            ],
        )
    try:
        lines = [
            (position, row)
            for position, row in enumerate(csv.reader(io.StringIO(text, newline=""), strict=True), start=1)
            if any(cell.strip() for cell in row)
        ]
    except csv.Error:
        return (
            [],
            [],
            [Fault(0, "", "quotes", N_("The file can't be read as CSV: a quotation mark is not closed."))],
        )
    if not lines:
        return [], [], [Fault(0, "", "empty", N_("The file is empty."))]
    if len(lines) > MAX_ROWS:
        return (
            [],
            [],
            [
                Fault(
                    0,
                    "",
                    "long",
                    N_("The file has more than %(most)s rows. Divide it."),
                    {"most": str(MAX_ROWS)},
                )
            ],
        )
    return [cell.strip() for cell in lines[0][1]], lines[1:], []


def read(data: bytes, mapping: SheetMapping, others: Mapping[str, bytes] | None = None) -> Sheet:
    """Read ``data``; compare it with ``others`` (bytes by file name) where the mapping names them."""
    sheet = Sheet()
    header, lines, faults = table(data)
    sheet.faults += faults
    if faults:
        return sheet
    sheet.faults += _header_faults(header, mapping.columns)
    if sheet.faults:
        return sheet
    if not lines:
        sheet.faults.append(Fault(0, "", "no-rows", N_("The file has a header but no rows.")))
    sheet.lines = len(lines)
    seen: dict[str, tuple[int, list[str]]] = {}
    for position, cells in lines:
        _read_row(sheet, position, header, cells, mapping, seen)
    for compare in mapping.compare:
        if others and compare.file in others:
            _compare(sheet, header, lines, mapping, compare, others[compare.file])
    return sheet


def _header_faults(header: Sequence[str], wanted: Sequence[str]) -> list[Fault]:
    faults = [
        Fault(1, column, "no-column", N_("The column “%(column)s” is missing."), {"column": column})
        for column in wanted
        if column not in header
    ]
    return faults + [
        Fault(
            1, column, "column-twice", N_("The column “%(column)s” stands there twice."), {"column": column}
        )
        for column in wanted
        if header.count(column) > 1
    ]


def _read_row(
    sheet: Sheet,
    position: int,
    header: list[str],
    cells: list[str],
    mapping: SheetMapping,
    seen: dict[str, tuple[int, list[str]]],
) -> None:
    if len(cells) != len(header):
        reason = N_("The row has %(found)s cells, the header %(wanted)s.")
        sheet.faults.append(
            Fault(position, "", "cells", reason, {"found": str(len(cells)), "wanted": str(len(header))})
        )
        return
    row = dict(zip(header, cells, strict=True))
    if any("\ufffd" in cell for cell in cells):
        columns = ", ".join(column for column, cell in row.items() if "\ufffd" in cell)
        sheet.notes.append(
            Fault(position, columns, "characters", N_("Some characters can't be read (not UTF-8)."))
        )
    code = _row_code(sheet, position, row, mapping)
    if code is None:
        return
    if code in seen:
        earlier, before = seen[code]
        if before == cells:
            reason = N_("The same row as row %(row)s; taken once.")
            sheet.notes.append(Fault(position, mapping.code, "repeated", reason, {"row": str(earlier)}))
        else:
            reason = N_("The code %(code)s stands in row %(row)s already, with other figures.")
            sheet.faults.append(
                Fault(position, mapping.code, "code-twice", reason, {"code": code, "row": str(earlier)})
            )
        return
    seen[code] = (position, cells)
    found, faults = _row_facts(position, row, mapping)
    sheet.faults += faults
    if not faults and found:
        sheet.rows.append(
            SheetRow(position, code, row.get(mapping.name_column, "").strip()[:200], tuple(found))
        )
    elif not faults:
        sheet.notes.append(
            Fault(position, "", "no-figures", N_("The row has no figures; nothing was taken from it."))
        )


def _row_code(sheet: Sheet, position: int, row: Mapping[str, str], mapping: SheetMapping) -> str | None:
    typed = row[mapping.code].strip()
    if not typed:
        sheet.faults.append(Fault(position, mapping.code, "no-code", N_("The code of the place is missing.")))
        return None
    try:
        code = repair_code(typed, mapping.level)
    except ValueError:
        reason = N_("“%(text)s” is not the code of a place of this level.")
        sheet.faults.append(Fault(position, mapping.code, "code", reason, {"text": typed[:40]}))
        return None
    if code != typed:
        reason = N_("Code “%(text)s” read as %(code)s.")
        sheet.notes.append(
            Fault(position, mapping.code, "repaired", reason, {"text": typed[:40], "code": code})
        )
    return code


def _row_facts(
    position: int, row: Mapping[str, str], mapping: SheetMapping
) -> tuple[list[SheetFact], list[Fault]]:
    found: list[SheetFact] = []
    faults: dict[tuple[str, str], Fault] = {}

    def cell(column: str) -> Decimal | None:
        typed = row[column].strip()
        if not typed:
            return None
        try:
            value = number(typed)
        except ValueError:
            fault = Fault(position, column, "number", N_("“%(text)s” is not a number."), {"text": typed[:40]})
            faults[column, "number"] = fault
            return None
        if value < 0:
            fault = Fault(position, column, "negative", N_("%(text)s is less than 0."), {"text": typed[:40]})
            faults[column, "negative"] = fault
        return value

    for cells in mapping.facts:
        if cells.value:
            value = cell(cells.value)
            if value is not None:
                found.append(SheetFact(cells.measure, value, None, None))
            continue
        top, bottom = cell(cells.numerator or cells.percent), cell(cells.denominator or cells.weight)
        if top is None or bottom is None:
            continue
        if cells.percent:
            if top > 100:
                fault = Fault(
                    position,
                    cells.percent,
                    "percent",
                    N_("%(text)s per cent is more than 100."),
                    {"text": f"{top:f}"},
                )
                faults[cells.percent, "percent"] = fault
            top = top * bottom / 100
        elif top > bottom:
            reason = N_("%(part)s is more than the whole, %(whole)s.")
            fault = Fault(
                position, cells.numerator, "part", reason, {"part": f"{top:f}", "whole": f"{bottom:f}"}
            )
            faults[cells.numerator, "part"] = fault
        found.append(SheetFact(cells.measure, None, top, bottom))
    return found, list(faults.values())


def _compare(
    sheet: Sheet,
    header: list[str],
    lines: list[tuple[int, list[str]]],
    mapping: SheetMapping,
    compare: Compare,
    data: bytes,
) -> None:
    """Note every place or figure in which the two files disagree; nothing of the other file is taken."""
    other_header, other_lines, faults = table(data)
    faults += _header_faults(other_header, [compare.code, *compare.columns.values()]) if not faults else []
    sheet.notes += [
        Fault(0, fault.column, "compare", N_("Not compared with %(file)s."), {"file": compare.file})
        for fault in faults
    ]
    if faults:
        return
    theirs = _theirs(sheet, other_header, other_lines, mapping, compare)
    ours: set[str] = set()
    for position, cells in lines:
        mine = dict(zip(header, cells, strict=False))
        try:
            code = repair_code(mine.get(mapping.code, ""), mapping.level)
        except ValueError:
            continue
        ours.add(code)
        if code not in theirs:
            reason = N_("%(code)s is not in %(file)s.")
            sheet.notes.append(
                Fault(position, mapping.code, "compare-missing", reason, {"code": code, "file": compare.file})
            )
            continue
        for column, other in compare.columns.items():
            if not _equal(mine.get(column, ""), theirs[code].get(other, "")):
                reason = N_("%(ours)s here, %(theirs)s in %(file)s.")
                values = {
                    "ours": mine.get(column, ""),
                    "theirs": theirs[code].get(other, ""),
                    "file": compare.file,
                }
                sheet.notes.append(Fault(position, column, "compare-value", reason, values))
    for code in sorted(set(theirs) - ours):
        reason = N_("%(code)s is in %(file)s but not here.")
        sheet.notes.append(
            Fault(0, mapping.code, "compare-extra", reason, {"code": code, "file": compare.file})
        )


def _theirs(
    sheet: Sheet,
    header: list[str],
    lines: list[tuple[int, list[str]]],
    mapping: SheetMapping,
    compare: Compare,
) -> dict[str, dict[str, str]]:
    """The other file's rows by code; codes that can't be read, disagree or stand there twice are noted."""
    theirs: dict[str, dict[str, str]] = {}
    for position, cells in lines:
        row = dict(zip(header, cells, strict=False))
        try:
            code = repair_code(row[compare.code], mapping.level)
            second = repair_code(row[compare.other_code], mapping.level) if compare.other_code else code
        except (ValueError, KeyError):
            reason = N_("%(file)s, row %(row)s: the code can't be read.")
            sheet.notes.append(
                Fault(0, compare.code, "compare-code", reason, {"file": compare.file, "row": str(position)})
            )
            continue
        if second != code:
            reason = N_(
                "%(file)s, row %(row)s: %(first)s says %(code)s but %(other)s says %(second)s; the first was used."
            )
            values = {"file": compare.file, "row": str(position), "first": compare.code, "code": code}
            values |= {"other": compare.other_code, "second": second}
            sheet.notes.append(Fault(0, compare.other_code, "compare-codes", reason, values))
        if code in theirs:
            reason = N_("%(file)s, row %(row)s: the code %(code)s stands there twice.")
            values = {"file": compare.file, "row": str(position), "code": code}
            sheet.notes.append(Fault(0, compare.code, "compare-twice", reason, values))
        theirs[code] = row
    return theirs


def _equal(mine: str, theirs: str) -> bool:
    try:
        return abs(number(mine) - number(theirs)) < Decimal("0.00001")
    except ValueError:
        return mine.strip() == theirs.strip()
