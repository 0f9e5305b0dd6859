"""Passkeys on the server's side: set up, in place of name and password, as second factor, and every forgery refused."""

import html
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from sala.accounts import actions
from sala.accounts.models import Session
from sala.kit import clock
from sala.offices import actions as offices
from tests.accounts.conftest import Made
from tests.accounts.soft_passkey import Passkey

pytestmark = pytest.mark.django_db
FACTORS, SECOND, ALONE = "/en/account/factors", "/en/sign-in/factor", "/en/sign-in/passkey"


def browser() -> Client:
    return Client(HTTP_HOST="localhost")


def options_on(client: Client, path: str) -> dict[str, Any]:
    """What the page tells the browser's script."""
    found = re.search(r'data-options="([^"]*)"', client.get(path).content.decode())
    assert found
    data: dict[str, Any] = json.loads(html.unescape(found[1]))
    return data.get("creation_options") or data["request_options"]  # type: ignore[no-any-return]


def add(client: Client, key: Passkey, name: str = "ទូរស័ព្ទ", **how: Any) -> Any:
    credential = key.make(options_on(client, f"{FACTORS}?do=passkey"), **how)
    return client.post(FACTORS, {"step": "passkey", "name": name, "credential": credential})


@pytest.fixture
def clerk(make: Any) -> Made:
    made: Made = make("clerk")
    return made


@pytest.fixture
def key(clerk: Made, enter: Any) -> Passkey:
    """A passkey the clerk has set up."""
    made = Passkey()
    assert add(enter(clerk, browser()), made)["Location"] == "/en/account/codes"
    return made


def alone(key: Passkey, client: Client | None = None, **more: Any) -> tuple[Client, Any]:
    client = client or browser()
    credential = key.show(client.get(ALONE).json()["request_options"], **more)
    return client, client.post(ALONE, {"credential": credential, "next": "/en/powers"})


def test_it_is_set_up_and_named(clerk: Made, key: Passkey, enter: Any) -> None:
    row = Authenticator.objects.get(type="webauthn")
    assert row.wrap().name == "ទូរស័ព្ទ" and row.wrap().is_passwordless
    assert Authenticator.objects.filter(type="recovery_codes").count() == 1


def test_it_opens_the_account_in_place_of_name_and_password(clerk: Made, key: Passkey, serious: None) -> None:
    client, answer = alone(key)
    assert answer.status_code == 302 and answer["Location"] == "/en/powers"
    assert client.get("/api/v1/accounts/me").json()["post"] == "clerk"
    assert client.session["factor"] is True
    assert Authenticator.objects.get(type="webauthn").last_used_at is not None


def test_it_is_the_second_factor_after_the_password(clerk: Made, key: Passkey) -> None:
    client = browser()
    client.post("/en/sign-in", {"username": "test-clerk", "password": clerk.password})
    options = options_on(client, SECOND)
    assert [each["id"] for each in options["publicKey"]["allowCredentials"]]
    wrong = client.post(SECOND, {"credential": Passkey().show(options)})
    assert wrong.status_code == 401 and "does not open this account" in wrong.content.decode()
    credential = key.show(options_on(client, SECOND))
    assert client.post(SECOND, {"credential": credential}).status_code == 302
    assert client.get("/en/account").status_code == 200
    replay = browser()
    replay.post("/en/sign-in", {"username": "test-clerk", "password": clerk.password})
    options_on(replay, SECOND)
    assert replay.post(SECOND, {"credential": credential}).status_code == 401


def test_it_says_again_who_one_is(clerk: Made, key: Passkey, time_machine: Any) -> None:
    client, _ = alone(key)
    time_machine.move_to(clock.now() + timedelta(minutes=11))
    again = client.get(FACTORS)["Location"]
    credential = key.show(options_on(client, again))
    done = client.post(again, {"again": "1", "next": FACTORS, "credential": credential})
    assert done["Location"] == FACTORS and client.get(FACTORS).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "http://localhost.evil.example"},
        {"origin": "https://evil.example", "site": "evil.example"},
        {"site": "evil.example"},
    ],
)
def test_another_site_is_refused(clerk: Made, key: Passkey, enter: Any, wrong: dict[str, str]) -> None:
    for name, value in wrong.items():
        setattr(key, name, value)
    client, answer = alone(key)
    assert answer["Location"] == "/en/sign-in" and client.get("/en/account").status_code == 302


def test_a_challenge_counts_once_and_in_its_own_session(clerk: Made, key: Passkey) -> None:
    client = browser()
    credential = key.show(client.get(ALONE).json()["request_options"])
    thief = browser()
    assert thief.post(ALONE, {"credential": credential})["Location"] == "/en/sign-in"
    thief.get(ALONE)
    assert thief.post(ALONE, {"credential": credential})["Location"] == "/en/sign-in"
    assert thief.get("/en/account").status_code == 302


def test_without_the_owners_finger_or_pin_it_opens_nothing(clerk: Made, key: Passkey, enter: Any) -> None:
    client, answer = alone(key, verified=False)
    assert answer["Location"] == "/en/sign-in" and client.get("/en/account").status_code == 302
    answer = add(alone(key)[0], Passkey(), verified=False)
    assert answer.status_code == 422 and Authenticator.objects.filter(type="webauthn").count() == 1


def test_of_a_closed_account_or_an_ended_post(clerk: Made, key: Passkey, by: Any) -> None:
    offices.end_appointment(by=by, appointment=clerk.appointment.pk, end=clock.today() - timedelta(days=1))
    assert alone(key)[1]["Location"] == "/en/sign-in"
    actions.close_account(by=by, user=clerk.id)
    assert alone(key)[1]["Location"] == "/en/sign-in"
    assert not Session.objects.filter(user=clerk.user).exists()


def test_of_an_account_that_is_not_there(client: Client, key: Passkey) -> None:
    key.owner = "MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAw"
    assert alone(key)[1]["Location"] == "/en/sign-in"


def test_removing_it_shuts_the_door(clerk: Made, key: Passkey) -> None:
    client, _ = alone(key)
    row = Authenticator.objects.get(type="webauthn")
    assert client.post(FACTORS, {"step": "remove", "factor": str(row.pk)}).status_code == 302
    assert alone(key)[1]["Location"] == "/en/sign-in"


def test_a_second_one_is_set_up_beside_it(clerk: Made, key: Passkey) -> None:
    client, _ = alone(key)
    other, _ = alone(key)
    second = Passkey()
    assert add(client, second, "office")["Location"] == FACTORS  # there are recovery codes already
    assert other.get("/en/account").status_code == 200
    assert alone(second)[1]["Location"] == "/en/powers"
