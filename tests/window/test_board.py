"""What does everybody see of the problem reports of a place, and what never?"""

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sala.kit import clock, reads
from sala.places import queries as places
from sala.ui import jinja
from sala.window import actions, board, point, public, queries
from sala.window.models import Request
from sala.window.terms import Act

pytestmark = pytest.mark.django_db
TOLD = ("secret words", "secret place", "Secret Name", "12345648", "tara@example.com")
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def told(report: Callable[..., Any]) -> Callable[..., Any]:
    """Reports with words that must not be seen, and a point."""

    def made(**changes: Any) -> Request:
        said = {
            "description": "secret words",
            "location": "secret place",
            "name": "Secret Name",
            "latitude": Decimal("11.56237"),
            "longitude": Decimal("104.89123"),
            **changes,
        }
        return report(**said).request

    return made


def finish(posts: Any, request: Request) -> None:
    actions.act(by=posts.clerk, request_id=request.pk, version=1, verb=Act.FINISH, text="រួច")


ADDRESSES = (
    "/en/map/120404",
    "/en/map/1204?state=closed",
    "/en/map/120404?state=late",
    "/km/map/12",
    "/en/map/120404/reports.svg",
    "/en/map/1204/reports.atom",
    "/en/embed/120404",
    "/open/reports.csv",
    "/open/reports.json?place=12",
    "/open/",
    "/open/reports/dictionary.json",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_that_was_told_is_public_and_no_document(told: Any, posts: Any, address: str) -> None:
    finish(posts, told())
    told()
    document = told(service="CT-ALIVE")
    answer = Client().get(address)
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    text = body.decode()
    assert answer.status_code == 200 and document.number not in text and str(document.pk) not in text
    assert not [word for word in (*TOLD, "11.56237", "104.89123") if word in text]


def test_the_list_is_paged_by_keys_and_narrowed(told: Any, posts: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(board.page, "__kwdefaults__", {"after": "", "size": 2})
    made = [told() for _ in range(5)]
    road = told(service="RP-ROAD")
    unit = places.require("120404")
    seen, after = [], ""
    while True:
        page = board.page(unit, state="open", services=["RP-SEWER"], after=after)
        seen += [row.number for row in page.rows]
        after = page.after
        if not after:
            break
    assert sorted(seen) == sorted(row.number for row in made) and len(seen) == 5
    text = Client().get("/en/map/120404?service=RP-ROAD").content.decode()
    assert road.number in text and made[0].number not in text
    for wrong in ("after=zz", "after=2026-01-01T00:00:00_x", "service=zz", "state=zz", "after=%00"):
        assert Client().get(f"/en/map/120404?{wrong}").status_code in (200, 400)
    for key in ("99", "12040402", "zz"):
        assert Client().get(f"/en/map/{key}").status_code == 404


def test_what_is_late_has_a_list_of_its_own(told: Any, posts: Any) -> None:
    late, waiting, ended, new = (told() for _ in range(4))
    past = clock.now() - timedelta(days=2)
    finish(posts, ended)
    Request.objects.filter(pk__in=[late.pk, waiting.pk, ended.pk]).update(due_at=past)
    Request.objects.filter(pk=waiting.pk).update(paused_at=past, state="waiting")
    text = Client().get("/en/map/120404?state=late").content.decode()
    assert late.number in text and jinja.date_short(past) in text
    assert not [row.number for row in (waiting, ended, new) if row.number in text]
    assert len(board.points(places.require("120404"), services=queries.listed(), states=("late",))) == 1


def test_more_reports_are_no_more_questions(told: Any, django_assert_max_num_queries: Any) -> None:
    client = Client()
    told()
    client.get("/en/map/120404")
    with django_assert_max_num_queries(8) as few:
        client.get("/en/map/120404")
    for _ in range(8):
        told()
    with django_assert_max_num_queries(len(few)):
        client.get("/en/map/120404")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by the rows that are there")
@pytest.mark.parametrize("key", ["12", "1204", "120404"])
@pytest.mark.parametrize("still", [True, False])
def test_a_place_reads_its_own_index(key: str, still: bool) -> None:
    unit = places.require(key)
    found = board._rows(unit, still=still, services=queries.listed())[:50].explain()
    assert f"window_{unit.level}_open_due" in found and "SCAN window_request" not in found


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by the rows that are there")
def test_what_lies_nearby_is_looked_for_in_the_commune(db: None) -> None:
    here = public.spot("120404", "12040402", Decimal("11.5624"), Decimal("104.8912"))
    with CaptureQueriesContext(connection) as asked:
        public.similar(queries.service("RP-SEWER"), here)
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN QUERY PLAN " + asked[-1]["sql"].replace("%", "%%"))
        assert "window_commune_open_due" in str(cursor.fetchall())


def test_of_few_cases_no_time_is_told(told: Any, posts: Any) -> None:
    unit = places.require("120404")
    for _ in range(board.FEWEST - 1):
        finish(posts, told())
    few = board.pace(unit)
    assert [(each.service, each.cases, each.minutes, each.on_time) for each in few] == [
        ("RP-SEWER", 4, None, None),
        ("", 4, None, None),
    ]
    finish(posts, told())
    assert [(each.cases, each.on_time) for each in board.pace(unit)] == [(5, 1.0), (5, 1.0)]
    assert "%" in Client().get("/en/embed/120404").content.decode()


def test_points_are_gathered_on_a_grid() -> None:
    view = point.Frame.of(104.0, 11.0, 104.1, 11.1)
    here = view.degrees(100, 100)
    near = view.degrees(103, 101)
    far = view.degrees(200, 20)
    outside = view.degrees(-50, 20)
    found = point.dots(view, [(*here, True), (*near, False), (*far, False), (*outside, True)])
    assert [(dot.count, dot.open) for dot in found] == [(2, 1), (1, 0)]
    assert abs(found[0].x - 101.5) < 0.01 and abs(found[0].y - 100.5) < 0.01


def test_the_map_shows_open_and_finished_ones_apart(told: Any, posts: Any) -> None:
    unit = places.require("120404")
    finish(posts, told())
    told()
    told()
    assert len(board.points(unit, services=queries.listed())) == 3
    assert len(board.points(unit, services=queries.listed(), states=("open",))) == 2
    assert board.points(unit, services=["RP-ROAD"]) == []
    drawn = Client().get("/km/map/120404/reports.svg")
    assert drawn["Content-Type"] == "image/svg+xml" and "max-age" in drawn["Cache-Control"]


def test_the_feed_is_atom(told: Any) -> None:
    made = told()
    root = fromstring(Client().get("/en/map/120404/reports.atom").content)
    assert root.tag == f"{ATOM}feed" and root.find(f"{ATOM}id") is not None
    entry = root.find(f"{ATOM}entry")
    assert entry is not None and entry.findtext(f"{ATOM}id") == f"urn:sala:request:{made.number}"
    assert made.number in str(entry.findtext(f"{ATOM}summary"))
    empty = fromstring(Client().get("/en/map/020801/reports.atom").content)
    assert empty.find(f"{ATOM}entry") is None and empty.findtext(f"{ATOM}updated")


def test_only_the_counter_may_be_framed() -> None:
    counter, page = (Client().get(f"/km/{name}/120404") for name in ("embed", "map"))
    assert "frame-ancestors *" in counter["Content-Security-Policy"] and "X-Frame-Options" not in counter
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"] and page["X-Frame-Options"] == "DENY"


def test_open_data_are_whole_and_say_what_they_mean(told: Any, posts: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(board, "_CHUNK", 2)
    made = [told() for _ in range(5)]
    body = b"".join(Client().get("/open/reports.csv").streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(body)))
    assert [row[0] for row in rows[1:]] == [row.number for row in made]
    answer = Client().get("/open/reports.json?place=120404")
    found = json.loads(b"".join(answer.streaming_content))
    assert [(row["number"], row["latitude"]) for row in found] == [(row.number, 11.5624) for row in made]
    assert "license" in answer["Link"] and answer["Access-Control-Allow-Origin"] == "*"
    words = Client().get("/open/reports/dictionary.json").json()
    assert {column["name"] for column in words["columns"]} == set(found[0]) - {"mark"}
    assert json.loads(b"".join(Client().get("/open/reports.json?to=2001-01-01").streaming_content)) == []
    assert json.loads(b"".join(Client().get("/open/reports.json?from=2001-01-01").streaming_content)) == found
    for wrong, status in (("from=x", 400), ("place=99", 404)):
        assert Client().get(f"/open/reports.csv?{wrong}").status_code == status
    assert Client().get("/open/reports.xlsx").status_code == 400


def test_the_start_finds_a_place() -> None:
    assert "/en/map/120404" in Client().get("/en/map?q=120404").content.decode()
    assert "No place found" in Client().get("/en/map?q=%2B%2B%2B").content.decode()
    assert Client().get("/en/map?q=" + "x" * 300).status_code == 200  # too long: nothing is looked for


@pytest.mark.parametrize("address", ADDRESSES)
def test_who_has_it_already_gets_no_bytes_and_a_change_is_told(told: Any, posts: Any, address: str) -> None:
    client, request = Client(), told()
    first = client.get(address)
    tag = first["ETag"]
    again = client.get(address, headers={"If-None-Match": f'"other", {tag}'})
    assert (first.status_code, again.status_code, again.content, again["ETag"]) == (200, 304, b"", tag)
    assert again.get("Cache-Control") == first.get("Cache-Control")
    if "embed" in address:  # what a browser keeps takes over the headers of a 304
        assert "frame-ancestors *" in again["Content-Security-Policy"]
    if (address.startswith("/open/") and "reports." not in address) or "dictionary" in address:
        return  # nothing of the records is in it
    finish(posts, request)
    told(), told()
    Request.objects.filter(open=True).update(due_at=clock.now() - timedelta(days=1))
    changed = client.get(address, headers={"If-None-Match": tag})
    assert (changed.status_code, changed["ETag"] != tag) == (200, True)


def test_the_same_emptiness_is_the_same_feed() -> None:
    with clock.simulate(clock.now().replace(hour=3)):
        tag = Client().get("/en/map/250101/reports.atom")["ETag"]
    with clock.simulate(clock.now().replace(hour=4)):
        assert Client().get("/en/map/250101/reports.atom", headers={"If-None-Match": tag}).status_code == 304


def test_a_file_is_not_the_same_in_the_other_language(told: Any) -> None:
    told()
    client = Client()
    tags = {
        client.get("/open/reports.csv", headers={"Accept-Language": lang})["ETag"] for lang in ("km", "en")
    }
    assert len(tags) == 2


def test_one_address_may_not_read_without_end(
    told: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told()
    settings.READS_A_MINUTE = reading_costs = 42
    monkeypatch.setattr(reads, "_minute", reads.Minute())
    client, requests = Client(), "/open311/v2/requests.json"
    with clock.simulate(clock.now().replace(second=30, microsecond=0)):
        assert client.get("/open/reports.csv").status_code == 200  # 40
        assert client.get("/en/map/120404/reports.svg").status_code == 200
        assert client.get(requests).status_code == 200
        for address in ("/en/map/120404", "/en/map/1204/reports.atom", "/en/embed/12", "/open/reports.json"):
            refused = client.get(address)
            assert (refused.status_code, refused["Retry-After"]) == (429, "31")
            assert "Wait a minute" in refused.content.decode() or "open" in address
        refused = client.get(requests, headers={"Accept-Language": "en"})
        assert (refused.status_code, refused["Retry-After"]) == (429, "31")
        assert "Wait a minute" in refused.json()[0]["description"]
        assert client.get("/open311/v2/servicerequestupdates.xml").status_code == 429
        other = client.get("/en/map/120404/reports.svg", REMOTE_ADDR="192.0.2.7")
        assert other.status_code == 200
        assert client.get("/en/services").status_code == 200  # what costs little is not counted
        settings.READS_A_MINUTE = 0
        assert client.get("/en/map/120404").status_code == 200
    settings.READS_A_MINUTE = reading_costs
    with clock.simulate(clock.now().replace(second=0, microsecond=0) + timedelta(minutes=2)):
        assert client.get("/en/map/120404").status_code == 200
