"""What is the SQL of a roll-up or a question? One text for every engine, put together from the declared aggregations.

In: ``facts`` (measure, place, period: numbers; d0, d1 ... texts; value, numerator, denominator),
``inside_N`` (period, span), ``hop`` (place, grp), ``up`` (grp, unit), ``own`` (place, unit, alone) and ``clock_N`` (span, value).
Out: measure, unit, span, d0 ..., value, numerator, denominator, facts. What has no data has no row.

A fact is aggregated over time inside its place first (a *cell*), then over places: places with the same units above them are
put together once (``grp``) before they climb to each of these. Values of both steps that bear the same name work on single
facts. Sums are exact decimals; a quotient is reckoned at the end, and rounded there once to the places of a figure.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from sala.measures.sums import expressions
from sala.measures.sums.declared import Declared
from sala.measures.sums.expressions import Node, WrongError
from sala.measures.sums.windows import Shift, Step, ToDate

PLACES: Final = 12  # decimal places of a figure
BETWEEN: Final = 15  # and of a quotient that goes on into a sum
_KEPT_APART: Final = (
    "average",
    "last",
)  # over time within each combination of dimensions, which then are added


@dataclass(frozen=True)
class Around:
    """What lies around a part of an expression."""

    steps: tuple[Step, ...] = ()
    wanted: tuple[tuple[str, str], ...] = ()
    time: str = ""
    places: str = ""


@dataclass
class Plan:
    """What a text is made for. ``dimensions`` are the columns of facts, ``kept`` those that stay apart in the answer."""

    measures: Mapping[str, Declared]
    numbers: Mapping[str, int]
    dimensions: Sequence[str]
    scale: int = 0
    windows: dict[tuple[Step, ...], int] = field(default_factory=dict)
    clocks: dict[tuple[tuple[Step, ...], bool], int] = field(default_factory=dict)

    def inside(self, steps: tuple[Step, ...]) -> str:
        """The table that says which facts' periods lie in which span, seen through these steps."""
        return f"inside_{self.windows.setdefault(steps, len(self.windows))}"

    def clock(self, steps: tuple[Step, ...], count: bool) -> str:
        """The table of the periods' numbers."""
        return f"clock_{self.clocks.setdefault((steps, count), len(self.clocks))}"

    @property
    def figure(self) -> str:
        """The type of a figure."""
        return f"DECIMAL(38, {max(PLACES, self.scale)})"

    def column(self, dimension: str) -> str:
        """The column of a dimension. Raises KeyError."""
        try:
            return f"d{list(self.dimensions).index(dimension)}"
        except ValueError as error:
            raise KeyError(dimension) from error


def values(plan: Plan, codes: Iterable[str], kept: Sequence[str]) -> list[str]:
    """The figures of measures that are counted from facts: one SELECT for each way of counting."""
    ways: dict[tuple[str, str], list[int]] = {}
    for code in codes:
        one = plan.measures[code]
        ways.setdefault((one.time, one.places), []).append(plan.numbers[code])
    return [
        _figures(plan, _cells(plan, some, time, places, (), (), kept), places, kept)
        for (time, places), some in ways.items()
    ]


# ---- from facts to cells ----------------------------------------------------------------------------------------------------


def _cells(
    plan: Plan,
    measures: Sequence[int],
    time: str,
    places: str,
    steps: tuple[Step, ...],
    wanted: tuple[tuple[str, str], ...],
    kept: Sequence[str],
    value: str = "f.value",
) -> str:
    """A place's part of a figure: measure, place, span, kept dimensions, the state that is put together, facts."""
    apart = list(plan.dimensions) if time != places and time in _KEPT_APART else list(kept)
    keys = ["f.measure", "f.place", "i.span", *(f"f.{plan.column(one)}" for one in apart)]
    told = ", ".join(str(number) for number in measures)
    conditions = [f"f.measure IN ({told})"]
    conditions += [f"f.{plan.column(name)} = {quoted(value)}" for name, value in wanted]
    source = f"FROM facts AS f JOIN {plan.inside(steps)} AS i ON i.period = f.period WHERE {' AND '.join(conditions)}"
    names = _listed(["measure", "place", "span", *(plan.column(one) for one in kept)])
    if time == places:
        if _share(places) is not None:
            return f"SELECT {_listed(keys)}, {value} AS s, 1 AS facts {source} AND {value} IS NOT NULL"
        state = _listed([*_raw(places, value), "COUNT(*) AS facts"])
        return f"SELECT {_listed(keys)}, {state} {source} GROUP BY {_listed(keys)}"
    timed = _listed([*_timed(time, places, value), "COUNT(*) AS facts", "MAX(i.ended) AS ended"])
    inner = f"SELECT {_listed(keys)}, {timed} {source} GROUP BY {_listed(keys)}"
    if len(apart) > len(kept):
        added = "SUM(v) AS v, SUM(w) AS w, SUM(facts) AS facts, MAX(ended) AS ended"
        inner = f"SELECT {names}, {added} FROM ({inner}) AS t GROUP BY {names}"  # noqa: S608
    return f"SELECT {names}, {_begun(places)}, facts FROM ({inner}) AS t WHERE v IS NOT NULL"  # noqa: S608


def _listed(parts: Iterable[str]) -> str:
    return ", ".join(parts)


def _share(name: str) -> int | None:
    """The hundredths of a percentile; None for another aggregation."""
    return int(name[1:]) if name[0] == "p" and name[1:].isdecimal() else None


def _latest(value: str) -> str:
    """The value of the latest fact: by its end, of two that end together the shorter, then the greater."""
    return f"MAX(CASE WHEN {value} IS NOT NULL THEN STRUCT_PACK(k := i.latest, v := {value}) END)"


def _raw(name: str, value: str) -> list[str]:
    """The state of an aggregation of single facts."""
    match name:
        case "sum":
            return [f"SUM({value}) AS s"]
        case "count":
            return [f"COUNT({value}) AS n"]
        case "min" | "max":
            return [f"{name.upper()}({value}) AS s"]
        case "average":
            return [f"SUM({value}) AS s", f"COUNT({value}) AS n"]
        case "ratio":
            return ["SUM(f.numerator) AS s", "SUM(f.denominator) AS n"]
    return [f"{_latest(value)} AS l"]  # last


def _timed(time: str, places: str, value: str) -> list[str]:
    """A place's value over time as ``v``; for a ratio over places its parts as ``v`` and ``w``."""
    if places == "ratio":
        return [f"{_over('f.numerator', time)} AS v", f"{_over('f.denominator', time)} AS w"]
    if time == "ratio":
        parts = "CAST(SUM(f.numerator) AS DOUBLE) / NULLIF(CAST(SUM(f.denominator) AS DOUBLE), 0)"
        return [f"CAST({parts} AS DECIMAL(38, {BETWEEN})) AS v", "0 AS w"]
    return [f"{_over(value, time)} AS v", "0 AS w"]


def _over(column: str, time: str) -> str:
    share = _share(time)
    if share is not None:
        told = f"LIST({column}) FILTER (WHERE {column} IS NOT NULL)"
        return f"CAST({_percentile(told, share)} AS DECIMAL(38, {BETWEEN}))"
    match time:
        case "average":
            return (
                f"CAST(CAST(SUM({column}) AS DOUBLE) / NULLIF(COUNT({column}), 0) AS DECIMAL(38, {BETWEEN}))"
            )
        case "last":
            return f"{_latest(column)}.v"
    return f"{time.upper()}({column})"


def _begun(places: str) -> str:
    """The state of one place's value ``v``, where places are put together."""
    match places:
        case "count":
            return "1 AS n"
        case "average":
            return "v AS s, 1 AS n"
        case "ratio":
            return "v AS s, w AS n"
        case "last":
            return "STRUCT_PACK(k := ended, v := v) AS l"
    return "v AS s"


# ---- from cells to units ----------------------------------------------------------------------------------------------------


def _merged(places: str) -> list[str]:
    """How two states become one."""
    match places:
        case "count":
            return ["SUM(c.n) AS n"]
        case "min" | "max":
            return [f"{places.upper()}(c.s) AS s"]
        case "average" | "ratio":
            return ["SUM(c.s) AS s", "SUM(c.n) AS n"]
        case "last":
            return ["MAX(c.l) AS l"]
    return ["SUM(c.s) AS s"]


def _columns(places: str) -> list[str]:
    return [part.rsplit(" AS ", 1)[1] for part in _merged(places)]


def _figures(plan: Plan, cells: str, places: str, kept: Sequence[str]) -> str:
    """The figures of units from cells."""
    dims = [plan.column(one) for one in kept]
    share = _share(places)
    if share is not None:
        keys = _listed(["c.measure", "u.unit", "c.span", *(f"c.{one}" for one in dims)])
        state = f"{_percentile('LIST(c.s)', share)} AS s, SUM(c.facts) AS facts"
        merged = (
            f"SELECT {keys}, {state} FROM ({cells}) AS c JOIN (SELECT h.place, p.unit FROM hop AS h JOIN up AS p "  # noqa: S608
            f"ON p.grp = h.grp UNION ALL SELECT place, unit FROM own) AS u ON u.place = c.place GROUP BY {keys}"
        )
    else:
        merged = _climbed(cells, places, dims)
    names = _listed(["measure", "unit", "span", *dims])
    return f"SELECT {names}, {_told(plan, places)}, facts FROM ({merged}) AS g"  # noqa: S608


def _climbed(cells: str, places: str, dims: Sequence[str]) -> str:
    def keys(unit: str) -> str:
        return _listed(["c.measure", unit, "c.span", *(f"c.{one}" for one in dims)])

    state = _listed([*_merged(places), "SUM(c.facts) AS facts"])
    bare = _listed(f"c.{one}" for one in [*_columns(places), "facts"])
    return (
        f"WITH cells AS ({cells}), "  # noqa: S608
        f"grouped AS (SELECT {keys('h.grp')}, {state} FROM cells AS c JOIN hop AS h ON h.place = c.place "
        f"GROUP BY {keys('h.grp')}), "
        f"parts AS (SELECT {keys('p.unit')}, {bare} FROM grouped AS c JOIN up AS p ON p.grp = c.grp "
        f"UNION ALL SELECT {keys('o.unit')}, {bare} FROM cells AS c JOIN own AS o ON o.place = c.place AND NOT o.alone) "
        f"SELECT {keys('c.unit')}, {state} FROM parts AS c GROUP BY {keys('c.unit')} "
        f"UNION ALL SELECT {keys('o.unit')}, {bare} FROM cells AS c JOIN own AS o ON o.place = c.place AND o.alone"
    )


def _told(plan: Plan, places: str) -> str:
    """Value, numerator and denominator of a state."""
    parts = f"CAST(NULL AS {plan.figure}) AS numerator, CAST(NULL AS {plan.figure}) AS denominator"
    quotient = f"CAST(CAST(s AS DOUBLE) / NULLIF(CAST(n AS DOUBLE), 0) AS {plan.figure})"
    match places:
        case "count":
            return f"CAST(n AS {plan.figure}) AS value, {parts}"
        case "average" | "ratio":
            return f"{quotient} AS value, CAST(s AS {plan.figure}) AS numerator, CAST(n AS {plan.figure}) AS denominator"
        case "last":
            return f"CAST(l.v AS {plan.figure}) AS value, {parts}"
    return f"CAST(s AS {plan.figure}) AS value, {parts}"


def _percentile(values_list: str, share: int) -> str:
    """Between the two neighbours of the place ``share`` in 100, in proportion (Hyndman and Fan, type 7)."""
    ordered = f"LIST_SORT({values_list})"
    count = f"LEN({values_list})"
    below = f"CAST(FLOOR(({count} - 1) * {share} / 100.0) AS BIGINT)"
    low = f"CAST({ordered}[{below} + 1] AS DOUBLE)"
    high = f"CAST({ordered}[LEAST({below} + 2, {count})] AS DOUBLE)"
    return f"({low} + ({high} - {low}) * ((({count} - 1) * {share}) % 100) / 100.0)"


# ---- expressions ------------------------------------------------------------------------------------------------------------


def derived(plan: Plan, code: str, kept: Sequence[str], around: Around = Around()) -> str:
    """The figures of a measure that is derived, or aggregated otherwise: its leaves side by side, then the expression."""
    made = _Made(plan, kept, alone=False)
    result = made.name(code, 1, around)
    result = result if made.leaves else "NULL"
    names = ["unit", "span", *(plan.column(one) for one in kept)]
    parts = f"CAST(NULL AS {plan.figure}) AS numerator, CAST(NULL AS {plan.figure}) AS denominator"
    rows = made.rows()
    return (
        f"SELECT CAST({plan.numbers[code]} AS INTEGER) AS measure, {_listed(names)}, "  # noqa: S608
        f"CAST({result} AS {plan.figure}) AS value, {parts}, facts FROM ({rows}) AS e WHERE {result} IS NOT NULL"
    )


class _Made:
    """An expression on its way to SQL: its leaves, and each part as a column that later parts name."""

    def __init__(self, plan: Plan, kept: Sequence[str], alone: bool) -> None:
        self.plan, self.kept, self.alone = plan, kept, alone
        self.unit = "place" if alone else "unit"
        self.leaves: dict[str, int] = {}
        self.clocks: dict[str, int] = {}
        self.columns: list[str] = []

    def rows(self) -> str:
        """Every unit and span where a leaf has data, with the columns of all parts."""
        dims = [self.plan.column(one) for one in self.kept]
        keys = _listed([self.unit, "span", *dims])
        if not self.leaves:  # numbers are no data
            none = _listed(
                [f"0 AS {self.unit}", "0 AS span", *(f"'' AS {one}" for one in dims), "0 AS facts"]
            )
            return f"SELECT {none} WHERE 1 = 0"
        stacked = " UNION ALL ".join(
            f"SELECT {keys}, {number} AS leaf, CAST(value AS DOUBLE) AS value, facts FROM ({text}) AS s{number}"  # noqa: S608
            for text, number in self.leaves.items()
        )
        wide = _listed(
            f"MAX(CASE WHEN leaf = {number} THEN value END) AS l{number}" for number in self.leaves.values()
        )
        joined = "".join(
            f" LEFT JOIN {table} AS k{number} ON k{number}.span = w.span"
            for table, number in self.clocks.items()
        )
        clocks = "".join(f", k{number}.value AS t{number}" for number in self.clocks.values())
        base = f"SELECT w.*{clocks} FROM (SELECT {keys}, {wide}, SUM(facts) AS facts FROM ({stacked}) AS s GROUP BY {keys}) AS w{joined}"  # noqa: S608
        return f"SELECT *, {_listed(self.columns)} FROM ({base}) AS b" if self.columns else base  # noqa: S608

    def leaf(self, text: str) -> str:
        return f"l{self.leaves.setdefault(text, len(self.leaves))}"

    def column(self, text: str) -> str:
        self.columns.append(f"{text} AS e{len(self.columns)}")
        return f"e{len(self.columns) - 1}"

    def compile(self, node: Node, around: Around) -> str:
        """The name of the column that holds the node's value."""
        match node:
            case expressions.Number(value=value):
                return f"CAST({value:f} AS DOUBLE)"
            case expressions.Name(code=code, at=at):
                return self.name(code, at, around)
            case expressions.Binary():
                return self.column(
                    _signed(node.sign, self.compile(node.left, around), self.compile(node.right, around))
                )
            case expressions.If():
                asked, then, otherwise = (self.compile(part, around) for part in expressions.inner(node))
                return self.column(
                    f"CASE WHEN {asked} <> 0 THEN {then} WHEN {asked} = 0 THEN {otherwise} END"
                )
            case expressions.Where(inner=one, wanted=wanted, at=at):
                for name, _ in wanted:
                    if name not in self.plan.dimensions:
                        raise WrongError(f'no fact has a dimension "{name}"', at)
                return self.compile(one, replace(around, wanted=(*around.wanted, *wanted)))
            case expressions.Offset(inner=one, months=months):
                return self.compile(one, replace(around, steps=(*around.steps, Shift(months))))
            case expressions.YearToDate(inner=one):
                return self.compile(one, replace(around, steps=(*around.steps, ToDate())))
            case expressions.Aggregate(inner=one, time=time, places=places):
                return self.compile(one, replace(around, time=time, places=places))
            case expressions.PerPlace(inner=one):
                return self.per_place(one, around)
            case expressions.Clock(count=count):
                table = self.plan.clock(around.steps, count)
                return f"t{self.clocks.setdefault(table, len(self.clocks))}"
        raise AssertionError(node)

    def name(self, code: str, at: int, around: Around) -> str:
        one = self.plan.measures[code]
        if one.expression is not None:
            return self.compile(one.expression, around)
        time, places = around.time or one.time, around.places or one.places
        value, parts = "f.value", "ratio" in (one.time, one.places)
        if parts and "ratio" not in (time, places):
            value = f"CAST(CAST(f.numerator AS DOUBLE) / NULLIF(CAST(f.denominator AS DOUBLE), 0) AS DECIMAL(38, {BETWEEN}))"
        elif not parts and "ratio" in (time, places):
            raise WrongError(f'"{code}" has no numerators and denominators: it can\'t be a ratio', at)
        if self.alone and time != places:  # of one place there is nothing to put together over places
            places = "ratio" if places == "ratio" else "sum"
        cells = _cells(
            self.plan, [self.plan.numbers[code]], time, places, around.steps, around.wanted, self.kept, value
        )
        made = _own if self.alone else _figures
        return self.leaf(made(self.plan, cells, places, self.kept))

    def per_place(self, one: Node, around: Around) -> str:
        if self.alone:
            return self.compile(one, around)
        places = around.places or "sum"
        time = around.time if around.time != around.places else ""
        if places == "ratio":
            raise WrongError("per_place has one value a place: it can't be put together as a ratio", one.at)
        made = _Made(self.plan, self.kept, alone=True)
        result = made.compile(one, replace(around, time=time, places=time))
        result = result if made.leaves else "NULL"
        names = _listed(["place", "span", *(self.plan.column(each) for each in self.kept)])
        value = f"CAST({result} AS DECIMAL(38, {BETWEEN}))"
        rows = (
            f"SELECT 0 AS measure, {names}, {value} AS v, 0 AS w, 0 AS ended, facts FROM ({made.rows()}) AS r"  # noqa: S608
        )
        cells = f"SELECT measure, {names}, {_begun(places)}, facts FROM ({rows}) AS t WHERE v IS NOT NULL"  # noqa: S608
        return self.leaf(_figures(self.plan, cells, places, self.kept))


def _own(plan: Plan, cells: str, places: str, kept: Sequence[str]) -> str:
    """The figures of places by themselves."""
    names = _listed(["place", "span", *(plan.column(one) for one in kept)])
    share = _share(places)
    if share is not None:
        state = f"{_percentile('LIST(s)', share)} AS s, SUM(facts) AS facts"
        cells = f"SELECT {names}, {state} FROM ({cells}) AS c GROUP BY {names}"  # noqa: S608
    return f"SELECT {names}, {_told(plan, places)}, facts FROM ({cells}) AS g"  # noqa: S608


def _signed(sign: str, left: str, right: str) -> str:
    match sign:
        case "+":
            return f"COALESCE({left} + {right}, {left}, {right})"
        case "-":
            return f"COALESCE({left} - {right}, {left}, -{right})"
        case "*":
            return f"{left} * {right}"
        case "/":
            return f"{left} / NULLIF({right}, 0)"
    # What differs by less than a billionth is equal: a tenth and two tenths are three tenths.
    apart, compared = f"ROUND({left} - {right}, 9)", {"==": "=", "!=": "<>"}.get(sign, sign)
    return f"CASE WHEN {apart} IS NOT NULL THEN CASE WHEN {apart} {compared} 0 THEN 1.0 ELSE 0.0 END END"


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
