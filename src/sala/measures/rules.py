"""What is a measure, what is a fact, and how do facts become one figure? Pure values and arithmetic; rounded only when shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from sala.kit.periods import Kind, Period
from sala.measures.terms import Aggregation, Direction, Level, Unit

ROLLED_KINDS: tuple[Kind, ...] = (Kind.MONTH, Kind.QUARTER, Kind.YEAR)
_STORED = Decimal("0.0000000001")  # ten places are kept; what a reader sees is rounded from these, once


@dataclass(frozen=True)
class Text:
    """The same words in both languages; templates show it with the filter ``name``."""

    km: str
    en: str

    @property
    def name_km(self) -> str:
        """The Khmer words."""
        return self.km

    @property
    def name_en(self) -> str:
        """The English words."""
        return self.en

    def as_dict(self) -> dict[str, str]:
        """``{"km": ..., "en": ...}``, as the API says it."""
        return {"km": self.km, "en": self.en}


@dataclass(frozen=True)
class Origin:
    """Where imported figures come from: publisher, title, year, licence, address."""

    publisher: Text
    title: Text
    year: int
    licence: str
    url: str = ""


@dataclass(frozen=True)
class Measure:
    """What is counted, declared once. ``what`` and ``rule`` say it in words; ``version`` changes with the rule.

    ``part`` and ``whole`` name numerator and denominator of a share. ``finest`` is the shortest period its facts know.
    ``goal`` is in the unit of the value (a share: of 1), so are ``limits``, which fix the five classes of its map.
    """

    code: str
    name: Text
    what: Text
    rule: Text
    unit: Unit
    aggregation: Aggregation
    direction: Direction = Direction.NEITHER
    version: int = 1
    group: Text = Text("", "")
    part: Text | None = None
    whole: Text | None = None
    finest: Kind = Kind.MONTH
    goal: Decimal | None = None
    decimals: int = 0
    origin: Origin | None = None
    limits: tuple[Decimal, Decimal, Decimal, Decimal] | None = None

    @property
    def name_km(self) -> str:
        """The Khmer name."""
        return self.name.km

    @property
    def name_en(self) -> str:
        """The English name."""
        return self.name.en

    @property
    def rule_version(self) -> str:
        """Rule and version, as figures carry it: ``window.on_time v1``."""
        return f"{self.code} v{self.version}"

    @property
    def periods(self) -> tuple[Kind, ...]:
        """The kinds of period it is rolled up to."""
        order = list(Kind)
        return tuple(kind for kind in ROLLED_KINDS if order.index(kind) >= order.index(self.finest))


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing counted: of a measure, at a place (key, commune or above; empty: the nation), in a period.

    A sum, average, median or percentile carries ``value``; a ratio ``numerator`` and ``denominator``. No data is no
    fact, never 0. ``source`` says what it was counted from (a record's number, a file's row).
    """

    measure: str
    place: str
    period: Period
    value: Decimal | int | None = None
    numerator: Decimal | int | None = None
    denominator: Decimal | int | None = None
    dimensions: Mapping[str, str] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True, slots=True)
class Total:
    """A figure: ``count`` facts behind it; ``value`` is None where there is nothing to divide by."""

    measure: str
    place: str
    level: str
    period: str
    value: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None
    count: int


def faults(fact: Fact, measure: Measure) -> str:
    """What is wrong with a fact, in English words for a log; empty when it is sound."""
    if measure.aggregation is Aggregation.RATIO:
        if fact.numerator is None or fact.denominator is None:
            return "a ratio needs numerator and denominator"
        if fact.denominator < 0:
            return "the denominator is negative"
        return ""
    return "no value" if fact.value is None else ""


def percentile(values: Iterable[Decimal | int], share: Decimal) -> Decimal:
    """The value below which ``share`` (0 to 1) of the values lie, interpolated between neighbours (Hyndman-Fan type 7).

    Raises ValueError for no values.
    """
    ordered = sorted(Decimal(value) for value in values)
    if not ordered:
        raise ValueError("no values")
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def combine(
    aggregation: Aggregation, facts: Iterable[Fact]
) -> tuple[Decimal | None, Decimal | None, Decimal | None, int]:
    """Value, numerator, denominator and count of facts, in plain Python: what the roll-up's SQL must agree with.

    Numerator and denominator of an average are the sum and the number of values; of a sum, median or percentile None.
    """
    chosen = list(facts)
    if aggregation is Aggregation.RATIO:
        top = sum((Decimal(fact.numerator or 0) for fact in chosen), Decimal(0))
        bottom = sum((Decimal(fact.denominator or 0) for fact in chosen), Decimal(0))
        return (stored(top / bottom) if bottom else None), stored(top), stored(bottom), len(chosen)
    values = [Decimal(fact.value) for fact in chosen if fact.value is not None]
    if not values:
        return None, None, None, 0
    match aggregation:
        case Aggregation.SUM:
            return stored(sum(values, Decimal(0))), None, None, len(values)
        case Aggregation.AVERAGE:
            total = sum(values, Decimal(0))
            return stored(total / len(values)), stored(total), stored(Decimal(len(values))), len(values)
        case Aggregation.MEDIAN:
            return stored(percentile(values, Decimal("0.5"))), None, None, len(values)
    return stored(percentile(values, Decimal("0.9"))), None, None, len(values)


def stored(value: Decimal | float) -> Decimal:
    """A value as totals keep it."""
    return Decimal(str(value)).quantize(_STORED)


def exact(total: Total, measure: Measure) -> Decimal | None:
    """The figure before it is rounded for a reader: a ratio from its parts, not from the stored quotient."""
    if measure.aggregation in (Aggregation.RATIO, Aggregation.AVERAGE):
        if total.numerator is None or not total.denominator:
            return None
        return total.numerator / total.denominator
    return total.value


def classes(values: Iterable[Decimal], measure: Measure) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """The four limits between the five classes of a map, rising and round; a value on a limit belongs above it.

    Those the measure declares; else a share that is spread wide has the fixed classes of a fifth each; else about a fifth of the units is in each class.
    """
    if measure.limits:
        return measure.limits
    ordered = sorted(values)
    step = _smallest_step(measure)
    wide = measure.unit is Unit.SHARE and bool(ordered) and ordered[-1] - ordered[0] > Decimal("0.5")
    if wide or not ordered:
        return Decimal("0.2"), Decimal("0.4"), Decimal("0.6"), Decimal("0.8")
    bounds: list[Decimal] = []
    for fifth in (1, 2, 3, 4):
        bound = percentile(ordered, Decimal(fifth) / 5)
        steps = (bound / step).to_integral_value()
        digits = max(0, steps.adjusted() - 1)  # two significant digits are enough for a class
        round_bound = (steps.scaleb(-digits)).to_integral_value().scaleb(digits) * step
        bounds.append(max(round_bound, bounds[-1] + step if bounds else step))
    first, second, third, fourth = bounds
    return first, second, third, fourth


def _smallest_step(measure: Measure) -> Decimal:
    """The smallest difference that a map's class names."""
    return {Unit.SHARE: Decimal("0.01"), Unit.POINTS: Decimal("0.1"), Unit.MINUTES: Decimal(30)}.get(
        measure.unit, Decimal(1)
    )


def level_below(level: str) -> Level | None:
    """The next level down that figures have; None below the commune."""
    order = [Level.NATION, Level.PROVINCE, Level.DISTRICT, Level.COMMUNE]
    index = order.index(Level(level)) + 1
    return order[index] if index < len(order) else None
