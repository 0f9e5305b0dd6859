"""Sign in with a real OpenID Connect provider that runs beside the tests: the whole code flow, and every way it must be refused."""

import base64
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import jwt
import pytest
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.oauth2.client import OAuth2Client
from django.conf import settings as django_settings
from django.test import Client

from sala.accounts import provider, queries
from sala.accounts.models import Session, User
from sala.kit.errors import Invalid, NotFound, Refused
from sala.ledger.models import Entry
from tests.accounts.provider_process import CLIENT, PEOPLE, SECRET
from tests.hall import free_port

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("provider")]


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The address of the running provider."""
    port = free_port()
    script = Path(__file__).with_name("provider_process.py")
    process = subprocess.Popen(
        [sys.executable, str(script), str(port), "http://testserver/sign-in/back"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(150):
            assert process.poll() is None, "the provider did not start"
            try:
                httpx.get(f"{address}/.well-known/openid-configuration", timeout=2).raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        else:
            raise AssertionError("the provider does not answer")
        yield address
    finally:
        process.kill()
        process.wait(timeout=10)


@pytest.fixture
def linked(settings: Any, issuer: str) -> str:
    """Sala with that provider set."""
    apps = [
        {
            "provider_id": "oidc",
            "name": "Canaille",
            "client_id": CLIENT,
            "secret": SECRET,
            "settings": {"server_url": issuer, "uid_field": "issuer_subject", "fetch_userinfo": False},
        }
    ]
    own = django_settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {**own, "APPS": apps}}
    settings.OIDC_ISSUER, settings.OIDC_NAME = issuer, "Canaille"
    return issuer


def at_provider(address: str, name: str) -> str:
    """What somebody does there: sign in with name and password. Returns the address one is sent back to."""
    with httpx.Client(timeout=10) as there:
        answer = there.get(address)
        for _ in range(10):
            if answer.is_redirect:
                goal = str(httpx.URL(str(answer.url)).join(answer.headers["location"]))
                if goal.startswith("http://testserver/"):
                    return goal
                answer = there.get(goal)
                continue
            tags = re.findall(r"<input[^>]*>", answer.text)
            found = {m[1]: tag for tag in tags if (m := re.search(r'name="([^"]*)"', tag))}
            data = {
                key: (m[1] if (m := re.search(r'value="([^"]*)"', tag)) else "") for key, tag in found.items()
            }
            data.update({"login": name} if "login" in data else {"password": PEOPLE[name]})
            answer = there.post(answer.url, data=data)
    raise AssertionError("the provider leads nowhere")


def start(client: Client, **query: str) -> str:
    answer = client.get(f"/en/sign-in/provider?{urlencode(query)}")
    assert answer.status_code == 302, answer.content.decode()[:500]
    return str(answer["Location"])


def through(client: Client, name: str = "dara", **query: str) -> Any:
    goal = urlsplit(at_provider(start(client, **query), name))
    return client.get(f"{goal.path}?{goal.query}")


def said(client: Client) -> str:
    return client.get("/en/sign-in").content.decode()


def test_off_unless_set(client: Client) -> None:
    assert not provider.configured()
    assert client.get("/en/sign-in/provider").status_code == 404
    assert client.get("/sign-in/back?code=x&state=y").status_code == 404
    assert "provider" not in said(client)


def test_who_is_linked_signs_in_with_the_whole_flow(linked: str, client: Client, make: Any, by: Any) -> None:
    clerk = make("clerk")
    made = provider.link(by=by, user=clerk.id, subject=provider.subject_here("dara"))
    assert "Sign in with Canaille" in said(client)
    asked = start(client, next="/en/powers")
    query = parse_qs(urlsplit(asked).query)
    assert asked.startswith(f"{linked}/oauth/authorize?") and query["scope"] == ["openid"]
    assert query["code_challenge_method"] == ["S256"] and query["nonce"] and query["state"]
    assert query["redirect_uri"] == ["http://testserver/sign-in/back"]
    goal = urlsplit(at_provider(asked, "dara"))
    answer = client.get(f"{goal.path}?{goal.query}")
    assert answer.status_code == 302 and answer["Location"] == "/en/powers"
    assert Session.objects.get(user=clerk.id).appointment_id == clerk.appointment.pk
    assert client.get("/api/v1/accounts/me").json()["post"] == "clerk"
    made.refresh_from_db()
    assert "example.org" not in json.dumps(made.extra_data)  # nothing is kept of the person
    again = client.get(f"{goal.path}?{goal.query}")  # the same answer once more
    assert again["Location"] == "/en/account"
    assert "did not confirm" in client.get("/en/account").content.decode()


def test_who_is_not_linked_stays_out_and_no_account_is_made(linked: str, client: Client, make: Any) -> None:
    make("clerk", name="dara")  # the same user name is no link
    accounts = User.objects.count()
    answer = through(client)
    assert answer.status_code == 302 and answer["Location"] == "/en/sign-in"
    assert "No account here is linked" in said(client)
    assert client.get("/en/account").status_code == 302
    assert User.objects.count() == accounts and not SocialAccount.objects.exists()


def test_a_person_links_her_own_sign_in_and_unlinks_it(linked: str, client: Client, make: Any) -> None:
    clerk = make("clerk")
    client.post("/en/sign-in", {"username": "test-clerk", "password": clerk.password})
    assert "Link with Canaille" in client.get("/en/account").content.decode()
    answer = through(client, link="1")
    assert answer.status_code == 302 and answer["Location"] == "/en/account"
    row = SocialAccount.objects.get()
    assert row.user_id == clerk.id and row.uid == f"{linked} dara"
    assert Entry.objects.get(kind=queries.LINK).act == "accounts.link"
    third = Client()
    through(third)
    assert third.get("/en/sign-in")["Location"] == "/en/work"
    other = make("front_desk_officer")
    second = Client()
    second.post("/en/sign-in", {"username": "test-front_desk_officer", "password": other.password})
    through(second, link="1")
    assert "linked to an account already" in second.get("/en/account").content.decode()
    assert second.post("/en/account", {"step": "unlink", "link": str(row.pk)}).status_code == 404
    assert client.post("/en/account", {"step": "unlink", "link": str(row.pk)}).status_code == 302
    assert list(
        Entry.objects.filter(kind=queries.LINK).order_by("at", "id").values_list("act", flat=True)
    ) == [
        "accounts.link",
        "accounts.unlink",
    ]
    fourth = Client()
    through(fourth)
    assert fourth.get("/en/account").status_code == 302


def test_linking_ends_with_the_session(linked: str, client: Client, make: Any) -> None:
    clerk = make("clerk")
    client.post("/en/sign-in", {"username": "test-clerk", "password": clerk.password})
    goal = urlsplit(at_provider(start(client, link="1"), "dara"))
    session = client.session
    for key in ("_auth_user_id", "_auth_user_hash", "appointment"):
        session.pop(key)
    session.save()
    assert client.get(f"{goal.path}?{goal.query}")["Location"] == "/en/sign-in"
    assert not SocialAccount.objects.exists()


def test_the_second_factor_is_asked_for_all_the_same(
    linked: str, client: Client, make: Any, by: Any, app: Any
) -> None:
    clerk = make("clerk")
    provider.link(by=by, user=clerk.id, subject=provider.subject_here("dara"))
    app(clerk)
    assert through(client)["Location"] == "/en/sign-in/factor"
    assert client.get("/en/account").status_code == 302


def test_a_closed_account_and_one_without_a_post_stay_shut(
    linked: str, client: Client, make: Any, by: Any
) -> None:
    from datetime import timedelta

    from sala.accounts import actions
    from sala.kit import clock
    from sala.offices import actions as offices

    clerk, desk = make("clerk"), make("front_desk_officer")
    provider.link(by=by, user=clerk.id, subject=provider.subject_here("dara"))
    provider.link(by=by, user=desk.id, subject=provider.subject_here("sokha"))
    actions.close_account(by=by, user=clerk.id)
    offices.end_appointment(by=by, appointment=desk.appointment.pk, end=clock.today() - timedelta(days=1))
    for name, words in (("dara", "No account here"), ("sokha", "You hold no post")):
        assert through(client, name)["Location"] == "/en/sign-in"
        assert words in said(client)
        assert client.get("/en/account").status_code == 302


def test_a_foreign_state_or_none_is_refused(linked: str, client: Client, make: Any, by: Any) -> None:
    provider.link(by=by, user=make("clerk").id, subject=provider.subject_here("dara"))
    goal = urlsplit(at_provider(start(client), "dara"))
    thief = Client()  # somebody else's browser is led to the answer
    assert thief.get(f"{goal.path}?{goal.query}")["Location"] == "/km/sign-in"
    assert thief.get("/en/account").status_code == 302
    code = parse_qs(goal.query)["code"][0]
    for query in (
        f"code={code}",
        f"code={code}&state=wrong",
        f"state={parse_qs(goal.query)['state'][0]}",
        "",
    ):
        other = Client()
        start(other)
        assert other.get(f"/sign-in/back?{query}")["Location"] == "/en/sign-in"
        assert "did not confirm" in said(other)
        assert other.get("/en/account").status_code == 302


def test_cancelling_there_leads_back_to_the_page(linked: str, client: Client) -> None:
    state = parse_qs(urlsplit(start(client)).query)["state"][0]
    answer = client.get(f"/sign-in/back?error=access_denied&state={state}")
    assert answer["Location"] == "/en/sign-in" and "did not confirm" in said(client)


def _claims(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def _tampered(token: str) -> str:
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["sub"] = "sokha"
    new = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"{head}.{new}.{signature}"


def _unsigned(token: str) -> str:
    return jwt.encode(
        _claims(token), None, algorithm="none", headers={"kid": jwt.get_unverified_header(token)["kid"]}
    )


def _own_key(token: str) -> str:
    kid = jwt.get_unverified_header(token)["kid"]
    return jwt.encode(
        _claims(token), "a key of the attacker, long enough", algorithm="HS256", headers={"kid": kid}
    )


@pytest.mark.parametrize("forge", [_tampered, _unsigned, _own_key, lambda token: "", lambda token: "a.b.c"])
def test_a_forged_id_token_is_refused(
    linked: str, client: Client, make: Any, by: Any, monkeypatch: pytest.MonkeyPatch, forge: Any
) -> None:
    for name, post in (("dara", "clerk"), ("sokha", "front_desk_officer")):
        provider.link(by=by, user=make(post).id, subject=provider.subject_here(name))
    ask = OAuth2Client.get_access_token

    def forged(self: Any, *args: Any, **kwargs: Any) -> Any:
        answer = ask(self, *args, **kwargs)
        return {**answer, "id_token": forge(answer["id_token"])}

    monkeypatch.setattr(OAuth2Client, "get_access_token", forged)
    assert through(client)["Location"] == "/en/sign-in"
    assert "did not confirm" in said(client)
    assert client.get("/en/account").status_code == 302


def test_an_id_token_for_another_sign_in_is_refused(linked: str, client: Client, make: Any, by: Any) -> None:
    provider.link(by=by, user=make("clerk").id, subject=provider.subject_here("dara"))
    asked = start(client)
    nonce = parse_qs(urlsplit(asked).query)["nonce"][0]
    goal = urlsplit(at_provider(asked.replace(nonce, "0" * 32), "dara"))
    assert client.get(f"{goal.path}?{goal.query}")["Location"] == "/en/sign-in"
    assert "did not confirm" in said(client)


def test_a_provider_that_speaks_for_another_issuer_is_refused(
    linked: str, client: Client, settings: Any
) -> None:
    settings.OIDC_ISSUER = "https://id.example.org"
    assert client.get("/en/sign-in/provider")["Location"] == "/en/sign-in"
    assert "did not confirm" in said(client)


def test_another_audience_is_refused(linked: str, client: Client, make: Any, by: Any, settings: Any) -> None:
    """A token the provider made for another client does not open Sala."""
    provider.link(by=by, user=make("clerk").id, subject=provider.subject_here("dara"))
    goal = urlsplit(at_provider(start(client), "dara"))
    client_id = provider.Adapter.complete_login

    def other(self: Any, request: Any, app: Any, token: Any, **kwargs: Any) -> Any:
        app.client_id = "another"
        return client_id(self, request, app, token, **kwargs)

    provider.Adapter.complete_login = other  # type: ignore[method-assign]
    try:
        assert client.get(f"{goal.path}?{goal.query}")["Location"] == "/en/sign-in"
    finally:
        provider.Adapter.complete_login = client_id  # type: ignore[method-assign]
    assert client.get("/en/account").status_code == 302


def test_a_provider_that_is_away_or_hangs_costs_five_seconds_at_most(
    linked: str, client: Client, settings: Any
) -> None:
    import socket

    settings.SOCIALACCOUNT_REQUESTS_TIMEOUT = 0.3
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"] = address
        began = time.monotonic()
        assert client.get("/en/sign-in/provider")["Location"] == "/en/sign-in"
        assert time.monotonic() - began < 5
    assert "does not answer just now" in said(client)
    assert client.get("/en/sign-in/provider").status_code == 302  # refused now
    assert "does not answer just now" in said(client)
    assert django_settings.SOCIALACCOUNT_REQUESTS_TIMEOUT == 0.3


def test_who_may_link_and_what(make: Any, by: Any) -> None:
    clerk, desk = make("clerk"), make("front_desk_officer")
    with pytest.raises(Refused):
        provider.link(by=desk.acting, user=clerk.id, subject="issuer somebody")
    with pytest.raises(Invalid):
        provider.link(by=by, user=clerk.id, subject=" x ")
    row = provider.link(by=by, user=clerk.id, subject="issuer somebody")
    with pytest.raises(NotFound):
        provider.unlink(by=by, user=desk.id, link=row.pk)
    assert dict(queries.link_snapshots()) == {
        str(row.pk): {"user": str(clerk.id), "provider": "oidc", "subject": "issuer somebody"}
    }
    provider.unlink(by=by, user=clerk.id, link=row.pk)
