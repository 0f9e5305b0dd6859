"""Which parts of the work lie with whom, what do they hold up, and what stays of them when data are erased?"""

from datetime import timedelta

import pytest

from sala.kit import clock
from sala.kit.errors import Changed, Invalid, NotFound, NotPossible, Refused
from sala.ledger import queries as ledger
from sala.window import actions, admission, batch, rules, subtasks
from sala.window.models import SubTask
from sala.window.terms import Act, State
from tests.window.conftest import OTHER
from tests.window.test_actions import verified

pytestmark = pytest.mark.django_db


@pytest.fixture
def give(posts):
    """The clerk gives a part of the work on a request to the front desk."""

    def made(request, **said):
        values = {"post": posts.desk.appointment, "text": "វាស់ប្រវែងលូ", "due": clock.today(), **said}
        return subtasks.add(by=said.pop("by", posts.clerk), request_id=request.id, **{k: v for k, v in values.items() if k != "by"})  # fmt: skip

    return made


def test_an_open_one_holds_up_finishing_and_forwarding(posts, report, give):
    request = report().request
    row = give(request)
    for verb in (Act.FINISH, Act.FORWARD):
        office = next(iter(admission.queries.Choices().targets(request)))
        with pytest.raises(NotPossible) as problem:
            actions.act(by=posts.clerk, request_id=request.id, version=1, verb=verb, text="រួច", office=office)
        assert problem.value.message == admission.BUSY
    lines = batch.plan(posts.clerk, batch.Wish(Act.FINISH, "រួច"), [request, report().request])
    assert [line.problem for line in lines] == [admission.BUSY, None]
    actions.act(by=posts.clerk, request_id=request.id, version=1, verb=Act.ANSWER, text="កំពុងវាស់")
    subtasks.done(by=posts.desk, subtask_id=row.pk, version=1)
    done = actions.act(by=posts.clerk, request_id=request.id, version=2, verb=Act.FINISH, text="រួច")
    assert done.state == State.DONE
    with pytest.raises(NotPossible):
        give(request)
    acts = [entry.act for entry in ledger.history(subtasks.SUBTASK, str(row.pk))]
    assert acts == ["window.subtask_add", "window.subtask_done"]
    verified()


def test_dropped_and_not_twice(posts, report, give):
    request = report().request
    row = give(request)
    with pytest.raises(Changed):
        subtasks.drop(by=posts.clerk, subtask_id=row.pk, version=7)
    subtasks.drop(by=posts.clerk, subtask_id=row.pk, version=1)
    with pytest.raises(NotPossible):
        subtasks.done(by=posts.clerk, subtask_id=row.pk, version=2)
    actions.act(by=posts.clerk, request_id=request.id, version=1, verb=Act.FINISH, text="រួច")


def test_who_may(posts, report, give):
    request = report().request
    with pytest.raises(Refused):
        give(request, by=posts.desk)
    row = give(request)
    with pytest.raises(Refused):
        subtasks.drop(by=posts.desk, subtask_id=row.pk, version=1)
    for by in (posts.other, posts.resident):
        with pytest.raises(NotFound):
            subtasks.done(by=by, subtask_id=row.pk, version=1)
    with pytest.raises(NotFound):
        subtasks.done(by=posts.clerk, subtask_id=request.id, version=1)
    with pytest.raises(NotFound):
        give(report(place=OTHER).request)
    assert subtasks.of(posts.clerk, request) == [row] and subtasks.of(posts.ministry, request) == []


@pytest.mark.parametrize("field", ["post", "text", "due"])
def test_what_is_no_sub_task(posts, report, give, field):
    wrong = {"post": posts.other.appointment, "text": " ", "due": clock.today() - timedelta(days=1)}
    with pytest.raises(Invalid) as problem:
        give(report().request, **{field: wrong[field]})
    assert [error.field for error in problem.value.errors] == [field]


def test_how_many(report, give, monkeypatch):
    monkeypatch.setattr(rules, "MOST_SUBTASKS", 1)
    request = report().request
    give(request)
    with pytest.raises(Invalid):
        give(request)


def test_erasing_takes_the_words(posts, report, give):
    request = report().request
    row = give(request, text="ទូរស័ព្ទទៅ សុខ តារា")
    actions.erase_person(by=posts.chief, request_id=request.id)
    assert SubTask.objects.get(pk=row.pk).text == ""
    verified()


def test_nothing_is_given_without_the_ledger(report, give, monkeypatch):
    from sala.ledger import actions as ledger_actions

    request = report().request

    def fails(**_said):
        raise RuntimeError("the ledger did not take it")

    monkeypatch.setattr(ledger_actions, "record", fails)
    with pytest.raises(RuntimeError):
        give(request)
    assert not SubTask.objects.exists()


def test_the_page(posts, report, sign_in):
    request = report().request
    path = f"/en/work/requests/{request.id}/subtasks"
    client = sign_in("clerk120404")
    day = clock.today()
    sent = {"text": "TYPED", "post": str(posts.desk.appointment), "due_day": day.day, "due_month": day.month}
    wrong = client.post(path, sent)
    assert wrong.status_code == 422 and "TYPED" in wrong.content.decode()
    assert client.post(path, {**sent, "due_year": day.year}).status_code == 302
    row = SubTask.objects.get()
    record = client.get(f"/en/work/requests/{request.id}").content.decode()
    assert "TYPED" in record and "See to sub-tasks" in record
    assert client.post(path, {"subtask": str(row.pk), "do": "done", "version": "x"}).status_code == 412
    assert client.post(path, {"subtask": "x", "do": "done", "version": 1}).status_code == 404
    assert client.post(path, {"subtask": str(row.pk), "do": "done", "version": 1}).status_code == 302
    assert "Mark as done" not in client.get(path).content.decode()
    assert sign_in("clerk020801").get(path).status_code == 404
    assert sign_in("ministry").get(path).status_code == 403
    assert "TYPED" not in sign_in("ministry").get(f"/en/work/requests/{request.id}").content.decode()
