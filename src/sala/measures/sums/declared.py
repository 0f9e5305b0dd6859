"""Which measures does a file declare, and what does each count? One TOML table a measure, checked before anything is counted."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from sala.measures.sums import expressions
from sala.measures.sums.expressions import Name, Node, WrongError

KINDS = ("value", "derived")


@dataclass(frozen=True)
class Declared:
    """A measure: ``time`` and ``places`` of one that is counted from facts, ``expression`` of one derived from others."""

    code: str
    time: str = "sum"
    places: str = "sum"
    expression: Node | None = None

    @property
    def derived(self) -> bool:
        """Whether it is reckoned from other measures."""
        return self.expression is not None


def read(text: str) -> tuple[dict[str, Declared], list[tuple[str, str]]]:
    """The measures of a file by code, and what is wrong with it: (measure, reason)."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return {}, [("", str(error))]
    found: dict[str, Declared] = {}
    wrong: list[tuple[str, str]] = []
    for code, table in _tables(tables):
        if not isinstance(table, Mapping):
            wrong.append((code, "is no table: write [measure] and its lines below"))
            continue
        made = _measure(code, table)
        if isinstance(made, str):
            wrong.append((code, made))
        else:
            found[code] = made
    if not wrong:
        wrong = list(_meaning(found))
    return found, wrong


def _tables(tables: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Each measure's table; ``[a.b]`` is the measure ``a.b``."""
    for key, table in tables.items():
        code = f"{above}{key}"
        if isinstance(table, Mapping) and table and all(isinstance(one, Mapping) for one in table.values()):
            yield from _tables(table, f"{code}.")
        else:
            yield code, table


def _measure(code: str, table: Mapping[str, Any]) -> Declared | str:
    kind = table.get("kind", "derived" if "expression" in table else "value")
    if kind not in KINDS:
        return f'kind "{kind}" is neither value nor derived'
    if kind == "derived":
        text = table.get("expression")
        if not isinstance(text, str):
            return "a derived measure needs an expression"
        try:
            return Declared(code, expression=expressions.parse(text))
        except WrongError as error:
            return f"expression, {error}"
    if "expression" in table:
        return "has an expression but is not derived"
    for key in ("aggregate_time", "aggregate_places"):
        if table.get(key, "sum") not in expressions.AGGREGATIONS:
            return f'{key} "{table[key]}" is no aggregation: use sum, count, min, max, average, last, ratio or p1 to p99'
    return Declared(code, table.get("aggregate_time", "sum"), table.get("aggregate_places", "sum"))


def _meaning(known: Mapping[str, Declared]) -> Iterator[tuple[str, str]]:
    """What an expression names and is not there, or leads back to itself."""
    for one in known.values():
        for node in _names(one):
            if node.code not in known:
                yield one.code, f'expression, position {node.at}: there is no measure "{node.code}"'
    try:
        TopologicalSorter({one.code: [node.code for node in _names(one)] for one in known.values()}).prepare()
    except CycleError as error:
        circle = error.args[1][::-1]
        first = known[circle[0]]
        at = next(node.at for node in _names(first) if node.code == circle[1])
        yield first.code, f"expression, position {at}: a circle, {' > '.join(circle)}"


def _names(one: Declared) -> list[Name]:
    if one.expression is None:
        return []
    return [node for node in expressions.walk(one.expression) if isinstance(node, Name)]


def leaves(code: str, known: Mapping[str, Declared]) -> frozenset[str]:
    """The measures counted from facts that a measure is reckoned from; itself, if it is one."""
    found: set[str] = set()
    waiting, seen = [code], set()
    while waiting:
        one = known[waiting.pop()]
        if one.code in seen:
            continue
        seen.add(one.code)
        if one.derived:
            waiting += [node.code for node in _names(one)]
        else:
            found.add(one.code)
    return frozenset(found)
