"""How does the list of services leave the house and come back? XLSX and JSON, read without belief in a single cell."""

import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from sala.kit import inputs, workbook
from sala.kit.export import safe
from sala.kit.terms import N_
from sala.window import facts
from sala.window.facts import LANGUAGES, Plain

FORMAT = "sala.window.services/1"
LARGEST, UNPACKED, MOST_ROWS, MOST_COLUMNS = 2 * 1024 * 1024, 40 * 1024 * 1024, 2000, 80
LISTS = ("passes", "verified")
FLAGS: Mapping[str, bool | None] = {"offered": True, "protected": None}
"""Yes or no, and what an empty cell means; None: as it is."""
PAIRS = (*facts.BOTH, "papers")
COLUMNS = tuple(
    column for key in facts.KEYS for column in ([f"{key}_km", f"{key}_en"] if key in PAIRS else [key])
)
NEEDED = (
    "code",
    "kind",
    "name_km",
    "name_en",
    "level",
    "sector",
    "sector_km",
    "sector_en",
    "fee_riel",
    "days",
    "legal_basis",
    "verified",
)


@dataclass(frozen=True)
class Fault:
    """What is wrong with a file: the row (1 is the head; 0 the file as a whole), the column, a sentence for people."""

    row: int
    column: str
    code: str
    message: str


@dataclass(frozen=True)
class Read:
    """What a file says: tidy services with the number of their row, and what is wrong with it."""

    rows: Sequence[tuple[int, Plain]]
    faults: Sequence[Fault]


def as_json(services: Iterable[Mapping[str, Any]]) -> bytes:
    """All services as one JSON document."""
    body = {"format": FORMAT, "services": list(services)}
    return json.dumps(body, ensure_ascii=False, indent=1).encode() + b"\n"


def as_xlsx(services: Iterable[Mapping[str, Any]], title: str = "Services") -> bytes:
    """All services as one sheet; the head holds the keys, so that it reads back in every language."""
    file = BytesIO()
    workbook.write(
        file, title, [list(COLUMNS), *([_cell(one, column) for column in COLUMNS] for one in services)]
    )
    return file.getvalue()


def _cell(service: Mapping[str, Any], column: str) -> object:
    key, _underscore, language = column.rpartition("_")
    if key in facts.BOTH:
        return guarded(service[key].get(language, ""))
    if key == "papers":
        return guarded("\n".join(paper[language] for paper in service["papers"]))
    value = service[column]
    if column in FLAGS:
        return "" if value is None else "yes" if value else "no"
    if column in LISTS:
        return "; ".join(value)
    if column == "form":
        return json.dumps(value, ensure_ascii=False) if value else ""
    return guarded(value) if isinstance(value, str) else value


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula, and that `_bare` gives back."""
    return f"'{text}" if text.startswith("'") or safe(text) != text else text


def _bare(text: str) -> str:
    return text[1:] if text.startswith("'") else text


def read(data: bytes, name: str) -> Read:
    """The services of a file whose ``name`` ends in .xlsx or .json."""
    if len(data) > LARGEST:
        return _nothing("too-large", N_("The file is too large: 2 MB at most."))
    if name.lower().endswith(".json"):
        return _json(data)
    if name.lower().endswith(".xlsx"):
        return _xlsx(data)
    return _nothing("unknown-format", N_("Give a file that ends in .xlsx or .json."))


def _nothing(code: str, message: str, row: int = 0, column: str = "") -> Read:
    return Read([], [Fault(row, column, code, message)])


def _json(data: bytes) -> Read:
    try:
        body = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return _nothing("not-json", N_("The file can't be read as JSON."))
    rows = body.get("services") if isinstance(body, dict) and body.get("format") == FORMAT else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return _nothing(
            "not-services", N_("This is no list of services: take an exported file as the pattern.")
        )
    return _checked([(number, _of_json(row)) for number, row in enumerate(rows, start=1)])


def _of_json(row: Mapping[str, Any]) -> Plain | list[Fault]:
    """A service of a JSON document, not yet tidy; or what is wrong with its shape."""
    shapes: dict[str, type | tuple[type, ...]] = dict.fromkeys(facts.KEYS, str)
    shapes |= dict.fromkeys(facts.BOTH, dict) | dict.fromkeys(("passes", "verified", "papers", "form"), list)
    shapes |= {"offered": bool, "protected": (bool, type(None)), "fee_riel": (int, type(None)), "days": int}
    wrong = N_("This is not the kind of value that stands here: take an exported file as the pattern.")
    found = [
        Fault(0, str(key)[:60], "unknown-column", N_("There is no such column."))
        for key in row
        if key not in shapes
    ]
    found += [
        Fault(0, key, "shape", wrong)
        for key, value in row.items()
        if key in shapes and not isinstance(value, shapes[key])
    ]
    found += [Fault(0, key, "no-column", N_("This column is missing.")) for key in NEEDED if key not in row]
    if not found:
        found = [
            Fault(0, key, "shape", wrong)
            for key in ("papers", "form", *LISTS, *facts.BOTH)
            if not _shaped(key, row.get(key))
        ]
    return found or dict(row)


def _shaped(key: str, value: Any) -> bool:
    if value is None:
        return True
    if key in facts.BOTH:
        return _texts(value)
    if key in LISTS:
        return all(isinstance(each, str) for each in value)
    if not all(isinstance(each, dict) for each in value):
        return False
    if key == "papers":
        return all(_texts(each) for each in value)
    return all(
        _texts(each.get("label"))
        and _texts(each.get("hint") or {})
        and isinstance(each.get("values") or [], list)
        and all(
            isinstance(one, dict) and all(isinstance(text, str) for text in one.values())
            for one in each.get("values") or []
        )
        and not isinstance(each.get("least"), dict | list)
        and not isinstance(each.get("most"), dict | list)
        for each in value
    )


def _texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def _xlsx(data: bytes) -> Read:
    broken = N_("The file can't be read as a spreadsheet (XLSX).")
    try:
        with zipfile.ZipFile(BytesIO(data)) as book:
            if sum(part.file_size for part in book.infolist()) > UNPACKED:
                return _nothing("too-large", N_("The file is too large: 2 MB at most."))
        lines = _sheet(data)
    except Exception:  # noqa: BLE001 - a crafted workbook breaks openpyxl in many ways; each is told as what it is
        return _nothing("not-xlsx", broken)
    if not lines:
        return _nothing("empty", N_("The file is empty."))
    head = [line.strip() if isinstance(line, str) else "" for line in lines[0]]
    wrong = [
        Fault(1, column[:60], "unknown-column", N_("There is no such column."))
        for column in head
        if column and column not in COLUMNS
    ]
    wrong += [
        Fault(1, column, "no-column", N_("This column is missing."))
        for column in NEEDED
        if column not in head
    ]
    wrong += [
        Fault(1, column, "column-twice", N_("This column stands there twice."))
        for column in sorted(set(head))
        if column and head.count(column) > 1
    ]
    if len(lines) > MOST_ROWS:
        wrong.append(Fault(0, "", "too-many", N_("The file has too many rows: 2,000 at most.")))
    if wrong:
        return Read([], wrong)
    rows = [
        (number, _of_cells(dict(zip(head, cells, strict=False))))
        for number, cells in enumerate(lines[1:], start=2)
        if any(cell not in (None, "") for cell in cells)
    ]
    return _checked(rows)


def _sheet(data: bytes) -> list[list[object]]:
    """The cells of the first sheet; a formula is told from a text by a tuple."""
    import openpyxl

    book = openpyxl.load_workbook(BytesIO(data), read_only=True, data_only=False, keep_links=False)
    try:
        rows = book.worksheets[0].iter_rows(max_row=MOST_ROWS + 1, max_col=MOST_COLUMNS)
        return [[("formula",) if cell.data_type == "f" else cell.value for cell in row] for row in rows]
    finally:
        book.close()


def _of_cells(cells: Mapping[str, object]) -> Plain | list[Fault]:
    """A service of a sheet, not yet tidy; or what is wrong with its cells."""
    found: list[Fault] = []
    plain: Plain = {}
    texts: dict[str, str] = {}
    for column, value in cells.items():
        if isinstance(value, tuple):
            found.append(
                Fault(0, column, "formula", N_("There is a formula here. Put its value in its place."))
            )
        texts[column] = _bare("" if value is None or isinstance(value, tuple) else _written(value))
    for column in COLUMNS:
        key, _underscore, language = column.rpartition("_")
        text = texts.get(column, "")
        if key in facts.BOTH:
            plain.setdefault(key, {})[language] = text
        elif key != "papers":
            _put(plain, column, text, found)
    plain["papers"] = _papers(texts)
    return found or plain


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _put(plain: Plain, column: str, text: str, found: list[Fault]) -> None:
    """One cell as the value it means."""
    if column in ("fee_riel", "days"):
        most = facts.MOST_FEE if column == "fee_riel" else facts.MOST_DAYS
        try:
            plain[column] = inputs.whole(text.replace(",", ""), 0, most) if text.strip() else None
        except inputs.Wrong:
            found.append(Fault(0, column, "number", N_("Give a whole number.")))
    elif column in FLAGS:
        try:
            plain[column] = inputs.flag(text) if text.strip() else FLAGS[column]
        except inputs.Wrong:
            found.append(Fault(0, column, "flag", N_("Write yes or no.")))
    elif column in LISTS:
        plain[column] = [part.strip() for part in text.split(";") if part.strip()]
    elif column == "form":
        try:
            plain[column] = json.loads(text) if text.strip() else []
            if not isinstance(plain[column], list) or not _shaped("form", plain[column]):
                raise ValueError(column)
        except (ValueError, RecursionError):
            found.append(
                Fault(
                    0,
                    column,
                    "form",
                    N_("The questions can't be read: take an exported file as the pattern."),
                )
            )
    else:
        plain[column] = text


def _papers(texts: Mapping[str, str]) -> list[dict[str, str]]:
    """The papers of both languages, line by line."""
    return pairs(*(texts.get(f"papers_{language}", "") for language in LANGUAGES))


def pairs(khmer: str, english: str) -> list[dict[str, str]]:
    """Two texts of several lines as one list: what stands on the same line is the same thing."""
    columns = [text.replace("\r\n", "\n").replace("\r", "\n").split("\n") for text in (khmer, english)]
    longest = max(map(len, columns))
    filled = [column + [""] * (longest - len(column)) for column in columns]
    return [{"km": km.strip(), "en": en.strip()} for km, en in zip(*filled, strict=True)]


def _checked(rows: Iterable[tuple[int, Plain | list[Fault]]]) -> Read:
    """Tidy services, and every fault of every row with its number."""
    sound: list[tuple[int, Plain]] = []
    found: list[Fault] = []
    seen: dict[str, int] = {}
    for number, row in rows:
        if isinstance(row, list):
            found += [Fault(number, fault.column, fault.code, fault.message) for fault in row]
            continue
        try:
            plain = facts.tidy(row)
        except ValueError:
            found.append(Fault(number, "", "unreadable", facts.UNREADABLE))
            continue
        wrong = facts.faults(plain)
        found += [Fault(number, fault.field, fault.code, fault.message) for fault in wrong]
        if plain["code"] in seen:
            found.append(Fault(number, "code", "twice", N_("This code stands in another row too.")))
        seen[plain["code"]] = number
        if not wrong:
            sound.append((number, plain))
    if not seen and not found:
        found.append(Fault(0, "", "empty", N_("The file is empty.")))
    return Read(sound, found)
