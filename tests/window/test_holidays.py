"""A holiday is added: whose deadlines move, and that every person is told once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from sala.accounts.acting import system
from sala.installation.actions import simulated
from sala.kit.rows import values
from sala.notices.models import Notice
from sala.offices import actions as office_actions
from sala.offices import queries as offices
from sala.window import actions, postponing, steps, tasks
from sala.window.models import Contact, Event, Postponement, Request
from sala.window.terms import Act
from tests.window.test_actions import MONDAY, verified

pytestmark = pytest.mark.django_db
EVENT = [field.attname for field in Event._meta.concrete_fields]
FRIDAY = (MONDAY + timedelta(days=4)).date()


@pytest.fixture
def holiday(db: None) -> Any:
    """Adds a Friday that is off; the worker comes by unless it is not to."""

    def added(told: bool = True) -> None:
        with simulated(MONDAY + timedelta(days=1)):
            office_actions.add_holiday(
                by=system("test"), day=FRIDAY, name={"km": "ថ្ងៃឈប់", "en": "Day off"}, office=None
            )
            if told:
                tasks.tell_moved()

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


def test_a_worker_that_is_killed_has_told_nobody_and_the_next_tells_everybody_once(
    report: Callable[..., Any], holiday: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """The process ends in the middle of its writing."""

    with simulated(MONDAY):
        for name in ("sok", "dara", "bopha"):
            report(email=f"{name}@example.com")
        Notice.objects.all().delete()
    holiday(told=False)
    assert not Notice.objects.exists() and Postponement.objects.get().told_at is None
    write = postponing.notices.post_many

    def half(notices: list[Notice]) -> None:
        write(notices[:2])
        raise Killed

    monkeypatch.setattr(postponing.notices, "post_many", half)
    with pytest.raises(Killed):
        tasks.tell_moved()
    assert not Notice.objects.exists()
    monkeypatch.setattr(postponing.notices, "post_many", write)
    assert (postponing.tell(), postponing.tell()) == (3, 0)
    assert Notice.objects.values("address").distinct().count() == Notice.objects.count() == 3
    one = Postponement.objects.get()
    assert one.told_at is not None and one.requests == []


def test_two_workers_at_once_tell_everybody_once(report: Callable[..., Any], holiday: Any) -> None:
    with simulated(MONDAY):
        report(email="sok@example.com")
        Notice.objects.all().delete()
    holiday(told=False)
    read_before = Postponement.objects.get()
    assert postponing.tell() == 1
    assert postponing._told(read_before) == 0
    assert Notice.objects.count() == 1


def test_who_is_erased_while_the_worker_reads_is_not_told(
    posts: Any, report: Callable[..., Any], holiday: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with simulated(MONDAY):
        gone, stays = (report(email=f"{name}@example.com").request for name in ("gone", "stays"))
        Notice.objects.all().delete()
    holiday(told=False)
    build = postponing.letters.moved

    def meanwhile(people: Any) -> Any:
        Contact.objects.filter(request=gone).delete()
        Request.objects.filter(pk=gone.pk).update(erased_at=MONDAY)
        return build(people)

    monkeypatch.setattr(postponing.letters, "moved", meanwhile)
    assert postponing.tell() == 0
    assert postponing.tell() == 1
    assert Notice.objects.get().about.endswith(str(stays.pk))


def test_a_wrong_address_keeps_nobody_else_from_being_told(
    report: Callable[..., Any], holiday: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with simulated(MONDAY):
        wrong = report(email="wrong@example.com").request
        report(email="sok@example.com")
        Contact.objects.filter(request=wrong).update(email="no address")
        Notice.objects.all().delete()
    holiday()
    assert Notice.objects.get().address == "sok@example.com"
    assert str(wrong.pk) in caplog.text and "no address" not in caplog.text


def test_a_row_of_values_is_recounted_as_the_request_itself(report: Callable[..., Any]) -> None:
    with simulated(MONDAY):
        request = report(location="ក្បែរវត្ត").request
    request.refresh_from_db()
    due, calendar = request.due_at + timedelta(days=3), offices.calendar(request.office_id)
    names = ("id", *steps.COLUMNS)
    row = dict(zip(names, values(Request.objects.filter(pk=request.pk).values_list(*names))[0], strict=True))
    assert steps.facts(row) == steps.content(request)
    step = dict(zip(EVENT, steps.recount(row, due=due, at=MONDAY, post="system:test"), strict=True))
    request.due_at = due
    event = steps.step(request, Act.RECOUNT, at=MONDAY, post="system:test", calendar=calendar)
    assert {**step, "id": None} == {**{name: getattr(event, name) for name in EVENT}, "id": None}
    event.id, before = step["id"], Request.objects.get(pk=request.pk).trail
    request.trail = steps.link(before, event)
    assert steps.facts(row) == steps.content(request)
