"""What does a figure look like on the map? Communes by five classes, hatched where there is no data."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from markupsafe import Markup

from sala.kit import clock
from sala.measures import queries, shown
from sala.measures.asked import Asked
from sala.measures.terms import Level
from sala.places import queries as places
from sala.ui import charts


@dataclass(frozen=True)
class Drawn:
    """A map with its key, the source of its boundaries, and how many places with data have none."""

    svg: Markup
    legend: Markup
    source: str
    unplaced: int
    within: list[tuple[str, str, str]]


def draw(wanted: Asked, link: Callable[[str], str]) -> Drawn:
    """The map of the asked level within the asked place.

    On the nation's map of communes the provinces are the links, not the communes, which keeps it at a third of the size.
    """
    one, period = wanted.measure, wanted.period
    values = queries.values_at(one, period, wanted.level, wanted.place)
    at = min(period.last, clock.today())
    outlines = places.outlines(wanted.level, wanted.place, at)
    if not outlines:
        return Drawn(Markup(""), Markup(""), "", len(values), [])
    single = wanted.place or wanted.level is not Level.COMMUNE
    keys = [key for key, _path in outlines]
    names = places.titles(keys)
    shapes = [
        charts.Shape(key, path, shown.name(names.get(key, {})) or key, link(key) if single else "")
        for key, path in outlines
    ]
    limits = shown.bounds(one, values.values())
    label = _("Map: %(measure)s. Darker is more. The table has the same figures.") % {
        "measure": shown.name(one.name.as_dict())
    }
    svg = charts.commune_map(
        shapes,
        {key: float(value) for key, value in {**_of_provinces(wanted), **values}.items()},
        shown.write(one),
        view_box=places.view_box(wanted.place, at),
        bounds=limits,
        label=label,
        no_data=_("no data"),
        borders=_borders(wanted, link, at),
    )
    within = [] if wanted.place else _provinces(wanted, link)
    return Drawn(
        svg,
        shown.legend(one, limits),
        _("Boundaries of 2014: Open Development Cambodia, geoBoundaries, CC BY 4.0"),
        len(set(values) - set(keys)),
        within,
    )


def _of_provinces(wanted: Asked) -> dict[str, Decimal]:
    return {} if wanted.place else queries.values_at(wanted.measure, wanted.period, Level.PROVINCE)


def _borders(wanted: Asked, link: Callable[[str], str], at: date) -> list[str | charts.Shape]:
    """Over the country the provinces, which open; around a place its own border."""
    if wanted.place:
        level = queries.level_of(wanted.place)
        return [path for key, path in places.outlines(level, wanted.place, at) if key == wanted.place]
    if wanted.level is Level.PROVINCE:
        return []
    outlines = places.outlines(Level.PROVINCE, "", at)
    names = places.titles([key for key, _path in outlines])
    return [
        charts.Shape(key, path, shown.name(names.get(key, {})) or key, link(key)) for key, path in outlines
    ]


def _provinces(wanted: Asked, link: Callable[[str], str]) -> list[tuple[str, str, str]]:
    """Address, name and figure of every province."""
    one = wanted.measure
    return [
        (link(part.key), shown.name(part.name), shown.cell(one, part.value))
        for part in queries.provinces(one, wanted.period)
    ]
