"""What a browser kept and sends later: taken in once, refused with a reason, under its writer's sign-in only, photos included."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from sala.files.models import File
from sala.kit import clock
from sala.numbers import actions as numbers
from sala.window import queries
from sala.window.models import Request, Service
from tests.window.conftest import PLACE, VILLAGE

pytestmark = pytest.mark.django_db

KEPT = {
    "idempotency_key": "kept-on-a-phone",
    "service": "RP-SEWER",
    "place": PLACE,
    "village": VILLAGE,
    "description": "ទឹកលូហៀរ",
    "phone": "012 345 648",
    "language": "km",
    "step": "check",
    "next": "1",
}


def deliver(client: Client, path: str = "/km/report", **changes: Any) -> Any:
    """As the service worker sends it."""
    return client.post(path, {**KEPT, **changes}, headers={"Accept": "application/json"})


def test_taken_in_once_with_the_number_and_the_page() -> None:
    client = Client()
    answers = [deliver(client) for _ in range(3)]
    request = Request.objects.get()
    assert [answer.status_code for answer in answers] == [201] * 3
    assert answers[0].json() == answers[2].json()
    assert answers[0].json()["number"] == request.number
    assert queries.code_of(request) in answers[0].json()["url"]
    page = client.post("/km/report", KEPT)  # the same form, sent by hand
    assert page.url == answers[0].json()["url"] and Request.objects.count() == 1


def test_sent_in_the_last_minute_of_its_day_it_is_still_known() -> None:
    begun = clock.now()
    with clock.simulate(begun):
        first = deliver(Client())
    with clock.simulate(begun + timedelta(hours=30)):
        numbers.expire()
        assert deliver(Client()).json() == first.json()
    assert Request.objects.count() == 1


def test_the_same_key_with_other_words_is_refused() -> None:
    deliver(Client())
    again = deliver(Client(), description="អ្វីផ្សេង")
    assert again.status_code == 422 and again.json()["step"] == "check" and again.json()["detail"]
    page = Client().post("/en/report", {**KEPT, "description": "អ្វីផ្សេង"})
    assert page.status_code == 422 and "has arrived already" in page.content.decode()
    assert "kept-on-a-phone" not in page.content.decode(), "sent once more it must be able to arrive"
    assert Request.objects.count() == 1


def test_photos_are_told_apart_by_their_bytes(picture: bytes) -> None:
    client = Client()
    answers = [
        deliver(client, photos=SimpleUploadedFile("a.jpg", picture, "image/jpeg")).json() for _ in range(2)
    ]
    assert answers[0] == answers[1]
    request = Request.objects.get()
    assert [file.subject for file in File.objects.all()] == [str(request.id)], "the repeat was stored anew"
    other = deliver(client, photos=SimpleUploadedFile("a.jpg", picture + b"\0", "image/jpeg"))
    assert other.status_code == 422


def test_a_photo_that_is_none_and_too_many_of_them(picture: bytes) -> None:
    client = Client()
    none = deliver(client, photos=SimpleUploadedFile("a.jpg", b"no picture", "image/jpeg"))
    many = [SimpleUploadedFile(f"{number}.jpg", picture, "image/jpeg") for number in range(4)]
    four = deliver(client, photos=many)
    assert (none.status_code, four.status_code) == (422, 422)
    assert Request.objects.count() == 0 and File.objects.count() == 0
    page = client.post(
        "/km/report", {**KEPT, "photos": SimpleUploadedFile("a.jpg", b"no picture", "image/jpeg")}
    )
    assert page.status_code == 422 and KEPT["description"] in page.content.decode()


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({"description": ""}, "what"),
        ({"phone": "nonsense"}, "what"),
        ({"village": ""}, "where"),
        ({"place": "", "place_search": "ទឹកល្អក់ទី១"}, "where"),
        ({"service": "NO-SUCH"}, "service"),
    ],
)
def test_what_is_wrong_is_named_and_then_shown_with_what_was_typed(
    changes: dict[str, str], step: str
) -> None:
    client = Client()
    answer = deliver(client, **changes)
    assert (answer.status_code, answer.json()) == (422, {"step": step})
    assert Request.objects.count() == 0
    page = client.post("/km/report", {**KEPT, **changes})
    shown = page.content.decode()
    assert f'name="step" value="{step}"' in shown
    assert changes.get("description", KEPT["description"]) in shown and "kept-on-a-phone" in shown
    if changes.get("place") == "":
        assert 'value="120404"' in shown, "the place that was typed is looked for"


def test_a_service_that_was_withdrawn_meanwhile() -> None:
    Service.objects.filter(code="RP-SEWER").update(offered=False)
    client = Client()
    assert deliver(client, "/km/services/RP-SEWER/apply").status_code == 404
    page = client.post("/km/report", KEPT)  # where the worker opens it then
    assert page.status_code == 422 and KEPT["description"] in page.content.decode()


def test_only_under_the_sign_in_that_wrote_it(sign_in: Callable[[str], Client]) -> None:
    desk, clerk = sign_in("frontdesk120404"), sign_in("clerk120404")
    owner = desk.get("/km/report/token").json()["owner"]
    assert owner and owner != clerk.get("/km/report/token").json()["owner"]
    assert Client().get("/km/report/token").json()["owner"] == ""
    kept = {"owner": owner, "channel": "counter", "name": "សុខ តារា"}
    assert deliver(clerk, "/km/work/new", **kept).status_code == 403
    assert deliver(Client(), "/km/work/new", **kept).status_code == 401
    assert deliver(clerk).status_code == 403, "what a resident wrote is not sent in an officer's name"
    assert Request.objects.count() == 0
    assert deliver(desk, "/km/work/new", **kept).status_code == 201
    assert Request.objects.get().channel == "counter"


def test_a_forged_request_is_refused_with_and_without_a_sign_in(accounts: dict[str, dict[str, str]]) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert deliver(strict).status_code == 403
    token = strict.get("/km/report/token")
    assert "no-store" in token["Cache-Control"] and "Access-Control-Allow-Origin" not in token
    headers = {"Accept": "application/json", "X-CSRFToken": token.json()["csrf"]}
    assert strict.post("/km/report", KEPT, headers=headers).status_code == 201
    forged = {**headers, "Origin": "https://elsewhere.example"}
    assert strict.post("/km/report", {**KEPT, "idempotency_key": "x"}, headers=forged).status_code == 403


def test_the_page_that_is_kept_is_the_same_for_everybody(sign_in: Callable[[str], Client]) -> None:
    pages = {client.get("/km/offline").content for client in (Client(), Client(), sign_in("clerk120404"))}
    (page,) = pages
    for secret in (b"csrfmiddlewaretoken", b"idempotency_key", b'name="owner"'):
        assert secret not in page
    assert Client().post("/km/offline").status_code == 405


def test_the_worker_is_asked_for_once_an_hour_and_sent_when_it_changed() -> None:
    client = Client()
    first = client.get("/worker.js")
    assert first["Content-Type"].startswith("text/javascript") and "max-age=3600" in first["Cache-Control"]
    assert "worker-src 'self'" in first["Content-Security-Policy"]
    again = client.get("/worker.js", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304 and again.content == b""
    assert b"/static/window/waiting" in first.content


def test_the_first_page_of_a_report_loads_nothing_more() -> None:
    assert b"<script" not in Client().get("/km/report").content
    assert (
        b"window/waiting" in Client().post("/km/report", {"step": "service", "service": "RP-SEWER"}).content
    )
