"""Which measures and mappings does the country's pack bring? Reads ``measures.toml``, and declares what stands there."""

import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from sala.kit.errors import NotFound
from sala.kit.periods import Kind
from sala.kit.terms import N_
from sala.measures import registry
from sala.measures.rules import Measure, Origin, Text
from sala.measures.sheets import Cells, Compare, SheetMapping
from sala.measures.terms import Aggregation, Direction, Unit

FILE = "measures.toml"


@cache
def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def folder() -> Path:
    """The country's pack."""
    return Path(settings.COUNTRIES) / settings.COUNTRY


def origins(pack: Path) -> dict[str, Origin]:
    """Where the pack's figures come from, by name."""
    return {
        name: Origin(
            _text(one["publisher"]), _text(one["title"]), int(one["year"]), one["licence"], one.get("url", "")
        )
        for name, one in _read(pack / FILE).get("origins", {}).items()
    }


def measures(pack: Path) -> list[Measure]:
    """The measures the pack declares. Raises KeyError or ValueError where the file is wrong: a fault of the pack."""
    data = _read(pack / FILE)
    known = origins(pack)
    groups = {name: _text(one) for name, one in data.get("groups", {}).items()}
    return [
        Measure(
            code=code,
            name=_text(one["name"]),
            what=_text(one["what"]),
            rule=_text(one["rule"]),
            unit=Unit(one["unit"]),
            aggregation=Aggregation(one["aggregation"]),
            direction=Direction(one.get("direction", "neither")),
            version=int(one["version"]),
            group=groups[one["group"]],
            part=_text(one["part"]) if "part" in one else None,
            whole=_text(one["whole"]) if "whole" in one else None,
            finest=Kind(one.get("finest", "month")),
            goal=Decimal(str(one["goal"])) if "goal" in one else None,
            decimals=int(one.get("decimals", 0)),
            origin=known[one["origin"]] if "origin" in one else None,
            limits=_limits(one["limits"]) if "limits" in one else None,
        )
        for code, one in data.get("measures", {}).items()
    ]


def mappings(pack: Path) -> dict[str, SheetMapping]:
    """How the pack's files are read, by name."""
    return {
        name: SheetMapping(
            name=name,
            file=one["file"],
            origin=one["origin"],
            period=one["period"],
            level=one["level"],
            code=one["code"],
            name_column=one.get("name", ""),
            facts=tuple(Cells(**cells) for cells in one["facts"]),
            compare=tuple(Compare(**other) for other in one.get("compare", [])),
        )
        for name, one in _read(pack / FILE).get("mappings", {}).items()
    }


def mapping(name: str, pack: Path | None = None) -> SheetMapping:
    """One mapping; raises `NotFound`."""
    found = mappings(pack or folder()).get(name)
    if found is None:
        raise NotFound(N_("There is no mapping of this name in the pack's measures.toml."))
    return found


def declare(pack: Path, opener: registry.Opener) -> None:
    """Declare the pack's measures; their facts lie in this room's own table."""
    registry.declare(*measures(pack), opener=opener)


def _limits(given: list[float]) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    first, second, third, fourth = (Decimal(str(limit)) for limit in given)
    return first, second, third, fourth


def _text(one: dict[str, str]) -> Text:
    return Text(one["km"], one["en"])
