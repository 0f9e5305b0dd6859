"""How does a country pack's part about offices get in? Posts, offices for the whole gazetteer, holidays and hours at once.

Loading is idempotent: ids follow from codes, unchanged rows stay untouched, what an administrator added is kept.
"""

import csv
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, time
from pathlib import Path
from typing import Any

from django.db import transaction

from sala.kit import clock
from sala.kit.acting import Acting, Where
from sala.ledger import actions as ledger
from sala.offices import queries, records
from sala.offices.models import Holiday, Hours, Office, PostKind
from sala.offices.rules import office_id
from sala.offices.terms import Act, DayStatus
from sala.places.rules import joined

OFFICE_FACTS = ("kind", "form", "name_km", "name_en", "place", "province", "district", "commune", "parent_id")
POST_FACTS = ("order", "names", "office_kinds", "duties", "single", "second_factor", "source", "status")


def load(pack: Path, by: Acting) -> list[str]:
    """Load ``posts.toml``, ``offices.toml``, ``holidays.csv`` and ``hours.toml`` of a pack; returns lines for the report."""
    with transaction.atomic():
        lines = [load_posts(pack / "posts.toml", by), load_offices(pack / "offices.toml", by)]
        lines += load_days(pack / "holidays.csv", pack / "hours.toml", by)
    return lines


def load_posts(path: Path, by: Acting) -> str:
    """The kinds of posts; a post that left the pack stays, because appointments name it."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))["post"]
    known = PostKind.objects.in_bulk()
    made = changed = 0
    for order, entry in enumerate(data):
        facts: dict[str, Any] = {
            "order": order,
            "names": entry["names"],
            "office_kinds": entry["office_kinds"],
            "duties": entry.get("duties", []),
            "single": entry.get("single", False),
            "second_factor": entry.get("second_factor", False),
            "source": entry.get("source", ""),
            "status": entry.get("status", "U"),
        }
        row = known.get(entry["code"])
        if row is None:
            PostKind.objects.create(code=entry["code"], **facts)
            made += 1
        elif any(getattr(row, name) != facts[name] for name in POST_FACTS):
            PostKind.objects.filter(pk=row.pk).update(version=row.version + 1, **facts)
            changed += 1
    if made or changed:
        _record(by, "posts")
    return f"posts: {len(data)} ({made} new, {changed} changed)"


def load_offices(path: Path, by: Acting) -> str:
    """An office of each kind for each place of its level, and the single ones; parents are made before their children."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    at = clock.now()
    known = Office.objects.in_bulk(field_name="code")
    new: list[Office] = []
    changed: list[Office] = []
    for facts in _wanted(data):
        row = known.get(facts["code"])
        if row is None:
            new.append(Office(id=office_id(facts["code"]), created=at, changed=at, **facts))
        elif any(getattr(row, name) != facts[name] for name in OFFICE_FACTS):
            for name in OFFICE_FACTS:
                setattr(row, name, facts[name])
            row.version, row.changed = row.version + 1, at
            changed.append(row)
    Office.objects.bulk_create(new, batch_size=500)
    Office.objects.bulk_update(changed, [*OFFICE_FACTS, "version", "changed"], batch_size=200)
    queries.forget_offices()
    if new or changed:
        _record(by, "offices")
    return f"offices: {len(new)} new, {len(changed)} changed, {len(known) + len(new)} in all"


def _wanted(data: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    from sala.places import queries as places

    for entry in data.get("one", []):
        parent = entry.get("parent")
        yield {
            "code": entry["code"],
            "kind": entry["kind"],
            "form": "",
            "name_km": entry["km"],
            "name_en": entry["en"],
            "place": "",
            "province": "",
            "district": "",
            "commune": "",
            "parent_id": office_id(parent) if parent else None,
        }
    units: dict[str, list[Any]] = {}
    for entry in data.get("each", []):
        level = entry["level"]
        if level not in units:
            units[level] = list(places.units(level))
        for unit in units[level]:
            words = {"code": unit.key, "province": unit.province, "district": unit.district}
            name = entry["names"].get(unit.kind) or entry["names"][""]
            yield {
                "code": entry["code"].format(**words),
                "kind": entry["kind"],
                "form": unit.kind,
                "name_km": name["km"].format(km=joined(unit.name_km)),
                "name_en": name["en"].format(en=unit.name_en),
                "place": unit.key,
                "province": unit.province,
                "district": unit.district,
                "commune": unit.commune,
                "parent_id": office_id(entry["parent"].format(**words)),
            }


def load_days(holidays: Path, hours: Path, by: Acting) -> list[str]:
    """Holidays and opening hours; what an administrator entered stands before the pack's."""
    lines: list[str] = []
    touched = False
    if holidays.exists():
        with holidays.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        taken = set(
            Holiday.objects.filter(office__isnull=True, from_pack=False).values_list("date", flat=True)
        )
        before = {row.date: row for row in Holiday.objects.filter(office__isnull=True, from_pack=True)}
        wanted = {row.date: row for row in _holidays(rows) if row.date not in taken}
        if {day: _facts(row) for day, row in before.items()} != {
            day: _facts(row) for day, row in wanted.items()
        }:
            Holiday.objects.filter(office__isnull=True, from_pack=True).delete()
            Holiday.objects.bulk_create(wanted.values(), batch_size=500)
            touched = True
        lines.append(f"holidays: {len(wanted)} of the pack, {len(taken)} entered here")
    if hours.exists() and not Hours.objects.filter(office__isnull=True, from_pack=False).exists():
        spans = _hours(tomllib.loads(hours.read_text(encoding="utf-8")))
        stand = Hours.objects.filter(office__isnull=True, from_pack=True)
        if sorted(stand.values_list("weekday", "opens", "closes")) != sorted(spans):
            stand.delete()
            Hours.objects.bulk_create(
                Hours(weekday=weekday, opens=opens, closes=closes, from_pack=True)
                for weekday, opens, closes in spans
            )
            touched = True
        lines.append(f"hours: {len(spans)} stretches a week")
    if touched:
        _record(by, "days")
        queries.forget_calendars()
    return lines


def _holidays(rows: Iterable[Mapping[str, str]]) -> Iterator[Holiday]:
    for row in rows:
        yield Holiday(
            date=date.fromisoformat(row["date"]),
            name_km=row["name_km"],
            name_en=row["name_en"],
            status=DayStatus(row["status"]),
            source=(row.get("source") or "")[:300],
            from_pack=True,
        )


def _facts(row: Holiday) -> tuple[str, ...]:
    return row.name_km, row.name_en, row.status, row.source


def _hours(data: Mapping[str, Any]) -> list[tuple[int, time, time]]:
    """``[hours]`` maps weekday names to lists of ``"07:30-11:30"``."""
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    table = data["hours"]
    spans = []
    for weekday, name in enumerate(days):
        for text in table.get(name, []):
            opens, closes = text.split("-")
            spans.append((weekday, time.fromisoformat(opens), time.fromisoformat(closes)))
    return spans


def _record(by: Acting, subject: str) -> None:
    content = next(content for name, content in records.pack_snapshots() if name == subject)
    ledger.record(by=by, act=Act.LOAD, kind=records.PACK, subject=subject, at=Where(), content=content)
