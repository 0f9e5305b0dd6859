"""Does an answer, or its time, tell a known name from an unknown one? And who is held back after how many wrong tries?"""

import re
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessFailureLog
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import Client

from sala.accounts import actions, invitations
from sala.accounts.models import User
from sala.kit import clock
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db
TRIALS = 12
WRONG = "wrong password here"


def enter(client: Client, name: str, password: str = WRONG) -> Any:
    return client.post("/en/sign-in", {"username": name, "password": password})


def token(client: Client, name: str, password: str = WRONG) -> Any:
    body = {"username": name, "password": password}
    return client.post("/api/v1/tokens", body, content_type="application/json")


@pytest.fixture
def slow_hashes(settings: Any) -> None:
    """The hasher of a real hall, with fewer rounds: its work must still be what takes the time."""
    settings.PASSWORD_HASHERS = ["tests.accounts.test_even.Rounds"]


class Rounds(PBKDF2PasswordHasher):
    iterations = 60_000


def whole(answer: Any, name: str) -> tuple[int, str, list[str]]:
    text = answer.content.decode().replace(name, "NAME")
    text = re.sub(r'value="[^"]*"', "", text.split("<main")[-1])
    return answer.status_code, text, sorted(answer.headers)


@pytest.fixture
def people(make: Any, by: Any, app: Any, slow_hashes: None) -> dict[str, str]:
    """Names of every kind there may be: known, closed, invited and without a password, with a factor; and unknown."""
    clerk, desk, deputy, chief = (
        make(post) for post in ("clerk", "front_desk_officer", "first_deputy", "commune_chief")
    )
    actions.close_account(by=by, user=desk.id)
    deputy.user.set_password(None)
    deputy.user.save()
    invitations.invite(by=by, user=deputy.id)
    app(chief)
    return {
        "known": clerk.user.username,
        "closed": desk.user.username,
        "invited": deputy.user.username,
        "with a factor": chief.user.username,
        "unknown": "nobody-here",
        "strange": "ស្វាយ' OR 1=1",
    }


@pytest.mark.parametrize("ask", [enter, token])
def test_the_answer_is_the_same(people: dict[str, str], ask: Callable[..., Any]) -> None:
    answers = {kind: whole(ask(Client(), name), name) for kind, name in people.items()}
    assert answers["unknown"][0] == 401
    assert all(answer == answers["unknown"] for answer in answers.values())


def apart(people: dict[str, str], ask: Callable[..., Any], trials: int = TRIALS) -> tuple[float, float]:
    """CPU seconds between the slowest and the fastest kind of name (medians of interleaved tries, one of each kind a
    round), and how much that may be: a fifth of one hash, or thrice the noise.
    """
    spent: dict[str, list[float]] = {kind: [] for kind in people}
    for number in range(trials):
        for kind, name in people.items():
            client = Client(REMOTE_ADDR=f"203.0.113.{number}")
            began = time.process_time()
            assert ask(client, name).status_code == 401
            spent[kind].append(time.process_time() - began)
    medians = [statistics.median(times) for times in spent.values()]
    noise = max(
        abs(statistics.median(times[::2]) - statistics.median(times[1::2])) for times in spent.values()
    )
    began = time.process_time()
    Rounds().encode("x", "salt12345678")
    return max(medians) - min(medians), max((time.process_time() - began) * 0.2, 3 * noise)


@pytest.mark.parametrize("ask", [enter, token])
def test_the_time_is_the_same(people: dict[str, str], ask: Callable[..., Any], settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 10_000
    kinds = {kind: people[kind] for kind in ("known", "invited", "unknown")}
    found, allowed = apart(kinds, ask)
    assert found < allowed


def test_it_would_be_seen_if_unknown_names_cost_no_hash(
    people: dict[str, str], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted fault: a sign-in that looks the name up and answers at once is told apart by the same measure."""
    settings.AXES_FAILURE_LIMIT = 10_000
    right = ModelBackend.authenticate

    def hasty(self: Any, request: Any, username: Any = None, **more: Any) -> Any:
        known = User.objects.filter(username=username).exists()
        return right(self, request, username=username, **more) if known else None

    monkeypatch.setattr(ModelBackend, "authenticate", hasty)
    found, allowed = apart({kind: people[kind] for kind in ("known", "unknown")}, enter)
    assert found > allowed


# ---- who is held back -------------------------------------------------------------------------------------------------


def behind_proxy(address: str) -> Client:
    return Client(REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR=address)


def test_ten_wrong_tries_hold_back_one_name_from_one_place(
    make: Any, settings: Any, time_machine: Any
) -> None:
    """Behind a proxy, by the address it names; others of the same commune hall, and the same person elsewhere, go on."""
    settings.PROXIES = ["127.0.0.1/32"]
    make("clerk"), make("front_desk_officer")
    hall = "198.51.100.7"
    assert [enter(behind_proxy(hall), "test-clerk").status_code for _ in range(10)] == [401] * 9 + [429]
    assert enter(behind_proxy(hall), "test-clerk", PASSWORD).status_code == 429
    assert token(behind_proxy(hall), "test-clerk", PASSWORD).status_code == 429
    forged = Client(REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR=f"203.0.113.9, {hall}")
    assert (
        enter(forged, "test-clerk", PASSWORD).status_code == 429
    )  # what stands left of the proxy's word is nothing
    assert enter(behind_proxy(hall), "test-front_desk_officer", PASSWORD).status_code == 302
    assert enter(behind_proxy("198.51.100.8"), "test-clerk", PASSWORD).status_code == 302
    time_machine.move_to(clock.now() + timedelta(minutes=16))
    assert enter(behind_proxy(hall), "test-clerk", PASSWORD).status_code == 302


def test_what_is_kept_of_failures_names_no_address_and_no_password(make: Any) -> None:
    make("clerk")
    enter(Client(REMOTE_ADDR="203.0.113.77"), "test-clerk", "a secret that was mistyped")
    rows = [*AccessAttempt.objects.values(), *AccessFailureLog.objects.values()]
    assert len(rows) == 2
    assert "203.0.113.77" not in str(rows) and "mistyped" not in str(rows)


def test_trying_many_names_from_one_place_is_bounded(make: Any, settings: Any, time_machine: Any) -> None:
    """One password for many names: held back after `SIGN_IN_NAMES` names; one person's typos never count so far."""
    settings.SIGN_IN_NAMES = 8
    make("clerk"), make("front_desk_officer")
    for number in range(7):
        assert enter(Client(), f"name-{number}").status_code == 401
    for _ in range(9):
        assert enter(Client(), "test-clerk").status_code == 401  # the eighth name, however often
    assert enter(Client(), "test-front_desk_officer", PASSWORD).status_code == 429
    assert enter(Client(), "name-9")["Retry-After"] == "3600"
    assert token(Client(), "name-9").status_code == 429
    assert enter(Client(REMOTE_ADDR="203.0.113.5"), "test-front_desk_officer", PASSWORD).status_code == 302
    time_machine.move_to(clock.now() + timedelta(minutes=61))
    assert enter(Client(), "test-front_desk_officer", PASSWORD).status_code == 302
    actions.clear_expired()
    assert not AccessFailureLog.objects.exists()


def test_a_halls_own_people_are_below_the_bound(settings: Any) -> None:
    """The largest office of the demonstration has fewer people than may mistype in the same hour."""
    from sala.offices import queries as offices

    office = offices.office_by_code("commune-hall-120404")
    assert office is not None and 2 * len(offices.holders(office.pk)) <= settings.SIGN_IN_NAMES
