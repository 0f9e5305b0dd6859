"""How is a figure written and drawn for a reader? Rounding happens here, once, and nowhere else."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from markupsafe import Markup

from sala.kit import khmer
from sala.measures import rules
from sala.measures.queries import Figure, Part
from sala.measures.rules import Measure
from sala.measures.terms import Direction, Unit
from sala.ui import charts
from sala.ui.jinja import lang, missing

Value = Decimal | float | int


def sentence(one: Measure, value: Value | None) -> str:
    """A figure in running text, with its unit, in the page's language; a dash with hidden words where there is none."""
    if value is None:
        return missing()
    here = lang()
    if one.unit is Unit.SHARE:
        return khmer.percent(value, here, one.decimals)
    if one.unit is Unit.MINUTES:
        return _("%(hours)s h") % {"hours": khmer.number(Decimal(str(value)) / 60, here, one.decimals)}
    written = khmer.number(value, here, one.decimals)
    return _("%(points)s of 5") % {"points": written} if one.unit is Unit.POINTS else written


def cell(one: Measure, value: Value | None) -> str:
    """A figure in a column: 0-9, without its unit, which stands in the column's head (`unit`)."""
    return missing() if value is None else khmer.figure(scaled(one, value), one.decimals)


def scaled(one: Measure, value: Value) -> Decimal:
    """The value in the unit that is shown: per cent for a share, hours for minutes."""
    exact = Decimal(str(value))
    if one.unit is Unit.SHARE:
        return exact * 100
    return exact / 60 if one.unit is Unit.MINUTES else exact


def unit(one: Measure) -> str:
    """The head of a column of figures."""
    return {
        Unit.SHARE: "%",
        Unit.MINUTES: _("Hours"),
        Unit.POINTS: _("Points"),
    }.get(one.unit) or _("Count")


def counted(value: Value | None) -> str:
    """A part or whole of a ratio in a column: whole numbers as they are, weighted ones rounded."""
    return missing() if value is None else khmer.figure(value)


def write(one: Measure) -> Callable[[float], str]:
    """How a chart writes this measure's values; points without their scale, which would crowd it."""
    if one.unit is Unit.POINTS:
        return lambda value: khmer.number(value, lang(), one.decimals)
    return lambda value: str(sentence(one, value))


def change(one: Measure, now: Decimal | None, before: Decimal | None) -> str:
    """How far the figure has moved, in words: points for shares, per cent for all else; empty where it can't be told."""
    if now is None or before is None:
        return ""
    here = lang()
    if one.unit is Unit.SHARE:
        moved = khmer_rounded((now - before) * 100, 1)
        amount = khmer.number(abs(moved), here, 1)
        words = {1: _("up %(amount)s points"), -1: _("down %(amount)s points"), 0: _("unchanged")}
    else:
        if not before:
            return ""
        moved = khmer_rounded((now - before) / before * 100, 0)
        amount = khmer.number(abs(moved), here)
        words = {1: _("up %(amount)s%%"), -1: _("down %(amount)s%%"), 0: _("unchanged")}
    return words[(moved > 0) - (moved < 0)] % {"amount": amount}


def khmer_rounded(value: Decimal, decimals: int) -> Decimal:
    """Rounded as figures are written, so that "up 0.0" is said as unchanged."""
    from decimal import ROUND_HALF_UP

    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def chart(one: Measure, months: list[Figure]) -> Markup:
    """The monthly line; empty where fewer than two months have data."""
    if sum(1 for month in months if month.value is not None) < 2:
        return Markup("")
    return charts.line_chart(
        [month.period.short(lang()) for month in months],
        [charts.Series(_named(one), [_float(month.value) for month in months])],
        write(one),
        goal=_float(one.goal),
        goal_label=_("goal"),
        zero=one.unit is Unit.COUNT,
        at_most=_at_most(one),
    )


def spark(months: Iterable[Figure]) -> Markup:
    """A line without words, for a row of a table; the figures stand on the measure's own page."""
    values = [month.value for month in months]
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return Markup("")
    low, high = min(known), max(known)
    spread = (high - low) or Decimal(1)
    step = Decimal(114) / (len(values) - 1)
    path, pen = [], False
    for n, value in enumerate(values):
        if value is None:
            pen = False
            continue
        x, y = 3 + step * n, 33 - (value - low) / spread * 30
        path.append(f"{'L' if pen else 'M'}{x:.1f} {y:.1f}")
        pen = True
    return Markup(
        '<svg class="spark" viewBox="0 0 120 36" width="120" height="36" aria-hidden="true"><path class="ln" d="{}"/></svg>'
    ).format("".join(path))


def multiples(
    one: Measure, parts: Iterable[Part], lines: dict[str, list[Decimal | None]], url: Callable[[str], str]
) -> Markup:
    """One small chart a unit with the period's figure, one scale, the worst first."""
    return charts.multiples(
        _small(parts, lines, url),
        lambda value: str(cell(one, value)),
        goal=_float(one.goal),
        lowest_first=one.direction is not Direction.DOWN,
        at_most=_at_most(one),
    )


def multiples_scale(one: Measure, parts: Iterable[Part], lines: dict[str, list[Decimal | None]]) -> str:
    """From where to where the small charts go, in words."""
    axis = charts.shared_scale(_small(parts, lines, str), goal=_float(one.goal), at_most=_at_most(one))
    return f"{write(one)(axis.low)} – {write(one)(axis.high)}"


def _small(
    parts: Iterable[Part], lines: dict[str, list[Decimal | None]], url: Callable[[str], str]
) -> list[charts.Small]:
    return [
        charts.Small(
            name(part.name),
            [_float(value) for value in lines.get(part.key, [])],
            url(part.key),
            _float(part.value),
        )
        for part in parts
    ]


def _at_most(one: Measure) -> float | None:
    return 1 if one.unit is Unit.SHARE else 5 if one.unit is Unit.POINTS else None


def bar(one: Measure, part: Part, highest: Decimal) -> Markup:
    """The bar of a row: a share of one, else of the highest in the table."""
    if part.value is None:
        return Markup("")
    whole = Decimal(1) if one.unit is Unit.SHARE else Decimal(5) if one.unit is Unit.POINTS else highest
    return charts.share_bar(float(part.value / whole) if whole else 0.0)


def bounds(one: Measure, values: Iterable[Decimal]) -> charts.Classes:
    """The five classes of a map: round limits that rise."""
    first, second, third, fourth = rules.classes(values, one)
    return charts.Classes((float(first), float(second), float(third), float(fourth)))


def legend(one: Measure, limits: charts.Classes) -> Markup:
    """The map's key."""
    return charts.legend(
        limits,
        write(one),
        under=_("under %s"),
        over=_("%s and more"),
        no_data=_("no data, or boundary changed"),
    )


def name(names: Any) -> str:
    """A name in the page's language."""
    here = lang()
    return str(names.get(here) or names.get("en" if here == "km" else "km") or "")


def _named(one: Measure) -> str:
    return name(one.name.as_dict())


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
