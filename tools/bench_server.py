"""The server that `make bench` measures: Sala and the bare views in one process, and somebody who asks it."""

import gzip
import http.client
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

TOOLS = Path(__file__).parent


def descendants(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            children = (task / "children").read_text().split()
        except OSError:
            continue
        for child in children:
            yield from descendants(int(child))


def cpu(pids: list[int]) -> float:
    """Seconds of CPU of all threads of these processes, to the nanosecond where the kernel counts so."""
    total = 0.0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*"):
            try:
                total += int((task / "schedstat").read_text().split()[0]) / 1e9
            except (OSError, ValueError, IndexError):
                continue
    return total


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """One web server process with Sala and the bare views; no worker, so that nothing else uses its CPU."""

    home: Path
    database: str
    port: int = field(default_factory=free_port)
    workers: int = 1
    bare: bool = True
    """With the bare views; without them it is the web server that `sala serve` runs."""
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def environment(self) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("SALA_", "DJANGO_"))
        }
        path = os.pathsep.join([str(TOOLS), *filter(None, [kept.get("PYTHONPATH", "")])])
        return {**kept, "PYTHONPATH": path, "SALA_HOME": str(self.home), "SALA_DATABASE_URL": self.database}

    def start(self) -> float:
        """Open it; returns the seconds until it answered."""
        from sala.shell import serve

        command = [
            "bench_bare:door" if self.bare and word == "sala.shell.serve:application" else word
            for word in serve.server_command("127.0.0.1", self.port, self.workers)
        ]
        began = time.monotonic()
        self.process = subprocess.Popen(command, env=self.environment, start_new_session=True)
        while time.monotonic() - began < 60:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                connection.request("GET", "/healthz")
                if connection.getresponse().status == 200:
                    return time.monotonic() - began
            except OSError:
                time.sleep(0.02)
        raise SystemExit("the server did not answer")

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=20)

    def pids(self) -> list[int]:
        assert self.process
        return list(descendants(self.process.pid))


class Caller:
    """Sends requests on one connection; a new one, from another address of this machine, each 15 (limits count by address)."""

    def __init__(self, port: int) -> None:
        self.port, self.sent, self.size = port, 0, 0
        self.connection: http.client.HTTPConnection | None = None
        self.headers = {"Accept-Encoding": "gzip", "Host": f"127.0.0.1:{port}"}
        self.cookies: dict[str, str] = {}

    def __call__(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, bytes]:
        if self.connection is None or self.sent % 15 == 0:
            if self.connection:
                self.connection.close()
            source = f"127.{1 + self.sent // 15 % 250}.{1 + self.sent // 3750 % 250}.{2 + os.getpid() % 250}"
            self.connection = http.client.HTTPConnection(
                "127.0.0.1", self.port, timeout=60, source_address=(source, 0)
            )
        self.sent += 1
        cookie = (
            {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
            if self.cookies
            else {}
        )
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, path, body, {**self.headers, **cookie, **named})
        answer = self.connection.getresponse()
        content = answer.read()
        self.size = len(content)
        if answer.headers.get("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = line.split(";", 1)[0].partition("=")
            self.cookies[name] = value
        self.location = answer.headers.get("Location", "")
        return answer.status, content


def memory(pids: list[int]) -> int:
    """Proportional set size in MB."""
    total = 0
    for pid in pids:
        try:
            found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
        except OSError:
            continue
        total += int(found[1]) if found else 0
    return total // 1024
