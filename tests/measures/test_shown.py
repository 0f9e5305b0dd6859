"""Are figures rounded once, written in the page's language, and is a missing one a dash with words?"""

from decimal import Decimal

import pytest
from django.utils import translation

from sala.kit.periods import Period
from sala.measures import shown
from sala.measures.queries import Figure, Part
from sala.measures.rules import Measure, Text, Total
from sala.measures.terms import Aggregation, Direction, Unit

WORDS = Text("សាក", "test")


def measure(unit, aggregation=Aggregation.SUM, decimals=1, **more):
    return Measure("t.m", WORDS, WORDS, WORDS, unit, aggregation, decimals=decimals, **more)


def figures(values, one):
    found = []
    for n, value in enumerate(values, start=1):
        period = Period.parse(f"2026-{n:02}")
        total = (
            None if value is None else Total("t.m", "", "nation", period.code, Decimal(value), None, None, 1)
        )
        found.append(Figure(one, "", period, total))
    return found


@pytest.mark.parametrize(
    ("unit", "value", "km", "en", "cell"),
    [
        (Unit.SHARE, Decimal("0.889"), "៨៨,៩%", "88.9%", "88.9"),
        (Unit.SHARE, Decimal("0.9"), "៩០%", "90%", "90.0"),
        (Unit.MINUTES, Decimal(750), "១២,៥ ម៉ោង", "12.5 h", "12.5"),
        (Unit.COUNT, Decimal("1234.5"), "១.២៣៤,៥", "1,234.5", "1,234.5"),
        (Unit.POINTS, Decimal("4.25"), "៤,៣ លើ ៥", "4.3 of 5", "4.3"),
    ],
)
def test_written_in_both_languages(unit, value, km, en, cell):
    one = measure(unit)
    with translation.override("km"):
        assert shown.sentence(one, value) == km
        assert shown.cell(one, value) == cell
    with translation.override("en"):
        assert shown.sentence(one, value) == en
        assert shown.cell(one, value) == cell


def test_missing_is_a_dash_never_zero():
    for written in (
        shown.sentence(measure(Unit.COUNT), None),
        shown.cell(measure(Unit.COUNT), None),
        shown.counted(None),
    ):
        assert "–" in written
        assert 'class="vh"' in written


@pytest.mark.parametrize(
    ("unit", "now", "before", "words"),
    [
        (Unit.SHARE, "0.889", "0.862", "up 2.7 points"),
        (Unit.SHARE, "0.80", "0.85", "down 5.0 points"),
        (Unit.SHARE, "0.8500", "0.8501", "unchanged"),
        (Unit.COUNT, "110", "100", "up 10%"),
        (Unit.COUNT, "50", "100", "down 50%"),
        (Unit.COUNT, "5", "0", ""),
    ],
)
def test_change_in_words(unit, now, before, words):
    with translation.override("en"):
        assert shown.change(measure(unit), Decimal(now), Decimal(before)) == words
        assert shown.change(measure(unit), Decimal(now), None) == ""


def test_a_chart_needs_two_points_and_keeps_gaps():
    one = measure(Unit.SHARE, goal=Decimal("0.9"))
    with translation.override("en"):
        assert shown.chart(one, figures([None, "0.5"], one)) == ""
        drawn = shown.chart(one, figures(["0.5", None, "0.75"], one))
        assert "75%" in drawn
        assert "90%" in drawn


def test_sparks_break_at_gaps():
    one = measure(Unit.COUNT)
    assert shown.spark(figures(["1"], one)) == ""
    assert shown.spark(figures(["1", None, "3", "3"], one)).count("M") == 2
    assert "L" in shown.spark(figures(["2", "2"], one))


def test_bars():
    one = measure(Unit.COUNT)
    figure = figures(["5"], one)[0]
    part = Part("12", "12", {"km": "ក", "en": "a"}, {"km": "ក", "en": "a"}, figure)
    assert 'width="50.0"' in shown.bar(one, part, Decimal(10))
    assert 'width="100.0"' in shown.bar(measure(Unit.POINTS), part, Decimal(0))
    assert shown.bar(one, Part("12", "12", {}, {}, Figure(one, "12", figure.period, None)), Decimal(10)) == ""


def test_small_multiples_put_the_worst_first():
    for direction, first in ((Direction.UP, "low"), (Direction.DOWN, "high")):
        one = measure(Unit.COUNT, direction=direction)
        parts = [
            Part(key, key, {"km": key, "en": key}, {}, figures([figure], one)[0])
            for key, figure in (("low", "3"), ("high", "8.5"))
        ]
        with translation.override("en"):
            drawn = shown.multiples(
                one,
                parts,
                {"low": [Decimal(1), Decimal(2)], "high": [Decimal(9), Decimal(8)]},
                lambda key: f"/{key}",
            )
        assert (
            drawn.index("low") < drawn.index("high")
            if first == "low"
            else drawn.index("high") < drawn.index("low")
        )


def test_the_key_of_a_map_rises():
    one = measure(Unit.POINTS)
    with translation.override("en"):
        limits = shown.bounds(one, [Decimal(n) / 10 for n in range(10, 50)])
        assert "under" in shown.legend(one, limits)
        assert "of 5" not in shown.legend(one, limits)


def test_units():
    with translation.override("en"):
        assert [shown.unit(measure(unit)) for unit in Unit] == ["Count", "%", "Hours", "Points"]
