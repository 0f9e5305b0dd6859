"""What may happen next to a record, and does a table say when it is unsound?"""

import pytest

from sala.kit.errors import NotPossible
from sala.kit.states import Move, Table
from sala.kit.terms import Term


class Door(Term):
    SHUT = "shut", "Shut"
    OPEN = "open", "Open"
    GONE = "gone", "Gone"


class Step(Term):
    OPEN = "open", "Open it"
    SHUT = "shut", "Shut it"
    PAINT = "paint", "Paint it"
    BURN = "burn", "Burn it"


MOVES = (
    Move(Door.SHUT, Step.OPEN, Door.OPEN),
    Move(Door.SHUT, Step.PAINT, Door.SHUT, ("colour",)),
    Move(Door.OPEN, Step.SHUT, Door.SHUT),
    Move(Door.OPEN, Step.BURN, Door.GONE),
)
OWNERS = dict.fromkeys(Door, "the porter")


def table(moves: tuple[Move[Door], ...] = MOVES, owners: dict[Door, str] = OWNERS) -> Table[Door]:
    return Table("door", Door.SHUT, moves, owners)


def test_steps_are_looked_up_in_their_order() -> None:
    assert table().after(Door.OPEN, Step.BURN) is Door.GONE
    assert table().move(Door.SHUT, Step.PAINT).required == ("colour",)
    assert [move.verb for move in table().open_moves(Door.SHUT)] == [Step.OPEN, Step.PAINT]
    with pytest.raises(NotPossible):
        table().after(Door.GONE, Step.OPEN)


@pytest.mark.parametrize(
    ("moves", "owners", "final", "fault"),
    [
        (MOVES, {Door.SHUT: "a", Door.OPEN: "b"}, {Door.GONE}, "nobody owns gone"),
        (MOVES[:3], OWNERS, {Door.GONE}, "gone can't be reached"),
        (MOVES, OWNERS, set(), "gone has no exit"),
        ((*MOVES, Move(Door.GONE, Step.PAINT, Door.GONE)), OWNERS, set(), "gone has no exit"),
        (MOVES, OWNERS, {Door.GONE, Door.OPEN}, "open is final and has an exit"),
    ],
)
def test_an_unsound_table_says_why(
    moves: tuple[Move[Door], ...], owners: dict[Door, str], final: set[Door], fault: str
) -> None:
    assert table(moves, owners).faults(final) == [f"door: {fault}"]
    assert table().faults({Door.GONE}) == []


def test_the_diagram_draws_every_step() -> None:
    lines = table().mermaid().splitlines()
    assert lines[:2] == ["stateDiagram-v2", "    [*] --> shut"]
    assert lines[2:] == [f"    {move.source} --> {move.target}: {move.verb}" for move in MOVES]
