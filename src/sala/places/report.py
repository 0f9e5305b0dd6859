"""What is wrong with the list of places, line by line, and do the numbers agree with what is known of it?"""

import tomllib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sala.installation import packs
from sala.places import memory, queries
from sala.places.rules import Unit
from sala.places.terms import Defect, Level


@dataclass
class Report:
    """``counts`` by name, ``findings`` a sentence a line, ``differences`` from the numbers the pack expects."""

    counts: dict[str, int]
    findings: list[dict[str, str]] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {"counts": self.counts, "findings": self.findings, "differences": self.differences}


def check() -> Report:
    """Go through all units. Every defect of the list is told with the unit's key, code and a sentence."""
    units = list(memory.units().by_key.values())
    present = [unit for unit in units if not unit.ended]
    count = Counter(str(unit.level) for unit in present)
    flagged: Counter[str] = Counter()
    report = Report({str(level): count[str(level)] for level in list(Level)[1:]})
    for unit in present:
        for defect, listed in unit.defects:
            flagged[defect] += 1
            report.findings.append(
                {
                    "key": unit.key,
                    "code": unit.code,
                    "defect": defect,
                    "text": _sentence(unit, Defect(defect), listed),
                }
            )
    repeated = Counter(unit.code for unit in present if (Defect.CODE_REPEATED, unit.code) in unit.defects)
    missing = {
        listed for unit in present for defect, listed in unit.defects if defect == Defect.PARENT_MISSING
    }
    without = [unit for unit in queries.units(Level.COMMUNE) if not queries.has_border(unit.key)]
    report.counts |= {
        "codes_repeated": len(repeated),
        "rows_repeated": sum(repeated.values()) - len(repeated),
        "prefix_mismatches": flagged[Defect.PREFIX],
        "communes_without_villages": flagged[Defect.NO_VILLAGES],
        "communes_missing": len(missing),
        "codes_malformed": flagged[Defect.CODE_MALFORMED],
        "names_corrected": flagged[Defect.NAME_CORRECTED],
        "texts_repaired": flagged[Defect.TEXT_REPAIRED],
        "same_names": flagged[Defect.SAME_NAME],
        "communes_without_border": len(without),
        "former_communes": sum(unit.ended and unit.level == Level.COMMUNE for unit in units),
        "former_districts": sum(unit.ended and unit.level == Level.DISTRICT for unit in units),
    }
    report.findings += [
        {
            "key": unit.key,
            "code": unit.code,
            "defect": "no-border",
            "text": _("%(title)s: there is no border for it in the polygons.") % {"title": _title(unit)},
        }
        for unit in without
    ]
    _compare(report)
    return report


def _title(unit: Unit) -> str:
    title = queries.title(unit.key)
    return f"{title['km']} ({title['en']})"


def _sentence(unit: Unit, defect: Defect, listed: str) -> str:
    """What is wrong with this line and what Sala does about it."""
    about = {
        "title": _title(unit),
        "code": unit.code,
        "key": unit.key,
        "listed": listed,
        "parent": unit.parent_key,
    }
    sentences = {
        Defect.CODE_REPEATED: _(
            "%(title)s: the list gives code %(code)s to several villages; this one is kept as %(key)s."
        ),
        Defect.CODE_MALFORMED: _(
            "%(title)s: the code %(listed)s in the list is not of digits alone; kept as %(key)s."
        ),
        Defect.PREFIX: _(
            "%(title)s: code %(code)s does not begin with its commune's code %(listed)s; the commune is believed."
        ),
        Defect.NO_VILLAGES: _("%(title)s: the list has no village under commune %(code)s."),
        Defect.PARENT_MISSING: _(
            "%(title)s: the list puts it under commune %(listed)s, which is not in the list; kept under %(parent)s, not verified."
        ),
        Defect.NAME_CORRECTED: _("%(title)s: the list writes the level word into the name (%(listed)s)."),
        Defect.TEXT_REPAIRED: _(
            "%(title)s: the list has letters out of order or invisible characters; repaired."
        ),
        Defect.SAME_NAME: _(
            "%(title)s: another unit of %(parent)s has the same name; told apart by code %(code)s."
        ),
    }
    return sentences[defect] % about


def _compare(report: Report) -> None:
    """Tell every number that differs from the one the pack expects."""
    folder = packs.path(memory.units().country)
    expected = tomllib.loads((folder / "country.toml").read_text(encoding="utf-8")).get("expected", {})
    for name, number in expected.items():
        if report.counts.get(name) != number:
            report.differences.append(
                _("%(name)s: %(found)s found, %(expected)s expected.")
                % {"name": name, "found": report.counts.get(name, 0), "expected": number}
            )


def summary(report: Report) -> str:
    """The report's last line."""
    if report.differences:
        return ngettext(
            "%(count)d number differs from what the pack expects.",
            "%(count)d numbers differ from what the pack expects.",
            len(report.differences),
        ) % {"count": len(report.differences)}
    return _("All numbers agree with what the pack expects.")
