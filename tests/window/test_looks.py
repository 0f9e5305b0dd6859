"""Who read what residents told: every door writes it down with the read; where that fails, nothing is shown."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from sala.accounts.acting import system
from sala.kit.acting import Where
from sala.ledger import actions as ledger
from sala.ledger import looks, verification
from sala.ledger.models import Look as Row
from sala.window import looking
from sala.window.models import Request

pytestmark = pytest.mark.django_db
TOLD = ("សុខ តារា", "12345648", "tara@example.com", "ទឹកលូហៀរលើផ្លូវ")


@pytest.fixture
def asked(report: Callable[..., Any], picture: bytes) -> SimpleNamespace:
    """A request with a contact and a photo."""
    from sala.files import actions as files

    kept = files.keep(picture, purpose="window.request", at=Where())
    received = report(photos=[kept.id])
    return SimpleNamespace(request=received.request, photo=kept.url, id=str(received.request.id))


DOORS: dict[str, tuple[Callable[[Client, Any], Any], str]] = {
    "page": (lambda client, it: client.get(f"/en/work/requests/{it.id}"), "window.record"),
    "page with a step open": (
        lambda client, it: client.get(f"/en/work/requests/{it.id}?do=note"),
        "window.record",
    ),
    "page after a gap": (
        lambda client, it: client.post(
            f"/en/work/requests/{it.id}", {"act": "ask", "version": "1", "text": ""}
        ),
        "window.record",
    ),
    "contact": (
        lambda client, it: client.post(f"/en/work/requests/{it.id}", {"act": "show"}),
        "window.contact",
    ),
    "photo": (lambda client, it: client.get(it.photo), "window.photo"),
    "thumbnail": (lambda client, it: client.get(f"{it.photo}/small"), "window.photo"),
    "api": (lambda client, it: client.get(f"/api/v1/window/requests/{it.id}"), "window.record"),
    "search by name": (lambda client, it: client.get("/en/work?view=all&q=តារា"), "window.search"),
    "search by phone": (lambda client, it: client.get("/en/work?view=all&q=345648"), "window.search"),
    "search by api": (lambda client, it: client.get("/api/v1/window/requests?q=តារា"), "window.search"),
    "search to a file": (lambda client, it: client.get("/en/work/list-all.csv?q=តារា"), "window.search"),
    "search to a sheet": (
        lambda client, it: client.get("/api/v1/window/requests.xlsx?q=តារា"),
        "window.search",
    ),
}


@pytest.mark.parametrize("door", DOORS)
def test_each_door_is_written_down(
    door: str, asked: Any, sign_in: Callable[[str], Client], posts: Any
) -> None:
    use, act = DOORS[door]
    client = sign_in("clerk120404")
    Row.objects.all().delete()
    assert use(client, asked).status_code in (200, 422)
    rows = list(Row.objects.filter(act=act).values_list("post", "kind", "subject", "place"))
    subject = looking.SEARCHED if act == "window.search" else asked.id
    assert len(rows) == 1 and rows[0][:3] == (posts.clerk.post, "window.request", subject)


@pytest.mark.parametrize("door", DOORS)
def test_what_cannot_be_written_down_is_not_shown(
    door: str, asked: Any, sign_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in("clerk120404")
    client.raise_request_exception = False

    def full(*arguments: object, **options: object) -> None:
        raise DatabaseError("database or disk is full")

    monkeypatch.setattr(looks, "insert", full)
    answer = DOORS[door][0](client, asked)
    assert answer.status_code >= 500
    content = b"".join(answer) if answer.streaming else answer.content
    assert not any(word.encode() in content for word in (*TOLD, asked.request.number))
    assert b"\xff\xd8" not in content


@pytest.mark.parametrize("who", ["ministry", "window1204", "clerk020801"])
def test_who_reads_nothing_personal_leaves_no_look(
    who: str, asked: Any, sign_in: Callable[[str], Client]
) -> None:
    client = sign_in(who)
    for address in (f"/en/work/requests/{asked.id}", asked.photo, f"/api/v1/window/requests/{asked.id}"):
        client.get(address)
    assert not Row.objects.exists()


def test_a_number_is_no_search_among_persons(asked: Any, sign_in: Callable[[str], Client]) -> None:
    sign_in("clerk120404").get(f"/en/work?q={asked.request.number}")
    assert not Row.objects.exists()


def test_those_who_may_see_the_person_see_who_read(
    asked: Any, sign_in: Callable[[str], Client], posts: Any
) -> None:
    address = f"/en/work/requests/{asked.id}"
    client = sign_in("clerk120404")
    client.get(address)
    page = client.get(address).content.decode()
    assert "Who read what the resident told" in page and "Opened the request" in page
    assert "Who read what the resident told" not in sign_in("ministry").get(address).content.decode()


def test_a_photo_of_nothing() -> None:
    nobody = SimpleNamespace(acting=system("x"))
    assert not looking.may_open_file(nobody, "no id") and not looking.may_open_file(nobody, str(uuid4()))


# In the ledger, and out of it.


def faults() -> list[str]:
    ledger.seal()
    return [finding.line() for finding in verification.Verification().findings() if not finding.warning]


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_it_is_refused() -> None:
    with pytest.raises(ledger.NotInTransactionError):
        looks.note(by=system("x"), act="x", kind="x", subject="x", at=Where())


def test_looks_are_bound_so_that_none_can_be_taken_away(asked: Any, posts: Any) -> None:
    for _ in range(3):
        looking.see(by=posts.clerk, request_id=asked.request.id)
    by = system("ledger.looks")
    assert looks.bind(by=by) == 3 and looks.bind(by=by) == 0
    looking.see(by=posts.clerk, request_id=asked.request.id)
    assert looks.bind(by=by) == 1
    assert faults() == []
    with transaction.atomic():
        gone = Row.objects.order_by("at").first()
        assert gone is not None
        gone.delete()
        assert [line for line in faults() if "ledger.looks 1" in line]
        transaction.set_rollback(True)


def test_looks_are_erased_after_their_time_in_whole_batches(asked: Any, posts: Any) -> None:
    import time_machine

    by = system("retention")
    with time_machine.travel("2026-01-10 03:00:00+00:00", tick=True):
        with transaction.atomic():
            looks.note(
                by=posts.clerk, act="window.record", kind="window.request", subject=asked.id, at=Where()
            )
        looks.bind(by=by)
    looking.see(by=posts.clerk, request_id=asked.request.id)
    looks.bind(by=by)
    from datetime import UTC, datetime

    assert looks.old(datetime(2026, 1, 10, 2, 0, tzinfo=UTC)) == 0
    assert looks.old(datetime(2026, 2, 1, tzinfo=UTC)) == 1
    assert looks.erase(datetime(2026, 2, 1, tzinfo=UTC), 100, by=by) == 1
    assert Row.objects.count() == 1 and faults() == []
    assert looks.bind(by=by) == 0
    looking.see(by=posts.clerk, request_id=asked.request.id)
    looks.bind(by=by)
    assert sorted(Row.objects.values_list("batch", flat=True)) == [2, 3]
    assert Request.objects.get(pk=asked.id)
