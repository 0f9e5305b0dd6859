"""How do places relate, what are they called and which line of a list is wrong? Pure rules over plain values."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sala.places.terms import Level

# Digits of a code at each level of the official gazetteer; the number of digits tells the level.
WIDTHS = {Level.PROVINCE: 2, Level.DISTRICT: 4, Level.COMMUNE: 6, Level.VILLAGE: 8}
LEVELS = (Level.PROVINCE, Level.DISTRICT, Level.COMMUNE, Level.VILLAGE)


@dataclass(frozen=True, slots=True)
class Unit:
    """An administrative unit as other rooms see it. ``key`` is its permanent name inside Sala; ``code`` the official one.

    ``province``, ``district``, ``commune``, ``village`` are the keys of its line including itself, empty below its
    level. ``ended`` says that it exists no longer although nobody knows since when (``valid_to`` is None then).
    ``defects`` are pairs of a `terms.Defect` value and what the list said.
    """

    key: str
    code: str
    level: str
    kind: str
    name_km: str
    name_en: str
    parent_key: str
    province: str
    district: str
    commune: str
    village: str
    valid_from: date | None
    valid_to: date | None
    ended: bool
    status: str
    sort_key: str
    skeleton_km: str
    skeleton_en: str
    defects: tuple[tuple[str, str], ...]
    version: int

    def valid(self, on: date) -> bool:
        """Whether it exists on that day, as far as is known."""
        if self.valid_from is not None and on < self.valid_from:
            return False
        if self.valid_to is not None:
            return on < self.valid_to
        return not self.ended

    @property
    def names(self) -> dict[str, str]:
        """``{"km": ..., "en": ...}``."""
        return {"km": self.name_km, "en": self.name_en}


@dataclass(frozen=True)
class KindWords:
    """How a kind is written before or after a name: patterns with ``{}`` for the name; ``latin`` is the Khmer word."""

    code: str
    level: str
    km: str
    en: str
    children: str
    latin: str
    default: bool = False

    def title(self, name_km: str, name_en: str) -> dict[str, str]:
        """Both names with the level word, which is not repeated where the name begins with it (ភូមិទី៣)."""
        km, en = joined(name_km), name_en
        return {
            "km": km if km.startswith(self.km.replace("{}", "")) else self.km.replace("{}", km),
            "en": en if en.startswith(self.latin + " ") else self.en.replace("{}", en),
        }


def joined(name_km: str) -> str:
    """The Khmer name as papers write it: no space before a number (ទឹកល្អក់ទី១)."""
    return re.sub("(?<=ទី) (?=[០-៩])", "", name_km)


def level_of(code: str) -> Level | None:
    """The level that a code's digits tell, or None."""
    if not code.isascii() or not code.isdecimal():
        return None
    return next((level for level, width in WIDTHS.items() if width == len(code)), None)


def kind_of(
    code: str, level: str, parent_kind: str, listed: Mapping[str, str], kinds: Iterable[KindWords]
) -> str:
    """The kind of a unit: what the pack lists for its code, else what its parent's kind says, else the level's default."""
    if code in listed:
        return listed[code]
    by_code = {kind.code: kind for kind in kinds}
    below = by_code[parent_kind].children if parent_kind in by_code else ""
    if below and by_code[below].level == level:
        return below
    return next(kind.code for kind in by_code.values() if kind.level == level and kind.default)


def distinct_keys(codes: Iterable[str]) -> list[str]:
    """One key a row, in the rows' order: the code, and from its second use on the code with -2, -3 ...

    A code that is not of digits alone (``0506140-``) is filled with zeros and counts from -1 (``05061400-1``), since no
    row can claim the bare code.
    """
    seen: dict[str, int] = {}
    keys = []
    for code in codes:
        seen[code] = seen.get(code, 0) + 1
        if not code.isdecimal():
            bare = "".join(filter(str.isdecimal, code)).ljust(WIDTHS[Level.VILLAGE], "0")
            keys.append(f"{bare}-{seen[code]}")
        else:
            keys.append(code if seen[code] == 1 else f"{code}-{seen[code]}")
    return keys


def free_key(code: str, taken: Iterable[str]) -> str:
    """A key for a new unit with ``code`` while other units have keys: the code or the code with the next number."""
    used = set(taken)
    if code not in used:
        return code
    number = 2
    while f"{code}-{number}" in used:
        number += 1
    return f"{code}-{number}"
