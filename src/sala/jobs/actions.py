"""How is background work done? Claim one job by a lease, run it, release it: every worker does the same."""

import logging
import os
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from django.db import DatabaseError, connection
from django.db.models import Q

from sala.jobs import queries, registry, rules
from sala.jobs.models import Task
from sala.kit import clock

log = logging.getLogger("sala.jobs")
Around = Callable[[str], AbstractContextManager[None]]
PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def ensure() -> None:
    """Make the rows of newly registered jobs; they are due at once."""
    present = set(Task.objects.values_list("name", flat=True))
    missing = [Task(name=name) for name in registry.jobs() if name not in present]
    if missing:
        Task.objects.bulk_create(missing, ignore_conflicts=True)


def claim(name: str, holder: str) -> bool:
    """Take the job if it is due and free, by one atomic statement. True: it is ours until the lease ends."""
    now = clock.now()
    latest = rules.latest(now, registry.jobs()[name].every)
    taken = (
        Task.objects.filter(Q(next_at__lte=now) | Q(next_at__gt=latest), name=name)  # as `rules.is_due`
        # Twice the lease: whoever read the clock a moment earlier must not take for a leap what was leased just now.
        .filter(
            Q(lease_until__isnull=True) | Q(lease_until__lt=now) | Q(lease_until__gt=now + 2 * rules.LEASE)
        )
        .update(lease_until=now + rules.LEASE, holder=holder, last_started=now)
    )
    return taken == 1


def renew(name: str, holder: str) -> bool:
    """Keep a job that takes longer than its lease. False: it was lost to another worker."""
    return Task.objects.filter(name=name, holder=holder).update(lease_until=clock.now() + rules.LEASE) == 1


def release(name: str, holder: str, error: str = "") -> None:
    """Give the job back: on its rhythm after a success, after a wait that grows after an error."""
    job, now = registry.jobs()[name], clock.now()
    task = Task.objects.filter(name=name, holder=holder).first()
    if task is None:
        log.warning("job %s: the lease was lost while it ran", name)
        return
    started = task.last_started or now
    changes: dict[str, object] = (
        {
            "failures": task.failures + 1,
            "last_error": error,
            "next_at": now + rules.back_off(task.failures + 1),
        }
        if error
        else {
            "failures": 0,
            "last_error": "",
            "last_ok": now,
            "next_at": rules.next_run(started, now, job.every),
        }
    )
    Task.objects.filter(name=name, holder=holder).update(lease_until=None, holder="", **changes)


def hand_back(holder: str) -> None:
    """Free every job of ``holder`` at once, without counting a failure: a worker that stops, or is known to be dead."""
    Task.objects.filter(holder=holder).update(lease_until=None, holder="")


def holders() -> list[str]:
    """Who holds leases now, expired or not."""
    return list(Task.objects.exclude(holder="").values_list("holder", flat=True).distinct())


def run_due(
    holder: str,
    *,
    around: Around = lambda _name: nullcontext(),
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Run every job that is due and free, one after the other; returns how many ran.

    A job that fails is noted and waits; the others go on. Database errors outside a job's own work are raised:
    the loop waits and comes back. ``around`` wraps a job's work, ``stop`` ends the round early.
    """
    ran = 0
    for name in queries.due():
        if stop():
            break
        if not claim(name, holder):
            continue
        ran += 1
        error = _run(registry.jobs()[name], around)
        if error:
            log.warning("job %s failed: %s", name, error)
        try:
            release(name, holder, error)
        except DatabaseError:
            if connection.in_atomic_block:
                raise
            connection.close()  # the job may have broken it: once more through a new one, then the loop waits
            release(name, holder, error)
    return ran


def run_now(name: str) -> str:
    """Do one job in this process, whether it is due or not and without a lease; the error's description or nothing.

    Jobs bear being done twice at once, so that no worker need be stopped. The table is left as it is.
    """
    return _run(registry.jobs()[name], lambda _name: nullcontext())


def _run(job: registry.Job, around: Around) -> str:
    """Do the work; the error's description, empty when it went well."""
    try:
        with around(job.name):
            job.run()
    except Exception as error:  # noqa: BLE001 - whatever a job raises is written down and must not stop the others
        return rules.describe(type(error).__name__, str(error), _place(error))
    return ""


def _place(error: BaseException) -> str:
    """The innermost line of Sala's own code, as ``room/file.py:line``."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.startswith(PACKAGE) and not frame.filename.endswith("jobs/actions.py"):
            return f"{os.path.relpath(frame.filename, PACKAGE)}:{frame.lineno}"
    return ""
