"""Write an act down so that nobody can change it unseen; seal, erase, and hand out receipts."""

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from sala.kit import clock, ids
from sala.kit.acting import Acting, Where
from sala.kit.rows import insert, insert_values
from sala.ledger import keyring, keys, queries, receipts
from sala.ledger.models import Checkpoint, Entry, Node, Salt
from sala.ledger.rules import leaves, merkle, notes
from sala.ledger.terms import FORGET

BATCH = 2000  # entries sealed in one transaction: about a tenth of a second during which others wait to write
_LOCK = 0x53414C41  # the sealer's advisory lock on PostgreSQL


class DamagedError(RuntimeError):
    """The tree's nodes are not what they must be; `sala ledger verify` says where."""


class NotInTransactionError(RuntimeError):
    """An entry outside the act's transaction would survive an act that failed: a fault of the caller."""


_order = threading.Lock()
_last: tuple[datetime, int] | None = None


def _entry_id(at: datetime) -> UUID:
    """A UUIDv7 that is greater than the one before of the same moment, so that (at, id) is the order of acts."""
    return _entry_ids(at, 1)[0]


def _entry_ids(at: datetime, count: int) -> list[UUID]:
    """So many of them, one after the other."""
    global _last
    made = []
    with _order:
        value = ids.uuid7(at).int
        if _last is not None and _last[0] == at and value <= _last[1]:
            value = _last[1] + _gap()
        for _ in range(count):
            made.append(UUID(int=value))
            last, value = value, value + _gap()
        if made:
            _last = (at, last)
    return made


def _gap() -> int:
    return 1 + int.from_bytes(ids.token_bytes(5), "big")


def build(
    *, by: Acting, act: str, kind: str, subject: str, at: Where, content: Mapping[str, object] | None
) -> tuple[Entry, Salt]:
    """An entry and its salt, not yet saved, for `save_many`. Arguments as in `record`."""
    moment = clock.now()
    salt = ids.token_bytes(leaves.SALT_BYTES)
    entry = Entry(
        id=_entry_id(moment),
        at=moment,
        post=by.post,
        act=str(act),
        kind=str(kind),
        subject=str(subject),
        place=at.place,
        digest=leaves.content_digest(salt, content),
    )
    entry.leaf_hash = leaves.hash_of(entry).hex()
    return entry, Salt(entry_id=entry.id, salt=salt)


def save_many(pairs: Iterable[tuple[Entry, Salt]]) -> None:
    """Save what `build` made, in the caller's transaction. Raises `NotInTransactionError` outside one."""
    if not transaction.get_connection().in_atomic_block:
        raise NotInTransactionError("ledger entries are written inside the act's transaction")
    pairs = list(pairs)
    insert([*(entry for entry, _ in pairs), *(salt for _, salt in pairs)])


def record_many(
    *, by: Acting, act: str, kind: str, said: Iterable[tuple[str, str, Mapping[str, object] | None]]
) -> None:
    """`record` for the same act on many records of a kind: subject, key of the place and content of each, in their order."""
    if not transaction.get_connection().in_atomic_block:
        raise NotInTransactionError("ledger entries are written inside the act's transaction")
    moment, post, what, whose = clock.now(), by.post, str(act), str(kind)
    records = list(said)
    entries, salts = [], []
    for key, (subject, place, content) in zip(_entry_ids(moment, len(records)), records, strict=True):
        salt = ids.token_bytes(leaves.SALT_BYTES)
        digest = leaves.content_digest(salt, content)
        data = leaves.leaf_data(
            id=key, at=moment, post=post, act=what, kind=whose, subject=subject, place=place, digest=digest
        )
        hashed = leaves.leaf_hash(data).hex()
        entries.append((key, moment, post, what, whose, subject, place, digest, hashed, None))
        salts.append((key, salt))
    insert_values(Entry, entries)
    insert_values(Salt, salts)


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


def forget(*, by: Acting, kind: str, subject: str, at: Where) -> Entry:
    """Make the past content of a record unrecognisable: its salts go, and an entry says so. The tree stays valid.

    Belongs into the transaction that erases or empties the record itself. Side effects: salts deleted, one entry.
    Until the record's next act `verify` does not compare its row. Raises `NotInTransactionError` outside a transaction.
    """
    if not transaction.get_connection().in_atomic_block:
        raise NotInTransactionError("salts are forgotten inside the transaction that erases the record")
    Salt.objects.filter(entry__kind=str(kind), entry__subject=str(subject)).delete()
    return record(by=by, act=FORGET, kind=kind, subject=subject, at=at, content=None)


def receipt(entry: Entry) -> str:
    """A signed note that this hall holds the entry; the same text whenever it is asked for (`receipts`)."""
    return receipts.signed(entry)


def seal(batch: int = BATCH) -> int:
    """Give every waiting entry its number in the tree and sign a checkpoint a batch; returns how many were sealed.

    Order: (at, id). Who comes second while another seals does nothing. Raises `DamagedError` when the tree's edge is
    gone or an entry vanished under the seal; nothing is changed then.
    """
    total = 0
    while True:
        count = seal_batch(batch)
        total += count
        if count < batch:
            return total


def seal_batch(batch: int, also: tuple[str, ...] = (), then: Callable[[int], None] | None = None) -> int:
    """One batch of `seal`. ``also`` are more lines of its checkpoint; ``then`` is called with its size in the transaction."""
    # All reading, hashing and signing comes before the transaction, so that others wait for the writing alone.
    last = queries.latest()
    size, number = (last.size, last.number) if last else (0, 0)
    rows = list(
        Entry.objects.filter(leaf__isnull=True).order_by("at", "id").values_list("id", "leaf_hash")[:batch]
    )
    if not rows:
        return 0
    edge = queries.nodes(merkle.edge(size))
    if len(edge) != len(merkle.edge(size)):
        raise DamagedError(f"the ledger's tree of {size} entries has lost nodes: run `sala ledger verify`")
    new = merkle.grow(size, edge, [leaves.stored_hash(leaf_hash) for _, leaf_hash in rows])
    root = merkle.root(size + len(rows), {**edge, **new})
    checkpoint = _checkpoint(number + 1, size, size + len(rows), root, also)
    with transaction.atomic():
        if not locked(_LOCK):
            return 0
        now = queries.latest()
        if (now.number if now else 0) != number:
            return 0
        _number(rows, size)
        Node.objects.bulk_create(
            [Node(position=merkle.position(place), hash=hash) for place, hash in new.items()], batch_size=2000
        )
        checkpoint.save(force_insert=True)
        if then is not None:
            then(checkpoint.size)
    return len(rows)


def _checkpoint(number: int, previous: int, size: int, root: bytes, also: tuple[str, ...]) -> Checkpoint:
    origin = queries.origin()
    body = notes.Checkpoint(origin, size, root, (*queries.extensions(), *also))
    return Checkpoint(
        number=number,
        size=size,
        previous=previous,
        root=root.hex(),
        note=notes.sign(body.text(), origin, keys.signing(keyring.expected())),
        at=clock.now(),
    )


def locked(lock: int) -> bool:
    """Whether this transaction is the only one that holds ``lock``. SQLite's exclude each other by themselves."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock])
        return bool(cursor.fetchone()[0])


def _number(rows: list[tuple[UUID, str]], size: int) -> None:
    pk = Entry._meta.pk
    values = [(size + offset, pk.get_db_prep_value(id, connection)) for offset, (id, _) in enumerate(rows)]
    with connection.cursor() as cursor:
        cursor.executemany("UPDATE ledger_entry SET leaf = %s WHERE id = %s", values)
        if cursor.rowcount != len(rows):
            raise DamagedError("entries vanished while they were being sealed: run `sala ledger verify`")
