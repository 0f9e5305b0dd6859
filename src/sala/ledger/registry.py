"""Which kinds of record can be recomputed from their own tables? Rooms register them when the house opens."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Snapshots = Callable[[], Iterator[tuple[str, Mapping[str, object]]]]


@dataclass(frozen=True)
class Kind:
    """A kind of record: what it is called (a lazy or marked text) and a stream of (subject, content) of all rows."""

    kind: str
    snapshots: Snapshots
    label: Any


_kinds: dict[str, Kind] = {}


def register(kind: str, snapshots: Snapshots, label: Any = "") -> None:
    """Say how the present content of every record of ``kind`` is read; each call of ``snapshots`` reads anew."""
    _kinds[str(kind)] = Kind(str(kind), snapshots, label or str(kind))


def kinds() -> list[Kind]:
    """All registered kinds, by name."""
    return [_kinds[kind] for kind in sorted(_kinds)]


def label(kind: str) -> Any:
    """What a kind of record is called; its own name where no room registered one."""
    return _kinds[kind].label if kind in _kinds else kind


_acts: dict[str, Any] = {}


def acts(verbs: Iterable[Any]) -> None:
    """Say what acts are called: a room's verbs (`kit.terms.Term` members), for the public page of last acts."""
    for verb in verbs:
        _acts[str(verb)] = verb


def act(name: str) -> Any:
    """The term of an act; its own name where no room registered one."""
    return _acts.get(name, name)
