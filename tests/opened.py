"""What is opened once in a run of the tests and copied for whoever needs one: a demonstration hall, and the tests' own database.

Both take half a minute to make and a moment to copy. The workers of a run share one folder; a lock there lets one of them make it.
"""

import fcntl
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests.hall import ROOT, Hall, beside, fresh_database

sys.path.insert(0, str(ROOT / "tools"))
import postgres

REQUESTS = "600"
"""A small year of records."""
SignIns = dict[str, dict[str, str]]


class Opened:
    """The folder of a run, and what stands in it. ``hall`` and ``database`` are made by the first who asks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @classmethod
    def of(cls, factory: pytest.TempPathFactory, worker: str) -> "Opened":
        """The folder the workers of this run share."""
        own = factory.getbasetemp()
        return cls((own if worker == "master" else own.parent) / "opened")

    @contextmanager
    def _alone(self, what: str, wait: bool = True) -> Iterator[bool]:
        """Hold the lock of ``what``; False where another holds it and we don't ``wait``."""
        with (self.folder / f"{what}.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
            else:
                yield True

    # A demonstration hall.

    @property
    def _first(self) -> Path:
        return self.folder / "hall"

    def _open_hall(self) -> None:
        done = self.folder / "hall.done"
        if not done.exists():
            shutil.rmtree(self._first, ignore_errors=True)
            self._first.mkdir(mode=0o700)
            Hall(self._first, fresh_database("hall_opened")).sala("init", "--demo", "--requests", REQUESTS)
            done.touch()

    def hall(self, home: Path, database: str, extra: dict[str, str] | None = None) -> Hall:
        """One of its own in ``home``; ``database``: what its database is called on PostgreSQL."""
        with self._alone("hall"):
            self._open_hall()
            shutil.copytree(self._first, home, dirs_exist_ok=True)
            return Hall(home, fresh_database(database, "hall_opened"), extra or {})

    def elsewhere(self, home: Path, url: str) -> None:
        """The same; its tables, on PostgreSQL, in an empty database of another server."""
        with self._alone("hall"):
            self._open_hall()
            shutil.copytree(self._first, home, dirs_exist_ok=True)
            if not url:
                return
            found = postgres.binaries()
            assert found is not None
            dump = subprocess.Popen([found / "pg_dump", beside("hall_opened")], stdout=subprocess.PIPE)
            subprocess.run(
                [found / "psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", "-d", url],
                stdin=dump.stdout, stdout=subprocess.DEVNULL, check=True, timeout=120,
            )  # fmt: skip
            assert dump.wait(60) == 0

    # The tests' own database.

    def database(
        self, set_up: Callable[[], None], load: Callable[[], SignIns], *, meanwhile: bool
    ) -> SignIns:
        """``set_up`` makes the tables and ``load`` their rows, in the first worker; in others both stand already.

        ``meanwhile``: who would have to wait for the first opens the hall, which some test will ask for.
        """
        told = self.folder / "sign-ins.json"
        with self._alone("database", wait=False) as free:
            waiting = not free
        if waiting and meanwhile:
            with self._alone("hall", wait=False) as free:
                if free:
                    self._open_hall()
        with self._alone("database"):
            if not told.exists():
                set_up()
                found = load()
                self._keep_database()
                told.write_text(json.dumps(found), encoding="utf-8")
                return found
            with self._kept_database():
                set_up()
        kept: SignIns = json.loads(told.read_text(encoding="utf-8"))
        return kept

    def _keep_database(self) -> None:
        shutil.copytree(settings.HOME, self.folder / "home")
        if connection.vendor == "sqlite":
            connection.ensure_connection()
            with closing(sqlite3.connect(self.folder / "database")) as kept:
                connection.connection.backup(kept)
            return
        name = connection.settings_dict["NAME"]
        connection.close()  # a database is a template for others only while nobody is in it
        fresh_database("tests_opened", name)

    @contextmanager
    def _kept_database(self) -> Iterator[None]:
        """While the tests' tables are set up, find them all there, with their rows."""
        shutil.copytree(self.folder / "home", settings.HOME, dirs_exist_ok=True)
        test = connection.settings_dict["TEST"]
        if connection.vendor == "sqlite":
            with (
                closing(sqlite3.connect(test["NAME"], uri=True)) as own,
                closing(sqlite3.connect(self.folder / "database")) as kept,
            ):
                kept.backup(own)
                yield  # a database in memory is there while somebody has it open
            return
        test["TEMPLATE"] = "tests_opened"
        try:
            yield
        finally:
            test["TEMPLATE"] = None


def ask_for_a_hall(session: pytest.Session) -> bool:
    """Whether a test of this run will."""
    return any({"hall", "stood", "halls"} & set(getattr(item, "fixturenames", ())) for item in session.items)
