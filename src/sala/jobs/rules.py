"""When does a job run next, and what may be written about its failure? Pure arithmetic over moments and texts."""

import re
from datetime import datetime, timedelta

LEASE = timedelta(seconds=30)
"""How long a worker may be silent before another takes its job over; it renews the lease while it works."""
RENEWAL = timedelta(seconds=5)
SHORTEST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=5)

# What may hold a person's name, number, address or text: quoted or bracketed values, links, e-mail addresses,
# long numbers (Latin and Khmer digits) and anything that is not plain ASCII.
_PERSONAL = re.compile(
    r"'[^']*'|\"[^\"]*\"|\([^)]*\)|\[[^\]]*\]|\{[^}]*\}|\S+@\S+|\S+://\S+|[0-9០-៩][0-9០-៩ .+-]{4,}[0-9០-៩]|[^\x20-\x7e]+"
)


def is_due(next_at: datetime, now: datetime, every: timedelta) -> bool:
    """Whether the moment has come, or lies so far ahead that it was reckoned while the computer's clock ran ahead."""
    return next_at <= now or next_at > latest(now, every)


def is_free(lease_until: datetime | None, now: datetime) -> bool:
    """Whether nobody holds the job: no lease, one that has ended, or one no worker can have taken by this clock."""
    return lease_until is None or lease_until < now or lease_until > now + 2 * LEASE


def latest(now: datetime, every: timedelta) -> datetime:
    """The latest moment for which a job with this rhythm can be waiting; a lease more, for two who read the clock at once."""
    return now + max(every, LONGEST_WAIT) + LEASE


def back_off(failures: int) -> timedelta:
    """The wait after the ``failures``-th failure in a row (1, 2, ...): 1 s, doubling to 5 minutes."""
    doublings: int = min(max(failures, 1) - 1, 20)
    return min(SHORTEST_WAIT * 2.0**doublings, LONGEST_WAIT)


def next_run(started: datetime, ended: datetime, every: timedelta) -> datetime:
    """The next moment after a success: a fixed rhythm counted from the start, never in the past."""
    return max(started + every, ended)


def describe(kind: str, message: str, place: str = "") -> str:
    """One line for ``last_error``: the error's class, where it arose, and its message with everything that could
    be personal data struck out. At most 300 characters."""
    first = message.strip().splitlines()[0] if message.strip() else ""
    plain = re.sub(r"…(\s*…)+", "…", _PERSONAL.sub("…", first)).strip()
    head = f"{kind} ({place})" if place else kind
    return (f"{head}: {plain}" if plain else head)[:300]
