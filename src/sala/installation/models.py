"""What is this database, and from which backups was it restored with faults?"""

from django.db import models

from sala.kit import clock, ids


class Installation(models.Model):
    """This hall's database: its country pack, and whether it is a demonstration. Written once, by `init`."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    country = models.CharField(max_length=8)
    demonstration = models.BooleanField(default=False)
    seed = models.BigIntegerField(null=True)
    created = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="installation_one_row")]


class Restoration(models.Model):
    """A restoration that took over a ledger with faults: which backup, and what was wrong in it, a sentence each.

    A restoration without faults leaves no row: the hall is the same as before.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    at = models.DateTimeField(default=clock.now)
    written = models.CharField(max_length=40)  # when the backup was made, as its manifest says it
    count = models.PositiveIntegerField()
    faults = models.JSONField(default=list)  # the first of them, in the order they were found

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(count__gte=1), name="installation_restored_faults")
        ]
