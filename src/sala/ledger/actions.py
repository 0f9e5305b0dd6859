"""Write an act down so that nobody can change it unseen."""

import threading
from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from sala.kit import clock, ids
from sala.kit.acting import Acting, Where
from sala.ledger.models import Entry, Salt
from sala.ledger.rules import leaves

FORGET = "ledger.forget"  # the act that records an erasure


class NotInTransactionError(RuntimeError):
    """An entry outside the act's transaction would survive an act that failed: a fault of the caller."""


_order = threading.Lock()
_last: tuple[datetime, int] | None = None


def _entry_id(at: datetime) -> UUID:
    """A UUIDv7 that is greater than the one before of the same moment, so that (at, id) is the order of acts."""
    global _last
    value = ids.uuid7(at).int
    with _order:
        if _last is not None and _last[0] == at and value <= _last[1]:
            value = _last[1] + 1 + int.from_bytes(ids.token_bytes(5), "big")
        _last = (at, value)
    return UUID(int=value)


def build(
    *, by: Acting, act: str, kind: str, subject: str, at: Where, content: Mapping[str, object] | None
) -> tuple[Entry, Salt]:
    """An entry and its salt, not yet saved, for `save_many`. Arguments as in `record`."""
    moment = clock.now()
    salt = ids.token_bytes(leaves.SALT_BYTES)
    fields = {
        "post": by.post,
        "act": str(act),
        "kind": str(kind),
        "subject": str(subject),
        "place": at.place,
        "digest": leaves.content_digest(salt, content),
    }
    entry = Entry(id=_entry_id(moment), at=moment, **fields)
    entry.leaf_hash = leaves.leaf_hash(leaves.leaf_data(id=entry.id, at=moment, **fields)).hex()
    return entry, Salt(entry=entry, salt=salt)


def save_many(pairs: Iterable[tuple[Entry, Salt]]) -> None:
    """Save what `build` made, in the caller's transaction. Raises `NotInTransactionError` outside one."""
    if not transaction.get_connection().in_atomic_block:
        raise NotInTransactionError("ledger entries are written inside the act's transaction")
    pairs = list(pairs)
    Entry.objects.bulk_create([entry for entry, _ in pairs], batch_size=2000)
    Salt.objects.bulk_create([salt for _, salt in pairs], batch_size=2000)


def record(
    *, by: Acting, act: str, kind: str, subject: str, at: Where, content: Mapping[str, object] | None
) -> Entry:
    """Write one act into the ledger, inside the caller's transaction: if this fails, the act is undone with it.

    ``act`` is the verb (``window.take``), ``kind`` the kind of record (``window.request``), ``subject`` its id,
    ``at`` where it stands. ``content`` is what the record says after the act, exactly as the room's registered
    snapshots recompute it from the table (`registry.register`); only its salted digest is kept. ``None`` says that
    the record is gone. Raises `NotInTransactionError` outside a transaction. Side effect: two rows. Deliberately not
    done: no number in the tree, the sealer gives it within a second.
    """
    pair = build(by=by, act=act, kind=kind, subject=subject, at=at, content=content)
    save_many([pair])
    return pair[0]
