"""What is wrong with this installation, and what to do? The checks of `sala doctor`, each of which only looks."""

import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from sala.kit import clock

ENOUGH, SCARCE = 2_000_000_000, 300_000_000
"""Free bytes below which the disk is worth a warning, and below which it is bad."""
OLDEST = (3, 11)
QUIET = timedelta(minutes=5)
WAITS_LONG = timedelta(hours=1)
BACKED_UP = timedelta(hours=30)
LATE = timedelta(days=1)
SHORTEST_SECRET = 50
CLOCKS = timedelta(seconds=30)
"""How far this machine's clock and the database's may be apart."""
RELEASED = datetime(2026, 11, 1, tzinfo=UTC)
"""No clock is right that shows an earlier time."""


@dataclass(frozen=True)
class Check:
    """One thing looked at: ``state`` is ok, warn or bad; ``found`` says what is; ``do`` what to do about it."""

    name: str
    state: str
    found: str
    do: str = ""

    def as_dict(self) -> dict[str, str]:
        """For ``--json``."""
        return asdict(self)

    def line(self) -> str:
        """For the screen."""
        return f"{self.state:<5} {self.name:<11} {self.found}" + (
            f"\n{'':17} -> {self.do}" if self.do else ""
        )


def examine() -> list[Check]:
    """All checks. What needs the database is left out, and says so, when that is away."""
    found = [*python(), *home(), *keys(), *disk(), *clock_face(), *texts(), *static(), *transport()]
    found += [*backups(), *dangers()]
    base = list(database())
    found += base
    if any(check.state == "bad" and check.name == "database" for check in base):
        return [*found, Check("records", "warn", "not looked at: they are in the database")]
    for look in (worker, outbox, ledger, pictures, retention):
        found += _guarded(look)
    return found


def backups() -> Iterator[Check]:
    """The age of the latest backup made on this machine."""
    from sala.shell import backup

    last = backup.last()
    do = "sala backup FILE --keys FILE, each day, to another machine"
    if last is None:
        yield Check("backup", "warn", "none was made here yet", do)
    elif clock.now() - last > BACKED_UP:
        yield Check("backup", "warn", f"the latest is of {last.astimezone(clock.zone()):%Y-%m-%d %H:%M}", do)
    else:
        yield Check("backup", "ok", f"the latest is of {last.astimezone(clock.zone()):%Y-%m-%d %H:%M}")


def dangers() -> Iterator[Check]:
    """Settings that must not stand in a hall that is open to residents."""
    public = settings.PUBLIC_URL
    host = settings.BIND.rpartition(":")[0].strip("[]")
    here = host in ("127.0.0.1", "::1", "localhost", "")
    found: list[tuple[str, str, str]] = []
    if settings.DEBUG:
        found.append(("bad", "DEBUG is on: faults show the program's inside to everybody", "Turn it off."))
    # Where there is no secret yet, asking for it would make one.
    if settings.SECRET_FILES[0].is_file() and len(str(settings.SECRET_KEY)) < SHORTEST_SECRET:
        found.append(("bad", f"the secret has less than {SHORTEST_SECRET} signs", "sala keys rotate secret"))
    if (
        public
        and not public.startswith("https://")
        and urlsplit(public).hostname not in ("127.0.0.1", "localhost")
    ):
        found.append(
            ("bad", f"{public}: passwords travel in clear", "Put nginx with TLS before it: https://")
        )
    if not here and not public:
        found.append(
            ("warn", f"SALA_BIND={settings.BIND} is open to the network", "Bind to 127.0.0.1 behind nginx.")
        )
    yield from (Check("settings", state, what, do) for state, what, do in found)
    if not found:
        yield Check("settings", "ok", f"safe; residents use {public or 'only this machine'}")


def retention() -> Iterator[Check]:
    """Personal data whose time is over and that are still there."""
    from sala.installation import retention as kept

    try:
        late = {p.kind.name: p.kind.due(p.before(clock.now() - LATE)) for p in kept.periods()}
    except kept.BadRetentionError as fault:
        yield Check(
            "retention", "bad", str(fault), "Correct the country's pack: nothing is erased until then."
        )
        return
    behind = {name: count for name, count in late.items() if count}
    if behind:
        told = ", ".join(f"{count} of {name}" for name, count in behind.items())
        do = "Is the worker at work? sala jobs run installation.erase"
        yield Check("retention", "warn", f"should have been erased a day ago: {told}", do)
    else:
        yield Check("retention", "ok", "nothing is kept longer than the pack says")


def _guarded(look: Callable[[], Iterator[Check]]) -> list[Check]:
    """A check that itself fails is a finding, not the end of the examination."""
    from django.db import DatabaseError

    from sala.kit.errors import Problem

    name = look.__name__
    try:
        return list(look())
    except Problem as problem:
        return [Check(name, "bad", str(problem.message))]
    except (DatabaseError, OSError) as error:
        return [
            Check(name, "bad", str(error).strip().splitlines()[0], "See what the database or the disk has.")
        ]


def python() -> Iterator[Check]:
    """The interpreter and the version of Sala."""
    version = ".".join(map(str, sys.version_info[:3]))
    found = f"Python {version}, Sala {metadata.version('sala')}, in {sys.prefix}"
    if sys.version_info[:2] < OLDEST:
        yield Check("python", "bad", found, "Install Python 3.11 or newer, remove .venv and make it anew.")
    else:
        yield Check("python", "ok", found)


def home() -> Iterator[Check]:
    """SALA_HOME: there, ours, and closed to others."""
    folder = Path(settings.HOME)
    if not folder.is_dir():
        yield Check(
            "home", "bad", f"{folder} is not a folder", "Set SALA_HOME, or run `sala init`, which makes it."
        )
    elif not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield Check(
            "home", "bad", f"{folder} can't be written by this user", f"chown it to user {os.geteuid()}."
        )
    elif mode := folder.stat().st_mode & 0o077:
        found = f"{folder} is open to others (mode {folder.stat().st_mode & 0o777:03o})"
        todo = f"chmod 700 {folder}"
        yield Check("home", "warn" if not mode & 0o022 else "bad", found, todo)
    else:
        yield Check("home", "ok", f"{folder}, closed to others")


def keys() -> Iterator[Check]:
    """The server's secret and the ledger's key: there, and readable by the owner alone."""
    folder = Path(settings.HOME) / "keys"
    secret = Path(os.environ.get("SALA_SECRET_FILE", folder / "secret"))
    files = {secret, *([path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else [])}
    there = [path for path in sorted(files) if path.is_file()]
    missing = secret not in there or not secret.stat().st_size
    if missing:
        do = "Restore it from the backup; where there was none yet, `sala init` makes it."
        yield Check("keys", "bad", f"{secret}: there is no secret", do)
    open_ones = [path for path in there if path.stat().st_mode & 0o077]
    if open_ones:
        names = " ".join(str(path) for path in open_ones)
        yield Check("keys", "bad", f"{names}: others may read it", f"chmod 600 {names}")
    elif not missing:
        yield Check("keys", "ok", f"{len(there)} in {folder}, readable by the owner alone")


def disk() -> Iterator[Check]:
    """Room for what will be written."""
    folder = Path(settings.HOME)
    free = shutil.disk_usage(folder if folder.is_dir() else folder.anchor).free
    found = f"{free / 1e9:,.1f} GB free where SALA_HOME is"
    do = "Make room: when the disk is full, nothing is taken in any more."
    yield (
        Check("disk", "ok", found)
        if free >= ENOUGH
        else Check("disk", "bad" if free < SCARCE else "warn", found, do)
    )


def clock_face() -> Iterator[Check]:
    """A clock that can't be right."""
    now = clock.now()
    shown = f"{now.astimezone(clock.zone()):%Y-%m-%d %H:%M:%S %z}"
    if now < RELEASED:
        yield Check(
            "clock", "bad", f"it shows {shown}, before this version existed", "Set it; let NTP keep it."
        )
    else:
        yield Check("clock", "ok", shown)


def texts() -> Iterator[Check]:
    """The Khmer catalogues, compiled."""
    made = [
        path.with_suffix(".mo") for path in Path(settings.PACKAGE).glob("**/locale/km/LC_MESSAGES/django.po")
    ]
    missing = [path for path in made if not path.is_file()]
    old = [
        path
        for path in made
        if path.is_file() and path.stat().st_mtime < path.with_suffix(".po").stat().st_mtime
    ]
    if missing or old:
        found = f"{len(missing)} of {len(made)} Khmer catalogues not compiled, {len(old)} out of date"
        do = "python tools/messages.py --compile (`make demo` does it)"
        yield Check("texts", "bad" if missing else "warn", found, do)
    else:
        yield Check("texts", "ok", f"{len(made)} Khmer catalogues")


def static() -> Iterator[Check]:
    """Style sheet, scripts and the Khmer font, collected."""
    root = Path(settings.STATIC_ROOT)
    fonts = sorted(path.name for path in root.glob("ui/**/*.woff2"))
    if not (root / "staticfiles.json").is_file():
        do = "`sala serve` collects them when it starts; `sala migrate` too."
        yield Check("static", "warn", f"{root} holds no style sheet yet", do)
    elif not any("khmer" in name.lower() for name in fonts):
        yield Check("static", "bad", f"{root} holds no Khmer font", "Run `sala migrate`.")
    else:
        yield Check("static", "ok", f"style sheet, scripts and {len(fonts)} font files collected")


def transport() -> Iterator[Check]:
    """Where notices go."""
    from sala.notices import rules

    try:
        found = rules.transport(settings.EMAIL_URL)
    except ValueError as error:
        yield Check("e-mail", "bad", str(error), "Correct SALA_EMAIL_URL.")
        return
    if settings.EMAIL_URL:
        at = f"the mail server {found.host}:{found.port}"
        try:
            socket.create_connection((found.host, found.port), timeout=3).close()
        except OSError as error:
            do = "Notices wait in the outbox and are sent by themselves once it is back (for two days)."
            yield Check("e-mail", "warn", f"{at} does not answer: {error.strerror or error}", do)
        else:
            yield Check("e-mail", "ok", f"notices go to {at}")
    else:
        where = f"notices become files in {Path(settings.HOME) / 'outbox'}"
        yield Check("e-mail", "ok", f"{where}; SALA_EMAIL_URL=smtp://... sends them")
    yield from phones()


def phones() -> Iterator[Check]:
    """Whether SMS and Telegram are set up soundly, where they are set up at all."""
    from sala.notices import channels
    from sala.notices.terms import Channel

    for channel in (Channel.SMS, Channel.TELEGRAM):
        if found := channels.wrong(channel):
            yield Check(channel.value, "bad", found, "Correct the setting; docs/notices.md tells how.")
        elif channels.is_open(channel):
            yield Check(channel.value, "ok", "notices are sent by it")


def database() -> Iterator[Check]:
    """Reachable, initialised, up to date, whole."""
    import click
    from django.db import connection

    from sala.installation import queries
    from sala.shell import serve

    kind = "SQLite" if connection.vendor == "sqlite" else "PostgreSQL"
    try:
        serve.check_database()
    except click.ClickException as refused:
        told = str(refused.message)
        do = "See SALA_DATABASE_URL and SALA_HOME."
        for word, what in (("older", "Run `sala migrate`."), ("newer", "Install the version that wrote it.")):
            do = what if word in told else do
        yield Check("database", "bad", f"{kind}: {told}", do)
        return
    row = queries.current()
    what = "a demonstration, everything in it is fictional" if row and row.demonstration else "a real hall"
    yield Check("database", "ok", f"{kind}, initialised and up to date; {what}")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            apart = abs(cursor.fetchone()[0] - clock.now())
        if apart > CLOCKS:
            found = f"this machine's and the database's are {apart.total_seconds():.0f} s apart"
            yield Check("clock", "bad", found, "Set both by NTP.")
    for restored in queries.restorations():
        found = f"from a backup of {restored.written} with {restored.count} faults of its ledger: {restored.faults[0]}"
        yield Check("restored", "warn", found, "Recorded in the ledger; `sala ledger verify` names them all.")
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA quick_check(3)")
            faults = [str(found[0]) for found in cursor.fetchall()]
        if faults != ["ok"]:
            yield Check("database", "bad", f"SQLite: {'; '.join(faults)}", "Restore the backup.")


def worker() -> Iterator[Check]:
    """Background work: a sign of life, and no job that keeps failing."""
    from sala.jobs import queries

    seen, now = queries.heartbeat(), clock.now()
    if seen is None or now - seen > QUIET:
        found = (
            "none has ever run"
            if seen is None
            else f"silent since {seen.astimezone(clock.zone()):%Y-%m-%d %H:%M}"
        )
        yield Check(
            "worker", "warn", found, "`sala serve` runs one beside the server, `sala worker` one alone."
        )
    else:
        yield Check("worker", "ok", "at work")
    for job in queries.report():
        if job.failures:
            found = f"{job.name} failed {job.failures} times: {job.last_error}"
            do = f"When the cause is gone: sala jobs run {job.name}"
            yield Check("worker", "bad" if job.failures > 5 else "warn", found, do)


def outbox() -> Iterator[Check]:
    """Notices that wait too long or could not be sent."""
    from sala.notices import queries
    from sala.notices.terms import State

    counts, oldest = queries.counts(), queries.oldest_waiting()
    uncertain = counts[State.UNCERTAIN]
    waiting = sum(counts[state] for state in (State.CREATED, State.SENDING, State.TEMPORARY))
    broken = counts[State.TECHNICAL]
    if oldest is not None and clock.now() - oldest > WAITS_LONG:
        found = f"{waiting} notices wait, the oldest since {oldest.astimezone(clock.zone()):%Y-%m-%d %H:%M}"
        yield Check("outbox", "warn", found, "Is the worker at work, and does the mail server answer?")
    else:
        yield Check("outbox", "ok", f"{waiting} notices wait, {counts[State.DELIVERED]} delivered")
    if uncertain:
        found = f"of {uncertain} notices nobody knows whether they arrived"
        yield Check("outbox", "warn", found, "Staff see to them under Messages (/work/messages).")
    if broken:
        yield Check(
            "outbox", "warn", f"{broken} notices could not be sent", "Look at the worker's log for why."
        )


def ledger() -> Iterator[Check]:
    """The backlog of the sealer, the latest checkpoint and whether this hall's key signed it, and time running back."""
    from sala.ledger import keyring, keys, queries
    from sala.ledger.rules import notes

    waiting, latest = queries.unsealed(), queries.latest()
    if latest is None:
        yield Check("ledger", "warn", f"no checkpoint yet, {waiting} entries wait", "The worker makes one.")
        return
    at = f"{latest.at.astimezone(clock.zone()):%Y-%m-%d %H:%M}"
    found = f"{latest.size} entries under the checkpoint of {at}, {waiting} wait for theirs"
    last = queries.last_acts(1)
    if keys.public() is None:
        do = "Put ledger.ed25519 from the backup into SALA_HOME/keys: without it nothing more is signed."
        yield Check("ledger", "bad", f"{found}; the signing key is gone", do)
        return
    try:
        notes.opened(latest.note, keyring.current().at(latest.size))
    except notes.BadNoteError as fault:
        do = "Is it another hall's key or database? Then: sala ledger verify"
        yield Check("ledger", "bad", f"{found}; this hall's key did not sign it: {fault}", do)
    else:
        long = waiting and clock.now() - latest.at > QUIET
        yield Check("ledger", "warn" if long else "ok", found, "Is the worker at work?" if long else "")
    newest = max([latest.at, *(entry.at for entry in last)])
    if newest > clock.now() + timedelta(minutes=1):
        found = (
            f"the ledger's newest time is {newest.astimezone(clock.zone()):%Y-%m-%d %H:%M}, later than now"
        )
        yield Check(
            "clock", "bad", found, "The clock was set back: set it right before anybody goes on working."
        )
    elif (ahead := queries.newest_time()) and ahead > clock.now() + timedelta(minutes=1):
        found = f"it ran ahead once: entries bear times up to {ahead.astimezone(clock.zone()):%Y-%m-%d %H:%M}"
        yield Check("clock", "warn", found, "The clock was set back since. If it is right now, all is well.")


def pictures() -> Iterator[Check]:
    """Attachments whose file is gone."""
    from sala.files import queries

    lost = queries.lost(10)
    if lost:
        names = ", ".join(str(file.pk) for file in lost)
        yield Check(
            "pictures", "bad", f"content is missing of: {names}", "Restore SALA_HOME/files from the backup."
        )
    else:
        yield Check("pictures", "ok", "every attachment has its file")
