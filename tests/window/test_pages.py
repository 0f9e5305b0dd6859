"""The window's pages: the resident's walk, the officer's walk, wrong input, who sees what, how many queries."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from sala.files.models import File
from sala.offices import queries as offices
from sala.window import actions, queries
from sala.window.models import Contact, Event, Rating, Request
from sala.window.terms import Act, State
from tests.window.conftest import VILLAGE

pytestmark = pytest.mark.django_db


def text_of(answer: Any) -> str:
    return answer.content.decode()


def hidden(answer: Any) -> dict[str, Any]:
    """The hidden fields of the page's form, as a browser would send them (several values as a list)."""
    found: dict[str, Any] = {}
    form = text_of(answer).split("<form", 1)[1]
    for tag in re.findall(r'<input type="hidden"[^>]*>', form):
        name = re.search(r'name="([^"]*)"', tag)[1]  # type: ignore[index]
        value = re.search(r'value="([^"]*)"', tag)[1]  # type: ignore[index]
        if name == "csrfmiddlewaretoken":
            continue
        found[name] = [*found[name], value] if name in found else [value]
    return found


WHAT = {"description": "ទឹកលូហៀរ", "name": "សុខ តារា", "phone": "០១២ ៣៤៥ ៦៤៨", "email": "", "language": "km"}


def send(client: Client, path: str = "/km/report", **more: Any) -> Any:
    """Walk to the end with the page's own hidden fields; returns the answer to the last sending."""
    page = client.get(path)
    page = client.post(path, {**hidden(page), "service": "RP-SEWER", "next": "1"})
    assert "place_search" in text_of(page)
    page = client.post(path, {**hidden(page), "place_search": "ទឹកល្អក់ទី១", "find_place": "place"})
    assert 'value="120404"' in text_of(page)
    page = client.post(path, {**hidden(page), "place": "120404", "place_search": "ទឹកល្អក់ទី១", "next": "1"})
    assert f'value="{VILLAGE}"' in text_of(page) and page.status_code == 200
    page = client.post(
        path, {**hidden(page), "village": VILLAGE, "location": "ផ្លូវលេខ ២៨៩", "next": "1", **more}
    )
    assert 'name="description"' in text_of(page), text_of(page)
    page = client.post(path, {**hidden(page), **WHAT, "next": "1"})
    assert "012 345 648" in text_of(page)
    return client.post(path, {**hidden(page), "next": "1"}), page


def test_the_residents_walk(picture: bytes) -> None:
    client = Client()
    upload = SimpleUploadedFile("a.jpg", picture, "image/jpeg")
    answer, page = send(client, photos=upload)
    assert answer.status_code == 302 and answer.url.endswith("/received")
    request = Request.objects.get()
    assert (request.village, request.location, request.description) == (VILLAGE, "ផ្លូវលេខ ២៨៩", "ទឹកលូហៀរ")
    assert Contact.objects.get().phone == "+85512345648"
    assert File.objects.get().subject == str(request.id)
    confirmation = client.get(answer.url)
    code = queries.code_of(request)
    assert request.number in text_of(confirmation) and code in text_of(confirmation)
    again = client.post("/km/report", {**hidden(page), "next": "1"})
    assert again.url == answer.url and Request.objects.count() == 1


def test_the_same_key_with_other_words_is_refused_and_keeps_what_was_typed() -> None:
    client = Client()
    _, page = send(client)
    again = client.post("/km/report", {**hidden(page), "description": "អ្វីផ្សេង", "next": "1"})
    assert again.status_code == 422 and "អ្វីផ្សេង" in text_of(again) and Request.objects.count() == 1


def test_follow_reply_rate(posts: Any, report: Callable[..., Any]) -> None:
    received = report()
    client = Client()
    path = f"/en/requests/{received.code}"
    page = text_of(client.get(path))
    assert (
        "Will be done by" in page and "Rate" not in page and "សុខ តារា" not in page and "12345648" not in page
    )
    actions.act(verb=Act.NOTE, by=posts.clerk, request_id=received.request.id, version=1, text="SECRET NOTE")
    actions.act(verb=Act.ASK, by=posts.clerk, request_id=received.request.id, version=2, text="ផ្ទះលេខប៉ុន្មាន?")
    page = text_of(client.get(path))
    assert "ផ្ទះលេខប៉ុន្មាន?" in page and "SECRET NOTE" not in page and "paused" in page
    wrong = client.post(path, {"act": "reply", "text": ""})
    assert wrong.status_code == 422 and "Write your reply." in text_of(wrong)
    assert client.post(path, {"act": "reply", "text": "១២"}).status_code == 302
    actions.act(verb=Act.FINISH, by=posts.clerk, request_id=received.request.id, version=4, text="រួច")
    wrong = client.post(path, {"act": "rate", "courtesy": "9", "comment": "ល្អណាស់"})
    assert wrong.status_code == 422 and "ល្អណាស់" in text_of(wrong)
    assert client.post(path, {"act": "rate", "courtesy": "5", "speed": "4", "comment": ""}).status_code == 302
    assert Rating.objects.get().speed == 4
    twice = client.post(path, {"act": "rate", "courtesy": "1", "speed": "1"})
    assert twice.status_code == 409 and Rating.objects.get().speed == 4
    assert "5 of 5" not in text_of(client.get(path)) or "courtesy 5 of 5" in text_of(client.get(path))


def test_withdraw(report: Callable[..., Any]) -> None:
    received = report()
    path = f"/km/requests/{received.code}"
    assert Client().post(path, {"act": "withdraw"}).status_code == 302
    assert Request.objects.get().state == State.WITHDRAWN
    assert Client().post(path, {"act": "withdraw"}).status_code == 409
    assert Client().post(path, {"act": "take"}).status_code == 404


def test_the_code_opens_the_number_never_does(report: Callable[..., Any]) -> None:
    received = report()
    client = Client()
    assert (
        client.get("/km/requests", {"code": received.code.lower().replace("-", " ")}).url
        == f"/km/requests/{received.code}"
    )
    for typed, words in (
        (received.request.number, "only the code opens it"),
        ("AAAA-BBBB-CCCC-DDDD", "opens no request"),
        ("", "Enter the code"),
    ):
        answer = client.get("/en/requests", {"code": typed})
        assert answer.status_code == 422 and words in text_of(answer)
    for typed in (received.request.number, "AAAA-BBBB-CCCC-DDDD", str(received.request.id)):
        for page in ("", "/received", "/receipt"):
            assert client.get(f"/en/requests/{typed}{page}").status_code == 404


def test_receipt_has_number_code_and_qr(report: Callable[..., Any]) -> None:
    received = report()
    page = text_of(Client().get(f"/km/requests/{received.code}/receipt"))
    assert (
        received.request.number in page and received.code in page and "<svg" in page and "style=" not in page
    )


@pytest.mark.parametrize("lang", ["km", "en"])
@pytest.mark.parametrize(
    "path",
    ["", "?q=tek laak 1", "?q=xyzxyz", "halls/120404", "halls/1204", "halls/12", "services", "services?q=កំណើត", "services?q=zzz",
     "services/CR-BIRTH", "services/CN-VILLA-100", "services/LA-DISCHARGE-D?place=120404", "services/CT-ALIVE/apply",
     "report", "report?service=RP-SEWER&place=120404", "requests"],
)  # fmt: skip
def test_public_pages_open(lang: str, path: str) -> None:
    answer = Client().get(f"/{lang}/{path}")
    assert answer.status_code == 200
    page = text_of(answer)
    assert "style=" not in page and "<script>" not in page and page.count("<h1") == 1


@pytest.mark.parametrize(
    "path", ["halls/999999", "halls/12040402", "services/NOPE", "services/NOPE/apply", "work/requests/1"]
)
def test_what_is_not_there_is_404(path: str) -> None:
    assert Client().get(f"/km/{path}").status_code == 404


def test_the_catalogue_says_what_may_be_charged() -> None:
    page = text_of(Client().get("/en/services/CN-VILLA-100"))
    assert "420,000 riel: not chargeable until a legal basis is recorded" in page
    page = text_of(Client().get("/en/services/LG-BUSCERT"))
    assert "1,000 riel" in page and "not chargeable" not in page
    assert "unverified" in text_of(Client().get("/en/services/CR-BIRTH"))
    assert "unverified" not in text_of(Client().get("/en/services/LG-BUSCERT")).replace(
        "unverified deadline", ""
    )


WRONG = [
    ({"step": "service"}, "Choose what the problem is."),
    ({"step": "service", "service": "NOPE"}, "Choose what the problem is."),
    ({"step": "service", "service": "CR-BIRTH"}, "Choose what the problem is."),
    ({"step": "where", "service": "RP-SEWER"}, "Choose the commune or sangkat."),
    ({"step": "where", "service": "RP-SEWER", "place": "999999"}, "Choose the commune or sangkat."),
    ({"step": "where", "service": "RP-SEWER", "place": "120404", "village": ""}, "Choose the village."),
    ({"step": "where", "service": "RP-SEWER", "place": "120404", "village": "02080101"}, "Choose the village"),
    ({"step": "where", "service": "RP-SEWER", "place": "120404", "village": VILLAGE, "latitude": "x", "longitude": "1"}, "Enter degrees"),
    ({"step": "where", "service": "RP-SEWER", "place": "120404", "village": VILLAGE, "latitude": "11.5"}, "Enter both degrees"),
    ({"step": "where", "service": "RP-SEWER", "place": "120404", "village": VILLAGE, "latitude": "50", "longitude": "8"}, "does not lie"),
    ({"step": "where", "service": "RP-SEWER", "place": "120404", "village": VILLAGE, "latitude": "NaN", "longitude": "105"}, "does not lie"),
]  # fmt: skip
BASE = {"step": "what", "service": "RP-SEWER", "place": "120404", "village": VILLAGE, "language": "en"}
WRONG += [
    ({**BASE}, "Describe the problem in a few words."),
    ({**BASE, "description": "x" * 2001}, "2000"),
    ({**BASE, "description": "x", "phone": "12"}, "Enter a telephone number"),
    ({**BASE, "description": "x", "phone": "abc"}, "Enter a telephone number"),
    ({**BASE, "description": "x", "email": "a@"}, "Enter an e-mail address"),
    ({**BASE, "description": "x", "language": "fr"}, "fr"),
]


@pytest.mark.parametrize(("data", "words"), WRONG)
def test_wrong_input_is_a_sentence_and_loses_nothing(data: dict[str, str], words: str) -> None:
    answer = Client().post(
        "/en/report", {**data, "location": "KEPT WORDS", "idempotency_key": "k", "next": "1"}
    )
    page = text_of(answer)
    assert words in page and 'class="errs"' in page and answer.status_code == 422
    assert "KEPT WORDS" in page
    assert not Request.objects.exists()


def test_a_bad_photo_is_named_and_the_good_one_stays(picture: bytes) -> None:
    client = Client()
    data = {"step": "where", "service": "RP-SEWER", "place": "120404", "village": VILLAGE, "next": "1"}
    uploads = [SimpleUploadedFile("a.jpg", picture), SimpleUploadedFile("b.jpg", b"<html>no picture</html>")]
    answer = client.post("/en/report", {**data, "photos": uploads})
    assert answer.status_code == 422 and "Photo 2:" in text_of(answer)
    assert len(hidden(answer)["kept"]) == 1
    many = client.post(
        "/en/report", {**data, "photos": [SimpleUploadedFile(f"{n}.jpg", picture) for n in range(4)]}
    )
    assert "at most three" in text_of(many) and len(hidden(many)["kept"]) == 3
    removed = client.post("/en/report", {**hidden(many), "remove_file": hidden(many)["kept"][0]})
    assert len(hidden(removed)["kept"]) == 2


def test_back_and_change_keep_everything() -> None:
    client = Client()
    data = {
        **BASE,
        "step": "check",
        "description": "KEPT",
        "name": "NAME",
        "location": "STREET",
        "edit": "where",
    }
    page = client.post("/en/report", data)
    assert "STREET" in text_of(page) and hidden(page)["description"] == ["KEPT"]
    page = client.post("/en/report", {**data, "edit": "where", "back": "1", "step": "what"})
    assert hidden(page)["name"] == ["NAME"]
    del data["edit"]
    page = client.post("/en/report", {**data, "change_place": "1", "step": "where"})
    assert "place_search" in text_of(page) and hidden(page)["description"] == ["KEPT"]


def test_a_document_needs_a_name_and_lists_papers() -> None:
    client = Client()
    page = client.get("/km/services/CR-BIRTH/apply?place=120404")
    assert "លិខិតជូនដំណឹងកំណើតពីមន្ទីរពេទ្យ ឬមេភូមិ" in text_of(page)
    path = "/en/services/CR-BIRTH/apply"
    data = {"place": "120404", "village": VILLAGE, "language": "en", "next": "1"}
    assert "Enter your name." in text_of(client.post(path, {**data, "step": "what"}))
    assert client.post(path, {**data, "step": "check", "name": "Sok Dara"}).status_code == 302
    assert Request.objects.get().service_id == "CR-BIRTH"


def test_the_officers_walk(posts: Any, report: Callable[..., Any], sign_in: Callable[[str], Client]) -> None:
    request = report().request
    client = sign_in("clerk120404")
    queue = text_of(client.get("/en/work"))
    assert request.number in queue and re.search(r"\b[56] days left", queue)
    path = f"/en/work/requests/{request.id}"
    page = text_of(client.get(path))
    assert (
        "Take it on" in page and "ទឹកលូហៀរលើផ្លូវ" in page and "12345648" not in page.replace(request.number, "")
    )
    assert client.post(path, {"act": "take", "version": 1}).status_code == 302
    form = text_of(client.get(path, {"do": "assign"}))
    assert str(posts.desk.appointment) in form and str(posts.other.appointment) not in form
    assert (
        client.post(
            path, {"act": "assign", "version": 2, "assigned": str(posts.desk.appointment)}
        ).status_code
        == 302
    )
    assert "What do you need to know?" in text_of(client.get(path, {"do": "ask"}))
    assert client.post(path, {"act": "ask", "version": 3, "text": "?"}).status_code == 302
    assert request.number in text_of(client.get("/en/work?view=waiting"))
    assert request.number not in text_of(client.get("/en/work?view=todo"))
    assert client.post(path, {"act": "finish", "version": 4, "text": "រួច"}).status_code == 302
    assert Request.objects.get().state == State.DONE
    assert "Closes by itself" in text_of(client.get(path))
    shown = client.post(path, {"act": "show"})
    assert "+85512345648" in text_of(shown)


def test_a_conflict_shows_the_newer_state_and_keeps_what_was_typed(
    posts: Any, report: Callable[..., Any], sign_in: Callable[[str], Client]
) -> None:
    request = report().request
    client = sign_in("clerk120404")
    actions.act(verb=Act.TAKE, by=posts.chief, request_id=request.id, version=1)
    path = f"/en/work/requests/{request.id}"
    answer = client.post(path, {"act": "answer", "version": 1, "text": "MY LONG ANSWER"})
    page = text_of(answer)
    assert answer.status_code == 412 and "Somebody changed this request" in page and "MY LONG ANSWER" in page
    assert Event.objects.count() == 2
    again = client.post(path, {**hidden_of(page), "text": "MY LONG ANSWER"})
    assert again.status_code == 302 and Event.objects.count() == 3
    actions.act(verb=Act.FINISH, by=posts.chief, request_id=request.id, version=3, text="រួច")
    answer = client.post(path, {"act": "answer", "version": 3, "text": "TOO LATE"})
    assert answer.status_code in (409, 412) and "TOO LATE" in text_of(answer)


def hidden_of(page: str) -> dict[str, str]:
    """Version and act of the open step's form."""
    page = page.split("Present state", 1)[1]
    return {
        "version": re.search(r'name="version" value="(\d+)"', page)[1],  # type: ignore[index]
        "act": re.search(r'name="act" value="(\w+)"', page)[1],  # type: ignore[index]
    }


@pytest.mark.parametrize("data", [{"act": "finish", "version": 1, "text": ""}, {"act": "assign", "version": 1, "assigned": "x"}, {"act": "ask", "version": "x", "text": "?"}])  # fmt: skip
def test_wrong_steps_are_sentences(
    report: Callable[..., Any], sign_in: Callable[[str], Client], data: dict[str, Any]
) -> None:
    request = report().request
    answer = sign_in("clerk120404").post(f"/en/work/requests/{request.id}", data)
    assert answer.status_code in (412, 422) and Event.objects.count() == 1
    assert sign_in("clerk120404").post(f"/en/work/requests/{request.id}", {"act": "nope"}).status_code == 404


def test_another_communes_clerk_sees_nothing(
    report: Callable[..., Any], sign_in: Callable[[str], Client]
) -> None:
    request = report().request
    client = sign_in("clerk020801")
    assert client.get(f"/en/work/requests/{request.id}").status_code == 404
    assert client.post(f"/en/work/requests/{request.id}", {"act": "take", "version": 1}).status_code == 404
    for path in ("/en/work?view=all", f"/en/work?view=all&q={request.number}", "/en/work/list-all.csv"):
        rows = body_of(client.get(path))
        assert (
            f">{request.number}" not in rows
            and f"\n{request.number}" not in rows
            and str(request.id) not in rows
        )
    assert client.get(f"/en/work/requests/{uuid4()}").status_code == 404


def body_of(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode() if answer.streaming else text_of(answer)


@pytest.mark.parametrize("who", ["ministry", "planning12", "window1204"])
def test_above_cases_are_seen_without_personal_data_and_without_buttons(
    posts: Any, report: Callable[..., Any], sign_in: Callable[[str], Client], who: str
) -> None:
    request = report().request
    actions.act(verb=Act.NOTE, by=posts.clerk, request_id=request.id, version=1, text="INTERNAL")
    actions.act(verb=Act.ANSWER, by=posts.clerk, request_id=request.id, version=2, text="PUBLIC ANSWER")
    client = sign_in(who)
    page = text_of(client.get(f"/km/work/requests/{request.id}"))
    for secret in ("ទឹកលូហៀរ", "សុខ តារា", "12345648", "២៨៩", "INTERNAL", "PUBLIC ANSWER", 'name="act"', "?do="):
        assert secret not in page, secret
    for path in ("/km/work?view=all", "/km/work/list-all.csv"):
        rows = body_of(client.get(path))
        assert request.number in rows and "២៨៩" not in rows and "តារា" not in rows
    assert request.number not in text_of(client.get("/km/work?view=all&q=តារា")).replace('value="តារា"', "")
    assert client.post(f"/km/work/requests/{request.id}", {"act": "take", "version": 3}).status_code == 403
    assert client.post(f"/km/work/requests/{request.id}", {"act": "show"}).status_code == 403


def test_the_queue_is_searched_by_number_name_phone_and_place(
    report: Callable[..., Any], sign_in: Callable[[str], Client]
) -> None:
    request = report().request
    other = report(
        name="ចាន់ ធី", phone="+85599888777", location="ផ្សារ", place="12040403", description="x"
    ).request
    client = sign_in("clerk120404")
    for words, found in (
        (request.number, request),
        ("តារា", request),
        ("345648", request),
        ("២៨៩", request),
        ("ចាន់", other),
        ("099 888 777", other),
    ):
        page = text_of(client.get("/km/work", {"view": "all", "q": words}))
        assert f'requests/{found.id}"' in page, words
        missing = other if found is request else request
        assert f'requests/{missing.id}"' not in page, words


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=100000000000000000000",
        "state=nope",
        "place=x",
        "from=2026-99-99",
        "sort=evil",
        "q=%00",
        "assigned=1",
        "view=nope",
    ],
)
def test_bad_queries_are_no_500(sign_in: Callable[[str], Client], query: str) -> None:
    assert sign_in("clerk120404").get(f"/km/work?{query}").status_code in (200, 400, 422)


def test_exports(report: Callable[..., Any], sign_in: Callable[[str], Client]) -> None:
    request = report().request
    client = sign_in("clerk120404")
    rows = body_of(client.get("/en/work/list-all.csv"))
    assert request.number in rows and "Demonstration" in rows and "តារា" not in rows
    assert b"".join(client.get("/en/work/list-todo.xlsx").streaming_content)[:2] == b"PK"
    assert client.get("/en/work/list-nope.csv").status_code == 400


def test_who_is_not_signed_in_is_sent_to_the_door(report: Callable[..., Any]) -> None:
    request = report().request
    for path in ("work", "work/new", f"work/requests/{request.id}", "work/list-all.csv"):
        answer = Client().get(f"/km/{path}")
        assert answer.status_code in (302, 401), path


def test_counter_intake(sign_in: Callable[[str], Client]) -> None:
    client = sign_in("frontdesk120404")
    page = text_of(client.get("/en/work/new"))
    assert "CR-BIRTH" in page and "RP-SEWER" in page
    data = {**BASE, "service": "CR-BIRTH", "step": "check", "name": "Sok", "channel": "counter", "next": "1"}
    assert client.post("/en/work/new", data).status_code == 302
    request = Request.objects.get()
    assert request.channel == "counter" and Event.objects.get().post != "resident"
    assert sign_in("ministry").get("/en/work/new").status_code in (200, 403)
    assert sign_in("councillora120404").get("/en/work/new").status_code == 403


def test_photos_are_for_those_who_may_see_the_person(
    report: Callable[..., Any], sign_in: Callable[[str], Client], picture: bytes
) -> None:
    from sala.files import actions as files
    from sala.kit.acting import Where

    kept = files.keep(picture, purpose="window.request", at=Where())
    request = report(photos=[kept.id]).request
    address = f"{File.objects.get(subject=str(request.id)).url}"
    assert address in text_of(sign_in("clerk120404").get(f"/km/work/requests/{request.id}"))
    assert sign_in("clerk120404").get(address).status_code == 200
    for who in ("clerk020801", "ministry"):
        assert sign_in(who).get(address).status_code == 404
    assert Client().get(address).status_code == 404


@pytest.mark.parametrize("language", ["km", "en"])
def test_the_record_says_who_did_what_and_how_the_time_is_counted(
    posts: Any, report: Callable[..., Any], sign_in: Callable[[str], Client], language: str
) -> None:
    request = report().request
    people = offices.people(request.office_id)
    other = next(person for person in people if str(person.id) not in (posts.clerk.post, posts.chief.post))
    actions.act(verb=Act.TAKE, by=posts.clerk, request_id=request.id, version=1)
    actions.act(verb=Act.ASSIGN, by=posts.chief, request_id=request.id, version=2, assigned=other.id)
    actions.act(verb=Act.ASK, by=posts.clerk, request_id=request.id, version=3, text="?")
    page = text_of(sign_in("clerk120404").get(f"/{language}/work/requests/{request.id}"))
    steps = re.findall(
        r'<span class="who">([^<]+)</span>', page.split('<ol class="tl">')[1].split("</ol>")[0]
    )
    names = {str(person.id): jinja_name(person, language) for person in people}
    by, to = {"km": ("ដោយ", "ប្រគល់ជូន"), "en": ("by ", "to ")}[language]
    said = [step for step in steps if step.startswith(by)]
    assert len(said) == 4
    assert said[0] == {"km": "ដោយអ្នកស្នើសុំ", "en": "by the applicant"}[language]
    assert names[posts.clerk.post] in said[1] and to not in said[1]
    assert names[posts.chief.post] in said[2] and said[2].endswith(f"{to.strip()} {names[str(other.id)]}")
    assert names[posts.clerk.post] in said[3]
    clock_box = page.split('<aside class="stay"')[1]
    assert {"km": "ហើយនៅតែផ្អាក", "en": "and still paused"}[language] in clock_box
    assert f'href="/{language}/holidays"' in clock_box
    ledger = page.split("<details>")[1]
    assert "window." not in re.sub(r"<[^>]+>", " ", ledger)  # acts are words, not codes


def jinja_name(person: Any, language: str) -> str:
    return str(getattr(person, f"name_{language}"))


def test_who_takes_no_step_is_told_whose_it_is(
    report: Callable[..., Any], sign_in: Callable[[str], Client]
) -> None:
    page = text_of(sign_in("ministry").get(f"/en/work/requests/{report().request.id}"))
    assert "It is for Tuek L&#39;ak Ti Muoy Sangkat Hall to take the next step" in page


def test_at_the_counter_no_service_is_chosen_by_itself(sign_in: Callable[[str], Client]) -> None:
    client = sign_in("frontdesk120404")
    first = client.get("/en/work/new")
    assert "Take in a request · " in text_of(first)
    assert re.search(r'<option value=""[^>]*>\s*Choose\s*</option>', text_of(first))
    answer = client.post("/en/work/new", {**hidden(first), "step": "service", "service": "", "next": "1"})
    assert answer.status_code == 422
    assert Request.objects.count() == 0
