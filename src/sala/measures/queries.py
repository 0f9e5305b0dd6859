"""What are the figures, how have they moved, what lies below them, and what were they counted from?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet
from django.utils.functional import cached_property

from sala.kit import clock
from sala.kit.acting import Acting, Where
from sala.kit.errors import NotFound
from sala.kit.periods import Kind, Period
from sala.kit.terms import N_
from sala.measures import registry, rules
from sala.measures.models import Fact, Import, RollUp
from sala.measures.models import Total as StoredTotal
from sala.measures.registry import Column, Opened, Record
from sala.measures.rules import Measure, Text, Total
from sala.measures.terms import LEVELS, Aggregation, Level
from sala.places import queries as places

_FIELDS = ("measure", "place", "level", "period", "value", "numerator", "denominator", "count")


@dataclass(frozen=True)
class Figure:
    """One figure as a reader meets it: of ``measure`` at ``place`` in ``period``; ``total`` is None where there is no data."""

    measure: Measure
    place: str
    period: Period
    total: Total | None
    rolled_at: datetime | None = None

    @cached_property
    def value(self) -> Decimal | None:
        """The exact value, not yet rounded."""
        return rules.exact(self.total, self.measure) if self.total else None


@dataclass(frozen=True)
class Part:
    """A unit below with its figure. ``former`` marks one that exists no longer."""

    key: str
    code: str
    name: dict[str, str]
    title: dict[str, str]
    figure: Figure
    sort_key: str = ""
    former: bool = False

    @property
    def value(self) -> Decimal | None:
        """The exact value."""
        return self.figure.value


def measures() -> list[Measure]:
    """All measures, in groups as declared."""
    return registry.measures()


def measure(code: str) -> Measure:
    """One measure; raises `NotFound`."""
    return registry.get(code).measure


def groups() -> list[tuple[Text, list[Measure]]]:
    """Measures by group, groups in the order of their first measure."""
    found: dict[str, tuple[Text, list[Measure]]] = {}
    for one in registry.measures():
        found.setdefault(one.group.en, (one.group, []))[1].append(one)
    return list(found.values())


def place(key: str) -> str:
    """A place down to the commune that figures are kept for; raises `NotFound` for another."""
    if not key:
        return ""
    unit = places.unit(key) or places.by_code(key)
    if unit is None or unit.level not in LEVELS:
        raise NotFound(N_("There are no figures for this place."))
    return unit.key


def level_of(key: str) -> Level:
    """The level of a place by its key; the nation for the empty one."""
    unit = places.unit(key) if key else None
    return Level(unit.level) if unit else Level.NATION


def periods(one: Measure, key: str = "") -> list[Period]:
    """The periods for which there is a figure, latest first, years before quarters before months."""
    codes = StoredTotal.objects.filter(measure=one.code, place=key).values_list("period", flat=True)
    order = {Kind.YEAR: 0, Kind.QUARTER: 1, Kind.MONTH: 2}
    found = sorted((Period.parse(code) for code in codes), reverse=True)
    return sorted(found, key=lambda period: order[period.kind])


def default_period(one: Measure, key: str = "") -> Period:
    """The latest year with data at the place, else in the nation, else this year."""
    for where in dict.fromkeys((key, "")):
        found = [period for period in periods(one, where) if period.kind is Kind.YEAR]
        if found:
            return found[0]
    return Period.containing(clock.today(), Kind.YEAR)


def figure(one: Measure, key: str, period: Period) -> Figure:
    """One figure; without data its ``total`` is None."""
    row = StoredTotal.objects.filter(measure=one.code, place=key, period=period.code).first()
    return Figure(one, key, period, _total(row) if row else None, row.rolled_at if row else None)


def at_once(wanted: Iterable[Measure], key: str, period: Period) -> dict[str, Figure]:
    """The figures of many measures of one place and period in one query, by measure; those without data are left out."""
    known = {one.code: one for one in wanted}
    rows = StoredTotal.objects.filter(measure__in=list(known), place=key, period=period.code)
    return {row.measure: Figure(known[row.measure], key, period, _total(row), row.rolled_at) for row in rows}


def figures(one: Measure, keys: Iterable[str], wanted: Iterable[Period]) -> dict[tuple[str, str], Figure]:
    """Many figures of one measure at once, by (place, period code); those without data are left out."""
    by_code = {period.code: period for period in wanted}
    rows = StoredTotal.objects.filter(measure=one.code, period__in=list(by_code), place__in=list(keys))
    return {
        (row.place, row.period): Figure(one, row.place, by_code[row.period], _total(row), row.rolled_at)
        for row in rows
    }


def national(wanted: Iterable[Measure]) -> dict[str, list[Figure]]:
    """The nation's monthly and yearly figures of many measures, in one query, by measure, oldest first."""
    known = {one.code: one for one in wanted}
    rows = StoredTotal.objects.filter(measure__in=list(known), place="", kind__in=["month", "year"]).order_by(
        "period"
    )
    found: dict[str, list[Figure]] = {code: [] for code in known}
    for row in rows:
        found[row.measure].append(
            Figure(known[row.measure], "", Period.parse(row.period), _total(row), row.rolled_at)
        )
    return found


def months(one: Measure, key: str, period: Period) -> list[Figure]:
    """The monthly figures to draw: of the year, the quarter's year, or the twelve months up to a month; gaps have no data.

    Empty for a measure whose facts know no month. Months that have not begun yet are left out.
    """
    if Kind.MONTH not in one.periods:
        return []
    if period.kind is Kind.MONTH:
        wanted = [period]
        while len(wanted) < 12:
            wanted.insert(0, wanted[0].previous())
    else:
        wanted = list(Period.containing(period.first, Kind.YEAR).parts(Kind.MONTH))
    today = clock.today()
    wanted = [month for month in wanted if month.first <= today]
    found = figures(one, [key], wanted)
    return [found.get((key, month.code)) or Figure(one, key, month, None) for month in wanted]


def year_before(one: Measure, key: str, period: Period) -> Figure | None:
    """The figure to compare with: the same period a year before; for a year that still runs, its same months.

    None where it can't be told: a median of a running year, or no data a year before.
    """
    before = period.a_year_before()
    running = clock.today() in period and period.kind is not Kind.MONTH
    if not running:
        found = figure(one, key, before)
        return found if found.total else None
    if one.aggregation in (Aggregation.MEDIAN, Aggregation.P90) or Kind.MONTH not in one.periods:
        return None
    wanted = [
        month
        for month in before.parts(Kind.MONTH)
        if month.first <= Period.containing(clock.today(), Kind.MONTH).a_year_before().first
    ]
    parts = [part.total for part in figures(one, [key], wanted).values() if part.total]
    if len(parts) < len(wanted):
        return None  # a part of the months has no data: the two would not be alike
    return Figure(one, key, before, _added(one, key, before, parts))


def _added(one: Measure, key: str, period: Period, parts: list[Total]) -> Total:
    def plus(name: str) -> Decimal | None:
        values = [getattr(part, name) for part in parts]
        return None if None in values else sum(values, Decimal(0))

    top, bottom = plus("numerator"), plus("denominator")
    value = (
        plus("value")
        if one.aggregation is Aggregation.SUM
        else (top / bottom if top is not None and bottom else None)
    )
    count = sum(part.count for part in parts)
    return Total(one.code, key, str(level_of(key)), period.code, value, top, bottom, count)


def parts(one: Measure, key: str, period: Period) -> list[Part]:
    """The units directly below with their figures, by code; without data too. Units as they were in the period.

    Former units that have a figure are listed among them.
    """
    return _with_figures(one, key, period, level_of(key))


def provinces(one: Measure, period: Period) -> list[Part]:
    """The provinces with their figures, by code."""
    return _with_figures(one, "", period, Level.NATION)


def _with_figures(one: Measure, key: str, period: Period, level: Level) -> list[Part]:
    below = rules.level_below(level)
    if below is None:
        return []
    rows = StoredTotal.objects.filter(measure=one.code, period=period.code, level=below)
    if level is Level.PROVINCE:
        rows = rows.filter(province=key)
    elif level is Level.DISTRICT:
        rows = rows.filter(district=key)
    found = {row.place: Figure(one, row.place, period, _total(row), row.rolled_at) for row in rows}
    today = clock.today()
    # Of a past period the units that were then, and those of today: a boundary that moved shows on both sides.
    units = {unit.key: unit for unit in places.children(key, at=min(period.last, today))}
    units |= {
        other: unit for other in found if other not in units and (unit := places.unit(other)) is not None
    }
    titles = places.titles(units)
    return [
        Part(
            key=unit.key,
            code=unit.code,
            name=unit.names,
            title=titles[unit.key],
            figure=found.get(unit.key) or Figure(one, unit.key, period, None),
            sort_key=unit.sort_key,
            former=not unit.valid(today),
        )
        for unit in sorted(units.values(), key=lambda unit: (unit.code, unit.key))
    ]


def lines_of_parts(
    one: Measure, keys: Iterable[str], wanted: list[Period]
) -> dict[str, list[Decimal | None]]:
    """For small multiples: the values of each place in the wanted periods, None where there is no data."""
    keys = list(keys)
    found = figures(one, keys, wanted)
    return {
        key: [(got.value if (got := found.get((key, period.code))) else None) for period in wanted]
        for key in keys
    }


def values_at(one: Measure, period: Period, level: str, within: str = "") -> dict[str, Decimal]:
    """The exact values of every unit of a level that has data, for a map; ``within`` a province or district."""
    found = {total.place: rules.exact(total, one) for total in totals(one, period, within, level)}
    return {key: value for key, value in found.items() if value is not None}


def totals(one: Measure, period: Period, key: str = "", level: str | None = None) -> list[Total]:
    """The figure of a place, or of every unit of a ``level`` in it; what has no data is not there."""
    return [_total(row) for row in _of_level(one, period, key, level).order_by("place")]


def _of_level(one: Measure, period: Period, key: str, level: str | None) -> QuerySet[StoredTotal]:
    rows = StoredTotal.objects.filter(measure=one.code, period=period.code)
    own = level_of(key)
    if level is None or level == own:
        return rows.filter(place=key)
    if own in (Level.PROVINCE, Level.DISTRICT):
        rows = rows.filter(**{str(own): key})
    return rows.none() if own is Level.COMMUNE else rows.filter(level=level)


def without_data(one: Measure, key: str, period: Period) -> int:
    """How many communes there (that are in the gazetteer today) have no figure in the period."""
    return len(communes_without(one, key, period))


def communes_without(one: Measure, key: str, period: Period) -> list[str]:
    """The keys of those communes, in the order of their codes."""
    known = set(_of_level(one, period, key, Level.COMMUNE).values_list("place", flat=True))
    return sorted(set(places.keys(Level.COMMUNE, key)) - known)


def last_count() -> RollUp | None:
    """When everything was counted last; None before the first time."""
    return RollUp.objects.filter(pk=1).first()


def last_import(mapping_or_measure: str) -> Import | None:
    """The latest file behind an imported measure."""
    fact = (
        Fact.objects.filter(measure=mapping_or_measure, current=True)
        .select_related("imported")
        .order_by("-imported__created")
        .first()
    )
    return fact.imported if fact else None


def imports() -> list[Import]:
    """Every file taken in, latest first."""
    return list(Import.objects.order_by("-created"))


_FILE_COLUMNS = (
    Column(Text("តម្លៃ", "Value"), numeric=True),
    Column(Text("ភាគយក", "Numerator"), numeric=True),
    Column(Text("ភាគបែង", "Denominator"), numeric=True),
    Column(Text("ឯកសារ", "File")),
    Column(Text("ជួរ", "Row"), numeric=True),
)


def open_imported(
    *, measure: Measure, at: Where, period: Period, by: Acting, page: int, size: int, own: bool = False
) -> Opened:
    """The facts of a file behind a figure; public, since the file is."""
    facts = Fact.objects.filter(measure=measure.code, current=True).select_related("imported")
    if at.place:
        level = "commune" if at.commune else "district" if at.district else "province"
        facts = facts.filter(**{level: getattr(at, level)})
    if own:
        facts = facts.filter(place=at.place)
    within = {
        code
        for code in facts.order_by().values_list("period", flat=True).distinct()
        if Period.parse(code) in period
    }
    facts = facts.filter(period__in=within)
    rows = list(facts.order_by("place", "period")[(page - 1) * size : page * size + 1])
    records = tuple(
        Record(
            fact.place, "", (fact.value, fact.numerator, fact.denominator, fact.imported.file_name, fact.row)
        )
        for fact in rows[:size]
    )
    return Opened(facts.count(), _FILE_COLUMNS, records, more=len(rows) > size)


def opened(
    one: Measure, key: str, period: Period, by: Acting, page: int = 1, size: int = 50, own: bool = False
) -> Opened | None:
    """What a figure was counted from, as far as the asker may see it; None where nobody opens it."""
    opener = registry.get(one.code).opener
    if opener is None:
        return None
    return opener(measure=one, at=places.where(key), period=period, by=by, page=page, size=size, own=own)


def _total(row: StoredTotal) -> Total:
    return Total(*(getattr(row, name) for name in _FIELDS))
