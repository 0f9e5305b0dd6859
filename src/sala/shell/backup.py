"""How is a hall kept for the day its machine burns? `sala backup`: one file of everything, as of one moment, while work goes on."""

import hashlib
import io
import json
import os
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import IO, Any

import click

PART = 4_000_000
"""Bytes of rows held in memory at once."""
EVERY = 2.0
"""Seconds between two lines of progress."""

Say = Callable[[str], None]


class Progress:
    """Says how far it is, at most every `EVERY` seconds."""

    def __init__(self, say: Say) -> None:
        self._say, self._next = say, time.monotonic() + EVERY

    def tell(self, text: str) -> None:
        """Say ``text`` unless something was said just now."""
        if time.monotonic() >= self._next:
            self._say(text)
            self._next = time.monotonic() + EVERY


class Writer:
    """Adds members to an archive and remembers size and SHA-256 of each."""

    def __init__(self, archive: tarfile.TarFile, at: float) -> None:
        self._archive, self._at = archive, int(at)
        self.members: dict[str, dict[str, Any]] = {}

    def add(self, name: str, content: bytes) -> None:
        """Add a member of which the content is in memory."""
        self.stream(name, io.BytesIO(content), len(content), hashlib.sha256(content).hexdigest())

    def stream(self, name: str, file: IO[bytes], size: int, digest: str) -> None:
        """Add a member from a file whose digest is known."""
        member = tarfile.TarInfo(name)
        member.size, member.mode, member.mtime = size, 0o600, self._at
        self._archive.addfile(member, file)
        self.members[name] = {"size": size, "sha256": digest}


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file for its owner alone that appears under its name when it is whole, or never.

    Raises click.ClickException when there is one already or when it can't be written.
    """
    if path.exists():
        raise click.ClickException(
            f"{path} is there already; a backup replaces nothing. Choose another name."
        )
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if path.exists():  # made meanwhile by somebody else
            raise click.ClickException(f"{path} is there already; a backup replaces nothing.")
        draft.rename(path)
    except OSError as error:
        where = path if error.filename in (None, draft, str(draft)) else error.filename
        raise click.ClickException(f"{where}: {error.strerror or error}. It was not written.") from error
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def archive_in(file: IO[bytes]) -> Iterator[Writer]:
    """A gzipped tar that is written into ``file``."""
    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as archive:
        yield Writer(archive, time.time())  # the file system's time, as `tar` has it


def write_tables(writer: Writer, progress: Progress) -> dict[str, dict[str, Any]]:
    """Stream every table's rows in parts; what the manifest says of them."""
    from sala.shell import archive

    told: dict[str, dict[str, Any]] = {}
    for model in archive.models():
        table = model._meta.db_table
        part, size, count, parts = [], 0, 0, 0
        for row in archive.rows(model).iterator(chunk_size=2000):
            text = archive.line(row)
            part.append(text)
            size += len(text)
            count += 1
            if size >= PART:
                writer.add(f"tables/{table}/{parts:06}.jsonl", b"".join(part))
                part, size, parts = [], 0, parts + 1
                progress.tell(f"{table}: {count:,} rows")
        if part:
            writer.add(f"tables/{table}/{parts:06}.jsonl", b"".join(part))
        told[table] = {"model": model._meta.label, "columns": archive.columns(model), "rows": count}
        progress.tell(f"{table}: {count:,} rows")
    return told


def folders() -> dict[str, Path]:
    """Where the folders lie that go into a backup."""
    from django.conf import settings

    from sala.files import store

    return {"files": store.root(), "measures": Path(settings.HOME) / "measures"}


def write_folders(writer: Writer, progress: Progress) -> int:
    """Add attachments and reports; what is erased meanwhile is left out. Returns how many."""
    count = 0
    for name, folder in folders().items():
        for path in sorted(folder.rglob("*")):
            if not path.is_file() or path.is_symlink() or path.suffix == ".part":
                continue
            try:
                file = path.open("rb")
            except FileNotFoundError:
                continue  # erased since the folder was read
            with file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                size = file.tell()
                file.seek(0)
                writer.stream(f"{name}/{path.relative_to(folder)}", file, size, digest)
            count += 1
            progress.tell(f"{name}: {count:,} files")
    return count


def migrations() -> dict[str, list[str]]:
    """Which migrations the database has, by app."""
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    found: dict[str, list[str]] = {}
    for app, name in sorted(MigrationRecorder(connection).applied_migrations()):
        found.setdefault(app, []).append(name)
    return found


def write(file: IO[bytes], say: Say) -> dict[str, Any]:
    """Write the whole backup into ``file``; returns its manifest."""
    from sala.installation import queries as installation
    from sala.kit import clock
    from sala.ledger import queries as ledger
    from sala.ledger import verification
    from sala.shell import archive

    progress = Progress(say)
    with archive_in(file) as writer:
        with verification.snapshot():
            hall = installation.current()
            assert hall is not None  # the command is not reached in a hall that is not open
            checkpoint, verifier = ledger.checkpoint(), ledger.verifier()
            manifest: dict[str, Any] = {
                "format": archive.FORMAT,
                "version": archive.VERSION,
                "sala": metadata.version("sala"),
                "written": clock.now().isoformat(),
                "country": hall.country,
                "demonstration": hall.demonstration,
                "ledger": {"size": checkpoint.size, "root": checkpoint.root, "waiting": ledger.unsealed()},
                "migrations": migrations(),
                "tables": write_tables(writer, progress),
            }
        # After the snapshot: each attachment it names is there before its row is.
        manifest["files"] = write_folders(writer, progress)
        writer.add(archive.CHECKPOINT, checkpoint.note.encode())
        writer.add(archive.KEY, f"{verifier.text()}\n".encode())
        manifest["members"] = dict(writer.members)
        writer.add(archive.MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1).encode())
    return manifest


def key_files() -> dict[str, Path]:
    """What must be kept apart from the backup, and where it lies: keys, and a demonstration's sign-ins."""
    from django.conf import settings

    home = Path(settings.HOME)
    found = dict(zip(("keys/secret", "keys/secret.former"), settings.SECRET_FILES, strict=True))
    found |= {f"keys/{name}": home / "keys" / name for name in ("ledger.ed25519", "ledger.ed25519.next")}
    return {**found, "demo/accounts.json": home / "demo" / "accounts.json"}


def write_keys(file: IO[bytes]) -> None:
    """Write the keys into ``file``."""
    with archive_in(file) as writer:
        for name, path in key_files().items():
            if path.is_file():
                writer.add(name, path.read_bytes())


def mark() -> Path:
    """The file whose content says when the latest backup was made; for `sala doctor` and /metrics."""
    from django.conf import settings

    return Path(settings.HOME) / "run" / "backed-up"


def remember(written: str) -> None:
    """Note that a backup was made. Where that can't be written the backup still counts."""
    with suppress(OSError):
        mark().parent.mkdir(mode=0o700, exist_ok=True)
        mark().write_text(written)


def last() -> datetime | None:
    """When the latest backup was made; None where none is known."""
    try:
        return datetime.fromisoformat(mark().read_text().strip())
    except (OSError, ValueError):
        return None


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--keys",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the hall's keys to this second file: keep it elsewhere than the backup.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def backup(file: Path, keys: Path | None, as_json: bool) -> None:
    """Write everything into FILE (.tar.gz), as of one moment, while the hall works; the keys only with --keys."""
    if keys is not None and keys.absolute() == file.absolute():
        raise click.UsageError("--keys names the backup itself: the keys are kept apart from it.")
    if keys is not None and keys.exists():
        raise click.ClickException(
            f"{keys} is there already; a backup replaces nothing. Choose another name."
        )
    with new_file(file) as out:
        manifest = write(out, lambda text: click.echo(text, err=True))
    if keys is not None:
        with new_file(keys) as out:
            write_keys(out)
    remember(manifest["written"])
    told = {
        "file": str(file),
        "keys": str(keys) if keys else None,
        "bytes": file.stat().st_size,
        "tables": len(manifest["tables"]),
        "rows": sum(table["rows"] for table in manifest["tables"].values()),
        "files": manifest["files"],
        **{name: manifest["ledger"][name] for name in ("size", "root")},
    }
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(
        f"{file}: {told['rows']:,} rows of {told['tables']} tables, {told['files']:,} files, "
        f"{told['bytes'] / 1e6:.1f} MB. Ledger: {told['size']:,} entries, root {told['root']}."
    )
    if keys is None:
        click.echo("The keys are not in it: --keys writes them to a file of their own.")
