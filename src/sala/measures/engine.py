"""How are facts rolled up to every level and period at once? The embedded engine that runs rollup.sql over a file of facts."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sala.measures.rules import stored

SQL = Path(__file__).with_name("rollup.sql")
_NULL = "\\N"


@dataclass(frozen=True, slots=True)
class Placed:
    """A fact with its line of places ('' above its level) and its periods (None where its own is longer)."""

    measure: str
    province: str
    district: str
    commune: str
    month: str | None
    quarter: str | None
    year: str | None
    value: Decimal | int | None
    numerator: Decimal | int | None
    denominator: Decimal | int | None


@dataclass(frozen=True, slots=True)
class Row:
    """A figure as the roll-up gives it."""

    measure: str
    place: str
    level: str
    province: str
    district: str
    kind: str
    period: str
    value: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None
    count: int


@cache
def sql() -> str:
    """The one SQL text."""
    return SQL.read_text(encoding="utf-8")


def roll(facts: Iterable[Placed], aggregations: Mapping[str, str], folder: Path) -> tuple[int, list[Row]]:
    """How many facts there were, and the figures. ``aggregations``: by measure code. ``folder`` takes a temporary file.

    The facts go through a file, not row by row through the engine's interface: a hundred thousand take a second.
    """
    import duckdb  # only who counts waits for it

    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix="roll-") as temporary:
        path = Path(temporary) / "facts.csv"
        count = _write(path, facts)
        if not count:
            return 0, []
        with duckdb.connect(
            ":memory:", config={"temp_directory": temporary, "allow_community_extensions": "false"}
        ) as base:
            base.execute("CREATE TABLE measures (code VARCHAR, aggregation VARCHAR)")
            base.executemany("INSERT INTO measures VALUES (?, ?)", sorted(aggregations.items()))
            base.execute(
                "CREATE TABLE facts AS SELECT * FROM read_csv(?, header = false, delim = ',', quote = '\"', escape = '\"', "
                "nullstr = ?, auto_detect = false, columns = {'measure': 'VARCHAR', 'province': 'VARCHAR', "
                "'district': 'VARCHAR', 'commune': 'VARCHAR', 'month': 'VARCHAR', 'quarter': 'VARCHAR', 'year': 'VARCHAR', "
                "'value': 'DECIMAL(26,10)', 'numerator': 'DECIMAL(26,10)', 'denominator': 'DECIMAL(26,10)'})",
                [str(path), _NULL],
            )
            found = base.execute(sql()).fetchall()
    return count, list(_rows(found))


def _write(path: Path, facts: Iterable[Placed]) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for fact in facts:
            count += 1
            writer.writerow(
                (
                    fact.measure,
                    fact.province,
                    fact.district,
                    fact.commune,
                    _NULL if fact.month is None else fact.month,
                    _NULL if fact.quarter is None else fact.quarter,
                    _NULL if fact.year is None else fact.year,
                    _NULL if fact.value is None else fact.value,
                    _NULL if fact.numerator is None else fact.numerator,
                    _NULL if fact.denominator is None else fact.denominator,
                )
            )
    return count


def _rows(found: Iterable[tuple[Any, ...]]) -> Iterator[Row]:
    for measure, place, level, province, district, kind, period, value, top, bottom, count, exact in found:
        yield Row(
            measure,
            place,
            level,
            province,
            district,
            kind,
            period,
            _decimal(exact if exact is not None else value),
            _decimal(top),
            _decimal(bottom),
            int(count),
        )


def _decimal(value: Decimal | float | None) -> Decimal | None:
    return None if value is None else stored(value)
