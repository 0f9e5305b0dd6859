"""What in the figures of the places below wants somebody's attention? Places, never persons."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sala.measures.queries import Part
from sala.measures.rules import Measure
from sala.measures.terms import Direction

NAMED = 4  # places that are named; the table has all
FEW = 10  # a figure of fewer records says little about a place


@dataclass(frozen=True)
class Noticed:
    """``worst``: the places furthest on the wrong side of ``mark`` (the goal, else the whole's own figure), worst first.

    ``good``: how many reach it. ``few``: how many were left out since fewer than `FEW` records were counted there.
    """

    mark: Decimal | None
    worst: tuple[Part, ...] = ()
    good: int = 0
    few: int = 0


def notice(one: Measure, whole: Decimal | None, parts: Sequence[Part]) -> Noticed:
    """What a table of places shows; nothing for a measure of which neither way is better."""
    mark = one.goal if one.goal is not None else whole
    if one.direction is Direction.NEITHER or mark is None:
        return Noticed(None)
    sign = -1 if one.direction is Direction.DOWN else 1
    known = [(part, part.value) for part in parts if part.value is not None]
    enough = [(part, value) for part, value in known if one.origin or _count(part) >= FEW]
    short = sorted(
        ((part, value) for part, value in enough if value * sign < mark * sign),
        key=lambda pair: (pair[1] * sign, pair[0].code),
    )
    return Noticed(
        mark,
        tuple(part for part, _value in short[:NAMED]),
        len(enough) - len(short),
        len(known) - len(enough),
    )


def _count(part: Part) -> int:
    return part.figure.total.count if part.figure.total else 0
