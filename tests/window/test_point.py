"""The picture one touches: a pixel and a place are the same thing, and hostile names stay text."""

import json
from xml.etree import ElementTree

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from sala.places import queries as places
from sala.window import point

SQUARE = json.dumps(
    {
        "type": "Polygon",
        "coordinates": [[[104.8, 11.5], [104.9, 11.5], [104.9, 11.6], [104.8, 11.6], [104.8, 11.5]]],
    }
)
FAR = json.dumps(
    {"type": "MultiPolygon", "coordinates": [[[[103.0, 13.0], [103.1, 13.0], [103.1, 13.1], [103.0, 13.0]]]]}
)


@given(x=st.integers(0, point.SIZE), y=st.integers(0, point.SIZE))
def test_a_pixel_is_a_place_and_back(x: int, y: int) -> None:
    frame = point.frame(SQUARE)
    latitude, longitude = frame.degrees(x, y)
    assert frame.xy(longitude, latitude) == (pytest.approx(x, abs=1e-6), pytest.approx(y, abs=1e-6))


def test_the_middle_of_the_picture_is_the_middle_of_the_commune() -> None:
    latitude, longitude = point.frame(SQUARE).degrees(point.SIZE / 2, point.SIZE / 2)
    assert (latitude, longitude) == (pytest.approx(11.55), pytest.approx(104.85))


def test_the_picture() -> None:
    drawn = point.picture(SQUARE, [("A&<b>", SQUARE), ("far", FAR)], (11.55, 104.85))
    tree = ElementTree.fromstring(drawn)
    assert len(tree.findall("{*}path")) == 1 and len(tree.findall("{*}circle")) == 2
    assert tree.find("{*}text").text == "A&<b>"  # type: ignore[union-attr]
    assert "style=" not in drawn


@pytest.mark.django_db
def test_a_touch_enters_the_degrees_without_a_script() -> None:
    client = Client()
    data = {
        "step": "where",
        "service": "RP-SEWER",
        "place": "120404",
        "village": "12040402",
        "location": "KEPT",
    }
    page = client.post("/en/report", {**data, "show_map": "1"}).content.decode()
    source = page.split('type="image"', 1)[1].split('src="', 1)[1].split('"', 1)[0]
    picture = client.get(source)
    assert picture["Content-Type"] == "image/svg+xml" and b"<path" in picture.content
    page = client.post("/en/report", {**data, "point.x": "144", "point.y": "144"}).content.decode()
    latitude = float(page.split('id="id_latitude"', 1)[1].split('value="', 1)[1].split('"', 1)[0])
    longitude = float(page.split('id="id_longitude"', 1)[1].split('value="', 1)[1].split('"', 1)[0])
    assert places.locate(latitude, longitude).startswith("1204") and "KEPT" in page
    for x in ("-1", "99999999", "x", ""):
        assert client.post("/en/report", {**data, "point.x": x, "point.y": "1"}).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("at", ["", "x", "1", "1,2,3", "nan,nan", "99999,1", "11.5,104.9"])
def test_marks_that_are_none_do_no_harm(at: str) -> None:
    assert Client().get("/km/report/map/120404.svg", {"at": at}).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["12", "999999", "12040402", "x"])
def test_places_without_a_map(key: str) -> None:
    assert Client().get(f"/km/report/map/{key}.svg").status_code == 404
