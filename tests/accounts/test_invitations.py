"""Nobody knows another one's password: an invitation lets its holder choose it, once, until its end."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from sala.accounts import actions, invitations, queries
from sala.accounts.models import Invitation, Session
from sala.kit import clock
from sala.kit.errors import Invalid, NotFound, NotPossible, Refused
from sala.ledger.models import Entry
from sala.offices import actions as offices
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db
NEW = "ពាក្យសម្ងាត់ថ្មី ដែលខ្ញុំជ្រើស"


def acts() -> list[str]:
    rows = Entry.objects.filter(kind=queries.INVITATION).order_by("at", "id")
    return list(rows.values_list("act", flat=True))


def test_an_administrator_opens_an_account_without_a_password(make: Any, by: Any) -> None:
    admin, clerk = make("administrator", "gda"), make("clerk")
    facts = {"by": admin.acting, "person": clerk.person, "username": "invited"}
    with pytest.raises(Refused, match="Nobody chooses another"):
        actions.open_account(**facts, password=NEW)
    user = actions.open_account(**facts)
    assert not user.has_usable_password()
    for password in ("", "!", NEW):
        answer = Client().post("/en/sign-in", {"username": "invited", "password": password})
        assert answer.status_code in (401, 422)
    code, row = invitations.invite(by=admin.acting, user=user.pk)
    assert code not in str(Invitation.objects.values_list()) and queries.open_invitation(user.pk) == row
    assert dict(queries.invitation_snapshots())[str(row.pk)]["used"] is False
    answer = Client().post("/en/invitation", {"code": code.lower().replace("-", " "), "password": NEW})
    assert answer.status_code == 302 and answer["Location"] == "/en/sign-in"
    assert Client().post("/en/sign-in", {"username": "invited", "password": NEW}).status_code == 302
    assert acts() == ["accounts.invite", "accounts.choose"]
    own = Entry.objects.get(kind=queries.ACCOUNT, subject=str(user.pk), act="accounts.password")
    assert own.post == str(clerk.appointment.pk)  # chosen by herself


def test_choosing_ends_sessions_and_tokens(make: Any, by: Any, enter: Any) -> None:
    clerk = make("clerk")
    client = enter(clerk)
    text, _ = actions.issue_token(by=by, user=clerk.user, appointment=clerk.appointment, days=3)
    code, _ = invitations.invite(by=by, user=clerk.id)
    assert client.get("/en/account").status_code == 200  # a reset by mistake locks nobody out
    invitations.choose(code=code, password=NEW)
    assert client.get("/en/account").status_code == 302 and queries.by_token(text) is None
    assert not Session.objects.filter(user=clerk.user).exists()
    assert Client().post("/en/sign-in", {"username": "test-clerk", "password": PASSWORD}).status_code == 401


def test_it_opens_once_until_its_end_and_only_the_newest(make: Any, by: Any, time_machine: Any) -> None:
    clerk = make("clerk")
    first, _ = invitations.invite(by=by, user=clerk.id)
    second, row = invitations.invite(by=by, user=clerk.id)
    for code in (first, "", "x" * 64, second[:-1], "AAAAA-" * 5):
        with pytest.raises(Invalid) as problem:
            invitations.choose(code=code, password=NEW)
        assert problem.value.errors[0].field == "code"
    start = clock.now()
    time_machine.move_to(start + timedelta(days=3, seconds=1))
    with pytest.raises(Invalid):
        invitations.choose(code=second, password=NEW)
    assert queries.open_invitation(clerk.id) is None
    time_machine.move_to(start + timedelta(days=2))
    with pytest.raises(Invalid) as problem:
        invitations.choose(code=second, password="short")
    assert problem.value.errors[0].field == "password"
    assert invitations.choose(code=second, password=NEW) == clerk.user
    with pytest.raises(Invalid):
        invitations.choose(code=second, password=NEW)
    row.refresh_from_db()
    assert row.used is not None


def test_the_page_says_the_same_of_every_code_that_opens_nothing(make: Any, by: Any, client: Client) -> None:
    clerk = make("clerk")
    used, _ = invitations.invite(by=by, user=clerk.id)
    invitations.choose(code=used, password=NEW)

    def seen(code: str) -> tuple[int, str]:
        answer = client.post("/en/invitation", {"code": code, "password": NEW})
        return answer.status_code, re.sub(r'value="[^"]*"', "", answer.content.decode().split("<main")[1])

    assert seen(used) == seen("AAAAA-AAAAA-AAAAA-AAAAA-AAAAA") and seen(used)[0] == 422
    assert f'value="{used}"' in client.get(f"/en/invitation?code={used}").content.decode()
    assert "Enter the code" in client.post("/en/invitation", {"password": NEW}).content.decode()


def test_a_closed_account_or_a_post_that_ended_is_not_invited_in(make: Any, by: Any) -> None:
    clerk, desk = make("clerk"), make("front_desk_officer")
    code, row = invitations.invite(by=by, user=clerk.id)
    actions.close_account(by=by, user=clerk.id)
    row.refresh_from_db()
    assert row.revoked is not None and acts()[-1] == "accounts.uninvite"
    with pytest.raises(Invalid):
        invitations.choose(code=code, password=NEW)
    with pytest.raises(NotPossible):
        invitations.invite(by=by, user=clerk.id)
    with pytest.raises(NotFound):
        invitations.invite(by=by, user=uuid4())
    with pytest.raises(ValueError):
        invitations.invite(by=by, user=desk.id, days=15)
    with pytest.raises(Refused):
        invitations.invite(by=desk.acting, user=desk.id)
    code, _ = invitations.invite(by=by, user=desk.id)
    offices.end_appointment(by=by, appointment=desk.appointment.pk, end=clock.today() - timedelta(days=1))
    with pytest.raises(Invalid, match="hold no post"):
        invitations.choose(code=code, password=NEW)


def test_changing_the_password_ends_an_open_invitation(make: Any, by: Any, enter: Any) -> None:
    clerk = make("clerk")
    client = enter(clerk)
    invitations.invite(by=by, user=clerk.id)
    client.post("/en/account", {"step": "password", "old": PASSWORD, "new": NEW})
    assert queries.open_invitation(clerk.id) is None


def test_nothing_is_kept_when_the_ledger_fails(make: Any, by: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk = make("clerk")
    code, row = invitations.invite(by=by, user=clerk.id)

    def fail(**_: Any) -> None:
        raise RuntimeError("no ledger")

    monkeypatch.setattr("sala.accounts.actions.ledger.record", fail)
    with pytest.raises(RuntimeError):
        invitations.choose(code=code, password=NEW)
    with pytest.raises(RuntimeError):
        invitations.invite(by=by, user=clerk.id)
    clerk.user.refresh_from_db()
    row.refresh_from_db()
    assert clerk.user.check_password(PASSWORD) and row.used is None and row.revoked is None


def test_invitations_of_long_ago_are_cleared(make: Any, by: Any) -> None:
    clerk = make("clerk")
    invitations.invite(by=by, user=clerk.id)
    assert actions.clear_expired(clock.now() + timedelta(days=400)) == 1
    assert not Invitation.objects.exists() and acts()[-1] == "accounts.uninvite"
