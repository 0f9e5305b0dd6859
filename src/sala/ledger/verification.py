"""Is everything as the ledger says it was? Reads all of it in one snapshot of the database and names what is not."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection, transaction

from sala.kit import clock
from sala.kit.errors import NotFound
from sala.ledger import keyring, queries, row_check, tree_check
from sala.ledger.findings import Finding
from sala.ledger.models import Checkpoint, Entry
from sala.ledger.rules import notes
from sala.ledger.terms import Fault

BadKeyError = notes.BadNoteError
PATIENCE = timedelta(minutes=1)


class Verification:
    """One run. ``outside``: a checkpoint (signed note) kept elsewhere; ``key``: the verifier key it is trusted by,
    default this hall's own. After `findings` is exhausted, ``size``, ``root``, ``waiting``, ``checkpoints`` and
    ``records`` tell what was checked, and ``faults`` how many findings were no mere warnings."""

    def __init__(self, *, outside: str | None = None, key: str | None = None) -> None:
        self._outside, self._key = outside, key
        self._walk = tree_check.Walk()
        self._rows = row_check.Rows()
        self.waiting = self.checkpoints = self.faults = 0

    @property
    def size(self) -> int:
        """How many entries the tree has."""
        return self._walk.size

    @property
    def records(self) -> int:
        """How many records were compared with their latest entries."""
        return self._rows.count

    @property
    def root(self) -> str:
        """The tree's root, hex."""
        return self._walk.root.hex()

    def findings(self) -> Iterator[Finding]:
        """Every fault, as it is found. Raises `BadKeyError` when ``key`` can't be read."""
        trusted = notes.Verifier.parse(self._key) if self._key else None
        with snapshot():
            for finding in self._all(trusted):
                self.faults += not finding.warning
                yield finding

    def _all(self, trusted: notes.Verifier | None) -> Iterator[Finding]:
        self.checkpoints = Checkpoint.objects.count()
        self.waiting = queries.unsealed()
        ring = keyring.trusting(trusted) if trusted else None
        if ring is None and (self.checkpoints or self._outside):
            try:
                ring = keyring.current()
            except NotFound:
                text = "the hall's signing key is missing: signatures can't be checked; give the public key with --key"
                yield Finding(Fault.SIGNATURE, text)
        body = None
        if self._outside is not None:
            try:
                body = _outside(self._outside, ring)
            except notes.BadNoteError as fault:
                yield Finding(Fault.SIGNATURE, f"outside checkpoint: {fault}")
        yield from tree_check.check(ring, trusted, body, self._walk)
        yield from row_check.check_salts()
        yield from row_check.check_rows(self._rows)
        yield from row_check.check_rooms()
        yield from _backlog()


def _outside(note: str, ring: keyring.Keyring | None) -> notes.Checkpoint:
    text = notes.opened(note, ring.signer(note)) if ring else notes.split(note)[0]
    body = notes.Checkpoint.parse(text)
    if body.origin != queries.origin():
        raise notes.BadNoteError(f"it is of another ledger, {body.origin}; this one is {queries.origin()}")
    return body


def _backlog() -> Iterator[Finding]:
    oldest = Entry.objects.filter(leaf__isnull=True).order_by("at", "id").values_list("at", flat=True).first()
    if oldest is not None and clock.now() - oldest > PATIENCE:
        text = f"{queries.unsealed()} entries wait to be sealed, the oldest since {oldest.isoformat()}: is the worker running?"
        yield Finding(Fault.BACKLOG, text, warning=True)


@contextmanager
def snapshot() -> Iterator[None]:
    """Read everything as of one moment, without keeping writers waiting."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        # Django would open an immediate transaction, which locks writers out; a deferred one only reads.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("ROLLBACK")
