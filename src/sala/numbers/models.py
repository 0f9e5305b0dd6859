"""Which number comes next, and which requests were answered already? Counters and kept answers."""

from django.db import models

from sala.kit import clock


class Counter(models.Model):
    """The last number given in a series (``request``, ``receipt`` ...) of an office in a year."""

    series = models.CharField(max_length=32)
    office = models.CharField(max_length=64)
    year = models.PositiveSmallIntegerField()
    value = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "office", "year"], name="numbers_counter_once"),
            models.CheckConstraint(condition=models.Q(value__gte=1), name="numbers_counter_positive"),
        ]


class KeptAnswer(models.Model):
    """The complete answer to a request that carried an idempotency key.

    ``key`` and ``body`` are SHA-256 in hexadecimal, so neither what was sent nor the key itself can be read here.
    """

    scope = models.CharField(max_length=96)
    key = models.CharField(max_length=64)
    body = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    answer = models.JSONField(null=True)
    created = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="numbers_answer_once")]
        indexes = [models.Index(fields=["created"], name="numbers_answer_age")]
