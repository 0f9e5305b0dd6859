"""Which places may be meant by these words? Khmer, Latin or code, misspelt or cut short, found in memory."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice

from rapidfuzz import process
from rapidfuzz.distance import OSA

from sala.kit.text import skeleton
from sala.places.memory import Units
from sala.places.models import Name
from sala.places.rules import WIDTHS, KindWords, Unit
from sala.places.terms import Level

_RANK = {Level.PROVINCE: 0, Level.DISTRICT: 1, Level.COMMUNE: 2, Level.VILLAGE: 3}
_DIGITS = str.maketrans("០១២៣៤៥៦៧៨៩", "0123456789")
_NOISE = re.compile("[^\\w\u1780-\u17d3]+|_")
_KHMER = re.compile("[\u1780-\u17d3]")
_PREFIXES = 120
_NEAR = 150


@dataclass
class Script:
    """The names of one script as written (without spaces), their skeletons, and the units that bear them; ``names`` by unit."""

    skeletons: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    forms: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    key_of: dict[str, str] = field(default_factory=dict)
    units: dict[str, list[Unit]] = field(default_factory=lambda: defaultdict(list))
    names: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, name: str, key: str, unit: Unit) -> None:
        """Note that ``unit`` is called ``name``, whose skeleton is ``key``."""
        written = plain(name)
        if not key or not written:
            return
        if written not in self.key_of:
            self.key_of[written] = key
            self.forms[key].append(written)
        if unit not in self.units[written]:
            self.units[written].append(unit)
            self.names[unit.key].append(written)

    def close(self) -> None:
        """Order what was added: higher levels first among units of one name."""
        self.skeletons = sorted(self.forms)
        self.written = sorted(self.key_of)
        for units in self.units.values():
            units.sort(key=lambda unit: (unit.ended, _RANK[Level(unit.level)], unit.code, unit.key))


@dataclass(frozen=True)
class Index:
    """Everything that can be found."""

    khmer: Script
    latin: Script
    codes: list[str]


@dataclass(frozen=True)
class Question:
    """What was typed, taken apart: the name, the level named with it, and what lies above."""

    name: str
    level: str
    above: tuple[str, ...]


def plain(name: str) -> str:
    """A name as written, without spaces and marks that nobody types."""
    return _NOISE.sub("", name.casefold().translate(_DIGITS))


def build(units: Units) -> Index:
    """The index of all units, former ones and old names too."""
    khmer, latin = Script(), Script()
    for unit in units.by_key.values():
        khmer.add(unit.name_km, unit.skeleton_km, unit)
        latin.add(unit.name_en, unit.skeleton_en, unit)
    for key, name_km, name_en, of_km, of_en in Name.objects.values_list(
        "unit_id", "name_km", "name_en", "skeleton_km", "skeleton_en"
    ):
        khmer.add(name_km, of_km, units.by_key[key])
        latin.add(name_en, of_en, units.by_key[key])
    khmer.close()
    latin.close()
    return Index(khmer, latin, sorted(units.by_code))


def question(text: str, words: Iterable[KindWords]) -> Question:
    """Take ``text`` apart at commas and level words: ``ភូមិ១ សង្កាត់ទឹកល្អក់ទី១`` is a village in a sangkat."""
    named = {}
    for kind in words:
        named[kind.km.replace("{}", "").casefold()] = kind.level
        named[kind.latin.casefold()] = kind.level
        named[kind.code] = kind.level
    pattern = "|".join(sorted(map(re.escape, named), key=len, reverse=True))
    split = re.sub(f"(?<=\\S)\\s+(?=(?:{pattern})(?:\\b|[\u1780-\u17b3]))", ",", text.casefold())
    parts = [part.strip() for part in re.split("[,;/|]", split) if part.strip()]
    if not parts:
        return Question("", "", ())
    first = re.match(f"({pattern})(?=\\s|[\u1780-\u17b3]|[0-9០-៩])", parts[0])
    level = named[first[1]] if first else ""
    return Question(parts[0], level, tuple(skeleton(part) for part in parts[1:]))


def by_code(index: Index, units: Units, text: str) -> list[Unit]:
    """Units whose code is ``text``, or begins with it, shortest first; a missing leading zero is forgiven."""
    found: list[Unit] = []
    tried = [text] if len(text) % 2 == 0 else ["0" + text, text]
    if len(text) % 2 == 0 and text not in units.by_code:
        tried.append("0" + text)
    for code in tried:
        if len(code) > max(WIDTHS.values()):
            continue
        start = bisect_left(index.codes, code)
        near = [other for other in islice(index.codes, start, start + 400) if other.startswith(code)]
        found += [
            unit for other in sorted(near, key=lambda one: (len(one), one)) for unit in units.by_code[other]
        ]
    return found


def around(index: Index, units: Units, key: str) -> Index:
    """The part of the index that lies in the unit of this key."""
    inside, waiting = [], [key]
    while waiting:
        inside.append(waiting.pop())
        waiting += [unit.key for unit in units.below.get(inside[-1], ())]
    parts = []
    for whole in (index.khmer, index.latin):
        part = Script()
        for written in {written for one in inside for written in whole.names.get(one, ())}:
            part.key_of[written] = whole.key_of[written]
            part.forms[whole.key_of[written]].append(written)
        part.close()
        parts.append(part)
    khmer, latin = parts
    return Index(khmer, latin, [])


def by_name(script: Script, name: str, guessed: Script) -> list[str]:
    """The written names that ``name`` may mean, the likeliest first; with wrong letters only those of ``guessed``.

    A wrong letter shows best in the name as written, another romanisation or spelling in the skeleton; so the cost of
    a name is the smaller of both distances, the other one decides between equals, then how many places bear it.
    """
    key, written = skeleton(name), plain(name)
    if not key:
        return []
    near_keys = _near(key, guessed.skeletons)
    near_forms = _near(written, guessed.written)
    start = bisect_left(script.skeletons, key)
    longer = [other for other in islice(script.skeletons, start, start + _PREFIXES) if other.startswith(key)]
    if len(key) < 2:
        longer = longer[:1]
    costs: dict[str, tuple[float, float, int]] = {}
    for form in near_forms.keys() | {form for other in [*near_keys, *longer] for form in script.forms[other]}:
        other = script.key_of[form]
        of_form = near_forms.get(form)
        if of_form is None:
            of_form = OSA.distance(written, form, score_cutoff=5)
        of_key = near_keys.get(other)
        if of_key is None:
            of_key = OSA.distance(key, other, score_cutoff=5)
        cost = -1.0 if of_key == 0 else min(float(of_form), of_key + 0.5)
        if other.startswith(key):
            cost = min(cost, 1.0 + 0.1 * (len(other) - len(key)))
        costs[form] = (cost, of_form + of_key, -len(script.units[form]))
    if len(costs) < 10 and len(key) > 3:
        for form in [form for form in guessed.written if written in form][:_NEAR]:
            costs.setdefault(form, (4.0, float(len(form)), 0))
    return sorted(costs, key=lambda form: (costs[form], form))


def _near(asked: str, known: list[str]) -> dict[str, int]:
    """The known strings that differ from ``asked`` by few letters, with the number of letters."""
    found = process.extract(asked, known, scorer=OSA.distance, score_cutoff=_allowed(asked), limit=_NEAR)
    return {other: int(distance) for other, distance, _ in found}


def _allowed(key: str) -> int:
    """How many letters may be wrong in a key of this length."""
    return 1 if len(key) < 6 else 2 if len(key) < 12 else 3


def find(
    index: Index,
    units: Units,
    words: Iterable[KindWords],
    text: str,
    *,
    limit: int,
    levels: frozenset[str] | None,
    within: str,
    former: bool,
    guessed: Index | None = None,
) -> list[Unit]:
    """At most ``limit`` units, likeliest first: first one a name, so that a common name hides no other, then the rest.

    ``guessed``: the part in which wrong letters are forgiven; everywhere, if it is left out.
    """
    asked = question(text, words)
    if not asked.name:
        return []

    def wanted(unit: Unit) -> bool:
        return (
            (former or not unit.ended)
            and (levels is None or unit.level in levels)
            and (not within or within in (unit.province, unit.district, unit.commune, unit.village))
        )

    code = plain(asked.name)
    if code.isdecimal() and code.isascii():
        found = [unit for unit in by_code(index, units, code) if wanted(unit)]
        if found and len(code) > 1:
            return found[:limit]
    groups = _named(index, units, asked, wanted, guessed or index)
    key = skeleton(asked.name)
    exact = [group for group in groups if key in (group[0].skeleton_km, group[0].skeleton_en)]
    others = [group[0] for group in groups if group not in exact][:limit]
    # Several places bear just this name: show them, but leave half the list to other names.
    own = [unit for group in exact for unit in group]
    typed = plain(asked.name)
    own.sort(
        key=lambda unit: (
            _misfit(unit, asked, units),
            bool(asked.level) and unit.level != asked.level,
            typed not in (plain(unit.name_km), plain(unit.name_en)),
            _RANK[Level(unit.level)],
        )
    )
    kept = own[: max(limit - len(others), limit - limit // 2, 1)]
    rest = (
        [unit for group in groups for unit in group if unit not in kept]
        if len(kept) + len(others) < limit
        else []
    )
    return list(dict.fromkeys([*kept, *others, *rest]))[:limit]


def _named(
    index: Index, units: Units, asked: Question, wanted: Callable[[Unit], bool], guessed: Index
) -> list[list[Unit]]:
    """The wanted units in groups of one name, likeliest name first; within a group those that fit what else was said."""
    khmer = _KHMER.search(asked.name) is not None
    script, near = (index.khmer, guessed.khmer) if khmer else (index.latin, guessed.latin)
    groups = []
    for form in by_name(script, asked.name, near):
        group = [unit for unit in script.units[form] if wanted(unit)]
        group.sort(
            key=lambda unit: (
                _misfit(unit, asked, units),
                unit.level != asked.level if asked.level else False,
            )
        )
        if group:
            groups.append(group)
    if asked.above:
        groups.sort(key=lambda group: _misfit(group[0], asked, units))
    return groups


def _misfit(unit: Unit, asked: Question, units: Units) -> int:
    """How many of the places named above it are not above it."""
    if not asked.above:
        return 0
    keys = (unit.province, unit.district, unit.commune)
    above = [units.by_key[key] for key in keys if key and key != unit.key]
    known = {fold for one in above for fold in (one.skeleton_km, one.skeleton_en)}
    return sum(
        not any(
            part == fold or (len(part) > 3 and OSA.distance(part, fold, score_cutoff=1) <= 1)
            for fold in known
        )
        for part in asked.above
    )
