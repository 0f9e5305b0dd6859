"""A PostgreSQL server that may break: durable, stopped and started at will, on a disk of its own if wanted."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
import postgres as tool


class Server:
    """A server on 127.0.0.1 in ``folder`` (default: a temporary one), with fsync on as in a real hall."""

    def __init__(self, folder: Path | None = None, like: "Server | None" = None, **options: str) -> None:
        """New, or (stopped) ``like`` another with the same data."""
        found = tool.binaries()
        assert found is not None, "PostgreSQL's server is not installed"
        self.bin, self.user = found, tool.unprivileged()
        self.folder = folder or Path(tempfile.mkdtemp(prefix="sala-faults-pg-"))
        self.data, self.port = self.folder / "data", tool.free_port()
        self.options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
            "log_min_messages": "fatal",
            **options,
        }
        self.process: subprocess.Popen[bytes] | None = None
        if self.user:
            uid, gid = (int(word.split("=")[1]) for word in self.user[1:3])
            os.chown(self.folder, uid, gid)
        if like is not None:
            self._run("cp", "-a", str(like.data), str(self.data))
        else:
            self._run(
                self.bin / "initdb", "-D", str(self.data), "-U", "sala", "-A", "trust", "-E", "UTF8",
                "--locale=C.UTF-8", "--no-sync",
            )  # fmt: skip

    def copy(self, folder: Path | None) -> "Server":
        """Another server, not started, on a copy of this one's data."""
        return Server(folder, self)

    @property
    def url(self) -> str:
        return f"postgresql://sala@127.0.0.1:{self.port}/sala"

    def _run(self, *command: str | Path) -> None:
        subprocess.run(
            [*self.user, *command],
            check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120,
        )  # fmt: skip

    def start(self) -> "Server":
        """Start, wait until it answers, and see that the database is there."""
        arguments = [part for key, value in self.options.items() for part in ("-c", f"{key}={value}")]
        until = time.monotonic() + 60
        log = (self.folder / "server.log").open("ab")
        while True:
            if self.process is None or self.process.poll() is not None:
                # After a kill its own children may hold its memory for a moment: it refuses, and is asked again.
                self.process = subprocess.Popen(
                    [*self.user, self.bin / "postgres", "-D", self.data, *arguments],
                    cwd="/", stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                )  # fmt: skip
            try:
                with psycopg.connect(urlsplit(self.url)._replace(path="/postgres").geturl(), autocommit=True, connect_timeout=2) as line:  # fmt: skip
                    if not line.execute("SELECT 1 FROM pg_database WHERE datname = 'sala'").fetchone():
                        line.execute("CREATE DATABASE sala")
                log.close()
                return self
            except psycopg.OperationalError:
                assert time.monotonic() < until, (self.folder / "server.log").read_text()[-2000:]
                time.sleep(0.1)

    def backends(self) -> list[int]:
        """Processes that serve the hall's connections."""
        with psycopg.connect(self.url, autocommit=True, connect_timeout=5) as line:
            rows = line.execute(
                "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            return [row[0] for row in rows]

    def syncs(self) -> int:
        """How often the log was written through to the disk so far."""
        with psycopg.connect(self.url, autocommit=True) as line:
            row = line.execute("SELECT wal_sync FROM pg_stat_wal").fetchone()
            return int(row[0]) if row else 0

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: fast; SIGQUIT: at once, as at a power cut; SIGKILL: its own children end when they notice."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(timeout=60)
        self.process = None

    def gone(self) -> None:
        """Stop and remove what was written."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
