"""The sign-in page, one's own account, and who may do what."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from sala.accounts import actions, queries
from sala.accounts.models import Session
from sala.kit import clock
from sala.ledger.models import Entry
from sala.offices import actions as offices
from sala.offices import queries as found

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(client: Client, make: Any) -> Any:
    made = make("clerk")
    assert (
        client.post("/km/sign-in", {"username": "test-clerk", "password": made.password}).status_code == 302
    )
    return made


@pytest.mark.parametrize("lang", ["km", "en"])
def test_the_sign_in_page_says_what_it_is(client: Client, lang: str) -> None:
    text = client.get(f"/{lang}/sign-in?next=/{lang}/powers").content.decode()
    assert 'autocomplete="current-password"' in text and f'value="/{lang}/powers"' in text
    assert ("demonstration" in text) if lang == "en" else ("សាកល្បង" in text)


def test_an_empty_form_is_explained_and_keeps_the_name(client: Client) -> None:
    answer = client.post("/en/sign-in", {"username": "somebody", "password": ""})
    text = answer.content.decode()
    assert answer.status_code == 422 and "Enter your password." in text and 'value="somebody"' in text


def test_the_account_page_tells_posts_and_verbs_in_words(client: Client, clerk: Any) -> None:
    text = client.get("/en/account").content.decode()
    assert (
        "Take on a request." in text
        and "Procedure of the one-window service office" in text
        and "This session" in text
    )
    assert "ទទួលបន្ទុកសំណើ" in client.get("/km/account").content.decode()
    assert Client().get("/en/account").status_code == 302


def test_changing_the_password_ends_everything_else(client: Client, clerk: Any, by: Any) -> None:
    other = Client()
    other.post("/en/sign-in", {"username": "test-clerk", "password": clerk.password})
    text, _ = actions.issue_token(by=by, user=clerk.user, appointment=clerk.appointment, days=3)
    new = "ពាក្យសម្ងាត់ថ្មី ដែលវែង"
    answer = client.post("/en/account", {"step": "password", "old": clerk.password, "new": new})
    assert answer.status_code == 302
    assert client.get("/en/account").status_code == 200
    assert other.get("/en/account").status_code == 302
    assert queries.by_token(text) is None
    assert Client().post("/en/sign-in", {"username": "test-clerk", "password": new}).status_code == 302


def test_a_session_whose_password_was_changed_behind_it_is_dead(client: Client, clerk: Any) -> None:
    clerk.user.set_password("changed by the administrator")
    clerk.user.save()
    assert client.get("/en/account").status_code == 302


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("wrong one", "a new long password", "This is not your present password."),
        (None, "short", "at least 8"),
        (None, "", "Enter a new password."),
        ("", "a new long password", "Enter your present password."),
    ],
)
def test_unfit_changes_are_explained(
    client: Client, clerk: Any, old: str | None, new: str, said: str
) -> None:
    answer = client.post(
        "/en/account", {"step": "password", "old": clerk.password if old is None else old, "new": new}
    )
    assert answer.status_code == 422 and said in answer.content.decode()


def test_one_ends_ones_own_sessions_and_tokens(client: Client, clerk: Any, by: Any) -> None:
    other = Client()
    other.post("/en/sign-in", {"username": "test-clerk", "password": clerk.password})
    mine = client.cookies["sala_session"].value
    mark = next(mark for mark, row in queries.sessions_of(clerk.id) if row.session_key != mine)
    assert client.post("/en/account", {"step": "session", "session": mark}).status_code == 302
    assert other.get("/en/account").status_code == 302
    assert client.post("/en/account", {"step": "session", "session": "0" * 16}).status_code == 404
    text, row = actions.issue_token(
        by=by, user=clerk.user, appointment=clerk.appointment, days=3, label="script"
    )
    assert "script" in client.get("/en/account").content.decode()
    assert client.post("/en/account", {"step": "token", "token": str(row.pk)}).status_code == 302
    assert queries.by_token(text) is None
    assert client.post("/en/account", {"step": "token", "token": "x"}).status_code == 404
    assert client.post("/en/account", {"step": "dance"}).status_code == 404


def test_switching_between_ones_own_posts(client: Client, clerk: Any, by: Any) -> None:
    office = found.office_by_code("one-window-0208")
    assert office is not None
    second = offices.appoint(
        by=by,
        person=clerk.person,
        post="front_desk_officer",
        office=office,
        start=clerk.appointment.start,
        instrument=offices.Paper("decision"),
    )
    before = Session.objects.get(user=clerk.user)
    assert client.post("/en/account", {"step": "post", "appointment": str(second.pk)}).status_code == 302
    after = Session.objects.get(user=clerk.user)
    assert after.appointment_id == second.pk and after.session_key != before.session_key
    assert abs((after.expire_date - before.expire_date).total_seconds()) < 2
    assert client.get("/api/v1/accounts/me").json()["post"] == "front_desk_officer"
    stranger = found.holders(found.office_by_code("commune-hall-120404").pk)[0]  # type: ignore[union-attr]
    assert client.post("/en/account", {"step": "post", "appointment": str(stranger.pk)}).status_code == 404


def test_powers_of_ones_own_office_are_a_table(client: Client, clerk: Any) -> None:
    text = client.get("/en/powers").content.decode()
    assert ("Permissions by post" in text and "Commune clerk" in text) or "Sangkat clerk" in text
    assert "Test Dara" in text and "Prakas of appointment" in text
    assert "Cannot" in text and "Law on Administrative Management of Communes/Sangkats, 2001" in text
    assert client.get("/en/powers?room=window").content.decode().count("<tr") < text.count("<tr")


def test_an_office_out_of_reach_shows_what_is_public(client: Client, clerk: Any) -> None:
    text = client.get("/en/powers?office=commune-hall-120404").content.decode()
    assert (
        "Permissions by post" not in text
        and "Is the civil registrar" in text
        and "Holders of the posts" in text
    )
    assert "Prakas of appointment" not in text


def test_residents_search_their_commune(client: Client) -> None:
    assert "Search for your commune" in client.get("/en/powers").content.decode()
    text = client.get("/en/powers", {"q": "tek laak 1"}).content.decode()
    assert "/en/powers?office=commune-hall-120404" in text
    assert "No office found" in client.get("/en/powers", {"q": "@@@@ ####"}).content.decode()
    public = client.get("/km/powers?office=commune-hall-120404").content.decode()
    assert "ចៅសង្កាត់" in public and "ជាមន្ត្រីអត្រានុកូលដ្ឋាន" in public and "មិនអាច" not in public


def test_a_subtree_sees_the_offices_below(sign_in: Any) -> None:
    governor = sign_in("governor12")
    assert "Permissions by post" in governor.get("/en/powers?office=commune-hall-120404").content.decode()
    assert "Permissions by post" not in governor.get("/en/powers?office=commune-hall-020801").content.decode()


def test_another_day_has_other_holders(client: Client, clerk: Any) -> None:
    day = {"day_day": "១", "day_month": "1", "day_year": "2019"}
    text = client.get("/en/powers", day).content.decode()
    text = text[text.index("<main") :]
    assert "Test Dara" not in text and "vacant" in text and "2019" in text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("office=nothing", 404),
        ("day_day=40&day_month=1&day_year=2026", 422),
        ("day_day=30&day_month=2&day_year=2026", 422),
        ("q=" + "x" * 121, 422),
        ("day_day=1&day_month=1&day_year=1850", 422),
    ],
)
def test_wrong_input_is_explained(client: Client, query: str, status: int) -> None:
    assert client.get(f"/en/powers?{query}").status_code == status


def test_an_appointment_that_ends_soon_is_marked(client: Client, make: Any) -> None:
    desk = make("front_desk_officer", end=clock.today() + timedelta(days=10))
    client.post("/en/sign-in", {"username": "test-front_desk_officer", "password": desk.password})
    assert "Ends in 10 days" in client.get("/en/powers").content.decode()


def test_the_sessions_tell_browser_and_last_use_and_end_together(
    client: Client, clerk: Any, time_machine: Any
) -> None:
    phone = Client(
        HTTP_USER_AGENT="Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"
    )
    third = Client()
    for other in (phone, third):
        other.post("/en/sign-in", {"username": "test-clerk", "password": clerk.password})
    text = client.get("/en/account").content.decode()
    assert "Chrome, Android" in text and "End all other sessions" in text and "Mozilla" not in text
    row = Session.objects.get(browser="Chrome, Android")
    start = clock.now()
    time_machine.move_to(start + timedelta(minutes=9))
    phone.get("/en/account")
    assert Session.objects.get(pk=row.pk).seen == row.seen  # not with every request
    time_machine.move_to(start + timedelta(minutes=11))
    phone.get("/en/account")
    assert Session.objects.get(pk=row.pk).seen > row.seen
    assert client.post("/en/account", {"step": "others"}).status_code == 302
    assert phone.get("/en/account").status_code == 302 and third.get("/en/account").status_code == 302
    assert client.get("/en/account").status_code == 200
    assert client.post("/en/account", {"step": "others"}).status_code == 302  # none left
    acts = Entry.objects.filter(kind=queries.ACCOUNT, subject=str(clerk.id), act="accounts.session")
    assert acts.count() == 1


def test_a_token_is_made_on_the_page_and_shown_once(client: Client, clerk: Any) -> None:
    bad = client.post("/en/account", {"step": "make", "label": "", "days": "400", "scope": "fly"})
    assert bad.status_code == 422 and "Say what the token is for." in bad.content.decode()
    for scope, said in (("read", "It may only read."), ("", "It may do all")):
        answer = client.post("/en/account", {"step": "make", "label": "ស្គ្រីប", "days": "3", "scope": scope})
        assert answer.status_code == 200 and said in answer.content.decode()
        text = answer.content.decode().split('wrapped">')[1].split("<")[0]
        found = queries.by_token(text)
        assert found is not None and found[0].limits == ({"read"} if scope else set())
        assert text not in client.get("/en/account").content.decode()


def test_reading_goes_on_where_nothing_can_be_written(
    client: Client, clerk: Any, time_machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError
    from django.db.models import QuerySet

    def full(*_: Any, **__: Any) -> int:
        raise OperationalError("disk full")

    time_machine.move_to(clock.now() + timedelta(minutes=11))
    monkeypatch.setattr(QuerySet, "update", full)
    assert client.get("/en/account").status_code == 200
