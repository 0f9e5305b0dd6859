"""Is all that was acknowledged there once, with its entry, after processes were killed at random under eight writers?"""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable

from tests.faults.postgres import Server
from tests.faults.writers import Writers, content, examine
from tests.hall import Hall


class Killer:
    """Knows ways to kill a hall, and for PostgreSQL its database."""

    def __init__(self, hall: Hall, server: Server | None, seed: int) -> None:
        self.hall, self.server, self.dice = hall, server, random.Random(seed)
        self.ways: dict[str, tuple[int, Callable[[], None]]] = {
            "server process": (5, lambda: self._kill(hall.pids("server")[1:])),
            "whole server": (2, lambda: self._kill(hall.pids("server")[:1])),
            "worker": (3, lambda: self._kill(hall.pids("worker"))),
            "whole group": (4, self._group),
        }
        if server is not None:
            self.ways |= {
                "a backend": (3, lambda: self._kill(self._backends())),
                "the database": (2, lambda: self._database(signal.SIGKILL)),
                "the database, at once": (1, lambda: self._database(signal.SIGQUIT)),
            }
        self.done: Counter[str] = Counter()

    def kill(self, way: str = "") -> str:
        """One kill, drawn or named; returns which."""
        way = way or self.dice.choices(list(self.ways), [weight for weight, _ in self.ways.values()])[0]
        self.ways[way][1]()
        self.done[way] += 1
        return way

    def _kill(self, pids: list[int]) -> None:
        if pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.dice.choice(pids), signal.SIGKILL)

    def _group(self) -> None:
        assert self.hall.process is not None
        os.killpg(self.hall.process.pid, signal.SIGKILL)
        self.hall.process.wait(20)
        self.hall.start()

    def _backends(self) -> list[int]:
        assert self.server is not None
        with contextlib.suppress(Exception):  # it may be starting up after the last kill
            return self.server.backends()
        return []

    def _database(self, how: signal.Signals) -> None:
        assert self.server is not None
        self.server.stop(how)
        self.server.start()


def run(
    hall: Hall,
    *,
    kills: int,
    between: int,
    server: Server | None = None,
    each: bool = False,
    seed: int = 1,
    tell: Callable[[str], None] = lambda line: None,
) -> dict[str, int]:
    """``kills`` kills with ``between`` acknowledgements after each. ``each``: every way once first, the rest drawn."""
    killer = Killer(hall, server, seed)
    first = list(killer.ways) if each else []
    with Writers(hall) as writers:
        writers.wait_for(between)
        for index in range(kills):
            way = killer.kill(first[index] if index < len(first) else "")
            writers.wait_for(between)
            tell(
                f"kill {index + 1:>2} ({way}): {len(writers.acknowledged)} acknowledged, {writers.broken} lines broken"
            )
        time.sleep(killer.dice.random())
        os.killpg(
            hall.process.pid, signal.SIGKILL
        ) if hall.process else None  # the last one, in the middle of all
        hall.process and hall.process.wait(20)
        hall.start()
    assert not writers.faults, writers.faults[:3]
    wait_until_sealed(hall)
    found = examine(hall, writers.acknowledged)
    content(found)
    return {
        **found,
        "kills": kills + 1,
        "lines broken": writers.broken,
        "refused": sum(writers.refused.values()),
        **killer.done,
    }


def wait_until_sealed(hall: Hall, patience: float = 60) -> None:
    """Until the worker, back at work, has sealed every entry."""
    from tests.faults.writers import connected

    until = time.monotonic() + patience
    with connected(hall) as ask:
        while ask("SELECT count(*) FROM ledger_entry WHERE leaf IS NULL")[0][0]:
            assert time.monotonic() < until, "the ledger was not sealed"
            time.sleep(0.2)


STRACE = shutil.which("strace")


def count_syncs(hall: Hall, server: Server | None, many: int, writers: int = 1) -> tuple[int, int]:
    """How many acknowledgements, and how many times data was forced to the disk meanwhile: the calls themselves are counted.

    SQLite: fsync and fdatasync of the hall's web server, by strace. PostgreSQL: `pg_stat_wal`, which counts the same.
    """
    if server is not None:
        before = server.syncs()
        done = _acknowledge(hall, many, writers)
        until = (
            time.monotonic() + 15
        )  # a backend that fell idle reports its last second of work 10 seconds later
        while (syncs := server.syncs() - before) < done and time.monotonic() < until:
            time.sleep(0.5)
        return done, syncs
    assert STRACE and hall.process
    report = hall.home / "strace.txt"
    pids = [word for pid in hall.pids("server") for word in ("-p", str(pid))]
    tracer = subprocess.Popen(
        [STRACE, "-f", "-c", "-e", "trace=fsync,fdatasync", "-o", str(report), *pids],
        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        time.sleep(1)
        done = _acknowledge(hall, many, writers)
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait(20)
    rows = [line.split() for line in report.read_text().splitlines()]
    return done, sum(int(row[3]) for row in rows if row[-1:] in (["fsync"], ["fdatasync"]))


def _acknowledge(hall: Hall, many: int, writers: int) -> int:
    with Writers(hall, writers) as busy:
        busy.wait_for(many)
    assert not busy.faults, busy.faults[:3]
    return sum(1 + len(one.acts) for one in busy.acknowledged)
