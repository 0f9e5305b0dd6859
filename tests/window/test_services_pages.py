"""Can an official change the list of services with pages alone: edit, look at it, withdraw, bring in a file?"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from sala.window import editing, editor, interchange, queries
from sala.window.models import Service

pytestmark = pytest.mark.django_db
PAGE = "/en/work/services/RP-SEWER"


@pytest.fixture
def client(sign_in: Callable[[str], Client]) -> Client:
    """The ministry's officer."""
    return sign_in("ministry")


def typed(service: str = "RP-SEWER", **changes: Any) -> dict[str, Any]:
    """What the form would send."""
    version = editing.present(service)
    said = {
        key: "" if value is None else value for key, value in editor.typed(editing.plain(version)).items()
    }
    return said | {"version": version.version, "questions": 0, "act": "save"} | changes


QUESTION = {
    "q0-code": "water", "q0-datatype": "singlevaluelist", "q0-label_km": "ទឹក", "q0-label_en": "Is there water?",
    "q0-values": "yes | មាន | Yes\nno | គ្មាន | No", "q0-required": "on",
}  # fmt: skip


def test_pages_open_and_say_what_stands(client: Client) -> None:
    page = client.get("/en/work/services").content.decode()
    assert "RP-SEWER" in page and "/en/work/services.xlsx" in page
    assert "RP-SEWER" not in client.get("/en/work/services?q=birth").content.decode()
    assert "No service found" in client.get("/en/work/services?q=xylophone").content.decode()
    for address in (
        PAGE,
        "/km/work/services/CR-BIRTH",
        f"{PAGE}/history",
        "/en/work/services/new",
        "/en/work/services/import",
    ):
        assert client.get(address).status_code == 200, address
    assert client.get("/en/work/services/RP-NONE").status_code == 404


def test_saving_makes_a_version_with_its_question(client: Client) -> None:
    sent = typed(days="៣", days_kind="calendar", papers_km="ក\nខ", papers_en="a\nb", questions=1, **QUESTION)
    answer = client.post(PAGE, sent)
    assert answer.status_code == 302, re.findall(r'class="errs".*?</div>', answer.content.decode(), re.S)
    now = queries.service("RP-SEWER")
    assert (now.version, now.days, now.days_kind) == (2, 3, "calendar")
    assert now.papers == [{"km": "ក", "en": "a"}, {"km": "ខ", "en": "b"}]
    assert [(one.code, one.required, len(one.choices)) for one in now.asks] == [("water", True, 2)]
    history = client.get(f"{PAGE}/history").content.decode()
    assert "Questions of the form" in history and "Calendar" not in history and "calendar" in history
    assert "3 calendar days" in Client().get("/en/services/RP-SEWER").content.decode()
    again = client.get(PAGE).content.decode()
    assert "yes | មាន | Yes" in again, "the question can be edited as it was typed"


def test_what_is_wrong_is_said_and_what_was_typed_stays(client: Client) -> None:
    sent = typed(
        days="soon", name_en="", fee_riel="-1", questions=1, **(QUESTION | {"q0-code": "Not A Code"})
    )
    answer = client.post(PAGE, sent)
    page = answer.content.decode()
    assert answer.status_code == 422 and queries.service("RP-SEWER").version == 1
    assert 'value="soon"' in page and "whole number" in page and 'value="Not A Code"' in page
    assert "Fill in this field." in page, "everything is told at once"
    for field, words in (("name_en", "Fill in this field."), ("papers_km", "English too")):
        page = client.post(PAGE, typed(**{field: "" if field == "name_en" else "ក"})).content.decode()
        assert words in page, field


def test_who_was_slower_keeps_what_was_typed(client: Client) -> None:
    slow = typed(days="4")
    client.post(PAGE, typed(days="6"))
    answer = client.post(PAGE, slow)
    page = answer.content.decode()
    assert answer.status_code == 412 and 'value="4"' in page and 'name="version"' in page
    assert queries.service("RP-SEWER").days == 6
    assert re.search(r'name="version"\s+value="2"', page), "sent again, it is saved over the new one"
    assert client.post(PAGE, slow | {"version": 2}).status_code == 302


def test_questions_move_without_a_script(client: Client) -> None:
    two = (
        QUESTION | {key.replace("q0", "q1"): value for key, value in QUESTION.items()} | {"q1-code": "depth"}
    )

    def codes(act: str) -> list[str]:
        page = client.post(PAGE, typed(questions=2, **two, act=act)).content.decode()
        return re.findall(r'name="q\d+-code"[^>]*?value="([a-z]*)"', page) + ["+"] * page.count('q2-code"')

    assert codes("up-1") == codes("down-0") == ["depth", "water"]
    assert codes("remove-0") == ["depth"]
    assert len(codes("add")) > 2
    assert codes("up-9") == codes("nonsense") == ["water", "depth"]
    assert queries.service("RP-SEWER").version == 1
    assert editor.moved([{}] * 20, "add") == [{}] * 20


def test_the_preview_shows_the_form_and_saves_nothing(client: Client) -> None:
    page = client.post(PAGE, typed(questions=1, **QUESTION, act="preview")).content.decode()
    assert "As residents will see it" in page and "Is there water?" in page
    assert queries.service("RP-SEWER").version == 1


def test_a_new_service_and_a_code_that_is_taken(client: Client) -> None:
    fresh = typed("CR-BIRTH", version=0, code="cr-new", kind="document")
    assert client.post("/en/work/services/new", fresh).status_code == 302
    assert queries.service("CR-NEW").kind == "document"
    answer = client.post("/en/work/services/new", fresh)
    assert answer.status_code == 422 and "is there already" in answer.content.decode()


def test_withdraw_and_bring_back(client: Client) -> None:
    assert client.post(PAGE, {"act": "withdraw"}).status_code == 302
    assert not Service.objects.get(pk="RP-SEWER").offered
    assert Client().get("/en/services/RP-SEWER").status_code == 404
    answer = client.post(PAGE, {"act": "withdraw"})
    assert answer.status_code == 409 and "withdrawn already" in answer.content.decode()
    assert client.post(PAGE, {"act": "offer"}).status_code == 302
    assert Client().get("/en/services/RP-SEWER").status_code == 200


def upload(client: Client, data: bytes, name: str = "a.json") -> Any:
    return client.post("/en/work/services/import", {"file": SimpleUploadedFile(name, data)})


def test_a_file_is_shown_before_it_is_taken(client: Client) -> None:
    sewer = editing.plain(queries.service("RP-SEWER"))
    assert "Nothing would change" in upload(client, interchange.as_json([sewer])).content.decode()
    page = upload(client, interchange.as_json([sewer | {"days": 8, "offered": False}])).content.decode()
    assert "Number of days" in page and queries.service("RP-SEWER").days == 5
    signed = re.search(r'name="taken" value="([^"]+)"', page)
    assert signed is not None
    assert client.post("/en/work/services/import", {"taken": signed[1] + "x"}).status_code == 400
    assert client.post("/en/work/services/import", {"taken": signed[1]}).status_code == 302
    assert editing.present("RP-SEWER").days == 8 and not Service.objects.get(pk="RP-SEWER").offered
    assert client.post("/en/work/services/import", {"taken": signed[1]}).status_code in (302, 412), (
        "taken once"
    )
    assert editing.present("RP-SEWER").version == 2


def test_a_bad_file_is_told(client: Client) -> None:
    assert "Choose a file." not in client.get("/en/work/services/import").content.decode()
    none = client.post("/en/work/services/import")
    assert none.status_code == 422 and "Choose a file." in none.content.decode()
    bad = interchange.as_json([editing.plain(queries.service("RP-SEWER")) | {"days": 0}])
    answer = upload(client, bad)
    assert answer.status_code == 422 and "from 1 to 1000" in answer.content.decode()
    assert upload(client, b"PK\x03\x04junk", "a.xlsx").status_code == 422
