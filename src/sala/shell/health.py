"""Is the house standing, and may visitors come? Liveness and readiness for whoever watches the server."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sala.jobs import queries as jobs
from sala.kit import clock, faults
from sala.kit.errors import NotFound
from sala.kit.terms import N_
from sala.ledger import queries as ledger
from sala.notices import queries as notices
from sala.shell import backup

QUIET = timedelta(minutes=5)
"""A worker gives a sign of life each second; silent this long, background work stands still."""

_migrated = False


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when requests can be served: database there and migrated. ``worker`` tells of the background work, but alone does
    not turn residents away."""
    found = {"database": database(), "migrations": "unknown", "worker": "unknown"}
    if found["database"] == "ok":
        found["migrations"] = migrations()
        if found["migrations"] == "ok":
            found["worker"] = worker()
    ready = found["database"] == found["migrations"] == "ok"
    return JsonResponse({"ready": ready, **found}, status=200 if ready else 503)


def database() -> str:
    """``ok``, or what kind of trouble the database has."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return "ok" if cursor.fetchone() == (1,) else "wrong"
    except DatabaseError as error:
        return type(error).__name__


def migrations() -> str:
    """``ok`` when every table stands as the code expects; asked until it is so, then remembered."""
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return "ok" if _migrated else "pending"


def worker() -> str:
    """``ok``, ``silent`` (none for five minutes) or ``never``."""
    seen = jobs.heartbeat()
    if seen is None:
        return "never"
    return "ok" if abs(clock.now() - seen) < QUIET else "silent"  # a sign from the future is none


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text, for whoever stands on this machine or carries a token; others learn nothing of it."""
    here = request.META.get("REMOTE_ADDR", "") in ("127.0.0.1", "::1")
    passed_on = (
        "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META
    )  # a proxy stands here too
    if not (here and not passed_on) and not getattr(request, "by_token", False):
        raise NotFound(N_("There is nothing at this address."))
    return HttpResponse("\n".join(figures()) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")


Sample = tuple[str, float]  # labels in braces or nothing, value


def metric(name: str, about: str, *samples: Sample, kind: str = "gauge") -> list[str]:
    """The lines of one metric."""
    lines = [f"# HELP {name} {about}", f"# TYPE {name} {kind}"]
    return lines + [f"{name}{labels} {value:.15g}" for labels, value in samples]


def _seconds(at: datetime | None) -> float:
    return round(at.timestamp(), 3) if at else 0


def figures() -> list[str]:
    """The lines: disk, backup and faults, which need no database; then what stands in it."""
    room = shutil.disk_usage(settings.HOME if Path(settings.HOME).is_dir() else "/")
    stands = database() == "ok"
    lines = [
        *metric("sala_disk_free_bytes", "Free bytes where SALA_HOME is.", ("", room.free)),
        *metric("sala_disk_size_bytes", "All bytes there.", ("", room.total)),
        *metric(
            "sala_backup_timestamp_seconds",
            "When the latest backup was made; 0: none known.",
            ("", _seconds(backup.last())),
        ),
        *metric(
            "sala_http_faults_total",
            "Requests answered with 500 or above, by all processes.",
            ("", faults.count()),
            kind="counter",
        ),
        *metric("sala_database_up", "Whether the database answers.", ("", int(stands))),
    ]
    if not stands or migrations() != "ok":
        return lines
    return [*lines, *_work(), *_waiting()]


def _work() -> list[str]:
    reports = jobs.report()
    return [
        *metric(
            "sala_worker_seen_timestamp_seconds",
            "When a worker last gave a sign of life; 0: never.",
            ("", _seconds(jobs.heartbeat())),
        ),
        *metric("sala_jobs_due", "Jobs that are due now.", ("", len(jobs.due()))),
        *metric(
            "sala_job_failures",
            "How often in a row a job has failed.",
            *((f'{{job="{job.name}"}}', job.failures) for job in reports),
        ),
        *metric(
            "sala_job_ok_timestamp_seconds",
            "When a job last ended well; 0: never.",
            *((f'{{job="{job.name}"}}', _seconds(job.last_ok)) for job in reports),
        ),
    ]


def _waiting() -> list[str]:
    latest, oldest = ledger.latest(), notices.oldest_waiting()
    return [
        *metric(
            "sala_ledger_entries", "Entries under the latest checkpoint.", ("", latest.size if latest else 0)
        ),
        *metric("sala_ledger_unsealed", "Entries that wait for their checkpoint.", ("", ledger.unsealed())),
        *metric(
            "sala_ledger_checkpoint_timestamp_seconds",
            "When the latest checkpoint was signed; 0: none yet.",
            ("", _seconds(latest.at if latest else None)),
        ),
        *metric(
            "sala_notices",
            "Notices by state.",
            *((f'{{state="{state.value}"}}', count) for state, count in notices.counts().items()),
        ),
        *metric(
            "sala_notices_open",
            "Notices that wait or are uncertain, by channel and state.",
            *(
                (f'{{channel="{channel.value}",state="{state.value}"}}', count)
                for (channel, state), count in notices.open_counts().items()
            ),
        ),
        *metric(
            "sala_notices_oldest_waiting_timestamp_seconds",
            "Since when the longest waiting notice waits; 0: none waits.",
            ("", _seconds(oldest)),
        ),
    ]
