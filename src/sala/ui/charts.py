"""How do figures become pictures? Server-written SVG with text as text, no inline style, words in the page's language.

Pure functions of values; every one returns Markup. Pictures are drawn for the width of a phone or scroll in their box; no
text is under 12 units where one unit is one pixel. The same figures stand as a table beside each (`figures_table`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, log10
from typing import Literal

from markupsafe import Markup, escape

Write = Callable[[float], str]


@dataclass(frozen=True)
class Series:
    """A line: its name (written at its end) and its values; None is a gap, never 0."""

    label: str
    values: Sequence[float | None]


@dataclass(frozen=True)
class Scale:
    """An axis from ``low`` to ``high`` with its ticks, in the values' unit."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def at(self, value: float, start: float, end: float) -> float:
        """Where ``value`` lies between ``start`` and ``end``."""
        return start + (value - self.low) / (self.high - self.low) * (end - start)


def scale(values: Iterable[float], *, zero: bool = False, at_most: float | None = None) -> Scale:
    """A scale with round ticks around ``values``; ``zero`` starts it at 0, ``at_most`` ends it there (1 for shares)."""
    known = [float(value) for value in values] or [0.0, 1.0]
    low, high = (0.0 if zero else min(known)), max(known)
    if high - low < 1e-6 * max(1.0, abs(low), abs(high)):  # all the same, or nearly
        room = max(0.01, abs(low) * 0.1)
        # Where the axis ends there, a line of nothing but full shares lies at its top.
        low, high = (low - room, high) if at_most is not None and high >= at_most else (low, low + room)
    rough = (high - low) / 4
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    bottom, top = floor(low / step + 1e-9) * step, ceil(high / step - 1e-9) * step
    if at_most is not None:
        top = min(top, at_most)
    count = max(1, round((top - bottom) / step))
    return Scale(bottom, top, tuple(round(bottom + n * step, 10) for n in range(count + 1)))


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _runs(points: Sequence[tuple[float, float] | None]) -> str:
    """Path data: a line through points, broken at gaps; a lone point becomes a dot-long dash."""
    parts: list[str] = []
    pen = False
    for index, point in enumerate(points):
        if point is None:
            pen = False
            continue
        parts.append(f"{'L' if pen else 'M'}{_n(point[0])} {_n(point[1])}")
        alone = not pen and (index + 1 == len(points) or points[index + 1] is None)
        if alone:
            parts.append("h.1")
        pen = True
    return "".join(parts)


def _spread(wanted: list[float], gap: float, low: float, high: float) -> list[float]:
    """Heights near the wanted ones, in the same order, at least ``gap`` apart and within the bounds where that is possible."""
    order = sorted(range(len(wanted)), key=lambda n: wanted[n])
    placed = [0.0] * len(wanted)
    last = low - gap
    for n in order:
        placed[n] = last = max(wanted[n], last + gap)
    ceiling = high + gap
    for n in reversed(order):
        placed[n] = ceiling = min(placed[n], ceiling - gap)
    return placed


def line_chart(
    labels: Sequence[str],
    series: Sequence[Series],
    write: Write,
    *,
    goal: float | None = None,
    goal_label: str = "",
    zero: bool = False,
    at_most: float | None = None,
) -> Markup:
    """Lines over time, each labelled at its end with its last value; the goal dashed.

    Drawn twice, for a desk and for a phone; the style shows the one that fits its box. ``write`` writes a value in the
    page's language. At most four series; raises ValueError for more, or lengths that
    differ from the labels'. The picture is hidden from readers' software: the table beside it is for them.
    """
    if len(series) > 4 or any(len(each.values) != len(labels) for each in series):
        raise ValueError("a line chart takes up to four series as long as its labels")
    known = [value for each in series for value in each.values if value is not None]
    axis = scale(known + ([goal] if goal is not None else []), zero=zero, at_most=at_most)
    dashed = None if goal is None else (goal, f"{goal_label} {write(goal)}".strip())
    drawn = "".join(_lines(labels, series, write, axis, dashed, frame) for frame in (_DESK, _PHONE))
    return Markup(f'<div class="fit">{drawn}</div>')  # noqa: S704 - every text is escaped in `_lines`


@dataclass(frozen=True)
class _Frame:
    """Measures of a picture: class, width, the plot's left and right end, and how many labels fit under it."""

    kind: str
    width: float
    left: float
    right: float
    labels: int


# One unit is one pixel at the least width each is shown at, so that no text falls under 12 px.
_DESK = _Frame("wide", 640.0, 56.0, 508.0, 12)
_PHONE = _Frame("small", 290.0, 42.0, 205.0, 4)


def _lines(
    labels: Sequence[str],
    series: Sequence[Series],
    write: Write,
    axis: Scale,
    goal: tuple[float, str] | None,
    frame: _Frame,
) -> str:
    left, right, top, bottom = frame.left, frame.right, 14.0, 200.0
    steps = max(1, len(labels) - 1)

    def x(n: int) -> float:
        return left + (right - left) * n / steps if len(labels) > 1 else (left + right) / 2

    def y(value: float) -> float:
        return axis.at(value, bottom, top)

    out = [f'<svg class="chart {frame.kind}" viewBox="0 0 {_n(frame.width)} 230" aria-hidden="true">']
    for tick in axis.ticks:
        out.append(f'<path class="gr" d="M{_n(left)} {_n(y(tick))}H{_n(right)}"/>')
        out.append(
            f'<text class="ax fin" x="{_n(left - 6)}" y="{_n(y(tick) + 4)}">{escape(write(tick))}</text>'
        )
    every = ceil(len(labels) / frame.labels)
    for n, label in enumerate(labels):
        if (len(labels) - 1 - n) % every == 0:
            out.append(f'<text class="ax mid" x="{_n(x(n))}" y="222">{escape(label)}</text>')
    ends: list[tuple[float, str, str]] = []
    if goal is not None:
        out.append(f'<path class="goal" d="M{_n(left)} {_n(y(goal[0]))}H{_n(right)}"/>')
        ends.append((y(goal[0]), "", goal[1]))
    for number, each in enumerate(series, start=1):
        suffix = "" if number == 1 else f" ln{number}"
        points = [None if value is None else (x(n), y(value)) for n, value in enumerate(each.values)]
        out.append(f'<path class="ln{suffix}" d="{_runs(points)}"/>')
        shown = [
            (point, value)
            for point, value in zip(points, each.values, strict=True)
            if point and value is not None
        ]
        if shown:
            (at_x, at_y), value = shown[-1]
            dot = f"dot{number if number > 1 else ''}"
            out.append(f'<circle class="{dot}" cx="{_n(at_x)}" cy="{_n(at_y)}" r="4.5"/>')
            words = write(value) if len(series) == 1 else f"{each.label} {write(value)}"
            ends.append((at_y, " end", words))
    heights = _spread([at for at, _, _ in ends], 17, top + 4, bottom)
    for height, (_at, kind, words) in zip(heights, ends, strict=True):
        out.append(f'<text class="lab{kind}" x="{_n(right + 9)}" y="{_n(height + 4)}">{escape(words)}</text>')
    return "".join([*out, "</svg>"])


@dataclass(frozen=True)
class Bar:
    """A bar: its name, its value (None: no data) and where its figure opens."""

    label: str
    value: float | None
    url: str = ""


def bar_chart(bars: Sequence[Bar], write: Write, *, no_data: str, at_most: float | None = None) -> Markup:
    """Horizontal bars from 0, name above, value behind: fits a phone's width. Each name is a link where it has an address."""
    known = [bar.value for bar in bars if bar.value is not None]
    high = at_most or max([*known, 0.0]) or 1.0
    row, width, end = 44, 320.0, 250.0
    out = [f'<svg class="chart bars" role="group" viewBox="0 0 {_n(width)} {row * max(1, len(bars))}">']
    for n, bar in enumerate(bars):
        top = n * row
        name = f'<text x="0" y="{top + 15}">{escape(bar.label)}</text>'
        out.append(f'<a href="{escape(bar.url)}">{name}</a>' if bar.url else name)
        out.append(f'<rect class="bar0" x="0" y="{top + 22}" width="{_n(end)}" height="14"/>')
        if bar.value is not None:
            length = max(0.0, min(1.0, bar.value / high)) * end
            out.append(f'<rect class="bar1" x="0" y="{top + 22}" width="{_n(length)}" height="14"/>')
        words = no_data if bar.value is None else write(bar.value)
        out.append(
            f'<text class="{"ax" if bar.value is None else "end"}" x="{_n(end + 8)}" y="{top + 34}">{escape(words)}</text>'
        )
    out.append("</svg>")
    return Markup("".join(out))  # noqa: S704


@dataclass(frozen=True)
class Small:
    """One of many small charts: name, values, where it opens, and the figure that stands beside the name.

    ``figure`` is the figure of the whole period; ``"last"`` takes the last value instead.
    """

    label: str
    values: Sequence[float | None]
    url: str
    figure: float | Literal["last"] | None = "last"

    @property
    def said(self) -> float | None:
        """What stands beside the name."""
        if self.figure == "last":
            return next((value for value in reversed(self.values) if value is not None), None)
        return self.figure


def shared_scale(
    charts: Iterable[Small], *, goal: float | None = None, at_most: float | None = None
) -> Scale:
    """The one scale of all small charts, so that their heights can be compared."""
    known = [value for chart in charts for value in chart.values if value is not None]
    return scale(known + ([goal] if goal is not None else []), at_most=at_most)


def multiples(
    charts: Sequence[Small],
    write: Write,
    *,
    goal: float | None = None,
    lowest_first: bool = True,
    at_most: float | None = None,
) -> Markup:
    """Small charts of one scale (`shared_scale`), the worst figure first, those without data at the end."""

    def order(chart: Small) -> tuple[bool, float, str]:
        value = chart.said
        return value is None, (value or 0) * (1 if lowest_first else -1), chart.label

    axis = shared_scale(charts, goal=goal, at_most=at_most)
    out = ['<ul class="multi">']
    for chart in sorted(charts, key=order):
        value = chart.said
        steps = max(1, len(chart.values) - 1)
        points = [
            None if v is None else (3 + 114 * n / steps, axis.at(v, 33, 3))
            for n, v in enumerate(chart.values)
        ]
        figure = "–" if value is None else write(value)
        dashes = f'<path class="goal" d="M0 {_n(axis.at(goal, 33, 3))}H120"/>' if goal is not None else ""
        out.append(
            f'<li><a href="{escape(chart.url)}">{escape(chart.label)} <b>{escape(figure)}</b>'
            f'<svg viewBox="0 0 120 36" preserveAspectRatio="none" aria-hidden="true">{dashes}'
            f'<path class="ln" d="{_runs(points)}"/></svg></a></li>'
        )
    out.append("</ul>")
    return Markup("".join(out))  # noqa: S704


def share_bar(share: float | None) -> Markup:
    """A bar for a share of 1 in a table row; decorative, the number stands beside it."""
    width = 0 if share is None else max(0.0, min(1.0, float(share))) * 100
    return Markup(
        '<svg class="hb" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="hb0" width="100" height="10"/><rect class="hb1" width="{}" height="10"/></svg>'
    ).format(f"{width:.1f}")


@dataclass(frozen=True)
class Shape:
    """A unit on the map: key, SVG path data, name; ``url`` where its figure opens."""

    key: str
    path: str
    name: str
    url: str = ""


@dataclass(frozen=True)
class Classes:
    """Five classes of a map, from light to dark: the four limits between them; a value on a limit belongs above it."""

    limits: tuple[float, float, float, float]

    def of(self, value: float | None) -> int:
        """1-5, or 0 for no data."""
        return 0 if value is None else 1 + sum(value >= limit for limit in self.limits)


def classes(values: Iterable[float | None]) -> Classes:
    """Limits that put about a fifth of the units into each class (quantiles), distinct wherever the values are."""
    known = sorted(float(value) for value in values if value is not None)
    if not known:
        return Classes((0.2, 0.4, 0.6, 0.8))
    found: list[float] = []
    for fifth in (1, 2, 3, 4):
        limit = known[min(len(known) - 1, len(known) * fifth // 5)]
        found.append(limit)
    return Classes((found[0], found[1], found[2], found[3]))


def _hatch(view_box: str) -> str:
    """The pattern for no data, as fine in the map of one commune as in that of the country."""
    *_corner, width, height = (float(part) for part in view_box.split())
    fine = max(width / 1000, height / 840)
    return (
        '<pattern id="hatch" width="8" height="8" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45) scale({fine:.4g})">'
        '<path class="hatch0" d="M0 0h8v8H0z"/><path class="hatch1" d="M0 0v8"/></pattern>'
    )


def commune_map(
    shapes: Sequence[Shape],
    values: Mapping[str, float | None],
    write: Write,
    *,
    view_box: str,
    bounds: Classes,
    label: str,
    no_data: str,
    borders: Iterable[str | Shape] = (),
    highlighted: str = "",
) -> Markup:
    """The map of units by five classes, hatched where there is no data, with borders drawn over it and one unit outlined.

    A unit with an address is a link that names itself and its figure; units without one are drawn together by class, which
    keeps the page small. ``borders`` are path data of the provinces, or shapes with an address, which are links then.
    """
    together: dict[int, list[str]] = {}
    links: list[str] = []
    ring = ""
    for shape in shapes:
        value = values.get(shape.key)
        level = bounds.of(value)
        if shape.key == highlighted:
            ring = shape.path
        if not shape.url:
            together.setdefault(level, []).append(shape.path)
            continue
        words = f"{shape.name}: {no_data if value is None else write(value)}"
        links.append(
            f'<a href="{escape(shape.url)}"><path class="m{level}" d="{escape(shape.path)}">'
            f"<title>{escape(words)}</title></path></a>"
        )
    edges = [_border(border, values, write, no_data) for border in borders]
    role = "group" if links or any(edge.startswith("<a") for edge in edges) else "img"
    out = [
        f'<svg class="map" viewBox="{escape(view_box)}" role="{role}" aria-label="{escape(label)}"><defs>{_hatch(view_box)}</defs>'
    ]
    out += [
        f'<path class="m{level}" d="{escape("".join(paths))}"/>' for level, paths in sorted(together.items())
    ]
    out += links
    out += edges
    if ring:
        out.append(f'<path class="hit" d="{escape(ring)}"/>')
    out.append("</svg>")
    return Markup("".join(out))  # noqa: S704


def _border(border: str | Shape, values: Mapping[str, float | None], write: Write, no_data: str) -> str:
    if isinstance(border, str):
        return f'<path class="pv" d="{escape(border)}"/>'
    value = values.get(border.key)
    words = f"{border.name}: {no_data if value is None else write(value)}"
    return (
        f'<a href="{escape(border.url)}"><path class="pv" d="{escape(border.path)}">'
        f"<title>{escape(words)}</title></path></a>"
    )


def legend(bounds: Classes, write: Write, *, under: str, over: str, no_data: str) -> Markup:
    """The key of a map. ``under`` and ``over`` are sentences with ``%s`` for the outer limits ("under %s", "%s and more")."""
    low, *_rest, high = bounds.limits
    words = [under.replace("%s", write(low))]
    words += [f"{write(a)} – {write(b)}" for a, b in pairwise(bounds.limits)]
    words.append(over.replace("%s", write(high)))
    swatch = '<svg viewBox="0 0 20 14" aria-hidden="true"><path class="m{}" d="M0 0h20v14H0z"/></svg>'
    out = ['<ul class="key">']
    out += [f"<li>{swatch.format(n)}{escape(text)}</li>" for n, text in enumerate(words, start=1)]
    lines = "".join(f'<line x1="{x}" y1="16" x2="{x + 18}" y2="-2"/>' for x in (-12, -4, 4, 12))
    hatched = swatch.format(0).replace(
        "</svg>", f"{lines}</svg>"
    )  # not the map's pattern: that is scaled to the map
    out.append(f"<li>{hatched}{escape(no_data)}</li></ul>")
    return Markup("".join(out))  # noqa: S704


def figures_table(
    caption: str, head: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]], *, number: str
) -> Markup:
    """The figures of a picture as a table: ``head`` names the columns behind the first, ``number`` the first one."""
    out = [
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}"><table class="dense">'
    ]
    out.append(
        f'<caption class="vh">{escape(caption)}</caption><thead><tr><th scope="col">{escape(number)}</th>'
    )
    out += [f'<th scope="col" class="n">{escape(text)}</th>' for text in head]
    out.append("</tr></thead><tbody>")
    for name, cells in rows:
        out.append(f'<tr><th scope="row">{escape(name)}</th>')
        out += [f'<td class="n">{escape(cell)}</td>' for cell in cells]
        out.append("</tr>")
    out.append("</tbody></table></div>")
    return Markup("".join(out))  # noqa: S704
