"""What does the pack's list of places say, line by line, and what is wrong with it? Reads files, knows no database."""

import csv
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from sala.kit.text import normalise, skeleton, sort_key
from sala.places import rules
from sala.places.rules import KindWords
from sala.places.terms import Defect, Level, Status

_FILES = {
    Level.PROVINCE: ("provinces", "province_code", "", "province"),
    Level.DISTRICT: ("districts", "district_code", "province_code", "district"),
    Level.COMMUNE: ("communes", "commune_code", "district_code", "commune"),
    Level.VILLAGE: ("villages", "village_code", "commune_code", "village"),
}


@dataclass
class Line:
    """One unit as it will be stored."""

    key: str
    code: str
    level: Level
    parent: str
    name_km: str
    name_en: str
    kind: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    defects: list[dict[str, str]] = field(default_factory=list)
    ended: bool = False
    valid_to: date | None = None
    status: Status = Status.OFFICIAL
    source: str = ""
    sort_key: str = ""
    skeletons: tuple[str, str] = ("", "")

    def flag(self, defect: Defect, listed: str = "") -> None:
        """Note what is wrong with the line in the list."""
        self.defects.append({"code": defect.value, "listed": listed})


@dataclass(frozen=True)
class Successor:
    """A former unit and one that came out of it, as the pack says."""

    old: str
    new: str
    basis: str
    on: date | None


@dataclass
class Gazetteer:
    """The whole list with its defects flagged."""

    country: dict[str, object]
    kinds: list[KindWords]
    lines: dict[str, Line]
    successors: list[Successor]


def rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of one of the pack's CSV files."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def read(pack: Path) -> Gazetteer:
    """Read ``countries/<code>/``. Every row of every list becomes exactly one line."""
    country = tomllib.loads((pack / "country.toml").read_text(encoding="utf-8"))
    kinds = [KindWords(**kind) for kind in country["kind"]]
    folder = pack / "gazetteer"
    corrections = list(rows(folder / "corrections.csv"))
    lines: dict[str, Line] = {}
    for level in rules.LEVELS:
        _listed(folder, level, corrections, lines, f"list {country['gazetteer_year']}")
    successors = _former(folder, lines)
    listed_kinds = {row["code"]: row["kind"] for row in rows(folder / "kinds.csv")}
    for line in lines.values():
        _finish(line, lines, listed_kinds, kinds)
    _flag_families(lines)
    return Gazetteer(country, kinds, lines, successors)


def _listed(
    folder: Path, level: Level, corrections: list[dict[str, str]], lines: dict[str, Line], source: str
) -> None:
    """Add one level of the official list."""
    file, code_column, parent_column, word = _FILES[level]
    listed = list(rows(folder / f"{file}.csv"))
    codes = [row[code_column] for row in listed]
    repeated = {code for code, count in Counter(codes).items() if count > 1}
    here = [row for row in corrections if row["level"] == level]
    for row, key in zip(listed, rules.distinct_keys(codes), strict=True):
        code = row[code_column]
        parent = row[parent_column] if parent_column else ""
        line = Line(key, code, level, parent, row[f"{word}_kh"], row[f"{word}_en"], source=source)
        if code in repeated:
            line.flag(Defect.CODE_REPEATED, code)
        if not code.isdecimal():
            line.flag(Defect.CODE_MALFORMED, code)
        elif parent and not code.startswith(parent):
            line.flag(Defect.PREFIX, parent)
        for correction in here:
            _correct(line, correction)
        clean_km, clean_en = (
            " ".join(normalise(line.name_km).split()),
            " ".join(normalise(line.name_en).split()),
        )
        if clean_km != " ".join(line.name_km.split()):
            line.flag(Defect.TEXT_REPAIRED, line.name_km)
        line.name_km, line.name_en = clean_km, clean_en
        lines[key] = line


def _correct(line: Line, correction: dict[str, str]) -> None:
    """Apply one row of ``corrections.csv`` if it speaks of this line."""
    if correction["code"] not in ("", line.code):
        return
    if correction["column"] == "name_km" and line.name_km == correction["listed"]:
        line.flag(Defect.NAME_CORRECTED, line.name_km)
        line.name_km = correction["use"]
    elif correction["column"] == "commune" and line.parent == correction["listed"]:
        line.flag(Defect.PARENT_MISSING, line.parent)
        line.parent = correction["use"]
        line.status = Status(correction["status"])


def _former(folder: Path, lines: dict[str, Line]) -> list[Successor]:
    """Add units that stand in older sources only; their codes are not in the list, so the code is the key."""
    successors = []
    for row in rows(folder / "former_units.csv"):
        code, level = row["code"], rules.level_of(row["code"])
        if level is None or code in lines:
            raise ValueError(f"former_units.csv: {code} is no former unit")
        on = date.fromisoformat(row["ended"]) if row["ended"] else None
        parent = code[: rules.WIDTHS[level] - 2]
        line = Line(code, code, level, parent, normalise(row["name_km"]), normalise(row["name_en"]))
        line.ended, line.valid_to, line.status, line.source = True, on, Status.UNVERIFIED, row["seen_in"]
        lines[code] = line
        successors += [Successor(code, new, row["basis"], on) for new in row["successors"].split()]
    return successors


def _finish(line: Line, lines: dict[str, Line], listed_kinds: dict[str, str], kinds: list[KindWords]) -> None:
    """Fill in what follows from the parent; parents come before children in ``lines`` of one source."""
    parent = lines.get(line.parent)
    if line.parent and parent is None:
        raise ValueError(f"{line.code}: there is no {line.parent} above it")
    if parent is not None and not parent.kind:
        _finish(parent, lines, listed_kinds, kinds)
    above = dict(parent.columns) if parent else {}
    line.columns = {**above, line.level.value: line.key}
    line.kind = rules.kind_of(line.code, line.level, parent.kind if parent else "", listed_kinds, kinds)
    line.sort_key = sort_key(line.name_km)
    line.skeletons = (skeleton(line.name_km), skeleton(line.name_en))


def _flag_families(lines: dict[str, Line]) -> None:
    """Defects that show only among the units of one parent."""
    below: dict[str, list[Line]] = defaultdict(list)
    for line in lines.values():
        if not line.ended:
            below[line.parent].append(line)
    for line in lines.values():
        if line.level == Level.COMMUNE and not line.ended:
            listed = [
                child for child in below[line.key] if child.code.startswith(line.code) or _prefixed(child)
            ]
            if not listed:
                line.flag(Defect.NO_VILLAGES)
    for family in below.values():
        count = Counter((line.level, line.name_km) for line in family)
        for line in family:
            if line.level != Level.VILLAGE and count[line.level, line.name_km] > 1:
                line.flag(Defect.SAME_NAME, line.name_km)


def _prefixed(line: Line) -> bool:
    """Whether a village was listed under this commune though its code begins otherwise."""
    return any(defect["code"] == Defect.PREFIX for defect in line.defects)
