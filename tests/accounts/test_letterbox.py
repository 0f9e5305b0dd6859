"""Who is written to about work, by whose choice, and what stays of an address."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from sala.accounts import actions, letterbox, queries
from sala.accounts.letterbox import Letterbox
from sala.accounts.models import User
from sala.kit.errors import Invalid, NotFound, Refused
from sala.ledger import row_check
from sala.ledger.models import Entry, Salt

pytestmark = pytest.mark.django_db
ADDRESS = "dara@example.com"


def kept(made: Any, by: Any, **facts: Any) -> Any:
    said = {"email": ADDRESS, "language": "en", "notified": True, **facts}
    return letterbox.keep(by=by, user=made.id, **said)


def entries(made: Any) -> list[str]:
    rows = Entry.objects.filter(kind=queries.ACCOUNT, subject=str(made.id)).order_by("at", "id")
    return list(rows.values_list("act", flat=True))


def own(made: Any) -> Any:
    """Her post, with her own account behind it."""
    return replace(made.acting, user=made.id)


def test_who_chose_it_is_written_to(make: Any, by: Any) -> None:
    clerk, desk, chief = make("clerk"), make("front_desk_officer"), make("commune_chief")
    people = [each.person.pk for each in (clerk, desk, chief)]
    assert letterbox.of(people) == {}
    kept(clerk, own(clerk), email=f" {ADDRESS} ")
    kept(desk, own(desk), notified=False)
    kept(chief, by, email="chief@example.com", language="km")
    assert letterbox.of(people) == {
        clerk.person.pk: Letterbox(ADDRESS, "en"),
        chief.person.pk: Letterbox("chief@example.com", "km"),
    }
    actions.close_account(by=by, user=chief.id)
    assert list(letterbox.of(people)) == [clerk.person.pk]
    chief.user.refresh_from_db()
    assert chief.user.email == ""


def test_what_the_ledger_holds_of_an_address_goes_with_it(make: Any, by: Any) -> None:
    clerk = make("clerk")
    first = queries.account_content(clerk.user)
    assert set(first) == {
        "username",
        "person",
        "active",
    }  # accounts without an address read as they always did
    kept(clerk, own(clerk))
    assert entries(clerk) == ["accounts.open", "accounts.email"]
    kept(clerk, own(clerk))  # nothing new
    assert entries(clerk) == ["accounts.open", "accounts.email"]
    assert dict(queries.account_snapshots())[str(clerk.id)]["email"] == ADDRESS
    kept(clerk, own(clerk), email="")
    assert entries(clerk)[2:] == ["ledger.forget", "accounts.email"]
    assert dict(queries.account_snapshots())[str(clerk.id)] == first
    with_salt = Salt.objects.filter(entry__kind=queries.ACCOUNT, entry__subject=str(clerk.id))
    assert sorted(with_salt.values_list("entry__act", flat=True)) == ["accounts.email", "ledger.forget"]
    clerk.user.refresh_from_db()
    assert (clerk.user.email, clerk.user.language, clerk.user.notified) == letterbox.NONE
    faults = [(found.fault, found.subject) for found in row_check.check_rows(row_check.Rows())]
    assert str(clerk.id) not in {subject for _fault, subject in faults}
    User.objects.filter(pk=clerk.id).update(email="forged@example.com")
    faults = [(found.fault, found.subject) for found in row_check.check_rows(row_check.Rows())]
    assert str(clerk.id) in {subject for _fault, subject in faults}


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"email": "dara"}, "email"),
        ({"email": "a@b.example" * 30}, "email"),
        ({"language": "xx"}, "language"),
    ],
)
def test_what_is_no_address(make: Any, facts: dict[str, str], field: str) -> None:
    clerk = make("clerk")
    with pytest.raises(Invalid) as problem:
        kept(clerk, own(clerk), **facts)
    assert [error.field for error in problem.value.errors] == [field]
    clerk.user.refresh_from_db()
    assert clerk.user.email == ""


def test_another_ones_address_is_for_who_keeps_accounts(make: Any, by: Any) -> None:
    clerk, desk = make("clerk"), make("front_desk_officer")
    with pytest.raises(Refused):
        kept(clerk, own(desk))
    with pytest.raises(NotFound):
        letterbox.keep(by=by, user=uuid4(), email="", language="km", notified=True)


def test_without_ledger_no_address_is_kept(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk = make("clerk")

    def fails(**_: object) -> None:
        raise RuntimeError("ledger")

    monkeypatch.setattr("sala.ledger.actions.record", fails)
    with pytest.raises(RuntimeError):
        kept(clerk, own(clerk))
    clerk.user.refresh_from_db()
    assert clerk.user.email == ""


def test_on_the_page_of_ones_own_account(make: Any, enter: Any) -> None:
    clerk = make("clerk")
    inside: Client = enter(clerk)
    said = {"step": "email", "email": "dara at home", "language": "en"}
    answer = inside.post("/en/account", said)
    page = answer.content.decode()
    assert answer.status_code == 422 and "name@example.com" in page and 'value="dara at home"' in page
    assert "checked" not in page.partition('name="notified"')[2][:40]  # what was chosen is kept too
    assert inside.post("/en/account", {**said, "email": ADDRESS, "notified": "on"}).status_code == 302
    page = inside.get("/en/account").content.decode()
    assert f'value="{ADDRESS}"' in page and "Saved." in page
    assert letterbox.of([clerk.person.pk]) == {clerk.person.pk: Letterbox(ADDRESS, "en")}
    assert inside.post("/en/account", {**said, "language": "xx"}).status_code == 422


def test_on_the_page_of_who_keeps_accounts(make: Any, enter: Any) -> None:
    inside: Client = enter(make("administrator", "gda"))
    clerk = make("clerk")
    page = f"/en/accounts/{clerk.person.pk}"
    assert inside.post(page, {"step": "email", "email": "no", "language": "km"}).status_code == 422
    said = {"step": "email", "email": ADDRESS, "language": "km", "notified": "on"}
    assert inside.post(page, said).status_code == 302
    assert f'value="{ADDRESS}"' in inside.get(page).content.decode()
    assert letterbox.of([clerk.person.pk]) == {clerk.person.pk: Letterbox(ADDRESS, "km")}
