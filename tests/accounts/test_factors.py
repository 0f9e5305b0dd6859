"""Second factors: set up, shown, demanded, used up, lost."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.test import Client

from sala.accounts import factors, queries
from sala.accounts.models import Session
from sala.accounts.terms import Factor
from sala.kit import clock
from sala.kit.errors import NotFound, Refused
from sala.ledger import registry, row_check
from sala.ledger.models import Entry
from tests.accounts.conftest import shown_code

pytestmark = pytest.mark.django_db
FACTORS, CODES, SECOND = "/en/account/factors", "/en/account/codes", "/en/sign-in/factor"
GOVERNOR, HALL = "capital_governor", "provincial-hall-02"


def acts(kind: str = queries.FACTOR_KIND) -> list[str]:
    return list(Entry.objects.filter(kind=kind).order_by("at", "id").values_list("act", flat=True))


def faults(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    kinds = {kind: registry._kinds[kind] for kind in (queries.FACTOR_KIND, queries.INVITATION, queries.LINK)}
    with monkeypatch.context() as patch:
        patch.setattr(registry, "_kinds", kinds)
        return [finding.fault for finding in row_check.check_rows(row_check.Rows())]


def secret_on(client: Client) -> str:
    text = client.get(f"{FACTORS}?do=app").content.decode()
    assert '<svg width="' in text and "style=" not in text
    found = re.search(r'<code class="id">([A-Z2-7=]+)<', text)
    assert found
    return found[1]


def set_up(client: Client) -> str:
    """An app is set up through the page; its secret."""
    secret = secret_on(client)
    counter = list(totp.yield_hotp_counters_from_time())[1]
    code = totp.format_hotp_value(totp.hotp_value(secret, counter))
    khmer = code.translate(str.maketrans("0123456789", "០១២៣៤៥៦៧៨៩"))
    answer = client.post(FACTORS, {"step": "app", "code": f"{khmer[:3]} {khmer[3:]}"})
    assert answer.status_code == 302 and answer["Location"] == CODES, answer.content.decode()
    return secret


# ---- set up -----------------------------------------------------------------------------------------------------------


def test_an_app_is_set_up_and_its_recovery_codes_are_shown_once(
    make: Any, enter: Any, monkeypatch: pytest.MonkeyPatch, time_machine: Any
) -> None:
    clerk = make("clerk")
    client, other = enter(clerk), enter(clerk)
    secret = secret_on(client)
    wrong = client.post(FACTORS, {"step": "app", "code": "12"})
    assert wrong.status_code == 422 and secret in wrong.content.decode()  # the picture stays the same
    assert client.post(FACTORS, {"step": "app", "code": ""}).status_code == 422
    assert set_up(client) == secret
    assert secret not in str(Authenticator.objects.values_list("data"))  # kept encrypted
    assert other.get("/en/account").status_code == 302  # it was opened without the factor
    text = client.get(CODES).content.decode()
    codes = [code.replace(" ", "") for code in re.findall(r'<code class="id">([\d ]+)<', text)]
    assert len(set(codes)) == 10
    file = client.get(f"{CODES}.txt")
    assert (
        all(code in file.content.decode() for code in codes) and "attachment" in file["Content-Disposition"]
    )
    assert file["Cache-Control"].count("no-store") == 1
    assert acts() == ["accounts.factor", "accounts.codes"] and faults(monkeypatch) == []
    assert client.post(CODES).status_code == 302
    assert client.get(CODES).status_code == 404 and client.get(f"{CODES}.txt").status_code == 404
    session = client.session
    session["codes"] = (clock.now() - timedelta(seconds=1)).isoformat()
    session.save()
    assert client.get(CODES).status_code == 404
    second = client.post(FACTORS, {"step": "app", "code": "123456"})
    assert second.status_code == 422
    page = client.get(FACTORS).content.decode()
    assert "Code from an app on the phone" in page and "Make new recovery codes" in page


def test_a_second_app_is_not_set_up(make: Any, enter: Any, app: Any) -> None:
    clerk = make("clerk")
    client = enter(clerk)
    secret = secret_on(client)
    app(clerk)
    code = totp.format_hotp_value(totp.hotp_value(secret, list(totp.yield_hotp_counters_from_time())[1]))
    answer = client.post(FACTORS, {"step": "app", "code": code})
    assert answer.status_code == 409 and "is set up already" in answer.content.decode()


def test_recovery_codes_are_made_anew(make: Any, enter: Any, app: Any) -> None:
    clerk = make("clerk")
    client = enter(clerk)
    assert client.post(FACTORS, {"step": "codes"}).status_code == 409  # they stand in for something
    old = app(clerk)
    client = enter(clerk)
    assert client.post(FACTORS, {"step": "codes"})["Location"] == CODES
    assert acts()[-2:] == ["accounts.factor_off", "accounts.codes"]
    text = client.get(CODES).content.decode().replace(" ", "")
    assert not any(code in text for code in old)


def test_factors_are_removed_and_the_codes_go_with_the_last(make: Any, enter: Any, app: Any) -> None:
    clerk = make("clerk")
    app(clerk)
    client = enter(clerk)
    codes = Authenticator.objects.get(type=Factor.CODES)
    row = Authenticator.objects.get(type=Factor.APP)
    assert client.post(FACTORS, {"step": "remove", "factor": str(codes.pk)}).status_code == 404
    assert client.post(FACTORS, {"step": "remove", "factor": "x"}).status_code == 404
    assert client.post(FACTORS, {"step": "dance"}).status_code == 404
    key = Authenticator.objects.create(
        user=clerk.user, type=Factor.PASSKEY, data={"name": "ក", "credential": {}}
    )
    assert "Passkey: ក" in client.get("/en/account").content.decode()
    assert client.post(FACTORS, {"step": "remove", "factor": str(key.pk)}).status_code == 302
    assert Authenticator.objects.filter(pk=codes.pk).exists()
    assert client.post(FACTORS, {"step": "remove", "factor": str(row.pk)}).status_code == 302
    assert not Authenticator.objects.exists()
    assert acts() == ["accounts.factor_off"] * 3


def test_the_last_one_stays_where_the_post_demands_it(make: Any, enter: Any, app: Any, serious: None) -> None:
    chief = make(GOVERNOR, HALL)
    app(chief)
    client = enter(chief)
    row = Authenticator.objects.get(type=Factor.APP)
    answer = client.post(FACTORS, {"step": "remove", "factor": str(row.pk)})
    assert answer.status_code == 409 and "Set up another one" in answer.content.decode()
    assert Authenticator.objects.count() == 2


def test_nothing_is_kept_when_the_ledger_fails(
    make: Any, enter: Any, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = make("clerk")
    client = enter(clerk)
    client.raise_request_exception = False
    secret_on(client)
    code = totp.format_hotp_value(
        totp.hotp_value(
            client.session[totp.SECRET_SESSION_KEY], list(totp.yield_hotp_counters_from_time())[1]
        )
    )

    def fail(**_: Any) -> None:
        raise RuntimeError("no ledger")

    monkeypatch.setattr("sala.accounts.factors.ledger.record", fail)
    assert client.post(FACTORS, {"step": "app", "code": code}).status_code == 500
    assert not Authenticator.objects.exists()


# ---- shown at sign-in -------------------------------------------------------------------------------------------------


def test_signing_in_asks_for_it_and_a_code_counts_once(make: Any, app: Any) -> None:
    clerk = make("clerk")
    recovery = app(clerk)
    client = Client()
    answer = client.post(
        "/en/sign-in", {"username": "test-clerk", "password": clerk.password, "next": "/en/powers"}
    )
    assert answer["Location"] == SECOND
    assert client.get("/en/account").status_code == 302  # not in yet
    text = client.get(SECOND).content.decode()
    assert "one-time-code" in text and "passkey" not in text.lower().split("<main")[1]
    assert client.post(SECOND, {"code": ""}).status_code == 422
    assert client.post(SECOND, {"code": "000000"}).status_code == 401
    code = shown_code(clerk.user)
    done = client.post(SECOND, {"code": code})
    assert done.status_code == 302 and done["Location"] == "/en/powers"
    assert client.get("/en/account").status_code == 200
    assert client.get(SECOND)["Location"] == "/en/sign-in"
    again = Client()
    again.post("/en/sign-in", {"username": "test-clerk", "password": clerk.password})
    assert again.post(SECOND, {"code": code}).status_code == 401  # seen over the shoulder
    spare = again.post(SECOND, {"code": f"{recovery[0][:4]} {recovery[0][4:]}"})
    assert spare.status_code == 302 and acts() == ["accounts.code_used"]
    third = Client()
    third.post("/en/sign-in", {"username": "test-clerk", "password": clerk.password})
    assert third.post(SECOND, {"code": recovery[0]}).status_code == 401
    assert third.post(SECOND, {"code": shown_code(clerk.user, ahead=1)}).status_code == 302
    assert Client().get(SECOND)["Location"] == "/en/sign-in"


def test_wrong_codes_are_bounded_by_address_and_by_account(
    make: Any, app: Any, time_machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = make("clerk")
    app(clerk)

    def at_second(address: str) -> Client:
        client = Client(REMOTE_ADDR=address)
        client.post("/en/sign-in", {"username": "test-clerk", "password": clerk.password})
        return client

    client = at_second("203.0.113.1")
    answers = [client.post(SECOND, {"code": "000000"}).status_code for _ in range(12)]
    assert answers[:9] == [401] * 9 and answers[10:] == [429] * 2
    held = client.post(SECOND, {"code": shown_code(clerk.user)})
    assert held.status_code == 429 and held["Retry-After"] == "900"
    monkeypatch.setattr(factors, "WRONG_CODES_AN_HOUR", 12)
    answers = []
    for number in range(2, 8):  # from many addresses: the account itself is bounded
        answers.append(at_second(f"203.0.113.{number}").post(SECOND, {"code": "000000"}).status_code)
    assert answers[-1] == 429


def test_a_server_with_another_secret_lets_nobody_in(make: Any, app: Any, settings: Any) -> None:
    clerk = make("clerk")
    recovery = app(clerk)
    code = shown_code(clerk.user)
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another secret " + "0" * 50
    client = Client()
    client.post("/en/sign-in", {"username": "test-clerk", "password": clerk.password})
    assert client.post(SECOND, {"code": code}).status_code == 401
    assert client.post(SECOND, {"code": recovery[0]}).status_code == 401
    settings.FORMER_SECRETS = [str(old)]  # while the key is changed, the old one still opens
    assert client.post(SECOND, {"code": code}).status_code == 302


# ---- demanded ---------------------------------------------------------------------------------------------------------


def test_which_posts_demand_it(db: None) -> None:
    from sala.offices import queries as offices

    demanding = {kind.pk for kind in offices.posts() if kind.second_factor}
    assert {"administrator", "ministry_officer", "commune_chief", "election_officer"} <= demanding
    assert not {"clerk", "front_desk_officer", "councillor"} & demanding


def test_nothing_opens_before_it_is_set_up(make: Any, enter: Any, serious: None) -> None:
    chief = make(GOVERNOR, HALL)
    client = enter(chief)
    for path in ("/en/work", "/en/account", "/km/powers", "/en/", "/en/accounts", "/en/sign-in", "/ledger"):
        answer = client.get(path)
        assert answer.status_code == 302 and answer["Location"].endswith("/account/factors"), path
    for method, path in (
        ("get", "/api/v1/accounts/me"),
        ("post", "/api/v1/window/requests"),
        ("get", "/api/v1/places/units"),
    ):
        answer = getattr(client, method)(path)
        assert answer.status_code == 403 and answer.json()["type"].endswith("second-factor"), path
    assert "Your post demands a second factor" in client.get(FACTORS).content.decode()
    set_up(client)
    assert client.get("/en/work").status_code == 200
    assert client.get("/api/v1/accounts/me").status_code == 200
    assert enter(make("clerk")).get("/en/account").status_code == 200  # whose post does not demand it


def test_a_session_that_did_not_show_it_shows_it_before_changing_it(
    make: Any, enter: Any, app: Any, serious: None
) -> None:
    """The post came to demand it, or another post of the same person does: the session was opened by password alone."""
    chief = make(GOVERNOR, HALL)
    client = enter(chief)
    app(chief)
    assert client.get(FACTORS)["Location"] == f"/en/sign-in/again?next={FACTORS}"
    assert client.get("/en/work")["Location"] == FACTORS
    answer = client.post("/en/sign-in/again", {"again": "1", "next": FACTORS, "code": shown_code(chief.user)})
    assert answer.status_code == 302 and client.get("/en/work").status_code == 200


def test_in_a_demonstration_it_is_offered(make: Any, enter: Any) -> None:
    client = enter(make(GOVERNOR, HALL))
    assert client.get("/en/work").status_code == 200
    assert "offered but not demanded" in client.get(FACTORS).content.decode()


# ---- lost -------------------------------------------------------------------------------------------------------------


def test_an_administrator_takes_lost_factors_away(make: Any, by: Any, enter: Any, app: Any) -> None:
    clerk = make("clerk")
    app(clerk)
    enter(clerk)
    with pytest.raises(Refused):
        factors.take_away(by=clerk.acting, user=clerk.id)
    assert factors.take_away(by=by, user=clerk.id) == 2
    assert not Session.objects.filter(user=clerk.user).exists() and acts()[-2:] == ["accounts.factor_off"] * 2
    enter(clerk)


# ---- the passkey's server side (the browser's is in tests/browser) -----------------------------------------------------


@pytest.mark.parametrize(
    "credential", ["", "x", "[]", "{}", '{"id": 1}', '{"response": {"userHandle": "@"}}']
)
def test_what_is_no_passkey_is_refused(make: Any, enter: Any, app: Any, credential: str) -> None:
    clerk = make("clerk")
    client = enter(clerk)
    assert "data-passkey=" in client.get(f"{FACTORS}?do=passkey").content.decode()
    answer = client.post(FACTORS, {"step": "passkey", "name": "x", "credential": credential})
    assert answer.status_code == 422 and not Authenticator.objects.exists()
    fresh = Client()
    assert fresh.get("/en/sign-in/passkey").json()["request_options"]["publicKey"]["challenge"]
    assert fresh.post("/en/sign-in/passkey", {"credential": credential})["Location"] == "/en/sign-in"
    assert "passkey" in fresh.get("/en/sign-in").content.decode()
    app(clerk)
    half = Client()
    half.post("/en/sign-in", {"username": "test-clerk", "password": clerk.password})
    assert half.post(SECOND, {"credential": credential}).status_code in (401, 422)


def test_starting_with_a_passkey_is_bounded(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sala.accounts.entry_pages.STARTS_AN_HOUR", 2)
    answers = [client.get("/en/sign-in/passkey").status_code for _ in range(3)]
    assert answers == [200, 200, 429]


def test_ten_passkeys_are_enough(make: Any, enter: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk = make("clerk")
    client = enter(clerk)
    monkeypatch.setattr(factors, "MOST_PASSKEYS", 0)
    answer = client.post(FACTORS, {"step": "passkey", "credential": "{}"})
    assert answer.status_code == 409


def test_the_site_of_a_passkey_is_the_public_address(settings: Any, rf: Any) -> None:
    from allauth.core import context
    from allauth.mfa.adapter import get_adapter

    for public, host, site in (
        ("https://sala.gov.kh", "testserver", "sala.gov.kh"),
        ("", "localhost:8000", "localhost"),
        ("", "testserver", "testserver"),
    ):
        settings.PUBLIC_URL = public
        with context.request_context(rf.get("/", HTTP_HOST=host)):
            assert get_adapter().get_public_key_credential_rp_entity()["id"] == site


def test_of_no_account_nothing_is_taken_away(by: Any) -> None:
    with pytest.raises(NotFound):
        factors.take_away(by=by, user=uuid4())
