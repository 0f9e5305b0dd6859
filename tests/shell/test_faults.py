"""A hall whose disk is full, whose database is away, whose clock is wrong, whose clients are slow, whose mail can't go out.

The same in long is `make faults`; `tests/faults` says what is looked at.
"""

import os

import pytest

from tests.faults import away, clocks, disk, gateway, slow
from tests.faults.place import Halls
from tests.hall import free_port

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("faults"), pytest.mark.timeout(300)]


@pytest.mark.once  # `make faults` asks both
def test_slow_clients(halls: Halls) -> None:
    with halls.open("slow") as (hall, _):
        slow.half(hall)
        assert slow.run(hall, slow=100, seconds=3)["p95"] < 1


def test_a_database_that_is_away(halls: Halls) -> None:
    with halls.open("away") as (hall, server):
        found = away.run(hall, server, seconds=2, acknowledged=5)
    assert found["acknowledged"] >= 10


@pytest.mark.once  # `make faults` asks both
def test_a_mail_gateway_that_is_down(halls: Halls) -> None:
    port = free_port()
    with halls.open("mail", extra={"SALA_EMAIL_URL": gateway.url(port)}) as (hall, _):
        assert gateway.run(hall, port, tries=2, notices=2)["delivered"] == 2


@pytest.mark.once  # `make faults` asks both
@pytest.mark.skipif(clocks.COMPILER is None, reason="no C compiler (Debian: apt-get install gcc libc6-dev)")
def test_a_clock_set_forward_and_back(halls: Halls) -> None:
    home = halls.folder / "clock-library"
    home.mkdir()
    with halls.open("clock", extra=clocks.environment(home)) as (hall, _):
        clocks.run(hall, home, acknowledged=4, steps=(0, 400, -2))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk(halls: Halls) -> None:
    room = disk.small(300 if halls.postgresql else 64)
    try:
        with room as folder, halls.open("full", disk=folder) as (hall, server):
            found = disk.run(hall, folder, server=server, acknowledged=5)
    except PermissionError as error:
        pytest.skip(f"this machine mounts no small disk: {error}")
    assert found["acknowledged"] >= 10
