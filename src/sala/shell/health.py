"""Is the house standing, and may visitors come? Liveness and readiness for whoever watches the server."""

from datetime import timedelta

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sala.jobs import queries as jobs
from sala.kit import clock

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
    return "ok" if clock.now() - seen < QUIET else "silent"
