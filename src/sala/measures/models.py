"""What do we keep of figures? Files imported, facts that no other room keeps, totals, and when they were counted."""

from django.db import models
from django.db.models import Q

from sala.kit import clock, ids
from sala.kit.checks import one_of
from sala.measures import rules
from sala.measures.terms import Level


class Import(models.Model):
    """One file taken in: where it is from, its digest, what was repaired and what could not be matched."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    mapping = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    file_name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    source = models.CharField(max_length=300)
    licence = models.CharField(max_length=200, blank=True)
    year = models.PositiveSmallIntegerField(null=True)
    rows = models.PositiveIntegerField()
    facts = models.PositiveIntegerField()
    report = models.JSONField(default=list)
    post = models.CharField(max_length=64)
    created = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mapping", "version"], name="measures_import_version")]


class Fact(models.Model):
    """A fact from a file or a person. A correction is a new version; only the current one counts."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    measure = models.CharField(max_length=64)
    place = models.CharField(max_length=16, blank=True)
    province = models.CharField(max_length=16, blank=True)
    district = models.CharField(max_length=16, blank=True)
    commune = models.CharField(max_length=16, blank=True)
    village = models.CharField(max_length=16, blank=True)
    period = models.CharField(max_length=10)
    value = models.DecimalField(max_digits=26, decimal_places=10, null=True)
    numerator = models.DecimalField(max_digits=26, decimal_places=10, null=True)
    denominator = models.DecimalField(max_digits=26, decimal_places=10, null=True)
    dimensions = models.JSONField(default=dict)
    dimension_key = models.CharField(max_length=200, blank=True)
    version = models.PositiveIntegerField(default=1)
    current = models.BooleanField(default=True)
    imported = models.ForeignKey(Import, on_delete=models.PROTECT, related_name="+")
    row = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["measure", "place", "period", "dimension_key", "version"],
                name="measures_fact_version",
            ),
            models.UniqueConstraint(
                fields=["measure", "place", "period", "dimension_key"],
                condition=Q(current=True),
                name="measures_fact_one_current",
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=False) | Q(numerator__isnull=False, denominator__isnull=False),
                name="measures_fact_says_something",
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="measures_fact_from_version_1"),
            models.CheckConstraint(
                condition=Q(denominator__isnull=True) | Q(denominator__gte=0),
                name="measures_fact_denominator",
            ),
        ]
        indexes = [models.Index(fields=["measure", "period", "commune"], name="measures_fact_at")]


class Total(models.Model):
    """A figure: one measure, one place (empty: the nation), one period. Written by the roll-up alone."""

    id = models.BigAutoField(primary_key=True)
    measure = models.CharField(max_length=64)
    place = models.CharField(max_length=16, blank=True)
    level = models.CharField(max_length=10)
    province = models.CharField(max_length=16, blank=True)
    district = models.CharField(max_length=16, blank=True)
    kind = models.CharField(max_length=8)
    period = models.CharField(max_length=10)
    value = models.DecimalField(max_digits=30, decimal_places=10, null=True)
    numerator = models.DecimalField(max_digits=30, decimal_places=10, null=True)
    denominator = models.DecimalField(max_digits=30, decimal_places=10, null=True)
    count = models.PositiveIntegerField()
    rule_version = models.PositiveIntegerField()
    rolled_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["measure", "place", "period"], name="measures_total_one"),
            models.CheckConstraint(condition=Q(count__gte=1), name="measures_total_counts"),
            one_of("level", Level, "measures_total_level_known"),
            one_of("kind", rules.ROLLED_KINDS, "measures_total_kind_known"),
        ]
        indexes = [models.Index(fields=["measure", "period", "level"], name="measures_total_level")]


class RollUp(models.Model):
    """The last time everything was counted. One row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField()
    facts = models.PositiveIntegerField()
    totals = models.PositiveIntegerField()
    changed = models.PositiveIntegerField()
    milliseconds = models.PositiveIntegerField()
    refused = models.JSONField(default=list)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="measures_rollup_one_row")]
