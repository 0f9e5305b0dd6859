"""/metrics in the text format of Prometheus, to the letter, and the figures an operator needs."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from sala.accounts.acting import RESIDENT
from sala.kit import faults
from sala.ledger import actions as ledger
from sala.shell import backup
from sala.window import actions

pytestmark = pytest.mark.django_db

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(
    rf"({NAME})(\{{{LABEL}(?:,{LABEL})*\}})? (-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?|NaN|[+-]Inf)"
)
Parsed = dict[str, dict[str, float]]


def parsed(text: str) -> Parsed:
    """Name -> labels -> value. Fails where the text is not as the format demands."""
    assert text.endswith("\n") and "\r" not in text
    found: Parsed = {}
    kinds: dict[str, str] = {}
    helped: set[str] = set()
    last = ""
    for line in text.splitlines():
        if said := re.fullmatch(rf"# HELP ({NAME}) ([^\n]+)", line):
            assert said[1] not in helped
            helped.add(said[1])
        elif said := re.fullmatch(rf"# TYPE ({NAME}) (gauge|counter)", line):
            assert said[1] in helped and said[1] not in kinds
            kinds[said[1]] = said[2]
            found[said[1]] = {}
            last = said[1]
        else:
            sample = SAMPLE.fullmatch(line)
            assert sample, line
            assert sample[1] == last, "samples of a metric stand together, after its TYPE"
            labels = sample[2] or ""
            assert labels not in found[last]
            found[last][labels] = float(sample[3])
    assert all(name.endswith("_total") == (kind == "counter") for name, kind in kinds.items())
    assert all(found.values())
    return found


@pytest.fixture
def home(tmp_path: Path, settings: Any) -> Path:
    settings.HOME = tmp_path
    return tmp_path


def ask() -> Parsed:
    return parsed(Client().get("/metrics").content.decode())


def test_the_parser_can_fail() -> None:
    for text in (
        "a 1\n",
        "# HELP a x\n# TYPE a gauge\na{b=c} 1\n",
        "# HELP a x\n# TYPE a gauge\na 1",
        "# HELP a x\n# TYPE a gauge\na one\n",
    ):
        with pytest.raises(AssertionError):
            parsed(text)


def test_what_an_operator_needs(home: Path) -> None:
    ledger.seal()
    before = ask()
    assert before["sala_backup_timestamp_seconds"][""] == 0 == before["sala_http_faults_total"][""]
    assert 0 < before["sala_disk_free_bytes"][""] <= before["sala_disk_size_bytes"][""]
    assert before["sala_database_up"][""] == 1
    assert before["sala_ledger_unsealed"][""] == 0 < before["sala_ledger_entries"][""]
    actions.receive(by=RESIDENT, service="RP-SEWER", place="12040402", email="a@example.com", name="x")
    backup.remember(datetime(2026, 1, 2, tzinfo=UTC).isoformat())
    faults.add()
    faults.add()
    after = ask()
    assert after["sala_ledger_unsealed"][""] >= 2
    assert after["sala_notices"]['{state="created"}'] == before["sala_notices"]['{state="created"}'] + 1
    assert after["sala_notices_oldest_waiting_timestamp_seconds"][""] > 0
    assert after["sala_backup_timestamp_seconds"][""] == datetime(2026, 1, 2, tzinfo=UTC).timestamp()
    assert after["sala_http_faults_total"][""] == 2
    assert {'{job="ledger.seal"}', '{job="installation.erase"}'} <= set(after["sala_job_failures"])


def test_an_answer_of_500_is_counted(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sala.shell import health

    def broken() -> str:
        raise RuntimeError("broken")

    monkeypatch.setattr(health, "database", broken)
    assert Client(raise_request_exception=False).get("/readyz").status_code == 500
    monkeypatch.undo()
    Client().get("/en/no-such-page")
    assert faults.count() == 1


def test_where_nothing_can_be_written_the_answer_still_goes_out(home: Path) -> None:
    (home / "run").write_text("no folder")
    faults.add()
    backup.remember("x")
    assert faults.count() == 0 and backup.last() is None
