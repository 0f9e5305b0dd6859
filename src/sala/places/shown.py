"""How is a unit shown: as a record of the API, and in words on a page?"""

from typing import Any

from django.utils.translation import gettext as _

from sala.kit import clock
from sala.kit.khmer import date_long
from sala.places import queries
from sala.places.rules import Unit
from sala.places.terms import Change, Defect, Status


def record(unit: Unit) -> dict[str, Any]:
    """The unit as the API gives it."""
    return {
        "id": unit.key,
        "code": unit.code,
        "place": unit.key,
        "level": str(unit.level),
        "kind": unit.kind,
        "name": unit.names,
        "title": queries.title(unit.key),
        "parent": unit.parent_key or None,
        "province": unit.province,
        "district": unit.district or None,
        "commune": unit.commune or None,
        "state": "valid" if unit.valid(clock.today()) else "former",
        "status": str(unit.status),
        "valid_from": unit.valid_from.isoformat() if unit.valid_from else None,
        "valid_to": unit.valid_to.isoformat() if unit.valid_to else None,
        "defects": [{"code": code, "listed": listed} for code, listed in unit.defects],
        "version": unit.version,
    }


def line_above(unit: Unit, language: str) -> str:
    """The titles above it, nearest first, in one line."""
    above = [queries.title(one.key)[language] for one in reversed(queries.line(unit.key)[:-1])]
    return (" " if language == "km" else ", ").join(above)


def choice(unit: Unit, language: str) -> tuple[str, str, str]:
    """Key, title and line above, as a list to choose from shows it."""
    return unit.key, queries.title(unit.key)[language], line_above(unit, language)


def sentences(unit: Unit, language: str = "en") -> list[str]:
    """Validity, what became of it, where it came from and what is wrong with its line in the list."""
    today = clock.today()
    out = []
    if unit.valid_to is not None:
        day = {"date": date_long(unit.valid_to, language)}
        if unit.valid(today):
            out.append(_("It exists until %(date)s.") % day)
        else:
            out.append(_("It has not existed since %(date)s.") % day)
    elif unit.ended:
        out.append(_("It exists no longer; since when is not known."))
    if unit.valid_from is not None:
        out.append(_("It has existed since %(date)s.") % {"date": date_long(unit.valid_from, language)})
    if unit.status == Status.UNVERIFIED:
        out.append(_("What is said of this place here is not verified."))
    return out + [_(Defect(code).en) for code, _listed in unit.defects]


def changes(unit: Unit, language: str) -> list[dict[str, Any]]:
    """What it came from and what became of it: kind in words, key, title, day, instrument."""
    found = [(row, row.new_id, True) for row in queries.successors(unit.key) if row.kind != Change.RENAME]
    found += [(row, row.old_id, False) for row in queries.predecessors(unit.key) if row.kind != Change.RENAME]
    return [
        {
            "kind": Change(row.kind),
            "later": later,
            "key": key,
            "title": queries.title(key)[language],
            "on": date_long(row.on, language) if row.on else "",
            "instrument": row.instrument,
            "unverified": row.status == Status.UNVERIFIED,
        }
        for row, key, later in found
    ]
