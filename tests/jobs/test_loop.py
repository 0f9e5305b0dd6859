"""Workers as processes: killed, stopped, locked out, cut off; nothing is left "running"."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from sala.jobs import loop
from sala.jobs.models import Task

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
SCRIPT = Path(__file__).with_name("worker_process.py")


class Hall:
    """A database that processes share: the test's own on PostgreSQL, a file on SQLite."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen] = []
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "sala.settings"),
            "PYTHONPATH": os.pathsep.join(["src", *filter(None, [os.environ.get("PYTHONPATH")])]),
            "SALA_HOME": str(folder),
        }
        if connection.vendor == "sqlite":
            self.environment.pop("SALA_DATABASE_URL", None)
            file = sqlite3.connect(folder / "sala.sqlite3")
            file.execute("PRAGMA journal_mode=WAL")
            sql = (
                connection.cursor()
                .execute("SELECT sql FROM sqlite_master WHERE name = 'jobs_task'")
                .fetchone()[0]
            )
            file.execute(sql)
            file.commit()
            file.close()
        else:
            place = connection.settings_dict
            self.environment["SALA_DATABASE_URL"] = (
                f"postgresql://{quote(place['USER'])}:{quote(place['PASSWORD'])}@{quote(place['HOST'], safe='')}"
                if place["HOST"].startswith("/")
                else f"postgresql://{quote(place['USER'])}:{quote(place['PASSWORD'])}@{place['HOST']}:{place['PORT'] or 5432}"
            ) + f"/{place['NAME']}"
            if place["HOST"].startswith("/"):
                self.environment["SALA_DATABASE_URL"] = f"postgresql:///{place['NAME']}?host={place['HOST']}"
                self.environment["PGPORT"] = str(place["PORT"] or 5432)
                self.environment["PGUSER"] = place["USER"]

    def worker(self, *jobs: str, lease: float = 2.0) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(self.folder), str(lease), *jobs], env=self.environment
        )
        self.processes.append(process)
        return process

    def pids(self, name: str) -> list[int]:
        path = self.folder / name
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def row(self, name: str) -> tuple:
        sql = f"SELECT holder, failures, lease_until FROM jobs_task WHERE name = 'test.{name}'"
        if connection.vendor == "sqlite":
            file = sqlite3.connect(self.folder / "sala.sqlite3")
            try:
                return file.execute(sql).fetchone()
            finally:
                file.close()
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()

    @contextmanager
    def locked(self):
        """The table held by another connection, so that workers get OperationalError."""
        if connection.vendor == "sqlite":
            file = sqlite3.connect(self.folder / "sala.sqlite3", isolation_level=None)
            file.execute("BEGIN EXCLUSIVE")
            yield
            file.execute("ROLLBACK")
            file.close()
        else:
            from django.db import transaction

            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("LOCK TABLE jobs_task IN ACCESS EXCLUSIVE MODE")
                yield


@pytest.fixture
def hall(tmp_path):
    hall = Hall(tmp_path)
    yield hall
    for process in hall.processes:
        if process.poll() is None:
            process.kill()
        process.wait()


def wait_for(condition, seconds=15.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


def stop(process, sign=signal.SIGTERM) -> float:
    begun = time.monotonic()
    process.send_signal(sign)
    assert process.wait(5) == 0
    return time.monotonic() - begun


def test_a_killed_workers_job_is_taken_over_when_its_lease_ends(hall):
    first = hall.worker("long")
    wait_for(lambda: hall.pids("long-begun") == [first.pid])
    second = hall.worker("long")  # is up before the kill, so it can't know the death but by the lease
    wait_for(lambda: len(Path(f"/proc/{second.pid}/task").name) > 0 and hall.row("long") is not None)
    time.sleep(2.5)  # longer than a lease: the living first worker renews it
    assert hall.pids("long-begun") == [first.pid], "a renewed lease is not taken over"
    first.kill()
    first.wait()
    assert hall.row("long")[0] != "", "the row still names the killed worker"
    (hall.folder / "enough").touch()
    wait_for(lambda: second.pid in hall.pids("long-done"))
    assert stop(second) < 1
    assert hall.row("long")[:2] == ("", 0)


def test_a_worker_started_after_a_kill_need_not_wait_for_the_lease(hall):
    first = hall.worker("long", lease=600)
    wait_for(lambda: hall.pids("long-begun") == [first.pid])
    first.kill()
    first.wait()
    (hall.folder / "enough").touch()
    second = hall.worker("long", lease=600)
    wait_for(lambda: second.pid in hall.pids("long-done"))


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("job", ["tick", "long"])
def test_a_stopping_worker_hands_back_what_it_does(hall, job, sign):
    worker = hall.worker(job, lease=600)
    wait_for(lambda: hall.pids("tick" if job == "tick" else "long-begun"))
    assert stop(worker, sign) < 1
    assert hall.row(job) == ("", 0, None)


def test_a_worker_stops_even_in_a_call_that_hears_no_signal(hall):
    worker = hall.worker("deaf")
    wait_for(lambda: hall.pids("deaf-begun"))
    assert stop(worker) < 1


def test_a_locked_database_is_waited_out(hall):
    worker = hall.worker("tick", lease=30)
    wait_for(lambda: hall.pids("tick"))
    with hall.locked():
        time.sleep(1.0)
        before = len(hall.pids("tick"))
        time.sleep(1.5)
        assert len(hall.pids("tick")) <= before + 1, "the lock was real"
        assert worker.poll() is None
    count = len(hall.pids("tick"))
    wait_for(lambda: len(hall.pids("tick")) > count + 3)
    assert hall.row("tick")[1] == 0
    assert stop(worker) < 1


def test_a_lost_connection_is_opened_again(hall):
    worker = hall.worker("lose", "tick", lease=30)
    wait_for(lambda: len(hall.pids("lost")) >= 2 and len(hall.pids("tick")) >= 5)
    assert worker.poll() is None
    assert stop(worker) < 1


def test_of_two_workers_one_does_it(hall):
    workers = [hall.worker("long"), hall.worker("long")]
    wait_for(lambda: hall.pids("long-begun"))
    time.sleep(1.5)
    assert len(hall.pids("long-begun")) == 1
    for worker in workers:
        assert stop(worker) < 1


def test_names_tell_the_dead_from_the_living():
    own = loop.own_name()
    assert len(own) <= Task._meta.get_field("holder").max_length
    assert not loop.is_dead(own)
    machine = own.split(":")[0]
    assert loop.is_dead(f"{machine}:{os.getpid()}:1"), "the number lives, but it is another process"
    assert loop.is_dead(f"{machine}:{2**22 + 1}:77")
    for unknown in ("elsewhere:1:2", f"{machine}:x:1", f"{machine}:1:", machine, ""):
        assert not loop.is_dead(unknown)
    gone = subprocess.Popen(["true"])
    mark = loop.process_mark(gone.pid)
    gone.wait()
    assert mark and loop.is_dead(f"{machine}:{gone.pid}:{mark}")
