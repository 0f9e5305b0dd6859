"""What would one step do to many requests, what does it do, and whom does it leave alone?"""

import pytest

from sala.kit.errors import Invalid
from sala.notices.models import Notice
from sala.window import actions, batch, queries, rules
from sala.window.models import Event, Request
from sala.window.terms import Act, State
from tests.window.conftest import OTHER
from tests.window.test_actions import verified

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(report, posts):
    """Received, in progress and done; the last one can't be answered any more."""
    found = [report(email=address).request for address in ("a@example.com", "", "c@example.com")]
    actions.act(by=posts.clerk, request_id=found[1].id, version=1, verb=Act.TAKE)
    actions.act(by=posts.clerk, request_id=found[2].id, version=1, verb=Act.FINISH, text="រួច")
    return found


def versions(requests):
    return dict(Request.objects.filter(pk__in=[each.pk for each in requests]).values_list("pk", "version"))


def plan(by, requests, **wish):
    found = batch.plan(by, batch.Wish(**wish), batch.chosen(by, versions(requests)))
    return {line.request.pk: line for line in found}


def test_the_preview_says_what_will_happen_and_changes_nothing(three, posts, django_assert_max_num_queries):
    before = versions(three)
    told = Notice.objects.count()
    with django_assert_max_num_queries(3):
        lines = plan(posts.clerk, three, verb=Act.ANSWER, text="ថ្ងៃស្អែក")
    first, second, third = (lines[each.pk] for each in three)
    assert (first.after, [*first.told], first.problem) == (State.IN_PROGRESS, ["email"], None)
    assert (second.after, [*second.told]) == (State.IN_PROGRESS, [])
    assert third.after is None and "not possible" in third.problem
    assert (versions(three), Notice.objects.count()) == (before, told)


def test_each_that_can_goes_the_way_of_the_single_act(three, posts):
    told = Notice.objects.count()
    outcomes = batch.do(posts.clerk, batch.Wish(Act.ANSWER, "ថ្ងៃស្អែក"), versions(three))
    assert [outcome.problem is None for outcome in outcomes] == [
        outcome.request.pk != three[2].pk for outcome in outcomes
    ]
    assert Event.objects.filter(act="answer", text="ថ្ងៃស្អែក").count() == 2
    assert Notice.objects.count() == told + 1 and Notice.objects.latest("id").address == "a@example.com"
    verified()


def test_a_request_that_somebody_changed_meanwhile_is_left_as_it_is(three, posts):
    shown = versions(three[:2])
    actions.act(by=posts.chief, request_id=three[0].id, version=1, verb=Act.NOTE, text="កំពុងពិនិត្យ")
    outcomes = batch.do(posts.clerk, batch.Wish(Act.FINISH, "រួច"), shown)
    problems = {outcome.request.pk: outcome.problem for outcome in outcomes}
    assert problems[three[0].pk] == actions.CHANGED and problems[three[1].pk] is None
    assert Request.objects.get(pk=three[0].pk).state == State.RECEIVED


def test_done_twice_is_done_once(three, posts):
    shown = versions(three[:2])
    wish = batch.Wish(Act.NOTE, "ពីរដង")
    batch.do(posts.clerk, wish, shown)
    assert all(outcome.problem == actions.CHANGED for outcome in batch.do(posts.clerk, wish, shown))
    assert Event.objects.filter(act="note").count() == 2


def test_everything_asks_once_for_people_and_offices(three, posts, django_assert_max_num_queries):
    person = posts.desk.appointment
    with django_assert_max_num_queries(3):
        lines = plan(posts.clerk, three[:2], verb=Act.ASSIGN, assigned=person)
    assert all(line.problem is None for line in lines.values())
    target = queries.targets(three[0])[0].id
    lines = plan(posts.clerk, three, verb=Act.FORWARD, text="ជារបស់ខណ្ឌ", office=target)
    assert [lines[each.pk].after for each in three] == [State.FORWARDED, State.FORWARDED, None]
    lines = plan(posts.clerk, three[:1], verb=Act.ASSIGN, assigned=posts.other.appointment)
    assert "holds a post in this office" in lines[three[0].pk].problem


def test_what_the_asker_may_not_see_is_left_out_and_what_it_may_not_do_is_said(three, posts, report):
    elsewhere = report(place=OTHER).request
    assert {each.pk for each in batch.chosen(posts.clerk, versions([*three, elsewhere]))} == {
        each.pk for each in three
    }
    with pytest.raises(Invalid):
        batch.chosen(posts.other, versions(three))
    lines = plan(posts.ministry, three[:1], verb=Act.TAKE)
    assert "Your post does not allow" in lines[three[0].pk].problem
    assert batch.offered(posts.resident) == []
    assert Act.REFUSE not in batch.offered(posts.chief) and Act.FINISH not in batch.offered(posts.desk)


def test_none_and_too_many(posts):
    from uuid import uuid4

    for keys in ([], [uuid4()], [uuid4() for _ in range(rules.MOST_AT_ONCE + 1)]):
        with pytest.raises(Invalid):
            batch.chosen(posts.clerk, keys)


def test_a_fault_undoes_that_one_request_alone(three, posts, monkeypatch):
    from sala.window import letters

    tell = letters.tell

    def fails(request, *said):
        if request.pk == three[1].pk:
            raise RuntimeError("the outbox did not take it")
        tell(request, *said)

    monkeypatch.setattr(letters, "tell", fails)
    with pytest.raises(RuntimeError):
        batch.do(posts.clerk, batch.Wish(Act.FINISH, "រួច"), versions(three[:2]))
    assert Request.objects.get(pk=three[1].pk).state == State.IN_PROGRESS


class TestPage:
    def post(self, client, requests, act, step="", **said):
        picks = [f"{key}.{version}" if step else str(key) for key, version in versions(requests).items()]
        data = {"pick": picks, "act": act, "step": step, "back": "view=todo&state=received", **said}
        return client.post("/en/work/several", data)

    def test_from_the_queue_to_the_result(self, three, sign_in):
        client = sign_in("clerk120404")
        queue = client.get("/en/work?view=todo").content.decode()
        assert queue.count('name="pick"') == 2 and "With the chosen requests" in queue
        page = self.post(client, three, "answer").content.decode()
        assert "Answer; the applicant reads it" in page and "Preview" in page
        answer = self.post(client, three, "answer", "preview")
        assert answer.status_code == 422 and "Write what the next person" in answer.content.decode()
        page = self.post(client, three, "answer", "preview", text="TYPED").content.decode()
        assert "Do this to 2 requests" in page and "Not possible" in page and "E-mail" in page
        assert Event.objects.filter(act="answer").count() == 0
        page = self.post(client, three, "answer", "fields", text="TYPED").content.decode()
        assert ">\nTYPED</textarea>" in page  # what was typed can be changed once more
        page = self.post(client, three, "answer", "do", text="TYPED").content.decode()
        assert "Done for 2 requests" in page and "/en/work?view=todo&amp;state=received" in page
        assert Event.objects.filter(act="answer", text="TYPED").count() == 2

    def test_a_step_that_needs_nothing_goes_to_the_preview(self, three, sign_in):
        page = self.post(sign_in("clerk120404"), three, "take").content.decode()
        assert "Do this to 1 request" in page and 'value="do"' in page

    def test_wrong_input_is_a_sentence(self, three, sign_in):
        client = sign_in("clerk120404")
        answer = client.post("/en/work/several", {"act": "take", "pick": ["x", "1.2.3"]}, follow=True)
        assert "Choose at least one request" in answer.content.decode()
        assert self.post(client, three, "refuse").status_code == 404
        assert client.get("/en/work/several").status_code == 302
        answer = self.post(client, three, "assign", "preview", assigned="x")
        assert answer.status_code == 422 and "Choose the officer" in answer.content.decode()

    def test_who_takes_no_steps_marks_nothing(self, three, sign_in):
        client = sign_in("councillora120404")
        assert 'name="pick"' not in client.get("/en/work").content.decode()
        assert self.post(client, three, "take").status_code == 403
