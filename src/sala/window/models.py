"""What the window keeps: services in versions, requests, who asked, what happened, how it was rated."""

from django.db import models
from django.db.models import F, Q

from sala.kit import clock, ids
from sala.kit.acting import Where
from sala.kit.checks import among, one_of
from sala.window import attributes, rules
from sala.window.terms import (
    Act,
    Channel,
    DaysKind,
    DaysStatus,
    FeeStatus,
    Kind,
    Level,
    Screening,
    State,
    Withheld,
)

FINISHED = {State.DONE, State.REFUSED, State.CLOSED}


class Service(models.Model):
    """One thing a resident can ask for. What it says stands in its versions. ``own``: changed here, so the pack leaves it.

    ``protected``: of its requests nothing is public, those of before too; so it stands here and not in a version.
    """

    code = models.CharField(primary_key=True, max_length=32)
    kind = models.CharField(max_length=10)
    position = models.PositiveIntegerField(default=0)
    offered = models.BooleanField(default=True)
    own = models.BooleanField(default=False)
    protected = models.BooleanField(default=False)
    changed = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [one_of("kind", Kind, "window_service_kind")]


class ServiceVersion(models.Model):
    """What a service said at a time; a request keeps the version it was made under.

    ``passes``: the levels it passes on its way to the one that decides. ``checked``: the facts that were verified one by one;
    None where only the pack's ``status`` of the whole row is known.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    current = models.BooleanField(default=True)
    name_km = models.CharField(max_length=300)
    name_en = models.CharField(max_length=300)
    name_verified = models.BooleanField(default=False)
    short_km = models.CharField(max_length=120)
    short_en = models.CharField(max_length=120)
    search = models.CharField(max_length=700)
    level = models.CharField(max_length=10)
    level_text = models.CharField(max_length=100)
    sector = models.CharField(max_length=40)
    sector_km = models.CharField(max_length=100)
    sector_en = models.CharField(max_length=100)
    fee_riel = models.PositiveIntegerField(null=True)
    fee_note = models.JSONField(default=dict)
    fee_status = models.CharField(max_length=12)
    days = models.PositiveSmallIntegerField()
    days_kind = models.CharField(max_length=8, default=DaysKind.WORKING)
    days_status = models.CharField(max_length=10)
    days_note = models.JSONField(default=dict)
    validity = models.JSONField(default=dict)
    papers = models.JSONField(default=list)
    form = models.JSONField(default=list)
    about = models.JSONField(default=dict)
    passes = models.JSONField(default=list)
    checked = models.JSONField(null=True)
    legal_basis = models.CharField(max_length=300, blank=True)
    status = models.CharField(max_length=200, blank=True)
    source = models.TextField(blank=True)
    loaded = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["service", "version"], name="window_service_version"),
            models.UniqueConstraint(
                fields=["service"], condition=Q(current=True), name="window_service_one_current"
            ),
            models.CheckConstraint(condition=Q(days__gte=1), name="window_service_days"),
            one_of("level", Level, "window_service_level"),
            one_of("fee_status", FeeStatus, "window_service_fee_status"),
            one_of("days_status", DaysStatus, "window_service_days_status"),
            one_of("days_kind", DaysKind, "window_service_days_kind"),
        ]

    @property
    def code(self) -> str:
        """The service's code."""
        return self.service_id

    @property
    def kind(self) -> str:
        """Report or document."""
        return self.service.kind

    @property
    def proven(self) -> list[str]:
        """The facts that count as verified."""
        if self.checked is not None:
            return list(self.checked)
        return [
            str(fact)
            for fact in rules.checked(self.name_verified, self.days_status, self.legal_basis, self.status)
        ]

    @property
    def asks(self) -> tuple[attributes.Attribute, ...]:
        """What it asks beside place and words."""
        return attributes.parse(self.form)


class Request(models.Model):
    """One thing a resident asked for. Columns named as places' units, so that subtrees need no recursion."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    version = models.PositiveIntegerField(default=1)
    number = models.CharField(max_length=32, unique=True)
    code_hash = models.CharField(max_length=64, unique=True)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="+")
    terms = models.ForeignKey(ServiceVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(max_length=12, default=State.RECEIVED)
    open = models.BooleanField(default=True)
    channel = models.CharField(max_length=8, default=Channel.WEB)
    language = models.CharField(max_length=8, default="km")
    province = models.CharField(max_length=16, blank=True)
    district = models.CharField(max_length=16, blank=True)
    commune = models.CharField(max_length=16, blank=True)
    village = models.CharField(max_length=16, blank=True)
    office = models.ForeignKey("offices.Office", on_delete=models.PROTECT, related_name="+", db_index=False)
    assigned = models.UUIDField(null=True)
    joined = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    # The request it was a second matter of.
    split_from = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    description = models.TextField(blank=True)
    location = models.CharField(max_length=300, blank=True)
    attributes = models.JSONField(default=dict)
    latitude = models.DecimalField(max_digits=8, decimal_places=5, null=True)
    longitude = models.DecimalField(max_digits=8, decimal_places=5, null=True)
    received_at = models.DateTimeField(default=clock.now)
    due_at = models.DateTimeField()
    paused_at = models.DateTimeField(null=True)
    paused_minutes = models.PositiveIntegerField(default=0)
    reopened_at = models.DateTimeField(null=True)
    first_answer_at = models.DateTimeField(null=True)
    reaction_minutes = models.PositiveIntegerField(null=True)
    done_at = models.DateTimeField(null=True)
    handling_minutes = models.PositiveIntegerField(null=True)
    on_time = models.BooleanField(null=True)
    close_at = models.DateTimeField(null=True)
    # The step of the pack's escalation that was taken last for this deadline.
    escalated = models.CharField(max_length=16, blank=True, default="", db_default="")
    trail = models.CharField(max_length=64, blank=True)
    erased_at = models.DateTimeField(null=True)
    # Since when a correction of what is held is asked for and not answered.
    disputed_at = models.DateTimeField(null=True)
    created = models.DateTimeField(default=clock.now)
    changed = models.DateTimeField(default=clock.now)

    opened_by = ""  # the code it was opened with in this process; no column

    class Meta:
        constraints = [
            one_of("state", State, "window_request_state"),
            one_of("channel", Channel, "window_request_channel"),
            models.CheckConstraint(
                condition=Q(open=True) & among("state", (state for state in State if state in rules.OPEN))
                | Q(open=False) & among("state", (state for state in State if state not in rules.OPEN)),
                name="window_request_open",
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", paused_at__isnull=False)
                | (~Q(state="waiting") & Q(paused_at__isnull=True)),
                name="window_request_paused",
            ),
            models.CheckConstraint(
                condition=among("state", (state for state in State if state in FINISHED))
                & Q(done_at__isnull=False, handling_minutes__isnull=False, on_time__isnull=False)
                & Q(reaction_minutes__isnull=False)
                | among("state", (state for state in State if state not in FINISHED))
                & Q(done_at__isnull=True, handling_minutes__isnull=True, on_time__isnull=True),
                name="window_request_times",
            ),
            models.CheckConstraint(
                condition=~among("state", (State.DONE, State.CLOSED)) | Q(close_at__isnull=False),
                name="window_request_closes",
            ),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="window_request_point",
            ),
            models.CheckConstraint(
                condition=Q(joined__isnull=True) | ~Q(joined=F("id")) & ~Q(state="waiting"),
                name="window_request_joined",
            ),
            models.CheckConstraint(
                condition=Q(split_from__isnull=True) | ~Q(split_from=F("id")), name="window_request_split"
            ),
        ]
        indexes = [
            models.Index(fields=["commune", "open", "due_at"], name="window_commune_open_due"),
            models.Index(fields=["office", "open", "due_at"], name="window_office_open_due"),
            models.Index(fields=["district", "open", "due_at"], name="window_district_open_due"),
            models.Index(fields=["province", "open", "due_at"], name="window_province_open_due"),
            models.Index(fields=["due_at", "id"], name="window_due"),
            # Partial, not led by `open`: SQLite takes an equality to leave ten rows and would read it for a commune too.
            models.Index(fields=["due_at", "id"], name="window_open_due", condition=Q(open=True)),
            models.Index(fields=["due_at", "id"], name="window_waiting_due", condition=Q(state="waiting")),
            models.Index(fields=["assigned", "open"], name="window_assigned_open"),
            models.Index(fields=["received_at"], name="window_received"),
            models.Index(fields=["close_at"], name="window_close_at", condition=Q(state="done")),
            models.Index(
                fields=["disputed_at"], name="window_disputed", condition=Q(disputed_at__isnull=False)
            ),
            models.Index(fields=["joined"], name="window_joined", condition=Q(joined__isnull=False)),
            models.Index(
                fields=["due_at", "id"],
                name="window_joined_due",
                condition=Q(joined__isnull=False, done_at__isnull=True),
            ),
            models.Index(
                fields=["split_from"], name="window_split_from", condition=Q(split_from__isnull=False)
            ),
            # Whose deadline comes next and who was told of it: what nobody of the hall is to act on stands not in it.
            models.Index(
                fields=["escalated", "due_at", "id"],
                name="window_escalate",
                condition=Q(open=True, joined__isnull=True, paused_at__isnull=True),
            ),
        ]

    @property
    def where(self) -> Where:
        """Where it stands, for permission."""
        return Where(self.province, self.district, self.commune, self.village, self.office_id)

    @property
    def place(self) -> str:
        """Key of the most precise place."""
        return self.where.place


class ApiKey(models.Model):
    """A program that reports problems by Open311 with a key of its own; only the key's digest is kept."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    name = models.CharField(max_length=80, unique=True)
    digest = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField(default=clock.now)
    ended = models.DateTimeField(null=True)


class Contact(models.Model):
    """How to reach who asked. A table of its own, so that it can be erased for good."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    request = models.OneToOneField(Request, on_delete=models.CASCADE, related_name="contact")
    name = models.CharField(max_length=120, blank=True)
    search = models.CharField(max_length=160, blank=True, db_index=True)
    phone = models.CharField(max_length=20, blank=True, db_index=True)
    email = models.CharField(max_length=254, blank=True)
    language = models.CharField(max_length=8, default="km")
    created = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(name="", phone="", email=""), name="window_contact_says_something"
            )
        ]


class Event(models.Model):
    """One step of a request: what the applicant reads (public) or only the office.

    ``office`` and ``origin``: where a step brought the request, and from where.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="events", db_index=False)
    position = models.PositiveIntegerField()
    act = models.CharField(max_length=10)
    source = models.CharField(max_length=12, blank=True)
    target = models.CharField(max_length=12)
    public = models.BooleanField(default=True)
    text = models.TextField(blank=True)
    post = models.CharField(max_length=64)
    assigned = models.UUIDField(null=True)
    office = models.UUIDField(null=True)
    origin = models.UUIDField(null=True)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "position"], name="window_event_position"),
            models.CheckConstraint(condition=Q(position__gte=1), name="window_event_from_1"),
            one_of("act", Act, "window_event_act"),
            one_of("target", State, "window_event_target"),
            models.CheckConstraint(
                condition=Q(source="") | among("source", State), name="window_event_source"
            ),
        ]


class Postponement(models.Model):
    """A holiday that moved deadlines: whose requests those are, until the worker has told them; then when it did."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    day = models.DateField()
    requests = models.JSONField(default=list)
    created = models.DateTimeField(default=clock.now)
    told_at = models.DateTimeField(null=True)


class Phrase(models.Model):
    """A ready answer in both languages: of an office, or (``code``, from the pack) of the whole country."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    version = models.PositiveIntegerField(default=1)
    code = models.CharField(max_length=40, blank=True)
    office = models.ForeignKey("offices.Office", on_delete=models.PROTECT, related_name="+", null=True)
    act = models.CharField(max_length=10)
    name_km = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120)
    text_km = models.TextField()
    text_en = models.TextField()
    created = models.DateTimeField(default=clock.now)
    changed = models.DateTimeField(default=clock.now)
    ended = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code"], condition=~Q(code=""), name="window_phrase_code"),
            one_of("act", rules.READY, "window_phrase_act"),
            models.CheckConstraint(
                condition=Q(office__isnull=True) & ~Q(code="") | Q(office__isnull=False, code=""),
                name="window_phrase_whose",
            ),
            models.CheckConstraint(
                condition=~Q(name_km="") & ~Q(name_en="") & ~Q(text_km="") & ~Q(text_en=""),
                name="window_phrase_both_languages",
            ),
        ]


class SubTask(models.Model):
    """A part of the work on a request that somebody of the office has to do: open until it is done or dropped."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    version = models.PositiveIntegerField(default=1)
    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="+")
    office = models.UUIDField()
    post = models.UUIDField()  # the appointment of who does it
    text = models.TextField(blank=True)
    due = models.DateField()
    created = models.DateTimeField(default=clock.now)
    done = models.DateTimeField(null=True)
    dropped = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(done__isnull=True) | Q(dropped__isnull=True), name="window_subtask_ends_once"
            )
        ]


class Escalation(models.Model):
    """A post of an office was told that a request gets late, or is late: by which step, and for which deadline."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="+", db_index=False)
    step = models.CharField(max_length=16)
    due = models.DateTimeField()
    office = models.ForeignKey("offices.Office", on_delete=models.PROTECT, related_name="+")
    post = models.CharField(max_length=48)  # the kind of post: whoever holds it
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["request", "due", "step", "office", "post"], name="window_escalation_once"
            ),
            models.CheckConstraint(condition=~Q(step="") & ~Q(post=""), name="window_escalation_says"),
        ]


class RoutingRule(models.Model):
    """To whom an office's new requests go; the first that fits decides. An empty condition holds for all."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    version = models.PositiveIntegerField(default=1)
    office = models.ForeignKey("offices.Office", on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()
    place = models.CharField(max_length=16, blank=True)
    service = models.CharField(max_length=32, blank=True)
    attribute = models.CharField(max_length=64, blank=True)
    answer = models.CharField(max_length=64, blank=True)
    to_post = models.CharField(max_length=40, blank=True)
    to_office = models.ForeignKey("offices.Office", on_delete=models.PROTECT, related_name="+", null=True)
    on = models.BooleanField(default=False)
    created = models.DateTimeField(default=clock.now)
    changed = models.DateTimeField(default=clock.now)
    ended = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(to_post="", to_office__isnull=False)
                | (~Q(to_post="") & Q(to_office__isnull=True)),
                name="window_rule_one_goal",
            ),
            models.CheckConstraint(
                condition=Q(attribute="", answer="") | (~Q(attribute="") & ~Q(answer="")),
                name="window_rule_answer",
            ),
            models.CheckConstraint(condition=Q(on=False) | Q(ended__isnull=True), name="window_rule_ended"),
        ]


class SavedList(models.Model):
    """A list of the queue that somebody comes back to: the address's part that narrows it, never words that are searched."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    post = models.UUIDField()  # the appointment whose it is
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=500)
    created = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["post", "name"], name="window_saved_list_name")]


class Rating(models.Model):
    """What the applicant thinks of courtesy and speed, once."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    request: "models.OneToOneField[Request, Request]" = models.OneToOneField(
        Request, on_delete=models.CASCADE, related_name="rating"
    )
    courtesy = models.PositiveSmallIntegerField()
    speed = models.PositiveSmallIntegerField()
    comment = models.TextField(blank=True)
    at = models.DateTimeField(default=clock.now)
    # From here on: a comment whose writer allows it to be published. ``office`` did what is rated.
    screening = models.CharField(max_length=6, blank=True)
    office = models.UUIDField(null=True)
    shown = models.TextField(blank=True)
    reason = models.CharField(max_length=10, blank=True)
    screened_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(courtesy__range=(1, 5), speed__range=(1, 5)), name="window_rating_scale"
            ),
            models.CheckConstraint(
                condition=Q(screening="") | among("screening", Screening), name="window_rating_screening"
            ),
            models.CheckConstraint(
                condition=Q(screening="shown") & ~Q(shown="") | ~Q(screening="shown") & Q(shown=""),
                name="window_rating_shown",
            ),
            models.CheckConstraint(
                condition=Q(screening="kept") & among("reason", Withheld)
                | ~Q(screening="kept") & Q(reason=""),
                name="window_rating_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["office", "screening", "-at"],
                name="window_rating_screened",
                condition=~Q(screening=""),
            )
        ]
