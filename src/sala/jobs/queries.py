"""Which background work is due, how is it going, and is a worker alive?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from sala.jobs import registry, rules
from sala.jobs.models import Task
from sala.kit import clock


@dataclass(frozen=True)
class Report:
    """One job's state for people: ``state`` is waiting, running, failing or new."""

    name: str
    every_seconds: float
    state: str
    next_at: datetime | None
    last_started: datetime | None
    last_ok: datetime | None
    last_error: str
    failures: int


def due() -> Sequence[str]:
    """Names of registered jobs that are due and free, longest due first."""
    now, jobs = clock.now(), registry.jobs()
    rows = Task.objects.filter(name__in=jobs).order_by("next_at", "name")
    return [
        name
        for name, next_at, lease_until in rows.values_list("name", "next_at", "lease_until")
        if rules.is_due(next_at, now, jobs[name].every) and rules.is_free(lease_until, now)
    ]


def next_at() -> datetime | None:
    """The next moment at which a registered job can be due; None when there is no row."""
    task = Task.objects.filter(name__in=registry.jobs()).order_by("next_at").only("next_at").first()
    return task.next_at if task else None


def heartbeat() -> datetime | None:
    """When a worker last gave a sign of life: started a job or renewed its lease. None: never."""
    last = Task.objects.aggregate(started=Max("last_started"), leased=Max("lease_until"))
    signs = [last["started"], last["leased"] and last["leased"] - rules.LEASE]
    return max((sign for sign in signs if sign is not None), default=None)


def report() -> list[Report]:
    """Every registered job, by name."""
    now, rows = clock.now(), {task.name: task for task in Task.objects.all()}
    return [_report(job, rows.get(name), now) for name, job in sorted(registry.jobs().items())]


def _report(job: registry.Job, task: Task | None, now: datetime) -> Report:
    if task is None:
        return Report(job.name, job.every.total_seconds(), "new", None, None, None, "", 0)
    running = task.lease_until is not None and task.lease_until >= now
    state = "running" if running else "failing" if task.failures else "waiting"
    return Report(
        job.name,
        job.every.total_seconds(),
        state,
        task.next_at,
        task.last_started,
        task.last_ok,
        task.last_error,
        task.failures,
    )
