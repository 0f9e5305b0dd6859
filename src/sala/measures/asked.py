"""What does the address of a figure ask for? Place, period, level of the map: read once, wrong values told in a sentence."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext as _

from sala.kit.errors import FieldError, Invalid
from sala.kit.periods import Kind, Period
from sala.measures import queries
from sala.measures.rules import Measure
from sala.measures.terms import Level

KEPT = ("place", "period", "level")


@dataclass(frozen=True)
class Asked:
    """A measure at a place in a period."""

    measure: Measure
    place: str
    period: Period
    level: Level

    def query(self, **changes: str) -> dict[str, str]:
        """The parameters of an address for the same, with ``changes``; what is usual is left out."""
        level = "" if self.level is Level.COMMUNE else str(self.level)
        found = {"place": self.place, "period": self.period.code, "level": level, **changes}
        return {key: value for key, value in found.items() if value}


def read(request: HttpRequest, code: str) -> Asked:
    """From ``?place=&period=&level=``. Raises `NotFound` for an unknown measure or place, `Invalid` for a wrong period or level."""
    one = queries.measure(code)
    key = queries.place(request.GET.get("place", "").strip()[:16])
    typed = request.GET.get("period", "").strip()[:16]
    chosen = period(typed, one) if typed else queries.default_period(one, key)
    level = request.GET.get("level", "").strip() or Level.COMMUNE
    if level not in (Level.PROVINCE, Level.DISTRICT, Level.COMMUNE):
        raise _invalid("level", _("Give province, district or commune as the level."))
    order = list(Level)
    if order.index(Level(level)) <= order.index(queries.level_of(key)):
        level = Level.COMMUNE  # a map of a district shows what lies in it, whatever was chosen above
    return Asked(one, key, chosen, Level(level))


def period(typed: str, one: Measure | None = None) -> Period:
    """A month, quarter or year; raises `Invalid`."""
    try:
        found = Period.parse(typed)
    except ValueError:
        found = None
    if (
        found is None
        or found.kind not in (Kind.MONTH, Kind.QUARTER, Kind.YEAR)
        or not 1900 <= found.year <= 2200
    ):
        raise _invalid("period", _("Give a month, quarter or year, such as 2026-11, 2026-Q4 or 2026."))
    return found


def _invalid(field: str, sentence: str) -> Invalid:
    return Invalid(
        _("The figure can't be shown: something in the address is not right."),
        errors=[FieldError(field, "invalid", sentence)],
    )
