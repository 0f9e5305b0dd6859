"""Before what can't be undone one says again who one is, unless one has just signed in; and what was typed is kept."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from django.test import Client

from sala.accounts import actions, queries, verbs
from sala.accounts.models import Token
from sala.kit import clock
from sala.offices import queries as offices
from tests.accounts.conftest import PASSWORD, Made, shown_code

pytestmark = pytest.mark.django_db
AGAIN = "/en/sign-in/again"


@pytest.fixture
def keeper(make: Any) -> Made:
    made: Made = make("administrator", "gda")
    return made


@pytest.fixture
def stale(enter: Any, keeper: Made, time_machine: Any) -> Client:
    """An administrator who signed in eleven minutes ago."""
    client: Client = enter(keeper)
    time_machine.move_to(clock.now() + timedelta(minutes=11))
    return client


def test_which_acts_ask_for_it() -> None:
    asked = {str(verb) for room in verbs.rooms().values() for verb in room if verbs.needs_recent(verb)}
    assert asked == {"accounts.open", "offices.appoint", "window.erase"}


def test_who_has_just_signed_in_is_not_asked(enter: Any, keeper: Made, make: Any) -> None:
    clerk = make("clerk")
    answer = enter(keeper).post(f"/en/accounts/{clerk.person.pk}", {"step": "close"})
    assert answer["Location"] == f"/en/accounts/{clerk.person.pk}"


def test_the_act_goes_on_with_what_was_typed(stale: Client, make: Any) -> None:
    clerk = make("clerk")
    page = f"/en/accounts/{clerk.person.pk}?end={clerk.appointment.pk}"
    assert stale.get(page).status_code == 200  # looking is not asked for
    last = clock.today() + timedelta(days=2)
    typed = {
        "step": "end",
        "appointment": str(clerk.appointment.pk),
        "reason": "លាលែង",
        "end_day": str(last.day),
        "end_month": str(last.month),
        "end_year": str(last.year),
    }
    answer = stale.post(page, typed)
    assert answer.status_code == 302 and answer["Location"].startswith(f"{AGAIN}?next=")
    text = stale.get(answer["Location"]).content.decode()
    assert "Who are you?" in text and 'name="password"' in text
    assert stale.post(answer["Location"], {"again": "1", "next": page, "password": ""}).status_code == 422
    assert (
        stale.post(answer["Location"], {"again": "1", "next": page, "password": "wrong one"}).status_code
        == 401
    )
    row = offices.appointment(clerk.appointment.pk)
    assert row is not None and row.end is None
    done = stale.post(answer["Location"], {"again": "1", "next": page, "password": PASSWORD})
    assert done.status_code == 302 and done["Location"] == f"/en/accounts/{clerk.person.pk}"
    row = offices.appointment(clerk.appointment.pk)
    assert row is not None and row.end == last and row.end_reason == "លាលែង"
    assert STATE_SESSION_KEY not in stale.session
    assert stale.post(page, {"step": "invite"}).status_code == 200  # and is not asked again at once


def test_wrong_input_shows_after_it_and_its_form_goes_to_its_own_page(stale: Client, make: Any) -> None:
    clerk = make("clerk")
    page = f"/en/accounts/{clerk.person.pk}"
    actions.close_account(by=actions.system("t"), user=clerk.id)
    answer = stale.post(page, {"step": "open", "username": "x"})
    shown = stale.post(answer["Location"], {"again": "1", "next": page, "password": PASSWORD})
    assert shown.status_code == 422 and 'value="x"' in shown.content.decode()
    corrected = stale.post(f"{AGAIN}?next={page}", {"step": "open", "username": "test-clerk-2"})
    assert corrected.status_code == 307 and corrected["Location"] == page


def test_with_a_second_factor_it_is_the_factor_that_counts(
    enter: Any, keeper: Made, app: Any, time_machine: Any
) -> None:
    app(keeper)
    client = enter(keeper)
    time_machine.move_to(clock.now() + timedelta(minutes=11))
    answer = client.get("/en/account/factors")
    assert (
        answer["Location"]
        == f"{AGAIN}?next=/en/account/factors".replace("/en/account", "%2Fen%2Faccount").replace(
            "t/f", "t%2Ff"
        )
        or AGAIN in answer["Location"]
    )
    text = client.get(answer["Location"]).content.decode()
    assert "one-time-code" in text and 'name="password"' not in text
    body = {"again": "1", "next": "/en/account/factors", "password": keeper.password}
    assert client.post(AGAIN, body).status_code == 422
    done = client.post(AGAIN, {"again": "1", "next": "/en/account/factors", "code": shown_code(keeper.user)})
    assert done["Location"] == "/en/account/factors" and client.get("/en/account/factors").status_code == 200


def test_tokens_are_made_and_sign_ins_linked_only_after_it(stale: Client, settings: Any) -> None:
    made = stale.post("/en/account", {"step": "make", "label": "x", "days": "3", "scope": "read"})
    assert made["Location"].startswith(AGAIN) and not Token.objects.exists()
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [{}]}}
    assert stale.get("/en/sign-in/provider?link=1")["Location"].startswith(AGAIN)


def test_a_program_with_a_session_is_told(stale: Client, make: Any) -> None:
    clerk = make("clerk")
    path = f"/api/v1/offices/appointments/{clerk.appointment.pk}/end"
    body = {"end": clock.today().isoformat()}
    answer = stale.post(path, body, content_type="application/json", HTTP_IF_MATCH='"1"')
    assert answer.status_code == 403 and answer.json()["type"] == "urn:sala:problem:sign-in-again"
    row = offices.appointment(clerk.appointment.pk)
    assert row is not None and row.end is None


def test_a_kept_act_is_not_done_on_another_page(stale: Client, make: Any) -> None:
    clerk = make("clerk")
    page = f"/en/accounts/{clerk.person.pk}"
    stale.post(page, {"step": "close"})
    answer = stale.post(AGAIN, {"again": "1", "next": "/en/account", "password": PASSWORD})
    assert answer["Location"] == "/en/account" and queries.account_of(clerk.person.pk) == clerk.user


def test_a_page_that_is_no_more_is_simply_gone_to(stale: Client, make: Any) -> None:
    page = f"/en/accounts/{make('clerk').person.pk}"
    stale.post(page, {"step": "close"})
    session = stale.session
    kept = session[STATE_SESSION_KEY]["request"].replace("/en/accounts/", "/xx/accounts/")
    session[STATE_SESSION_KEY] = {"request": kept}
    session.save()
    page = page.replace("/en/", "/xx/")
    answer = stale.post(AGAIN, {"again": "1", "next": page, "password": PASSWORD})
    assert answer.status_code == 302 and answer["Location"] == page


def test_who_is_not_signed_in_has_nothing_to_say_again(client: Client) -> None:
    assert client.get(AGAIN).status_code == 302
    assert client.post(AGAIN, {"again": "1", "password": PASSWORD}).status_code == 401


def test_personal_data_is_erased_only_after_it(sign_in: Any, accounts: Any, time_machine: Any) -> None:
    """In the room above, through the permission alone: no page or operation has to think of it."""
    from sala.accounts.acting import RESIDENT
    from sala.window import actions as window

    village = "12040401"
    made = window.receive(
        by=RESIDENT, service="RP-SEWER", place=village, name="A Resident", phone="+85512000999"
    )
    client = sign_in("chief120404")
    path = f"/api/v1/window/requests/{made.request.id}/erase"

    def erase() -> Any:
        version = client.get(f"/api/v1/window/requests/{made.request.id}").json()["version"]
        return client.post(path, {}, content_type="application/json", headers={"If-Match": f'"{version}"'})

    time_machine.move_to(clock.now() + timedelta(minutes=11))
    refused = erase()
    assert refused.status_code == 403 and refused.json()["type"] == "urn:sala:problem:sign-in-again"
    password = accounts["chief120404"]["password"]
    assert client.post(AGAIN, {"again": "1", "password": password}).status_code == 302
    done = erase()
    assert done.status_code != 403, done.content.decode()
