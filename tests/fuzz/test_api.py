"""The API against its own description, as everybody who may call it: no fault, no answer that is not described, nothing wrong taken."""

from collections.abc import Callable, Iterator
from itertools import cycle

import pytest
from django.db import transaction
from django.test import Client

from sala.kit import openapi
from sala.measures import registry
from sala.offices.models import Person
from sala.shell.api import API
from tests.fuzz import engine
from tests.fuzz.running import SECONDS, SEED, Rounds

pytestmark = pytest.mark.django_db

ROUND = 75
"""Seconds of one round in the long run: one caller, then everything is undone."""
WHO = [
    "resident",
    "clerk120404 token",
    "admin token",
    "clerk020801 token",
    "clerk120404 session",
    "admin session",
]
SHORT = ["resident", "clerk120404 session", "admin token"]


def known(
    who: str, sign_in: Callable[[str], Client], accounts: dict[str, dict[str, str]]
) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """How a caller is known (by nothing, a token, or a session with its forgery check), and the headers that go with it."""
    name, _, way = who.partition(" ")
    if not way:
        return {}, {}
    client = sign_in(name)
    if way == "token":
        secret = {"username": name, "password": accounts[name]["password"]}
        made = Client().post("/api/v1/tokens", secret, content_type="application/json")
        assert made.status_code == 201, made.content
        return {"SignedIn": {"bearer": made.json()["token"]}}, {}
    client.get("/en/account")
    check = client.cookies["sala_csrf"].value
    # The cookie of the forgery check opens nothing; it goes along as a header does.
    return {"Session": {"api_key": client.cookies["sala_session"].value}}, {
        "Cookie": f"sala_csrf={check}",
        "X-CSRFToken": check,
    }


def name_what_exists(accounts: dict[str, dict[str, str]]) -> None:
    """A password, a person and a measure are known to the test's database alone."""
    persons = [str(key) for key in Person.objects.order_by("pk").values_list("pk", flat=True)[:3]]
    engine.EXISTING["offices_appoint"]["person"] = persons
    engine.EXISTING["accounts_make_token"] = {
        "username": ["registry020801"],
        "password": [accounts["registry020801"]["password"]],
        "otp": [""],
        "scope": [[]],
        "appointment": [None],
    }
    for kind in ("", "_csv", "_xlsx"):
        engine.EXISTING[f"list_figures{kind}"] = {"measure": [one.code for one in registry.measures()]}


def short(whole: engine.Report, operations: int) -> Iterator[tuple[int, tuple[str, bool]]]:
    """A round for each of three callers, and then others by a clerk, who has most links, until a walk went along one and a
    third of the operations were answered well."""
    yield from ((1, (who, False)) for who in SHORT)
    for drawn in range(2, 8):
        if not whole.linked or len(whole.covered) <= operations / 3:
            yield drawn, ("clerk120404 session", False)


def test_the_api_is_as_described(
    sign_in: Callable[[str], Client], accounts: dict[str, dict[str, str]]
) -> None:
    operations = len(list(openapi.operations(API.get_openapi_schema(path_prefix="/api/v1/"))))
    name_what_exists(accounts)
    rounds, whole = Rounds("api"), engine.Report()
    callers = [(who, coverage) for who in WHO for coverage in (True, False)] if SECONDS else []
    rounds.random.shuffle(callers)
    for drawn, (who, coverage) in (
        zip(rounds, cycle(callers), strict=False) if SECONDS else short(whole, operations)
    ):
        with transaction.atomic():
            report = engine.run(
                *known(who, sign_in, accounts),
                seed=drawn,
                seconds=int(min(ROUND, rounds.left) + 1) if SECONDS else None,
                examples=60 if SECONDS else 2,
                coverage=coverage,
                files=bool(SECONDS),
            )
            transaction.set_rollback(True)
        whole.add(report)
        along = sum(report.linked.values())
        rounds.note(rounds=1, calls=report.calls, checks=sum(report.checks.values()), along_links=along)
        rounds.figures |= {
            "failures": len(whole.failures),
            "operations": f"{len(whole.covered)} of {operations}",
        }
        print(f"{who}, seed {drawn}, FUZZ_SEED={SEED}: {engine.told(report)}", flush=True)
    rounds.write()
    assert not whole.failures, engine.told(whole)
    assert whole.linked or SECONDS, "no walk went along a link"
    assert len(whole.covered) > operations / 3 or SECONDS, sorted(whole.covered)
