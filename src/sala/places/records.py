"""What does the ledger keep of places? One digest a province, recomputed from the table, and one record a changed unit."""

import hashlib
import json
from collections.abc import Iterator, Mapping

from sala.places.models import Succession, Unit

PROVINCE = "places.province"  # the kind of record: a province with all that lies in it

_COLUMNS = (
    "key", "code", "level", "kind", "name_km", "name_en", "parent_id", "district", "commune", "valid_from", "valid_to",
    "ended", "status", "version",
)  # fmt: skip


def province_content(province: str = "") -> Iterator[tuple[str, Mapping[str, object]]]:
    """For each province (or the one named): its key, how many units it has and a digest of their rows and successions."""
    units = Unit.objects.order_by("province", "key")
    successions = Succession.objects.order_by("old__province", "old_id", "new_id", "kind", "id")
    if province:
        units, successions = units.filter(province=province), successions.filter(old__province=province)
    after: dict[str, list[list[str]]] = {}
    for row in successions.values_list(
        "old__province", "old_id", "new_id", "kind", "on", "instrument", "status"
    ):
        after.setdefault(row[0], []).append([str(value) for value in row[1:]])
    rows: dict[str, list[list[str]]] = {}
    for unit in units.values_list("province", *_COLUMNS).iterator(chunk_size=5000):
        rows.setdefault(unit[0], []).append(["" if value is None else str(value) for value in unit[1:]])
    for key, of_province in rows.items():
        text = json.dumps([of_province, after.get(key, [])], ensure_ascii=False, separators=(",", ":"))
        yield key, {"units": len(of_province), "digest": hashlib.sha256(text.encode()).hexdigest()}
