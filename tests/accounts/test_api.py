"""Tokens for programs, and requests with them."""

from typing import Any

import pytest
from django.test import Client

from sala.accounts import queries

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
