"""Which administrative units exist, since when, under which names, where their borders run and what became of them."""

from django.db import models
from django.db.models import F, Q

from sala.kit import clock
from sala.kit.checks import one_of
from sala.kit.ids import uuid7
from sala.places.terms import Change, Level, Status


class Unit(models.Model):
    """A province, district, commune or village during the time it has existed in this shape.

    ``province``, ``district``, ``commune``, ``village`` hold the keys of its line, itself included, so that a
    subtree is one equality and never a recursion.
    """

    key = models.CharField(max_length=16, primary_key=True)
    code = models.CharField(max_length=8, db_index=True)
    level = models.CharField(max_length=8)
    kind = models.CharField(max_length=16)
    name_km = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120)
    sort_key = models.CharField(max_length=500)
    skeleton_km = models.CharField(max_length=120)
    skeleton_en = models.CharField(max_length=120)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    province = models.CharField(max_length=16)
    district = models.CharField(max_length=16, blank=True)
    commune = models.CharField(max_length=16, blank=True)
    village = models.CharField(max_length=16, blank=True)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    ended = models.BooleanField(default=False)  # it exists no longer; since when is in valid_to, where known
    status = models.CharField(max_length=12, default=Status.OFFICIAL)
    source = models.CharField(max_length=60, blank=True)
    defects = models.JSONField(default=list)
    version = models.PositiveIntegerField(default=1)
    created = models.DateTimeField(default=clock.now)
    changed = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [
            models.Index(fields=["level", "province"], name="places_unit_province"),
            models.Index(fields=["level", "district"], name="places_unit_district"),
            models.Index(fields=["level", "commune"], name="places_unit_commune"),
        ]
        constraints = [
            one_of("level", [level for level in Level if level != Level.NATION], "places_unit_level"),
            one_of("status", Status, "places_unit_status"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(ended=True), name="places_unit_end_is_an_end"
            ),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_to__isnull=True)
                | Q(valid_from__lt=F("valid_to")),
                name="places_unit_from_before_to",
            ),
            models.CheckConstraint(
                condition=Q(
                    level="province",
                    parent__isnull=True,
                    province=F("key"),
                    district="",
                    commune="",
                    village="",
                )
                | Q(level="district", parent__isnull=False, district=F("key"), commune="", village="")
                | Q(level="commune", parent__isnull=False, commune=F("key"), village="")
                | Q(level="village", parent__isnull=False, village=F("key")),
                name="places_unit_line",
            ),
        ]


class Name(models.Model):
    """A name a unit bore before its present one."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="old_names")
    name_km = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120)
    skeleton_km = models.CharField(max_length=120)
    skeleton_en = models.CharField(max_length=120)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True) | Q(valid_from__lt=F("valid_to")),
                name="places_name_from_before_to",
            )
        ]


class Succession(models.Model):
    """What became of a unit: ``old`` was divided, merged, moved into ``new``, or renamed (then both are the same)."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    kind = models.CharField(max_length=8)
    old = models.ForeignKey(Unit, models.PROTECT, related_name="successions")
    new = models.ForeignKey(Unit, models.PROTECT, related_name="predecessions")
    on = models.DateField(null=True)
    instrument = models.CharField(max_length=300, blank=True)
    status = models.CharField(max_length=12, default=Status.OFFICIAL)
    created = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            one_of("kind", Change, "places_succession_kind"),
            one_of("status", Status, "places_succession_status"),
            models.CheckConstraint(
                condition=Q(kind="rename") | ~Q(old=F("new")), name="places_succession_not_itself"
            ),
        ]


class Boundary(models.Model):
    """The border of a unit in a year: SVG paths for a map 1,000 units wide, coarse and fine, and the geometry itself.

    ``path`` is simplified once for all communes together, so that neighbours share their border; ``fine`` is for
    maps of a province or less. ``geometry`` is GeoJSON (RFC 7946, WGS 84) as text. The box is in map units.
    """

    id = models.UUIDField(primary_key=True, default=uuid7)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="boundaries")
    year = models.PositiveSmallIntegerField()
    path = models.TextField()
    fine = models.TextField()
    left = models.FloatField()
    top = models.FloatField()
    right = models.FloatField()
    bottom = models.FloatField()
    geometry = models.TextField()
    basis = models.CharField(max_length=12)
    source = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["unit", "year"], name="places_boundary_one_a_year")]


class Revision(models.Model):
    """Which state of the units this is: every change adds one, so that a process knows when to read them anew."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.PositiveIntegerField(default=0)
    country = models.CharField(max_length=8, default="kh")
    map_height = models.FloatField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="places_revision_one_row")]
