"""Who has the least to do, and to whom do many requests go?"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sala.window import actions, batch, loads, rules
from sala.window.models import Event, Request
from sala.window.rules import Load
from sala.window.terms import Act

A, B, C = (UUID(int=number) for number in (1, 2, 3))
DAY = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("held", "least"),
    [
        ([], None),
        ([Load(A, 2), Load(B, 1)], B),
        ([Load(A, 3, waiting=3), Load(B, 2)], A),  # what waits for the applicant weighs half
        ([Load(A, 2, late=1), Load(B, 2)], B),
        ([Load(A, 1, newest=DAY), Load(B, 1, newest=DAY - timedelta(days=1))], B),
        ([Load(A, newest=DAY), Load(B)], B),  # never had one
        ([Load(B), Load(A)], A),
    ],
)
def test_who_has_the_least(held, least):
    found = rules.lightest(held)
    assert (found.key if found else None) == least


@settings(max_examples=40)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=4), st.integers(0, 20))
def test_spread_ends_as_even_as_it_can(opened, count):
    held = [Load(UUID(int=number), open) for number, open in enumerate(opened)]
    order = rules.spread(held, [DAY] * count)
    after = [load.open + order.count(load.key) for load in held]
    assert len(order) == count and sum(after) == sum(opened) + count
    given_to = [after[number] for number, load in enumerate(held) if load.key in order]
    assert not given_to or max(given_to) - min(after) <= 1


def test_spread_among_nobody():
    assert rules.spread([], [DAY]) == []


@pytest.mark.django_db
class TestOffice:
    def test_counted_for_who_may_take_on_requests(self, posts, report, django_assert_max_num_queries):
        first, second = (report().request for _ in range(2))
        actions.act(by=posts.clerk, request_id=first.id, version=1, verb=Act.TAKE)
        actions.act(by=posts.clerk, request_id=second.id, version=1, verb=Act.TAKE)
        actions.act(by=posts.clerk, request_id=second.id, version=2, verb=Act.ASK, text="?")
        Request.objects.filter(pk=first.pk).update(due_at=DAY - timedelta(days=900))
        loads.of_office(posts.clerk.office)  # what posts may do is read once a process
        with django_assert_max_num_queries(2):
            held = {load.key: load for load in loads.of_office(posts.clerk.office)}
        mine = held[posts.clerk.appointment]
        assert (mine.open, mine.waiting, mine.late) == (2, 1, 1) and mine.newest == second.received_at
        assert posts.desk.appointment in held and len(held) >= 3
        assert all(load.open == 0 for key, load in held.items() if key != mine.key)

    def test_given_to_whoever_has_the_least(self, posts, report, sign_in):
        request = report().request
        path = f"/en/work/requests/{request.id}"
        client = sign_in("clerk120404")
        page = client.get(path, {"do": "assign"}).content.decode()
        assert "0 open" in page and "Give it to whoever has the least open" in page
        sent = {"act": "assign", "version": 1, "assigned": "", "lightest": "1"}
        assert client.post(path, sent).status_code == 302
        request.refresh_from_db()
        assert (
            request.assigned
            == rules.lightest([Load(load.key) for load in loads.of_office(request.office_id)]).key
        )

    def test_many_are_spread_as_the_preview_says(self, posts, report, sign_in):
        found = [report().request for _ in range(3)]
        actions.act(by=posts.clerk, request_id=found[2].id, version=1, verb=Act.FINISH, text="រួច")
        each = batch.spread(list(Request.objects.all()))
        assert len(set(each.values())) == 2 and found[2].pk not in each
        client = sign_in("clerk120404")
        sent = {"act": "assign", "pick": [f"{row.pk}.{row.version}" for row in Request.objects.all()]}
        page = client.post("/en/work/several", {**sent, "spread": "preview"}).content.decode()
        assert page.count('name="to"') == 2 and "Do this to 2 requests" in page
        assert Event.objects.filter(act="assign").count() == 0
        to = [f"{key}.{post}" for key, post in each.items()]
        page = client.post("/en/work/several", {**sent, "spread": "1", "step": "do", "to": [*to, "x.y"]})
        assert "Done for 2 requests" in page.content.decode()
        assert dict(Event.objects.filter(act="assign").values_list("request", "assigned")) == each
