"""How are a hall's facts rolled up to every level and period at once? As files are (`sums`), by the same SQL text."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sala.measures.rules import stored
from sala.measures.sums import counting, loading, sql
from sala.measures.sums.declared import Declared
from sala.measures.sums.loading import Loaded
from sala.measures.sums.sql import Plan
from sala.measures.sums.tree import FIRST, LAST, Stretch, Tree, spread

_KINDS = ("month", "quarter", "year")


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


_AS = {"median": "p50"}
"""Aggregations that the measures of a hall call otherwise. Theirs are of single facts, over time and over places."""


@dataclass
class _Book:
    """What the facts speak of, by number, as they are written down: places with those above them, and spans of time."""

    measures: Mapping[str, int]
    chains: dict[str, tuple[str, ...]] = field(default_factory=dict)
    units: dict[str, tuple[int, str, str, str]] = field(default_factory=dict)
    periods: dict[tuple[str | None, ...], int] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)

    def row(self, fact: Placed) -> tuple[object, ...]:
        """The fact with numbers for its words."""
        key = fact.commune or fact.district or fact.province
        if key not in self.places:
            self._place(key, fact)
        period = (fact.month, fact.quarter, fact.year)
        return (
            self.measures[fact.measure],
            self.places[key],
            self.periods.setdefault(period, len(self.periods)),
            *("" if number is None else number for number in (fact.value, fact.numerator, fact.denominator)),
        )

    def _place(self, key: str, fact: Placed) -> None:
        self.places[key] = len(self.places)
        above = [
            (fact.commune, "commune", fact.province, fact.district),
            (fact.district, "district", fact.province, ""),
            (fact.province, "province", "", ""),
        ]
        line = [one for one in above if one[0]] + [("", "nation", "", "")]
        self.chains[key] = tuple(unit for unit, *_ in line)
        for unit, level, province, district in line:
            self.units.setdefault(unit, (len(self.units), level, province, district))


def roll(facts: Iterable[Placed], aggregations: Mapping[str, str], folder: Path) -> tuple[int, list[Row]]:
    """How many facts there were, and the figures. ``aggregations``: by measure code. ``folder`` takes a temporary file.

    The facts go through a file, not row by row through the engine's interface: a hundred thousand take a second.
    """
    folder.mkdir(parents=True, exist_ok=True)
    measures = {
        code: Declared(code, _AS.get(one, one), _AS.get(one, one)) for code, one in aggregations.items()
    }
    numbers = {code: number for number, code in enumerate(measures)}
    book = _Book(numbers)
    with TemporaryDirectory(dir=folder, prefix="roll-") as temporary:
        path = Path(temporary) / "facts.csv"
        count = _write(path, map(book.row, facts))
        if not count:
            return 0, []
        with counting.engine(folder) as base:
            base.execute(
                "CREATE TABLE raw AS SELECT * FROM read_csv(?, header = false, delim = ',', quote = '\"', escape = '\"', "
                "auto_detect = false, columns = {'measure': 'SMALLINT', 'place': 'INTEGER', 'period': 'INTEGER', "
                "'value': 'DECIMAL(26,10)', 'numerator': 'DECIMAL(26,10)', 'denominator': 'DECIMAL(26,10)'})",
                [str(path)],
            )
            tree = Tree({key: [Stretch(FIRST, LAST, chain)] for key, chain in book.chains.items()})
            loaded = Loaded(tree, measures, numbers, book.places, [], [])
            units = {unit: number for unit, (number, *_) in book.units.items()}
            counting.lay(base, loaded, spread(tree, lambda _, one: one.chain), units)
            plan = Plan(measures, numbers, ())
            text = " UNION ALL ".join(sql.values(plan, measures, ()))
            spans = _inside(base, plan, book.periods)
            found = base.execute(text).fetchall()
    return count, list(_rows(found, list(measures), book, spans))


def _write(path: Path, rows: Iterable[tuple[object, ...]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for row in rows:
            count += 1
            writer.writerow(row)
    return count


def _inside(base: Any, plan: Plan, periods: Mapping[tuple[str | None, ...], int]) -> list[tuple[str, str]]:
    """The table of which periods lie in which spans; the spans as kind and code."""
    spans: dict[tuple[str, str], int] = {}
    rows = [
        (number, spans.setdefault((kind, code), len(spans)), 0, 0)
        for period, number in periods.items()
        for kind, code in zip(_KINDS, period, strict=True)
        if code is not None
    ]
    table = plan.inside(())
    base.execute(f"CREATE TABLE {table} (period INTEGER, span INTEGER, latest BIGINT, ended BIGINT)")
    loading.fill(base, table, rows)
    return list(spans)


def _rows(
    found: Iterable[tuple[Any, ...]], codes: list[str], book: _Book, spans: list[tuple[str, str]]
) -> Iterator[Row]:
    units = list(book.units.items())
    for measure, unit, span, value, top, bottom, count in found:
        place, (_number, level, province, district) = units[unit]
        kind, period = spans[span]
        figures = (_decimal(value), _decimal(top), _decimal(bottom))
        yield Row(codes[measure], place, level, province, district, kind, period, *figures, int(count))


def _decimal(value: Decimal | float | None) -> Decimal | None:
    return None if value is None else stored(value)
