"""A PostgreSQL server of our own for tests: a temporary cluster on a socket and on 127.0.0.1, gone when the command ends.

python tools/postgres.py -- pytest tests        runs the command with SALA_DATABASE_URL set
python tools/postgres.py --find                 prints the folder of the server's binaries, exit 1 if there is none
"""

import argparse
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def binaries() -> Path | None:
    """The newest PostgreSQL server on this machine."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


def unprivileged() -> list[str]:
    """The prefix that lets root start the server: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam("postgres" if "postgres" in {u.pw_name for u in pwd.getpwall()} else "nobody")
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cluster:
    """A running server in a temporary folder. Durability is off: it lives as long as the tests."""

    def __init__(self, memory: str = "256MB") -> None:
        self.memory = memory
        folder = binaries()
        if folder is None:
            raise SystemExit("PostgreSQL's server is not installed (Debian: apt-get install postgresql)")
        self.bin = folder
        self.folder = Path(tempfile.mkdtemp(prefix="sala-pg-"))
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://sala@127.0.0.1:{self.port}/sala"

    def start(self) -> None:
        as_user = unprivileged()
        if as_user:
            uid = int(as_user[1].split("=")[1])
            gid = int(as_user[2].split("=")[1])
            os.chown(self.folder, uid, gid)
        data = self.folder / "data"
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
        subprocess.run(
            [
                *as_user,
                self.bin / "initdb",
                "-D",
                data,
                "-U",
                "sala",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ],
            check=True,
            cwd="/",
            **quiet,
        )
        options = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self.folder,
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "max_connections": 200,
            "shared_buffers": self.memory,
        }
        arguments = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        self.process = subprocess.Popen(
            [*as_user, self.bin / "postgres", "-D", data, *arguments], cwd="/", **quiet
        )
        for _ in range(200):
            ready = subprocess.run(
                [
                    self.bin / "psql",
                    "-h",
                    "127.0.0.1",
                    "-p",
                    str(self.port),
                    "-U",
                    "sala",
                    "-d",
                    "postgres",
                    "-c",
                    "CREATE DATABASE sala",
                ],
                check=False,
                **quiet,
            )
            if ready.returncode == 0:
                return
            time.sleep(0.05)
        raise SystemExit("PostgreSQL did not start")

    def stop(self) -> None:
        if self.process:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=30)
        shutil.rmtree(self.folder, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--find", action="store_true")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    if given.find:
        folder = binaries()
        print(folder or "")
        return 0 if folder else 1
    command = given.command[1:] if given.command[:1] == ["--"] else given.command
    cluster = Cluster()
    try:
        cluster.start()
        return subprocess.run(
            command, env={**os.environ, "SALA_DATABASE_URL": cluster.url}, check=False
        ).returncode
    finally:
        cluster.stop()


if __name__ == "__main__":
    sys.exit(main())
