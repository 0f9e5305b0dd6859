"""`sala doctor`: each thing that can be wrong is found, is named bad or a warning, and what to do is said."""

import shutil
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sala.jobs import queries as jobs
from sala.kit import clock
from sala.ledger import keys, queries
from sala.notices import queries as notices
from sala.notices.terms import State
from sala.shell import doctor
from sala.shell.doctor import Check


def only(checks: Iterator[Check]) -> Check:
    found = list(checks)
    assert len(found) == 1, found
    return found[0]


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    """A home as `init` leaves it."""
    settings.HOME = tmp_path
    tmp_path.chmod(0o700)
    (tmp_path / "keys").mkdir(mode=0o700)
    (tmp_path / "keys" / "secret").write_text("x" * 80)
    (tmp_path / "keys" / "secret").chmod(0o600)
    return tmp_path


@pytest.mark.once
@pytest.mark.parametrize(("mode", "state"), [(0o700, "ok"), (0o755, "warn"), (0o750, "warn"), (0o777, "bad")])
def test_a_home_that_others_may_enter(folder: Path, mode: int, state: str) -> None:
    folder.chmod(mode)
    found = only(doctor.home())
    assert found.state == state
    assert found.do == ("" if state == "ok" else f"chmod 700 {folder}")


@pytest.mark.once
def test_a_home_that_is_not_there(folder: Path, settings: Any) -> None:
    settings.HOME = folder / "none"
    assert only(doctor.home()).state == "bad"
    assert "sala init" in only(doctor.home()).do
    assert only(doctor.disk()).state in ("ok", "warn", "bad")


@pytest.mark.once
def test_keys(folder: Path) -> None:
    assert only(doctor.keys()).state == "ok"
    secret = folder / "keys" / "secret"
    secret.chmod(0o640)
    assert only(doctor.keys()) == Check("keys", "bad", f"{secret}: others may read it", f"chmod 600 {secret}")
    secret.chmod(0o600)
    secret.write_text("")
    assert only(doctor.keys()).state == "bad"
    secret.unlink()
    assert "no secret" in only(doctor.keys()).found


@pytest.mark.once
@pytest.mark.parametrize(
    ("free", "state"), [(5e9, "ok"), (2e9, "ok"), (1.9e9, "warn"), (3e8, "warn"), (2.9e8, "bad")]
)
def test_room_on_the_disk(monkeypatch: pytest.MonkeyPatch, free: float, state: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=int(free)))
    assert only(doctor.disk()).state == state


@pytest.mark.once
def test_a_clock_before_this_version(monkeypatch: pytest.MonkeyPatch) -> None:
    assert only(doctor.clock_face()).state == "ok"
    monkeypatch.setattr(clock, "now", lambda: datetime(2020, 1, 1, tzinfo=UTC))
    assert only(doctor.clock_face()).state == "bad"


@pytest.mark.once
def test_catalogues(tmp_path: Path, settings: Any) -> None:
    assert only(doctor.texts()).state == "ok"
    settings.PACKAGE = tmp_path
    place = tmp_path / "room" / "locale" / "km" / "LC_MESSAGES"
    place.mkdir(parents=True)
    (place / "django.po").write_text("")
    assert only(doctor.texts()).state == "bad"
    (place / "django.mo").write_text("")
    import os

    os.utime(place / "django.mo", (1, 1))
    assert only(doctor.texts()).state == "warn"


@pytest.mark.once
def test_static_files(tmp_path: Path, settings: Any) -> None:
    settings.STATIC_ROOT = tmp_path
    assert only(doctor.static()).state == "warn"
    (tmp_path / "staticfiles.json").write_text("{}")
    assert only(doctor.static()).state == "bad"
    (tmp_path / "ui").mkdir()
    (tmp_path / "ui" / "NotoSansKhmer.woff2").write_text("")
    assert only(doctor.static()).state == "ok"


@pytest.mark.once
@pytest.mark.parametrize(
    ("url", "state"), [("", "ok"), ("smtp://127.0.0.1:1", "warn"), ("gopher://x", "bad")]
)
def test_mail(settings: Any, url: str, state: str) -> None:
    settings.EMAIL_URL = url
    assert only(doctor.transport()).state == state


@pytest.mark.once
def test_a_mail_server_that_answers(settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.EMAIL_URL = f"smtp://127.0.0.1:{server.getsockname()[1]}"
        assert only(doctor.transport()).state == "ok"


def report(failures: int) -> Any:
    return SimpleNamespace(name="ledger.seal", failures=failures, last_error="OSError: disk")


@pytest.mark.parametrize(
    ("ago", "failures", "states"),
    [(1, 0, ["ok"]), (6, 0, ["warn"]), (None, 0, ["warn"]), (1, 2, ["ok", "warn"]), (1, 9, ["ok", "bad"])],
)
def test_the_worker(
    db: None, monkeypatch: pytest.MonkeyPatch, ago: int | None, failures: int, states: list[str]
) -> None:
    seen = None if ago is None else clock.now() - timedelta(minutes=ago)
    monkeypatch.setattr(jobs, "heartbeat", lambda: seen)
    monkeypatch.setattr(jobs, "report", lambda: [report(failures)])
    assert [check.state for check in doctor.worker()] == states


@pytest.mark.parametrize(
    ("hours", "bad", "states"),
    [
        (None, 0, ["ok"]),
        (0.5, 0, ["ok"]),
        (2, 3, ["warn", "warn", "warn"]),
    ],  # uncertain ones and technical ones
)
def test_the_outbox(
    db: None, monkeypatch: pytest.MonkeyPatch, hours: float | None, bad: int, states: list[str]
) -> None:
    stuck = (State.TECHNICAL, State.UNCERTAIN)
    monkeypatch.setattr(notices, "counts", lambda: {state: bad if state in stuck else 1 for state in State})
    oldest = None if hours is None else clock.now() - timedelta(hours=hours)
    monkeypatch.setattr(notices, "oldest_waiting", lambda: oldest)
    assert [check.state for check in doctor.outbox()] == states


def test_the_ledger(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert only(doctor.ledger()).state == "ok"
    late = clock.now() + timedelta(minutes=10)
    monkeypatch.setattr(queries, "unsealed", lambda: 7)
    monkeypatch.setattr(clock, "now", lambda: late)
    assert "7 wait" in only(doctor.ledger()).found
    assert only(doctor.ledger()).state == "warn"


def test_a_clock_that_was_set_back(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    early = clock.now() - timedelta(days=2)
    monkeypatch.setattr(clock, "now", lambda: early)
    assert [(check.name, check.state) for check in doctor.ledger()] == [("ledger", "ok"), ("clock", "bad")]


def test_a_clock_that_ran_ahead_once(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "newest_time", lambda: clock.now() + timedelta(days=400))
    found = list(doctor.ledger())
    assert [(check.name, check.state) for check in found] == [("ledger", "ok"), ("clock", "warn")]
    assert "ran ahead once" in found[1].found


@pytest.mark.parametrize("public", [lambda: None, lambda: bytes(32)], ids=["gone", "another hall's"])
def test_the_key_of_the_ledger(
    db: None, monkeypatch: pytest.MonkeyPatch, public: Callable[[], bytes | None]
) -> None:
    monkeypatch.setattr(keys, "public", public)
    assert only(doctor.ledger()).state == "bad"


def test_no_checkpoint_yet(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "latest", lambda: None)
    assert only(doctor.ledger()).state == "warn"


def test_lost_pictures(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from sala.files import queries as files

    assert only(doctor.pictures()).state == "ok"
    monkeypatch.setattr(files, "lost", lambda limit: [SimpleNamespace(pk="0190-1")])
    assert only(doctor.pictures()) == Check(
        "pictures", "bad", "content is missing of: 0190-1", "Restore SALA_HOME/files from the backup."
    )


def test_a_check_that_fails_is_a_finding(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from sala.files import queries as files

    def broken(limit: int) -> list[Any]:
        raise PermissionError(13, "Permission denied", "/files")

    monkeypatch.setattr(files, "lost", broken)
    found = {check.name: check for check in doctor.examine()}
    assert found["pictures"].state == "bad"
    assert "Permission denied" in found["pictures"].found
    assert found["database"].state == "ok"
    assert "demonstration" in found["database"].found


@pytest.mark.once
def test_the_age_of_the_backup(folder: Path) -> None:
    from sala.shell import backup

    assert only(doctor.backups()).state == "warn" and "sala backup" in only(doctor.backups()).do
    for age, state in ((timedelta(hours=2), "ok"), (timedelta(hours=31), "warn")):
        backup.remember((clock.now() - age).isoformat())
        assert only(doctor.backups()).state == state


@pytest.mark.once
@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "ok"),
        ({"DEBUG": True}, "bad"),
        ({"SECRET_KEY": "short"}, "bad"),
        ({"PUBLIC_URL": "http://hall.example"}, "bad"),
        ({"PUBLIC_URL": "https://hall.example", "BIND": "0.0.0.0:80"}, "ok"),
        ({"PUBLIC_URL": "", "BIND": "0.0.0.0:80"}, "warn"),
        ({"BIND": "[::]:80"}, "warn"),
        ({"BIND": "[::1]:80"}, "ok"),
    ],
)
def test_dangerous_settings(changes: dict[str, Any], state: str, settings: Any) -> None:
    settings.PUBLIC_URL, settings.BIND = "", "127.0.0.1:8000"
    settings.SECRET_FILES = (Path(__file__), Path(__file__))  # there is a secret
    for name, value in changes.items():
        setattr(settings, name, value)
    assert only(doctor.dangers()).state == state


def test_data_that_should_have_been_erased(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from sala.installation import retention as kept

    assert only(doctor.retention()).state == "ok"
    real = kept.periods()[0]
    late = kept.Kind(real.kind.name, "x", 5, lambda before: 3, lambda before, most: 0)
    monkeypatch.setattr(kept, "periods", lambda: [kept.Period(late, 5, "default", "")])
    assert only(doctor.retention()).state == "warn" and "3 of" in only(doctor.retention()).found

    def broken() -> list[kept.Period]:
        raise kept.BadRetentionError("retention.toml: no")

    monkeypatch.setattr(kept, "periods", broken)
    assert only(doctor.retention()).state == "bad"
