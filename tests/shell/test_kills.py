"""What was acknowledged is there once, with its ledger entry, whatever is killed: `make faults` does it fifty times."""

import pytest

from tests.faults import kills
from tests.faults.place import Halls

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("faults"), pytest.mark.timeout(240)]


def test_kills_under_eight_writers(halls: Halls) -> None:
    with halls.open("kills") as (hall, server):
        if server is not None or kills.STRACE:
            done, syncs = kills.count_syncs(hall, server, 10)
            assert syncs >= done, "an acknowledgement was given before the disk had it"
        found = kills.run(hall, kills=4, between=15, server=server, each=True)
    assert found["acknowledged"] >= 60
    assert found["kills"] == 5
