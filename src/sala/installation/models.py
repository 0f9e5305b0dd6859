"""The one row that says what this database is."""

from django.db import models

from sala.kit import clock


class Installation(models.Model):
    """This hall's database: its country pack, and whether it is a demonstration. Written once, by `init`."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    country = models.CharField(max_length=8)
    demonstration = models.BooleanField(default=False)
    seed = models.BigIntegerField(null=True)
    created = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="installation_one_row")]
