"""Offices for programs: Popolo, public, bounded."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_the_list_narrows_pages_and_exports(client: Client) -> None:
    found = client.get("/api/v1/offices/offices?kind=commune_hall&place=1204&page_size=2").json()
    assert found["count"] == 10 and len(found["results"]) == 2 and found["next"]
    one = found["results"][0]
    assert (
        one["classification"] == "commune_hall"
        and one["place"].startswith("1204")
        and set(one["name"]) == {"km", "en"}
    )
    text = client.get("/api/v1/offices/offices.csv?kind=provincial_hall").getvalue().decode("utf-8-sig")
    assert len(text.strip().splitlines()) >= 26
    assert client.get("/api/v1/offices/offices?q=Tuek L'ak Ti Muoy").json()["count"] >= 1


@pytest.mark.parametrize(
    "query", ["kind=castle", "foo=1", "page=99999999999999999999", "place=abc", "sort=secret"]
)
def test_wrong_queries_are_told(client: Client, query: str) -> None:
    answer = client.get(f"/api/v1/offices/offices?{query}")
    assert answer.status_code in (400, 422) and answer["Content-Type"].startswith("application/problem+json")


def test_one_office_by_code_or_id_with_its_holders(client: Client) -> None:
    one = client.get("/api/v1/offices/offices/commune-hall-120404").json()
    assert client.get(f"/api/v1/offices/offices/{one['id']}").json() == one
    held = client.get(f"/api/v1/offices/offices/{one['id']}/holders").json()
    chief = held["results"][0]
    assert chief["post"]["label"]["km"] == "ចៅសង្កាត់" and chief["organization_id"] == one["id"]
    assert client.get(f"/api/v1/offices/offices/{one['id']}/holders?on=1990-01-01").json()["count"] == 0
    assert client.get(f"/api/v1/offices/offices/{one['id']}/holders?on=yesterday").status_code == 422
    assert client.get("/api/v1/offices/offices/nothing").status_code == 404


def test_posts_tell_their_duties_with_source(client: Client) -> None:
    posts = {post["id"]: post for post in client.get("/api/v1/offices/posts").json()["results"]}
    assert any("civil registrar" in duty["en"] for duty in posts["commune_chief"]["duties"])
    assert all(
        duty["status"] in ("V", "U") and duty["source"] for post in posts.values() for duty in post["duties"]
    )


def test_no_office_lies_in_a_village(client: Client) -> None:
    answer = client.get("/api/v1/offices/offices?place=12040402")
    assert (answer.status_code, answer.json()["count"]) == (200, 0)
