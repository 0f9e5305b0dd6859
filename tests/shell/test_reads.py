"""How often does a page ask the database? A handful of times, and no oftener for a hundred rows than for five."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sala.accounts.acting import RESIDENT
from sala.window import actions
from sala.window.terms import Act

pytestmark = pytest.mark.django_db

PAGES = {
    "/km/": 6,
    "/km/work": 12,
    "/km/work?view=all": 12,
    "/km/work/messages": 6,
    "/km/work/escalated": 6,
    "/km/counter": 5,
    "/km/powers": 6,
    "/km/account": 7,
    "/km/holidays": 4,
    "/km/places": 2,
    "/km/places/12": 4,
    "/km/places/120404": 4,
    "/km/figures": 5,
    "/km/figures/window.on_time": 14,
    "/km/services": 3,
    "/km/halls/120404/prices": 4,
    "/km/ask": 3,
    "/km/ledger": 5,
}
LISTS = (
    "/api/v1/offices/offices",
    "/api/v1/places/units",
    "/api/v1/window/services",
    "/api/v1/window/requests",
)


def reads(client: Client, address: str) -> int:
    assert client.get(address).status_code == 200, address  # what is read once a process is read now
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    return len(asked)


@pytest.fixture
def requests(db: None) -> None:
    """A dozen requests of the sangkat, three of them with a step."""
    for number in range(12):
        made = actions.receive(by=RESIDENT, service="RP-SEWER", place=f"1204040{1 + number % 3}")
        if number < 3:
            from tests.window.conftest import acting

            actions.act(by=acting("clerk120404"), request_id=made.request.id, version=1, verb=Act.TAKE)


@pytest.mark.parametrize("address", PAGES)
def test_a_page_asks_a_handful_of_times(
    requests: None, sign_in: Callable[[str], Client], address: str
) -> None:
    assert reads(sign_in("clerk120404"), address) <= PAGES[address]


@pytest.mark.parametrize("address", LISTS)
def test_more_rows_are_no_more_questions(
    requests: None, sign_in: Callable[[str], Client], address: str
) -> None:
    client = sign_in("ministry")
    few, many = (reads(client, f"{address}?page_size={size}") for size in (5, 100))
    assert few <= 6
    assert many <= few


def test_a_record_asks_no_oftener_for_many_steps(
    sign_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    from sala.kit import kept
    from tests.window.conftest import acting

    monkeypatch.setattr(kept, "FRESH_SECONDS", 3600)  # on a slow machine the calendar is looked at again

    made: Any = actions.receive(by=RESIDENT, service="RP-SEWER", place="12040402").request
    client, clerk = sign_in("clerk120404"), acting("clerk120404")
    address = f"/km/work/requests/{made.id}"
    seen = []
    for version in range(1, 13):
        actions.act(by=clerk, request_id=made.id, version=version, verb=Act.NOTE, text="ខ្ចីរថយន្ត")
        seen.append(reads(client, address))
    # One of them written down: who read it. One more is a look at what is kept in memory, when its time has come.
    assert max(seen) <= 15 and max(seen) - min(seen) <= 1, seen
