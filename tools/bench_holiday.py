"""How long does adding a public holiday take with 10,000 open requests? python tools/bench_holiday.py [--requests 10000]

On a fresh SQLite database, and on PostgreSQL where its server is installed: requests are taken in by the real action for four
persons in five with an e-mail address, three holidays are added by the action that the page calls, the worker's job tells
everybody, and each person is counted. Ends with 1 where somebody was told twice or not at all, or a promise is late.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import postgres

SALA = Path(sys.executable).parent / "sala"
LIMIT = 2.0
"""Seconds that adding a holiday may take."""


def measure(count: int) -> int:
    """In the database of the environment: make the requests, add the holidays, print what it took."""
    import django

    django.setup()
    from django.db import connection, transaction

    from sala.accounts.acting import system
    from sala.kit import clock
    from sala.notices.models import Notice
    from sala.offices import actions as offices
    from sala.offices import queries as office_queries
    from sala.places import queries as places
    from sala.window import actions, tasks
    from sala.window.models import Event

    by = system("bench")
    communes = [unit.key for unit in places.units("commune")][:40]
    began = time.perf_counter()
    for start in range(0, count, 500):
        with transaction.atomic():
            for number in range(start, min(start + 500, count)):
                told = number % 5 != 4
                actions.receive(
                    by=by, service="RP-SEWER", place=communes[number % len(communes)], channel="counter",
                    description=f"ទឹកស្ទះលូនៅមុខផ្ទះ លេខ {number}", name="សុខ តារា", phone="" if told else "+85512345678",
                    email=f"resident{number}@example.com" if told else "",
                )  # fmt: skip
    print(f"{connection.vendor}: {count:,} requests in {time.perf_counter() - began:.0f} s", flush=True)
    slowest, day, wrong = 0.0, clock.today(), 0
    for turn in range(3):
        day = office_queries.calendar(None).next_working_day(day + timedelta(days=1))
        events = Event.objects.filter(act="recount").count()
        began = time.perf_counter()
        offices.add_holiday(by=by, day=day, name={"km": "ថ្ងៃឈប់សម្រាក", "en": "Day off"}, office=None)
        added = time.perf_counter()
        moved = Event.objects.filter(act="recount").count() - events
        told = Notice.objects.filter(kind="window.moved").count()
        afterwards = time.perf_counter()
        tasks.tell_moved()
        tasks.tell_moved()
        ended = time.perf_counter()
        told = Notice.objects.filter(kind="window.moved").count() - told
        slowest = max(slowest, added - began)
        wrong += told != count - count // 5 or moved < count
        print(
            f"  holiday {turn + 1}: {added - began:.2f} s, {moved:,} deadlines; {told:,} persons told by the worker"
            f" in {ended - afterwards:.2f} s",
            flush=True,
        )
    twice = Notice.objects.filter(kind="window.moved").values("address").distinct().count() * 3 != (
        Notice.objects.filter(kind="window.moved").count()
    )
    return int(bool(wrong) or twice or slowest >= LIMIT)


def run(folder: Path, url: str, count: int) -> int:
    """Make a hall in ``folder`` and measure there; the exit status."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SALA_", "DJANGO_"))}
    given = {**kept, "SALA_HOME": str(folder), "SALA_DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "sala.settings"}  # fmt: skip
    subprocess.run([SALA, "init"], env=given, check=True, stdout=subprocess.DEVNULL, timeout=1800)
    return subprocess.run([sys.executable, __file__, "--here", "--requests", str(count)], env=given, timeout=1800).returncode  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--only", choices=["sqlite", "postgresql"], help="one database alone")
    parser.add_argument("--here", action="store_true", help="in the database of the environment")
    given = parser.parse_args()
    if given.here:
        return measure(given.requests)
    status = 0
    with tempfile.TemporaryDirectory(prefix="sala-bench-") as folder:
        if given.only != "postgresql":
            status |= run(Path(folder) / "sqlite", "", given.requests)
        if given.only != "sqlite" and postgres.binaries():
            cluster = postgres.Cluster()
            try:
                cluster.start()
                status |= run(Path(folder) / "postgresql", cluster.url, given.requests)
            finally:
                cluster.stop()
    return status


if __name__ == "__main__":
    sys.exit(main())
