"""The window for programs: manners of the API, the same rules as on the pages."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from sala.window import actions
from sala.window.models import Event, Request
from sala.window.terms import Act, State
from tests.window.conftest import VILLAGE

pytestmark = pytest.mark.django_db
NEW = {"service": "RP-SEWER", "place": VILLAGE, "description": "ទឹកលូហៀរ", "phone": "012 345 648"}
ROOT = "/api/v1/window"


def post(client: Client, path: str, body: Any = None, **headers: str) -> Any:
    return client.post(ROOT + path, json.dumps(body or {}), content_type="application/json", headers=headers)


def test_the_catalogue() -> None:
    body = Client().get(f"{ROOT}/services").json()
    assert body["count"] == 52 and body["results"][0]["name"].keys() == {"km", "en"}
    found = Client().get(f"{ROOT}/services?kind=report").json()
    assert {row["code"] for row in found["results"]} == {"RP-SEWER", "RP-POWER", "RP-LIGHT", "RP-ROAD"}
    assert [r["code"] for r in Client().get(f"{ROOT}/services?q=barber").json()["results"]] == ["BZ-BARBER"]
    assert Client().get(f"{ROOT}/services/CN-VILLA-100").json()["fee_status"] == "no_basis"
    assert Client().get(f"{ROOT}/services/NOPE").status_code == 404
    assert Client().get(f"{ROOT}/services?colour=red").status_code == 422
    assert b"CR-BIRTH" in b"".join(Client().get(f"{ROOT}/services.csv").streaming_content)


def test_a_resident_makes_a_request_and_follows_it() -> None:
    answer = post(Client(), "/requests", NEW, **{"Idempotency-Key": "one"})
    assert answer.status_code == 201, answer.content
    body = answer.json()
    request = Request.objects.get()
    assert body["number"] == request.number and answer["Location"].endswith(str(request.id))
    again = post(Client(), "/requests", NEW, **{"Idempotency-Key": "one"})
    assert again.json() == body and Request.objects.count() == 1
    other = post(Client(), "/requests", {**NEW, "description": "x"}, **{"Idempotency-Key": "one"})
    assert other.status_code == 422
    seen = Client().get(f"{ROOT}/tracking/{body['code']}").json()
    assert seen["number"] == request.number and [e["act"] for e in seen["events"]] == ["receive"]
    assert Client().get(f"{ROOT}/tracking/{request.number}").status_code == 404
    assert request.contact.phone == "+85512345648"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"description": ""}, "description"),
        ({"phone": "12"}, "phone"),
        ({"email": "x"}, "email"),
        ({"latitude": 11.5}, "longitude"),
        ({"latitude": 50.0, "longitude": 8.0}, "latitude"),
        ({"place": "999999"}, "place"),
        ({"language": "fr"}, "language"),
        ({"unknown": 1}, "unknown"),
        ({"service": 5}, "service"),
        ({"description": "x" * 2001}, "description"),
        ({"description": "a\u0000b"}, None),
        ({"latitude": "11.5"}, "latitude"),
    ],
)
def test_wrong_fields_are_named(changes: dict[str, Any], field: str | None) -> None:
    answer = post(Client(), "/requests", {**NEW, **changes})
    assert answer.status_code in (400, 422), answer.content
    assert answer["Content-Type"].startswith("application/problem+json")
    if field:
        assert field in [e["field"] for e in answer.json()["errors"]], answer.json()
    assert not Request.objects.exists()


def test_an_unknown_service_is_a_wrong_field() -> None:
    answer = post(Client(), "/requests", {**NEW, "service": "NOPE"})
    assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == "service"


def test_the_officers_steps(posts: Any, report: Callable[..., Any], sign_in: Callable[[str], Client]) -> None:
    request = report().request
    client, path = sign_in("clerk120404"), f"/requests/{request.id}"
    detail = client.get(ROOT + path)
    assert detail["ETag"] == '"1"' and detail.json()["steps"][0] == "take"
    assert detail.json()["applicant"]["phone"] == "012 ••• •48"
    assert post(client, path + "/take").status_code == 428
    assert post(client, path + "/take", **{"If-Match": "x"}).status_code == 400
    assert post(client, path + "/take", **{"If-Match": '"7"'}).status_code == 412
    taken = post(client, path + "/take", **{"If-Match": '"1"', "Idempotency-Key": "k"})
    assert taken.status_code == 200 and taken.json()["state"] == "in_progress" and taken["ETag"] == '"2"'
    again = post(client, path + "/take", **{"If-Match": '"1"', "Idempotency-Key": "k"})
    assert again.json() == taken.json() and Event.objects.count() == 2
    assert post(client, path + "/take", **{"If-Match": '"2"'}).status_code == 409
    assert post(client, path + "/finish", **{"If-Match": '"2"'}).status_code == 422
    assert post(client, path + "/finish", {"text": "x", "more": 1}, **{"If-Match": '"2"'}).status_code == 422
    body = {"assigned": str(posts.desk.appointment)}
    assert post(client, path + "/assign", body, **{"If-Match": '"2"'}).status_code == 200
    assert post(client, path + "/finish", {"text": "រួច"}, **{"If-Match": '"3"'}).json()["state"] == State.DONE
    for verb in ("rate", "close", "receive", "nope", "reply"):
        assert post(client, f"{path}/{verb}", {"text": "x"}, **{"If-Match": '"4"'}).status_code == 404


def test_who_sees_what(posts: Any, report: Callable[..., Any], sign_in: Callable[[str], Client]) -> None:
    request = report().request
    actions.act(verb=Act.ANSWER, by=posts.clerk, request_id=request.id, version=1, text="PUBLIC")
    path = f"{ROOT}/requests/{request.id}"
    assert Client().get(path).status_code == 401
    assert Client().get(f"{ROOT}/requests").status_code == 401
    other = sign_in("clerk020801")
    assert other.get(path).status_code == 404
    assert post(other, f"/requests/{request.id}/take", **{"If-Match": '"2"'}).status_code == 404
    assert other.get(f"{ROOT}/requests").json()["count"] == 0
    above = sign_in("ministry")
    body = above.get(path).content.decode()
    for secret in ("តារា", "12345648", "ហៀរ", "PUBLIC", "២៨៩"):
        assert secret not in body
    assert above.get(path).json()["steps"] == []
    assert post(above, f"/requests/{request.id}/take", **{"If-Match": '"2"'}).status_code == 403
    assert above.get(f"{ROOT}/requests/{uuid4()}").status_code == 404


def test_the_list_is_narrowed_and_exported(
    report: Callable[..., Any], sign_in: Callable[[str], Client]
) -> None:
    first, second = report().request, report(service="CT-ALIVE").request
    client = sign_in("clerk120404")
    body = client.get(f"{ROOT}/requests").json()
    assert body["count"] == 2 and body["more"] is False
    assert set(body["results"][0]) >= {"id", "number", "version", "state", "place", "created", "changed"}
    found = client.get(f"{ROOT}/requests?service=RP-SEWER&state=received&place=1204&sort=-created").json()
    assert [row["number"] for row in found["results"]] == [first.number]
    assert client.get(f"{ROOT}/requests?q={second.number}").json()["count"] == 1
    for query in ("page=0", "nope=1", "state=nope", "sort=nope", "place=xx"):
        assert client.get(f"{ROOT}/requests?{query}").status_code == 422, query
    rows = b"".join(client.get(f"{ROOT}/requests.csv?place=120404").streaming_content).decode()
    assert first.number in rows and "តារា" not in rows
    assert b"".join(client.get(f"{ROOT}/requests.xlsx").streaming_content)[:2] == b"PK"


def test_erase(report: Callable[..., Any], sign_in: Callable[[str], Client]) -> None:
    request = report().request
    path, chief = f"/requests/{request.id}/erase", sign_in("chief120404")
    assert post(sign_in("ministry"), path, **{"If-Match": '"1"'}).status_code == 403
    assert post(chief, path).status_code == 428
    assert post(chief, path, **{"If-Match": '"2"'}).status_code == 412
    assert post(chief, path, **{"If-Match": '"1"'}).status_code == 200
    assert Request.objects.get().description == ""


def test_what_json_columns_hold_is_told_in_one_order() -> None:
    """PostgreSQL keeps the keys of an object in an order of its own: a hall that moved answers as before, byte for byte."""
    from sala.window.api import in_order

    kept = [{"en": {"b": 1, "km": 2, "a": 3}, "km": "x"}]
    assert str(in_order(kept)) == "[{'km': 'x', 'en': {'km': 2, 'a': 3, 'b': 1}}]"
