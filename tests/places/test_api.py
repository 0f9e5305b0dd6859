"""Do programs get units, search, points and borders in the manner of the API?"""

import json

import pytest
import shapely
from django.test import Client

pytestmark = pytest.mark.django_db


def _get(client: Client, path: str, status: int = 200, **query: str) -> dict:
    answer = client.get(f"/api/v1/places/{path}", query)
    assert answer.status_code == status, answer.content[:500]
    return json.loads(answer.content)


def test_the_list(client: Client) -> None:
    found = _get(client, "units", level="province")
    assert found["count"] == 25 and found["results"][0]["code"] == "01"
    assert found["results"][11]["title"] == {"km": "រាជធានីភ្នំពេញ", "en": "Phnom Penh Capital"}
    many = _get(client, "units", level="village", page_size="2", sort="-code")
    assert many["count"] == 1000 and many["more"] and len(many["results"]) == 2
    assert _get(client, "units", place="1204", level="commune")["count"] == 10
    assert _get(client, "units", former="1")["count"] == 200
    by_name = _get(client, "units", level="province", sort="name")["results"]
    assert [one["code"] for one in by_name[:3]] == ["08", "23", "03"]


def test_the_list_found_by_words(client: Client) -> None:
    codes = [one["code"] for one in _get(client, "units", q="tek laak 1")["results"]]
    assert "120404" in codes


def test_the_list_as_a_file(client: Client) -> None:
    answer = client.get("/api/v1/places/units.csv", {"level": "province"})
    text = b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()
    assert text.startswith("\ufeff") and "Phnom Penh" in text and "ភ្នំពេញ" in text
    assert client.get("/api/v1/places/units.xlsx", {"level": "province"}).status_code == 200


@pytest.mark.parametrize(
    "query", [{"foo": "1"}, {"level": "moon"}, {"place": "x"}, {"page": "0"}, {"sort": "colour"}]
)
def test_what_is_not_known_is_refused(client: Client, query: dict[str, str]) -> None:
    found = _get(client, "units", 422, **query)
    assert found["errors"][0]["field"] in query


def test_one_unit(client: Client) -> None:
    unit = _get(client, "units/120404")
    assert unit["place"] == "120404" and unit["state"] == "valid" and unit["version"] == 1
    assert [one["id"] for one in unit["line"]] == ["12", "1204", "120404"] and len(unit["children"]) == 16
    old = _get(client, "units/030401")
    assert old["state"] == "former" and old["became"] == [
        {"id": "250101", "kind": "move", "on": "2013-12-31", "instrument": "", "status": "unverified"}
    ]
    assert _get(client, "units/250101")["came_from"][0]["id"] == "030401"
    assert _get(client, "units/9999", 404)["detail"]


def test_search(client: Client) -> None:
    assert _get(client, "search", q="ទឹកល្អក់ទី១", limit="3")["results"][0]["code"] == "120404"
    assert _get(client, "search", q="thmei", level="commune", within="07")["results"][0]["code"] == "070716"
    assert _get(client, "search")["results"] == []
    for query in (
        {"limit": "x"},
        {"limit": "101"},
        {"level": "nation"},
        {"within": "99"},
        {"q": "x" * 300},
    ):
        field = next(iter(query))
        assert _get(client, "search", 422, **query)["errors"][0]["field"] == field


def test_the_commune_at_a_point(client: Client) -> None:
    assert _get(client, "locate", lat="11.57", lon="104.9")["code"] == "120404"
    assert _get(client, "locate", lat="១១.៥៧", lon="104.9")["code"] == "120404"
    assert _get(client, "locate", 404, lat="0", lon="0")["detail"]
    for lat, lon in (("91", "0"), ("x", "0"), ("nan", "0"), ("", ""), ("1e400", "0"), ("0", "181")):
        assert _get(client, "locate", 422, lat=lat, lon=lon)["errors"]


def test_borders_as_geojson(client: Client) -> None:
    answer = client.get("/api/v1/places/units.geojson", {"level": "commune", "within": "1204"})
    assert answer["Content-Type"].startswith("application/geo+json")
    found = json.loads(answer.content)
    assert found["type"] == "FeatureCollection" and "crs" not in found
    assert [one["id"] for one in found["features"]] == [f"1204{n:02d}" for n in range(1, 11)]
    for one in found["features"]:
        shape = shapely.from_geojson(json.dumps(one["geometry"]))
        assert shape.is_valid and one["properties"]["border"]["year"] == 2014
        assert shape.geom_type != "Polygon" or shape.exterior.is_ccw  # RFC 7946, 3.1.6
    provinces = _get(client, "units.geojson")
    assert len(provinces["features"]) == 25
    _get(client, "units.geojson", 422, level="village")
    _get(client, "units.geojson", 422, within="nowhere")
