"""The table of background work: one row a job, with who holds it until when."""

from django.db import models

from sala.kit import clock


class Task(models.Model):
    """One registered job. A row whose ``lease_until`` has passed is free, whatever became of its holder."""

    name = models.CharField(max_length=64, primary_key=True)
    next_at = models.DateTimeField(default=clock.now)
    lease_until = models.DateTimeField(null=True)
    holder = models.CharField(max_length=160, blank=True, default="")
    last_started = models.DateTimeField(null=True)
    last_ok = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True, default="")
    failures = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(lease_until__isnull=False) | models.Q(holder=""),
                name="jobs_task_holder_has_a_lease",
            )
        ]
