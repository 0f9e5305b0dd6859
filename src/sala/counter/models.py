"""What the counter keeps: queue tickets (no name, nothing that was told), links of kiosks, and the cash book, never changed."""

from django.db import models
from django.db.models import F, Q

from sala.counter.terms import CashKind, Priority, State
from sala.kit import clock, ids
from sala.kit.acting import Where
from sala.kit.checks import among, one_of

NOT_YET = (State.WAITING, State.LEFT)  # states in which nobody may have called it


class Ticket(models.Model):
    """One who waits at one office on one day."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    version = models.PositiveIntegerField(default=1)
    office = models.ForeignKey("offices.Office", on_delete=models.PROTECT, related_name="+", db_index=False)
    province = models.CharField(max_length=16, blank=True)
    district = models.CharField(max_length=16, blank=True)
    commune = models.CharField(max_length=16, blank=True)
    village = models.CharField(max_length=16, blank=True)
    day = models.DateField()
    queue = models.CharField(max_length=1, default="A")
    position = models.PositiveIntegerField()
    priority = models.CharField(max_length=12, default=Priority.ORDINARY)
    state = models.CharField(max_length=8, default=State.WAITING)
    issued_at = models.DateTimeField(default=clock.now)
    estimated_minutes = models.PositiveIntegerField(null=True)
    called_at = models.DateTimeField(null=True)
    called_by = models.CharField(max_length=64, blank=True)
    waiting_minutes = models.PositiveIntegerField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    serving_minutes = models.PositiveIntegerField(null=True)
    desk = models.PositiveSmallIntegerField(null=True)  # where it was called to
    code_hash = models.CharField(max_length=64, blank=True)  # of the code that opens the holder's page
    changed = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["office", "day", "queue", "position"], name="counter_ticket_position"
            ),
            # Two who are called to one desk would both come, even where one press of a key was sent twice.
            models.UniqueConstraint(
                fields=["office", "day", "called_by"],
                condition=Q(state__in=["called", "serving"]),
                name="counter_ticket_one_a_desk",
            ),
            models.UniqueConstraint(
                fields=["office", "day", "desk"],
                condition=Q(state__in=["called", "serving"]),
                name="counter_ticket_one_at_a_desk",
            ),
            models.UniqueConstraint(
                fields=["code_hash"], condition=~Q(code_hash=""), name="counter_ticket_code"
            ),
            models.CheckConstraint(
                condition=Q(desk__isnull=True) | Q(desk__gte=1, called_at__isnull=False),
                name="counter_ticket_desk",
            ),
            one_of("state", State, "counter_ticket_state"),
            one_of("priority", Priority, "counter_ticket_priority"),
            models.CheckConstraint(condition=Q(position__gte=1), name="counter_ticket_counts_from_one"),
            models.CheckConstraint(
                condition=Q(called_at__isnull=True, waiting_minutes__isnull=True, called_by="")
                & among("state", NOT_YET)
                | Q(called_at__isnull=False, waiting_minutes__isnull=False)
                & ~Q(state="waiting")
                & ~Q(called_by=""),
                name="counter_ticket_called",
            ),
            models.CheckConstraint(
                condition=Q(started_at__isnull=False)
                & among("state", (State.SERVING, State.DONE, State.LEFT))
                | Q(started_at__isnull=True) & ~among("state", (State.SERVING, State.DONE)),
                name="counter_ticket_started",
            ),
            models.CheckConstraint(
                condition=Q(state="done", ended_at__isnull=False, serving_minutes__isnull=False)
                | ~Q(state="done") & Q(ended_at__isnull=True, serving_minutes__isnull=True),
                name="counter_ticket_ended",
            ),
        ]
        indexes = [
            models.Index(fields=["office", "day", "called_at"], name="counter_ticket_called_at"),
            models.Index(fields=["office", "ended_at"], name="counter_ticket_ended_at"),
        ]

    @property
    def where(self) -> Where:
        """Where it stands, for permission."""
        return Where(self.province, self.district, self.commune, self.village, self.office_id)


class Kiosk(models.Model):
    """A device at an office's door, or its screen. Its link is shown once; only the link's hash is kept."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    office = models.ForeignKey("offices.Office", on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField(default=clock.now)
    ended = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["office", "name"], condition=Q(ended__isnull=True), name="counter_kiosk_name"
            ),
        ]
        indexes = [models.Index(fields=["office", "created"], name="counter_kiosk_office")]


class CashLine(models.Model):
    """One line of an office's cash book. The database refuses to change or delete it (migration 0003)."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    office = models.ForeignKey("offices.Office", on_delete=models.PROTECT, related_name="+", db_index=False)
    province = models.CharField(max_length=16, blank=True)
    district = models.CharField(max_length=16, blank=True)
    commune = models.CharField(max_length=16, blank=True)
    position = (
        models.PositiveBigIntegerField()
    )  # in the office's book, from 1 without gap, closings among them
    day = models.DateField()
    kind = models.CharField(max_length=10)
    amount = models.PositiveBigIntegerField()  # riel
    number = models.CharField(max_length=32, blank=True)  # of the receipt: payments only
    request = models.ForeignKey("window.Request", on_delete=models.PROTECT, related_name="+", null=True)
    # Which payment of its request it is, from 1, reversed ones among them: of two offices that take one fee in the same
    # moment the database refuses one. None in lines written before this was kept.
    turn = models.PositiveSmallIntegerField(null=True)
    payment = models.OneToOneField("self", on_delete=models.PROTECT, related_name="reversal", null=True)
    words = models.CharField(max_length=300, blank=True)  # why, or to whom
    at = models.DateTimeField(default=clock.now)
    post = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["office", "position"], name="counter_cash_position"),
            models.UniqueConstraint(fields=["number"], condition=~Q(number=""), name="counter_cash_number"),
            models.UniqueConstraint(
                fields=["request", "turn"], condition=Q(kind="payment"), name="counter_cash_turn"
            ),
            one_of("kind", CashKind, "counter_cash_kind"),
            models.CheckConstraint(condition=Q(amount__gte=1), name="counter_cash_amount"),
            models.CheckConstraint(
                condition=Q(kind="payment", request__isnull=False, payment__isnull=True) & ~Q(number="")
                | Q(kind="reversal", request__isnull=False, payment__isnull=False, number="") & ~Q(words="")
                | Q(kind__in=["put_in", "hand_over"], request__isnull=True, payment__isnull=True, number="")
                & ~Q(words=""),
                name="counter_cash_belongs",
            ),
        ]
        indexes = [models.Index(fields=["office", "day"], name="counter_cash_day")]

    @property
    def where(self) -> Where:
        """Where it stands, for permission."""
        return Where(self.province, self.district, self.commune, office=self.office_id)


class CashClosing(models.Model):
    """The end of a cash day: what must be in the box, what was counted, and why they differ. As unchangeable as the lines."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    office = models.ForeignKey("offices.Office", on_delete=models.PROTECT, related_name="+", db_index=False)
    province = models.CharField(max_length=16, blank=True)
    district = models.CharField(max_length=16, blank=True)
    commune = models.CharField(max_length=16, blank=True)
    position = models.PositiveBigIntegerField()
    day = models.DateField()
    lines = models.PositiveIntegerField()
    opening = models.PositiveBigIntegerField()
    payments = models.PositiveBigIntegerField()
    reversals = models.PositiveBigIntegerField()
    put_in = models.PositiveBigIntegerField()
    handed_over = models.PositiveBigIntegerField()
    expected = models.PositiveBigIntegerField()
    counted = models.JSONField(default=dict)  # denomination -> how many notes
    total = models.PositiveBigIntegerField()
    difference = models.BigIntegerField()
    explanation = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(default=clock.now)
    post = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["office", "day"], name="counter_closing_day"),
            models.UniqueConstraint(fields=["office", "position"], name="counter_closing_position"),
            models.CheckConstraint(
                condition=Q(
                    expected=F("opening") + F("payments") + F("put_in") - F("reversals") - F("handed_over")
                ),
                name="counter_closing_expected",
            ),
            models.CheckConstraint(
                condition=Q(difference=F("total") - F("expected")), name="counter_closing_difference"
            ),
            models.CheckConstraint(
                condition=Q(difference=0) | ~Q(explanation=""), name="counter_closing_explained"
            ),
        ]

    @property
    def where(self) -> Where:
        """Where it stands, for permission."""
        return Where(self.province, self.district, self.commune, office=self.office_id)
