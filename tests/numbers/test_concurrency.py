"""Eight writers, a hundred equal requests at once: no gap, no double, one act, on a database of its own."""

import json
import os
import subprocess
import sys
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest

from tests.hall import fresh_database

WRITERS = Path(__file__).with_name("writers.py")
pytestmark = pytest.mark.processes


@pytest.fixture
def start(tmp_path: Path, worker_id: str):
    url = fresh_database(f"numbers_{worker_id}")
    environment = {
        **os.environ,
        "SALA_HOME": str(tmp_path),
        "SALA_DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "sala.settings",
    }

    def run(*command: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *map(str, command)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    done = run("-m", "django", "migrate", "numbers", "--verbosity", "0")
    assert done.wait() == 0, done.stderr.read()
    return run


def result(process: subprocess.Popen[str]):
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err[-2000:]
    return json.loads(out)


def test_eight_writers_leave_no_gap_and_no_double(start):
    """Each third act fails after it has its number; the number goes to the next one."""
    writers = [start(WRITERS, "numbers", office, 40) for office in ("a", "a", "a", "a", "a", "a", "b", "b")]
    kept = [result(writer) for writer in writers]
    assert sorted(chain(*kept[:6])) == list(range(1, 241))
    assert sorted(chain(*kept[6:])) == list(range(1, 81))


def test_a_hundred_equal_requests_are_done_once(start):
    found = result(start(WRITERS, "once", 100))
    answers = Counter(json.dumps(answer) for answer in found["answers"])
    assert found["errors"] == ["idempotency-key-reused"]
    assert answers == {json.dumps([201, {"number": 1}, {"Location": "/x"}]): 100}


def test_many_processes_send_the_same_request(start):
    senders = [start(WRITERS, "once", 12) for _ in range(8)]
    found = [result(sender) for sender in senders]
    assert {json.dumps(answer) for each in found for answer in each["answers"]} == {
        json.dumps([201, {"number": 1}, {"Location": "/x"}])
    }
    assert sum(len(each["answers"]) for each in found) == 96
