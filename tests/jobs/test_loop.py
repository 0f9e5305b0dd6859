"""Workers as processes: killed, stopped, locked out, cut off; nothing is left "running"."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from sala.jobs import loop, processes
from sala.jobs.models import Task
from tests.hall import fresh_database

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("jobs")]
STOPS_WITHIN = 1.0 if (os.getloadavg()[0] < (os.cpu_count() or 1)) else 5.0
"""Seconds; more where other tests share the processors."""
SCRIPT = Path(__file__).with_name("worker_process.py")


class Den:
    """A folder and a database that worker processes share."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self.processes: list[subprocess.Popen] = []

    def connect(self):
        """A connection of the test's own, outside Django."""
        url = self.environment.get("SALA_DATABASE_URL")
        if url:
            return psycopg.connect(url)
        return sqlite3.connect(Path(self.environment["SALA_HOME"]) / "sala.sqlite3", isolation_level=None)

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
        with closing(self.connect()) as connection:
            sql = f"SELECT holder, failures, lease_until FROM jobs_task WHERE name = 'test.{name}'"
            return connection.execute(sql).fetchone()

    @contextmanager
    def locked(self):
        """The table held by another connection, so that workers get OperationalError."""
        with closing(self.connect()) as connection:
            if "SALA_DATABASE_URL" in self.environment:
                connection.execute("LOCK TABLE jobs_task IN ACCESS EXCLUSIVE MODE")
            else:
                connection.execute("BEGIN EXCLUSIVE")
            yield
            connection.rollback()


@pytest.fixture(scope="module")
def environment(tmp_path_factory, worker_id):
    """What worker processes need: a database with the tables of `jobs`."""
    home = tmp_path_factory.mktemp("den")
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "sala.settings",
        "PYTHONPATH": "src",
        "SALA_HOME": str(home),
        "SALA_DATABASE_URL": fresh_database(f"jobs_{worker_id}"),
    }
    if not environment["SALA_DATABASE_URL"]:
        del environment["SALA_DATABASE_URL"]
    subprocess.run([sys.executable, "-m", "django", "migrate", "jobs", "-v0"], env=environment, check=True)
    return environment


@pytest.fixture
def den(tmp_path, environment):
    den = Den(tmp_path, environment)
    yield den
    for process in den.processes:
        if process.poll() is None:
            process.kill()
        process.wait()
    with closing(den.connect()) as connection:
        connection.execute("DELETE FROM jobs_task")
        connection.commit()


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


def test_a_killed_workers_job_is_taken_over_when_its_lease_ends(den):
    first = den.worker("long", lease=3)
    wait_for(lambda: den.pids("long-begun") == [first.pid])
    second = den.worker("long", lease=3)  # is up before the kill, so it can't know the death but by the lease
    wait_for(lambda: len(Path(f"/proc/{second.pid}/task").name) > 0 and den.row("long") is not None)
    time.sleep(3.5)  # longer than a lease: the living first worker renews it
    assert den.pids("long-begun") == [first.pid], "a renewed lease is not taken over"
    first.kill()
    first.wait()
    assert den.row("long")[0] != "", "the row still names the killed worker"
    (den.folder / "enough").touch()
    wait_for(lambda: second.pid in den.pids("long-done"))
    assert stop(second) < STOPS_WITHIN
    assert den.row("long")[:2] == ("", 0)


def test_a_worker_started_after_a_kill_need_not_wait_for_the_lease(den):
    first = den.worker("long", lease=600)
    wait_for(lambda: den.pids("long-begun") == [first.pid])
    first.kill()
    first.wait()
    (den.folder / "enough").touch()
    second = den.worker("long", lease=600)
    wait_for(lambda: second.pid in den.pids("long-done"))


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("job", ["tick", "long"])
def test_a_stopping_worker_hands_back_what_it_does(den, job, sign):
    worker = den.worker(job, lease=600)
    wait_for(lambda: den.pids("tick" if job == "tick" else "long-begun"))
    assert stop(worker, sign) < STOPS_WITHIN
    assert den.row(job) == ("", 0, None)


def test_a_worker_stops_even_in_a_call_that_hears_no_signal(den):
    worker = den.worker("deaf")
    wait_for(lambda: den.pids("deaf-begun"))
    assert stop(worker) < STOPS_WITHIN


def test_a_locked_database_is_waited_out(den):
    worker = den.worker("tick", lease=30)
    wait_for(lambda: den.pids("tick"))
    with den.locked():
        time.sleep(1.0)
        before = len(den.pids("tick"))
        time.sleep(1.5)
        assert len(den.pids("tick")) <= before + 1, "the lock was real"
        assert worker.poll() is None
    count = len(den.pids("tick"))
    wait_for(lambda: len(den.pids("tick")) > count + 3)
    assert den.row("tick")[1] == 0
    assert stop(worker) < STOPS_WITHIN


def test_a_lost_connection_is_opened_again(den):
    worker = den.worker("lose", "tick", lease=30)
    wait_for(lambda: len(den.pids("lost")) >= 2 and len(den.pids("tick")) >= 5)
    assert worker.poll() is None
    assert stop(worker) < STOPS_WITHIN


def test_of_two_workers_one_does_it(den):
    workers = [den.worker("long"), den.worker("long")]
    wait_for(lambda: den.pids("long-begun"))
    time.sleep(1.5)
    assert len(den.pids("long-begun")) == 1
    for worker in workers:
        assert stop(worker) < STOPS_WITHIN


def test_a_long_job_does_not_hold_up_the_short_ones(den):
    worker = den.worker("long", "tick", lease=600)
    wait_for(lambda: den.pids("long-begun"))
    count = len(den.pids("tick"))
    wait_for(lambda: len(den.pids("tick")) > count + 5)
    assert den.pids("long-begun") == [worker.pid] and not den.pids("long-done")
    assert stop(worker) < STOPS_WITHIN


def test_names_tell_the_dead_from_the_living():
    own = loop.own_name()
    assert len(own) <= Task._meta.get_field("holder").max_length
    assert not loop.is_dead(own) and not loop.is_dead(f"{own}:2")
    assert loop.is_dead(f"{own.rpartition(':')[0]}:1:2")
    machine = own.split(":")[0]
    assert loop.is_dead(f"{machine}:{os.getpid()}:1"), "the number lives, but it is another process"
    assert loop.is_dead(f"{machine}:{2**22 + 1}:77")
    for unknown in ("elsewhere:1:2", f"{machine}:x:1", f"{machine}:1:", machine, ""):
        assert not loop.is_dead(unknown)
    gone = subprocess.Popen(["sleep", "60"])
    mark = processes.mark(gone.pid)
    gone.kill()
    gone.wait()
    assert mark and loop.is_dead(f"{machine}:{gone.pid}:{mark}")
