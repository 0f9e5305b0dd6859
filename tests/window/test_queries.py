"""How the window's lists are read: which index serves which list, so that a hall, a district and the ministry stay fast."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet

from sala.accounts.acting import System
from sala.window import listing, queries
from sala.window.models import Request

pytestmark = [
    pytest.mark.django_db,
    # SQLite plans without statistics, so the plan of an empty table is that of a full one.
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by the rows that are there"),
]

OPEN_VIEWS = ("todo", "late", "mine", "waiting")


def plan(rows: QuerySet[Request]) -> str:
    return rows.explain()


def ordered(by: Any, view: str) -> QuerySet[Request]:
    return queries.narrowed(queries.listing(by).filter(queries.view(by, view)))[:51]


@pytest.mark.parametrize("view", sorted(queries.VIEWS))
def test_the_nations_lists_come_in_the_order_of_an_index(posts: Any, view: str) -> None:
    found = plan(ordered(posts.ministry, view))
    assert "SCAN window_request\n" not in found + "\n"
    if view != "mine":  # one officer's own: a few rows, sorted
        assert "TEMP B-TREE FOR ORDER BY" not in found
        assert ("window_open_due" if view in OPEN_VIEWS else "window_due") in found


@pytest.mark.parametrize(
    ("who", "index"),
    [
        ("clerk", "window_commune_open_due"),
        ("district", "window_district_open_due"),
        ("province", "window_province_open_due"),
    ],
)
@pytest.mark.parametrize("view", sorted(queries.VIEWS))
def test_a_places_lists_read_its_own_rows(posts: Any, who: str, index: str, view: str) -> None:
    from tests.window.conftest import acting

    by = acting("governor12") if who == "province" else getattr(posts, who)
    found = plan(ordered(by, view))
    assert "SCAN window_request" not in found
    assert (index in found and "window_office_state_due" in found) or view == "mine"


@pytest.mark.parametrize("view", OPEN_VIEWS)
def test_counting_open_requests_never_reads_the_finished_ones(view: str) -> None:
    rows = queries.visible(System("test")).filter(queries.view(System("test"), view))
    if view == "mine":
        assert not rows.exists()  # the system has no post
        return
    assert "window_open_due" in plan(rows.order_by()[: queries.COUNT_LIMIT + 1])


def test_every_list_has_a_name() -> None:
    assert list(queries.VIEWS) == list(listing.VIEW_NAMES)
