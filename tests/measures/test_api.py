"""Do programs get the same figures, with the manners of the API?"""

import csv
import io

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    return Client()


def test_measures(client):
    found = client.get("/api/v1/measures").json()
    assert found["count"] == len(found["results"]) >= 10
    light = next(one for one in found["results"] if one["code"] == "cdb.electricity")
    assert light["name"] == {"km": "គ្រួសារមានអគ្គិសនីប្រើប្រាស់", "en": "Households with electricity"}
    assert light["source"]["licence"] == "CC BY-SA 4.0"
    assert (light["aggregation"], light["periods"], light["rule_version"]) == (
        "ratio",
        ["year"],
        "cdb.electricity v1",
    )


def test_figures(client):
    found = client.get("/api/v1/measures/figures?measure=cdb.electricity").json()
    assert found["count"] == 1
    nation = found["results"][0]
    assert (nation["place"], nation["level"], nation["period"], nation["count"]) == (
        "",
        "nation",
        "2011",
        1621,
    )
    assert abs(nation["value"] - 0.353940823684) < 1e-9
    provinces = client.get(
        "/api/v1/measures/figures?measure=cdb.electricity&level=province&sort=-value"
    ).json()
    values = [row["value"] for row in provinces["results"]]
    assert len(values) == 24
    assert values == sorted(values, reverse=True)
    communes = client.get(
        "/api/v1/measures/figures?measure=cdb.families&place=1204&level=commune&period=2011"
    ).json()
    assert {row["place"][:4] for row in communes["results"]} == {"1204"}


def test_paging_and_files(client):
    page = client.get("/api/v1/measures/figures?measure=cdb.families&level=commune&page_size=10").json()
    assert (page["count"], page["more"], len(page["results"])) == (1000, True, 10)
    assert client.get(page["next"]).json()["results"][0]["place"] > page["results"][-1]["place"]
    answer = client.get("/api/v1/measures/figures.csv?measure=cdb.families&level=province")
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert len(rows) == 25
    assert (
        b"".join(client.get("/api/v1/measures/figures.xlsx?measure=cdb.families").streaming_content)[:2]
        == b"PK"
    )


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("", 422, "measure"),
        ("measure=nothing", 404, None),
        ("measure=cdb.families&place=99", 404, None),
        ("measure=cdb.families&period=x", 422, "period"),
        ("measure=cdb.families&level=village", 422, "level"),
        ("measure=cdb.families&colour=red", 422, "colour"),
        ("measure=cdb.families&sort=colour", 422, "sort"),
    ],
)
def test_wrong_questions(client, query, status, field):
    answer = client.get(f"/api/v1/measures/figures?{query}", headers={"accept-language": "en"})
    assert answer.status_code == status
    assert answer["Content-Type"].startswith("application/problem+json")
    if field:
        assert field in [error["field"] for error in answer.json()["errors"]]
