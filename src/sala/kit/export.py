"""How does a list leave the house? One writer for CSV, XLSX and JSON, whose cells no spreadsheet takes for formulas."""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from tempfile import SpooledTemporaryFile
from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from sala.kit import clock, workbook
from sala.kit.errors import Malformed, TooLarge

KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}
SHEET_ROWS = 1_048_000
CELL = 32_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True)
class Column:
    """One column: its ``code`` (JSON key), its ``label`` (header, in the reader's language) and how its value is read.

    Without ``value`` the row's key or attribute ``code`` is taken.
    """

    code: str
    label: Any
    value: Callable[[Any], object] | None = None

    def of(self, row: Any) -> object:
        """The value of this column in ``row``."""
        if self.value is not None:
            return self.value(row)
        return row.get(self.code) if isinstance(row, Mapping) else getattr(row, self.code)


def safe(text: str) -> str:
    """A text that a spreadsheet shows as it is: an apostrophe goes before anything that would begin a formula."""
    text = _UNPRINTABLE.sub("", text)
    return f"'{text}" if text.lstrip(" \u00a0\u200b").startswith(_FORMULA) else text


def _plain(value: object) -> object:
    """None, bool, int, float, Decimal, date, datetime (local) or a text."""
    if value is None or isinstance(value, bool | int | float | Decimal):
        return value if not (isinstance(value, float) and value != value) else None
    if isinstance(value, datetime):
        return value.astimezone(clock.zone()) if value.tzinfo else value
    if isinstance(value, date):
        return value
    if isinstance(value, Mapping) and set(value) <= {"km", "en"}:
        return str(value.get(get_language() or "km") or value.get("km") or "")
    if isinstance(value, list | tuple | set | frozenset):
        return "; ".join(str(part) for part in value)
    return str(value)


def _csv_cell(value: object) -> object:
    plain = _plain(value)
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, datetime):
        return plain.isoformat(timespec="seconds")
    if isinstance(plain, date | time):
        return plain.isoformat()
    return safe(plain) if isinstance(plain, str) else "" if plain is None else plain


def _xlsx_cell(value: object) -> object:
    plain = _plain(value)
    if isinstance(plain, datetime):
        return plain.replace(
            tzinfo=None, microsecond=0
        )  # a spreadsheet knows no zones: the country's own time
    return safe(plain)[:CELL] if isinstance(plain, str) else plain


def _json_value(value: object) -> object:
    """As the API gives it: moments with offset, integers as integers, names in both languages."""
    if isinstance(value, datetime):
        return (value.astimezone(clock.zone()) if value.tzinfo else value).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return {str(key): _json_value(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_json_value(part) for part in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value) if isinstance(value, UUID) or not isinstance(value, str) else str.__str__(value)


class _Echo:
    """A file that gives back what is written to it, so that rows leave one by one."""

    def write(self, text: str) -> str:
        return text


def _csv(columns: Sequence[Column], rows: Iterable[Any]) -> Iterator[bytes]:
    writer: Any = csv.writer(_Echo())
    yield b"\xef\xbb\xbf"  # Excel reads UTF-8 only with it
    yield writer.writerow([safe(str(column.label)) for column in columns]).encode()
    for row in rows:
        yield writer.writerow([_csv_cell(column.of(row)) for column in columns]).encode()


def _json(columns: Sequence[Column], rows: Iterable[Any]) -> Iterator[bytes]:
    yield b"["
    for index, row in enumerate(rows):
        record = {column.code: _json_value(column.of(row)) for column in columns}
        yield (",\n" if index else "\n").encode() + json.dumps(
            record, ensure_ascii=False, allow_nan=False
        ).encode()
    yield b"\n]\n"


def _xlsx(name: str, columns: Sequence[Column], rows: Iterable[Any]) -> SpooledTemporaryFile[bytes]:
    file: SpooledTemporaryFile[bytes] = SpooledTemporaryFile(max_size=8_000_000)  # noqa: SIM115 - the response closes it
    workbook.write(file, name, _cells(columns, rows))
    file.seek(0)
    return file


def _cells(columns: Sequence[Column], rows: Iterable[Any]) -> Iterator[list[object]]:
    yield [safe(str(column.label)) for column in columns]
    for index, row in enumerate(rows):
        if index >= SHEET_ROWS:
            raise TooLarge(_("The list is too long for a spreadsheet. Narrow it, or take it as CSV."))
        yield [_xlsx_cell(column.of(row)) for column in columns]


def write(
    name: str, columns: Sequence[Column], rows: Iterable[Any], kind: str = "csv", *, mark: str | None = None
) -> HttpResponseBase:
    """The ``rows`` as a file to download, in the reader's language: ``kind`` is csv, xlsx or json.

    ``name`` is the file's name without ending (a translated title; the date is added). ``mark`` (a demonstration's) stands in
    a column of its own in every row and in the file's name, so that it stays with whatever is cut out. CSV and JSON are
    streamed. Raises `Malformed` for another kind, `TooLarge` beyond a sheet's rows.
    """
    if kind not in KINDS:
        raise Malformed(_("Lists can be had as csv, xlsx or json."), code="unknown-format")
    if mark:
        said = str(mark)
        columns = [*columns, Column("mark", _("Note"), lambda _row: said)]
    stem = re.sub(r"[\s/\\:*?\"<>|\x00-\x1f]+", "-", str(name)).strip("-.")[:80] or "sala"
    filename = f"{stem}{'-demo' if mark else ''}-{clock.today():%Y-%m-%d}.{kind}"
    language = get_language() or "km"
    response: HttpResponseBase
    if kind == "xlsx":
        response = FileResponse(_xlsx(str(name), columns, rows), content_type=KINDS[kind])
    else:
        response = StreamingHttpResponse(
            (_csv if kind == "csv" else _json)(columns, rows), content_type=KINDS[kind]
        )
    response.headers["Content-Disposition"] = content_disposition_header(True, filename) or "attachment"
    response.headers["Content-Language"] = language
    response.headers["Cache-Control"] = "private, no-store"
    return response
