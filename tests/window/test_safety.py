"""What strangers, programs, proxies and administrators may try at the window, and what stands against it."""

import io
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from sala.accounts.models import Grant
from sala.files import actions as files
from sala.kit.acting import Where
from sala.kit.errors import TooMany
from sala.ledger import actions as ledger
from sala.ledger.models import Entry, Salt
from sala.ledger.verification import Verification
from sala.measures.models import Fact
from sala.notices import delivery, senders
from sala.offices.models import Appointment, Office
from sala.window import actions, rules
from sala.window.models import Contact, Event, Request, ServiceVersion
from sala.window.terms import Act

pytestmark = pytest.mark.django_db

BODY = {"service": "RP-SEWER", "place": "12040402", "description": "blocked"}
HERE, THERE = "203.0.113.7", "198.51.100.9"


def send(client: Client, address: str = HERE, key: str = "1", **changes: str) -> Any:
    return client.post(
        "/api/v1/window/requests",
        json.dumps({**BODY, **changes}),
        content_type="application/json",
        headers={"Idempotency-Key": key, "Accept-Language": "en"},
        REMOTE_ADDR=address,
    )


# ---- strangers --------------------------------------------------------------------------------------------------------


def test_a_guessed_key_tells_a_stranger_no_code() -> None:
    mine = send(Client()).json()
    assert send(Client()).json() == mine
    other = send(Client(), THERE).json()
    assert {other["id"], other["code"]}.isdisjoint({mine["id"], mine["code"]})
    assert send(Client(), THERE, description="another").status_code == 422


def test_a_strangers_link_fills_in_no_contact_and_no_key() -> None:
    query = (
        "?service=RP-SEWER&place=120404&email=eve@example.com&phone=012345678&idempotency_key=KNOWN&name=EVE"
    )
    page = Client().get("/en/report" + query).content.decode()
    assert "120404" in page
    assert not [word for word in ("eve@example.com", "012345678", "KNOWN", "EVE") if f'value="{word}' in page]


def test_a_flood_from_one_address_ends_and_others_go_on(
    monkeypatch, sign_in: Callable[[str], Client]
) -> None:
    monkeypatch.setattr(rules, "REPORTS_AN_HOUR", 2)
    assert [send(Client(), key=key).status_code for key in "abc"] == [201, 201, 429]
    told = send(Client(), key="d")
    assert 0 < int(told.headers["Retry-After"]) <= 3600 and "network" in told.json()["detail"]
    assert send(Client(), THERE, key="d").status_code == 201
    assert send(sign_in("clerk120404"), key="e").status_code == 201
    assert send(Client(), key="a").status_code == 201  # an answer that was given is given again


def test_the_page_says_it_too_and_keeps_what_was_typed(monkeypatch) -> None:
    monkeypatch.setattr(rules, "REPORTS_AN_HOUR", 0)
    typed = {
        "service": "RP-SEWER",
        "place": "120404",
        "village": "12040402",
        "language": "en",
        "step": "check",
        "description": "KEPT WORDS",
        "next": "1",
        "idempotency_key": "k",
    }
    answer = Client().post("/en/report", typed)
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 0
    assert "KEPT WORDS" in answer.content.decode()
    with pytest.raises(TooMany):
        from sala.accounts.acting import RESIDENT

        actions.receive(by=RESIDENT, service="RP-SEWER", place="12040402", source=HERE)


def test_addresses_in_codes_and_answers_follow_the_setting(settings, report: Callable[..., Any]) -> None:
    settings.PUBLIC_URL = "https://sala.example"
    code = report().code
    answer = Client().get(f"/api/v1/window/tracking/{code}", headers={"Host": "localhost"}).json()
    assert answer["page"].startswith("https://sala.example/")


def test_a_form_sent_to_the_api_is_told_so() -> None:
    answer = Client(raise_request_exception=False).post("/api/v1/window/requests", BODY)
    assert answer.status_code == 400 and answer.json()["type"] == "urn:sala:problem:not-json"


# ---- what is kept where ------------------------------------------------------------------------------------------------


def test_answers_for_one_reader_are_kept_nowhere(
    report: Callable[..., Any], sign_in: Callable[[str], Client]
) -> None:
    made = report()
    clerk = sign_in("clerk120404")
    answers = [
        Client().get(f"/api/v1/window/tracking/{made.code}"),
        Client().get(f"/en/requests/{made.code}"),
        Client().get(f"/en/requests/{made.code}/receipt"),
        Client().get("/en/report"),
        send(Client()),
        *(
            clerk.get(path)
            for path in (
                f"/api/v1/window/requests/{made.request.id}",
                "/api/v1/window/requests",
                "/api/v1/accounts/me",
                f"/en/work/requests/{made.request.id}",
                "/en/work",
                "/en/account",
                "/en/powers",
                "/en/holidays",
            )
        ),
    ]
    for answer in answers:
        kept = answer.headers["Cache-Control"]
        assert "private" in kept and "no-store" in kept, answer.request["PATH_INFO"]
        assert answer.headers["X-Robots-Tag"] == "noindex"
    assert "X-Robots-Tag" not in Client().get("/en/services").headers


def test_erasing_takes_the_message_out_of_the_folder(
    settings,
    tmp_path,
    report: Callable[..., Any],
    posts: SimpleNamespace,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    settings.HOME = tmp_path
    made = report()
    delivery.deliver_due()
    (written,) = senders.outbox().glob("*.eml")
    assert made.code.encode() in written.read_bytes()
    with django_capture_on_commit_callbacks(execute=True):
        actions.erase_person(by=posts.chief, request_id=made.request.id)
    assert not list(senders.outbox().iterdir())


def test_looks_at_a_contact_are_counted_before_office_and_applicant(
    report: Callable[..., Any], sign_in: Callable[[str], Client]
) -> None:
    made = report()
    clerk = sign_in("clerk120404")
    path = f"/en/work/requests/{made.request.id}"
    assert "looked at" not in clerk.get(path).content.decode()
    shown = clerk.post(path, {"act": "show"}).content.decode()
    assert "tara@example.com" in shown and "looked at once" in shown
    clerk.post(path, {"act": "show"})
    assert "looked at 2 times" in clerk.get(path).content.decode()
    assert "has looked 2 times" in Client().get(f"/en/requests/{made.code}").content.decode()


# ---- past the actions, by SQL ------------------------------------------------------------------------------------------


def swap_codes(one: Request, two: Request) -> None:
    Request.objects.filter(pk=one.pk).update(code_hash="x")
    Request.objects.filter(pk=two.pk).update(code_hash=one.code_hash)
    Request.objects.filter(pk=one.pk).update(code_hash=two.code_hash)


def swap_words(one: Request, two: Request) -> None:
    Request.objects.filter(pk=one.pk).update(description=two.description)
    Request.objects.filter(pk=two.pk).update(description=one.description)


def take_away(one: Request, two: Request) -> None:
    """The request with all that the ledger says of it."""
    subjects = [str(one.id), str(one.contact.id)]
    Salt.objects.filter(entry__subject__in=subjects).delete()
    Entry.objects.filter(subject__in=subjects).delete()
    Request.objects.filter(pk=one.pk).delete()


def old_version_in_force(one: Request, two: Request) -> None:
    present = ServiceVersion.objects.get(service="CR-BIRTH", current=True)
    ServiceVersion.objects.filter(pk=present.pk).update(current=False)


EDITS: dict[str, tuple[Callable[[Request, Request], object], str]] = {
    "codes swapped": (swap_codes, "window.request {one}"),
    "words swapped": (swap_words, "window.request {two}"),
    "version": (lambda one, _: Request.objects.filter(pk=one.pk).update(version=9), "window.request {one}"),
    "day of making": (
        lambda one, two: Request.objects.filter(pk=one.pk).update(created=two.due_at),
        "window.request {one}",
    ),
    "place": (
        lambda one, _: Request.objects.filter(pk=one.pk).update(commune="020801"),
        "window.request {one}",
    ),
    "step's words": (
        lambda one, _: Event.objects.filter(request=one, act=Act.RECEIVE).update(text="x"),
        "window.request {one}",
    ),
    "step hidden": (
        lambda one, _: Event.objects.filter(request=one).update(public=False),
        "window.request {one}",
    ),
    "contact": (
        lambda one, _: Contact.objects.filter(request=one).update(phone="1"),
        "window.contact {contact}",
    ),
    "contact of another": (
        lambda one, _: Contact.objects.filter(request=one).delete(),
        "window.contact {contact}",
    ),
    "request with its entries": (take_away, "request {number}: removed"),
    "fee": (
        lambda *_: ServiceVersion.objects.filter(service="CR-BIRTH").update(fee_riel=1),
        "window.service",
    ),
    "version out of force": (old_version_in_force, "window.service"),
    "kind of service": (
        lambda *_: ServiceVersion.service.get_queryset().filter(pk="CR-BIRTH").update(kind="report"),
        "window.service",
    ),
    "figure": (
        lambda *_: Fact.objects.filter(pk=Fact.objects.first().pk).update(numerator=1),
        "measures.import",
    ),
    "figure's district": (
        lambda *_: Fact.objects.filter(pk=Fact.objects.first().pk).update(district="0101"),
        "measures.import",
    ),
    "figure out of force": (
        lambda *_: Fact.objects.filter(pk=Fact.objects.first().pk).update(current=False),
        "measures.import",
    ),
    "permission": (
        lambda *_: Grant.objects.filter(post_id="councillor", verb="window.see").update(
            verb="window.see_person"
        ),
        "accounts.grants councillor",
    ),
    "office of an appointment": (
        lambda *_: Appointment.objects.filter(pk=Appointment.objects.first().pk).update(
            office=Office.objects.get(code="commune-hall-010201")
        ),
        "offices.appointment",
    ),
}


UNSEALED = ("codes swapped", "request with its entries")


@pytest.mark.parametrize(
    ("name", "sealed"), [*((name, True) for name in EDITS), *((name, False) for name in UNSEALED)]
)
def test_rows_edited_by_sql_are_named(report: Callable[..., Any], name: str, sealed: bool) -> None:
    one, two = (report(description=words).request for words in ("one", "two"))
    contact = str(one.contact.id)
    if sealed:
        ledger.seal()
    assert [found.line() for found in Verification().findings() if not found.warning] == []
    edit, said = EDITS[name]
    edit(one, two)
    said = said.format(one=one.id, two=two.id, contact=contact, number=one.number)
    found = [found.line() for found in Verification().findings()]
    assert any(line.startswith(said) for line in found), found


def test_a_request_beside_the_counter_is_named(report: Callable[..., Any]) -> None:
    from sala.numbers.models import Counter

    made = report()
    Counter.objects.filter(series=actions.SERIES).delete()
    lines = [found.line() for found in Verification().findings()]
    assert f"request {made.request.number}: the number stands on a request, but was never given" in lines


# ---- officers who see cases but not persons ----------------------------------------------------------------------------

SEES_NO_PERSON = ("councillora120404", "deputy120404", "ministry", "auditor", "window1204", "planning12")
SEES_NOTHING = ("clerk020801", "chief020801", "admin", "planning02")


@pytest.mark.parametrize("username", [*SEES_NO_PERSON, *SEES_NOTHING])
def test_neither_search_nor_photo_nor_step_leads_to_a_person(
    report: Callable[..., Any], sign_in: Callable[[str], Client], username: str
) -> None:
    photo = files.keep(picture(), purpose="window.request", at=Where(commune="120404"))
    made = report(photos=[photo.id])
    photo.refresh_from_db()
    client, path = sign_in(username), f"/en/work/requests/{made.request.id}"
    for words in ("សុខ តារា", "012345648", "345648", "២៨៩", "ហៀរ"):
        for address in ("/api/v1/window/requests", "/en/work"):
            answer = client.get(address, {"q": words})
            assert made.request.number not in answer.content.decode(), (address, words)
    refused = {403} if username in SEES_NO_PERSON else {404}
    assert client.get(photo.url).status_code == client.get(photo.small_url).status_code == 404
    assert client.post(path, {"act": "show"}).status_code in refused
    erase = f"/api/v1/window/requests/{made.request.id}/erase"
    erased = client.post(erase, content_type="application/json", headers={"If-Match": '"1"'})
    assert erased.status_code in refused
    assert not Entry.objects.filter(act="window.see_person").exists()


def test_the_holding_office_finds_and_opens_what_others_do_not(
    report: Callable[..., Any], sign_in: Callable[[str], Client]
) -> None:
    photo = files.keep(picture(), purpose="window.request", at=Where(commune="120404"))
    made = report(photos=[photo.id])
    clerk = sign_in("clerk120404")
    assert made.request.number in clerk.get("/en/work", {"q": "012345648"}).content.decode()
    assert clerk.get(photo.url).status_code == 200


def picture() -> bytes:
    """A small sound photo."""
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG")
    return out.getvalue()
