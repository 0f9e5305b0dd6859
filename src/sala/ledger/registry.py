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


Check = Callable[[], Iterator[tuple[str, str]]]
_checks: dict[str, Check] = {}


def check(kind: str, run: Check) -> None:
    """Let a room look for more than single records can tell: ``run`` yields (subject, English sentence) for each fault."""
    _checks[str(kind)] = run


def checks() -> list[tuple[str, Check]]:
    """All checks with their kind of record, by name."""
    return sorted(_checks.items())


_acts: dict[str, Any] = {}


def acts(verbs: Iterable[Any]) -> None:
    """Say what acts are called: a room's verbs (`kit.terms.Term` members), for the public page of last acts."""
    for verb in verbs:
        _acts[str(verb)] = verb


def act(name: str) -> Any:
    """The term of an act; its own name where no room registered one."""
    return _acts.get(name, name)


def name_act(name: str, label: Any) -> None:
    """Say what an act is called where its verb says it for somebody else: ``label`` is a marked text."""
    _acts[str(name)] = label


_namer: list[Callable[[Iterable[str]], Mapping[str, Mapping[str, str]]]] = []


def name_places(names: Callable[[Iterable[str]], Mapping[str, Mapping[str, str]]]) -> None:
    """Say how places are called: keys -> ``{key: {"km", "en"}}`` of those that are known."""
    _namer[:] = [names]


def places(keys: Iterable[str]) -> Mapping[str, Mapping[str, str]]:
    """The names of places by key, as the room of places says them; empty where it has not registered."""
    return _namer[0](keys) if _namer else {}
