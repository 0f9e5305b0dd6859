"""A real hall for tests: its own home and database, the demonstration loaded, server and worker running on 127.0.0.1."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from sala.jobs import processes

ROOT = Path(__file__).parents[1]
SALA = Path(sys.executable).parent / "sala"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def beside(name: str) -> str:
    """The address of a database beside the one the tests use; an empty text stands for SQLite in the hall's home."""
    url = os.environ.get("SALA_DATABASE_URL", "")
    return urlsplit(url)._replace(path=f"/{name}").geturl() if url else ""


def fresh_database(name: str, like: str = "template1") -> str:
    """The address of a new database there: an empty one, or a copy of another that nobody is in."""
    url = beside(name)
    if url:
        with psycopg.connect(beside("postgres"), autocommit=True) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}"')
            admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{like}"')
    return url


def family(pid: int) -> list[int]:
    """A process and all its descendants."""
    found = [pid]
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += family(int(child))
    return found


@dataclass
class Hall:
    """A hall in ``home``; ``sala(...)`` runs a command in it, ``start`` and ``stop`` its server."""

    home: Path
    database: str = ""
    extra: dict[str, str] = field(default_factory=dict)
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("SALA_", "DJANGO_", "PYTEST_"))
        }
        return {**kept, "SALA_HOME": str(self.home), "SALA_DATABASE_URL": self.database, **self.extra}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def accounts(self) -> dict[str, dict[str, str]]:
        rows = json.loads((self.home / "demo" / "accounts.json").read_text(encoding="utf-8"))
        return {row["username"]: row for row in rows}

    def sala(
        self, *arguments: str, check: bool = True, timeout: float = 240
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [SALA, *arguments],
            env=self.environment,
            text=True,
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=timeout,
        )
        if check and done.returncode:
            raise AssertionError(
                f"sala {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
            )
        return done

    def start(self) -> "Hall":
        self.port = self.port or free_port()
        log = (self.home / "serve.log").open("ab")
        self.process = subprocess.Popen(
            [SALA, "serve", "--bind", f"127.0.0.1:{self.port}"],
            env=self.environment,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: processes.die_with_parent(signal.SIGTERM),
        )
        for _ in range(300):
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                    if answer.status == 200:
                        return self
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        self.stop()
        raise AssertionError(
            "the hall did not open:\n" + (self.home / "serve.log").read_text(errors="replace")[-3000:]
        )

    def pids(self, what: str) -> list[int]:
        """Its processes of a kind, ``server`` or ``worker``; those of the web server in the order of their birth."""
        assert self.process is not None
        lines = {}
        for pid in family(self.process.pid)[1:]:
            with contextlib.suppress(OSError):
                lines[pid] = Path(f"/proc/{pid}/cmdline").read_bytes()
        word = {"worker": b"sala.jobs", "server": b"granian"}[what]
        return [pid for pid, line in lines.items() if processes.mark(pid) and word in line]

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(timeout=20)
        self.process = None
