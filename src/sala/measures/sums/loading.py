"""What do the three files say, and what is wrong with them? Read into the embedded engine; every fault with row, column, reason."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sala.kit.errors import FieldError, Invalid
from sala.kit.periods import Period
from sala.kit.terms import N_
from sala.measures.sums import declared, tree
from sala.measures.sums.declared import Declared
from sala.measures.sums.sql import quoted

MOST_FAULTS = 1000
RESERVED = ("level", "count", "unit", "span")
_PLAIN = ("measure", "place", "period", "value", "numerator", "denominator")
_NUMBERS = ("value", "numerator", "denominator")
_DIGITS = 38  # of the engine's decimals
_ROW = "row_of_the_file"


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a file: its name, the row (from 1, the head is 1; 0: the file), the column and the reason."""

    file: str
    row: int
    column: str
    reason: str

    def __str__(self) -> str:
        where = [
            self.file,
            *([f"row {self.row}"] if self.row else []),
            *([self.column] if self.column else []),
        ]
        return f"{', '.join(where)}: {self.reason}"


class Faulty(Invalid):
    """Files that can't be counted: nothing was."""

    def __init__(self, faults: Sequence[Fault], more: int = 0) -> None:
        self.faults, self.more = tuple(faults), more
        errors = [FieldError(f"{one.file}:{one.row}:{one.column}", "file", one.reason) for one in faults]
        super().__init__(N_("The files can't be counted; nothing was."), errors=errors)


@dataclass
class Loaded:
    """What was read: the places, the measures, and the columns and periods of the facts that lie in the engine."""

    tree: tree.Tree
    measures: dict[str, Declared]
    numbers: dict[str, int]
    places: dict[str, int]
    dimensions: list[str]
    periods: list[Period]
    used: dict[str, frozenset[str]] = field(default_factory=dict)
    scale: int = 0


def places(path: Path) -> tree.Tree:
    """The tree of a file ``code,parent,level[,valid_from,valid_to]``. Raises `Faulty`."""
    lines, wrong = [], []
    for row, (said, record) in enumerate(_records(path, ("code", "parent", "level")), 2):
        if said:
            wrong.append(Fault(path.name, row, "", said))
            continue
        start, end = (
            _day(record.get(name, ""), row, name, path.name, wrong) for name in ("valid_from", "valid_to")
        )
        if not record["code"]:
            wrong.append(Fault(path.name, row, "code", "is empty"))
        lines.append(
            tree.Line(
                record["code"], record["parent"], record["level"], start or tree.FIRST, end or tree.LAST, row
            )
        )
    if not wrong:
        made, faults = tree.build(lines)
        wrong = [Fault(path.name, row, column, reason) for row, column, reason in faults]
    if wrong:
        raise Faulty(wrong[:MOST_FAULTS], max(0, len(wrong) - MOST_FAULTS))
    return made


def _day(text: str, row: int, column: str, file: str, wrong: list[Fault]) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        wrong.append(Fault(file, row, column, f'"{text}" is no day: write 2013-12-31'))
        return None


def _records(path: Path, needed: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a file, each with what is wrong with its shape."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            head = [name.strip() for name in next(reader, [])]
            missing = [name for name in needed if name not in head]
            if missing:
                raise Faulty([Fault(path.name, 1, missing[0], f"there is no column {', '.join(missing)}")])
            for cells in reader:
                if not cells:
                    continue
                said = "" if len(cells) == len(head) else f"has {len(cells)} cells, the head {len(head)}"
                yield said, dict(zip(head, (cell.strip() for cell in cells), strict=False))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Faulty([Fault(path.name, 0, "", f"is no CSV file in UTF-8 ({error})")]) from error


def measures(path: Path) -> dict[str, Declared]:
    """The measures of a TOML file. Raises `Faulty`."""
    try:
        found, wrong = declared.read(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Faulty([Fault(path.name, 0, "", f"is no text in UTF-8 ({error})")]) from error
    if wrong:
        raise Faulty([Fault(path.name, 0, code, reason) for code, reason in wrong])
    return found


def load(base: Any, places_path: Path, measures_path: Path, facts_path: Path) -> Loaded:
    """All three files; the facts come to lie in ``raw``, checked, with numbers for measures and periods. Raises `Faulty`."""
    known, units = measures(measures_path), places(places_path)
    numbers = {code: number for number, code in enumerate(known)}
    keys = {code: number for number, code in enumerate(units.stretches)}
    columns = _open(base, facts_path)
    made = Loaded(units, known, numbers, keys, [one for one in columns if one not in _PLAIN], [])
    _tables(base, made)
    _check(base, made, facts_path, columns)
    return made


_SHAPES = {
    "MISSING COLUMNS": "has fewer cells than the head",
    "TOO MANY COLUMNS": "has more cells than the head",
    "UNQUOTED VALUE": "has a quote that does not end",
    "INVALID ENCODING": "is not in UTF-8",
    "LINE SIZE OVER MAXIMUM": "is too long",
}


def _open(base: Any, path: Path) -> list[str]:
    """Make the view or table ``given`` of a file of facts, all columns texts or as Parquet has them; their names."""
    import duckdb

    try:
        names = _parquet(base, path) if path.suffix.lower() == ".parquet" else _csv(base, path)
    except duckdb.Error as error:
        raise Faulty([Fault(path.name, 0, "", f"can't be read: {str(error).splitlines()[0]}")]) from error
    missing = [name for name in ("measure", "place", "period") if name not in names]
    if not missing and "value" not in names and not {"numerator", "denominator"} <= set(names):
        missing = ["value"]
    if missing:
        raise Faulty([Fault(path.name, 1, missing[0], f"there is no column {', '.join(missing)}")])
    taken = [name for name in names if name in RESERVED]
    if taken:
        raise Faulty(
            [
                Fault(
                    path.name,
                    1,
                    taken[0],
                    "is the name of a column of the answer: call the dimension otherwise",
                )
            ]
        )
    base.execute("SET preserve_insertion_order = false")  # rows are numbered now
    return names


def _parquet(base: Any, path: Path) -> list[str]:
    source = f"read_parquet({quoted(str(path))}, file_row_number = true)"
    columns = f"* EXCLUDE (file_row_number), file_row_number AS {_ROW}"
    base.execute(f"CREATE VIEW given AS SELECT {columns} FROM {source}")  # noqa: S608
    return [name for name, *_ in base.execute("DESCRIBE given").fetchall() if name != _ROW]


def _csv(base: Any, path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        names = [name.strip() for name in next(csv.reader(file), [])]
    if twice := [name for number, name in enumerate(names) if name in names[:number]]:
        raise Faulty([Fault(path.name, 1, twice[0], "stands twice in the head")])
    if not names:
        return []
    columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in names)
    base.execute(
        f"CREATE TABLE given AS SELECT *, ROW_NUMBER() OVER () AS {_ROW} FROM read_csv({quoted(str(path))}, header = true, "  # noqa: S608
        f"auto_detect = false, columns = {{{columns}}}, delim = ',', quote = '\"', escape = '\"', store_rejects = true)"
    )
    rows = base.execute(
        "SELECT line, error_type, MIN(column_name) FROM reject_errors GROUP BY line, error_type ORDER BY line"
    ).fetchall()
    if rows:
        wrong = [
            Fault(path.name, int(line), column or "", _SHAPES.get(kind, str(kind).lower()))
            for line, kind, column in rows
        ]
        raise Faulty(wrong[:MOST_FAULTS], max(0, len(wrong) - MOST_FAULTS))
    return names


def _tables(base: Any, made: Loaded) -> None:
    base.execute("CREATE TABLE measures (code VARCHAR, number SMALLINT, derived BOOLEAN, parts BOOLEAN)")
    rows = [
        (code, made.numbers[code], one.derived, "ratio" in (one.time, one.places))
        for code, one in made.measures.items()
    ]
    base.executemany("INSERT INTO measures VALUES (?, ?, ?, ?)", rows or [("", -1, False, False)])
    _fill(base, "places", "code VARCHAR, number INTEGER", made.places.items())
    texts = [
        text
        for (text,) in base.execute("SELECT DISTINCT TRIM(CAST(period AS VARCHAR)) FROM given").fetchall()
    ]
    read = []
    for text in sorted(text for text in texts if text):
        try:
            made.periods.append(Period.parse(text))
        except ValueError:
            continue
        read.append((text, len(made.periods) - 1, made.periods[-1].last.isoformat()))
    _fill(base, "periods", "code VARCHAR, number INTEGER, last DATE", read)


def _fill(base: Any, name: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
    base.execute(f"CREATE OR REPLACE TABLE {name} ({columns})")
    fill(base, name, rows)


def fill(base: Any, name: str, rows: Iterable[Sequence[Any]]) -> None:
    """Write rows into a table, thousands at a time: as columns, which the engine reads at once."""
    kept = list(rows)
    if not kept:
        return
    lists = [list(column) for column in zip(*kept, strict=True)]
    unnested = ", ".join(f"UNNEST(${number + 1})" for number in range(len(lists)))
    base.execute(f"INSERT INTO {name} SELECT {unnested}", lists)


def _check(base: Any, made: Loaded, path: Path, columns: Sequence[str]) -> None:
    """Refuse what can't be counted, and choose the type of the values."""
    numeric = [name for name in _NUMBERS if name in columns]
    texts = {name: f"NULLIF(TRIM(CAST(g.{name} AS VARCHAR)), '')" for name in (*_PLAIN[:3], *numeric)}
    made.scale, whole = _digits(base, texts, numeric)
    kind = f"DECIMAL({18 if whole + made.scale <= 18 else _DIGITS}, {made.scale})"
    cast = {name: f"TRY_CAST({texts[name]} AS {kind})" for name in numeric}
    bad = [(name, f"{texts[name]} IS NOT NULL AND {cast[name]} IS NULL") for name in numeric]
    checks = [
        ("measure", "m.number IS NULL", "'there is no measure \"' || COALESCE({measure}, '') || '\"'"),
        ("measure", "m.derived", "'\"' || {measure} || '\" is derived: it has no facts of its own'"),
        ("place", "p.number IS NULL", "'there is no place \"' || COALESCE({place}, '') || '\"'"),
        ("period", "d.number IS NULL", "'\"' || COALESCE({period}, '') || '\" is no period'"),
        *((name, condition, f"'\"' || {texts[name]} || '\" is no number'") for name, condition in bad),
    ]
    has = {name: (texts[name] if name in numeric else "NULL") for name in _NUMBERS}
    parts = f"({has['numerator']} IS NULL OR {has['denominator']} IS NULL)"
    any_said = f"COALESCE({has['value']}, {has['numerator']}, {has['denominator']}) IS NOT NULL"
    checks.append(
        ("numerator", f"m.parts AND {any_said} AND {parts}", "'a ratio needs numerator and denominator'")
    )
    checks.append(("value", f"NOT m.parts AND {any_said} AND {has['value']} IS NULL", "'there is no value'"))
    joined = (
        f"FROM given AS g LEFT JOIN measures AS m ON m.code = {texts['measure']} "
        f"LEFT JOIN places AS p ON p.code = {texts['place']} LEFT JOIN periods AS d ON d.code = {texts['period']}"
    )
    faults = _faults(base, joined, checks, texts, path)
    if faults:
        raise faults
    dims = "".join(
        f", COALESCE(TRIM(CAST(g.{identifier(one)} AS VARCHAR)), '') AS d{number}"
        for number, one in enumerate(made.dimensions)
    )
    told = ", ".join(f"{cast.get(name, f'CAST(NULL AS {kind})')} AS {name}" for name in _NUMBERS)
    base.execute(
        f"CREATE TABLE raw AS SELECT m.number AS measure, p.number AS place, d.number AS period{dims}, {told} "
        f"{joined} WHERE {any_said}"
    )
    _use(base, made)


def identifier(column: str) -> str:
    """A column's name as SQL writes it."""
    return '"' + column.replace('"', '""') + '"'


def _digits(base: Any, texts: dict[str, str], numeric: Sequence[str]) -> tuple[int, int]:
    """The most decimal places and the most digits before the point that a number of the file has."""
    kinds = {name: kind for name, kind, *_ in base.execute("DESCRIBE given").fetchall()}
    places, whole = 0, 1
    for name in numeric:
        if "INT" in kinds[name]:
            whole = max(whole, 18)
            continue
        text = texts[name]
        asked = (
            f"SELECT MAX(CASE WHEN {text} SIMILAR TO '[-+]?[0-9]*[.]?[0-9]*' THEN LEN(SPLIT_PART({text}, '.', 2)) ELSE 10 END), "  # noqa: S608
            f"MAX(CASE WHEN {text} SIMILAR TO '[-+]?[0-9]*[.]?[0-9]*' THEN LEN(SPLIT_PART({text}, '.', 1)) ELSE 18 END) FROM given AS g"
        )
        one, other = base.execute(asked).fetchone()
        places, whole = max(places, int(one or 0)), max(whole, int(other or 0))
    return min(places, 15), whole


def _faults(
    base: Any, joined: str, checks: Sequence[tuple[str, str, str]], texts: dict[str, str], path: Path
) -> Faulty | None:
    wrong = " OR ".join(f"({condition})" for _, condition, _ in checks)
    (count,) = base.execute(f"SELECT COUNT(*) {joined} WHERE {wrong}").fetchone()
    if not count:
        return None
    found: list[Fault] = []
    for column, condition, reason in checks:
        said = reason.format(**{name: texts[name] for name in _PLAIN[:3]}) if "{" in reason else reason
        rows = base.execute(
            f"SELECT g.{_ROW}, {said} {joined} WHERE {condition} ORDER BY g.{_ROW} LIMIT {MOST_FAULTS}"
        ).fetchall()
        # The head of a CSV file is its row 1; a Parquet file has none and counts from 0.
        found += [Fault(path.name, int(at) + 1, column, told) for at, told in rows]
    found.sort(key=lambda one: one.row)
    return Faulty(found[:MOST_FAULTS], max(0, int(count) - MOST_FAULTS))


def _use(base: Any, made: Loaded) -> None:
    """Which dimensions each measure's facts have."""
    told = ", ".join(f"BOOL_OR(d{number} <> '')" for number in range(len(made.dimensions)))
    rows = base.execute(f"SELECT measure{', ' + told if told else ''} FROM raw GROUP BY measure").fetchall()  # noqa: S608
    codes = list(made.measures)
    for number, *has in rows:
        made.used[codes[number]] = frozenset(
            one for one, used in zip(made.dimensions, has, strict=True) if used
        )
