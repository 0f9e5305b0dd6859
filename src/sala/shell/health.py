"""Is the house standing, and may visitors come? Liveness and readiness for whoever watches the server."""

from datetime import timedelta

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sala.jobs import queries as jobs
from sala.kit import clock
from sala.kit.errors import NotFound
from sala.kit.terms import N_

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


def figures() -> list[str]:
    """The lines: whether the database stands, when the worker was last seen, how each job goes."""
    stands = database() == "ok"
    lines = [
        "# HELP sala_database_up Whether the database answers.",
        "# TYPE sala_database_up gauge",
        f"sala_database_up {int(stands)}",
    ]
    if not stands or migrations() != "ok":
        return lines
    seen = jobs.heartbeat()
    lines += [
        "# HELP sala_worker_seen_timestamp_seconds When a worker last gave a sign of life; 0: never.",
        "# TYPE sala_worker_seen_timestamp_seconds gauge",
        f"sala_worker_seen_timestamp_seconds {seen.timestamp() if seen else 0:.3f}",
        "# HELP sala_job_failures How often in a row a job has failed.",
        "# TYPE sala_job_failures gauge",
    ]
    reports = jobs.report()
    lines += [f'sala_job_failures{{job="{job.name}"}} {job.failures}' for job in reports]
    lines += [
        "# HELP sala_job_ok_timestamp_seconds When a job last ended well; 0: never.",
        "# TYPE sala_job_ok_timestamp_seconds gauge",
    ]
    return lines + [
        f'sala_job_ok_timestamp_seconds{{job="{job.name}"}} {job.last_ok.timestamp() if job.last_ok else 0:.3f}'
        for job in reports
    ]
