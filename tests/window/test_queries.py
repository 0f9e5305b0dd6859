"""How the window's lists are read: by which index, and how often, so that a hall, a district and the ministry stay fast."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client

from sala.accounts.acting import System
from sala.window import listing, queries
from sala.window.models import Request

pytestmark = pytest.mark.django_db
# SQLite plans without statistics, so the plan of an empty table is that of a full one.
planned = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="PostgreSQL plans by the rows that are there"
)

OPEN_VIEWS = ("todo", "late", "mine", "waiting")


def plan(rows: QuerySet[Request]) -> str:
    return rows.explain()


def ordered(by: Any, view: str) -> QuerySet[Request]:
    return queries.narrowed(queries.listing(by).filter(queries.view(by, view)))[:51]


@planned
@pytest.mark.parametrize("view", sorted(queries.VIEWS))
def test_the_nations_lists_come_in_the_order_of_an_index(posts: Any, view: str) -> None:
    found = plan(ordered(posts.ministry, view))
    assert "SCAN window_request\n" not in found + "\n"
    if view != "mine":  # one officer's own: a few rows, sorted
        assert "TEMP B-TREE FOR ORDER BY" not in found
        assert ("window_open_due" if view in OPEN_VIEWS else "window_due") in found


@planned
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


@planned
@pytest.mark.parametrize("view", OPEN_VIEWS)
def test_counting_open_requests_never_reads_the_finished_ones(view: str) -> None:
    rows = queries.visible(System("test")).filter(queries.view(System("test"), view))
    if view == "mine":
        assert not rows.exists()  # the system has no post
        return
    assert "window_open_due" in plan(rows.order_by()[: queries.COUNT_LIMIT + 1])


def test_every_list_has_a_name() -> None:
    assert list(queries.VIEWS) == list(listing.VIEW_NAMES)


def test_no_query_a_row(
    report: Callable[..., Any], sign_in: Callable[[str], Client], django_assert_max_num_queries: Any
) -> None:
    client = sign_in("clerk120404")
    for _ in range(3):
        report(email="")
    client.get("/km/work")
    with django_assert_max_num_queries(25) as few:
        client.get("/km/work")
    for _ in range(20):
        report(email="")
    with django_assert_max_num_queries(25) as many:
        client.get("/km/work")
    assert len(many) <= len(few)


def test_a_residents_page_takes_few_queries(
    report: Callable[..., Any], django_assert_max_num_queries: Any
) -> None:
    code = report().code
    Client().get(f"/km/requests/{code}")
    with django_assert_max_num_queries(8):
        Client().get(f"/km/requests/{code}")
