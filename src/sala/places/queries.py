"""Which place is this, what lies above and below it, what is it called, and where is it?"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from sala.kit import clock
from sala.kit.acting import Where
from sala.kit.errors import NotFound
from sala.places import atlas, finder, memory
from sala.places.models import Succession
from sala.places.models import Unit as UnitRow
from sala.places.rules import Unit
from sala.places.terms import LEVELS_BELOW, Level


def unit(key: str) -> Unit | None:
    """The unit with that key, present or former; None when there is none."""
    return memory.units().by_key.get(key)


def require(key: str) -> Unit:
    """The unit with that key; raises `NotFound` with a sentence."""
    found = unit(key)
    if found is None:
        raise NotFound(_("There is no place with this code."))
    return found


def by_code(code: str, at: date | None = None) -> Unit | None:
    """The unit with the official ``code`` that exists on ``at`` (default: today), else one that existed once.

    Where the list gives a code to several villages, it is the first of them; `all_by_code` has them all.
    """
    found = memory.units().by_code.get(code, [])
    day = at or clock.today()
    return next((one for one in found if one.valid(day)), found[0] if found else None)


def all_by_code(code: str) -> list[Unit]:
    """Every unit, present or former, that bears the official ``code``."""
    return list(memory.units().by_code.get(code, []))


def children(key: str = "", at: date | None = None) -> list[Unit]:
    """Units directly below ``key`` (provinces for the empty key) that exist on ``at`` (default: today), by code."""
    day = at or clock.today()
    return [one for one in memory.units().below.get(key, []) if one.valid(day)]


def units(level: str, within: str = "", at: date | None = None) -> list[Unit]:
    """All units of a level below ``within`` (empty: everywhere) that exist on ``at`` (default: today), by code."""
    day = at or clock.today()
    if not within:
        return [one for one in memory.units().by_key.values() if one.level == level and one.valid(day)]
    return [one for one in everything(level) if within in line_keys(one) and one.valid(day)]


def everything(level: str) -> list[Unit]:
    """All units of a level, former ones too, by code."""
    return [one for one in memory.units().by_key.values() if one.level == level]


def keys(level: str, within: str = "", at: date | None = None) -> list[str]:
    """The keys of `units`."""
    return [one.key for one in units(level, within, at)]


def line_keys(one: Unit) -> tuple[str, ...]:
    """The keys of its line, top-down, itself last."""
    return tuple(key for key in (one.province, one.district, one.commune, one.village) if key)


def line(key: str) -> list[Unit]:
    """The unit and what lies above it, top-down; empty for an unknown key."""
    one = unit(key)
    return [] if one is None else [found for each in line_keys(one) if (found := unit(each)) is not None]


def where(key: str) -> Where:
    """The place columns for a record that stands there; empty for the nation. Raises `NotFound` for an unknown key."""
    if not key:
        return Where()
    one = require(key)
    return Where(one.province, one.district, one.commune, one.village)


def names(keys: Iterable[str]) -> dict[str, dict[str, str]]:
    """``{key: {"km": ..., "en": ...}}`` without level words; unknown keys are left out."""
    known = memory.units().by_key
    return {key: known[key].names for key in keys if key in known}


def title(key: str) -> dict[str, str]:
    """Both names with the level word (សង្កាត់ទឹកល្អក់ទី១, Sangkat Tuek L'ak Ti Muoy); the country's for the empty key.

    Raises `NotFound` for an unknown key.
    """
    if not key:
        return memory.country_names()
    one = require(key)
    return memory.words()[one.kind].title(one.name_km, one.name_en)


def titles(keys: Iterable[str]) -> dict[str, dict[str, str]]:
    """`title` of every known key."""
    return {key: title(key) for key in keys if not key or unit(key) is not None}


def successors(key: str) -> list[Succession]:
    """What became of the unit: its successions with ``new`` at hand, oldest first, then by code."""
    return list(Succession.objects.filter(old=key).select_related("new").order_by("on", "new__code", "id"))


def predecessors(key: str) -> list[Succession]:
    """What the unit came from, oldest first, then by code."""
    return list(Succession.objects.filter(new=key).select_related("old").order_by("on", "old__code", "id"))


def level_below(level: str) -> Level | None:
    """The next level down; None below villages."""
    return LEVELS_BELOW[Level(level)]


def search(
    text: str,
    limit: int = 10,
    levels: Iterable[str] | None = None,
    within: str | None = None,
    former: bool = False,
    guess_in: str = "",
) -> list[Unit]:
    """Places that ``text`` may mean, likeliest first: Khmer, Latin, a code, a typing error, a name cut short.

    ``levels`` and ``within`` (a key) narrow it; ``former`` adds units that exist no longer. With ``guess_in`` (a key)
    typing errors are forgiven in names of that place alone, which takes a tenth of the time. Raises ValueError for a
    NUL; text is cut after 200 characters. About 2 ms.
    """
    state = memory.units()
    index: finder.Index = state.derive("search", finder.build)
    guessed = index
    if guess_in:
        guessed = state.derive(f"search in {guess_in}", lambda units: finder.around(index, units, guess_in))
    return finder.find(
        index,
        state,
        memory.words().values(),
        text[:200],
        limit=limit,
        levels=None if levels is None else frozenset(str(level) for level in levels),
        within=within or "",
        former=former,
        guessed=guessed,
    )


def _atlas() -> atlas.Atlas:
    return memory.units().derive("atlas", atlas.build)


def outlines(level: str, within: str = "", at: date | None = None) -> list[tuple[str, str]]:
    """``(key, SVG path)`` of each province, district or commune that lies in ``within`` and has a border.

    Coarse for the whole country (the communes are 100 KB, 33 compressed), fine for less; both in the coordinates
    of `view_box`. The borders are of 2014: with ``at`` in that year or before, keys are those of the time; later
    (default: today) they are those of what the unit became. A former commune that is several now keeps its own key.
    Villages have none.
    """
    return atlas.outlines(_atlas(), str(level), within, at or clock.today())


def view_box(within: str = "", at: date | None = None) -> str:
    """The SVG view box for `outlines`: the whole country, or the place ``within`` with a small margin."""
    return atlas.view_box(_atlas(), within, at or clock.today())


def locate(latitude: float, longitude: float, at: date | None = None) -> str | None:
    """The key of the commune in which the point (WGS 84) lies; of the district or province where the commune of 2014
    is several now; None outside the country or for numbers that are no coordinates."""
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    return atlas.locate(_atlas(), latitude, longitude, at or clock.today())


def point_in(key: str, draw: Callable[[], float]) -> tuple[float, float] | None:
    """A point (latitude, longitude) drawn inside the border of a commune; None where none is known. For demonstrations.

    ``draw`` gives numbers from 0 to 1, as `Random.random` does.
    """
    return atlas.point_in(_atlas(), key, draw, clock.today())


def features(
    level: str, within: str = "", at: date | None = None
) -> Iterator[tuple[Unit, str, int, str, str]]:
    """Unit, geometry (GeoJSON text), year, basis and source of each border of a level in ``within``."""
    for one, geometry, border in atlas.features(_atlas(), str(level), within, at or clock.today()):
        yield one, geometry, border.year, border.basis, border.source


def has_border(key: str) -> bool:
    """Whether a border of the unit is known, its own or that of what it was."""
    today = clock.today()
    one = unit(key)
    return one is not None and any(found == key for found, _path in outlines(one.level, one.province, today))


def listed() -> QuerySet[UnitRow]:
    """All units, present and former, as rows for a list that filters and pages (public)."""
    return UnitRow.objects.all()
