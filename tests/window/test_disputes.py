"""Can somebody ask for a correction of what is held about them, and is it answered once, without being shown to who finds the code?"""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from sala.kit import clock
from sala.kit.errors import Changed, Invalid, NotFound, NotPossible, Refused
from sala.notices import queries as outbox
from sala.window import actions, disputes, held, letters, queries
from sala.window.models import Event, Request
from sala.window.terms import Act
from tests.window.conftest import acting
from tests.window.test_actions import verified

pytestmark = pytest.mark.django_db
WRONG = "ឈ្មោះខ្ញុំគឺ សុខ តារ៉ា មិនមែន តារា · 099 887 766"


@pytest.fixture
def asked(posts: Any, report: Any) -> Any:
    received = report()
    disputes.dispute(by=posts.resident, code=received.code, text=WRONG)
    return received


def test_asked_once_and_answered_once(asked: Any, posts: Any) -> None:
    found = queries.by_code(asked.code)
    assert found.disputed_at is not None and disputes.words_of(found) == WRONG
    assert [row.pk for row in disputes.waiting(posts.clerk)] == [found.pk]
    with pytest.raises(NotPossible):
        disputes.dispute(by=posts.resident, code=asked.code, text=WRONG)
    with pytest.raises(Changed):
        disputes.settle(by=posts.clerk, request_id=found.id, version=1, text="បានកែ")
    before = len(outbox.about(letters.about(found)))
    disputes.settle(by=posts.clerk, request_id=found.id, version=2, text="បានកែរួច")
    event = Event.objects.get(act=Act.SETTLE)
    assert event.public and event.text == "បានកែរួច"
    [told] = outbox.about(letters.about(found))[before:]
    assert "បានកែរួច" in told.body and WRONG not in told.body
    assert not disputes.waiting(posts.clerk) and disputes.words_of(queries.by_code(asked.code)) == ""
    with pytest.raises(NotPossible):
        disputes.settle(by=posts.clerk, request_id=found.id, version=3, text="ម្តងទៀត")
    disputes.dispute(by=posts.resident, code=asked.code, text="again")
    verified()


def test_putting_the_contact_right_answers_it(asked: Any, posts: Any) -> None:
    held.correct(
        by=posts.clerk, request_id=asked.request.id, version=2,
        name="សុខ តារ៉ា", phone="+85599887766", email="", language="km",
    )  # fmt: skip
    assert queries.by_code(asked.code).disputed_at is None
    verified()


@pytest.mark.parametrize("text", ["", "  ", "no", "x" * 1001])
def test_words_are_needed_on_both_sides(asked: Any, report: Any, posts: Any, text: str) -> None:
    with pytest.raises(Invalid):
        disputes.dispute(by=posts.resident, code=report().code, text=text)
    with pytest.raises(Invalid):
        disputes.settle(by=posts.clerk, request_id=asked.request.id, version=2, text=text)


def test_who_may(asked: Any, posts: Any) -> None:
    with pytest.raises(NotFound):
        disputes.dispute(by=posts.resident, code="ABCD-EFGH-JKMN", text=WRONG)
    with pytest.raises(NotFound):
        disputes.settle(by=acting("clerk020801"), request_id=asked.request.id, version=2, text="no no")
    with pytest.raises(Refused):
        disputes.settle(by=acting("deputy120404"), request_id=asked.request.id, version=2, text="no no")
    assert not disputes.waiting(acting("clerk020801")) and not disputes.waiting(posts.resident)


def test_erasing_takes_the_words_and_the_mark(asked: Any, posts: Any) -> None:
    request = queries.by_code(asked.code)
    actions.erase_person(by=posts.chief, request_id=request.id)
    assert Request.objects.get().disputed_at is None
    assert Event.objects.get(act=Act.DISPUTE).text == ""
    with pytest.raises(NotPossible):
        disputes.dispute(by=posts.resident, code=asked.code, text=WRONG)
    verified()


def test_the_page_of_the_code_never_shows_the_words(report: Any, client: Client) -> None:
    received = report()
    address = f"/km/requests/{received.code}"
    short = client.post(address, {"act": "dispute", "wrong": "ក"})
    assert short.status_code == 422 and "ក</textarea>" in short.content.decode()
    assert client.post(address, {"act": "dispute", "wrong": WRONG}).status_code == 302
    page = client.get(address).content.decode()
    assert "តារ៉ា" not in page and "887" not in page and "សាលាមិនទាន់បានឆ្លើយទេ" in page
    assert client.post(address, {"act": "dispute", "wrong": WRONG}).status_code == 409
    body = client.get(f"/api/v1/window/requests/{received.code}")
    assert "តារ៉ា" not in body.content.decode()


def test_an_officer_finds_it_and_answers(asked: Any, sign_in: Any) -> None:
    clerk = sign_in("clerk120404")
    address = f"/en/work/requests/{asked.request.id}/correction"
    assert "/en/work/corrections" in clerk.get("/en/work").content.decode()
    assert address in clerk.get("/en/work/corrections").content.decode()
    assert address in clerk.get(f"/en/work/requests/{asked.request.id}").content.decode()
    assert "887 766" in clerk.get(address).content.decode()
    assert clerk.post(address, {"version": "2", "text": ""}).status_code == 422
    late = clerk.post(address, {"version": "1", "text": "It is put right."})
    assert late.status_code == 412 and "It is put right." in late.content.decode()
    assert clerk.post(address, {"version": "2", "text": "It is put right."}).status_code == 302
    assert "/en/work/corrections" not in clerk.get("/en/work").content.decode()
    assert clerk.post(address, {"version": "3", "text": "Once more."}).status_code == 409
    assert sign_in("deputy120404").get(address).status_code == 403
    assert sign_in("deputy120404").get("/en/work/corrections").status_code == 403
    assert sign_in("clerk020801").get(address).status_code == 404


def test_the_longest_waiting_stands_first(report: Any, posts: Any) -> None:
    codes = [report().code for _ in range(3)]
    for days, code in zip((1, 3, 2), codes, strict=True):
        disputes.dispute(by=posts.resident, code=code, text=WRONG)
        at = clock.now() - timedelta(days=days)
        Request.objects.filter(pk=queries.by_code(code).pk).update(disputed_at=at)
    found = [row.disputed_at for row in disputes.waiting(posts.clerk)]
    assert found == sorted(found)
