"""What does the ledger hold of offices, posts, persons and appointments, read anew from their tables?"""

import hashlib
import json
from collections.abc import Iterator, Mapping

from sala.offices.models import Appointment, Holiday, Hours, Office, Person, PostKind

PACK = "offices.pack"
APPOINTMENT = "offices.appointment"
PERSON = "offices.person"


def pack_snapshots() -> Iterator[tuple[str, Mapping[str, object]]]:
    """What the ledger verifies of the loaded tables: the number and the digest of the rows of each."""
    tables: dict[str, list[tuple[object, ...]]] = {
        "posts": list(
            PostKind.objects.order_by("code").values_list(
                "code",
                "order",
                "names",
                "office_kinds",
                "duties",
                "single",
                "second_factor",
                "source",
                "status",
            )
        ),
        "offices": list(
            Office.objects.order_by("code").values_list(
                "code",
                "kind",
                "form",
                "name_km",
                "name_en",
                "place",
                "province",
                "district",
                "commune",
                "parent__code",
                "valid_from",
                "valid_to",
            )
        ),
        "days": [
            *Holiday.objects.order_by("date", "office_id").values_list(
                "date", "office__code", "name_km", "name_en", "status", "source"
            ),
            *Hours.objects.order_by("weekday", "opens", "office_id").values_list(
                "weekday", "opens", "closes", "office__code"
            ),
        ],
    }
    for name, rows in tables.items():
        text = json.dumps(rows, ensure_ascii=False, sort_keys=True, default=str)
        yield name, {"rows": len(rows), "sha256": hashlib.sha256(text.encode()).hexdigest()}


def appointment_content(row: Appointment) -> dict[str, object]:
    """What the ledger holds of an appointment: no name, the person's id only."""
    return {
        "person": str(row.person_id),
        "post": row.post_id,
        "office": str(row.office_id),
        "start": row.start.isoformat(),
        "end": row.end.isoformat() if row.end else None,
        "instrument": str(row.instrument),
        "number": row.instrument_number,
        "date": row.instrument_date.isoformat() if row.instrument_date else None,
        "note": [row.instrument_note_km, row.instrument_note_en],
        "reason": row.end_reason,
    }


def appointment_snapshots() -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every appointment, as the ledger verifies it."""
    for row in Appointment.objects.iterator():
        yield str(row.pk), appointment_content(row)


def person_content(row: Person) -> dict[str, object]:
    """What the ledger holds of a person in office, salted and digested."""
    return {"km": [row.family_km, row.given_km], "en": [row.family_en, row.given_en]}


def person_snapshots() -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every person in office, as the ledger verifies it."""
    for row in Person.objects.iterator():
        yield str(row.pk), person_content(row)
