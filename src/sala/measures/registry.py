"""Which measures are there, where do their facts come from, and who opens a figure? Rooms declare; the pack declares too."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from sala.kit.acting import Acting, Where
from sala.kit.errors import NotFound
from sala.kit.periods import Period
from sala.kit.terms import N_
from sala.measures.rules import Fact, Measure, Text


@dataclass(frozen=True)
class Column:
    """A column of the list a figure opens into; ``numeric`` is set to the right."""

    name: Text
    numeric: bool = False


@dataclass(frozen=True)
class Record:
    """One thing that was counted: its number, a link for those who may follow it (or ""), its cells, and what it counted as.

    Never personal data.
    """

    number: str
    url: str
    cells: tuple[Any, ...]


@dataclass(frozen=True)
class Opened:
    """What a figure was counted from. ``count`` is everything counted, ``records`` only what the reader may see of it;
    ``hidden`` says that there are others.
    """

    count: int
    columns: tuple[Column, ...]
    records: tuple[Record, ...]
    more: bool = False
    hidden: bool = False


class Opener(Protocol):
    """Opens a figure: the records behind ``measure`` at ``at`` in ``period``, as far as ``by`` may see them.

    ``own``: only those that stand at this place itself, not in one below it.
    """

    def __call__(
        self,
        *,
        measure: Measure,
        at: Where,
        period: Period,
        by: Acting,
        page: int,
        size: int,
        own: bool = False,
    ) -> Opened: ...


Facts = Callable[[], Iterator[Fact]]


@dataclass(frozen=True)
class Declared:
    """A measure with its sources. ``facts`` is None where the facts lie in the room's own table (imported ones)."""

    measure: Measure
    facts: Facts | None
    opener: Opener | None


_declared: dict[str, Declared] = {}
_sources: list[Facts] = []


def declare(*measures: Measure, facts: Facts | None = None, opener: Opener | None = None) -> None:
    """Declare measures that one callable yields facts of. ``facts`` may yield facts of all of them in any order.

    Called by ``apps.ready`` of the room that counts, and for the country pack by this room. Declaring a code again
    replaces it.
    """
    for measure in measures:
        _declared[measure.code] = Declared(measure, facts, opener)
    if facts is not None and facts not in _sources:
        _sources.append(facts)


def declared() -> list[Declared]:
    """All of them, in the order in which they were declared."""
    return list(_declared.values())


def measures() -> list[Measure]:
    """All measures, in the order in which they were declared."""
    return [one.measure for one in _declared.values()]


def get(code: str) -> Declared:
    """The declared measure; raises `NotFound`."""
    if code not in _declared:
        raise NotFound(N_("There is no measure of this name."))
    return _declared[code]


def sources() -> list[Facts]:
    """Every callable that yields facts, each once."""
    return list(_sources)


def forget(code: str) -> None:
    """Take a measure out again (tests, and a pack that is read anew)."""
    removed = _declared.pop(code, None)
    if removed and removed.facts and not any(one.facts is removed.facts for one in _declared.values()):
        _sources.remove(removed.facts)
