"""The pages of who keeps accounts: only in reach, every step, and what they never show."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from sala.accounts import actions, queries
from sala.accounts.models import User
from sala.kit import clock
from sala.offices.models import Appointment, Person
from tests.accounts.conftest import HALL

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(make: Any, enter: Any) -> Client:
    """An administrator's browser."""
    client: Client = enter(make("administrator", "gda"))
    return client


def page_of(made: Any) -> str:
    return f"/en/accounts/{made.person.pk}"


def code_on(answer: Any) -> str:
    assert answer.status_code == 200, re.findall(r"<li>.*</li>", answer.content.decode())
    found = re.search(r"[A-Z2-9]{5}(-[A-Z2-9]{5}){4}", answer.content.decode())
    assert found and answer.status_code == 200
    return found[0]


def test_who_keeps_no_accounts_sees_none(make: Any, enter: Any, client: Client) -> None:
    clerk = make("clerk")
    inside = enter(clerk)
    for path in ("/en/accounts", "/en/accounts/new", page_of(clerk)):
        assert inside.get(path).status_code == 403, path
        assert client.get(path).status_code == 302, path
    assert 'href="/en/accounts"' not in inside.get("/en/account").content.decode()


def test_an_offices_people_and_their_accounts(keeper: Client, make: Any, by: Any) -> None:
    clerk, desk = make("clerk"), make("front_desk_officer")
    actions.close_account(by=by, user=desk.id)
    text = keeper.get(f"/en/accounts?office={HALL}").content.decode()
    assert "test-clerk" in text and "test-front_desk" not in text and "No account" in text
    assert page_of(clerk) in text and "Appoint a person" in text
    assert "Nobody holds a post" in keeper.get("/en/accounts?office=commune-hall-010201").content.decode()
    assert "commune-hall-120404" in keeper.get("/en/accounts?q=tek laak 1").content.decode()
    assert "No office found" in keeper.get("/en/accounts?q=@@@@").content.decode()
    assert keeper.get("/en/accounts?office=none").status_code == 404
    assert keeper.get("/en/accounts").status_code == 200
    assert 'href="/en/accounts"' in keeper.get("/en/account").content.decode()


def test_an_account_is_opened_and_its_holder_invited(keeper: Client, make: Any, by: Any) -> None:
    clerk = make("clerk")
    actions.close_account(by=by, user=clerk.id)
    page = page_of(clerk)
    assert "Open an account" in keeper.get(page).content.decode()
    assert keeper.post(page, {"step": "invite"}).status_code == 404  # there is none
    assert keeper.post(page, {"step": "open", "username": ""}).status_code == 422
    taken = keeper.post(page, {"step": "open", "username": "test-clerk"})
    assert taken.status_code == 422 and "is taken" in taken.content.decode()
    code = code_on(keeper.post(page, {"step": "open", "username": "fresh"}))
    shown = keeper.get(page).content.decode()
    assert code not in shown and "not chosen yet" in shown and "open until" in shown
    assert keeper.post(page, {"step": "open", "username": "second"}).status_code == 404
    again = code_on(keeper.post(page, {"step": "invite"}))
    assert again != code
    assert Client().post("/en/invitation", {"code": code, "password": "a long new one"}).status_code == 422
    assert Client().post("/en/invitation", {"code": again, "password": "a long new one"}).status_code == 302
    assert ">chosen<" in keeper.get(page).content.decode()


def test_factors_are_taken_away_and_the_account_closed(
    keeper: Client, make: Any, app: Any, enter: Any
) -> None:
    clerk = make("clerk")
    app(clerk)
    inside = enter(clerk)
    page = page_of(clerk)
    assert "Take away the second factors" in keeper.get(page).content.decode()
    assert keeper.post(page, {"step": "factors"}).status_code == 302
    assert inside.get("/en/account").status_code == 302
    assert "Take away the second factors" not in keeper.get(page).content.decode()
    assert keeper.post(page, {"step": "close"}).status_code == 302
    assert queries.account_of(clerk.person.pk) is None
    assert keeper.post(page, {"step": "dance"}).status_code == 404


def test_an_appointment_is_ended(keeper: Client, make: Any) -> None:
    clerk = make("clerk")
    page = page_of(clerk)
    typed = {"step": "end", "appointment": str(clerk.appointment.pk), "reason": "x"}
    assert keeper.post(page, typed).status_code == 422
    text = keeper.get(f"{page}?end={clerk.appointment.pk}").content.decode()
    assert "Last day" in text and "End the appointment" in text
    day = clock.today() - timedelta(days=1)
    typed |= {"end_day": str(day.day), "end_month": str(day.month), "end_year": str(day.year)}
    assert keeper.post(page, {**typed, "appointment": str(uuid4())}).status_code == 404
    assert keeper.post(page, typed).status_code == 302
    assert "No post today" in keeper.get(page).content.decode()
    assert keeper.post(page, {**typed, "end_year": "1990"}).status_code == 422


def test_a_person_is_entered_appointed_and_invited_at_once(keeper: Client, make: Any) -> None:
    page = f"/en/accounts/new?office={HALL}"
    assert "clerk" in keeper.get(page).content.decode()
    today = clock.today()
    typed = {
        "family_km": "ឈឹម",
        "given_km": "បូរី",
        "family_latin": "Chhoem",
        "given_latin": "Borey",
        "post": "clerk",
        "start_day": str(today.day),
        "start_month": str(today.month),
        "start_year": str(today.year),
        "instrument": "prakas",
        "number": "១២",
        "username": "borey",
    }
    for name in ("family_km", "post", "instrument", "username", "start_year"):
        assert keeper.post(page, {**typed, name: ""}).status_code == 422, name
    before = Person.objects.count()
    make("front_desk_officer")
    taken = keeper.post(page, {**typed, "username": "test-front_desk_officer"})
    assert taken.status_code == 422 and "name is taken" in taken.content.decode()
    assert Person.objects.count() == before + 1  # of `make` alone: nothing half
    code = code_on(keeper.post(page, typed))
    row = Appointment.objects.get(person__given_en="Borey")
    assert row.office.code == HALL and row.start == today and row.end is None
    account = queries.user("borey")
    assert account is not None and account.person_id == row.person_id
    assert Client().post("/en/invitation", {"code": code, "password": "a long new one"}).status_code == 302
    khmer = keeper.get(f"/km/accounts/new?office={HALL}").content.decode()
    assert "ប្រកាស" in khmer


def test_the_providers_subject_is_linked(keeper: Client, make: Any, settings: Any) -> None:
    clerk = make("clerk")
    page = page_of(clerk)
    assert keeper.post(page, {"step": "link", "subject": "dara"}).status_code == 404  # no provider is set
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [{}]}}
    settings.OIDC_ISSUER = "https://id.example.org"
    assert keeper.post(page, {"step": "link", "subject": "dara"}).status_code == 302
    row = SocialAccount.objects.get()
    assert row.uid == "https://id.example.org dara" and row.uid in keeper.get(page).content.decode()
    other = make("front_desk_officer")
    taken = keeper.post(page_of(other), {"step": "link", "subject": "dara"})
    assert taken.status_code == 422 and "linked to an account already" in taken.content.decode()
    assert keeper.post(page, {"step": "unlink", "link": "x"}).status_code == 404
    assert keeper.post(page, {"step": "unlink", "link": str(row.pk)}).status_code == 302
    assert not SocialAccount.objects.exists()


def test_persons_and_offices_that_are_not_there(keeper: Client) -> None:
    assert keeper.get(f"/en/accounts/{uuid4()}").status_code == 404
    lone = Person.objects.create(family_km="ក", given_km="ខ", family_en="A", given_en="B")
    assert "No post today" in keeper.get(f"/en/accounts/{lone.pk}").content.decode()


def test_who_keeps_accounts_but_does_not_appoint(make: Any, enter: Any) -> None:
    from sala.accounts.models import Grant

    Grant.objects.filter(post_id="administrator", verb="offices.appoint").delete()
    queries.forget_grants()
    clerk = make("clerk")
    client = enter(make("administrator", "gda"))
    assert "Appoint a person" not in client.get(f"/en/accounts?office={HALL}").content.decode()
    assert client.get(f"/en/accounts/new?office={HALL}").status_code == 403
    assert "End the appointment" not in client.get(page_of(clerk)).content.decode()


def test_a_hall_keeps_its_own_accounts_where_the_pack_says_so(make: Any, enter: Any) -> None:
    from sala.accounts.models import Grant

    Grant.objects.create(
        post_id="clerk", verb="accounts.open", scope="office", sentence_km="ក", sentence_en="a",
        basis_km="ខ", basis_en="b", status="U",
    )  # fmt: skip
    queries.forget_grants()
    client = enter(make("clerk"))
    assert client.get("/en/accounts").status_code == 200
    assert client.get("/en/accounts?office=commune-hall-120404").status_code == 403
    stranger = User.objects.get(username="clerk120404")
    assert client.post(f"/en/accounts/{stranger.person_id}", {"step": "invite"}).status_code == 403
