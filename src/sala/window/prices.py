"""What does an office charge, for what, and why? The board of fixed prices, as a page and as a paper."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from itertools import groupby
from typing import TYPE_CHECKING, Any

import segno
from django.utils.translation import gettext as _

from sala.kit.errors import NotFound
from sala.kit.terms import N_
from sala.offices import queries as offices
from sala.places import queries as places
from sala.ui import jinja, paper
from sala.window import queries, rules, shown
from sala.window.terms import FeeStatus, Kind

if TYPE_CHECKING:
    from sala.window.models import ServiceVersion

TEMPLATE = "window/papers/prices.typ"
SIZES = ("a3", "a4")
LEVELS = {str(kind): level for level, kind in offices.HOLDS.items()}


@dataclass(frozen=True)
class Board:
    """An office, the place it serves (empty for the nation) and what it takes in."""

    office: Any
    place: str
    services: Sequence["ServiceVersion"]

    @property
    def since(self) -> datetime | None:
        """Since when the board reads so; None of an empty one."""
        return max((one.loaded for one in self.services), default=None)


def board(key: str) -> Board:
    """The board of the hall of a place, or of the office with this code (that of a ministry has no place). Raises `NotFound`."""
    unit = places.unit(key)
    if unit is not None:
        office = None if unit.level == "village" else offices.serving(unit.key, unit.level)
    else:
        office = offices.office_by_code(key[:48])
    if office is None or office.kind not in LEVELS:
        raise NotFound(N_("There is no hall with this code. Look for it by name."))
    return Board(office, office.place, list(queries.services(level=LEVELS[office.kind])))


def by_sector(rows: Iterable["ServiceVersion"]) -> list[tuple[str, list["ServiceVersion"]]]:
    """Services under the names of their sectors, in the order of the pack; problem reports last."""
    found = list(rows)
    order = list(dict.fromkeys(row.sector for row in found))
    found.sort(key=lambda row: (row.kind == Kind.REPORT, order.index(row.sector)))
    return [
        (jinja.name({"km": first.sector_km, "en": first.sector_en}), [first, *rest])
        for _sector, (first, *rest) in groupby(found, key=lambda row: row.sector)
    ]


def said(text: dict[str, str]) -> dict[str, str]:
    """A text of the source with the language it stands in."""
    lang = jinja.lang()
    return (
        {"text": text[lang], "lang": lang} if text.get(lang) else {"text": text.get("en", ""), "lang": "en"}
    )


def charge(one: "ServiceVersion") -> str:
    """What may be charged, or plainly why nothing may."""
    status = FeeStatus(one.fee_status)
    if status == FeeStatus.CHARGEABLE:
        return str(jinja.money(one.fee_riel))
    if status == FeeStatus.FREE:
        return jinja.term(status)
    if status == FeeStatus.UNKNOWN:
        return _("Not chargeable: no fee recorded")
    if one.legal_basis.strip().lower() in rules.NO_BASIS:
        return _("Not chargeable: no legal basis recorded")
    return _("Not chargeable: its legal basis is not verified")


def _row(number: int, one: "ServiceVersion") -> dict[str, Any]:
    charged = one.fee_status == FeeStatus.CHARGEABLE
    none = _("not recorded")
    return {
        "code": one.code,
        "version": one.version,
        "number": jinja.number(number),
        "name": said({"km": one.name_km, "en": one.name_en}),
        "fee": charge(one),
        "riel": one.fee_riel if charged else 0,
        "plain": charged or one.fee_status == FeeStatus.FREE,
        "days": {
            "text": shown.time_for(one),
            "note": _("unverified") if one.days_status == "default" else "",
        },
        "papers": [said(each) for each in one.papers],
        "basis": said({"en": one.legal_basis} if one.legal_basis else {"km": none, "en": none}),
    }


def record(found: Board, *, address: str) -> dict[str, Any]:
    """What page and paper are written from, in the reader's language. ``address`` is where the page stands."""
    groups, number = [], 0
    for name, services in by_sector(found.services):
        rows = [_row(number + index, one) for index, one in enumerate(services, start=1)]
        number += len(rows)
        groups.append({"name": name, "rows": rows})
    line = [
        unit
        for unit in places.line(found.place)
        if unit.level in ("province", "district") and unit.key != found.place
    ]
    names = [jinja.name(places.title(unit.key)) for unit in reversed(line)]
    return {
        "language": jinja.lang(),
        "office": jinja.name(found.office),
        "line": (" " if jinja.lang() == "km" else ", ").join(names),
        "place": found.place,
        "since": found.since.isoformat(timespec="seconds") if found.since else "",
        "address": address,
        "groups": groups,
        "count": number,
        "mark": shown.mark() or "",
        "words": {
            "title": _("Table of fees"),
            "since": _("As of %(date)s") % {"date": jinja.date_long(found.since, week=False)}
            if found.since
            else "",
            "only": _("Pay only what stands here. A fee without a recorded legal basis may not be charged."),
            "service": _("Service"),
            "fee": _("Fee"),
            "days": _("Time to provide the service"),
            "papers": _("Required documents"),
            "basis": _("Legal basis"),
        },
    }


def printed(found: Board, size: str, *, address: str) -> bytes:
    """The board as PDF: ``size`` a3 for the wall, a4 for the hand. Kept while the catalogue says the same."""
    drawn = BytesIO()
    segno.make(address, error="m").save(drawn, kind="svg", border=0, xmldecl=False)
    data = record(found, address=address) | {"size": size, "qr": drawn.getvalue().decode()}
    return paper.published(TEMPLATE, data, at=found.since or found.office.changed)
