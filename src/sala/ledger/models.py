"""What the ledger keeps: entries, their salts, the tree's nodes, the signed checkpoints, keys, and who looked at whom."""

from django.db import models

from sala.kit import clock, ids


class Entry(models.Model):
    """One act. Written once, inside the act's own transaction; only ``leaf`` is set later, by the sealer."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    at = models.DateTimeField(default=clock.now)
    post = models.CharField(
        max_length=80
    )  # an appointment's id, `resident`, `key:<id>` or `system:<name>`; never a name
    act = models.CharField(max_length=64)
    kind = models.CharField(max_length=64)
    subject = models.CharField(max_length=64)
    place = models.CharField(max_length=16, blank=True)
    digest = models.CharField(max_length=64)  # hex SHA-256 of salt + canonical content
    leaf_hash = models.CharField(max_length=64)  # hex RFC 6962 hash of the fields above
    leaf = models.BigIntegerField(null=True, unique=True)  # place in the tree, from 0; null until sealed

    class Meta:
        db_table = "ledger_entry"
        indexes = [
            models.Index(fields=["kind", "subject", "at"], name="ledger_entry_subject"),
            models.Index(
                fields=["at", "id"], condition=models.Q(leaf__isnull=True), name="ledger_entry_unsealed"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(leaf__isnull=True) | models.Q(leaf__gte=0), name="ledger_entry_leaf_from_0"
            ),
        ]


class Salt(models.Model):
    """What must be known beside the content to recompute a digest; forgotten when the record is erased.

    It points to its entry without a database constraint: an entry taken away by SQL is something `verify` has to
    find and name, and the salts must be removable on their own.
    """

    entry = models.OneToOneField(
        Entry, primary_key=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="salt"
    )
    salt = models.BinaryField(max_length=32)

    class Meta:
        db_table = "ledger_salt"


class Node(models.Model):
    """The hash over a complete subtree of 2**level leaves; ``position`` = level * 2**40 + index (`rules.merkle`)."""

    position = models.BigIntegerField(primary_key=True)
    hash = models.BinaryField(max_length=32)

    class Meta:
        db_table = "ledger_node"


class Checkpoint(models.Model):
    """The signed statement that the first ``size`` entries have this root; one for each sealed batch."""

    number = models.BigIntegerField(primary_key=True)  # from 1, without gaps
    at = models.DateTimeField(default=clock.now)
    size = models.BigIntegerField(unique=True)
    previous = models.BigIntegerField()  # the size of the checkpoint before, 0 for the first
    root = models.CharField(max_length=64)
    note = models.TextField()

    class Meta:
        db_table = "ledger_checkpoint"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(size__gt=models.F("previous")), name="ledger_checkpoint_grows"
            ),
        ]


class Key(models.Model):
    """A public key of the sequence, from the second key on: it signs the checkpoints larger than ``after``.

    A hall that never changed its key has no row; the first change writes two, the old key with ``after`` 0.
    """

    number = models.PositiveIntegerField(primary_key=True)  # from 1, without gaps
    public = models.CharField(max_length=64, unique=True)  # hex
    after = models.BigIntegerField(unique=True)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "ledger_key"
        constraints = [models.CheckConstraint(condition=models.Q(after__gte=0), name="ledger_key_after")]


class Look(models.Model):
    """That somebody read personal data: which post, which record, through which door. Never what was read.

    Erased after its time; until then ``batch`` binds it to a ledger entry, so that none can be taken away unseen.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    at = models.DateTimeField(default=clock.now)
    post = models.CharField(max_length=80)  # as in `Entry`
    act = models.CharField(max_length=64)
    kind = models.CharField(max_length=64)
    subject = models.CharField(max_length=64)
    place = models.CharField(max_length=16, blank=True)
    batch = models.BigIntegerField(null=True)

    class Meta:
        db_table = "ledger_look"
        indexes = [
            models.Index(fields=["kind", "subject", "at"], name="ledger_look_subject"),
            models.Index(fields=["batch"], name="ledger_look_batch"),
        ]
