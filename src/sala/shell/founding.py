"""How does a hall open? Migrate, mark the database, load the country's pack, make keys and static files; and the demonstration on top."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from sala.accounts import acting
from sala.installation import actions as installation
from sala.installation import packs, queries
from sala.kit.acting import Where
from sala.ledger import actions as ledger
from sala.shell import serve

Say = Callable[[str], None]
RESTORE, RESTORATION = "installation.restore", "installation.restoration"


def make_home() -> None:
    """The folder of everything Sala writes, for its owner alone."""
    Path(settings.HOME).mkdir(parents=True, exist_ok=True, mode=0o700)


def is_behind() -> bool:
    """Whether this program would change the database's tables."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def drop_tables() -> None:
    """Take Sala's tables away: only for tables of a restoration that did not hold, in a database that was empty before."""
    if connection.vendor == "sqlite":
        file = Path(connection.settings_dict["NAME"])
        connection.close()
        for part in (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")):
            part.unlink(missing_ok=True)
        return
    tables = [*connection.introspection.django_table_names(only_existing=True), "django_migrations"]
    names = ", ".join(connection.ops.quote_name(table) for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {names} CASCADE")


def record_restoration(written: str, faults: Sequence[str]) -> None:
    """Write down, in the hall and in its ledger, that it was restored although its ledger did not hold."""
    with transaction.atomic():
        row = installation.restored(written=written, faults=faults)
        ledger.record(
            by=acting.system("restore"),
            act=RESTORE,
            kind=RESTORATION,
            subject=str(row.id),
            at=Where(),
            content=queries.restoration_content(row),
        )


def migrate() -> None:
    """Bring the database's tables up to date, and the files the web server sends."""
    make_home()
    call_command("migrate", verbosity=0, interactive=False)
    serve.collect_static()


def load_pack(country: str, say: Say) -> None:
    """Load every room's part of the country's pack, in order. Idempotent."""
    folder, by = packs.path(country), acting.system("init")
    for loader in packs.loaders():
        for line in loader.load(folder, by):
            say(f"{loader.name}: {line}")


def found(*, country: str, demonstration: bool, seed: int | None, say: Say) -> None:
    """Open a hall on an empty database. Raises `NotPossible` when it is open already, `NotFound` for an unknown country."""
    packs.path(country)
    migrate()
    installation.initialise(country=country, demonstration=demonstration, seed=seed)
    load_pack(country, say)
    ledger.seal()


def write_accounts(accounts: list[dict[str, str]]) -> Path:
    """Write the demonstration's sign-ins to SALA_HOME/demo/accounts.json, readable by the owner alone."""
    folder = Path(settings.HOME) / "demo"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / "accounts.json"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(accounts, file, ensure_ascii=False, indent=1)
    return path


def read_accounts() -> list[dict[str, str]]:
    """The demonstration's sign-ins; empty where there is no demonstration."""
    path = Path(settings.HOME) / "demo" / "accounts.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def is_founded() -> bool:
    """Whether this database has been initialised."""
    return queries.current() is not None
