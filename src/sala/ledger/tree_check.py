"""Do the entries, the tree's nodes and the signed checkpoints agree? Walks them once, in chunks of bounded memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from django.db.models import Max, Min, Q, QuerySet

from sala.ledger import keyring
from sala.ledger.findings import Finding
from sala.ledger.models import Checkpoint, Entry, Node
from sala.ledger.rules import damage, leaves, merkle, notes
from sala.ledger.terms import Fault

CHUNK_LEVEL = 12
CHUNK = 1 << CHUNK_LEVEL
UNREADABLE = (ValueError, TypeError, AttributeError)  # what Django raises for a time or an id that is none
_FIELDS = ("leaf", "id", "at", "post", "act", "kind", "subject", "place", "digest", "leaf_hash")


@dataclass
class Walk:
    """What the walk has seen; ``size`` and ``root`` are the tree's when it is over."""

    size: int = 0
    root: bytes = merkle.EMPTY_ROOT
    standing: dict[int, bytes] = field(default_factory=dict)
    sealed: dict[int, bytes] = field(default_factory=dict)
    stack: list[tuple[merkle.Coordinate, bytes]] = field(default_factory=list)


def check(
    ring: keyring.Keyring | None,
    trusted: notes.Verifier | None,
    outside: notes.Checkpoint | None,
    walk: Walk,
) -> Iterator[Finding]:
    """All faults of entries, nodes and checkpoints; ``outside`` is a checkpoint, ``trusted`` a key kept elsewhere."""
    nodes_end = _leaf_nodes_end()
    last = Entry.objects.aggregate(last=Max("leaf"))["last"]
    entries_end = 0 if last is None else last + 1
    checkpoints = Checkpoints(ring, trusted)
    for start in range(0, max(nodes_end, entries_end), CHUNK):
        yield from _chunk(start, nodes_end, walk, checkpoints, outside)
    yield from _damage(walk)
    yield from _waiting(walk)
    yield from checkpoints.finish(walk.size)
    yield from _surplus_nodes(walk.size)
    walk.root = _root(walk)
    if outside is not None and outside.size > walk.size:
        yield Finding(
            Fault.REWRITTEN,
            f"tree rewritten: the outside checkpoint covers {outside.size} entries, the tree has only {walk.size}; "
            f"entries {walk.size} to {outside.size - 1} were removed",
            entry=walk.size,
        )


def _chunk(
    start: int, nodes_end: int, walk: Walk, checkpoints: "Checkpoints", outside: notes.Checkpoint | None
) -> Iterator[Finding]:
    stored = _stored(start)
    entries = {
        row[0]: row
        for row in _rows(Entry.objects.filter(leaf__gte=start, leaf__lt=start + CHUNK).order_by("leaf"))
    }
    for number in range(start, start + CHUNK):
        row, node = entries.get(number), stored.get((0, number))
        own = _own(row) if row else None
        if row and own is not None and own.hex() != row[9] and own == node:
            yield Finding(
                Fault.CHANGED,
                f"entry {number}: changed (its own hash no longer fits)",
                number,
                row[5],
                row[6],
            )
        if number >= nodes_end:
            if own is not None:
                walk.standing[number] = own
            continue
        if node is None:
            yield Finding(Fault.NODE, f"entry {number}: its node of the tree is missing", number)
            node = own or bytes(32)
        elif own != node:
            walk.sealed[number] = node
            if own is not None:
                walk.standing[number] = own
        yield from _grow(walk, number, node, stored)
        size = number + 1
        if checkpoints.wants(size):
            yield from checkpoints.compare(size, _root(walk))
        if outside is not None and outside.size == size and outside.root != _root(walk):
            yield Finding(
                Fault.REWRITTEN,
                f"tree rewritten: its first {size} entries (0 to {number}) are not those of the outside checkpoint",
                number,
            )


def _grow(walk: Walk, number: int, hash: bytes, stored: dict[merkle.Coordinate, bytes]) -> Iterator[Finding]:
    """Add a leaf; a stored node that differs from its children is named once and then taken as it stands."""
    here = (0, number)
    stack = walk.stack
    while stack and stack[-1][0][0] == here[0]:
        hash = merkle.node_hash(stack.pop()[1], hash)
        here = (here[0] + 1, here[1] >> 1)
        kept = stored.get(here) if here[0] <= CHUNK_LEVEL else _high(here)
        if kept != hash:
            first, last = here[1] << here[0], ((here[1] + 1) << here[0]) - 1
            what = "is missing" if kept is None else "does not fit what is below it"
            yield Finding(Fault.NODE, f"entries {first} to {last}: the tree's node over them {what}", first)
            hash = kept or hash
    stack.append((here, hash))
    walk.size = number + 1


def _root(walk: Walk) -> bytes:
    if not walk.stack:
        return merkle.EMPTY_ROOT
    result = walk.stack[-1][1]
    for _, hash in reversed(walk.stack[:-1]):
        result = merkle.node_hash(hash, result)
    return result


def _stored(start: int) -> dict[merkle.Coordinate, bytes]:
    """All nodes over the leaves of one chunk, up to the chunk's own."""
    ranges = Q()
    for level in range(CHUNK_LEVEL + 1):
        first, last = start >> level, (start + CHUNK - 1) >> level
        ranges |= Q(position__range=(merkle.position((level, first)), merkle.position((level, last))))
    rows = Node.objects.filter(ranges).values_list("position", "hash")
    return {merkle.coordinate(position): bytes(hash) for position, hash in rows}


def _high(place: merkle.Coordinate) -> bytes | None:
    hash = Node.objects.filter(position=merkle.position(place)).values_list("hash", flat=True).first()
    return None if hash is None else bytes(hash)


def _leaf_nodes_end() -> int:
    last = Node.objects.filter(position__lt=merkle.position((1, 0))).aggregate(last=Max("position"))["last"]
    return 0 if last is None else int(last) + 1


def _rows(entries: QuerySet[Entry]) -> Iterator[Sequence[Any]]:
    """The fields of ordered entries. A row that can't be read (SQLite takes any text for a time) lacks id and time."""
    for start in count(0, CHUNK):
        part = entries[start : start + CHUNK]
        try:
            rows: list[Sequence[Any]] = list(part.values_list(*_FIELDS))
        except UNREADABLE:
            rows = [
                _single(entries, *row) for row in part.values_list("leaf", "kind", "subject", "leaf_hash")
            ]
        yield from rows
        if len(rows) < CHUNK:
            return


def _single(entries: QuerySet[Entry], leaf: int | None, kind: str, subject: str, hash: str) -> Sequence[Any]:
    same = entries.filter(leaf=leaf, kind=kind, subject=subject, leaf_hash=hash)
    try:
        row: Sequence[Any] = same.values_list(*_FIELDS)[0]
    except UNREADABLE:
        row = leaf, None, None, "", "", kind, subject, "", "", hash
    return row


def _own(row: Sequence[Any]) -> bytes:
    """The leaf hash of a row, computed anew; one that fits nothing when the row could not be read."""
    _, id, at, post, act, kind, subject, place, digest, _ = row
    if at is None:
        return bytes(32)
    data = leaves.leaf_data(
        id=id, at=at, post=post, act=act, kind=kind, subject=subject, place=place, digest=digest
    )
    return leaves.leaf_hash(data)


def _damage(walk: Walk) -> Iterator[Finding]:
    if not walk.standing and not walk.sealed:
        return
    wanted = set(walk.standing.values())
    places: dict[bytes, int] = {}
    if wanted:
        leaf_nodes = Node.objects.filter(position__lt=merkle.position((1, 0))).values_list("position", "hash")
        places = {bytes(hash): position for position, hash in leaf_nodes.iterator() if bytes(hash) in wanted}
    for found in damage.classify(walk.standing, walk.sealed, places):
        if found.fault is Fault.CHANGED and _node_is_wrong(found.first, walk.standing[found.first]):
            yield Finding(Fault.NODE, f"entry {found.first}: its node of the tree is damaged", found.first)
        else:
            yield _named(found)


def _node_is_wrong(number: int, own: bytes) -> bool:
    """Whether the entry fits the node above it, so that its own node was changed and not the entry."""
    parent, sibling = _high((1, number >> 1)), _high((0, number ^ 1))
    if parent is None or sibling is None:
        return False
    pair = (sibling, own) if number & 1 else (own, sibling)
    return merkle.node_hash(*pair) == parent


def _named(found: damage.Damage) -> Finding:
    row = Entry.objects.filter(leaf=found.first).values_list("kind", "subject").first() or ("", "")
    about = f" ({row[0]} {row[1]})" if row[0] and found.fault is not Fault.REMOVED else ""
    match found.fault:
        case Fault.REORDERED if found.first == found.last:
            text = f"entry {found.first}: moved, it was sealed as entry {found.first - found.shift}{about}"
        case Fault.REORDERED:
            way = "behind" if found.shift > 0 else "before"
            text = f"entries {found.first} to {found.last}: moved, {abs(found.shift)} place(s) {way} where they were sealed"
        case Fault.REMOVED:
            text = f"entry {found.first}: removed"
        case Fault.INSERTED:
            text = f"entry {found.first}: inserted, it was never sealed{about}"
        case _:
            text = f"entry {found.first}: changed after it was sealed{about}"
    kind, subject = ("", "") if found.fault is Fault.REMOVED else row
    return Finding(found.fault, text, found.first, kind, subject)


def _waiting(walk: Walk) -> Iterator[Finding]:
    """Entries without a number: each must fit its own hash, and none may be one that was sealed already."""
    lost = {hash: number for number, hash in walk.sealed.items()}
    for row in _rows(Entry.objects.filter(leaf__isnull=True).order_by("at", "id")):
        own = _own(row)
        if own.hex() != row[9]:
            yield Finding(
                Fault.CHANGED,
                f"waiting entry {row[1]}: changed or inserted ({row[5]} {row[6]})",
                None,
                row[5],
                row[6],
            )
        elif own in lost:
            number = lost[own]
            yield Finding(
                Fault.REORDERED,
                f"entry {number}: lost its number ({row[5]} {row[6]})",
                number,
                row[5],
                row[6],
            )


def _surplus_nodes(size: int) -> Iterator[Finding]:
    """Nodes over leaves that are not there."""
    for level in range(1, 40):
        first, end = merkle.position((level, size >> level)), merkle.position((level + 1, 0))
        found = Node.objects.filter(position__gte=first, position__lt=end).aggregate(first=Min("position"))[
            "first"
        ]
        if found is not None:
            entry = merkle.coordinate(found)[1] << level
            yield Finding(
                Fault.NODE,
                f"entries from {entry} on: the tree has a node over entries that are not there",
                entry,
            )


class Checkpoints:
    """The stored checkpoints, met in order while the tree is walked."""

    def __init__(self, ring: keyring.Keyring | None, trusted: notes.Verifier | None = None) -> None:
        self._ring = ring
        self._trusted = trusted
        self._follow = ring.last_of() if ring else {}
        rows = Checkpoint.objects.order_by("size").values_list("number", "size", "previous", "root", "note")
        self._rows = rows.iterator(chunk_size=500)
        self._next = next(self._rows, None)
        self._before = (0, 0)  # number and size
        self._body: notes.Checkpoint | None = None
        self._wrong: tuple[int, int, int] | None = None
        self._wrong_count = 0

    def wants(self, size: int) -> bool:
        """Whether a checkpoint of this size (or a smaller one not met yet) stands next."""
        return self._next is not None and self._next[1] <= size

    def compare(self, size: int, root: bytes) -> Iterator[Finding]:
        """Check the next checkpoint against the tree's root at this size."""
        while self._next is not None and self._next[1] <= size:
            row = self._next
            yield from self._single(row)
            if row[1] == size and self._body is not None and self._body.root != root:
                self._wrong = self._wrong or (row[0], self._before[1], size)
                self._wrong_count += 1
            self._before = (row[0], row[1])
            self._next = next(self._rows, None)

    def finish(self, size: int) -> Iterator[Finding]:
        """What is left: checkpoints beyond the tree, entries beyond the last checkpoint, the first wrong root."""
        if self._wrong:
            number, first, end = self._wrong
            more = f" and {self._wrong_count - 1} later ones" if self._wrong_count > 1 else ""
            yield Finding(
                Fault.REWRITTEN,
                f"tree rewritten: entries {first} to {end - 1} are not those that checkpoint {number}{more} signed",
                first,
            )
        while self._next is not None:
            row = self._next
            yield from self._single(row)
            yield Finding(
                Fault.REMOVED,
                f"entries {size} to {row[1] - 1}: removed, checkpoint {row[0]} covers {row[1]} entries and the tree has {size}",
                size,
            )
            self._before = (row[0], row[1])
            self._next = next(self._rows, None)
        if self._before[1] < size:
            yield Finding(
                Fault.CHECKPOINT,
                f"checkpoint {self._before[0] + 1} is missing: no checkpoint covers the sealed entries "
                f"{self._before[1]} to {size - 1}",
                self._before[1],
            )

    def _single(self, row: tuple[int, int, int, str, str]) -> Iterator[Finding]:
        """Check one checkpoint by itself and against the one before; what it signed is then in ``_body``."""
        number, size, previous, root, note = row
        self._body = None
        for missing in range(self._before[0] + 1, min(number, self._before[0] + 100)):
            yield Finding(
                Fault.CHECKPOINT, f"checkpoint {missing} is missing (after {self._before[1]} entries)"
            )
        if number == self._before[0] + 1 and previous != self._before[1]:
            yield Finding(
                Fault.CHECKPOINT,
                f"checkpoint {number} follows one of {previous} entries, which is missing",
                previous,
            )
        try:
            if self._ring is None:
                text = notes.split(note)[0]
            else:
                # By the name it states itself: one damaged origin must not make all others look unsigned.
                named = notes.Verifier(note.split("\n", 1)[0], self._ring.at(size).public)
                text = notes.opened(note, named)
            self._body = notes.Checkpoint.parse(text)
        except notes.BadNoteError as fault:
            yield Finding(Fault.SIGNATURE, f"checkpoint {number} (size {size}): {fault}")
            return
        follows = self._follow.get(size)
        if follows and f"{keyring.NEXT}{follows.text()}" not in self._body.extensions:
            text = f"checkpoint {number} (size {size}): the key that signs after it is not vouched for by the key before"
            yield Finding(Fault.SIGNATURE, text, warning=self._trusted is None)
        if (self._body.size, self._body.root.hex()) != (size, root):
            yield Finding(Fault.CHECKPOINT, f"checkpoint {number}: its row does not say what was signed")
