"""A holiday is added: whose deadlines move, and that every person is told once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from sala.accounts.acting import system
from sala.installation.actions import simulated
from sala.notices.models import Notice
from sala.offices import actions as office_actions
from sala.offices import queries as offices
from sala.window import actions
from sala.window.models import Event, Request
from sala.window.terms import Act
from tests.window.test_actions import MONDAY, verified

pytestmark = pytest.mark.django_db
FRIDAY = (MONDAY + timedelta(days=4)).date()


@pytest.fixture
def holiday(db: None) -> Any:
    """Adds a Friday that is off."""

    def added() -> None:
        with simulated(MONDAY + timedelta(days=1)):
            office_actions.add_holiday(
                by=system("test"), day=FRIDAY, name={"km": "ថ្ងៃឈប់", "en": "Day off"}, office=None
            )

    yield added
    offices.forget_calendars()


def test_every_person_is_told_once_of_all_that_moves(
    posts: Any, report: Callable[..., Any], holiday: Any
) -> None:
    with simulated(MONDAY):
        one, two = (report(email="sok@example.com", language="en").request for _ in range(2))
        other = report(email="dara@example.com").request
        report(email="", phone="")
        done = report(email="done@example.com").request
        actions.act(verb=Act.FINISH, by=posts.clerk, request_id=done.id, version=1, text="រួច")
        Notice.objects.all().delete()
    holiday()
    told = {notice.address: notice for notice in Notice.objects.all()}
    assert set(told) == {"sok@example.com", "dara@example.com"} and Notice.objects.count() == 2
    body = told["sok@example.com"].body
    assert one.number in body and two.number in body and other.number not in body
    assert told["sok@example.com"].language == "en" and "holiday" in told["sok@example.com"].subject
    assert "ថ្ងៃឈប់សម្រាក" in told["dara@example.com"].subject
    assert Event.objects.filter(act="recount").count() == 4
    verified()


def test_of_one_request_the_notice_opens_its_page(report: Callable[..., Any], holiday: Any) -> None:
    with simulated(MONDAY):
        received = report(email="sok@example.com")
        Notice.objects.all().delete()
    holiday()
    assert received.code in Notice.objects.get().body


def test_a_thousand_and_more_are_read_in_parts(
    report: Callable[..., Any], holiday: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sala.window import recounting

    monkeypatch.setattr(recounting, "CHUNK", 2)
    with simulated(MONDAY):
        before = {received.request.pk: received.request.due_at for received in (report() for _ in range(5))}
        Notice.objects.all().delete()
    holiday()
    after = dict(Request.objects.values_list("pk", "due_at"))
    assert all(after[key] > before[key] for key in before)
    assert Notice.objects.count() == 1
    verified()


def test_linked_chats_are_read_at_once_and_nobody_is_told_by_two_ways(
    report: Callable[..., Any], holiday: Any, settings: Any, django_assert_max_num_queries: Any
) -> None:
    from sala.notices.models import Chat
    from sala.window import letters

    with simulated(MONDAY):
        requests = [report(email="", phone="").request for _ in range(12)]
        requests.append(report(email="sok@example.com").request)
        Notice.objects.all().delete()
    settings.TELEGRAM_URL = "http://127.0.0.1:9"
    settings.TELEGRAM_BOT, settings.TELEGRAM_TOKEN = "hall_bot", "123456:token"
    for number, request in enumerate(requests):
        Chat.objects.create(about=letters.about(request), chat=str(1000 + number))
    with django_assert_max_num_queries(1):
        assert len(letters.linked_chats(requests)) == 13
    holiday()
    channels = sorted(Notice.objects.values_list("channel", flat=True))
    assert channels == ["email"] + ["telegram"] * 12
