"""Backup and restore: the same hall again, in either kind of database; under load; and what is damaged is named."""

import gzip
import io
import json
import os
import re
import shutil
import stat
import subprocess
import tarfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from django.apps import apps

from sala.shell import archive, restore
from tests.hall import Hall, fresh_database
from tests.opened import Opened
from tests.shell.test_at_once import call, report

in_the_hall = [pytest.mark.processes, pytest.mark.xdist_group("backup")]
PICTURE = f"files/ab/cd/{'abcd' * 10}.jpg"
PAGES = (
    "/km/",
    "/en/places/1204",
    "/km/places/120404",
    "/km/halls/120404",
    "/en/figures",
    "/en/services",
    "/en/powers",
    "/en/holidays",
    "/km/ledger",
    "/ledger/checkpoint",
    "/ledger/key",
    "/api/v1/places/units.csv",
    "/api/v1/window/services",
    "/api/v1/window/services?page=2",
    "/api/v1/offices/offices",
    "/api/v1/offices/holidays",
    "/api/v1/measures",
)


@pytest.fixture(scope="module")
def stood(tmp_path_factory: pytest.TempPathFactory, worker_id: str, opened: Opened) -> Iterator[Hall]:
    """A running hall of our own, which these tests write into and look at."""
    hall = opened.hall(tmp_path_factory.mktemp("stood"), f"stood_{worker_id}")
    try:
        yield hall.start()
    finally:
        hall.stop()


def settle(hall: Hall) -> None:
    """All sealed and counted: a restored hall does both at once, a running one within minutes."""
    until = time.monotonic() + 30
    while json.loads(hall.sala("ledger", "verify", "--json").stdout)["waiting"] and time.monotonic() < until:
        time.sleep(0.5)
    hall.sala("measures", "roll-up")


@pytest.fixture(scope="module")
def code(stood: Hall) -> str:
    """The tracking code of a request that was sent in, sealed, and counted in the figures."""
    (stood.home / PICTURE).parent.mkdir(parents=True)
    (stood.home / PICTURE).write_bytes(b"\xff\xd8 a picture")
    status, body = call(stood, "window/requests", report("before the backup"))
    assert status == 201, body
    settle(stood)
    return str(body["code"])


@pytest.fixture(scope="module")
def kept(stood: Hall, code: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A backup of it and its keys."""
    folder = tmp_path_factory.mktemp("kept")
    stood.sala("backup", str(folder / "hall.tar.gz"), "--keys", str(folder / "keys.tar.gz"))
    return folder / "hall.tar.gz", folder / "keys.tar.gz"


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose SQLite database has its tables and nothing in them."""
    home = tmp_path_factory.mktemp("tables")
    Hall(home).sala("migrate")
    return home


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as opened:
        found = {}
        for member in opened:
            content = opened.extractfile(member)
            assert content is not None
            found[member.name] = content.read()
        return found


def rewritten(path: Path, target: Path, change: dict[str, bytes | None]) -> Path:
    """The same archive with other members; None leaves one out. Digests stay as they were."""
    with tarfile.open(target, "w:gz") as out:
        for name, content in members(path).items():
            content = change.get(name, content)
            if content is not None:
                told = tarfile.TarInfo(name)
                told.size = len(content)
                out.addfile(told, io.BytesIO(content))
    return target


def page(hall: Hall, path: str) -> bytes:
    with urllib.request.urlopen(hall.url + path, timeout=60) as answer:
        body = bytes(answer.read())
    body = re.sub(
        rb"Counted: <time [^>]*>[^<]*</time>", b"Counted:", body
    )  # by each hall's own worker, at its own minute
    return re.sub(rb'(name="(?:csrf\w*|idempotency\w*|key)" value=")[^"]*', rb"\1", body)


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 1, done
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("Error: ") and all(word in last for word in words), done.stderr


# What goes in.


@pytest.mark.once
def test_every_model_is_carried_or_left_for_a_reason() -> None:
    carried = set(archive.models())
    for model in apps.get_models(include_auto_created=True):
        reasons = {model._meta.label_lower, model._meta.app_label} & set(archive.NOT_CARRIED)
        assert (model in carried) != bool(reasons), model
    tables = {model._meta.db_table for model in carried}
    assert {"ledger_entry", "ledger_salt", "window_request", "accounts_user", "numbers_keptanswer"} <= tables
    assert not tables & {"accounts_session", "django_session", "jobs_task", "axes_accessattempt"}


@pytest.mark.once
def test_a_line_gives_back_exactly_what_it_was_made_of() -> None:
    model = apps.get_model("measures", "Fact")
    row: list[object] = []
    for field in model._meta.concrete_fields:
        row.append(
            {
                "UUIDField": UUID(int=7),
                "DecimalField": Decimal("0.10"),
                "JSONField": {"b": [1, 2.5, None], "a": "ក\u2028\x0b"},
                "BooleanField": True,
                "CharField": 'a line\nanother\u2028 "ខ្មែរ"\x85',
            }.get(field.get_internal_type(), 3)
        )
    row[[field.name for field in model._meta.concrete_fields].index("imported")] = UUID(int=9)
    assert list(archive.parse(model._meta.concrete_fields, archive.line(row) * 2, "here")) == [row, row]
    salt = apps.get_model("ledger", "Salt")
    assert list(
        archive.parse(salt._meta.concrete_fields, archive.line([UUID(int=1), b"\0\xff"]), "here")
    ) == [[UUID(int=1), b"\0\xff"]]
    moment = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert json.loads(archive.line([moment, date(2026, 1, 2)])) == [
        "2026-01-02T03:04:05.000006+00:00",
        "2026-01-02",
    ]


@pytest.mark.once
@pytest.mark.parametrize("text", [b"no json\n", b"[1]\n", b'["x", "y"]\n', b"7\n"])
def test_a_line_that_is_none_is_named(text: bytes) -> None:
    with pytest.raises(archive.DamagedError, match="here, line 1"):
        list(archive.parse(apps.get_model("ledger", "Salt")._meta.concrete_fields, text, "here"))


@pytest.mark.once
@pytest.mark.parametrize(
    "name",
    ["files/../x", "files//x", "/files/x", "keys/secret", "files", "../files/x", "files/a b", "sala.sqlite3"],
)
def test_no_member_leaves_its_folder(name: str, settings: object) -> None:
    found = restore.destination(name)
    assert found is None or (
        found.is_relative_to(restore.writing.folders()["files"]) and ".." not in found.parts
    )


# The same hall again.


@pytest.mark.processes
@pytest.mark.xdist_group("backup")
class TestHall:
    def test_what_is_in_it(self, stood: Hall, kept: tuple[Path, Path]) -> None:
        backup, keys = kept
        found = members(backup)
        manifest = json.loads(found["manifest.json"])
        assert list(found)[-1] == "manifest.json"
        assert (manifest["format"], manifest["version"], manifest["country"]) == ("sala-backup", 1, "kh")
        assert manifest["demonstration"] is True
        assert set(manifest["members"]) == set(found) - {"manifest.json"}
        assert manifest["tables"]["window_request"]["rows"] >= 300
        assert manifest["ledger"]["root"] and manifest["ledger"]["size"] > 300
        assert found["ledger/checkpoint.txt"].split(b"\n")[1] == str(manifest["ledger"]["size"]).encode()
        secret = (stood.home / "keys" / "secret").read_bytes()
        assert not [name for name, content in found.items() if secret in content or b"PRIVATE KEY" in content]
        assert set(members(keys)) == {"keys/secret", "keys/ledger.ed25519", "demo/accounts.json"}
        assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
        assert sorted(path.name for path in backup.parent.iterdir()) == ["hall.tar.gz", "keys.tar.gz"]

    @pytest.mark.once  # an archive is the same from both databases
    def test_it_replaces_nothing(self, stood: Hall, kept: tuple[Path, Path], tmp_path: Path) -> None:
        before = kept[0].read_bytes()
        refused(stood.sala("backup", str(kept[0]), check=False), "is there already")
        refused(
            stood.sala("backup", str(tmp_path / "new"), "--keys", str(kept[1]), check=False),
            "is there already",
        )
        refused(stood.sala("backup", str(tmp_path / "none" / "new"), check=False), "none/new", "No such file")
        assert (
            stood.sala("backup", str(tmp_path / "x"), "--keys", str(tmp_path / "x"), check=False).returncode
            == 2
        )
        assert kept[0].read_bytes() == before
        assert list(tmp_path.iterdir()) == []

    def again(self, stood: Hall, kept: tuple[Path, Path], other: Hall, code: str) -> None:
        """Restore into ``other``: the same pages, a sound ledger, and it goes on."""
        checkpoint = kept[0].with_name("outside.txt")
        checkpoint.write_bytes(members(kept[0])["ledger/checkpoint.txt"])
        other.home.mkdir(exist_ok=True)
        done = other.sala("restore", str(kept[0]), "--keys", str(kept[1]), "--checkpoint", str(checkpoint))
        assert "Restored from" in done.stdout and "records compared" in done.stdout
        for name in ("keys/secret", "keys/ledger.ed25519", "demo/accounts.json"):
            assert (other.home / name).read_bytes() == (stood.home / name).read_bytes()
            assert stat.S_IMODE((other.home / name).stat().st_mode) == 0o600
        assert (other.home / PICTURE).read_bytes() == (stood.home / PICTURE).read_bytes()
        assert json.loads(other.sala("ledger", "verify", "--checkpoint", str(checkpoint), "--json").stdout)[
            "ok"
        ]
        other.start()
        try:
            for path in (*PAGES, f"/km/requests/{code}"):
                assert page(other, path) == page(stood, path), path
            status, body = call(other, "window/requests", report("after the restore"))
            assert status == 201, body
            refused(other.sala("restore", str(kept[0]), check=False), "holds a hall already")
        finally:
            other.stop()
        other.sala("ledger", "verify", "--checkpoint", str(checkpoint))

    def test_the_same_kind_of_database(
        self, stood: Hall, kept: tuple[Path, Path], code: str, tmp_path: Path
    ) -> None:
        self.again(stood, kept, Hall(tmp_path / "other", fresh_database("restored_same")), code)

    @pytest.mark.skipif(not os.environ.get("SALA_DATABASE_URL"), reason="wants PostgreSQL")
    def test_from_postgresql_to_sqlite_and_back(
        self, stood: Hall, kept: tuple[Path, Path], code: str, tmp_path: Path
    ) -> None:
        small = Hall(tmp_path / "small")
        self.again(stood, kept, small, code)
        backup = tmp_path / "grown.tar.gz", tmp_path / "grown-keys.tar.gz"
        small.start()
        try:
            settle(small)
            small.sala("backup", str(backup[0]), "--keys", str(backup[1]))
            self.again(small, backup, Hall(tmp_path / "grown", fresh_database("restored_grown")), code)
        finally:
            small.stop()

    def test_all_that_was_acknowledged_before_it_began(self, stood: Hall, tmp_path: Path) -> None:
        """Eight write while it is made: what was acknowledged before is in it, and nothing of it is half."""
        acknowledged: list[str] = []
        done = threading.Event()

        def write(writer: int) -> None:
            number = 0
            while not done.is_set():
                number += 1
                status, body = call(stood, "window/requests", report(f"writer {writer}, {number}"))
                if status == 201:
                    acknowledged.append(body["number"])

        writers = [threading.Thread(target=write, args=(each,)) for each in range(8)]
        for writer in writers:
            writer.start()
        try:
            until = time.monotonic() + 30
            while len(acknowledged) < 30 and time.monotonic() < until:
                time.sleep(0.05)
            before = list(acknowledged)
            stood.sala("backup", str(tmp_path / "busy"), "--keys", str(tmp_path / "keys"))
            during = len(acknowledged) - len(before)
        finally:
            done.set()
            for writer in writers:
                writer.join()
        assert len(before) >= 30 and during > 0  # nobody was kept from writing
        columns = json.loads(members(tmp_path / "busy")["manifest.json"])["tables"]["window_request"][
            "columns"
        ]
        at = columns.index("number")
        saved = {
            json.loads(text)[at]
            for name, content in members(tmp_path / "busy").items()
            if name.startswith("tables/window_request/")
            for text in content.split(b"\n")[:-1]
        }
        assert set(before) <= saved
        other = Hall(tmp_path / "other", fresh_database("restored_busy"))
        other.sala("restore", str(tmp_path / "busy"), "--keys", str(tmp_path / "keys"))
        other.sala("ledger", "verify")

    @pytest.mark.once  # an archive is the same from both databases
    def test_without_keys_only_when_told(
        self, stood: Hall, kept: tuple[Path, Path], code: str, tables: Path, tmp_path: Path
    ) -> None:
        """Without them the hall opens under new keys; the residents' codes still open their requests."""
        other = Hall(tmp_path / "other")
        done = other.sala("restore", str(kept[0]), check=False)
        assert done.returncode == 2 and "--without-keys" in done.stderr
        assert not other.home.exists()
        shutil.copytree(tables, other.home)  # empty tables are no hindrance, and spare their making
        done = other.sala("restore", str(kept[0]), "--without-keys")
        assert "The keys were not restored" in done.stderr
        told = json.loads(other.sala("ledger", "verify", "--json").stdout)
        assert told["ok"] and any("not vouched for" in finding["text"] for finding in told["findings"])
        assert (other.home / "keys" / "secret").read_bytes() != (stood.home / "keys" / "secret").read_bytes()
        other.start()
        try:
            assert b'href="/km/requests/' + code.encode() in page(other, f"/km/requests/{code}")
        finally:
            other.stop()
        outside = other.sala("ledger", "verify", "--key", str(self.key_of(kept, tmp_path)), check=False)
        assert outside.returncode == 1 and "not vouched for" in outside.stderr

    def key_of(self, kept: tuple[Path, Path], folder: Path) -> Path:
        (folder / "key.txt").write_bytes(members(kept[0])["ledger/key.txt"])
        return folder / "key.txt"

    # What is refused leaves nothing.

    @pytest.mark.once  # an archive is the same from both databases, and this one is refused before a row is written
    @pytest.mark.parametrize(
        "how", ["cut", "bit", "member", "missing", "added", "no manifest", "text", "empty"]
    )
    def test_a_damaged_archive_is_named(self, kept: tuple[Path, Path], tmp_path: Path, how: str) -> None:
        whole = kept[0].read_bytes()
        bad, table = tmp_path / "bad.tar.gz", "tables/window_request/000000.jsonl"
        words = ["bad.tar.gz"]
        if how == "cut":
            bad.write_bytes(whole[: len(whole) * 2 // 3])
        elif how == "bit":
            spoilt = bytearray(whole)
            spoilt[len(whole) // 2] ^= 4
            bad.write_bytes(spoilt)
        elif how == "member":
            rewritten(kept[0], bad, {table: members(kept[0])[table].replace(b"1", b"2", 1)})
            words.append(table)
        elif how == "missing":
            rewritten(kept[0], bad, {table: None})
            words.append(table)
        elif how == "added":
            manifest = json.loads(members(kept[0])["manifest.json"])
            del manifest["members"][table]
            rewritten(kept[0], bad, {"manifest.json": json.dumps(manifest).encode()})
            words.append(table)
        elif how == "no manifest":
            rewritten(kept[0], bad, {"manifest.json": None})
            words.append("manifest")
        elif how == "text":
            bad.write_text("no archive")
        else:
            bad.write_bytes(gzip.compress(b""))
        other = Hall(tmp_path / "other", fresh_database("restored_damaged"))
        refused(other.sala("restore", str(bad), "--without-keys", check=False), *words)
        assert not other.home.exists() or not any(path.is_file() for path in other.home.rglob("*"))

    @pytest.mark.once  # an archive is the same from both databases
    def test_a_changed_record_with_right_digests_is_found(
        self, kept: tuple[Path, Path], tables: Path, tmp_path: Path
    ) -> None:
        """Who writes the archive anew writes the digests anew too: then the ledger tells. Nothing stays."""
        import hashlib

        found = members(kept[0])
        table = "tables/window_request/000000.jsonl"
        manifest = json.loads(found["manifest.json"])
        at = manifest["tables"]["window_request"]["columns"].index("description")
        rows = [json.loads(text) for text in found[table].split(b"\n")[:-1]]
        rows[0][at] = "another story"
        content = b"".join(archive.line(row) for row in rows)
        manifest["members"][table] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        bad = rewritten(
            kept[0], tmp_path / "bad", {table: content, "manifest.json": json.dumps(manifest).encode()}
        )
        other = Hall(tmp_path / "other", fresh_database("restored_changed"))
        refused(
            other.sala("restore", str(bad), "--keys", str(kept[1]), check=False),
            "does not hold", "window.request", "Nothing was restored",
        )  # fmt: skip
        assert not (other.home / "keys" / "secret").exists()
        other.sala("restore", str(kept[0]), "--keys", str(kept[1]))  # the empty tables are no hindrance
        faulty = Hall(shutil.copytree(tables, tmp_path / "faulty"))
        done = faulty.sala("restore", str(bad), "--keys", str(kept[1]), "--accept-faults")
        assert "window.request" in done.stderr and "Restored with 1 faults" in done.stdout
        told = json.loads(faulty.sala("ledger", "verify", "--json", check=False).stdout)
        assert [finding["kind"] for finding in told["findings"] if not finding["warning"]] == [
            "window.request"
        ]
        faulty.sala("ledger", "export", str(tmp_path / "entries"))
        last = json.loads((tmp_path / "entries").read_text(encoding="utf-8").splitlines()[-1])
        assert (last["act"], last["kind"]) == ("installation.restore", "installation.restoration")
        checks = json.loads(faulty.sala("doctor", "--json", check=False).stdout)
        assert [c for c in checks if c["name"] == "restored" and "window.request" in c["found"]]

    @pytest.mark.once  # an archive is the same from both databases
    def test_an_outside_checkpoint_that_does_not_fit(
        self, kept: tuple[Path, Path], tables: Path, tmp_path: Path
    ) -> None:
        note = members(kept[0])["ledger/checkpoint.txt"].decode()
        lines = note.split("\n")
        lines[2] = lines[2][::-1].lstrip("=") + "="
        (tmp_path / "outside").write_text("\n".join(lines), encoding="utf-8")
        other = Hall(shutil.copytree(tables, tmp_path / "other"))
        done = other.sala(
            "restore", str(kept[0]), "--without-keys", "--checkpoint", str(tmp_path / "outside"), check=False
        )
        refused(done, "does not hold", "outside checkpoint")

    @pytest.mark.once  # refused for its files
    def test_keys_of_another_hall(self, kept: tuple[Path, Path], tmp_path: Path) -> None:
        other = Hall(tmp_path / "other", fresh_database("restored_keys"))
        (other.home / "keys").mkdir(parents=True)
        (other.home / "keys" / "secret").write_text("another")
        refused(other.sala("restore", str(kept[0]), "--keys", str(kept[1]), check=False), "of another hall")
        refused(other.sala("restore", str(kept[0]), "--keys", str(kept[0]), check=False), "no file of keys")
        assert (other.home / "keys" / "secret").read_text() == "another"

    @pytest.mark.once  # refused for its files
    def test_a_home_with_files_is_not_empty(self, kept: tuple[Path, Path], tmp_path: Path) -> None:
        other = Hall(tmp_path / "other", fresh_database("restored_files"))
        (other.home / "files" / "ab").mkdir(parents=True)
        (other.home / "files" / "ab" / "x.jpg").write_bytes(b"x")
        refused(other.sala("restore", str(kept[0]), "--without-keys", check=False), "not empty")

    @pytest.mark.once  # an archive is the same from both databases
    def test_another_version_s_tables(self, kept: tuple[Path, Path], tmp_path: Path) -> None:
        manifest = json.loads(members(kept[0])["manifest.json"])
        manifest["migrations"]["window"].append("0999_later")
        bad = rewritten(kept[0], tmp_path / "bad", {"manifest.json": json.dumps(manifest).encode()})
        other = Hall(tmp_path / "other", fresh_database("restored_version"))
        refused(
            other.sala("restore", str(bad), "--without-keys", check=False),
            "newer than this program",
            "0999_later",
        )
