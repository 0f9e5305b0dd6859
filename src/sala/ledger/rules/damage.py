"""What was done to the entries, when they no longer fit the tree: changed, removed, inserted or moved?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sala.ledger.terms import Fault

MOVED_TOGETHER = 4  # from so many entries on, one line says that they all moved by as much


@dataclass(frozen=True)
class Damage:
    """A fault of the entries numbered ``first`` to ``last``; moved ones stand ``shift`` places behind their own."""

    fault: Fault
    first: int
    last: int
    shift: int = 0


def classify(
    standing: Mapping[int, bytes], sealed: Mapping[int, bytes], places: Mapping[bytes, int]
) -> list[Damage]:
    """Name the damage, in the order of the numbers.

    ``standing``: the hash of each entry that does not fit its place, by the number it has now. ``sealed``: the tree's
    hash for each place where no fitting entry stands. ``places``: for hashes of ``standing`` that the tree knows, the
    place they were sealed at.
    """
    here = set(standing.values())
    lost = {number for number, hash in sealed.items() if hash not in here}
    found: list[Damage] = []
    moved: list[tuple[int, int]] = []
    for number, hash in standing.items():
        if hash in places:
            moved.append((number, number - places[hash]))
        elif number in lost:
            found.append(Damage(Fault.CHANGED, number, number))
        else:
            found.append(Damage(Fault.INSERTED, number, number))
    unknown = {number for number, hash in standing.items() if hash not in places}
    found += [Damage(Fault.REMOVED, number, number) for number in lost - unknown]
    found += _runs(moved)
    return sorted(found, key=lambda damage: (damage.first, damage.fault))


def _runs(moved: Iterable[tuple[int, int]]) -> list[Damage]:
    """Neighbours that moved by as much as one damage, when they are many."""
    runs: list[Damage] = []
    for number, shift in sorted(moved):
        if runs and runs[-1].last == number - 1 and runs[-1].shift == shift:
            runs[-1] = Damage(Fault.REORDERED, runs[-1].first, number, shift)
        else:
            runs.append(Damage(Fault.REORDERED, number, number, shift))
    single: list[Damage] = []
    for run in runs:
        if run.last - run.first + 1 >= MOVED_TOGETHER:
            single.append(run)
        else:
            numbers = range(run.first, run.last + 1)
            single += [Damage(Fault.REORDERED, number, number, run.shift) for number in numbers]
    return single
