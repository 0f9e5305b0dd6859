"""What strangers send to Open311 on purpose: signs that no XML holds, a clerk's cookie, broken bodies, huge numbers."""

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from sala.accounts.acting import system
from sala.ledger.models import Entry
from sala.window import actions, keys
from sala.window.models import ApiKey, Request
from sala.window.terms import Act
from tests.window.test_actions import verified

pytestmark = pytest.mark.django_db
V2 = "/open311/v2"


@pytest.fixture
def key(db: None) -> str:
    return keys.make_key(by=system("test"), name="An app")


@pytest.fixture
def said(key: str) -> dict[str, str]:
    """A report that is right."""
    return {
        "api_key": key,
        "service_code": "RP-SEWER",
        "address_id": "12040402",
        "description": "ទឹកស្ទះលូ",
    }


@pytest.mark.parametrize("sign", ["\x01", "\x0b", "\x1f", "￾", "￿"])
def test_an_error_in_xml_can_be_read_whatever_was_sent(said: dict[str, str], sign: str) -> None:
    answer = Client().post(f"{V2}/requests.xml", {**said, f"attribute[a{sign}b]": "1"})
    assert answer.status_code == 400
    root = ElementTree.fromstring(answer.content.decode())
    assert root.tag == "errors" and root.findtext("error/code") == "400"


def test_a_token_in_xml_can_be_read_whatever_was_sent(report: Callable[..., Any]) -> None:
    code = report().code
    answer = Client().get(f"{V2}/tokens/{code}%1c.xml")
    root = ElementTree.fromstring(answer.content.decode())
    assert root.tag in ("service_requests", "errors")


def test_the_cookie_of_a_clerk_does_not_make_the_report_hers(said: dict[str, str], sign_in: Any) -> None:
    """A page elsewhere can make a browser send a form, with the cookie: the key acts, not who is signed in."""
    answer = sign_in("clerk120404").post(f"{V2}/requests.json", said)
    assert answer.status_code == 201, answer.content
    entry = Entry.objects.get(act="window.receive", kind="window.request")
    assert entry.post == f"key:{ApiKey.objects.get().pk}"
    verified()


def test_a_report_needs_no_words_where_the_standard_asks_for_none(said: dict[str, str]) -> None:
    del said["description"]
    assert Client().post(f"{V2}/requests.json", said).status_code == 201
    assert Request.objects.get().description == ""


def test_steps_are_narrowed_to_a_jurisdiction(report: Callable[..., Any]) -> None:
    report()
    for code, count in (("12", 1), ("02", 0)):
        rows = Client().get(f"{V2}/servicerequestupdates.json", {"jurisdiction_id": code}).json()
        assert len(rows) == count


def test_a_request_of_another_jurisdiction_is_404(report: Callable[..., Any]) -> None:
    number = report().request.number
    for code, status in (("12", 200), ("02", 404)):
        answer = Client().get(f"{V2}/requests/{number}.json", {"jurisdiction_id": code})
        assert answer.status_code == status


def test_steps_hold_no_documents_and_no_notes(report: Callable[..., Any], posts: Any) -> None:
    report(service="CT-ALIVE")
    request = report().request
    actions.act(verb=Act.NOTE, by=posts.clerk, request_id=request.id, version=1, text="only for us")
    rows = Client().get(f"{V2}/servicerequestupdates.json").json()
    assert [row["service_request_id"] for row in rows] == [request.number]


def test_another_picture_under_the_same_idempotency_key_is_refused(
    said: dict[str, str], picture: bytes
) -> None:
    other = picture[:-1] + bytes([picture[-1] ^ 1])
    statuses = [
        Client()
        .post(
            f"{V2}/requests.json",
            {**said, "media": SimpleUploadedFile("a.png", content, "image/png")},
            headers={"Idempotency-Key": "one"},
        )
        .status_code
        for content in (picture, picture, other)
    ]
    assert statuses == [201, 201, 400] and Request.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"--x\r\nnonsense", "multipart/form-data; boundary=x"),
        (b"nonsense", "multipart/form-data"),
        (b"%ff%fe=1&api_key=%00", "application/x-www-form-urlencoded"),
        (b'{"api_key": 1}', "application/json"),
        (b"a=1&" * 5000, "application/x-www-form-urlencoded"),
    ],
)
@pytest.mark.parametrize("ending", ["json", "xml"])
def test_a_body_that_is_none_is_refused_in_the_form_of_the_standard(
    db: None, body: bytes, kind: str, ending: str
) -> None:
    answer = Client().post(f"{V2}/requests.{ending}", body, content_type=kind)
    assert answer.status_code in (400, 403, 413)
    if ending == "json":
        assert {"code", "description"} == set(answer.json()[0])
    else:
        assert ElementTree.fromstring(answer.content.decode()).tag == "errors"


def test_a_format_that_is_none_is_404_in_the_form_of_the_standard(db: None) -> None:
    answer = Client().get(f"{V2}/requests.pdf")
    assert answer.status_code == 404 and answer.json()[0]["code"] == 404


def test_a_number_with_a_huge_exponent_is_refused_at_once() -> None:
    from sala.window import attributes

    form = attributes.parse([{"code": "n", "datatype": "number", "label": {"km": "ចំនួន", "en": "Number"}}])
    for text in ("1e9999999", "-1e9999999", "1e-9999999"):
        values, faults = attributes.clean(form, {"n": text})
        assert values == {} and [fault.code for fault in faults] == ["not-a-number"]
    assert attributes.clean(form, {"n": "12.50"}) == ({"n": "12.50"}, [])


def test_an_officer_reads_that_a_program_reported(said: dict[str, str], sign_in: Any) -> None:
    Client().post(f"{V2}/requests.json", said)
    address = f"work/requests/{Request.objects.get().pk}"
    assert "by a program with a key" in sign_in("clerk120404").get(f"/en/{address}").content.decode()
