"""What does the ledger say: entries, checkpoints, proofs?"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db.models import F, Max, QuerySet

from sala.installation import queries as installation
from sala.kit.canonical import moment
from sala.kit.errors import Invalid, NotFound
from sala.kit.prepared import Bound, Prepared
from sala.kit.terms import N_
from sala.ledger import keys
from sala.ledger.models import Checkpoint, Entry, Node
from sala.ledger.rules import merkle, notes

NO_CHECKPOINT = N_("The ledger has no checkpoint yet. It is made within seconds of the first act.")
NO_ENTRY = N_("There is no such entry in the ledger.")
NOT_COVERED = N_(
    "The entry's number must be smaller than the size, and the size not above the latest checkpoint's."
)
NOT_OLDER = N_(
    "The older size must be at least 1, and neither size above the latest checkpoint's, nor the older above the newer."
)


@dataclass(frozen=True)
class Inclusion:
    """That leaf ``entry`` stands in the tree of ``size``; hashes are 32 bytes, the proof from the leaf up."""

    entry: int
    size: int
    leaf_hash: bytes
    root: bytes
    proof: Sequence[bytes]


@dataclass(frozen=True)
class Consistency:
    """That the tree of ``size`` continues the one of ``old``."""

    old: int
    size: int
    old_root: bytes
    root: bytes
    proof: Sequence[bytes]


def origin() -> str:
    """The log's name, as the first checkpoint fixed it; before that it follows from the public address.

    It ends in ``/demonstration`` in a demonstration database. It stays when the address changes: a checkpoint kept
    outside must still be comparable.
    """
    first = Checkpoint.objects.order_by("number").values_list("note", flat=True).first()
    if first:
        return str(first).split("\n", 1)[0]
    address = urlsplit(settings.PUBLIC_URL)
    host = (address.netloc + address.path).rstrip("/") or "sala.invalid"
    return f"{host}/ledger" + ("/demonstration" if installation.is_demonstration() else "")


def extensions() -> tuple[str, ...]:
    """The lines that follow the root in this database's checkpoints and end its receipts."""
    return (notes.DEMONSTRATION_LINE,) if installation.is_demonstration() else ()


def verifier() -> notes.Verifier:
    """The public key under the log's name. Raises `NotFound` before the first checkpoint."""
    public = keys.public()
    if public is None:
        raise NotFound(NO_CHECKPOINT)
    return notes.Verifier(origin(), public)


def latest() -> Checkpoint | None:
    """The newest checkpoint; None before the first."""
    return Checkpoint.objects.order_by("-number").first()


def checkpoint() -> Checkpoint:
    """The newest checkpoint. Raises `NotFound` before the first."""
    found = latest()
    if found is None:
        raise NotFound(NO_CHECKPOINT)
    return found


def nodes(coordinates: Iterable[merkle.Coordinate]) -> dict[merkle.Coordinate, bytes]:
    """The stored hashes at these places of the tree, in one look-up."""
    positions = [merkle.position(coordinate) for coordinate in coordinates]
    rows = Node.objects.filter(position__in=positions).values_list("position", "hash")
    return {merkle.coordinate(position): bytes(hash) for position, hash in rows}


def inclusion(entry: int, size: int | None = None) -> Inclusion:
    """The proof that ``entry`` (its number) is in the tree of ``size`` (default: the latest checkpoint's).

    Raises `NotFound` before the first checkpoint and `Invalid` for numbers out of range.
    """
    whole = checkpoint().size
    size = whole if size is None else size
    if not 0 <= entry < size <= whole:
        raise Invalid(NOT_COVERED)
    needs = merkle.inclusion_needs(entry, size)
    edge = merkle.edge(size)
    found = nodes({(0, entry), *edge, *(node for group in needs for node in group)})
    return Inclusion(entry, size, found[0, entry], merkle.root(size, found), merkle.assemble(needs, found))


def consistency(old: int, size: int | None = None) -> Consistency:
    """The proof that the tree of ``size`` (default: the latest checkpoint's) continues the one of ``old``.

    Raises `NotFound` before the first checkpoint and `Invalid` for numbers out of range.
    """
    whole = checkpoint().size
    size = whole if size is None else size
    if not 0 < old <= size <= whole:
        raise Invalid(NOT_OLDER)
    needs = merkle.consistency_needs(old, size)
    found = nodes({*merkle.edge(old), *merkle.edge(size), *(node for group in needs for node in group)})
    proof = merkle.assemble(needs, found)
    return Consistency(old, size, merkle.root(old, found), merkle.root(size, found), proof)


def entry(id: UUID) -> Entry:
    """One entry. Raises `NotFound`."""
    found = Entry.objects.filter(pk=id).first()
    if found is None:
        raise NotFound(NO_ENTRY)
    return found


def _acts_on() -> "QuerySet[Entry]":
    return Entry.objects.filter(kind=Bound("kind"), subject=Bound("subject")).order_by("at", "id")


_HISTORY = Prepared(_acts_on)
_FIRST = Prepared(lambda: _acts_on()[:1])
_TIMES = Prepared(lambda: _acts_on().filter(act=Bound("act")).values_list("at", flat=True))


def history(kind: str, subject: str) -> list[Entry]:
    """All acts on one record, the oldest first. Whoever asks must already have been allowed to see the record."""
    return _HISTORY(kind=str(kind), subject=str(subject))


def first(kind: str, subject: str) -> Entry | None:
    """The act by which a record came to be: what its owner gets a receipt of. None where there is none."""
    return _FIRST.one(kind=str(kind), subject=str(subject))


def times(kind: str, subject: str, act: str) -> list[datetime]:
    """When an act was done on a record, the first time first: how often somebody looked."""
    return _TIMES(kind=str(kind), subject=str(subject), act=str(act))


def last_acts(limit: int = 20) -> list[Entry]:
    """The newest sealed entries, the newest first; nothing in them is personal data."""
    return list(Entry.objects.filter(leaf__isnull=False).order_by("-leaf")[:limit])


def newest_time() -> datetime | None:
    """The latest time a checkpoint bears; later than now where the computer's clock once ran ahead."""
    newest: datetime | None = Checkpoint.objects.aggregate(Max("at"))["at__max"]
    return newest


def count(kind: str, act: str) -> int:
    """How often an act was done on a kind of record."""
    return Entry.objects.filter(kind=str(kind), act=str(act)).count()


def unsealed() -> int:
    """How many entries wait for their number."""
    return Entry.objects.filter(leaf__isnull=True).count()


def export() -> Iterator[dict[str, object]]:
    """Every entry as plain values, sealed ones in the order of their numbers, then the waiting ones. Streams."""
    rows = Entry.objects.order_by(F("leaf").asc(nulls_last=True), "at", "id")
    for each in rows.iterator(chunk_size=2000):
        yield {
            "number": each.leaf,
            "id": str(each.id),
            "at": moment(each.at),
            "post": each.post,
            "act": each.act,
            "kind": each.kind,
            "subject": each.subject,
            "place": each.place,
            "digest": each.digest,
            "leaf_hash": each.leaf_hash,
        }
