"""Which units does a fact count for? The lines of a file of places, whose units may move and end, as chains of ancestors."""

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

FIRST, LAST = date.min, date.max


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file: a place under a parent ('' at the top) from a day to a day. ``row`` is its row in the file."""

    code: str
    parent: str
    level: str
    start: date = FIRST
    end: date = LAST
    row: int = 0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which a place's chain stays the same: itself first, then its parent, to the top."""

    start: date
    end: date
    chain: tuple[str, ...]


@dataclass
class Tree:
    """All places: the stretches of each by its code, and the level of its last line."""

    stretches: dict[str, list[Stretch]] = field(default_factory=dict)
    levels: dict[str, str] = field(default_factory=dict)

    def stretch(self, code: str, day: date) -> Stretch:
        """The one of that day; before the first and after the last line of a place, the nearest. Raises KeyError."""
        known = self.stretches[code]
        return next((one for one in known if day <= one.end), known[-1])


def build(lines: Iterable[Line]) -> tuple[Tree, list[tuple[int, str, str]]]:
    """The tree, and what is wrong with the lines: (row, column, reason)."""
    by_code: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        by_code[line.code].append(line)
    wrong = list(_faults(by_code))
    if wrong:
        return Tree(), wrong
    tree = Tree()
    for code, some in by_code.items():
        some.sort(key=lambda line: line.start)
        tree.levels[code] = some[-1].level
    cuts = sorted({day for some in by_code.values() for line in some for day in _cuts(line)})
    starts = [FIRST, *(cut for cut in cuts if cut > FIRST)]
    ends = [*(start - timedelta(days=1) for start in starts[1:]), LAST]
    circles: set[str] = set()
    for start, end in zip(starts, ends, strict=True):
        chains: dict[str, tuple[str, ...]] = {}
        for code in by_code:
            chain = _chain(code, by_code, start, chains)
            if chain is None:
                if code not in circles:
                    circles.add(code)
                    wrong.append((by_code[code][0].row, "parent", f"{code} lies within itself: a circle of places"))  # fmt: skip
                continue
            known = tree.stretches.setdefault(code, [])
            if known and known[-1].chain == chain:
                known[-1] = Stretch(known[-1].start, end, chain)
            else:
                known.append(Stretch(start, end, chain))
    return tree, wrong


def _cuts(line: Line) -> Iterable[date]:
    yield line.start
    if line.end < LAST:
        yield line.end + timedelta(days=1)


def _faults(by_code: Mapping[str, list[Line]]) -> Iterable[tuple[int, str, str]]:
    for code, some in by_code.items():
        for line in some:
            if line.parent and line.parent not in by_code:
                yield line.row, "parent", f"{code}: its parent {line.parent} is not in the file"
            if line.end < line.start:
                yield line.row, "valid_to", f"{code}: ends before it begins"
        ordered = sorted(some, key=lambda line: line.start)
        for before, after in itertools.pairwise(ordered):
            if after.start <= before.end:
                yield after.row, "code", f"{code} stands twice for the same time, first in row {before.row}"


def _at(lines: list[Line], day: date) -> Line:
    """The line of the day, or the nearest."""
    return next((line for line in lines if day <= line.end), lines[-1])


def _chain(
    code: str, by_code: Mapping[str, list[Line]], day: date, known: dict[str, tuple[str, ...]]
) -> tuple[str, ...] | None:
    """The place and its ancestors on a day; None in a circle."""
    path: list[str] = []
    on_path: set[str] = set()
    at = code
    while at and at not in known:
        if at in on_path:
            return None
        path.append(at)
        on_path.add(at)
        at = _at(by_code[at], day).parent
    rest = known[at] if at else ()
    for one in reversed(path):
        rest = (one, *rest)
        known[one] = rest
    return rest if path else known[code]


@dataclass
class Spread:
    """How facts reach the units of a question, each fact at most once a unit.

    A place whose chain changed is several *virtual* places: one for each set of its stretches that some unit covers.
    ``stretches``: (code, number of the stretch) -> virtual places; ``units``: virtual place -> units.
    """

    stretches: dict[tuple[str, int], list[int]] = field(default_factory=lambda: defaultdict(list))
    units: list[tuple[str, ...]] = field(default_factory=list)
    places: list[str] = field(default_factory=list)


def spread(tree: Tree, units: Callable[[str, Stretch], Iterable[str]]) -> Spread:
    """For every place: under which units each of its stretches counts (``units``), as virtual places."""
    made = Spread()
    for code, stretches in tree.stretches.items():
        covered: dict[str, list[int]] = defaultdict(list)
        for number, one in enumerate(stretches):
            for unit in units(code, one):
                covered[unit].append(number)
        sets: dict[tuple[int, ...], list[str]] = defaultdict(list)
        for unit, numbers in covered.items():
            sets[tuple(numbers)].append(unit)
        for stretched, some in sets.items():
            virtual = len(made.units)
            made.units.append(tuple(some))
            made.places.append(code)
            for number in stretched:
                made.stretches[code, number].append(virtual)
    return made
