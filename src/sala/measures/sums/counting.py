"""How are three files counted, or a question over them answered? The embedded engine with the one SQL text."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sala.kit.errors import Invalid
from sala.kit.periods import Kind, Period
from sala.kit.terms import N_
from sala.measures.sums import declared, expressions, loading, sql, windows
from sala.measures.sums.expressions import Where, WrongError
from sala.measures.sums.loading import Fault, Faulty, Loaded
from sala.measures.sums.sql import Around, Plan, quoted
from sala.measures.sums.tree import Spread, Stretch, spread
from sala.measures.sums.windows import ALL_TIME, Interval

KINDS = (Kind.MONTH, Kind.QUARTER, Kind.YEAR)
EVERYTHING = ""
_ENDS = date(9999, 12, 31).toordinal()


@dataclass(frozen=True)
class Span:
    """A stretch of time that has figures: how it is spelled, its kind, its days."""

    label: str
    kind: Kind | None
    days: tuple[Interval, ...]


@dataclass(frozen=True)
class Files:
    """The three files of a stand-alone count."""

    places: Path
    measures: Path
    facts: Path


@dataclass(frozen=True)
class Question:
    """What is asked: keys of the answer, filters, and how it is put together."""

    measures: tuple[str, ...]
    places: tuple[str, ...] = ()
    periods: tuple[str, ...] = ()
    within_places: tuple[str, ...] = ()
    within_periods: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    aggregate: str = ""
    round: int | None = None


@contextmanager
def engine(folder: Path | None = None) -> Iterator[Any]:
    """An engine in a folder of its own, which takes what does not fit into memory, and is gone afterwards."""
    import duckdb  # only who counts waits for it

    with TemporaryDirectory(dir=folder, prefix="sala-sums-") as temporary:
        config: dict[str, Any] = {"temp_directory": temporary, "allow_community_extensions": "false"}
        with duckdb.connect(":memory:", config=config) as base:
            yield base


# ---- everything at once -----------------------------------------------------------------------------------------------------


def roll_up(files: Files, out: Path, levels: Sequence[str] = (), kinds: Sequence[Kind] = KINDS) -> int:
    """Count every measure for every unit of the levels and every period of the kinds into a file; how many rows it has.

    Raises `Faulty`, with everything that is wrong with the files. The file is written whole or not at all.
    """
    with engine(out.parent if out.parent.is_dir() else None) as base:
        loaded = loading.load(base, files.places, files.measures, files.facts)
        known = set(loaded.tree.levels.values())
        if unknown := [level for level in levels if level not in known]:
            raise Faulty(
                [Fault(files.places.name, 0, "level", f'no place has the level "{one}"') for one in unknown]
            )
        wanted = {code for code, level in loaded.tree.levels.items() if not levels or level in levels}
        lay(
            base,
            loaded,
            spread(loaded.tree, lambda _, one: [unit for unit in one.chain if unit in wanted]),
            loaded.places,
        )
        plan = _plan(loaded)
        text = _everything(plan, loaded, files.measures)
        _windows(base, plan, loaded, _spans(loaded.periods, kinds))
        _fill_units(base, loaded)
        return _write(base, loaded, text, out)


def _plan(loaded: Loaded) -> Plan:
    return Plan(loaded.measures, loaded.numbers, loaded.dimensions, loaded.scale)


def _everything(plan: Plan, loaded: Loaded, path: Path) -> str:
    """The text of all measures, side by side."""
    counted = [code for code, one in loaded.measures.items() if not one.derived]
    parts = (
        [_padded(plan, text, loaded.dimensions) for text in sql.values(plan, counted, loaded.dimensions)]
        if counted
        else []
    )
    for code, one in loaded.measures.items():
        if one.derived:
            kept = shared(loaded, code)
            parts.append(_padded(plan, _derived(plan, loaded, code, kept, Around(), path.name), kept))
    return " UNION ALL ".join(f"SELECT * FROM ({part}) AS p{number}" for number, part in enumerate(parts))  # noqa: S608


def _derived(plan: Plan, loaded: Loaded, code: str, kept: Sequence[str], around: Around, file: str) -> str:
    try:
        return sql.derived(plan, code, kept, around)
    except WrongError as error:
        raise Faulty([Fault(file, 0, code, f"expression, {error}")]) from error


def _padded(plan: Plan, text: str, kept: Sequence[str]) -> str:
    """With a column for every dimension; one that is put together is empty."""
    dims = "".join(
        f", {plan.column(one)}" if one in kept else f", '' AS {plan.column(one)}" for one in plan.dimensions
    )
    return f"SELECT measure, unit, span{dims}, value, numerator, denominator, facts FROM ({text}) AS q"  # noqa: S608


def shared(loaded: Loaded, code: str) -> list[str]:
    """The dimensions that stay apart in a derived measure: those of all it is reckoned from, but what a ``where`` fixes."""
    leaves = declared.leaves(code, loaded.measures)
    fixed = {name for node in _nodes(loaded, code) if isinstance(node, Where) for name, _ in node.wanted}
    sets = [loaded.used.get(one, frozenset()) for one in leaves if one in loaded.used]
    common = frozenset.intersection(*sets) if sets else frozenset()
    return [one for one in loaded.dimensions if one in common and one not in fixed]


def _nodes(loaded: Loaded, code: str) -> Iterator[expressions.Node]:
    one = loaded.measures[code]
    if one.expression is None:
        return
    for node in expressions.walk(one.expression):
        yield node
        if isinstance(node, expressions.Name):
            yield from _nodes(loaded, node.code)


def _spans(periods: Iterable[Period], kinds: Iterable[Kind]) -> list[Span]:
    """Every period of the kinds in the time that facts tell of."""
    known = list(periods)
    if not known:
        return []
    first, last = min(one.first for one in known), max(one.last for one in known)
    found = []
    for kind in kinds:
        period = Period.containing(first, kind)
        while period.first <= last:
            found.append(Span(period.code, kind, ((period.first, period.last),)))
            if period.last == date.max:
                break
            period = period.next()
    return found


def lay(base: Any, loaded: Loaded, made: Spread, units: dict[str, int]) -> None:
    """The tables ``facts`` (with virtual places), ``hop``, ``up`` and ``own``."""
    single, several = [], []
    for (code, number), virtual in made.stretches.items():
        stretches = loaded.tree.stretches[code]
        if len(stretches) == 1:
            single += [(loaded.places[code], one) for one in virtual]
            continue
        for place, period in enumerate(loaded.periods):
            if loaded.tree.stretch(code, period.last) is stretches[number]:
                several += [(loaded.places[code], place, one) for one in virtual]
    if not several and all(place == virtual for place, virtual in single):
        base.execute("CREATE VIEW facts AS SELECT * FROM raw")
    else:
        base.execute("CREATE TABLE single (place INTEGER, virtual INTEGER)")
        base.execute("CREATE TABLE several (place INTEGER, period INTEGER, virtual INTEGER)")
        loading.fill(base, "single", single)
        loading.fill(base, "several", several)
        base.execute(
            "CREATE TABLE facts AS SELECT raw.* REPLACE (s.virtual AS place) FROM raw JOIN single AS s ON s.place = raw.place "
            "UNION ALL SELECT raw.* REPLACE (s.virtual AS place) FROM raw JOIN several AS s "
            "ON s.place = raw.place AND s.period = raw.period"
        )
    _climb(base, made, units)


def _climb(base: Any, made: Spread, units: dict[str, int]) -> None:
    bearers = Counter(unit for some in made.units for unit in some)
    groups: dict[tuple[str, ...], int] = {}
    hop, own = [], []
    for virtual, (code, some) in enumerate(zip(made.places, made.units, strict=True)):
        above = tuple(unit for unit in some if unit != code)
        if above:
            hop.append((virtual, groups.setdefault(above, len(groups))))
        if len(above) < len(some):
            own.append((virtual, units[code], bearers[code] == 1))
    for name, columns, rows in (
        ("hop", "place INTEGER, grp INTEGER", hop),
        (
            "up",
            "grp INTEGER, unit INTEGER",
            [(grp, units[unit]) for some, grp in groups.items() for unit in some],
        ),
        ("own", "place INTEGER, unit INTEGER, alone BOOLEAN", own),
    ):
        base.execute(f"CREATE TABLE {name} ({columns})")
        loading.fill(base, name, rows)


def _windows(base: Any, plan: Plan, loaded: Loaded, spans: Sequence[Span]) -> None:
    """The tables of what lies in which span, for each way in which the text looks at time."""
    base.execute("CREATE TABLE spans (number INTEGER, label VARCHAR)")
    loading.fill(base, "spans", [(number, span.label) for number, span in enumerate(spans)])
    for steps, table in plan.windows.items():
        base.execute(
            f"CREATE TABLE inside_{table} (period INTEGER, span INTEGER, latest BIGINT, ended BIGINT)"
        )
        rows = []
        for number, span in enumerate(spans):
            days = windows.moved(span.days, steps)
            for place, period in enumerate(loaded.periods):
                if days and windows.covers(days, period):
                    end = period.last.toordinal()
                    rows.append((place, number, end * 10_000 + max(0, 9_999 - period.days), end))
        loading.fill(base, f"inside_{table}", rows)
    for (steps, count), table in plan.clocks.items():
        base.execute(f"CREATE TABLE clock_{table} (span INTEGER, value DOUBLE)")
        numbers: list[tuple[int, float]] = []
        for number, span in enumerate(spans):
            days = windows.moved(span.days, steps)
            if span.kind and days and (found := windows.in_year(days, span.kind, count)) is not None:
                numbers.append((number, float(found)))
        loading.fill(base, f"clock_{table}", numbers)


def _fill_units(base: Any, loaded: Loaded) -> None:
    base.execute("CREATE TABLE units (number INTEGER, code VARCHAR, level VARCHAR)")
    loading.fill(
        base, "units", [(number, code, loaded.tree.levels[code]) for code, number in loaded.places.items()]
    )


def _write(base: Any, loaded: Loaded, text: str, out: Path) -> int:
    dims = "".join(
        f", NULLIF(t.d{number}, '') AS {loading.identifier(one)}"
        for number, one in enumerate(loaded.dimensions)
    )
    parquet = out.suffix.lower() == ".parquet"

    def told(name: str) -> str:
        return (
            f"t.{name}" if parquet else f"REGEXP_REPLACE(CAST(t.{name} AS VARCHAR), '\\.?0+$', '') AS {name}"
        )

    answer = (
        f"SELECT m.code AS measure, u.code AS place, u.level AS level, s.label AS period{dims}, {told('value')}, "  # noqa: S608
        f"{told('numerator')}, {told('denominator')}, CAST(t.facts AS BIGINT) AS count FROM ({text}) AS t "
        "JOIN measures AS m ON m.number = t.measure JOIN units AS u ON u.number = t.unit JOIN spans AS s ON s.number = t.span"
    )
    if not parquet:
        answer += " ORDER BY ALL"
    part = out.with_name(f".{out.name}.part")
    try:
        kind = "FORMAT parquet" if parquet else "FORMAT csv, HEADER"
        (count,) = base.execute(f"COPY ({answer}) TO {quoted(str(part))} ({kind})").fetchone()
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return int(count)


# ---- questions --------------------------------------------------------------------------------------------------------------


def ask(files: Files, asked: Question) -> list[dict[str, Any]]:
    """The answer to a question: rows of measure, place and period (where asked for), dimensions and value.

    Raises `Faulty` for files that can't be counted and `Invalid` for a question that can't be meant.
    """
    with engine() as base:
        loaded = loading.load(base, files.places, files.measures, files.facts)
        _sound(asked, loaded)
        by_place, by_period = (
            bool(asked.places) or "place" in asked.by,
            bool(asked.periods) or "period" in asked.by,
        )
        kept = [one for one in loaded.dimensions if one in asked.by]
        units, covered = _asked_units(asked, loaded, by_place)
        lay(base, loaded, spread(loaded.tree, covered), units)
        spans = _asked_spans(asked, loaded, by_period)
        plan = _plan(loaded)
        texts = {
            code: _asked_text(plan, loaded, code, kept, asked, files.measures.name) for code in asked.measures
        }
        _windows(base, plan, loaded, spans)
        labels = list(units)
        answer = []
        for code, text in texts.items():
            for row in base.execute(f"{text} ORDER BY ALL").fetchall():
                unit, span, *dims = row[1 : 3 + len(kept)]
                value = row[3 + len(kept)]
                if value is not None:
                    answer.append(
                        {"measure": code}
                        | ({"place": labels[unit]} if by_place else {})
                        | ({"period": spans[span].label} if by_period else {})
                        | {
                            "dimensions": dict(zip(kept, dims, strict=True)),
                            "value": _number(value, asked.round),
                        }
                    )
        return answer


def _sound(asked: Question, loaded: Loaded) -> None:
    """Raises `Invalid` for what the files do not know."""
    wrong = [f'there is no measure "{one}"' for one in asked.measures if one not in loaded.measures]
    wrong += [
        f'there is no place "{one}"'
        for one in (*asked.places, *asked.within_places)
        if one not in loaded.places
    ]
    wrong += [
        f'there is no dimension "{one}"'
        for one in asked.by
        if one not in (*loaded.dimensions, "place", "period")
    ]
    for text in (*asked.periods, *asked.within_periods):
        try:
            Period.parse(text)
        except ValueError:
            wrong.append(f'"{text}" is no period')
    if asked.aggregate:
        try:
            expressions.aggregation(asked.aggregate)
        except ValueError as error:
            wrong.append(str(error))
    if wrong:
        raise Invalid(N_("The question can't be answered: ") + "; ".join(wrong))


def _asked_units(
    asked: Question, loaded: Loaded, by_place: bool
) -> tuple[dict[str, int], Callable[[str, Stretch], Iterable[str]]]:
    """The places of the answer as numbered labels, and which of them a place's stretch counts for."""
    within = frozenset(asked.within_places)
    listed = tuple(dict.fromkeys(asked.places))

    def covered(code: str, one: Stretch) -> Iterable[str]:
        if within and within.isdisjoint(one.chain):
            return []
        if listed:
            return [label for label in listed if label in one.chain]
        return [code] if by_place else [EVERYTHING]

    labels = listed or (tuple(loaded.places) if by_place else (EVERYTHING,))
    return {label: number for number, label in enumerate(labels)}, covered


def _asked_spans(asked: Question, loaded: Loaded, by_period: bool) -> list[Span]:
    limits = windows.union((one.first, one.last) for one in map(Period.parse, asked.within_periods))
    wanted = list(map(Period.parse, dict.fromkeys(asked.periods)))
    if not wanted and by_period:
        wanted = loaded.periods
    if not wanted:
        return [Span(EVERYTHING, None, limits or (ALL_TIME,))]
    return [
        Span(
            one.code,
            one.kind,
            windows.common([(one.first, one.last)], limits) if limits else ((one.first, one.last),),
        )
        for one in wanted
    ]


def _asked_text(
    plan: Plan, loaded: Loaded, code: str, kept: Sequence[str], asked: Question, file: str
) -> str:
    one = loaded.measures[code]
    if not one.derived and not asked.aggregate:
        return sql.values(plan, [code], kept)[0]
    time, places = expressions.aggregation(asked.aggregate) if asked.aggregate else ("", "")
    return _derived(plan, loaded, code, kept, Around(time=time, places=places), file)


def _number(value: Decimal, places: int | None) -> int | float:
    if places is not None:
        value = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return int(value) if value == value.to_integral_value() else float(value)
