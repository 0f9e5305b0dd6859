"""What all tests share: a database that holds Cambodia and the demonstration's sign-ins, and a real hall for those that need one."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
import pytest_django
from django.conf import settings
from django.test import Client

from sala.kit import kept
from tests.hall import ROOT, Hall
from tests.opened import Opened, ask_for_a_hall

SIGN_INS: dict[str, dict[str, str]] = {}
DATABASE = {"db", "transactional_db", "hall"}
"""Fixtures of a test that asks a database."""


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # once, before the workers start
        subprocess.run(
            [sys.executable, str(ROOT / "tools" / "messages.py"), "--compile"],
            check=True,
            stdout=subprocess.DEVNULL,
        )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL run what asks a database; rules and texts are the same there as on SQLite."""
    if "postgresql" not in settings.DATABASES["default"]["ENGINE"]:
        return
    asking = [item for item in items if _asks_a_database(item)]
    if len(asking) < len(items):
        config.hook.pytest_deselected(items=[item for item in items if not _asks_a_database(item)])
        items[:] = asking


def _asks_a_database(item: pytest.Item) -> bool:
    marked = any(item.get_closest_marker(name) for name in ("django_db", "processes"))
    return marked or not DATABASE.isdisjoint(getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session", autouse=True)
def unbounded() -> None:
    """All tests ask from one address, some thousands of times a minute; what is bounded has its own tests."""
    settings.READS_A_MINUTE = 0


@pytest.fixture(scope="session")
def home() -> Path:
    """The folder the tests write to."""
    return Path(settings.HOME)


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Opened:
    """What the workers of this run open once and copy."""
    return Opened.of(tmp_path_factory, worker_id)


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    django_db_modify_db_settings: None,
    django_db_blocker: pytest_django.DjangoDbBlocker,
    opened: Opened,
) -> None:
    """Cambodia, marked as a demonstration, with its sign-ins and without a year of records."""
    with django_db_blocker.unblock():
        SIGN_INS.update(
            opened.database(
                lambda: request.getfixturevalue("django_db_setup"),
                _load,
                meanwhile=ask_for_a_hall(request.session),
            )
        )


def _load() -> dict[str, dict[str, str]]:
    from sala.accounts.acting import system
    from sala.installation import actions, packs
    from sala.ledger import actions as ledger
    from sala.shell import founding
    from sala.shell.demo import people

    actions.initialise(country="kh", demonstration=True, seed=1)
    founding.load_pack("kh", lambda line: None)
    pack = packs.path("kh")
    staffing = people.Staffing(
        people.read_plan(pack), people.read_names(pack), Random(1), system("demonstration")
    )
    sign_ins = {row["username"]: row for row in people.open_accounts(staffing)}
    ledger.seal()
    return sign_ins


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    """What one test's rows left in memory is not the next one's."""
    from sala.accounts import queries

    kept.forget_all()
    queries.forget_grants()


@pytest.fixture
def accounts(db: None) -> dict[str, dict[str, str]]:
    """The demonstration's sign-ins by user name, as accounts.json holds them."""
    return SIGN_INS


@pytest.fixture
def sign_in(accounts: dict[str, dict[str, str]]) -> Callable[[str], Client]:
    """A client in which that user has signed in through the sign-in page."""

    def signed_in(username: str) -> Client:
        client = Client()
        account = accounts[username]
        answer = client.post(
            "/en/sign-in", {"login": username, "username": username, "password": account["password"]}
        )
        assert answer.status_code == 302, answer.content.decode()[:2000]
        return client

    return signed_in


@pytest.fixture(scope="session")
def hall(tmp_path_factory: pytest.TempPathFactory, worker_id: str, opened: Opened) -> Iterator[Hall]:
    """A running demonstration hall with a small year of records. Tests that use it share it: mark them `xdist_group("hall")`."""
    running = opened.hall(tmp_path_factory.mktemp("hall"), f"hall_{worker_id}", {"SALA_LOG": "json"})
    try:
        yield running.start()
    finally:
        running.stop()
