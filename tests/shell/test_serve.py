"""`sala serve`: opens, keeps its children alive, closes at once, refuses with one line."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import click
import pytest

from sala.shell import serve
from tests.hall import SALA, fresh_database

STOPS_WITHIN = 1.0 if (os.getloadavg()[0] < (os.cpu_count() or 1)) else 5.0
"""Seconds; more where other tests share the processors."""


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("127.0.0.1:8000", ("127.0.0.1", 8000)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),
        ("[::1]:8000", ("::1", 8000)),
        (":8000", ("127.0.0.1", 8000)),
        ("localhost:0", ("localhost", 0)),
    ],
)
def test_addresses(text, place):
    assert serve.parse_bind(text) == place


@pytest.mark.parametrize(
    "text", ["", "8000", "127.0.0.1", "a:b", "h:99999", "h:-1", "h:80/x", "u@h:80", "[::1:80"]
)
def test_wrong_addresses(text):
    with pytest.raises(click.UsageError, match="bind"):
        serve.parse_bind(text)


def test_a_taken_port_is_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            click.ClickException, match=f"127.0.0.1:{port} can't be opened: Address already in use"
        ):
            serve.free_port("127.0.0.1", port)


def test_a_port_that_is_just_left_can_be_taken_again():
    port = serve.free_port("127.0.0.1", 0)
    assert serve.free_port("127.0.0.1", port) == port


def test_an_address_of_another_machine():
    with pytest.raises(click.ClickException, match="can't be opened"):
        serve.free_port("192.0.2.1", 8000)


@pytest.mark.parametrize("url", ["pigeon://x", "smtp://"])
def test_settings_that_can_not_work(settings, url):
    settings.EMAIL_URL = url
    with pytest.raises(click.ClickException, match="SALA_EMAIL_URL"):
        serve.check_settings()


def test_every_room_s_work_is_registered():
    from sala.jobs import registry

    assert {
        "jobs.heartbeat",
        "notices.deliver",
        "installation.erase",
        "files.sweep",
        "numbers.expire",
        "ledger.seal",
    } <= set(registry.jobs())


@pytest.mark.django_db
def test_a_complete_database_is_accepted_and_an_unmarked_one_is_not(monkeypatch):
    from sala.installation import queries

    monkeypatch.setattr("django.db.connection.close", lambda: None)
    serve.check_database()
    monkeypatch.setattr(queries, "current", lambda: None)
    with pytest.raises(click.ClickException, match="sala init"):
        serve.check_database()


@pytest.mark.django_db
def test_an_old_database_is_told(monkeypatch):
    from django.db.migrations.executor import MigrationExecutor

    monkeypatch.setattr("django.db.connection.close", lambda: None)
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *_: [("ledger", "0002")])
    with pytest.raises(click.ClickException, match="sala migrate"):
        serve.check_database()


# The supervisor, with children of our own.

SUPERVISOR = """
import sys
from pathlib import Path
from sala.shell.serve import Child, Supervisor
folder = Path(sys.argv[1])
children = [Child(name, [sys.executable, "-c", code, sys.argv[1]]) for name, code in zip(sys.argv[2::2], sys.argv[3::2])]
sys.exit(Supervisor(children).run(lambda: (folder / "open").exists(), lambda: print("open", flush=True)))
"""
GOOD = "import sys, os, time; open(sys.argv[1] + '/good', 'a').write(f'{os.getpid()}\\n'); time.sleep(600)"
BAD = "import sys, os; open(sys.argv[1] + '/bad', 'a').write(f'{os.getpid()}\\n'); sys.exit(3)"
DEAF = (
    "import sys, os, time, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "open(sys.argv[1] + '/deaf', 'a').write(f'{os.getpid()}\\n'); time.sleep(600)"
)


def wait_for(condition, seconds=30.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


def pids(path: Path) -> list[int]:
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def alive(pid: int) -> bool:
    from sala.jobs import processes

    return bool(processes.mark(pid))


def stop(process, sign=signal.SIGTERM) -> float:
    begun = time.monotonic()
    process.send_signal(sign)
    process.wait(10)
    return time.monotonic() - begun


@pytest.fixture
def supervise(tmp_path):
    running = []

    def start(**children):
        words = [word for pair in children.items() for word in pair]
        process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISOR, str(tmp_path), *words],
            env={**os.environ, "PYTHONPATH": "src"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


processes_test = pytest.mark.processes


@processes_test
def test_what_dies_is_started_again_after_waits_that_grow(supervise, tmp_path):
    supervisor = supervise(good=GOOD, bad=BAD)
    wait_for(lambda: len(pids(tmp_path / "bad")) >= 4)
    assert len(pids(tmp_path / "good")) == 1
    supervisor.terminate()
    _, told = supervisor.communicate(timeout=10)
    lines = [line for line in told.splitlines() if line.startswith("bad ended (status 3)")]
    assert [line.rpartition(" in ")[2] for line in lines[:3]] == ["0.2 s", "0.4 s", "0.8 s"]
    assert supervisor.returncode == 0


@processes_test
def test_it_tells_once_when_it_is_open(supervise, tmp_path):
    supervisor = supervise(good=GOOD)
    wait_for(lambda: pids(tmp_path / "good"))
    (tmp_path / "open").touch()
    assert supervisor.stdout.readline() == "open\n"
    time.sleep(0.3)
    stop(supervisor)
    assert supervisor.stdout.read() == ""


@processes_test
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_all_are_stopped_even_the_deaf(supervise, tmp_path, sign):
    supervisor = supervise(good=GOOD, deaf=DEAF)
    wait_for(lambda: pids(tmp_path / "good") and pids(tmp_path / "deaf"))
    assert stop(supervisor, sign) < STOPS_WITHIN
    assert supervisor.returncode == 0
    assert not [pid for name in ("good", "deaf") for pid in pids(tmp_path / name) if alive(pid)]


@processes_test
def test_children_die_with_a_killed_supervisor(supervise, tmp_path):
    supervisor = supervise(server=DEAF, worker=GOOD)
    wait_for(lambda: pids(tmp_path / "good") and pids(tmp_path / "deaf"))
    supervisor.kill()
    wait_for(lambda: not [pid for name in ("good", "deaf") for pid in pids(tmp_path / name) if alive(pid)], 5)


@processes_test
def test_children_share_its_process_group(supervise, tmp_path):
    supervisor = supervise(good=GOOD)
    wait_for(lambda: pids(tmp_path / "good"))
    assert os.getpgid(pids(tmp_path / "good")[0]) == os.getpgid(supervisor.pid)


# The real house.


class House:
    """An initialised database without a country's data, and `sala serve` upon it."""

    def __init__(self, home: Path, database: str) -> None:
        self.home = home
        self.environment = {
            **os.environ,
            "SALA_HOME": str(home),
            "SALA_DATABASE_URL": database,
            "LANG": "C.UTF-8",
        }
        if not database:
            del self.environment["SALA_DATABASE_URL"]

    def sala(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [str(SALA), *words], env=self.environment, capture_output=True, text=True, timeout=120
        )

    def serve(self, *words: str) -> tuple[subprocess.Popen, str]:
        process = subprocess.Popen(
            [str(SALA), "serve", "--bind", "127.0.0.1:0", *words],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        line = process.stdout.readline()
        assert line.startswith("Sala is open at http://127.0.0.1:"), line
        return process, line.split()[4]


@pytest.fixture(scope="module")
def house(tmp_path_factory, worker_id):
    house = House(tmp_path_factory.mktemp("house"), fresh_database(f"serve_{worker_id}"))
    refused = house.sala("serve", "--bind", "127.0.0.1:0")
    assert refused.returncode == 1
    assert (
        refused.stderr
        == "Error: The database is not initialised. Run `sala init` (or `sala init --demo`) first.\n"
    )
    assert house.sala("worker").returncode == 1
    assert house.sala("migrate").returncode == 0
    code = "import django; django.setup(); from sala.installation import actions as a; a.initialise(country='kh', demonstration=False)"
    subprocess.run(
        [sys.executable, "-c", code],
        env={**house.environment, "DJANGO_SETTINGS_MODULE": "sala.settings", "PYTHONPATH": "src"},
        check=True,
    )
    return house


def children(pid: int) -> list[int]:
    """All descendants."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found += [int(path.parent.name), *children(int(path.parent.name))]
    return found


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


pytestmark = pytest.mark.xdist_group("serve")


@processes_test
def test_opens_serves_and_closes_under_load(house):
    process, url = house.serve()
    assert status(url + "healthz") == 200
    everyone = children(process.pid)
    assert len(everyone) >= 3, "server, its process, worker"
    stopping = threading.Event()

    def press():
        while not stopping.is_set():
            try:
                status(url + "km/")
            except OSError:
                return

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    taken = stop(process)
    stopping.set()
    for thread in threads:
        thread.join()
    assert taken < STOPS_WITHIN
    assert process.returncode == 0
    wait_for(lambda: not [pid for pid in everyone if alive(pid)], 2)
    with pytest.raises(OSError):
        status(url)


@processes_test
def test_a_taken_port_a_dead_worker_and_a_killed_parent(house):
    process, url = house.serve()
    refused = house.sala("serve", "--bind", url.removeprefix("http://").rstrip("/"))
    assert refused.returncode == 1 and len(refused.stderr.splitlines()) == 1
    assert "can't be opened: Address already in use" in refused.stderr

    def worker() -> int:
        for pid in children(process.pid):
            if b"sala.jobs" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
        return 0

    first = worker()
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: worker() not in (0, first))
    assert status(url + "healthz") == 200
    everyone = children(process.pid)
    process.kill()
    process.wait()
    wait_for(lambda: not [pid for pid in everyone if alive(pid)], 5)


@processes_test
def test_a_database_that_is_away_is_told_in_one_line(tmp_path):
    house = House(tmp_path, "postgresql://nobody@127.0.0.1:1/none")
    refused = house.sala("serve", "--bind", "127.0.0.1:0")
    assert refused.returncode == 1
    assert refused.stderr.startswith("Error: The database can't be opened: ")
    assert len(refused.stderr.splitlines()) == 1


@processes_test
def test_wrong_usage(tmp_path):
    house = House(tmp_path, "")
    assert house.sala("serve", "--bind", "nonsense").returncode == 2
    assert house.sala("serve", "--workers", "0").returncode == 2
    assert "Open the house" in textwrap.dedent(house.sala("serve", "--help").stdout)
