"""Which units are there, without asking the database each time? All of them in this process, read anew when they change."""

import tomllib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from time import monotonic
from typing import Any

from sala.installation import packs
from sala.places.models import Revision, Unit
from sala.places.rules import KindWords
from sala.places.rules import Unit as Value

_LOOK_AGAIN = 2.0  # seconds after which another process's change is noticed
_COLUMNS = (
    "key", "code", "level", "kind", "name_km", "name_en", "parent_id", "province", "district", "commune", "village",
    "valid_from", "valid_to", "ended", "status", "sort_key", "skeleton_km", "skeleton_en", "defects", "version",
)  # fmt: skip


@dataclass
class Units:
    """One state of all units. ``derived`` keeps what is built from it (search, map) and dies with it."""

    number: int
    country: str
    by_key: dict[str, Value] = field(default_factory=dict)
    by_code: dict[str, list[Value]] = field(default_factory=lambda: defaultdict(list))
    below: dict[str, list[Value]] = field(default_factory=lambda: defaultdict(list))
    derived: dict[str, Any] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def derive(self, name: str, build: Callable[["Units"], Any]) -> Any:
        """What ``build`` makes of these units, made once."""
        if name not in self.derived:
            with self.lock:
                if name not in self.derived:
                    self.derived[name] = build(self)
        return self.derived[name]


_held: Units | None = None
_looked = 0.0
_reading = Lock()


def _revision() -> tuple[int, str]:
    return Revision.objects.filter(pk=1).values_list("number", "country").first() or (0, "kh")


def _read() -> Units:
    number, country = _revision()
    units = Units(number, country)
    for row in Unit.objects.order_by("code", "key").values_list(*_COLUMNS):
        values = list(row)
        values[6] = values[6] or ""
        values[18] = tuple((defect["code"], defect.get("listed", "")) for defect in values[18])
        unit = Value(*values)
        units.by_key[unit.key] = unit
        units.by_code[unit.code].append(unit)
        units.below[unit.parent_key].append(unit)
    return units


def units() -> Units:
    """The present state: from memory, with a look at the revision's number every two seconds."""
    global _held, _looked
    now = monotonic()
    held = _held
    if held is not None and now - _looked < _LOOK_AGAIN:
        return held
    with _reading:
        if _held is None or _held.number == 0 or _revision()[0] != _held.number:
            _held = _read()
        _looked = monotonic()
        return _held


def forget() -> None:
    """Read anew at the next question (after a change, and in tests)."""
    global _held
    _held = None


@cache
def _country(country: str) -> tuple[dict[str, KindWords], dict[str, str]]:
    content = tomllib.loads((packs.path(country) / "country.toml").read_text(encoding="utf-8"))
    kinds = {kind["code"]: KindWords(**kind) for kind in content["kind"]}
    return kinds, {"km": content["name_km"], "en": content["name_en"]}


def words() -> dict[str, KindWords]:
    """How the country writes each kind, by the kind's code."""
    return _country(units().country)[0]


def country_names() -> dict[str, str]:
    """The country's names, ``{"km": ..., "en": ...}``."""
    return dict(_country(units().country)[1])
