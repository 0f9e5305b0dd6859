"""What may happen next to a record? One table a kind of record; pages take their buttons and documents their diagram from it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from sala.kit.errors import NotPossible
from sala.kit.terms import N_, Term

S = TypeVar("S", bound=Term)


@dataclass(frozen=True)
class Move(Generic[S]):
    """One step: from ``source`` by ``verb`` to ``target``; ``required`` names the fields the step can't do without."""

    source: S
    verb: Term
    target: S
    required: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table(Generic[S]):
    """All moves of a kind of record, in the order in which pages offer them. ``owners`` says who must act in a state."""

    name: str
    initial: S
    moves: tuple[Move[S], ...]
    owners: dict[S, str]

    def move(self, state: S, verb: str) -> Move[S]:
        """The move by ``verb`` out of ``state``; raises `NotPossible`."""
        for move in self.moves:
            if move.source == state and move.verb == verb:
                return move
        raise NotPossible(N_("This step is not possible in the record's present state."))

    def after(self, state: S, verb: str) -> S:
        """The state after ``verb``; raises `NotPossible`."""
        return self.move(state, verb).target

    def open_moves(self, state: S) -> tuple[Move[S], ...]:
        """What can be done in ``state``, the usual next step first."""
        return tuple(move for move in self.moves if move.source == state)

    @property
    def final(self) -> frozenset[S]:
        """States that no step leaves (one that stays in the state is no exit)."""
        return frozenset(type(self.initial)) - {m.source for m in self.moves if m.target != m.source}

    def faults(self, intended_final: Iterable[S]) -> list[str]:
        """What is wrong with the table: states nobody owns, that can't be reached, or end where they should not (or the
        other way round). Empty when sound.
        """
        states = set(type(self.initial))
        reached, frontier = {self.initial}, [self.initial]
        while frontier:
            here = frontier.pop()
            for move in self.open_moves(here):
                if move.target not in reached:
                    reached.add(move.target)
                    frontier.append(move.target)
        return (
            [f"{self.name}: nobody owns {state}" for state in sorted(states - set(self.owners))]
            + [f"{self.name}: {state} can't be reached" for state in sorted(states - reached)]
            + [f"{self.name}: {state} has no exit" for state in sorted(self.final - set(intended_final))]
            + [
                f"{self.name}: {state} is final and has an exit"
                for state in sorted(set(intended_final) - self.final)
            ]
        )

    def mermaid(self) -> str:
        """The table as a Mermaid state diagram."""
        lines = [f"    {move.source} --> {move.target}: {move.verb}" for move in self.moves]
        return "\n".join(["stateDiagram-v2", f"    [*] --> {self.initial}", *lines])
