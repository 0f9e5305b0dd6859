"""Is a database that is away or held told clearly, and does all go on by itself once it is back?"""

import sqlite3
import threading
import time
from collections import Counter

from tests.faults.postgres import Server
from tests.faults.writers import BROKEN, Writers, call, content, examine, from_somewhere, page
from tests.hall import Hall, family


def run(hall: Hall, server: Server | None, *, seconds: float, acknowledged: int = 30) -> dict[str, object]:
    """Take the database away for so long under eight writers: PostgreSQL is stopped, SQLite's file held by somebody else."""
    before = processes(hall)
    with Writers(hall) as writers:
        writers.wait_for(acknowledged)
        if server is not None:
            server.stop()
            told = _asked(hall, seconds)
            server.start()
        else:
            holder = sqlite3.connect(hall.home / "sala.sqlite3", timeout=20, isolation_level=None)
            holder.execute("BEGIN EXCLUSIVE")
            told = _asked(hall, seconds)
            holder.execute("ROLLBACK")
            holder.close()
        back = time.monotonic()
        writers.wait_for(1)
        returned = time.monotonic() - back
        writers.wait_for(acknowledged)
    assert not writers.faults, writers.faults[:3]
    assert writers.refused[503], "nobody was refused"
    wait_for_worker(hall)
    assert processes(hall) == before, "something had to be started again"
    found = examine(hall, writers.acknowledged)
    content(found)
    return {
        **found,
        **told,
        "refused": writers.refused[503],
        "seconds until the first acknowledgement": round(returned, 1),
    }


def processes(hall: Hall) -> set[int]:
    """The hall's processes."""
    assert hall.process is not None
    return set(family(hall.process.pid))


def _asked(hall: Hall, seconds: float) -> dict[str, object]:
    """What is answered meanwhile, to a writing program and to readers of a page."""
    until = time.monotonic() + seconds
    writes: Counter[int] = Counter()
    reads: Counter[int] = Counter()
    took: list[float] = []

    def write() -> None:
        while time.monotonic() < until:
            body = {"service": "RP-SEWER", "place": "120404", "description": "while it is away"}
            try:
                status, problem, headers = call(
                    hall, "window/requests", body, **{"X-Forwarded-For": from_somewhere(), "Accept-Language": "en"}
                )  # fmt: skip
            except BROKEN:
                writes[0] += 1
                continue
            writes[status] += 1
            if status == 503:
                assert int(headers["retry-after"]) > 0 and problem["title"] == "Just a moment", problem

    thread = threading.Thread(target=write)
    thread.start()
    while time.monotonic() < until:
        begun = time.monotonic()
        status, text = page(hall, "/en/services", timeout=60)
        took.append(time.monotonic() - begun)
        reads[status] += 1
        assert status == 200 or "Just a moment" in text, text[:500]
        time.sleep(0.1)
    thread.join(60)
    p95 = sorted(took)[int(len(took) * 0.95)]
    assert p95 < 1, f"readers waited: {p95}"
    return {
        "writes meanwhile": dict(writes),
        "reads meanwhile": dict(reads),
        "p95 of reads (s)": round(p95, 2),
        "longest read (s)": round(max(took), 1),
    }


def wait_for_worker(hall: Hall, patience: float = 60) -> None:
    """Until the worker has sealed what waited, by itself."""
    from tests.faults.kills import wait_until_sealed

    wait_until_sealed(hall, patience)
