"""Signing in and out, throttling, and what ends a session."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from sala.accounts import actions, queries
from sala.accounts.models import Session
from sala.kit import clock
from sala.offices import actions as offices
from tests.accounts.conftest import shown_code

pytestmark = pytest.mark.django_db


def enter(client: Client, name: str, password: str, **more: str) -> Any:
    return client.post("/en/sign-in", {"username": name, "password": password, **more})


def test_signing_in_rotates_the_session_and_takes_up_the_post(client: Client, make: Any) -> None:
    clerk = make("clerk")
    session = client.session
    session["before"] = "x"
    session.save()
    old = client.cookies["sala_session"].value if "sala_session" in client.cookies else session.session_key
    answer = enter(client, "test-clerk", clerk.password)
    assert answer.status_code == 302 and answer["Location"] == "/en/work"
    row = Session.objects.get(user=clerk.user)
    assert row.session_key != old and row.appointment_id == clerk.appointment.pk
    assert timedelta(hours=7, minutes=59) < row.expire_date - clock.now() <= timedelta(hours=8)
    assert client.get("/en/sign-in").status_code == 302


def test_one_read_finds_who_acts(client: Client, make: Any, django_assert_num_queries: Any) -> None:
    from django.contrib.auth.models import AnonymousUser
    from django.http import HttpResponse
    from django.test import RequestFactory

    from sala.accounts.middleware import ActingMiddleware
    from sala.accounts.sessions import SessionStore

    clerk = make("clerk")
    enter(client, "test-clerk", clerk.password)
    assert clerk.acting.grants
    seen: list[Any] = []

    def view(request: Any) -> HttpResponse:
        seen.append((request.acting, request.user))
        return HttpResponse()

    request = RequestFactory().get("/")
    request.session = SessionStore(client.cookies["sala_session"].value)
    with django_assert_num_queries(1):
        ActingMiddleware(view)(request)
    assert seen[0][0].appointment == clerk.appointment.pk and seen[0][1] == clerk.user
    resident = RequestFactory().get("/")
    resident.session = SessionStore(None)
    with django_assert_num_queries(0):
        ActingMiddleware(view)(resident)
    assert seen[1][0].post == "resident" and isinstance(seen[1][1], AnonymousUser)


def test_eight_hours_are_absolute(client: Client, make: Any, time_machine: Any) -> None:
    clerk = make("clerk")
    start = clock.now()
    enter(client, "test-clerk", clerk.password)
    for hours in (3, 6, 7.9):
        time_machine.move_to(start + timedelta(hours=hours))
        assert client.get("/en/account").status_code == 200
    time_machine.move_to(start + timedelta(hours=8, seconds=2))
    assert client.get("/en/account").status_code == 302


def test_the_session_dies_with_the_appointment(client: Client, make: Any, time_machine: Any) -> None:
    today = clock.today()
    clerk = make("clerk", end=today)
    late = clock.now().astimezone(clock.zone()).replace(hour=22, minute=0)
    time_machine.move_to(late)
    assert enter(client, "test-clerk", clerk.password).status_code == 302
    assert client.get("/en/account").status_code == 200
    time_machine.move_to(late + timedelta(hours=2, minutes=1))  # the next day in Phnom Penh
    assert client.get("/en/account").status_code == 302
    assert not Session.objects.filter(user=clerk.user).exists()
    answer = enter(client, "test-clerk", clerk.password)
    assert answer.status_code == 401 and "hold no post" in answer.content.decode()


def test_it_dies_when_somebody_ends_the_appointment(client: Client, make: Any, by: Any) -> None:
    clerk = make("clerk")
    enter(client, "test-clerk", clerk.password)
    offices.end_appointment(by=by, appointment=clerk.appointment.pk, end=clock.today() - timedelta(days=1))
    assert client.get("/en/account").status_code == 302


def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(
    client: Client, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("clerk")
    hashed: list[str] = []
    from django.contrib.auth.hashers import get_hasher

    kind = type(get_hasher())
    encode = kind.encode
    monkeypatch.setattr(
        kind,
        "encode",
        lambda self, password, *rest, **more: (
            hashed.append(password) or encode(self, password, *rest, **more)
        ),
    )

    def answer(name: str) -> tuple[int, str, int]:
        hashed.clear()
        found = enter(client, name, "wrong password here")
        text = found.content.decode().replace(name, "NAME")
        start = text.index("<main")
        import re

        return found.status_code, re.sub(r'value="[^"]*"', "", text[start:]), len(hashed)

    known, unknown = answer("test-clerk"), answer("nobody-here")
    assert known == unknown and known[0] == 401 and known[2] == 1


def test_throttled_by_name_and_address_only(client: Client, make: Any, time_machine: Any) -> None:
    clerk, desk = make("clerk"), make("front_desk_officer")
    for _ in range(10):
        last = enter(client, "test-clerk", "wrong password here")
    assert last.status_code == 429 and int(last["Retry-After"]) == 900
    held = enter(client, "test-clerk", clerk.password)
    assert held.status_code == 429 and "15" in held.content.decode()
    elsewhere = Client(REMOTE_ADDR="203.0.113.9")
    assert enter(elsewhere, "test-clerk", clerk.password).status_code == 302
    assert enter(Client(), "test-front_desk_officer", desk.password).status_code == 302
    time_machine.move_to(clock.now() + timedelta(minutes=16))
    assert enter(client, "test-clerk", clerk.password).status_code == 302


@pytest.mark.parametrize("typed", ["", "x" * 300, "a\0b"])
def test_unreadable_passwords_are_a_sentence(client: Client, make: Any, typed: str) -> None:
    make("clerk")
    assert enter(client, "test-clerk", typed).status_code in (400, 422)


def test_a_password_typed_on_another_keyboard_opens_too(client: Client, make: Any, by: Any) -> None:
    clerk = make("clerk")
    clerk.user.set_password("caf\u00e9 de la gare")
    clerk.user.save()
    assert enter(client, "test-clerk", "cafe\u0301 de la gare").status_code == 302


@pytest.mark.parametrize(
    ("wanted", "goal"),
    [
        ("/en/powers", "/en/powers"),
        ("https://evil.example/", "/en/work"),
        ("//evil.example/x", "/en/work"),
        ("/\\evil.example", "/en/work"),
        ("javascript:alert(1)", "/en/work"),
        ("", "/en/work"),
    ],
)
def test_next_leads_to_this_host_only(client: Client, make: Any, wanted: str, goal: str) -> None:
    clerk = make("clerk")
    assert enter(client, "test-clerk", clerk.password, next=wanted)["Location"] == goal


def test_one_arrives_at_a_page_the_post_may_use(sign_in: Any, accounts: Any) -> None:
    for name in accounts:
        client = sign_in(name)
        goal = client.get("/en/sign-in")["Location"]
        assert client.get(goal).status_code == 200, (name, goal)


def test_signing_out_needs_a_post_and_ends_the_session(client: Client, make: Any) -> None:
    clerk = make("clerk")
    enter(client, "test-clerk", clerk.password)
    assert client.get("/en/sign-out").status_code == 405
    assert client.post("/en/sign-out").status_code == 302
    assert not Session.objects.filter(user=clerk.user).exists()
    assert client.get("/en/account").status_code == 302


def test_a_forged_form_is_refused(make: Any) -> None:
    clerk = make("clerk")
    strict = Client(enforce_csrf_checks=True)
    assert enter(strict, "test-clerk", clerk.password).status_code == 403


def test_a_session_without_its_columns_opens_nothing(client: Client, make: Any) -> None:
    clerk = make("clerk")
    enter(client, "test-clerk", clerk.password)
    Session.objects.filter(user=clerk.user).update(appointment=None)
    assert client.get("/en/account").status_code == 302


def test_marks_name_sessions_without_their_keys(client: Client, make: Any) -> None:
    clerk = make("clerk")
    enter(client, "test-clerk", clerk.password)
    mark, row = queries.sessions_of(clerk.id)[0]
    page = client.get("/en/account").content.decode()
    assert mark not in row.session_key and row.session_key not in page and row.since is not None


def enter_with_app(made: Any) -> Client:
    client = Client()
    assert enter(client, made.user.username, made.password)["Location"] == "/en/sign-in/factor"
    assert client.post("/en/sign-in/factor", {"code": shown_code(made.user)}).status_code == 302
    return client


def test_a_clock_that_ran_ahead_and_was_set_back_leaves_nothing_open_or_held_back(
    client: Client, make: Any, by: Any, app: Any, time_machine: Any
) -> None:
    clerk, desk = make("clerk"), make("front_desk_officer")
    app(desk)
    start = clock.now()
    time_machine.move_to(start + timedelta(days=300))
    enter(client, "test-clerk", clerk.password)
    enter_with_app(desk)  # its app's code is spent in that time
    text, _ = actions.issue_token(by=by, user=clerk.user, appointment=clerk.appointment, days=300)
    for _ in range(10):
        last = Client().post("/en/sign-in", {"username": "test-clerk", "password": "wrong one"})
    assert last.status_code == 429 and client.get("/en/account").status_code == 200
    time_machine.move_to(start)
    assert client.get("/en/account").status_code == 302 and queries.by_token(text) is None
    actions.clear_expired()
    assert enter_with_app(desk).get("/en/account").status_code == 200
    again = Client()
    assert enter(again, "test-clerk", clerk.password).status_code == 302
    session = again.session
    session["since"] = (start + timedelta(days=300)).isoformat()
    session.save()
    assert again.get("/en/account/factors").status_code == 302  # not recent, but in the future
