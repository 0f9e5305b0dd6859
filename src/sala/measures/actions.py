"""How do figures come about and change? Count everything anew; take in a file of figures."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from sala.kit import clock
from sala.kit.acting import Where
from sala.kit.periods import Kind, Period
from sala.measures import engine, registry
from sala.measures import rules as r
from sala.measures.engine import Placed, Row
from sala.measures.models import Fact as StoredFact
from sala.measures.models import RollUp, Total
from sala.places import queries as places

log = logging.getLogger("sala.measures")
_BATCH = 5000
_NAMED = 100  # refused facts that are named; all are counted


@dataclass
class Refused:
    """Facts a room yielded that can't be counted: how many, and the first of them with the reason."""

    count: int
    named: list[str]

    def add(self, fact: r.Fact, why: str) -> None:
        """Note one."""
        self.count += 1
        if len(self.named) < _NAMED:
            self.named.append(f"{fact.measure} {fact.place or '-'} {fact.period} {fact.source}: {why}")


def roll_up() -> RollUp:
    """Count every figure anew from the facts of all rooms and of imported files; write only what has changed.

    A job runs it every five minutes; `init` and imports call it too. Side effects: rows of totals, the one row that
    says when. Deliberately not done: no ledger entry, since totals say nothing that the facts don't say. Facts that can't be
    counted (no such measure, no such place) are left out, logged and kept in the row by name, never silently dropped.
    """
    began = time.perf_counter()
    refused = Refused(0, [])
    aggregations = {one.code: str(one.aggregation) for one in registry.measures()}
    count, rows = engine.roll(_facts(refused), aggregations, Path(settings.HOME) / "measures")
    if refused.count:
        log.warning("roll-up: %d facts left out, first: %s", refused.count, refused.named[0])
    with transaction.atomic():
        last, _created = RollUp.objects.select_for_update().get_or_create(
            pk=1,
            defaults={"at": clock.now(), "facts": 0, "totals": 0, "changed": 0, "milliseconds": 0},
        )
        last.changed = _replace(rows)
        last.at, last.facts, last.totals = clock.now(), count, len(rows)
        last.milliseconds = int((time.perf_counter() - began) * 1000)
        last.refused = refused.named
        last.save()
    return last


def _facts(refused: Refused) -> Iterator[Placed]:
    yield from _stored_facts()
    lines: dict[str, Where | None] = {}
    for source in registry.sources():
        for fact in source():
            placed = _placed(fact, refused, lines)
            if placed is not None:
                yield placed


def _stored_facts() -> Iterator[Placed]:
    columns = ("measure", "province", "district", "commune", "period", "value", "numerator", "denominator")
    current = StoredFact.objects.filter(current=True).values_list(*columns)
    known = {one.code for one in registry.measures()}
    for measure, province, district, commune, period, value, top, bottom in current.iterator(_BATCH):
        if measure in known:
            yield Placed(measure, province, district, commune, *_periods(period), value, top, bottom)


def _placed(fact: r.Fact, refused: Refused, lines: dict[str, Where | None]) -> Placed | None:
    try:
        measure = registry.get(fact.measure).measure
    except registry.NotFound:
        refused.add(fact, "no such measure")
        return None
    why = r.faults(fact, measure)
    if not why:
        where = _where(fact.place, lines)
        if where is not None:
            return Placed(
                fact.measure,
                where.province,
                where.district,
                where.commune,
                *_periods(fact.period.code),
                fact.value,
                fact.numerator,
                fact.denominator,
            )
        why = "no such place"
    refused.add(fact, why)
    return None


def _where(key: str, lines: dict[str, Where | None]) -> Where | None:
    """The line of a place; asked once a place and count."""
    if key not in lines:
        lines[key] = places.where(key) if not key or places.unit(key) is not None else None
    return lines[key]


@lru_cache(maxsize=8192)
def _periods(code: str) -> tuple[str | None, str | None, str | None]:
    period = Period.parse(code)
    longer = (period.whole(kind) for kind in (Kind.MONTH, Kind.QUARTER, Kind.YEAR))
    month, quarter, year = (one.code if one else None for one in longer)
    return month, quarter, year


_COLUMNS = (
    "measure",
    "place",
    "level",
    "province",
    "district",
    "kind",
    "period",
    "value",
    "numerator",
    "denominator",
    "count",
    "rule_version",
    "rolled_at",
)


def _replace(rows: list[Row]) -> int:
    """Make the table say what ``rows`` say; returns how many rows were written or removed.

    Plain SQL, since a first count writes a quarter of a million rows.
    """
    versions = {one.code: one.version for one in registry.measures()}
    table = connection.ops.quote_name(Total._meta.db_table)
    quoted = {name: connection.ops.quote_name(name) for name in _COLUMNS}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, measure, place, period, value, numerator, denominator, {quoted['count']}, rule_version FROM {table}"  # noqa: S608
        )
        present = {row[1:4]: (row[0], row[4:]) for row in cursor.fetchall()}
        outdated: list[int] = []
        fresh: list[tuple[Any, ...]] = []
        at = connection.ops.adapt_datetimefield_value(clock.now())
        for row in rows:
            version = versions[row.measure]
            before = present.pop((row.measure, row.place, row.period), None)
            now = (row.value, row.numerator, row.denominator, row.count, version)
            if before is not None:
                if _same(before[1], now):
                    continue
                outdated.append(before[0])
            place = (row.measure, row.place, row.level, row.province, row.district, row.kind, row.period)
            fresh.append((*place, *(_adapted(part) for part in now[:3]), row.count, version, at))
        outdated += [identity for identity, _values in present.values()]
        for start in range(0, len(outdated), _BATCH):
            Total.objects.filter(pk__in=outdated[start : start + _BATCH]).delete()
        names = ", ".join(quoted.values())
        marks = ", ".join(["%s"] * len(_COLUMNS))
        insert = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - our own names
        for start in range(0, len(fresh), _BATCH):
            cursor.executemany(insert, fresh[start : start + _BATCH])
    return len(fresh) + len(present)


def _adapted(value: Decimal | None) -> Any:
    return connection.ops.adapt_decimalfield_value(value, 30, 10)


def _same(before: tuple[Any, ...], now: tuple[Any, ...]) -> bool:
    """SQLite keeps decimals as floating numbers: equal to fifteen digits is equal."""
    for old, new in zip(before, now, strict=True):
        if (old is None) != (new is None):
            return False
        if old is not None and abs(float(old) - float(new)) > 1e-9 * max(1.0, abs(float(new))):
            return False
    return True
