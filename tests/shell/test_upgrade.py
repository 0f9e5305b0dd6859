"""From every released version: its tables, with a small hall in them, are brought up to date and hold what they held."""

import json
import lzma
import os
import sqlite3
import stat
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.hall import Hall, fresh_database

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from tools import postgres, release  # noqa: E402 - beside the package

RELEASED = sorted((ROOT / "tests" / "shell" / "released").iterdir())
PAGES = ("/km/", "/en/services", "/en/figures", "/km/places/120404", "/km/halls/120404", "/en/ledger")
pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("upgrade")]


def stood(folder: Path, home: Path) -> Hall:
    """The hall as that version left it, in the kind of database these tests run on."""
    hall = Hall(home, fresh_database(f"released_{folder.name.replace('.', '_')}"))
    home.mkdir(mode=0o700)
    release.keys(home)
    if hall.database:
        binaries = postgres.binaries()
        assert binaries is not None
        sql = lzma.decompress((folder / "postgresql.sql.xz").read_bytes())
        command = [
            binaries / "psql",
            "--quiet",
            "--no-psqlrc",
            "-v",
            "ON_ERROR_STOP=1",
            "--dbname",
            hall.database,
        ]
        subprocess.run(command, input=sql, check=True, stdout=subprocess.DEVNULL, timeout=60)
    else:
        with sqlite3.connect(home / "sala.sqlite3") as database:
            database.executescript(lzma.decompress((folder / "sqlite.sql.xz").read_bytes()).decode())
    return hall


def counted(hall: Hall) -> dict[str, int]:
    """How many rows each table has that goes into a backup."""
    from sala.shell import archive

    hall.sala("backup", str(hall.home / "counted.tar.gz"))
    told = json.loads(_manifest(hall.home / "counted.tar.gz"))["tables"]
    assert set(told) == {model._meta.db_table for model in archive.models()}
    return {table: said["rows"] for table, said in told.items()}


def _manifest(path: Path) -> bytes:
    import tarfile

    with tarfile.open(path) as opened:
        file = opened.extractfile("manifest.json")
        assert file is not None
        return file.read()


def goes_on(hall: Hall, before: dict[str, int]) -> None:
    """A sound ledger, nothing lost, a content doctor, and pages."""
    verified = json.loads(hall.sala("ledger", "verify", "--json").stdout)
    assert verified["ok"] and verified["records"] > 100
    after = counted(hall)
    assert {table: after[table] for table in before if table in after} == before
    hall.start()
    try:
        for page in PAGES:
            with urllib.request.urlopen(hall.url + page, timeout=30) as answer:
                assert answer.status == 200, page
        checks = json.loads(hall.sala("doctor", "--json", check=False).stdout)
        assert not [check for check in checks if check["state"] == "bad"]
    finally:
        hall.stop()


@pytest.mark.parametrize("folder", RELEASED, ids=lambda folder: folder.name)
class TestRelease:
    def test_small_and_without_keys(self, folder: Path) -> None:
        sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
        assert set(sizes) == {"sqlite.sql.xz", "postgresql.sql.xz", "hall.tar.gz"}
        assert max(sizes.values()) < 300_000
        for kind in ("sqlite", "postgresql"):
            assert b"PRIVATE KEY" not in lzma.decompress((folder / f"{kind}.sql.xz").read_bytes())
        assert stat.S_IMODE((folder / "hall.tar.gz").stat().st_mode) & 0o044

    def test_its_tables_with_rows_in_them(self, folder: Path, tmp_path: Path) -> None:
        hall = stood(folder, tmp_path / "hall")
        before = {
            table: said["rows"]
            for table, said in json.loads(_manifest(folder / "hall.tar.gz"))["tables"].items()
        }
        refused = hall.sala("serve", "--bind", "127.0.0.1:0", check=False)
        assert refused.returncode == 1
        assert refused.stderr == "Error: The database is older than this program. Run `sala migrate` first.\n"
        behind = json.loads(hall.sala("doctor", "--json", check=False).stdout)
        assert [check["do"] for check in behind if check["name"] == "database"] == ["Run `sala migrate`."]
        hall.sala("migrate")
        goes_on(hall, before)

    def test_its_backup(self, folder: Path, tmp_path: Path) -> None:
        """Restored as it was written, then brought up to date, and proven by its ledger."""
        hall = Hall(tmp_path / "hall", fresh_database("released_backup"))
        hall.home.mkdir(mode=0o700)
        release.keys(hall.home)
        hall.sala("restore", str(folder / "hall.tar.gz"))
        goes_on(
            hall,
            {t: said["rows"] for t, said in json.loads(_manifest(folder / "hall.tar.gz"))["tables"].items()},
        )


def test_a_database_of_a_newer_program(tmp_path: Path) -> None:
    """`serve` and `doctor` say so: a newer program's tables are no matter for this one."""
    hall = stood(RELEASED[-1], tmp_path / "hall")
    hall.sala("migrate")
    statement = "INSERT INTO django_migrations (app, name, applied) VALUES ('window', '0999_later', '2030-01-01T00:00:00+00:00')"
    if hall.database:
        import psycopg

        with psycopg.connect(hall.database, autocommit=True) as database:
            database.execute(statement)
    else:
        with sqlite3.connect(hall.home / "sala.sqlite3") as database:
            database.execute(statement)
    sentence = "The database is newer than this program (it has window 0999_later). Install the version of Sala that wrote it."
    assert hall.sala("serve", "--bind", "127.0.0.1:0", check=False).stderr == f"Error: {sentence}\n"
    found = json.loads(hall.sala("doctor", "--json", check=False).stdout)
    assert [check["state"] for check in found if check["name"] == "database"] == ["bad"]


def test_every_version_is_frozen() -> None:
    from importlib import metadata

    assert metadata.version("sala") in {folder.name for folder in RELEASED}, "python tools/release.py"
    assert os.path.isfile(ROOT / "tools" / "release.py")
