"""What does a receipt of an act say, and is this receipt true? A C2SP signed note of eleven lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sala.kit.canonical import moment
from sala.kit.errors import NotFound
from sala.ledger import keyring, keys, queries
from sala.ledger.models import Entry
from sala.ledger.rules import leaves, merkle, notes

TITLE = "receipt"  # the second line; a checkpoint has its size there, so neither can pass for the other
FIELDS = ("entry", "time", "act", "kind", "subject", "post", "place", "digest", "leaf-hash")
GREATEST = 8000


@dataclass(frozen=True)
class Check:
    """What a check found. ``included`` is None while the entry waits for its number."""

    readable: bool
    signed: bool = False
    known: bool = False
    same: bool = False
    included: bool | None = None
    entry: Entry | None = None
    size: int = 0

    @property
    def good(self) -> bool:
        """Whether nothing speaks against the receipt."""
        return self.signed and self.same and self.included is not False


def text(entry: Entry) -> str:
    """The receipt's text, without signature: the log's origin, the word ``receipt`` and the entry, a field a line."""
    values = (
        str(entry.id),
        moment(entry.at),
        entry.act,
        entry.kind,
        entry.subject,
        entry.post,
        entry.place or "-",
        entry.digest,
        entry.leaf_hash,
    )
    lines = [f"{field}: {value}" for field, value in zip(FIELDS, values, strict=True)]
    return "".join(f"{line}\n" for line in [queries.origin(), TITLE, *lines, *queries.extensions()])


def signed(entry: Entry) -> str:
    """The signed receipt."""
    return notes.sign(text(entry), queries.origin(), keys.signing(keyring.expected()))


def check(note: str) -> Check:
    """Compare a receipt with the ledger: signature, the entry's fields and digest, its place in the tree."""
    note = note.replace("\r\n", "\n").strip("\n ") + "\n"
    try:
        body, _ = notes.split(note)
        fields = _fields(body)
        id = UUID(fields["entry"])
    except (notes.BadNoteError, ValueError, KeyError):
        return Check(readable=False)
    try:
        keyring.current().signer(note)
        signature = True
    except (notes.BadNoteError, NotFound):
        signature = False
    try:
        entry = queries.entry(id)
    except NotFound:
        return Check(readable=True, signed=signature)
    same = body == text(entry) and entry.leaf_hash == leaves.hash_of(entry).hex()
    size, included = _included(entry)
    return Check(True, signature, True, same, included, entry, size)


def _included(entry: Entry) -> tuple[int, bool | None]:
    last = queries.latest()
    if entry.leaf is None or last is None:
        return 0, None
    if entry.leaf >= last.size:
        return last.size, False
    proof = queries.inclusion(entry.leaf, last.size)
    own = leaves.hash_of(entry)
    return last.size, merkle.is_included(entry.leaf, last.size, own, proof.proof, bytes.fromhex(last.root))


def _fields(body: str) -> Mapping[str, str]:
    lines = body.split("\n")
    if len(lines) < 2 + len(FIELDS) or lines[1] != TITLE:
        raise ValueError("not a receipt")
    return dict(line.split(": ", 1) for line in lines[2 : 2 + len(FIELDS)])
