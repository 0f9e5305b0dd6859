"""Which border belongs to which unit on a given day, and in which unit lies a point? The map, held in memory."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from math import ceil, floor
from typing import TYPE_CHECKING

from sala.places import borders
from sala.places.memory import Units
from sala.places.models import Boundary, Revision, Succession
from sala.places.rules import Unit
from sala.places.terms import Level

if TYPE_CHECKING:  # geometry is loaded with the first question about it, not with every command
    import shapely

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Border:
    """One stored border."""

    unit: Unit
    year: int
    path: str
    fine: str
    box: Box
    basis: str
    source: str


@dataclass
class Atlas:
    """All borders of one state of the units. ``became`` leads from a former unit to the one unit that it is now."""

    units: Units
    height: float
    borders: list[Border]
    became: dict[str, str]
    drawn: dict[tuple[str, str, bool, bool], list[tuple[str, str]]] = field(default_factory=dict)
    ground: "Ground | None" = None

    def present(self, border: Border, on: date) -> Unit | None:
        """The unit that the border shows on a day: its own in the year of the border and before, else what it became."""
        unit: Unit | None = border.unit
        if on.year <= border.year:
            return unit
        seen: set[str] = set()
        while unit is not None and not unit.valid(on) and unit.key not in seen:
            seen.add(unit.key)
            unit = self.units.by_key.get(self.became.get(unit.key, ""))
        return unit if unit is not None and unit.valid(on) else None

    def key(self, border: Border, level: str, on: date) -> str:
        """The key of the unit of ``level`` in which the border lies on a day; empty where none is known."""
        unit = self.present(border, on)
        if level == Level.COMMUNE:
            return (unit or border.unit).key
        key = str(getattr(unit or border.unit, level))
        above = self.units.by_key.get(key)
        return key if above is not None and (above.valid(on) or on.year <= border.year) else ""

    def grouped(self, level: str, within: str, on: date) -> dict[str, list[Border]]:
        """The borders of each unit of ``level`` that lies in ``within`` (empty: everywhere)."""
        groups: dict[str, list[Border]] = defaultdict(list)
        for border in self.borders:
            key = self.key(border, level, on)
            unit = self.units.by_key.get(key)
            if unit is not None and (not within or within in (unit.province, unit.district, unit.commune)):
                groups[key].append(border)
        return groups


def build(units: Units) -> Atlas:
    """The atlas of these units, without the geometry, which only questions about points need."""
    height = Revision.objects.filter(pk=1).values_list("map_height", flat=True).first() or 0.0
    after: dict[str, list[str]] = defaultdict(list)
    for old, new in Succession.objects.exclude(kind="rename").values_list("old_id", "new_id"):
        after[old].append(new)
    rows = Boundary.objects.order_by("unit_id", "-year").values_list(
        "unit_id", "year", "path", "fine", "left", "top", "right", "bottom", "basis", "source"
    )
    found = [
        Border(units.by_key[key], year, path, fine, (left, top, right, bottom), basis, source)
        for key, year, path, fine, left, top, right, bottom, basis, source in rows
    ]
    return Atlas(units, height, found, {old: new[0] for old, new in after.items() if len(new) == 1})


def outlines(atlas: Atlas, level: str, within: str, on: date) -> list[tuple[str, str]]:
    """Key and SVG path of each unit of ``level`` in ``within``: coarse for the whole country, fine for less."""
    if level not in (Level.PROVINCE, Level.DISTRICT, Level.COMMUNE):
        return []
    early = any(on.year <= border.year for border in atlas.borders[:1])
    memo = (str(level), within, early, False)
    if memo not in atlas.drawn:
        drawn = []
        for key, group in sorted(atlas.grouped(level, within, on).items()):
            paths = [border.fine if within else border.path for border in group]
            drawn.append((key, paths[0] if len(paths) == 1 else borders.joined(paths, 2 if within else 1)))
        if len(atlas.drawn) > 400:
            atlas.drawn.clear()
        atlas.drawn[memo] = drawn
    return atlas.drawn[memo]


def view_box(atlas: Atlas, within: str, on: date) -> str:
    """The SVG view box around ``within``; the whole country for the empty key or a unit without border."""
    inside = [border.box for border in atlas.borders if within and within in _line(atlas, border, on)]
    if not inside:
        return f"0 0 {borders.WIDTH:.0f} {ceil(atlas.height)}"
    left, top = min(box[0] for box in inside), min(box[1] for box in inside)
    right, bottom = max(box[2] for box in inside), max(box[3] for box in inside)
    margin = max(right - left, bottom - top) * 0.03
    return " ".join(
        f"{value:g}"
        for value in (
            floor((left - margin) * 10) / 10,
            floor((top - margin) * 10) / 10,
            ceil((right - left + 2 * margin) * 10) / 10,
            ceil((bottom - top + 2 * margin) * 10) / 10,
        )
    )


def _line(atlas: Atlas, border: Border, on: date) -> tuple[str, ...]:
    unit = atlas.present(border, on) or border.unit
    return (unit.province, unit.district, unit.commune)


@dataclass
class Ground:
    """The geometry: for each border its shape, and a tree over them."""

    borders: list[Border]
    shapes: "list[shapely.Geometry]"
    tree: "shapely.STRtree"
    of_day: "dict[date, dict[str, shapely.Geometry]]" = field(default_factory=dict)

    def shape_of(self, atlas: Atlas, key: str, on: date) -> "shapely.Geometry | None":
        """The shape of a commune on that day."""
        if on not in self.of_day:
            shown = [atlas.present(border, on) for border in self.borders]
            self.of_day = {
                on: {unit.key: shape for unit, shape in zip(shown, self.shapes, strict=True) if unit}
            }
        return self.of_day[on].get(key)


def ground(atlas: Atlas) -> Ground:
    """The geometry, read at the first question (about 0.2 s)."""
    import shapely

    if atlas.ground is None:
        texts = {
            (key, year): text
            for key, year, text in Boundary.objects.values_list("unit_id", "year", "geometry")
        }
        kept = [border for border in atlas.borders if (border.unit.key, border.year) in texts]
        shapes = list(shapely.from_geojson([texts[border.unit.key, border.year] for border in kept]))
        shapely.prepare(shapes)
        atlas.ground = Ground(kept, shapes, shapely.STRtree(shapes))
    return atlas.ground


def locate(atlas: Atlas, latitude: float, longitude: float, on: date) -> str | None:
    """The key of the most precise unit known to hold the point on that day, or None outside all borders."""
    from shapely import Point

    held = ground(atlas)
    hits = sorted(held.tree.query(Point(longitude, latitude), predicate="intersects"))
    found = [atlas.present(held.borders[hit], on) for hit in hits]
    for unit in found:
        if unit is not None:
            return unit.key
    for hit in hits:  # a commune of that time that is several now: its district, else its province
        former = held.borders[hit].unit
        for key in (former.district, former.province):
            above = atlas.units.by_key.get(key)
            if above is not None and above.valid(on):
                return key
    return None


def point_in(atlas: Atlas, key: str, draw: Callable[[], float], on: date) -> tuple[float, float] | None:
    """A point (latitude, longitude) inside the border of a commune; None where no border shows it on that day."""
    from shapely import Point

    held = ground(atlas)
    shape = held.shape_of(atlas, key, on)
    if shape is None:
        return None
    west, south, east, north = shape.bounds
    for _ in range(50):
        point = Point(west + draw() * (east - west), south + draw() * (north - south))
        if shape.contains(point):
            return point.y, point.x
    point = shape.representative_point()
    return point.y, point.x


def features(atlas: Atlas, level: str, within: str, on: date) -> Iterator[tuple[Unit, str, Border]]:
    """Unit, geometry as GeoJSON text and the first border it was made of, for each unit of ``level`` in ``within``."""
    import shapely

    held = ground(atlas)
    shapes = {id(border): shape for border, shape in zip(held.borders, held.shapes, strict=True)}
    for key, group in sorted(atlas.grouped(level, within, on).items()):
        parts = [shapes[id(border)] for border in group if id(border) in shapes]
        if parts:
            whole = parts[0] if len(parts) == 1 else shapely.union_all(parts, grid_size=0.00001)
            yield atlas.units.by_key[key], borders.geojson(whole), group[0]
