"""Do places that move count for the right units, at each time, and never twice?"""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sala.measures.sums.tree import Line, build, spread

SPLIT = [
    Line("K", "", "nation", row=2),
    Line("03", "K", "province", row=3),
    Line("25", "K", "province", start=date(2014, 1, 1), row=4),
    Line("0301", "03", "district", end=date(2013, 12, 31), row=5),
    Line("0301", "25", "district", start=date(2014, 1, 1), row=6),
    Line("030101", "0301", "commune", row=7),
]


def test_chains_of_a_district_that_moved():
    tree, wrong = build(SPLIT)
    assert not wrong
    assert tree.stretch("030101", date(2013, 12, 31)).chain == ("030101", "0301", "03", "K")
    assert tree.stretch("030101", date(2014, 1, 1)).chain == ("030101", "0301", "25", "K")
    assert tree.stretch("25", date(2000, 1, 1)).chain == ("25", "K")  # before its first line: the nearest


def test_each_stretch_counts_once_for_a_unit():
    tree, _ = build(SPLIT)
    made = spread(tree, lambda _, one: one.chain)
    for (code, number), virtual in made.stretches.items():
        under = [unit for one in virtual for unit in made.units[one]]
        assert sorted(under) == sorted(tree.stretches[code][number].chain)
    both = next(one for one in made.stretches["030101", 0] if "K" in made.units[one])
    assert both in made.stretches["030101", 1]  # for the nation it is one place all the time


@pytest.mark.parametrize(
    ("lines", "row", "column", "said"),
    [
        ([Line("a", "b", "x", row=2)], 2, "parent", "a: its parent b is not in the file"),
        ([Line("a", "b", "x", row=2), Line("b", "a", "x", row=3)], 2, "parent", "a circle of places"),
        ([Line("a", "a", "x", row=2)], 2, "parent", "a circle of places"),
        ([Line("a", "", "x", row=2), Line("a", "", "y", row=9)], 9, "code", "stands twice for the same time"),
        ([Line("a", "", "x", date(2017, 1, 1), date(2016, 1, 1), 2)], 2, "valid_to", "ends before it begins"),
    ],
)
def test_what_is_wrong_is_told_with_its_row(lines, row, column, said):
    _tree, wrong = build(lines)
    assert wrong[0][:2] == (row, column) and said in wrong[0][2]


@given(st.lists(st.integers(0, 8), min_size=2, max_size=9))
def test_without_dates_every_place_has_one_stretch_up_to_the_top(parents):
    lines = [
        Line("p0", "", "top"),
        *(Line(f"p{n}", f"p{parent % n}", "x") for n, parent in enumerate(parents[1:], 1)),
    ]
    tree, wrong = build(lines)
    assert not wrong
    assert all(len(some) == 1 and some[0].chain[0] == code and some[0].chain[-1] == "p0" for code, some in tree.stretches.items())  # fmt: skip
