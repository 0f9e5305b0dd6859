"""The outbox: one row a message to one address, written in the transaction of the act it tells of."""

from django.db import models

from sala.kit import clock, ids
from sala.kit.checks import one_of
from sala.notices.terms import Channel, State


class Notice(models.Model):
    """A message to one address. ``about`` is the record it tells of (``kind:key``); text and address are erased in time."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    kind = models.CharField(max_length=64)
    channel = models.CharField(max_length=16)
    address = models.CharField(max_length=254, blank=True)
    language = models.CharField(max_length=8)
    subject = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    about = models.CharField(max_length=120, blank=True)
    message_id = models.CharField(max_length=200, unique=True)
    state = models.CharField(max_length=16, default=State.CREATED)
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(null=True, default=clock.now)
    lease_until = models.DateTimeField(null=True)
    created = models.DateTimeField(default=clock.now)
    changed = models.DateTimeField(default=clock.now)
    delivered = models.DateTimeField(null=True)
    erased = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_at"],
                name="notices_due",
                condition=models.Q(state__in=["created", "sending", "temporary", "technical"]),
            ),
            models.Index(fields=["about"], name="notices_about"),
            models.Index(
                fields=["changed"], name="notices_to_erase", condition=models.Q(erased__isnull=True)
            ),
        ]
        constraints = [
            one_of("state", State, "notices_known_state"),
            one_of("channel", Channel, "notices_known_channel"),
            # Only finished notices have no next moment, and they never have one: nothing is forgotten or sent twice.
            models.CheckConstraint(
                condition=models.Q(state__in=["delivered", "permanent"], next_at__isnull=True)
                | models.Q(state__in=["created", "sending", "temporary", "technical"], next_at__isnull=False),
                name="notices_open_has_next",
            ),
            models.CheckConstraint(
                condition=models.Q(state="delivered", delivered__isnull=False) | ~models.Q(state="delivered"),
                name="notices_delivered_has_time",
            ),
        ]
