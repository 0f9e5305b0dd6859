"""Give the next number without gap or double, and keep answers so that a repeated request is done once."""

import json
from datetime import UTC, timedelta
from uuid import UUID

from django.db import connection, transaction

from sala.kit import clock
from sala.numbers.models import Counter, KeptAnswer

KEEP = timedelta(hours=48)
"""Twice as long as a browser keeps a form that could not be sent: what it sends at the last minute is still known."""
HOURLY = "hour."  # how the series of `limits` begin

# One text for both databases; the row stays locked until the caller's transaction ends, so a rollback leaves no gap.
_NEXT = (
    f'INSERT INTO "{Counter._meta.db_table}" ("series", "office", "year", "value") VALUES (%s, %s, %s, %s) '  # noqa: S608
    f'ON CONFLICT ("series", "office", "year") DO UPDATE SET "value" = "{Counter._meta.db_table}"."value" + %s '
    'RETURNING "value"'
)
_KEEP = (
    f'INSERT INTO "{KeptAnswer._meta.db_table}" ("scope", "key", "body", "status", "headers", "answer", "created") '  # noqa: S608
    "VALUES (%s, %s, %s, %s, {json}, {json}, %s) ON CONFLICT DO NOTHING"
)


def _inside_transaction() -> None:
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("numbers: call inside the transaction of the act")


def next_number(*, series: str, office: UUID | str, year: int) -> int:
    """The next number of ``series`` in ``office`` and ``year``, beginning with 1.

    Side effect: one row of the counter, locked until the caller's transaction ends: call it late, after everything that
    may fail. Raises `TransactionManagementError` outside a transaction (the number could be lost there).
    """
    return reserve(series=series, office=office, year=year, count=1)


def reserve(*, series: str, office: UUID | str, year: int, count: int) -> int:
    """Take ``count`` numbers at once (bulk loading): returns the first, the others follow without gap."""
    _inside_transaction()
    if count < 1:
        raise ValueError("count")
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [series, str(office), year, count, count])
        return int(cursor.fetchone()[0]) - count + 1


def keep(*, scope: str, key: str, body: str, status: int, headers: dict[str, str], answer: object) -> bool:
    """Keep the complete answer in the transaction of the act; False where another request with the key was faster.

    On PostgreSQL it waits for a faster one that has not ended yet. ``key`` and ``body`` are digests.
    """
    _inside_transaction()
    created = connection.ops.adapt_datetimefield_value(clock.now())
    sql = _KEEP.format(json="%s::jsonb" if connection.vendor == "postgresql" else "%s")
    with connection.cursor() as cursor:
        cursor.execute(sql, [scope, key, body, status, json.dumps(headers), json.dumps(answer), created])
        return int(cursor.rowcount) == 1


def expire() -> None:
    """Forget answers older than 48 hours, and how often an address did something in hours past. Run by the jobs' loop."""
    now = clock.now()
    KeptAnswer.objects.filter(created__lt=now - KEEP).delete()
    hours = Counter.objects.filter(series__startswith=HOURLY)
    hours.exclude(series=f"{HOURLY}{now.astimezone(UTC):%Y%m%d%H}").delete()
