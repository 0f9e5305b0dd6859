"""How long are personal data kept? Rooms register how theirs are erased; the country's pack says after how many days."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sala.installation import packs, queries

LONGEST = 36_500
FILE = "retention.toml"


@dataclass(frozen=True)
class Kind:
    """A kind of personal data: ``due(before)`` counts what is older, ``erase(before, most)`` erases some and returns how many."""

    name: str
    label: Any
    days: int
    due: Callable[[datetime], int]
    erase: Callable[[datetime, int], int]


@dataclass(frozen=True)
class Period:
    """How long a kind is kept here: days, whether an instrument says so (``status``, ``basis``)."""

    kind: Kind
    days: int
    status: str
    basis: str

    def before(self, now: datetime) -> datetime:
        """What is older than this is erased."""
        return now - timedelta(days=self.days)


class BadRetentionError(ValueError):
    """The pack's file can't be followed; the text says why."""


_kinds: dict[str, Kind] = {}


def register(
    name: str, label: Any, days: int, due: Callable[[datetime], int], erase: Callable[[datetime, int], int]
) -> None:
    """Called by a room's ``apps.ready``; ``days`` holds where the pack says nothing."""
    _kinds[name] = Kind(name, label, days, due, erase)


def read(text: str) -> dict[str, Period]:
    """A pack's file. Raises `BadRetentionError` for an unknown kind, a wrong number, or a basis that is not there."""
    found: dict[str, Period] = {}
    for name, said in tomllib.loads(text).items():
        kind, days = _kinds.get(name), said.get("days")
        status, basis = str(said.get("status", "")), str(said.get("basis", ""))
        if kind is None:
            raise BadRetentionError(
                f"{FILE}: there is no kind of data {name!r}; there is: {', '.join(sorted(_kinds))}"
            )
        if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= LONGEST:
            raise BadRetentionError(f"{FILE}, {name}: days must be a whole number from 1 to {LONGEST}")
        if status not in ("default", "verified") or (status == "verified" and not basis):
            raise BadRetentionError(
                f"{FILE}, {name}: status is default, or verified with the instrument as basis"
            )
        found[name] = Period(kind, days, status, basis)
    return found


def periods() -> list[Period]:
    """Every kind with its period in this hall's country, by name. Raises `BadRetentionError`."""
    hall = queries.current()
    path = packs.path(hall.country) / FILE if hall is not None else None
    told = read(path.read_text(encoding="utf-8")) if path is not None and path.is_file() else {}
    return [
        told.get(name) or Period(_kinds[name], _kinds[name].days, "default", "") for name in sorted(_kinds)
    ]
