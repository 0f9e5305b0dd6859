"""Which reports tell of the same problem, and which may be joined? Pure rules over plain values."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import cos, hypot, radians
from uuid import UUID

from sala.kit.terms import N_
from sala.window.terms import Kind

WITHIN = 150
"""Metres within which two points are one problem: about a block of a town. Ours: no source says how many."""
MOST = 5
"""So many are shown to somebody who is about to report; more nobody reads on a telephone."""
_METRES = 111_320.0  # a degree of latitude


@dataclass(frozen=True)
class Spot:
    """Where a problem lies: keys of the gazetteer (the village may be empty) and, where known, degrees."""

    commune: str
    village: str = ""
    latitude: float | None = None
    longitude: float | None = None

    @property
    def point(self) -> tuple[float, float] | None:
        """Latitude and longitude, or None."""
        if self.latitude is None or self.longitude is None:
            return None
        return self.latitude, self.longitude


@dataclass(frozen=True)
class Open:
    """An open report as everybody may know it."""

    number: str
    state: str
    received: datetime
    spot: Spot


@dataclass(frozen=True)
class Near:
    """One that may be the same problem; ``metres`` is None where a position is missing."""

    report: Open
    metres: float | None


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Metres between two points (latitude, longitude); flat earth, good for a few kilometres."""
    shrink = cos(radians((one[0] + other[0]) / 2))
    return hypot((one[0] - other[0]) * _METRES, (one[1] - other[1]) * _METRES * shrink)


def box(point: tuple[float, float], reach: float = WITHIN) -> tuple[float, float, float, float]:
    """South, west, north, east of a box that holds every point within ``reach`` metres."""
    latitude, longitude = point
    high = reach / _METRES
    wide = reach / (_METRES * max(0.01, cos(radians(min(90.0, abs(latitude) + high)))))
    return latitude - high, longitude - wide, latitude + high, longitude + wide


def distance(here: Spot, there: Spot) -> float | None:
    """Metres between two places, None where one has no point."""
    return metres(here.point, there.point) if here.point and there.point else None


def same_place(here: Spot, there: Spot, within: float = WITHIN) -> bool:
    """Whether they lie close enough to be one problem: by their points, else by their village."""
    if here.commune != there.commune:
        return False
    far = distance(here, there)
    return here.village == there.village if far is None else far <= within


def near(here: Spot, found: Iterable[Open], *, within: float = WITHIN, most: int = MOST) -> list[Near]:
    """Those of ``found`` (of the same service) that may be the problem at ``here``, the newest first."""
    close = [Near(each, distance(here, each.spot)) for each in found if same_place(here, each.spot, within)]
    return sorted(close, key=lambda each: (each.report.received, each.report.number), reverse=True)[:most]


@dataclass(frozen=True)
class Case:
    """What decides whether a report may be joined to another."""

    id: UUID | None  # None: it is being made
    service: str
    kind: str
    commune: str
    office: UUID
    open: bool
    protected: bool = False


def why_not(one: Case, main: Case, *, by_staff: bool) -> str:
    """Why ``one`` can't be joined to ``main``; empty where it can.

    Documents are everybody's own. Somebody who says "me too" may join what was forwarded meanwhile and goes with it; an
    office joins only what it holds.
    """
    if one.id is not None and one.id == main.id:
        return N_("This is the same request. Give the number of the other one.")
    if Kind.DOCUMENT in (one.kind, main.kind):
        return N_("Applications for documents can't be joined: each is for one person.")
    if one.protected or main.protected:
        return N_("Requests of a protected service can't be joined: nobody learns of another's.")
    if not one.open or not main.open:
        return N_("One of the two is finished already. Only open reports can be joined.")
    if one.service != main.service:
        return N_("The two are reports of different problems.")
    if one.commune != main.commune:
        return N_("The two lie in different communes.")
    if by_staff and one.office != main.office:
        return N_("The other report is with another office. Forward one of them first.")
    return ""
