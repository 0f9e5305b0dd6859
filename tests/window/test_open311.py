"""Every demand of GeoReport v2, one test each; what is wrong gets the standard's errors and never a 500."""
# long because one standard, one test a demand

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from sala.accounts.acting import system
from sala.files.models import File
from sala.kit import clock
from sala.kit.errors import Invalid, NotFound
from sala.window import actions, keys
from sala.window.models import ApiKey, Contact, Request, Service
from sala.window.terms import Act
from tests.window.test_actions import verified

pytestmark = pytest.mark.django_db
V2 = "/open311/v2"
POINT = {"lat": "11.5623", "long": "104.9010"}


@pytest.fixture
def client(db: None) -> Client:
    return Client(raise_request_exception=True)


@pytest.fixture
def key(db: None) -> str:
    return keys.make_key(by=system("test"), name="An app")


@pytest.fixture
def send(client: Client, key: str) -> Callable[..., Any]:
    """POST a report; keywords change or (None) leave out arguments."""

    def sent(kind: str = "json", **changes: Any) -> Any:
        headers = changes.pop("headers", {})
        said = {
            "api_key": key,
            "service_code": "RP-SEWER",
            "address_id": "12040402",
            "description": "ទឹកស្ទះលូ",
            "first_name": "សុខ",
            "last_name": "តារា",
            "phone": "012345678",
            **changes,
        }
        given = {name: value for name, value in said.items() if value is not None}
        return client.post(f"{V2}/requests.{kind}", given, headers=headers)

    return sent


def tree(answer: Any) -> ElementTree.Element:
    assert answer.content.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
    return ElementTree.fromstring(answer.content.decode())


def refused(answer: Any, status: int) -> str:
    """The standard's errors: an array with a code and a description each."""
    assert answer.status_code == status, answer.content
    said = answer.json()
    assert isinstance(said, list) and all(set(each) == {"code", "description"} for each in said)
    assert all(each["code"] == status and each["description"] for each in said)
    return " ".join(each["description"] for each in said)


# ---- formats and encoding ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["services", "services/RP-SEWER", "requests", "servicerequestupdates"])
def test_xml_must_be_served_as_utf8_with_its_declaration(client: Client, path: str) -> None:
    answer = client.get(f"{V2}/{path}.xml")
    assert answer["Content-Type"] == "text/xml; charset=utf-8"
    tree(answer)


@pytest.mark.parametrize("path", ["services", "services/RP-SEWER", "requests", "servicerequestupdates"])
def test_json_is_served_as_utf8(client: Client, path: str) -> None:
    answer = client.get(f"{V2}/{path}.json")
    assert answer["Content-Type"] == "application/json; charset=utf-8"
    answer.json()


def test_the_format_is_the_ending_of_the_address(client: Client) -> None:
    assert client.get(f"{V2}/services.yaml").status_code == 404
    assert client.get(f"{V2}/services").status_code == 404


def test_times_carry_an_offset_and_no_fractions(client: Client, report: Callable[..., Any]) -> None:
    report()
    for row in client.get(f"{V2}/requests.json").json():
        for name in ("requested_datetime", "updated_datetime", "expected_datetime"):
            found = datetime.fromisoformat(row[name])
            assert found.tzinfo is not None and "." not in row[name]


def test_pages_of_other_sites_may_read_it(client: Client) -> None:
    assert client.get(f"{V2}/services.json")["Access-Control-Allow-Origin"] == "*"


# ---- discovery ---------------------------------------------------------------------------------------------------------


def test_discovery_names_the_endpoint_and_its_formats(client: Client) -> None:
    said = client.get("/open311/discovery.json").json()
    assert {"changeset", "contact", "key_service", "endpoints"} == set(said)
    endpoint = said["endpoints"][0]
    assert endpoint["url"].endswith("/open311/v2") and endpoint["type"] == "production"
    assert set(endpoint["formats"]) == {"text/xml", "application/json"}
    assert all("http" in said[name] and " " in said[name] for name in ("contact", "key_service"))
    assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
    root = tree(client.get("/open311/discovery.xml"))
    assert root.tag == "discovery" and len(root.findall("endpoints/endpoint/formats/format")) == 2


def test_the_changeset_is_when_a_service_last_changed(client: Client) -> None:
    before = client.get("/open311/discovery.json").json()["changeset"]
    later = clock.now() + timedelta(hours=1)
    Service.objects.filter(pk="RP-SEWER").update(changed=later)
    said = client.get("/open311/discovery.json").json()
    assert said["changeset"] == said["endpoints"][0]["changeset"] > before
    assert datetime.fromisoformat(said["changeset"]) == later.replace(microsecond=0)


# ---- services ----------------------------------------------------------------------------------------------------------


def test_the_list_of_services_has_the_fields_of_the_standard(client: Client) -> None:
    rows = client.get(f"{V2}/services.json").json()
    assert {row["service_code"] for row in rows} == {"RP-SEWER", "RP-POWER", "RP-LIGHT", "RP-ROAD"}
    fields = {"service_code", "service_name", "description", "metadata", "type", "keywords", "group"}
    assert all(set(row) == fields and row["type"] == "realtime" for row in rows)
    root = tree(client.get(f"{V2}/services.xml"))
    assert root.tag == "services" and {child.tag for child in root} == {"service"}
    assert {metadata.text for metadata in root.iter("metadata")} <= {"true", "false"}


def test_the_locale_is_khmer_unless_english_is_asked_for(client: Client) -> None:
    name = {
        locale: client.get(f"{V2}/services.json", {"locale": locale}).json()[0]["service_name"]
        for locale in ("", "km", "en")
    }
    assert name[""] == name["km"] != name["en"] and name["en"].isascii()
    refused(client.get(f"{V2}/services.json", {"locale": "fr"}), 400)


def test_a_definition_lists_typed_attributes_in_order(client: Client) -> None:
    said = client.get(f"{V2}/services/RP-SEWER.json", {"locale": "en"}).json()
    assert said["service_code"] == "RP-SEWER"
    assert [one["order"] for one in said["attributes"]] == [1, 2, 3]
    fields = {"variable", "code", "datatype", "required", "datatype_description", "order", "description"}
    assert all(set(one) - {"values"} == fields for one in said["attributes"])
    kinds = {"string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"}
    assert {one["datatype"] for one in said["attributes"]} <= kinds


def test_lists_have_values_with_key_and_name(client: Client) -> None:
    said = client.get(f"{V2}/services/RP-SEWER.json").json()
    lists = [one for one in said["attributes"] if one["datatype"].endswith("valuelist")]
    assert lists and all(set(value) == {"key", "name"} for one in lists for value in one["values"])
    root = tree(client.get(f"{V2}/services/RP-SEWER.xml"))
    assert root.tag == "service_definition" and root.find("attributes/attribute/values/value/key") is not None


@pytest.mark.parametrize("code", ["NO-SUCH", "CT-ALIVE", "x" * 200])
def test_an_unknown_service_is_404(client: Client, code: str) -> None:
    assert "service_code" in refused(client.get(f"{V2}/services/{code}.json"), 404)


def test_an_unknown_jurisdiction_is_404(client: Client) -> None:
    for path in ("services", "services/RP-SEWER", "requests"):
        assert "jurisdiction_id" in refused(
            client.get(f"{V2}/{path}.json", {"jurisdiction_id": "nowhere"}), 404
        )
    assert client.get(f"{V2}/services.json", {"jurisdiction_id": "1204"}).status_code == 200


# ---- making a request --------------------------------------------------------------------------------------------------


def test_a_report_is_made_and_named(send: Callable[..., Any], client: Client) -> None:
    answer = send()
    assert answer.status_code == 201
    [said] = answer.json()
    assert set(said) == {"service_request_id", "service_notice", "account_id"}
    made = Request.objects.get()
    assert (said["service_request_id"], made.channel, made.village) == (made.number, "open311", "12040402")
    assert Contact.objects.get().name == "សុខ តារា"
    address = said["service_notice"].split()[-1]
    assert client.get(address[address.index("/km") :]).status_code == 200
    verified()


def test_the_answer_in_xml(send: Callable[..., Any]) -> None:
    root = tree(send("xml"))
    assert root.tag == "service_requests"
    assert root.find("request/service_request_id").text == Request.objects.get().number  # type: ignore[union-attr]


@pytest.mark.parametrize("wrong", [None, "", "wrong", "x" * 500])
def test_a_missing_or_wrong_key_is_403(send: Callable[..., Any], wrong: str | None) -> None:
    answer = send(api_key=wrong)
    assert answer.status_code in ((403,) if wrong is None or len(wrong) < 200 else (400,))
    assert not Request.objects.exists()


def test_an_ended_key_is_403(send: Callable[..., Any]) -> None:
    keys.end_key(by=system("test"), name="An app")
    refused(send(), 403)
    with pytest.raises(NotFound):
        keys.end_key(by=system("test"), name="An app")


def test_a_missing_service_code_is_400_an_unknown_one_404(send: Callable[..., Any]) -> None:
    refused(send(service_code=None), 400)
    refused(send(service_code="NO-SUCH"), 404)
    refused(send(service_code="CT-ALIVE"), 404)


def test_a_service_that_was_withdrawn_meanwhile_is_404(send: Callable[..., Any]) -> None:
    from sala.window import queries

    Service.objects.filter(pk="RP-SEWER").update(offered=False)
    queries.forget_services()
    refused(send(), 404)
    queries.forget_services()


def test_one_way_of_saying_where_is_needed(send: Callable[..., Any]) -> None:
    assert "lat" in refused(send(address_id=None), 400)
    assert send(address_id=None, **POINT).status_code == 201
    assert send(address_id="120404").status_code == 201
    assert Request.objects.filter(latitude="11.5623").count() == 1


@pytest.mark.parametrize(
    "where",
    [
        {"lat": "11.5"},
        {"lat": "x", "long": "104"},
        {"lat": "NaN", "long": "104"},
        {"lat": "91", "long": "104"},
        {"lat": "0", "long": "0"},
        {"lat": "1e400", "long": "104"},
        {"address_id": "999999"},
        {"address_id": "nowhere"},
        {"address_string": "qqqqqqqqqqqq"},
        {"address_id": "120404", "jurisdiction_id": "02"},
    ],
)
def test_a_place_that_is_none_is_400(send: Callable[..., Any], where: dict[str, str]) -> None:
    refused(send(**{"address_id": None, **where}), 400)
    assert not Request.objects.exists()


def test_an_address_that_several_places_have_names_them(send: Callable[..., Any]) -> None:
    assert "address_id" in refused(send(address_id=None, address_string="tek laok"), 400)


def test_an_empty_argument_is_as_good_as_none(send: Callable[..., Any], client: Client) -> None:
    assert send(lat="", long="", email="", attribute="", media_url="").status_code == 201
    empty = dict.fromkeys(
        ("service_code", "status", "start_date", "end_date", "page", "service_request_id"), ""
    )
    assert len(client.get(f"{V2}/requests.json", empty).json()) == 1


def test_attributes_are_kept_and_wrong_ones_said(send: Callable[..., Any]) -> None:
    several = {
        "attribute[signs][]": ["rubbish", "smell"],
        "attribute[blockage]": "road",
        "attribute[since]": "2026-11-01",
    }
    assert send(**several).status_code == 201
    assert Request.objects.get().attributes == {
        "blockage": "road",
        "since": "2026-11-01",
        "signs": ["smell", "rubbish"],
    }
    wrong = {"attribute[blockage]": "ocean", "attribute[nonsense]": "1", "attribute[since]": "yesterday"}
    said = refused(send(**wrong), 400)
    assert all(name in said for name in ("blockage", "nonsense", "since"))
    assert Request.objects.count() == 1
    verified()


def test_everything_that_is_wrong_with_the_reporter_is_said(send: Callable[..., Any]) -> None:
    said = refused(send(email="no address", phone="12", description="x" * 3000), 400)
    assert all(name in said for name in ("email", "phone", "description"))


def test_a_photo_is_taken_and_no_photo_is_refused(send: Callable[..., Any], picture: bytes) -> None:
    assert send(media=SimpleUploadedFile("photo.png", picture, "image/png")).status_code == 201
    assert File.objects.filter(subject=str(Request.objects.get().id)).count() == 1
    answer = send(media=SimpleUploadedFile("photo.png", b"<?php echo 1;", "image/png"))
    assert answer.status_code in (400, 415) and answer.json()[0]["description"]
    assert Request.objects.count() == 1


def test_a_picture_elsewhere_is_not_fetched_and_that_is_said(send: Callable[..., Any]) -> None:
    [said] = send(media_url="http://127.0.0.1/picture.jpg", headers={"Accept-Language": "en"}).json()
    assert "media_url" in said["service_notice"]


def test_the_same_key_and_words_make_one_report(send: Callable[..., Any]) -> None:
    first, again = (send(headers={"Idempotency-Key": "abc"}) for _ in range(2))
    assert first.json() == again.json() and Request.objects.count() == 1
    refused(send(headers={"Idempotency-Key": "abc"}, description="other"), 400)


def test_too_many_are_429_with_a_time(send: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from sala.window import rules

    monkeypatch.setattr(rules, "REPORTS_AN_HOUR", 1)
    assert send().status_code == 201
    answer = send()
    refused(answer, 429)
    assert int(answer["Retry-After"]) > 0


def test_unreadable_signs_are_400(send: Callable[..., Any]) -> None:
    refused(send(description="a\x00b"), 400)


def test_a_body_of_50_megabytes_is_413(send: Callable[..., Any]) -> None:
    refused(send(media=SimpleUploadedFile("photo.png", b"\x89PNG" + b"0" * 50_000_000, "image/png")), 413)
    assert not Request.objects.exists()


def test_put_and_delete_are_405(client: Client) -> None:
    assert (
        client.put(f"{V2}/requests.json").status_code
        == client.delete(f"{V2}/services.json").status_code
        == 405
    )


# ---- tokens ------------------------------------------------------------------------------------------------------------


def test_a_token_names_its_request(client: Client, report: Callable[..., Any]) -> None:
    received = report()
    [said] = client.get(f"{V2}/tokens/{received.code}.json").json()
    assert said == {"service_request_id": received.request.number, "token": received.code}
    refused(client.get(f"{V2}/tokens/nonsense.json"), 404)
    refused(client.get(f"{V2}/tokens/{received.code}.json", {"jurisdiction_id": "99"}), 404)


# ---- reading requests --------------------------------------------------------------------------------------------------

FIELDS = {
    "service_request_id", "status", "status_notes", "service_name", "service_code", "description", "agency_responsible",
    "service_notice", "requested_datetime", "updated_datetime", "expected_datetime", "address", "address_id", "zipcode",
    "lat", "long", "media_url",
}  # fmt: skip


def test_a_request_has_the_fields_of_the_standard_and_nothing_that_was_told(
    client: Client, report: Callable[..., Any]
) -> None:
    received = report(latitude=11.562341, longitude=104.901049)
    [said] = client.get(f"{V2}/requests/{received.request.number}.json").json()
    assert set(said) == FIELDS and said["status"] == "open"
    assert (said["lat"], said["long"]) == (11.5623, 104.901)
    text = json.dumps(said, ensure_ascii=False)
    for told in ("ទឹកលូហៀរលើផ្លូវ", "ផ្លូវលេខ", "តារា", "12345648", received.code):
        assert told not in text
    root = tree(client.get(f"{V2}/requests/{received.request.number}.xml"))
    assert {child.tag for child in root.find("request")} == FIELDS  # type: ignore[union-attr]


def test_documents_are_nobody_elses_matter(client: Client, report: Callable[..., Any]) -> None:
    number = report(service="CT-ALIVE").request.number
    assert client.get(f"{V2}/requests.json").json() == []
    assert client.get(f"{V2}/requests.json", {"service_request_id": number}).json() == []
    refused(client.get(f"{V2}/requests/{number}.json"), 404)


def test_ids_override_every_other_argument(client: Client, report: Callable[..., Any]) -> None:
    one, two, _three = (report().request.number for _ in range(3))
    asked = {"service_request_id": f"{one},{two}", "service_code": "RP-ROAD", "status": "closed"}
    wrong = {"jurisdiction_id": "99", "start_date": "yesterday"}
    for more in ({}, wrong, {**wrong, "status": "late"}):
        rows = client.get(f"{V2}/requests.json", {**asked, **more}).json()
        assert {row["service_request_id"] for row in rows} == {one, two}


def test_services_are_joined_by_commas(client: Client, report: Callable[..., Any]) -> None:
    for code in ("RP-SEWER", "RP-ROAD", "RP-LIGHT"):
        report(service=code)
    rows = client.get(f"{V2}/requests.json", {"service_code": "RP-SEWER,RP-ROAD"}).json()
    assert {row["service_code"] for row in rows} == {"RP-SEWER", "RP-ROAD"}


def test_status_is_open_or_closed(client: Client, report: Callable[..., Any], posts: Any) -> None:
    request = report().request
    report()
    actions.act(verb=Act.FINISH, by=posts.clerk, request_id=request.id, version=1, text="រួច")
    for status, count in (("open", 1), ("closed", 1), ("open,closed", 2)):
        assert len(client.get(f"{V2}/requests.json", {"status": status}).json()) == count
    assert "status" in refused(client.get(f"{V2}/requests.json", {"status": "late"}), 400)


def test_a_closed_request_was_updated_when_it_was_closed(
    client: Client, report: Callable[..., Any], posts: Any
) -> None:
    request = report().request
    actions.act(verb=Act.FINISH, by=posts.clerk, request_id=request.id, version=1, text="រួច")
    closed = Request.objects.get(pk=request.pk).done_at
    assert closed is not None
    Request.objects.filter(pk=request.pk).update(changed=closed + timedelta(days=3))
    [said] = client.get(f"{V2}/requests.json").json()
    assert datetime.fromisoformat(said["updated_datetime"]) == closed.replace(microsecond=0)


def test_an_address_goes_from_the_smallest_place_to_the_largest(
    client: Client, report: Callable[..., Any]
) -> None:
    report()
    [said] = client.get(f"{V2}/requests.json", {"locale": "en"}).json()
    assert said["address"].endswith("Phnom Penh") and len(said["address"].split(", ")) == 4
    assert said["address_id"].startswith("120404")


def test_the_last_90_days_where_nothing_is_said_and_never_more(
    client: Client, report: Callable[..., Any]
) -> None:
    old = report().request
    Request.objects.filter(pk=old.pk).update(received_at=clock.now() - timedelta(days=91))
    new = report().request.number

    def numbers(**asked: str) -> list[str]:
        return [row["service_request_id"] for row in client.get(f"{V2}/requests.json", asked).json()]

    assert numbers() == [new]
    since = (clock.now() - timedelta(days=300)).isoformat(timespec="seconds")
    assert numbers(start_date=since, end_date=clock.now().isoformat()) == [new]
    assert numbers(start_date=(clock.now() - timedelta(days=92)).isoformat()) == [old.number]


@pytest.mark.parametrize(
    "dates",
    [
        {"start_date": "yesterday"},
        {"start_date": "0000-01-01T00:00:00Z"},
        {"end_date": "9999-12-31T23:59:59Z"},
        {"start_date": "2026-13-01T00:00:00Z"},
        {"start_date": "0001-01-01T00:00:00+14:00"},
        {"start_date": "2026-02-02T00:00:00Z", "end_date": "2026-01-01T00:00:00Z"},
    ],
)
def test_dates_that_lie_are_400(client: Client, dates: dict[str, str]) -> None:
    for resource in ("requests", "servicerequestupdates"):
        assert "_date" in refused(client.get(f"{V2}/{resource}.json", dates), 400)


def test_pages(client: Client, report: Callable[..., Any]) -> None:
    numbers = [report().request.number for _ in range(3)]
    pages = [client.get(f"{V2}/requests.json", {"page": n, "page_size": 2}).json() for n in (1, 2, 3)]
    assert [len(page) for page in pages] == [2, 1, 0]
    assert {row["service_request_id"] for page in pages for row in page} == set(numbers)
    for wrong in ("0", "-1", "x", "9" * 19, "10001"):
        refused(client.get(f"{V2}/requests.json", {"page": wrong}), 400)
    refused(client.get(f"{V2}/requests.json", {"page_size": "1001"}), 400)


def test_a_jurisdiction_narrows_the_list(client: Client, report: Callable[..., Any]) -> None:
    report()
    for code, count in (("12", 1), ("120404", 1), ("02", 0)):
        assert len(client.get(f"{V2}/requests.json", {"jurisdiction_id": code}).json()) == count


def test_an_unknown_request_is_404(client: Client) -> None:
    refused(client.get(f"{V2}/requests/120404-26-99999.json"), 404)


def test_a_page_asks_the_database_a_few_times_however_long_it_is(
    client: Client, report: Callable[..., Any], django_assert_max_num_queries: Any
) -> None:
    for _ in range(5):
        report()
    with django_assert_max_num_queries(8):
        client.get(f"{V2}/requests.json")


def test_steps_are_told_without_their_words(client: Client, report: Callable[..., Any], posts: Any) -> None:
    request = report().request
    actions.act(verb=Act.NOTE, by=posts.clerk, request_id=request.id, version=1, text="secret note")
    actions.act(verb=Act.FINISH, by=posts.clerk, request_id=request.id, version=2, text="secret words")
    answer = client.get(f"{V2}/servicerequestupdates.json", {"locale": "en"})
    rows = answer.json()
    assert [(row["status"], row["description"]) for row in rows] == [
        ("closed", "Finished"),
        ("open", "Received"),
    ]
    assert (
        all(row["service_request_id"] == request.number for row in rows) and b"secret" not in answer.content
    )
    assert tree(client.get(f"{V2}/servicerequestupdates.xml")).tag == "service_request_updates"


# ---- keys --------------------------------------------------------------------------------------------------------------


def test_a_key_is_kept_as_a_digest_and_a_name_is_taken_once(key: str) -> None:
    assert key not in str(ApiKey.objects.values().get())
    for name in ("An app", "", "x" * 81):
        with pytest.raises(Invalid):
            keys.make_key(by=system("test"), name=name)
    from tests.window.conftest import acting

    with pytest.raises(Exception, match="post"):
        keys.make_key(by=acting("clerk120404"), name="Mine")
    verified()


def test_the_command_prints_a_key_and_ends_it(client: Client) -> None:
    from click.testing import CliRunner

    from sala.window.cli import group

    made = CliRunner().invoke(group, ["open311-key", "City app", "--json"])
    assert made.exit_code == 0 and json.loads(made.output)["name"] == "City app"
    plain = CliRunner().invoke(group, ["open311-key", "Other app"]).output.strip()
    assert len(plain) >= 40 and "\n" not in plain
    assert CliRunner().invoke(group, ["open311-key", "City app"]).exit_code == 1
    assert CliRunner().invoke(group, ["open311-key", "City app", "--revoke"]).exit_code == 0
    assert CliRunner().invoke(group, ["open311-key", "City app", "--revoke"]).exit_code == 1
