"""The count once more, in plain Python and as the documentation tells it: slow, exact, the yardstick of the engine."""

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

from sala.kit.periods import Kind, Period


@dataclass(frozen=True)
class Fact:
    measure: str
    place: str
    period: Period
    value: Fraction | None = None
    numerator: Fraction | None = None
    denominator: Fraction | None = None
    sex: str = ""


def percentile(values, share):
    ordered = sorted(values)
    position = Fraction(share * (len(ordered) - 1), 100)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def combine(name, dated):
    """One value of (date, value) pairs; a ratio's values are pairs."""
    if not dated:
        return None
    values = [value for _, value in dated]
    match name:
        case "sum":
            return sum(values)
        case "count":
            return Fraction(len(values))
        case "min":
            return min(values)
        case "max":
            return max(values)
        case "average":
            return sum(values) / len(values)
        case "last":
            return max(dated)[1]
        case "ratio":
            bottom = sum(bottom for _, bottom in values)
            return sum(top for top, _ in values) / bottom if bottom else None
    return percentile(values, int(name[1:]))


def latest(fact):
    return fact.period.last, -fact.period.days


def value(fact, name):
    return (fact.numerator, fact.denominator) if name == "ratio" else fact.value


def figure(facts, time, places):
    """The figure of facts that lie in one unit and one period: over time inside each place, then over places."""
    if time == places:
        return combine(time, [(latest(fact), value(fact, time)) for fact in facts])
    by_place = defaultdict(list)
    for fact in facts:
        by_place[fact.place].append(fact)
    dated = []
    for some in by_place.values():
        end = max(fact.period.last for fact in some)
        if places == "ratio":
            groups = series(some, time)
            parts = [combine(time, [(latest(fact), fact.numerator) for fact in group]) for group in groups]
            wholes = [combine(time, [(latest(fact), fact.denominator) for fact in group]) for group in groups]
            dated.append((end, (sum(parts), sum(wholes))))
            continue
        found = [combine(time, [(latest(f), value(f, time)) for f in group]) for group in series(some, time)]
        kept = [one for one in found if one is not None]
        if kept:
            dated.append((end, sum(kept)))
    return combine(places, dated)


def series(facts, time):
    """A place's facts, kept apart by dimensions where their values over time are added afterwards."""
    if time not in ("average", "last"):
        return [facts]
    by_sex = defaultdict(list)
    for fact in facts:
        by_sex[fact.sex].append(fact)
    return list(by_sex.values())


def everything(units, measures, facts, kinds=(Kind.MONTH, Kind.QUARTER, Kind.YEAR)):
    """``{(measure, unit, period, sex): figure}``. ``units(place, day)``: the chain; ``measures``: code -> (time, places)."""
    sorted_in = defaultdict(list)
    for fact in facts:
        for unit in units(fact.place, fact.period.last):
            for kind in kinds:
                whole = fact.period.whole(kind)
                if whole is not None:
                    sorted_in[fact.measure, unit, whole.code, fact.sex].append(fact)
    found = {key: figure(some, *measures[key[0]]) for key, some in sorted_in.items()}
    return {key: one for key, one in found.items() if one is not None}
