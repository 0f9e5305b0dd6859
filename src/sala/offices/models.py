"""The tables of public office: offices, kinds of posts, persons in office, appointments, holidays and opening hours."""

from django.db import models
from django.db.models import F, Q

from sala.kit import clock, ids
from sala.kit.acting import Where
from sala.kit.checks import one_of
from sala.offices.terms import DayStatus, Instrument, OfficeKind, Status


class Office(models.Model):
    """A body that holds cases and posts. ``form`` is the place's kind (commune, sangkat ...) that decides the titles."""

    id = models.UUIDField(primary_key=True, editable=False)
    code = models.CharField(max_length=48, unique=True)
    kind = models.CharField(max_length=32)
    form = models.CharField(max_length=24, blank=True)
    name_km = models.CharField(max_length=160)
    name_en = models.CharField(max_length=160)
    place = models.CharField(max_length=16, blank=True)
    province = models.CharField(max_length=16, blank=True)
    district = models.CharField(max_length=16, blank=True)
    commune = models.CharField(max_length=16, blank=True)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="below")
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    version = models.PositiveIntegerField(default=1)
    created = models.DateTimeField(default=clock.now)
    changed = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True)
                | Q(valid_from__isnull=True)
                | Q(valid_to__gte=F("valid_from")),
                name="office_ends_after_start",
            ),
            one_of("kind", OfficeKind, "office_kind_known"),
        ]
        indexes = [
            models.Index(fields=["place", "kind"], name="office_place_kind"),
            models.Index(fields=["province", "kind"], name="office_province_kind"),
            models.Index(fields=["district", "kind"], name="office_district_kind"),
        ]

    @property
    def where(self) -> Where:
        """Where the office stands."""
        return Where(province=self.province, district=self.district, commune=self.commune, office=self.id)


class PostKind(models.Model):
    """A post that exists in offices of some kinds, with its duties. Data of the country pack, readable by an administrator.

    ``names``: ``{"": {"km", "en"}, "sangkat": {...}}`` by the office's form; ``duties``: list of ``{"km", "en", "source",
    "status"}``; ``version`` rises with every change, so that what is remembered about the post is read anew.
    """

    code = models.CharField(primary_key=True, max_length=48)
    order = models.PositiveSmallIntegerField()
    names = models.JSONField()
    office_kinds = models.JSONField()
    duties = models.JSONField()
    single = models.BooleanField(default=False)
    second_factor = models.BooleanField(default=False)
    source = models.CharField(max_length=300, blank=True)
    status = models.CharField(max_length=1, default=Status.UNVERIFIED)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [one_of("status", Status, "post_status_known")]


class Person(models.Model):
    """Somebody in public office, by the name used there. Nothing else about the person is kept here."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    family_km = models.CharField(max_length=60)
    given_km = models.CharField(max_length=60)
    family_en = models.CharField(max_length=60)
    given_en = models.CharField(max_length=60)
    version = models.PositiveIntegerField(default=1)
    created = models.DateTimeField(default=clock.now)
    changed = models.DateTimeField(default=clock.now)

    @property
    def name_km(self) -> str:
        """The whole name in Khmer, family name first."""
        return f"{self.family_km} {self.given_km}"

    @property
    def name_en(self) -> str:
        """The whole name in Latin letters, family name first as in the country."""
        return f"{self.family_en} {self.given_en}"


class Appointment(models.Model):
    """A person holds a post in an office from one day to another (both included), by an instrument."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="appointments")
    post = models.ForeignKey(PostKind, on_delete=models.PROTECT, related_name="appointments")
    office = models.ForeignKey(Office, on_delete=models.PROTECT, related_name="appointments")
    start = models.DateField()
    end = models.DateField(null=True)
    single = models.BooleanField(default=False)  # copied from the post: the constraint needs it on the row
    instrument = models.CharField(max_length=16)
    instrument_number = models.CharField(max_length=80, blank=True)
    instrument_date = models.DateField(null=True)
    instrument_note_km = models.CharField(max_length=200, blank=True)
    instrument_note_en = models.CharField(max_length=200, blank=True)
    end_reason = models.CharField(max_length=300, blank=True)
    version = models.PositiveIntegerField(default=1)
    created = models.DateTimeField(default=clock.now)
    changed = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(end__isnull=True) | Q(end__gte=F("start")), name="appointment_ends_after_start"
            ),
            one_of("instrument", Instrument, "appointment_instrument_known"),
            models.UniqueConstraint(
                fields=["office", "post"],
                condition=Q(single=True, end__isnull=True),
                name="appointment_one_open_holder",
            ),
            models.UniqueConstraint(
                fields=["office", "post", "start"],
                condition=Q(single=True),
                name="appointment_one_holder_a_start",
            ),
        ]
        indexes = [models.Index(fields=["office", "start"], name="appointment_office_start")]


class Holiday(models.Model):
    """A day on which the clock of deadlines stands: for the whole country, or for one office."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    date = models.DateField()
    office = models.ForeignKey(Office, null=True, on_delete=models.CASCADE, related_name="holidays")
    name_km = models.CharField(max_length=160)
    name_en = models.CharField(max_length=160)
    status = models.CharField(max_length=12, default=DayStatus.PREDICTED)
    source = models.CharField(max_length=300, blank=True)
    from_pack = models.BooleanField(default=False)
    changed = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["date"], condition=Q(office__isnull=True), name="holiday_once_a_country"
            ),
            models.UniqueConstraint(fields=["date", "office"], name="holiday_once_an_office"),
            one_of("status", DayStatus, "holiday_status_known"),
        ]


class Hours(models.Model):
    """One stretch of opening on a weekday (0 Monday ... 6 Sunday), for every office or for one."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    office = models.ForeignKey(Office, null=True, on_delete=models.CASCADE, related_name="hours")
    weekday = models.PositiveSmallIntegerField()
    opens = models.TimeField()
    closes = models.TimeField()
    from_pack = models.BooleanField(default=False)
    changed = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="hours_weekday"),
            models.CheckConstraint(condition=Q(closes__gt=F("opens")), name="hours_close_after_open"),
        ]
