"""Accounts, passwords, tokens: what they check, what they leave, and that nothing is half done."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from sala.accounts import actions, queries
from sala.accounts.acting import RESIDENT
from sala.accounts.models import Session, Token, User
from sala.kit import clock
from sala.kit.errors import Invalid, NotFound, NotPossible, NotSignedIn, Refused
from sala.ledger import registry, row_check
from sala.ledger.models import Entry
from sala.offices import actions as offices
from sala.offices.models import Person

pytestmark = pytest.mark.django_db


def test_an_account_opens_nothing_but_what_the_post_does(make: Any) -> None:
    clerk = make("clerk")
    assert queries.user("test-clerk") == clerk.user
    assert clerk.user.check_password(clerk.password) and clerk.password not in clerk.user.password
    assert Entry.objects.get(kind=queries.ACCOUNT, subject=str(clerk.id)).act == "accounts.open"
    assert dict(queries.account_snapshots())[str(clerk.id)] == {
        "username": "test-clerk",
        "person": str(clerk.person.pk),
        "active": True,
    }
    assert "window.take" in clerk.acting.grants


@pytest.mark.parametrize(
    ("password", "good"),
    [
        ("short7!", False),
        ("password", False),
        ("test-clerk", False),
        ("x" * 257, False),
        ("ទឹកល្អក់ស្អាត", True),
        ("correct horse battery staple", True),
        ("វ" * 200, True),
        ("        a spaced phrase   ", True),
    ],
)
def test_which_passwords_are_fit(by: Any, make: Any, password: str, good: bool) -> None:
    person = make("clerk", name="other").person
    facts = {"by": by, "person": person, "username": "test-clerk", "password": password}
    if good:
        assert actions.open_account(**facts).check_password(password)
    else:
        with pytest.raises(Invalid) as problem:
            actions.open_account(**facts)
        assert problem.value.errors[0].field == "password"


@pytest.mark.parametrize("name", ["", "a", "n" * 65, "test-clerk"])
def test_which_names_are_taken_or_unfit(by: Any, make: Any, name: str) -> None:
    clerk = make("clerk")
    with pytest.raises(Invalid) as problem:
        actions.open_account(by=by, person=clerk.person, username=name, password=clerk.password)
    assert problem.value.errors[0].field == "username"


def test_only_who_may_opens_an_account(make: Any, accounts: Any) -> None:
    clerk = make("clerk")
    facts = {"person": clerk.person, "username": "another", "password": clerk.password}
    with pytest.raises(NotSignedIn):
        actions.open_account(by=RESIDENT, **facts)
    with pytest.raises(Refused):
        actions.open_account(by=clerk.acting, **facts)
    person = Person.objects.create(family_km="ក", given_km="ខ", family_en="A", given_en="B")
    with pytest.raises(NotSignedIn):  # without a post it stands nowhere
        actions.open_account(by=RESIDENT, person=person, username="no-post", password=clerk.password)


def test_nothing_is_kept_when_the_ledger_fails(by: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk = make("clerk")
    _, token = actions.issue_token(by=by, user=clerk.user, appointment=clerk.appointment, days=1)
    counts = [model.objects.count() for model in (User, Token, Session, Entry)]

    def fail(**_: Any) -> None:
        raise RuntimeError("no ledger")

    monkeypatch.setattr("sala.accounts.actions.ledger.record", fail)
    steps = [
        lambda: actions.open_account(by=by, person=clerk.person, username="second", password=clerk.password),
        lambda: actions.close_account(by=by, user=clerk.id),
        lambda: actions.issue_token(by=by, user=clerk.user, appointment=clerk.appointment, days=1),
        lambda: actions.revoke_token(by=by, user=clerk.id, token=token.pk),
    ]
    for step in steps:
        with pytest.raises(RuntimeError):
            step()
    assert [model.objects.count() for model in (User, Token, Session, Entry)] == counts
    assert User.objects.get(pk=clerk.id).is_active
    assert Token.objects.get(pk=token.pk).revoked is None


def test_a_closed_account_opens_nothing(by: Any, make: Any, client: Any) -> None:
    clerk = make("clerk")
    client.post("/en/sign-in", {"username": "test-clerk", "password": clerk.password})
    text, _ = actions.issue_token(by=by, user=clerk.user, appointment=clerk.appointment, days=2)
    assert client.get("/en/account").status_code == 200
    with pytest.raises(Refused):
        actions.close_account(by=clerk.acting, user=clerk.id)
    actions.close_account(by=by, user=clerk.id)
    assert queries.by_token(text) is None
    assert client.get("/en/account").status_code == 302
    assert (
        client.post("/en/sign-in", {"username": "test-clerk", "password": clerk.password}).status_code == 401
    )
    with pytest.raises(NotFound):
        actions.close_account(by=by, user=uuid4())
    lone = User.objects.create_user("lone", "no person at all")
    actions.close_account(by=by, user=lone.pk)


def test_a_token_is_shown_once_and_dies_four_ways(by: Any, make: Any, time_machine: Any) -> None:
    clerk = make("clerk")

    def fresh() -> tuple[str, Token]:
        return actions.issue_token(
            by=by, user=clerk.user, appointment=clerk.appointment, days=2, label="script"
        )

    text, row = fresh()
    assert text not in str(Token.objects.filter(pk=row.pk).values())
    found = queries.by_token(text)
    assert found is not None and found[0].post == str(clerk.appointment.pk) and found[1] == clerk.user
    assert queries.by_token(text + "x") is None and queries.by_token("") is None
    assert [token.pk for token in queries.tokens_of(clerk.id)] == [row.pk]

    actions.revoke_token(by=clerk.acting, user=clerk.id, token=row.pk)
    actions.revoke_token(by=clerk.acting, user=clerk.id, token=row.pk)  # again is no fault
    assert queries.by_token(text) is None
    with pytest.raises(NotFound):
        actions.revoke_token(by=clerk.acting, user=uuid4(), token=row.pk)

    text, _ = fresh()
    start = clock.now()
    time_machine.move_to(start + timedelta(days=2, seconds=1))
    assert queries.by_token(text) is None
    time_machine.move_to(start)
    assert queries.by_token(text) is not None
    offices.end_appointment(by=by, appointment=clerk.appointment.pk, end=clock.today() - timedelta(days=1))
    assert queries.by_token(text) is None


def test_a_token_is_for_ones_own_post_and_bounded(by: Any, make: Any) -> None:
    clerk, other = make("clerk"), make("front_desk_officer")
    with pytest.raises(NotPossible):
        actions.issue_token(by=by, user=clerk.user, appointment=other.appointment)
    with pytest.raises(ValueError):
        actions.issue_token(by=by, user=clerk.user, appointment=clerk.appointment, days=400)
    _, row = actions.issue_token(by=by, user=clerk.user, appointment=clerk.appointment)
    assert row.by_password and row.expires - clock.now() <= timedelta(hours=8)


def test_the_ledger_knows_how_every_token_ended(
    by: Any, make: Any, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = {kind: registry._kinds[kind] for kind in (queries.ACCOUNT, queries.TOKEN)}
    monkeypatch.setattr(registry, "_kinds", kinds)

    def faults() -> list[tuple[str, str]]:
        return [(finding.fault, finding.subject) for finding in row_check.check_rows(row_check.Rows())]

    def acts(token: Token) -> list[str]:
        found = Entry.objects.filter(kind=queries.TOKEN, subject=str(token.pk)).order_by("at", "id")
        return list(found.values_list("act", flat=True))

    clerk, chief = make("clerk"), make("front_desk_officer")
    first, second, third = (
        actions.issue_token(by=by, user=who.user, appointment=who.appointment, days=2)[1]
        for who in (clerk, chief, chief)
    )
    client.post("/en/sign-in", {"username": "test-clerk", "password": clerk.password})
    change = {"step": "password", "old": clerk.password, "new": "another fit password"}
    assert client.post("/en/account", change).status_code == 302
    actions.revoke_token(by=chief.acting, user=chief.id, token=second.pk)
    actions.close_account(by=by, user=chief.id)
    assert [acts(token) for token in (first, second, third)] == [["accounts.token", "accounts.revoke"]] * 3
    assert faults() == []
    Token.objects.filter(pk=second.pk).update(revoked=None)
    assert faults() == [("row-changed", str(second.pk))]
    assert actions.clear_expired(clock.now() + timedelta(days=400)) >= 3
    assert acts(first)[-1] == "accounts.clear" and faults() == []


def test_who_acts_at_a_simulated_day(make: Any) -> None:
    clerk = make("clerk")
    assert queries.acting_as(clerk.appointment.pk, clerk.appointment.start) is not None
    assert queries.acting_as(clerk.appointment.pk, clerk.appointment.start - timedelta(days=1)) is None
    assert queries.acting_as(uuid4()) is None


def test_what_has_ended_is_cleared(by: Any, make: Any, client: Any, time_machine: Any) -> None:
    clerk = make("clerk")
    client.post("/en/sign-in", {"username": "test-clerk", "password": clerk.password})
    actions.issue_token(by=by, user=clerk.user, appointment=clerk.appointment, days=1)
    assert actions.clear_expired() == 0
    assert actions.clear_expired(clock.now() + timedelta(hours=9)) == 1
    assert actions.clear_expired(clock.now() + timedelta(days=400)) == 1


def test_without_a_post_there_is_nobody_to_act(make: Any) -> None:
    lone = User.objects.create_user("lone", "no person at all")
    with pytest.raises(NotSignedIn):
        actions.posts_today(lone)


def test_a_password_that_was_drawn_needs_no_look(by: Any, make: Any) -> None:
    clerk = make("clerk")
    user = actions.open_account(
        by=by, person=clerk.person, username="drawn", password="password", check=False
    )
    assert user.check_password("password")
    user.set_password(None)
    assert not user.check_password("") and not user.check_password(None)


def test_a_post_without_an_account_has_no_page_of_its_own(make: Any) -> None:
    with pytest.raises(NotSignedIn):
        _ = make("clerk").acting.user_id


def test_nobody_signs_up(rf: Any) -> None:
    from allauth.account.adapter import get_adapter
    from allauth.socialaccount.adapter import get_adapter as get_social_adapter

    assert get_adapter().is_open_for_signup(rf.get("/")) is False
    assert get_social_adapter().is_open_for_signup(rf.get("/"), None) is False


def test_the_session_table_names_its_store() -> None:
    from sala.accounts.sessions import SessionStore

    assert Session.get_session_store_class() is SessionStore
