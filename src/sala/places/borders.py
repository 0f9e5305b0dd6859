"""Where do the borders in the pack's TopoJSON run, as geometry and as SVG? Arcs are shared, so neighbours stay neighbours."""

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, radians
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # loaded where shapes are made, not with every command
    import shapely

WIDTH = 1000.0  # map units from the westernmost to the easternmost point
COARSE = 1.3  # what the simplified line may be off, in map units: right for the whole country on one screen
FINE = 0.05
Point = tuple[float, float]


@dataclass(frozen=True)
class Shape:
    """The border of one unit: WGS 84 geometry, coarse and fine SVG path, box in map units (left, top, right, bottom)."""

    unit: str
    basis: str
    geometry: str
    path: str
    fine: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Projection:
    """Equirectangular, true in the middle of the country, north up, `WIDTH` wide."""

    west: float
    north: float
    scale: float
    shrink: float
    height: float

    @classmethod
    def of(cls, west: float, south: float, east: float, north: float) -> "Projection":
        """The projection that fits the box (degrees)."""
        shrink = cos(radians((south + north) / 2))
        scale = WIDTH / ((east - west) * shrink)
        return cls(west, north, scale, shrink, (north - south) * scale)

    def point(self, longitude: float, latitude: float) -> Point:
        """Map units of a point on earth."""
        return (longitude - self.west) * self.shrink * self.scale, (self.north - latitude) * self.scale


def read(folder: Path, year: int) -> tuple[list[Shape], Projection]:
    """The shapes of ``communes_<year>.topojson``, one a unit named in ``communes_<year>.csv``."""
    from shapely import LineString, MultiPolygon, Polygon

    topology = json.loads((folder / f"communes_{year}.topojson").read_text(encoding="utf-8"))
    with (folder / f"communes_{year}.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["shape"]: row for row in csv.DictReader(file)}
    arcs = [_degrees(arc, topology["transform"]) for arc in topology["arcs"]]
    projection = Projection.of(*topology["bbox"])
    drawn = [[projection.point(*point) for point in arc] for arc in arcs]
    coarse, fine = ([_simple(arc, by) for arc in drawn] for by in (COARSE, FINE))
    parts: dict[str, list[list[list[int]]]] = defaultdict(list)
    basis: dict[str, str] = {}
    for geometry in topology["objects"]["data"]["geometries"]:
        row = rows[geometry["properties"]["shapeID"]]
        polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        if row["unit"]:
            parts[row["unit"]] += polygons
            basis.setdefault(row["unit"], row["basis"])
    shapes = []
    for unit, polygons in parts.items():
        rings = [ring for polygon in polygons for ring in polygon]
        outline = [point for ring in rings for point in _ring(ring, drawn)]
        left, top, right, bottom = LineString(outline).bounds
        whole = MultiPolygon(
            [
                Polygon(_ring(polygon[0], arcs), [_ring(hole, arcs) for hole in polygon[1:]])
                for polygon in polygons
            ]
        )
        shapes.append(
            Shape(
                unit=unit,
                basis=basis[unit],
                geometry=geojson(_valid(whole)),
                path="".join(_drawn(ring, coarse, fine, 0) for ring in rings),
                fine="".join(_drawn(ring, fine, drawn, 2) for ring in rings),
                box=(round(left, 2), round(top, 2), round(right, 2), round(bottom, 2)),
            )
        )
    return shapes, projection


def _valid(whole: "shapely.MultiPolygon") -> "shapely.Geometry":
    """The geometry with touching parts merged and self-crossings of the source repaired."""
    import shapely

    repaired = shapely.make_valid(whole)
    areas = [part for part in shapely.get_parts(repaired) if part.geom_type in ("Polygon", "MultiPolygon")]
    merged = shapely.set_precision(shapely.union_all(areas), 0.00001)
    return merged if merged.geom_type in ("Polygon", "MultiPolygon") else whole


def geojson(geometry: "shapely.Geometry") -> str:
    """Compact GeoJSON, five decimals (one metre), outer rings counter-clockwise (RFC 7946, 3.1.6)."""
    import shapely

    text = shapely.to_geojson(shapely.orient_polygons(geometry))
    return json.dumps(
        json.loads(text, parse_float=lambda value: round(float(value), 5)), separators=(",", ":")
    )


def _degrees(arc: Sequence[Sequence[int]], transform: dict[str, list[float]]) -> list[Point]:
    """Decode one delta-encoded, quantised arc (TopoJSON 2.1.1, 2.1.3)."""
    (scale_x, scale_y), (shift_x, shift_y) = transform["scale"], transform["translate"]
    x = y = 0
    out = []
    for dx, dy in arc:
        x, y = x + dx, y + dy
        out.append((round(x * scale_x + shift_x, 5), round(y * scale_y + shift_y, 5)))
    return out


def _simple(arc: list[Point], tolerance: float) -> list[Point]:
    """The arc with fewer points and the same ends."""
    if len(arc) < 3:
        return arc
    if arc[0] == arc[-1]:  # an island: simplifying the closed line could leave nothing
        half = len(arc) // 2
        return _simple(arc[: half + 1], tolerance)[:-1] + _simple(arc[half:], tolerance)
    from shapely import LineString

    return [(x, y) for x, y in LineString(arc).simplify(tolerance, preserve_topology=False).coords]


def _ring(numbers: Iterable[int], arcs: list[list[Point]]) -> list[Point]:
    """The closed line that the arcs make; a negative number is an arc walked backwards."""
    points: list[Point] = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        points += arc[1:] if points else arc
    return points


def _drawn(numbers: list[int], arcs: list[list[Point]], finer: list[list[Point]], decimals: int) -> str:
    """SVG path data of one ring, relative and as short as possible; a ring too small to be seen is drawn finer."""
    points = _rounded(_ring(numbers, arcs), decimals)
    if len(points) < 4:
        points = _rounded(_ring(numbers, finer), decimals + 1)
        decimals += 1
    if len(points) < 4:
        return ""
    if points[0] == points[-1]:
        points.pop()
    return _closed(points, decimals)


def _rounded(points: list[Point], decimals: int) -> list[tuple[int, int]]:
    """Whole numbers of the last decimal, without points that fall together."""
    unit = 10**decimals
    out: list[tuple[int, int]] = []
    for x, y in points:
        point = (round(x * unit), round(y * unit))
        if not out or out[-1] != point:
            out.append(point)
    return out


def _number(value: int, unit: int) -> str:
    text = f"{value / unit:.4f}".rstrip("0").rstrip(".") if unit > 1 else str(value)
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def points_of(path: str) -> list[list[Point]]:
    """The rings of path data that `_drawn` wrote, for joining shapes that share borders."""
    rings = []
    for part in path.split("z"):
        if part:
            values = [float(value) for value in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", part)]
            ring = [(values[0], values[1])]
            for dx, dy in zip(values[2::2], values[3::2], strict=True):
                ring.append((round(ring[-1][0] + dx, 4), round(ring[-1][1] + dy, 4)))
            rings.append(ring)
    return rings


def joined(paths: Iterable[str], decimals: int) -> str:
    """The outline of shapes that share borders: the stretches that only one of them has, closed into rings."""
    ways: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    unit = 10**decimals
    for path in paths:
        for ring in points_of(path):
            corners = [(round(x * unit), round(y * unit)) for x, y in ring]
            for start, end in zip(corners, [*corners[1:], corners[0]], strict=True):
                if start == end:
                    continue
                if start in ways[end]:
                    ways[end].remove(start)  # the neighbour walks it the other way: an inner border
                else:
                    ways[start].append(end)
    out = []
    for start in list(ways):
        while ways[start]:
            line, here = [start], ways[start].pop()
            while here != start and ways[here]:
                line.append(here)
                here = ways[here].pop()
            if len(line) > 2:
                out.append(_closed(line, decimals))
    return "".join(out)


def _closed(ring: list[tuple[int, int]], decimals: int) -> str:
    unit = 10**decimals
    text = f"M{_number(ring[0][0], unit)} {_number(ring[0][1], unit)}l"
    for (x0, y0), (x1, y1) in pairwise(ring):
        dx, dy = _number(x1 - x0, unit), _number(y1 - y0, unit)
        text += f"{'' if text[-1] == 'l' or dx[0] == '-' else ' '}{dx}{'' if dy[0] == '-' else ' '}{dy}"
    return text + "z"
