"""The outbox: one row a message to one address, written in the transaction of the act it tells of; and what is known of gateways."""

from django.db import models
from django.db.models import Q

from sala.kit import clock, ids
from sala.kit.checks import one_of
from sala.notices.terms import Channel, State


class Notice(models.Model):
    """A message to one address. ``about`` is the record it tells of (``kind:key``); text and address are erased in time.

    ``office`` is the key of the office in whose name it was written, ``reference`` the gateway's own name for it,
    ``asked`` how often the gateway was asked what became of it.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    kind = models.CharField(max_length=64)
    channel = models.CharField(max_length=16)
    address = models.CharField(max_length=254, blank=True)
    language = models.CharField(max_length=8)
    subject = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    about = models.CharField(max_length=120, blank=True)
    office = models.UUIDField(null=True)
    message_id = models.CharField(max_length=200, unique=True)
    reference = models.CharField(max_length=100, blank=True, default="", db_default="")
    state = models.CharField(max_length=16, default=State.CREATED)
    attempts = models.PositiveIntegerField(default=0)
    asked = models.PositiveSmallIntegerField(default=0, db_default=0)
    next_at = models.DateTimeField(null=True, default=clock.now)
    lease_until = models.DateTimeField(null=True)
    created = models.DateTimeField(default=clock.now)
    changed = models.DateTimeField(default=clock.now)
    delivered = models.DateTimeField(null=True)
    erased = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            # By what a query says as it stands here: SQLite doesn't see that a list of states lies within another.
            models.Index(
                fields=["channel", "next_at"],
                name="notices_channel_due",
                condition=Q(next_at__isnull=False),
            ),
            # Who else waits for a message at this address: those are handed over in the order in which they were written.
            models.Index(
                fields=["address", "id"], name="notices_in_order", condition=Q(next_at__isnull=False)
            ),
            models.Index(
                fields=["office", "changed"], name="notices_trouble", condition=Q(delivered__isnull=True)
            ),
            models.Index(fields=["about"], name="notices_about"),
            models.Index(fields=["changed"], name="notices_to_erase", condition=Q(erased__isnull=True)),
        ]
        constraints = [
            one_of("state", State, "notices_known_states"),
            one_of("channel", Channel, "notices_known_channels"),
            # Only resting notices have no next moment: nothing is forgotten or sent twice. An uncertain one may have one,
            # at which its gateway is asked.
            models.CheckConstraint(
                condition=Q(state__in=["delivered", "permanent"], next_at__isnull=True)
                | Q(state__in=["created", "sending", "temporary", "technical"], next_at__isnull=False)
                | Q(state="uncertain"),
                name="notices_waiting_has_next",
            ),
            models.CheckConstraint(
                condition=Q(state="delivered", delivered__isnull=False) | ~Q(state="delivered"),
                name="notices_delivered_has_time",
            ),
        ]


class Gateway(models.Model):
    """How a channel's gateway does, for all workers: how often in a row it was down, until when it is left alone, and how
    many notices it was given in which minute."""

    channel = models.CharField(max_length=16, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    closed_until = models.DateTimeField(null=True)
    minute = models.DateTimeField(default=clock.now)
    handed = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [one_of("channel", Channel, "notices_gateway_channel")]


class Chat(models.Model):
    """A Telegram chat that somebody who could open a record linked to it. ``about`` as in `Notice`; gone with `forget_about`."""

    about = models.CharField(max_length=120, primary_key=True)
    chat = models.CharField(max_length=24, db_index=True)
    created = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(chat=""), name="notices_chat_is_named")]
