"""Does the list of what wants attention name the right places, and none on the word of three records?"""

from decimal import Decimal

import pytest

from sala.kit.periods import Period
from sala.measures.noticed import notice
from sala.measures.queries import Figure, Part
from sala.measures.rules import Measure, Text, Total
from sala.measures.terms import Aggregation, Direction, Unit

WORDS = Text("ក", "a")


def measure(direction: Direction, goal: str | None = None) -> Measure:
    return Measure(
        "test.share", WORDS, WORDS, WORDS, Unit.SHARE, Aggregation.RATIO, direction,
        goal=Decimal(goal) if goal else None,
    )  # fmt: skip


def part(one: Measure, key: str, value: str | None, count: int = 50) -> Part:
    whole = Decimal(1000)
    total = (
        None
        if value is None
        else Total(one.code, key, "province", "2026", Decimal(value), Decimal(value) * whole, whole, count)
    )
    return Part(key, key, {}, {}, Figure(one, key, Period.parse("2026"), total))


def made(one: Measure) -> list[Part]:
    rows = [("a", "0.9"), ("b", "0.5"), ("c", "0.7"), ("d", None), ("e", "0.6"), ("f", "0.65"), ("g", "0.1")]
    return [*(part(one, key, value) for key, value in rows), part(one, "few", "0.01", 9)]


@pytest.mark.parametrize(
    ("direction", "goal", "worst", "good"),
    [
        (Direction.UP, None, ["g", "b", "e", "f"], 2),
        (Direction.DOWN, None, ["a"], 5),
        (Direction.UP, "0.55", ["g", "b"], 4),
    ],
)
def test_the_furthest_from_the_mark_first(direction, goal, worst, good):
    one = measure(direction, goal)
    found = notice(one, Decimal("0.7"), made(one))
    assert [each.key for each in found.worst] == worst
    assert found.good == good
    assert found.few == 1


def test_nothing_where_neither_way_is_better_or_there_is_no_mark():
    one = measure(Direction.NEITHER)
    assert notice(one, Decimal("0.7"), made(one)).mark is None
    one = measure(Direction.UP)
    assert notice(one, None, made(one)).worst == ()
