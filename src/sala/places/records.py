"""What does the ledger keep of places? One digest a province, recomputed from the table, and one record a changed unit."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import QuerySet

from sala.places.models import Boundary, Name, Succession, Unit

PROVINCE = "places.province"  # the kind of record: a province with all that lies in it

_COLUMNS = (
    "key", "code", "level", "kind", "name_km", "name_en", "parent_id", "district", "commune", "valid_from", "valid_to",
    "ended", "status", "version",
)  # fmt: skip
_NAME = ("unit_id", "name_km", "name_en", "valid_from", "valid_to")
_SUCCESSION = ("old_id", "new_id", "kind", "on", "instrument", "status")


def province_content(province: str = "") -> Iterator[tuple[str, Mapping[str, object]]]:
    """For each province (or the one named): its key, how many units it has, and a digest of all that is said of them:
    the units, their old names, what became of them, and their borders."""
    kept: dict[str, list[list[list[str]]]] = {}

    def add(part: int, query: QuerySet[Any], column: str, *columns: str) -> None:
        if province:
            query = query.filter(**{column: province})
        for row in query.values_list(column, *columns).iterator(chunk_size=2000):
            parts = kept.setdefault(row[0], [[], [], [], []])
            parts[part].append(["" if value is None else str(value) for value in row[1:]])

    add(0, Unit.objects.order_by("province", "key"), "province", *_COLUMNS)
    add(1, Name.objects.order_by("unit_id", "valid_to", "id"), "unit__province", *_NAME)
    add(2, Succession.objects.order_by("old_id", "new_id", "kind", "id"), "old__province", *_SUCCESSION)
    add(
        3,
        Boundary.objects.order_by("unit_id", "year"),
        "unit__province",
        "unit_id",
        "year",
        "geometry",
        "basis",
    )
    for key, parts in sorted(kept.items()):
        text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
        yield key, {"units": len(parts[0]), "digest": hashlib.sha256(text.encode()).hexdigest()}
