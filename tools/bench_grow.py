"""What does a hall with very many requests look like? Multiplies the requests of SALA_HOME's database: python tools/bench_grow.py TOTAL

By SQL alone, for measuring only: each copy has its own id, number and code, another hall and earlier times, its contact, its first
step and its first entry in the ledger (which `sala ledger verify` would not accept). Statistics are analysed at the end.
"""

import hashlib
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sala.settings")

import django

django.setup()

from django.db import connection, models, transaction

from sala.ledger.models import Entry
from sala.window.models import Contact, Event, Request

POSTGRESQL = connection.vendor == "postgresql"
MOMENTS = (
    "received_at",
    "due_at",
    "paused_at",
    "first_answer_at",
    "done_at",
    "close_at",
    "created",
    "changed",
)


def fresh(column: str) -> str:
    """A new key for a copy of a row: from its own and the number of the copy."""
    return f"md5({column}::text || '-' || t.n)::uuid" if POSTGRESQL else f"fresh({column}, t.n)"


def earlier(column: str) -> str:
    """A moment so many hours before as the copy has a number, within a quarter of a year."""
    if POSTGRESQL:
        return f"{column} - make_interval(hours => t.n % 2000)"
    return f"strftime('%Y-%m-%d %H:%M:%f', {column}, '-' || (t.n % 2000) || ' hours')"


def copied(model: type[models.Model], letter: str, changed: dict[str, str]) -> tuple[str, str]:
    """The columns of a table, and what stands in them in a copy."""
    quoted = [f'"{field.column}"' for field in model._meta.local_concrete_fields]
    values = [changed.get(name.strip('"'), f"{letter}.{name}") for name in quoted]
    return ", ".join(quoted), ", ".join(values)


def grow(total: int) -> None:
    """Copy the first requests so often that there are ``total``."""
    with connection.cursor() as cursor:
        if not POSTGRESQL:
            connection.ensure_connection()
            connection.connection.create_function(
                "fresh", 2, lambda key, n: hashlib.md5(f"{key}-{n}".encode()).hexdigest(), deterministic=True
            )
        copy = (
            "split_part(number, '+', 2)::integer"
            if POSTGRESQL
            else "CAST(substr(number, instr(number, '+') + 1) AS integer)"
        )
        cursor.execute(f"SELECT COUNT(*), MAX({copy}) FROM window_request WHERE number LIKE '%+%'")
        copies, before = cursor.fetchone()
        cursor.execute("SELECT COUNT(*) FROM window_request WHERE number NOT LIKE '%+%'")
        base = cursor.fetchone()[0]
        first = (before or 0) + 1
        last = first + (total - base - copies) // base - 1
        if last < first:
            return
        with transaction.atomic():
            _copy(cursor, first, last)
    analyse()


def analyse() -> None:
    """Let the database know what is in its tables."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if POSTGRESQL else "ANALYZE")


def _copy(cursor: object, first: int, last: int) -> None:
    run = cursor.execute  # type: ignore[attr-defined]
    run(
        f"CREATE TEMPORARY TABLE bench_t AS WITH RECURSIVE t(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM t WHERE n < {last}) "
        "SELECT n FROM t"
    )
    run(
        "CREATE TEMPORARY TABLE bench_halls AS SELECT ROW_NUMBER() OVER (ORDER BY code) - 1 AS place, id, province, district, "
        "commune FROM offices_office WHERE kind = 'commune_hall'"
    )
    run("SELECT COUNT(*) FROM bench_halls")
    halls = cursor.fetchone()[0]  # type: ignore[attr-defined]
    run(
        "CREATE TEMPORARY TABLE bench_base AS SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place FROM window_request "
        "WHERE number NOT LIKE '%+%'"
    )
    where = {
        "id": fresh("r.id"),
        "number": "r.number || '+' || t.n",
        "code_hash": "md5(r.code_hash || t.n) || md5(t.n || r.code_hash)"
        if POSTGRESQL
        else "fresh(r.code_hash, t.n) || fresh(t.n, r.code_hash)",
        **{name: f"h.{name}" for name in ("province", "district", "commune")},
        "village": "''",
        "office_id": "h.id",
        **{name: earlier(f"r.{name}") for name in MOMENTS},
    }
    columns, values = copied(Request, "r", where)
    run(
        f"INSERT INTO window_request ({columns}) SELECT {values} FROM bench_t t CROSS JOIN bench_base b "
        f"JOIN window_request r ON r.id = b.id JOIN bench_halls h ON h.place = (b.place * 7919 + t.n * 104729) % {halls}"
    )
    pairs = "bench_t t CROSS JOIN bench_base b"
    columns, values = copied(Contact, "c", {"id": fresh("c.id"), "request_id": fresh("c.request_id")})
    run(
        f"INSERT INTO window_contact ({columns}) SELECT {values} FROM {pairs} JOIN window_contact c ON c.request_id = b.id"
    )
    changed = {"id": fresh("e.id"), "request_id": fresh("e.request_id"), "at": earlier("e.at")}
    columns, values = copied(Event, "e", changed)
    run(
        f"INSERT INTO window_event ({columns}) SELECT {values} FROM {pairs} JOIN window_event e ON e.request_id = b.id "
        "WHERE e.position = 1"
    )
    subject = f"CAST({fresh('b.id')} AS text)"
    if not POSTGRESQL:
        subject = " || '-' || ".join(
            f"substr({fresh('b.id')}, {at}, {size})"
            for at, size in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
        )
    changed = {"id": fresh("l.id"), "subject": subject, "leaf": "NULL", "at": earlier("l.at")}
    columns, values = copied(Entry, "l", changed)
    key = (
        "CAST(b.id AS text)"
        if POSTGRESQL
        else "substr(b.id,1,8)||'-'||substr(b.id,9,4)||'-'||substr(b.id,13,4)||'-'||substr(b.id,17,4)||'-'||substr(b.id,21)"
    )
    run(
        f"INSERT INTO ledger_entry ({columns}) SELECT {values} FROM {pairs} JOIN ledger_entry l "
        f"ON l.kind = 'window.request' AND l.subject = {key} WHERE l.act = 'window.receive'"
    )


if __name__ == "__main__":
    analyse() if sys.argv[1] == "--analyse" else grow(int(sys.argv[1]))
