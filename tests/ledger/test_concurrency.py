"""Many processes that write and seal at once leave one tree without gaps."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hall import Hall, fresh_database

SCRIPT = Path(__file__).with_name("writers.py")


@pytest.mark.processes
def test_writers_and_sealers_at_once_number_without_gap(tmp_path, worker_id) -> None:
    hall = Hall(tmp_path, fresh_database(f"ledger_{worker_id}"))
    hall.sala("migrate")

    def start(role: str, count: int) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, SCRIPT, role, str(count)],
            env=hall.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    running = [start("write", 60) for _ in range(4)] + [start("seal", 60) for _ in range(2)]
    for process in running:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    said, errors = start("tell", 0).communicate(timeout=60)
    assert json.loads(said) == {"gapless": True, "count": 240, "size": 240, "faults": []}, errors
