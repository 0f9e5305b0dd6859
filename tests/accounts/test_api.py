"""Tokens for programs, and requests with them."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from sala.accounts import actions, queries
from sala.accounts.models import Grant
from sala.kit import clock
from sala.offices import actions as offices
from tests.accounts.conftest import shown_code

pytestmark = pytest.mark.django_db
TOKENS = "/api/v1/tokens"


def ask(client: Client, **body: Any) -> Any:
    return client.post(TOKENS, body, content_type="application/json")


def test_a_token_for_a_password_and_what_it_opens(client: Client, make: Any) -> None:
    clerk = make("clerk")
    answer = ask(client, username="test-clerk", password=clerk.password)
    assert answer.status_code == 201
    body = answer.json()
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {body['token']}"}
    me = client.get("/api/v1/accounts/me", **bearer).json()
    assert me["post"] == "clerk" and me["appointment"] == str(clerk.appointment.pk)
    assert {"verb": "window.take", "scope": "office"}.items() <= next(
        v for v in me["verbs"] if v["verb"] == "window.take"
    ).items()
    assert client.get("/api/v1/accounts/me").status_code == 401
    assert client.delete(f"{TOKENS}/{body['id']}", **bearer).status_code == 204
    gone = client.get("/api/v1/accounts/me", **bearer)
    assert gone.status_code == 401 and gone["Content-Type"].startswith("application/problem+json")
    assert gone["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"username": "x"}, 422),
        ({"username": "x", "password": 5}, 422),
        ({"username": "x", "password": "y", "extra": 1}, 422),
        ({"username": "test-clerk", "password": "wrong password"}, 401),
        ({"username": "nobody", "password": "wrong password"}, 401),
        ({"username": "test-clerk", "password": "wrong", "otp": "1" * 13}, 422),
        ({"username": "u" * 65, "password": "y"}, 422),
        ({"username": "x", "password": "y" * 1001}, 422),
        ({"username": "x", "password": "y" * 400}, 401),
    ],
)
def test_wrong_bodies_get_a_problem(client: Client, make: Any, body: dict[str, Any], status: int) -> None:
    make("clerk")
    answer = ask(client, **body)
    assert answer.status_code == status and answer["Content-Type"].startswith("application/problem+json")


def test_too_many_wrong_passwords(client: Client, make: Any) -> None:
    make("clerk")
    for _ in range(10):
        answer = ask(client, username="test-clerk", password="wrong password")
    assert answer.status_code == 429 and answer["Retry-After"] == "900"
    assert answer["Content-Type"].startswith("application/problem+json")


def test_one_may_pick_the_post(client: Client, make: Any) -> None:
    clerk, other = make("clerk"), make("front_desk_officer")
    good = ask(client, username="test-clerk", password=clerk.password, appointment=str(clerk.appointment.pk))
    assert good.status_code == 201
    bad = ask(client, username="test-clerk", password=clerk.password, appointment=str(other.appointment.pk))
    assert bad.status_code == 404


def test_an_unknown_token_opens_nothing_not_even_what_residents_have(client: Client) -> None:
    for header in ("Bearer sala_nothing", "bearer", "Bearer "):
        answer = client.get("/api/v1/offices/posts", HTTP_AUTHORIZATION=header)
        assert answer.status_code == 401, header
    assert client.get("/en/powers", HTTP_AUTHORIZATION="Basic eDp5").status_code == 200


def test_a_session_needs_the_forgery_check_and_a_token_does_not(make: Any, by: Any) -> None:
    clerk = make("clerk")
    strict = Client(enforce_csrf_checks=True)
    page = strict.get("/en/sign-in")
    form = {
        "username": "test-clerk",
        "password": clerk.password,
        "csrfmiddlewaretoken": page.cookies["sala_csrf"].value,
    }
    assert strict.post("/en/sign-in", form).status_code == 302
    token = ask(Client(), username="test-clerk", password=clerk.password).json()
    path = f"{TOKENS}/{token['id']}"
    assert strict.delete(path).status_code == 403
    assert queries.by_token(token["token"]) is not None
    fresh = strict.cookies["sala_csrf"].value
    assert strict.delete(path, HTTP_X_CSRFTOKEN=fresh).status_code == 204
    assert queries.by_token(token["token"]) is None
    again = ask(Client(), username="test-clerk", password=clerk.password).json()
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {again['token']}"}
    assert Client(enforce_csrf_checks=True).delete(f"{TOKENS}/{again['id']}", **bearer).status_code == 204


# ---- the second factor ------------------------------------------------------------------------------------------------


def test_otp_is_checked_where_the_account_has_a_factor(client: Client, make: Any, app: Any) -> None:
    clerk = make("clerk")
    recovery = app(clerk)
    facts = {"username": "test-clerk", "password": clerk.password}
    missing = ask(client, **facts)
    assert missing.status_code == 401 and missing.json()["errors"][0]["field"] == "otp"
    assert ask(client, **facts, otp="000000").status_code == 401
    assert (
        ask(client, **{**facts, "password": "wrong one"}, otp=shown_code(clerk.user))
        .json()["type"]
        .endswith("not-signed-in")
    )
    code = shown_code(clerk.user)
    assert ask(client, **facts, otp=code).status_code == 201
    assert ask(client, **facts, otp=code).status_code == 401  # once
    assert ask(client, **facts, otp=f"{recovery[0][:4]} {recovery[0][4:]}").status_code == 201
    for _ in range(10):
        last = ask(client, **facts, otp="000000")
    assert last.status_code == 429


def test_a_post_that_demands_a_factor_gives_no_token_without_one(
    client: Client, make: Any, app: Any, serious: None
) -> None:
    chief = make("capital_governor", "provincial-hall-02")
    facts = {"username": "test-capital_governor", "password": chief.password}
    answer = ask(client, **facts, otp="123456")
    assert answer.status_code == 401 and answer.json()["type"].endswith("second-factor")
    app(chief)
    token = ask(client, **facts, otp=shown_code(chief.user)).json()["token"]
    assert client.get("/api/v1/accounts/me", HTTP_AUTHORIZATION=f"Bearer {token}").status_code == 200
    make("clerk")
    assert ask(client, username="test-clerk", password=chief.password, otp="").status_code == 201


# ---- limits -----------------------------------------------------------------------------------------------------------


def test_a_token_is_limited_to_reading_or_to_verbs(client: Client, make: Any) -> None:
    clerk = make("clerk")
    facts = {"username": "test-clerk", "password": clerk.password}

    def verbs(answer: Any) -> set[str]:
        bearer = {"HTTP_AUTHORIZATION": f"Bearer {answer.json()['token']}"}
        return {verb["verb"] for verb in client.get("/api/v1/accounts/me", **bearer).json()["verbs"]}

    every = verbs(ask(client, **facts))
    reading = ask(client, **facts, scope=["read"])
    assert verbs(reading) == every
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {reading.json()['token']}"}
    for method, path in (
        ("post", "/api/v1/window/requests"),
        ("delete", f"{TOKENS}/{reading.json()['id']}"),
        ("post", "/en/report"),
    ):
        answer = getattr(client, method)(path, {}, content_type="application/json", **bearer)
        assert answer.status_code == 403 and b"read" in answer.content, path
    assert client.get("/api/v1/window/requests", **bearer).status_code == 200
    some = ask(client, **facts, scope=["window.see", "offices.appoint"])  # the second the post does not have
    assert verbs(some) == {"window.see"}
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {some.json()['token']}"}
    assert client.post(
        "/api/v1/offices/appointments", {}, content_type="application/json", **bearer
    ).status_code in (403, 422)
    for scope in (["window.fly"], ["read", "window.see"], ["x"] * 65):
        assert ask(client, **facts, scope=scope).status_code == 422, scope


def test_a_limited_token_never_outlives_or_exceeds_its_post(client: Client, make: Any, by: Any) -> None:
    clerk = make("clerk")
    text, _ = actions.issue_token(
        by=by, user=clerk.user, appointment=clerk.appointment, days=9, scope=["window.take"]
    )
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {text}"}
    Grant.objects.filter(post_id="clerk", verb="window.take").delete()
    offices.touch_posts({"clerk"})
    assert (
        client.get("/api/v1/accounts/me", **bearer).json()["verbs"] == []
    )  # what the post lost, the token lost
    offices.end_appointment(by=by, appointment=clerk.appointment.pk, end=clock.today() - timedelta(days=1))
    assert client.get("/api/v1/accounts/me", **bearer).status_code == 401


def test_a_token_keeps_no_accounts(make: Any, by: Any) -> None:
    admin = make("administrator", "gda")
    text, _ = actions.issue_token(by=by, user=admin.user, appointment=admin.appointment, days=9)
    client = Client(headers={"Authorization": f"Bearer {text}"})
    for path in ("account", "account/factors", "account/codes", "sign-in/again", "accounts", "accounts/new"):
        assert client.get(f"/en/{path}").status_code == 403, path
    assert client.post("/en/account", {"step": "make", "label": "x", "days": "3"}).status_code == 403


def test_a_session_of_an_ended_appointment_is_dead_at_the_next_request(
    make: Any, by: Any, enter: Any
) -> None:
    clerk = make("clerk")
    client = enter(clerk)
    text, _ = actions.issue_token(by=by, user=clerk.user, appointment=clerk.appointment, days=9)
    program = Client(headers={"Authorization": f"Bearer {text}"})
    again = enter(clerk)
    for alive in (
        client.get("/en/account"),
        client.get("/api/v1/accounts/me"),
        program.get("/api/v1/accounts/me"),
    ):
        assert alive.status_code == 200
    offices.end_appointment(by=by, appointment=clerk.appointment.pk, end=clock.today() - timedelta(days=1))
    assert again.get("/api/v1/accounts/me").status_code == 401
    assert program.get("/api/v1/accounts/me").status_code == 401
    assert client.post("/en/account", {"step": "others"}).status_code == 401
    assert client.get("/en/account").status_code == 302
