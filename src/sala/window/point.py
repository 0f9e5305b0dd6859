"""Where on the picture of a commune does somebody point, and how is that picture drawn? Plain geometry, no database."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import cos, radians

SIZE = 288  # pixels; fits a phone of 320, and must be shown unscaled: a browser sends pixels of what it shows
MARGIN = 0.08
Ring = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Frame:
    """The part of the earth that a picture shows: equirectangular, true in its middle, north up."""

    west: float
    north: float
    shrink: float
    scale: float

    @classmethod
    def of(cls, west: float, south: float, east: float, north: float) -> "Frame":
        """The frame that shows the box (degrees) with a margin, in the middle of the picture."""
        shrink = cos(radians((south + north) / 2))
        wide, high = max((east - west) * shrink, 1e-6), max(north - south, 1e-6)
        scale = SIZE * (1 - 2 * MARGIN) / max(wide, high)
        return cls(
            (west + east) / 2 - SIZE / 2 / scale / shrink,
            (south + north) / 2 + SIZE / 2 / scale,
            shrink,
            scale,
        )

    def xy(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Pixels of a point on earth."""
        return (longitude - self.west) * self.shrink * self.scale, (self.north - latitude) * self.scale

    def degrees(self, x: float, y: float) -> tuple[float, float]:
        """Latitude and longitude of a pixel."""
        return self.north - y / self.scale, self.west + x / self.scale / self.shrink


def rings(geometry: str) -> Iterator[Ring]:
    """The rings of a GeoJSON polygon or multipolygon (longitude, latitude)."""
    found = json.loads(geometry)
    parts = [found["coordinates"]] if found["type"] == "Polygon" else found["coordinates"]
    for part in parts:
        yield from part


def frame(geometry: str) -> Frame:
    """The frame around a geometry."""
    points = [point for ring in rings(geometry) for point in ring]
    longitudes, latitudes = [p[0] for p in points], [p[1] for p in points]
    return Frame.of(min(longitudes), min(latitudes), max(longitudes), max(latitudes))


def path(frame: Frame, geometry: str) -> str:
    """The SVG path of a geometry in whole tenths of pixels; empty where it lies outside the picture."""
    parts = []
    seen = False
    for ring in rings(geometry):
        points: list[str] = []
        for longitude, latitude, *_ in ring:
            x, y = frame.xy(longitude, latitude)
            seen = seen or (0 <= x <= SIZE and 0 <= y <= SIZE)
            text = f"{x:.1f} {y:.1f}"
            if not points or points[-1] != text:
                points.append(text)
        parts.append("M" + "L".join(points) + "Z")
    return "".join(parts) if seen else ""


def middle(geometry: str) -> tuple[float, float]:
    """The middle of the largest ring's box (longitude, latitude): where its name is written."""
    ring = max(rings(geometry), key=len)
    longitudes, latitudes = [p[0] for p in ring], [p[1] for p in ring]
    return (min(longitudes) + max(longitudes)) / 2, (min(latitudes) + max(latitudes)) / 2


@dataclass(frozen=True)
class Dot:
    """Reports that lie together on the picture: where, how many, and how many of them are open."""

    x: float
    y: float
    count: int
    open: int


CELL = 24  # pixels; a finger's width


def dots(view: Frame, points: Iterable[tuple[float, float, bool]]) -> list[Dot]:
    """Points (latitude, longitude, open) gathered on a grid; what lies outside the picture is left out."""
    cells: dict[tuple[int, int], list[tuple[float, float, bool]]] = {}
    for latitude, longitude, still in points:
        x, y = view.xy(longitude, latitude)
        if 0 <= x <= SIZE and 0 <= y <= SIZE:
            cells.setdefault((int(x // CELL), int(y // CELL)), []).append((x, y, still))
    return [
        Dot(
            sum(x for x, _y, _open in found) / len(found),
            sum(y for _x, y, _open in found) / len(found),
            len(found),
            sum(still for _x, _y, still in found),
        )
        for _cell, found in sorted(cells.items())
    ]


def _drawn(dot: Dot) -> Iterator[str]:
    """A dot: filled where something is open, hollow where all is finished, with a number for several."""
    radius = 5 if dot.count == 1 else 9 if dot.count < 100 else 12
    fill, ink = ("#0c5a52", "#fff") if dot.open else ("#fff", "#0c5a52")
    yield (
        f'<circle cx="{dot.x:.1f}" cy="{dot.y:.1f}" r="{radius}" fill="{fill}" stroke="#0c5a52" stroke-width="2"/>'
    )
    if dot.count > 1:
        yield f'<text x="{dot.x:.1f}" y="{dot.y + 4:.1f}" fill="{ink}">{dot.count}</text>'


def picture(
    own: str,
    around: Iterable[tuple[str, str]],
    mark: tuple[float, float] | None = None,
    points: Iterable[tuple[float, float, bool]] = (),
) -> str:
    """The SVG of a commune (its GeoJSON) among its neighbours (name, GeoJSON), with a mark at (latitude, longitude) and
    the reports at ``points`` (latitude, longitude, open)."""
    view = frame(own)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIZE}" height="{SIZE}" viewBox="0 0 {SIZE} {SIZE}" '
        'font-family="Sala Khmer, Noto Sans Khmer, sans-serif" font-size="12" text-anchor="middle">',
        f'<rect width="{SIZE}" height="{SIZE}" fill="#eef1ef"/>',
    ]
    names: list[str] = []
    written: list[tuple[float, float]] = []
    for name, geometry in around:
        drawn = path(view, geometry)
        if not drawn:
            continue
        here = geometry == own
        fill = "#fff" if here else "#e9edeb"
        lines.append(f'<path d="{drawn}" fill="{fill}" stroke="#66736f" stroke-width="{2 if here else 1}"/>')
        x, y = view.xy(*middle(geometry))
        crowded = any(abs(x - other) < 70 and abs(y - above) < 14 for other, above in written)
        if name and not crowded and 30 < x < SIZE - 30 and 12 < y < SIZE - 12:
            written.append((x, y))
            names.append(f'<text x="{x:.0f}" y="{y:.0f}" fill="#4b5957">{escape(name)}</text>')
    lines += names
    if mark is not None:
        x, y = view.xy(mark[1], mark[0])
        lines.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="9" fill="none" stroke="#a31c11" stroke-width="3"/>'
        )
        lines.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="#a31c11"/>')
    for dot in dots(view, points):
        lines += _drawn(dot)
    return "\n".join([*lines, "</svg>"])
