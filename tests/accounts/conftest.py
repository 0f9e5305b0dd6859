"""An account of one's own for each test: a clerk of a commune where nobody else holds a post."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from django.core.cache import cache

from sala.accounts import actions, queries
from sala.accounts.acting import Post, System, system
from sala.accounts.models import User
from sala.offices import actions as offices
from sala.offices import queries as found

PASSWORD = "ទឹកល្អក់ ស្អាត ជារៀងរាល់ថ្ងៃ"
HALL = "commune-hall-020802"


@dataclass
class Made:
    """Somebody with an account."""

    user: User
    person: Any
    appointment: Any
    password: str = PASSWORD

    @property
    def acting(self) -> Post:
        post = queries.acting_as(self.appointment.pk)
        assert post is not None
        return post

    @property
    def id(self) -> UUID:
        return self.user.pk


@pytest.fixture
def by() -> System:
    return system("test")


@pytest.fixture
def make(db: None, by: System) -> Any:
    """``make("clerk")`` appoints a new person to the post (in a quiet commune) and opens an account ``test-clerk``."""

    def made(
        post: str, office: str = HALL, start: date = date(2020, 1, 1), end: date | None = None, name: str = ""
    ) -> Made:
        person = offices.register_person(
            by=by, family_km="តេស្ត", given_km="ដារ៉ា", family_latin="Test", given_latin="Dara"
        )
        at = found.office_by_code(office)
        assert at is not None
        row = offices.appoint(
            by=by,
            person=person,
            post=post,
            office=at,
            start=start,
            end=end,
            instrument=offices.Paper("prakas", "១២"),
        )
        user = actions.open_account(by=by, person=person, username=name or f"test-{post}", password=PASSWORD)
        return Made(user, person, row)

    return made


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()
    queries.forget_grants()


def shown_code(user: Any, ahead: int = 0) -> str:
    """What the user's app shows now (``ahead``: some half minutes later)."""
    from allauth.mfa.models import Authenticator
    from allauth.mfa.totp.internal import auth
    from allauth.mfa.utils import decrypt

    row = Authenticator.objects.get(user=user, type="totp")
    counter = list(auth.yield_hotp_counters_from_time())[1] + ahead
    return auth.format_hotp_value(auth.hotp_value(decrypt(row.data["secret"]), counter))


@pytest.fixture
def app(db: None) -> Any:
    """``app(made)`` gives the account an app and recovery codes, as if set up before; returns the codes."""
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from allauth.mfa.totp.internal import auth

    def given(made: Made) -> list[str]:
        auth.TOTP.activate(made.user, auth.generate_totp_secret())
        return list(RecoveryCodes.activate(made.user).generate_codes())

    return given


@pytest.fixture
def serious(monkeypatch: pytest.MonkeyPatch) -> None:
    """No demonstration: second factors are demanded."""
    monkeypatch.setattr("sala.accounts.queries.is_demonstration", lambda: False)


@pytest.fixture
def enter(db: None) -> Any:
    """``enter(made)`` signs in on the page, with the app's code where there is one; a client."""
    from django.test import Client

    def entered(made: Made, client: Any = None, **more: str) -> Any:
        client = client or Client()
        facts = {"username": made.user.username, "password": made.password, **more}
        answer = client.post("/en/sign-in", facts)
        assert answer.status_code == 302, answer.content.decode()[:2000]
        if answer["Location"] == "/en/sign-in/factor":
            answer = client.post("/en/sign-in/factor", {"code": shown_code(made.user)})
            assert answer.status_code == 302, answer.content.decode()[:2000]
        return client

    return entered
