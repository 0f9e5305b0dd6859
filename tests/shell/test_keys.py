"""`sala keys`: the server's secret changes without shutting anybody out, or at once when it leaked."""

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from sala import settings as module
from sala.accounts.acting import RESIDENT
from sala.shell import keys
from sala.window import actions, queries

OLD = "only-for-tests-" + "0" * 50


@pytest.fixture
def files(tmp_path: Path, settings: Any) -> tuple[Path, Path]:
    settings.SECRET_FILES = (tmp_path / "secret", tmp_path / "secret.former")
    (tmp_path / "secret").write_text(OLD)
    return settings.SECRET_FILES


def read_again(settings: Any, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """As a server that was started anew."""
    monkeypatch.setattr(module, "secret_files", lambda: files)
    settings.SECRET_KEY = files[0].read_text()
    settings.SECRET_KEY_FALLBACKS = module._former("signs")
    settings.FORMER_SECRETS = module._former("signs", "opens")


@pytest.mark.once
def test_the_old_one_joins_the_former_ones(files: tuple[Path, Path]) -> None:
    keys.new_secret(at_once=False)
    second = files[0].read_text()
    keys.new_secret(at_once=False)
    assert files[1].read_text().splitlines() == [f"signs {second}", f"signs {OLD}"]
    third = files[0].read_text()
    keys.new_secret(at_once=True)
    assert files[1].read_text().splitlines() == [f"opens {third}", f"opens {second}", f"opens {OLD}"]
    assert len({OLD, second, third, files[0].read_text()}) == 4 and len(third) > 60
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert sorted(path.name for path in files[0].parent.iterdir()) == ["secret", "secret.former"]


@pytest.mark.once
def test_cut_off_between_the_two_nothing_is_lost(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = keys._replace

    def cut(path: Path, text: str) -> None:
        if path == files[0]:
            raise KeyboardInterrupt
        real(path, text)

    monkeypatch.setattr(keys, "_replace", cut)
    with pytest.raises(KeyboardInterrupt):
        keys.new_secret(at_once=False)
    assert files[0].read_text() == OLD
    monkeypatch.setattr(keys, "_replace", real)
    keys.new_secret(at_once=False)
    assert files[1].read_text().splitlines() == [f"signs {OLD}"]


@pytest.mark.parametrize(("at_once", "status"), [(False, 200), (True, 302)])
def test_sessions_and_codes(
    at_once: bool,
    status: int,
    sign_in: Callable[[str], Client],
    files: tuple[Path, Path],
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = sign_in("clerk120404")
    received = actions.receive(by=RESIDENT, service="RP-SEWER", place="12040402")
    keys.new_secret(at_once=at_once)
    read_again(settings, files, monkeypatch)
    assert client.get("/en/work").status_code == status
    opened = queries.by_code(received.code)
    assert queries.code_of(opened) == received.code
    opened.opened_by = ""
    assert queries.code_of(opened) == received.code == queries.code_of_id(opened.id)
    later = actions.receive(by=RESIDENT, service="RP-SEWER", place="12040402")
    assert queries.code_of(later.request) == later.code
    settings.FORMER_SECRETS = []
    assert queries.code_of(opened) == ""
