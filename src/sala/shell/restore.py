"""How does a hall stand again? `sala restore`: a backup into an empty home and database of either kind, proven by the ledger."""

import gzip
import hashlib
import io
import json
import os
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any

import click

from sala.shell import backup as writing

if TYPE_CHECKING:
    from django.apps.registry import Apps

Say = Callable[[str], None]
ROWS = 5000
"""Rows put into the database at once."""
SHOWN = 20
"""Of what the ledger's verification finds, how much is printed."""
WITHOUT_KEYS = (
    "The keys were not restored; the hall has new ones. Codes that residents hold go on opening their requests, but "
    "can't be printed or sent again; second factors are set up anew; the ledger goes on under a new key, and `sala ledger "
    "verify` warns of the break for ever."
)
LONGEST = 64_000_000
"""Bytes a member may have that is read into memory: no part of a table is longer, whatever an archive claims."""


@contextmanager
def opened(path: Path) -> Iterator[Iterator[tuple[tarfile.TarInfo, IO[bytes]]]]:
    """The members of an archive with their content, one after the other. Raises click.ClickException where it is damaged."""
    at = "its beginning"

    def members() -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
        nonlocal at
        with gzip.open(path) as packed, tarfile.open(fileobj=packed, mode="r|") as archive:
            for member in archive:
                at = member.name
                content = archive.extractfile(member)
                if content is None or not member.isreg():
                    raise click.ClickException(
                        f"{path}: {member.name} is no file: this is no backup of Sala."
                    )
                yield member, content
            while packed.read(1 << 20):  # the checksum stands at the very end
                pass

    try:
        yield members()
    except (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError) as error:
        raise click.ClickException(f"{path} is damaged after {at}: {error}. Take another copy.") from error


def digest_of(content: IO[bytes]) -> str:
    """SHA-256 of a stream."""
    digest = hashlib.sha256()
    while block := content.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def inspected(path: Path, say: Say) -> tuple[dict[str, Any], dict[str, str]]:
    """The manifest, and the texts of the ledger, of an archive that is whole. Raises click.ClickException."""
    from sala.shell import archive

    progress = writing.Progress(say)
    found: dict[str, dict[str, Any]] = {}
    texts: dict[str, str] = {}
    last = ""
    with opened(path) as members:
        for member, content in members:
            last = member.name
            if member.name in (archive.MANIFEST, archive.CHECKPOINT, archive.KEY):
                body = content.read(LONGEST)
                texts[member.name] = body.decode("utf-8", errors="replace")
                digest = hashlib.sha256(body).hexdigest()
            else:
                digest = digest_of(content)
            if member.name in found:
                raise click.ClickException(f"{path} is damaged: {member.name} is in it twice.")
            found[member.name] = {"size": member.size, "sha256": digest}
            progress.tell(f"checking {member.name}")
    if last != archive.MANIFEST:
        raise click.ClickException(
            f"{path} is not whole, or no backup of Sala: its last part, the manifest, is missing."
        )
    try:
        manifest = json.loads(texts.pop(archive.MANIFEST))
        kind, version = manifest["format"], manifest["version"]
    except (ValueError, KeyError, TypeError) as error:
        raise click.ClickException(f"{path} is damaged: its manifest can't be read ({error}).") from error
    if (kind, version) != (archive.FORMAT, archive.VERSION):
        raise click.ClickException(
            f"{path}: this program reads {archive.FORMAT} {archive.VERSION}, not {kind} {version}."
        )
    del found[archive.MANIFEST]
    wrong = sorted(
        name for name in {*found, *manifest["members"]} if found.get(name) != manifest["members"].get(name)
    )
    if wrong:
        more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise click.ClickException(
            f"{path} is damaged: {wrong[0]}{more} is not as it was written. Take another copy."
        )
    return manifest, texts


def read_keys(path: Path) -> dict[str, bytes]:
    """What a file of keys holds. Raises click.ClickException."""
    with opened(path) as members:
        found = {member.name: content.read(LONGEST) for member, content in members}
    if not found or not set(found) <= set(writing.key_files()):
        raise click.ClickException(f"{path} is no file of keys that `sala backup --keys` wrote.")
    return found


def check_versions(path: Path, manifest: dict[str, Any]) -> None:
    """The archive must not be newer than this program. Raises click.ClickException."""
    from django.db.migrations.loader import MigrationLoader

    graph = MigrationLoader(None).graph
    ours, theirs = {app for app, _ in graph.leaf_nodes()}, manifest["migrations"]
    ahead = [
        f"{app} {name}" for app in ours for name in theirs.get(app, []) if (app, name) not in graph.nodes
    ]
    if ahead:
        raise click.ClickException(
            f"{path} was written by Sala {manifest['sala']}, which is newer than this program (it has {ahead[0]}). "
            f"Restore it with Sala {manifest['sala']} or later."
        )


def tables_of(manifest: dict[str, Any]) -> "Apps":
    """Make the tables as they were when the archive was written, and the models of that state.

    Raises click.ClickException when the archive's columns are not those of its own migrations.
    """
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from sala.shell import archive, founding

    founding.make_home()
    executor = MigrationExecutor(connection)
    graph = executor.loader.graph
    theirs = {
        (app, name)
        for app, names in manifest["migrations"].items()
        for name in names
        if (app, name) in graph.nodes
    }
    last = [
        key
        for key in sorted(theirs)
        if not any(child in theirs and child[0] == key[0] for child in graph.node_map[key].children)
    ]
    if set(executor.loader.applied_migrations) - theirs:  # newer tables, but empty ones: `check_empty`
        founding.drop_tables()
        executor = MigrationExecutor(connection)
    executor.migrate(last)
    registry: Apps = executor.loader.project_state(last).apps
    ours = {model._meta.db_table: sorted(archive.columns(model)) for model in archive.models(registry)}
    told = {table: sorted(said["columns"]) for table, said in manifest["tables"].items()}
    if ours != told:
        wrong = next(table for table in sorted({*ours, *told}) if ours.get(table) != told.get(table))
        raise click.ClickException(
            f"The backup's table {wrong} is not as its own version made it: it can't be read. Nothing was restored."
        )
    return registry


def check_empty() -> None:
    """There must be nothing that a restored hall could be mixed with. Raises click.ClickException."""
    from django.db import connection

    from sala.shell import archive

    file = connection.settings_dict["NAME"]
    if not isinstance(file, Path) or file.is_file():
        there = set(connection.introspection.table_names())
        for model in archive.models():
            if model._meta.db_table in there and model._base_manager.exists():
                raise click.ClickException(
                    "This database holds a hall already. Restore into an empty one: another SALA_HOME or SALA_DATABASE_URL."
                )
    for folder in writing.folders().values():
        if folder.is_dir() and any(path.is_file() for path in folder.rglob("*")):
            raise click.ClickException(f"{folder} is not empty. Restore into an empty SALA_HOME.")


def put(path: Path, content: IO[bytes]) -> None:
    """Write a new file for its owner alone, durably."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        while block := content.read(1 << 20):
            target.write(block)
        target.flush()
        os.fsync(target.fileno())


def put_keys(path: Path, made: list[Path]) -> None:
    """Put the keys where they belong; ``made`` gets what was not there. Raises click.ClickException where others lie."""
    places, keys = writing.key_files(), read_keys(path)
    other = [
        places[name] for name in keys if places[name].is_file() and places[name].read_bytes() != keys[name]
    ]
    if other:
        raise click.ClickException(f"{other[0]} is of another hall. Restore into an empty SALA_HOME.")
    for name, content in keys.items():
        if not places[name].is_file():
            made.append(places[name])
            put(places[name], io.BytesIO(content))


def destination(name: str) -> Path | None:
    """Where a member of the folders goes; None for what is no such member."""
    parts = PurePosixPath(name).parts
    root = writing.folders().get(parts[0]) if len(parts) > 1 else None
    if root is None or any(part in ("..", ".", "") or not re.fullmatch(r"[\w.-]+", part) for part in parts):
        return None
    return root.joinpath(*parts[1:])


PLAIN = {
    "CharField": str,
    "TextField": str,
    "SlugField": str,
    "BooleanField": bool,
    "IntegerField": int,
    "BigIntegerField": int,
    "SmallIntegerField": int,
    "PositiveIntegerField": int,
    "PositiveSmallIntegerField": int,
    "PositiveBigIntegerField": int,
    "FloatField": float,
}
"""What an archive holds for a field of this class, and the database takes unchanged."""


class Loader:
    """Puts rows into their tables, as exactly as they were read."""

    def __init__(self, registry: "Apps", columns: dict[str, list[str]]) -> None:
        from sala.shell import archive

        self._models = {model._meta.db_table: model for model in archive.models(registry)}
        self._columns = columns
        self.rows = dict.fromkeys(self._models, 0)

    def part(self, table: str, content: bytes, where: str) -> None:
        """Load one part of a table. Raises `archive.DamagedError`."""
        from django.db import connection

        from sala.shell import archive

        model = self._models.get(table)
        if model is None:
            raise archive.DamagedError(f"{where}: there is no such table")
        fields = archive.fields(model, self._columns[table])
        quote = connection.ops.quote_name
        names = ", ".join(quote(str(field.column)) for field in fields)
        # Most values are what the database takes as they are: asking each field about each costs more than all else.
        kinds = [(field, PLAIN.get(type(field).__name__)) for field in fields]
        ready: list[list[Any]] = [
            [
                value if type(value) is kind else field.get_db_prep_save(value, connection)
                for (field, kind), value in zip(kinds, row, strict=True)
            ]
            for row in archive.parse(fields, content, where)
        ]
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {quote(table)} ({names}) FROM STDIN") as copy:
                    for row in ready:
                        copy.write_row(row)
            else:
                marks = ", ".join(["%s"] * len(fields))
                for first in range(0, len(ready), ROWS):
                    cursor.executemany(
                        f"INSERT INTO {quote(table)} ({names}) VALUES ({marks})",  # noqa: S608 - our own tables' names
                        ready[first : first + ROWS],
                    )
        self.rows[table] += len(ready)

    def finish(self) -> None:
        """Foreign keys hold, and the next numbers follow those that are there. Raises IntegrityError."""
        from django.core.management.color import no_style
        from django.db import connection

        connection.check_constraints()
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), list(self._models.values())):
                cursor.execute(statement)


def load(path: Path, manifest: dict[str, Any], registry: "Apps", made: list[Path], say: Say) -> None:
    """Rows into the open transaction, files into their folders; ``made`` gets the files. Raises click.ClickException."""
    from sala.shell import archive

    columns = {table: told["columns"] for table, told in manifest["tables"].items()}
    loader, progress = Loader(registry, columns), writing.Progress(say)
    with opened(path) as members:
        for member, content in members:
            if match := archive.TABLE_PART.fullmatch(member.name):
                if member.size > LONGEST:
                    raise click.ClickException(f"{path}: {member.name} is larger than a backup makes it.")
                try:
                    loader.part(match[1], content.read(), member.name)
                except archive.DamagedError as error:
                    raise click.ClickException(f"{path} is damaged: {error}") from error
            elif (place := destination(member.name)) is not None:
                made.append(place)
                put(place, content)
            elif member.name not in (archive.MANIFEST, archive.CHECKPOINT, archive.KEY):
                raise click.ClickException(f"{path}: {member.name} does not belong into a backup.")
            progress.tell(f"loading {member.name}")
    for table, count in loader.rows.items():
        if count != manifest["tables"][table]["rows"]:
            raise click.ClickException(
                f"{path} is damaged: {table} has {count} rows, not {manifest['tables'][table]['rows']}."
            )
    say("checking references")
    loader.finish()


def prove(texts: dict[str, str], outside: str | None, say: Say) -> tuple[str, list[str]]:
    """Verify the ledger against the checkpoint: the sentence that tells, and its faults.

    Raises click.ClickException when it is another ledger than the backup's.
    """
    from sala.ledger import keys, queries, verification
    from sala.shell import archive

    public = texts[archive.KEY].strip()
    if keys.public() is not None and queries.verifier().text() != public:
        raise click.ClickException(
            "The ledger's key in SALA_HOME/keys is of another hall than the backup. Nothing was restored."
        )
    if queries.checkpoint().note != texts[archive.CHECKPOINT]:
        raise click.ClickException(
            "The backup's ledger does not end with the backup's checkpoint. Nothing was restored."
        )
    say("verifying the ledger")
    run = verification.Verification(outside=outside or texts[archive.CHECKPOINT], key=public)
    faults: list[str] = []
    for number, finding in enumerate(run.findings()):
        if number < SHOWN:
            say(finding.line())
        if not finding.warning:
            faults.append(finding.line())
    return f"Ledger: {run.size:,} entries, {run.records:,} records compared, root {run.root}.", faults


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--keys",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The file of keys that `sala backup --keys` wrote.",
)
@click.option(
    "--without-keys",
    is_flag=True,
    help="Open the hall with new keys: the old ones are lost. See the documentation for what is lost with them.",
)
@click.option(
    "--checkpoint",
    type=click.File(encoding="utf-8", errors="replace"),
    help="A checkpoint kept elsewhere: is the restored ledger its continuation?",
)
@click.option(
    "--accept-faults",
    is_flag=True,
    help="Restore although the ledger does not hold; each fault is named, and the restoration recorded with them.",
)
def restore(
    file: Path, keys: Path | None, without_keys: bool, checkpoint: IO[str] | None, accept_faults: bool
) -> None:
    """Open the hall that FILE holds, in an empty SALA_HOME and an empty database of either kind; all of it or nothing."""
    from django.db import DatabaseError

    places = writing.key_files()
    there = all(places[name].is_file() for name in ("keys/secret", "keys/ledger.ed25519"))
    if keys is not None and without_keys:
        raise click.UsageError("--keys and --without-keys exclude each other.")
    if keys is None and not without_keys and not there:
        raise click.UsageError(
            "Give the hall's keys with --keys FILE, or say --without-keys when they are lost: the ledger then goes on "
            "under a new key, and whoever signed in with a second factor sets it up anew."
        )
    try:
        _restore(file, keys, checkpoint.read() if checkpoint else None, accept_faults)
    except DatabaseError as error:  # the house would say that there is no hall here, which is as it should be
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise click.ClickException(f"The database did not do it: {reason}. Nothing was restored.") from error


def _restore(file: Path, keys: Path | None, outside: str | None, accept_faults: bool) -> None:
    from django.conf import settings
    from django.db import connection, transaction

    from sala.accounts.acting import system
    from sala.installation import queries as installation
    from sala.kit import kept
    from sala.ledger import keys as ledger_keys
    from sala.ledger import rotation
    from sala.shell import archive, founding

    def say(text: str) -> None:
        click.echo(text, err=True)

    check_empty()
    manifest, texts = inspected(file, say)
    check_versions(file, manifest)
    made: list[Path] = []
    older = lost = False
    try:
        if keys is not None:
            put_keys(keys, made)
        registry = tables_of(manifest)
        older = founding.is_behind()
        with ExitStack() as held:
            held.enter_context(transaction.atomic())
            load(file, manifest, registry, made, say)
            if older:  # SQLite changes tables only outside a transaction
                held.close()
                say("bringing the tables up to date")
            founding.migrate()
            installation.forget()
            kept.forget_all()
            told, faults = prove(texts, outside, say)
            if faults and not accept_faults:
                raise click.ClickException(
                    f"The ledger does not hold ({len(faults)} faults): {faults[0]}. Nothing was restored. "
                    "--accept-faults restores it as it is and records the faults."
                )
            if faults:
                founding.record_restoration(manifest["written"], faults)
            if ledger_keys.public() is None:
                made.append(ledger_keys.path())
                rotation.lost(by=system("restore"), public=texts[archive.KEY].strip())
                lost = True
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)
        if older:
            founding.drop_tables()
        raise
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # so that its first answers are as fast as the old hall's
    rows = sum(table["rows"] for table in manifest["tables"].values())
    click.echo(
        f"Restored from {file}, written {manifest['written']}: {rows:,} rows, {manifest['files']:,} files. {told}"
    )
    if faults:
        click.echo(f"Restored with {len(faults)} faults of the ledger; `sala doctor` names them.")
    if lost:
        str(settings.SECRET_KEY)  # asked for, it is made
        say(WITHOUT_KEYS)
