"""Which key signed which checkpoint? The hall's keys in their sequence, each vouched for by the one before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sala.kit.errors import NotFound
from sala.ledger import keys, queries
from sala.ledger.models import Checkpoint, Key
from sala.ledger.rules import notes

KIND = "ledger.key"
NEXT = "next key: "  # the line of the last checkpoint of a key that names the key after it


@dataclass(frozen=True)
class Keyring:
    """Verifiers in their order, each with the size after which it signs; the last one signs now."""

    keys: tuple[tuple[int, notes.Verifier], ...]

    def at(self, size: int) -> notes.Verifier:
        """The key that signs the checkpoint of ``size``."""
        return next(verifier for after, verifier in reversed(self.keys) if after < size or after <= 0)

    def signer(self, note: str) -> notes.Verifier:
        """The key of the sequence that signed a note; raises `BadNoteError` where none did."""
        fault = None
        for _, verifier in reversed(self.keys):
            try:
                notes.opened(note, verifier)
            except notes.UnsignedError as other:
                fault = fault or other
            else:
                return verifier
        raise fault or notes.BadNoteError("there is no key")

    def holds(self, verifier: notes.Verifier) -> bool:
        """Whether the sequence has this key."""
        return any(verifier.public == each.public for _, each in self.keys)

    def last_of(self) -> dict[int, notes.Verifier]:
        """Size of the last checkpoint of a key -> the key that this checkpoint must name."""
        return dict(self.keys[1:])


def current() -> Keyring:
    """The hall's sequence. Raises `NotFound` before the first key."""
    name = queries.origin()
    rows = Key.objects.order_by("number").values_list("after", "public")
    ring = tuple((after, notes.Verifier(name, bytes.fromhex(public))) for after, public in rows)
    if ring:
        return Keyring(ring)
    public = keys.public()
    if public is None:
        raise NotFound(queries.NO_CHECKPOINT)
    return Keyring(((0, notes.Verifier(name, public)),))


def trusting(verifier: notes.Verifier) -> Keyring:
    """The hall's sequence where ``verifier`` (a key that somebody kept outside) is one of it; else that key alone."""
    try:
        ring = current()
    except NotFound:
        return Keyring(((0, verifier),))
    return ring if ring.holds(verifier) else Keyring(((0, verifier),))


def expected() -> bytes | None:
    """The public key that signs now, as the database says it; None for a hall that never changed its key."""
    found = Key.objects.order_by("-number").values_list("public", flat=True).first()
    return bytes.fromhex(found) if found else None


def snapshots() -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every key that an entry of the ledger named."""
    for public in Key.objects.filter(number__gt=1).order_by("number").values_list("public", flat=True):
        yield public, {"public": public}


def published() -> list[dict[str, object]]:
    """Every key with the sizes of checkpoints it signs, and the checkpoint by which the key before it vouches for it."""
    ring = current().keys
    ends = [*(after for after, _ in ring[1:]), None]
    rows = Checkpoint.objects.filter(size__in=[after for after, _ in ring[1:]])
    vouching = dict(rows.values_list("size", "note"))
    return [
        {"key": verifier.text(), "after": after, "up_to": end, "vouched_for_by": vouching.get(after)}
        for (after, verifier), end in zip(ring, ends, strict=True)
    ]
