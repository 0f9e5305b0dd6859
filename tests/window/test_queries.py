"""How the window's lists are read: by which index, and how often, so that a hall, a district and the ministry stay fast."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.utils import translation

from sala.accounts.acting import EVERYTHING, NOTHING, System
from sala.offices import queries as offices
from sala.places import queries as places
from sala.window import actions, desk, listing, queries, shown
from sala.window.models import Request
from sala.window.terms import Act, State, Verb

pytestmark = pytest.mark.django_db
# SQLite plans without statistics, so the plan of an empty table is that of a full one.
planned = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="PostgreSQL plans by the rows that are there"
)

OPEN_VIEWS = ("todo", "late", "mine", "waiting", "joined")
OWN_INDEX = {"waiting": "window_waiting_due", "joined": "window_joined"}


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
        wanted = "window_open_due" if view in OPEN_VIEWS else "window_due"
        assert OWN_INDEX.get(view, wanted) in found


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
    assert (index in found and "window_office_open_due" in found) or view in ("mine", "joined")


@planned
@pytest.mark.parametrize("view", OPEN_VIEWS)
def test_counting_open_requests_never_reads_the_finished_ones(view: str) -> None:
    rows = queries.visible(System("test")).filter(queries.view(System("test"), view))
    if view == "mine":
        assert not rows.exists()  # the system has no post
        return
    found = plan(rows.order_by()[: queries.COUNT_LIMIT + 1])
    assert OWN_INDEX.get(view, "window_open_due") in found


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


def test_rows_are_written_without_asking_the_database_again(
    report: Callable[..., Any], posts: Any, django_assert_num_queries: Any
) -> None:
    made = report(email="").request
    offices.calendar(made.office_id)
    # In memory alone: every state and both judgements are written from the columns the list has read.
    (row,) = desk.first(posts.clerk, "all", 2)
    queries.short_names([row.terms_id])
    names = places.names([row.place])
    ends = [
        (state, state in ("received", "in_progress", "waiting"), on_time)
        for state in State
        for on_time in (None, True, False)
    ]
    with django_assert_num_queries(0):
        for state, is_open, on_time in ends:
            row = row._replace(state=str(state), open=is_open, on_time=on_time)
            (found,) = listing.written([row], names, {}, EVERYTHING, "")
            assert found["number"] == made.number and found["url"].endswith(f"/work/requests/{made.id}")
            assert found["state"] == shown.tag(state) and found["place"] == shown.address(
                row, names, told=True
            )


def test_what_residents_told_is_written_only_for_those_who_may_see_it(
    report: Callable[..., Any], posts: Any
) -> None:
    made = report(email="", location="beside the pagoda").request
    names = places.names([made.place])
    rows = [row for row in desk.first(posts.clerk, "all", 20) if row.id == made.pk]
    for persons, told in ((EVERYTHING, True), (posts.clerk.reach(Verb.SEE_PERSON), True), (NOTHING, False)):
        (found,) = listing.written(rows, names, {}, persons, "120404")
        assert ("pagoda" in found["place"]) is told


def test_a_village_is_said_with_its_commune_but_to_those_who_work_there(
    report: Callable[..., Any], posts: Any
) -> None:
    from sala.window import shown

    made = report(email="", location="").request
    rows = [row for row in desk.first(posts.clerk, "all", 20) if row.id == made.pk]
    names = shown.place_names(rows)
    commune = names["120404"]["en"]
    with translation.override("en"):
        for home, said in (("120404", False), ("", True), ("020801", True)):
            (found,) = listing.written(rows, names, {}, EVERYTHING, home)
            assert (commune in found["place"]) is said and names["12040402"]["en"] in found["place"]


def test_counts_are_those_of_the_lists(report: Callable[..., Any], posts: Any) -> None:
    asked, ended, *_rest = [report(email="") for _ in range(4)]
    actions.withdraw(by=posts.resident, code=ended.code)
    for version, verb in enumerate((Act.TAKE, Act.ASK), start=1):
        actions.act(by=posts.clerk, request_id=asked.request.id, version=version, verb=verb, text="?")
    rows = queries.visible(posts.clerk)
    exact = {name: rows.filter(queries.view(posts.clerk, name)).count() for name in queries.VIEWS}
    assert queries.counts(posts.clerk) == desk.lengths(posts.clerk) == exact
    assert min(exact["todo"], exact["waiting"], exact["done"]) > 0
    most = queries.COUNT_LIMIT + 1
    assert queries.with_all({**exact, "done": most})["all"] == most


@pytest.mark.parametrize("view", sorted(queries.VIEWS))
def test_a_desk_holds_what_the_asker_sees_and_no_more(
    report: Callable[..., Any], posts: Any, view: str
) -> None:
    for place in ("12040401", "12040201", "02030401"):
        for step in (None, Act.TAKE, Act.ASK):
            made = report(email="", place=place).request
            if step is not None and place == "12040401":
                actions.act(by=posts.clerk, request_id=made.id, version=1, verb=step, text="?")
    for by in (posts.clerk, posts.district, posts.ministry, System("test")):
        wanted = queries.visible(by).filter(queries.view(by, view)).order_by("due_at", "pk")
        assert [row.id for row in desk.first(by, view, 100)] == [row.pk for row in wanted]
        assert desk.lengths(by) == queries.counts(by)
