"""What is this database: initialised, of which country, a demonstration?"""

from collections.abc import Iterator, Mapping
from functools import cache

from sala.installation.models import Installation, Restoration


def current() -> Installation | None:
    """The installation's row, or None before `init`."""
    return Installation.objects.filter(pk=1).first()


@cache
def _demonstration() -> bool:
    row = current()
    if row is None:
        raise LookupError("not initialised")  # not cached: `init` may come later in this process
    return row.demonstration


def is_demonstration() -> bool:
    """Whether everything in this database is fictional. The mark never changes, so it is read once a process."""
    try:
        return _demonstration()
    except LookupError:
        return False


def forget() -> None:
    """Read the mark anew (after `init`, and in tests)."""
    _demonstration.cache_clear()


def restorations() -> list[Restoration]:
    """The restorations that took over faults, the oldest first."""
    return list(Restoration.objects.order_by("at", "id"))


def restoration_content(row: Restoration) -> dict[str, object]:
    """What the ledger recomputes of one."""
    return {"at": row.at, "written": row.written, "count": row.count, "faults": row.faults}


def restoration_snapshots() -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every restoration's facts."""
    for row in restorations():
        yield str(row.id), restoration_content(row)
