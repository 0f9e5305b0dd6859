"""How does the house open and close? `sala serve`: web server and worker under one supervising parent; `sala worker` alone.

The web server imports this module before Django is set up: no room is imported at its head but `jobs.processes`.
"""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import click

from sala.jobs import processes

STOP_WITHIN = 0.55
"""Seconds children may take to stop by themselves; then they are killed."""
SHORTEST_WAIT, LONGEST_WAIT, STEADY = 0.2, 30.0, 30.0
"""Seconds until a child that died is started again (doubling), and after how many its deaths are forgotten."""
OPENING = 30.0
"""Seconds the server may take until it answers."""
NOT_FOUNDED = "The database is not initialised. Run `sala init` (or `sala init --demo`) first."


def register_jobs() -> None:
    """Register the work of rooms that can't name the room `jobs` themselves: they stand on its floor."""
    from sala.accounts.acting import system
    from sala.files import actions as files
    from sala.jobs import registry
    from sala.ledger import looks
    from sala.notices import chats, delivery
    from sala.notices.terms import Channel
    from sala.numbers import actions as numbers
    from sala.shell import retention

    retention.register()

    registry.register("ledger.looks", timedelta(minutes=5), partial(looks.bind, by=system("ledger.looks")))
    # A job for each channel: a gateway that is slow holds nobody else's messages up.
    for job, channel in (
        ("notices.deliver", Channel.EMAIL),
        ("notices.sms", Channel.SMS),
        ("notices.telegram", Channel.TELEGRAM),
    ):
        registry.register(job, timedelta(seconds=5), partial(delivery.deliver_due, (channel,)))
    registry.register("notices.listen", timedelta(seconds=5), chats.listen)
    registry.register("installation.erase", timedelta(hours=1), retention.erase)
    registry.register("files.sweep", timedelta(hours=1), files.sweep)
    registry.register("numbers.expire", timedelta(hours=1), numbers.expire)


def application() -> Any:
    """The application of a server process, which dies with the server's parent."""
    processes.die_with_parent(signal.SIGKILL)
    from sala.shell.wsgi import application as wsgi  # sets Django up: what follows needs it

    from sala.shell.door import Door  # isort: skip

    return Door(wsgi)


def parse_bind(text: str) -> tuple[str, int]:
    """``127.0.0.1:8000``, ``[::1]:8000`` or ``:8000`` as host and port. Raises click.UsageError."""
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname or "127.0.0.1", parts.port
    except ValueError:
        port = None
        host = ""
    if port is None or parts.path or parts.username:
        raise click.UsageError(f"--bind {text!r}: write an address and a port such as 127.0.0.1:8000")
    return host, port


def free_port(host: str, port: int) -> int:
    """The port if nobody listens there (0: any free one). Raises click.ClickException with one clear line."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise click.ClickException(
                f"{host}:{port} can't be opened: {reason}. Is Sala running already? Choose another with --bind."
            ) from error
        return int(probe.getsockname()[1])


def check_database() -> None:
    """Raise click.ClickException with one clear line unless the database is there, complete and initialised."""
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    from sala.installation import queries

    file = connection.settings_dict["NAME"]
    if isinstance(file, Path) and not file.is_file():
        raise click.ClickException(NOT_FOUNDED)  # asking would make an empty file there
    try:
        founded = "installation_installation" in connection.introspection.table_names() and queries.current()
        executor = MigrationExecutor(connection)
        behind = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        ahead = sorted(
            " ".join(key)
            for key in executor.loader.applied_migrations
            if key[0] in executor.loader.migrated_apps and key not in executor.loader.graph.nodes
        )
    except DatabaseError as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise click.ClickException(f"The database can't be opened: {reason}") from error
    finally:
        if not connection.in_atomic_block:  # the server's children open their own
            connection.close()
    if not founded:
        raise click.ClickException(NOT_FOUNDED)
    if ahead:
        raise click.ClickException(
            f"The database is newer than this program (it has {ahead[0]}). Install the version of Sala that wrote it."
        )
    if behind:
        raise click.ClickException("The database is older than this program. Run `sala migrate` first.")


def check_settings() -> None:
    """Raise click.ClickException for settings with which the worker could only fail."""
    from sala.notices import channels
    from sala.notices.terms import Channel

    for channel in Channel:
        if found := channels.wrong(channel):
            raise click.ClickException(found)


def collect_static() -> None:
    """Put style sheets, fonts and scripts where the server finds them, when they are newer than what lies there."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            entry = Path(storage.path(name)).stat()
            digest.update(f"{name} {entry.st_size} {entry.st_mtime_ns}\n".encode())
    mark = Path(settings.STATIC_ROOT) / ".collected"
    if mark.is_file() and mark.read_text() == digest.hexdigest():
        return
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    mark.write_text(digest.hexdigest())


@dataclass
class Child:
    """A process the supervisor keeps alive."""

    name: str
    command: Sequence[str]
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    deaths: int = 0
    again_at: float = 0.0

    def start(self, environment: dict[str, str]) -> None:
        """Start it in the supervisor's process group; it dies with the supervisor whatever kills that."""
        # A child that stops itself on SIGTERM gets that; the server's own children follow it (see `application`).
        death = signal.SIGTERM if self.name == "worker" else signal.SIGKILL
        parent = os.getpid()

        def follow() -> None:
            processes.die_with_parent(death)
            if os.getppid() != parent:
                os._exit(1)

        self.started = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and module names
            list(self.command),
            env=environment,
            stdin=subprocess.DEVNULL,
            preexec_fn=follow,
        )


@dataclass
class Supervisor:
    """Starts the children, starts again what dies, and stops all in less than a second."""

    children: list[Child]
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    stopping: bool = False

    def stop(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """The signal handler: only remember it; `time.sleep` goes on after it, so the naps are short."""
        self.stopping = True

    def run(self, opened: Callable[[], bool], announce: Callable[[], None]) -> int:
        """Run until a signal; the exit status. ``opened`` says whether the server answers, then ``announce`` tells."""
        for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(sign, self.stop)
        announced = False
        begun = time.monotonic()
        for child in self.children:
            child.start(self.environment)
        while not self.stopping:
            self._revive()
            if not announced and opened():
                announced = True
                announce()
            if not announced and time.monotonic() - begun > OPENING:
                click.echo(f"The server did not answer within {OPENING:.0f} s; stopping.", err=True)
                self._stop_children()
                return 1
            time.sleep(0.05)
        self._stop_children()
        return 0

    def _revive(self) -> None:
        """Start again what has died: at once, then after waits that double."""
        now = time.monotonic()
        for child in self.children:
            if child.process is not None and (status := child.process.poll()) is not None:
                child.deaths = 1 if now - child.started > STEADY else child.deaths + 1
                wait = min(SHORTEST_WAIT * 2 ** (child.deaths - 1), LONGEST_WAIT)
                child.process, child.again_at = None, now + wait
                click.echo(f"{child.name} ended (status {status}); starting again in {wait:.1f} s", err=True)
            if child.process is None and now >= child.again_at and not self.stopping:
                child.start(self.environment)

    def _stop_children(self) -> None:
        """Ask all to stop, wait `STOP_WITHIN`, kill the rest."""
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            process.send_signal(signal.SIGTERM)
        until = time.monotonic() + STOP_WITHIN
        while time.monotonic() < until and any(process.poll() is None for process in running):
            time.sleep(0.01)
        for process in running:
            if process.poll() is None:
                process.kill()
        for process in running:
            process.wait()


def server_command(host: str, port: int, workers: int) -> list[str]:
    """The web server: granian, and two desks a process (`door`)."""
    options = {
        "--interface": "rsgi",
        "--host": host,
        "--port": str(port),
        "--workers": str(workers),
        "--respawn-interval": "0.2",
        "--workers-kill-timeout": "1",
        "--log-level": "warning",
    }
    flat = [word for pair in options.items() for word in pair]
    target = "sala.shell.serve:application"
    return [
        sys.executable,
        "-m",
        "granian",
        *flat,
        "--factory",
        "--no-ws",
        "--respawn-failed-workers",
        target,
    ]


def worker_command() -> list[str]:
    """The worker for background work."""
    return [sys.executable, "-m", "sala.jobs"]


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=0.2):
            return True
    except OSError:
        return False


def tell_systemd(state: str) -> None:
    """Say ``READY=1`` to systemd where that started us and waits for it (``Type=notify``); else nothing."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.sendto(state.encode(), address.replace("@", "\0", 1) if address[0] == "@" else address)


@click.command()
@click.option(
    "--bind", help="Address and port (default: SALA_BIND, else 127.0.0.1:8000; port 0: any free one)."
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=2,
    show_default=True,
    help="Server processes; with one, a long export holds up everybody.",
)
def serve(bind: str | None, workers: int) -> None:
    """Open the house: web server and worker, until SIGTERM or Ctrl-C."""
    from django.conf import settings

    host, port = parse_bind(bind or settings.BIND)
    check_database()
    check_settings()
    port = free_port(host, port)
    collect_static()
    shown = f"[{host}]" if ":" in host else host
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    supervisor = Supervisor(
        [Child("server", server_command(host, port, workers)), Child("worker", worker_command())]
    )

    def announce() -> None:
        click.echo(f"Sala is open at http://{shown}:{port}/ (Ctrl-C closes it)")
        tell_systemd("READY=1")

    status = supervisor.run(lambda: _answers(reached, port), announce)
    sys.stdout.flush()
    os._exit(status)  # all is written and all children are gone: taking Django apart would only take time


@click.command()
def worker() -> None:
    """Do background work (notices, sealing, reminders) in this process, until SIGTERM or Ctrl-C."""
    from sala.jobs import loop

    check_database()
    check_settings()
    loop.main()
