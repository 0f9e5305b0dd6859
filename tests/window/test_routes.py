"""To whom does a new request go by the rules of an office, and what do rules say about past requests?"""

from uuid import UUID

import pytest

from sala.accounts.acting import system
from sala.kit.errors import Changed, Invalid, NotFound, Refused
from sala.ledger import queries as ledger
from sala.window import queries, routes, routing, rules
from sala.window.models import Event, Request, RoutingRule
from sala.window.routing import Rule
from sala.window.terms import Act, State
from tests.window.conftest import PLACE, VILLAGE
from tests.window.test_actions import verified

A, B, C = (UUID(int=number) for number in (1, 2, 3))


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        (Rule(A), True),
        (Rule(A, place="120404"), True),
        (Rule(A, place="12040402"), True),
        (Rule(A, place="12040401"), False),
        (Rule(A, place="1205"), False),
        (Rule(A, service="RP-SEWER"), True),
        (Rule(A, service="RP-LIGHT"), False),
        (Rule(A, attribute="smell", answer="yes"), True),
        (Rule(A, attribute="smell", answer="no"), False),
        (Rule(A, attribute="where", answer="road"), True),
        (Rule(A, attribute="where", answer="roa"), False),
        (Rule(A, attribute="none", answer="yes"), False),
        (Rule(A, place="120404", service="RP-SEWER", attribute="smell", answer="yes"), True),
        (Rule(A, place="1205", service="RP-SEWER"), False),
    ],
)
def test_all_conditions_must_hold(rule, fits):
    answers = {"smell": "yes", "where": ["road", "house"]}
    assert rule.fits("12040402", "RP-SEWER", answers) is fits


def test_the_first_that_fits_decides():
    some = [Rule(A, service="RP-LIGHT"), Rule(B, place="12"), Rule(C)]
    assert routing.first(some, "12040402", "RP-SEWER", {}).key == B
    assert routing.first(some, "02", "RP-SEWER", {}).key == C
    assert routing.first(some[:1], "02", "RP-SEWER", {}) is None


@pytest.mark.parametrize(("key", "by", "order"), [(B, -1, [B, A, C]), (B, 1, [A, C, B]), (A, -1, [A, B, C]), (C, 1, [A, B, C])])  # fmt: skip
def test_moved_in_the_order(key, by, order):
    assert routing.swapped([A, B, C], key, by) == order


def add(by, on=True, **wanted):
    row = routes.add(by=by, wanted=routes.Wanted(**wanted))
    return routes.switch(by=by, rule_id=row.pk, version=1, on=True) if on else row


@pytest.mark.django_db
class TestTakingIn:
    def test_without_rules_it_costs_one_read_in_five_seconds(self, posts, report, django_assert_num_queries):
        report()
        with django_assert_num_queries(0):
            assert routes.goal(posts.clerk.office, VILLAGE, "RP-SEWER", {}) == (posts.clerk.office, None)
        assert Request.objects.get().assigned is None

    def test_given_to_who_holds_the_post(self, posts, report, sign_in):
        add(posts.clerk, service="RP-SEWER", post="clerk")
        request = report().request
        assert (request.state, request.assigned) == (State.RECEIVED, posts.clerk.appointment)
        assert request.reaction_minutes is None  # a rule is no answer to anybody
        assert report(service="RP-LIGHT").request.assigned is None
        assert (
            queries.view(posts.clerk, "mine")
            and Request.objects.filter(queries.view(posts.clerk, "mine")).count() == 1
        )
        page = sign_in("clerk120404").get(f"/en/work/requests/{request.id}").content.decode()
        assert ", to " in page
        verified()

    def test_to_another_office_with_the_number_of_the_first(self, posts, report):
        target = next(each for each in routes.targets(posts.clerk) if each.kind == "one_window")
        add(posts.clerk, place=VILLAGE, office=target.id)
        request = report().request
        assert request.office_id == target.id and request.number.startswith(f"{PLACE}-")
        assert not queries.may_see_person(posts.clerk, request)
        elsewhere = report(place="12040401").request
        assert elsewhere.office_id == posts.clerk.office
        verified()

    def test_off_ended_and_a_post_that_nobody_holds(self, posts, report):
        row = add(posts.clerk, on=False, post="clerk")
        assert report().request.assigned is None
        row = routes.switch(by=posts.clerk, rule_id=row.pk, version=1, on=True)
        RoutingRule.objects.filter(pk=row.pk).update(to_post="registry_clerk_of_old")
        assert report().request.assigned is None
        RoutingRule.objects.filter(pk=row.pk).update(to_post="clerk")
        routes.end(by=posts.clerk, rule_id=row.pk, version=2)
        assert report().request.assigned is None

    def test_by_an_answer(self, posts, report):
        terms = queries.service("RP-SEWER")
        asked = next(each for each in terms.asks if each.choices)
        key = asked.choices[0].key
        add(posts.clerk, attribute=asked.code, answer=key, post="clerk")
        several = asked.datatype == "multivaluelist"
        found = report(attributes={asked.code: [key] if several else key}).request
        assert found.assigned == posts.clerk.appointment and report().request.assigned is None


@pytest.mark.django_db
class TestKeeping:
    def test_added_off_changed_off_moved_and_ended(self, posts):
        first, second = add(posts.clerk, post="clerk"), add(posts.chief, on=False, post="clerk")
        assert (first.on, second.on, first.position, second.position) == (True, False, 1, 2)
        first = routes.change(
            by=posts.clerk, rule_id=first.pk, version=2, wanted=routes.Wanted(place=PLACE, post="clerk")
        )
        assert (first.on, first.version) == (False, 3)
        routes.move(by=posts.clerk, rule_id=second.pk, version=1, step=-1)
        assert [row.pk for row in routes.kept(posts.clerk)] == [second.pk, first.pk]
        with pytest.raises(Changed):
            routes.move(by=posts.clerk, rule_id=second.pk, version=1, step=1)
        with pytest.raises(Changed):
            routes.switch(by=posts.clerk, rule_id=second.pk, version=1, on=True)
        routes.end(by=posts.clerk, rule_id=second.pk, version=2)
        with pytest.raises(NotFound):
            routes.switch(by=posts.clerk, rule_id=second.pk, version=3, on=True)
        acts = [entry.act for entry in ledger.history(routes.RULE, str(second.pk))]
        assert acts == ["window.rule_add", "window.rule_move", "window.rule_end"]
        verified()

    @pytest.mark.parametrize(
        ("wanted", "field"),
        [
            ({}, "post"),
            ({"post": "clerk", "office": A}, "post"),
            ({"post": "nobody"}, "post"),
            ({"post": "councillor"}, "post"),  # takes on no requests
            ({"office": A}, "office"),
            ({"post": "clerk", "place": "99"}, "place"),
            ({"post": "clerk", "service": "RP-NOPE"}, "service"),
            ({"post": "clerk", "attribute": "smell"}, "answer"),
        ],
    )
    def test_what_is_no_rule(self, posts, wanted, field):
        with pytest.raises(Invalid) as problem:
            routes.add(by=posts.clerk, wanted=routes.Wanted(**wanted))
        assert [each.field for each in problem.value.errors] == [field]

    def test_who_and_how_many(self, posts, monkeypatch):
        row = add(posts.clerk, on=False, post="clerk")
        with pytest.raises(Refused):
            routes.kept(posts.desk)
        with pytest.raises(NotFound):
            routes.end(by=posts.other, rule_id=row.pk, version=1)
        with pytest.raises(Refused):  # an act of the system is no office's
            routes.add(by=system("init"), wanted=routes.Wanted(post="clerk"))
        monkeypatch.setattr(rules, "MOST_RULES", 1)
        with pytest.raises(Invalid):
            add(posts.clerk, post="clerk")

    def test_nothing_is_kept_without_the_ledger(self, posts, monkeypatch):
        from sala.ledger import actions as ledger_actions

        def fails(**_said):
            raise RuntimeError("the ledger did not take it")

        monkeypatch.setattr(ledger_actions, "record", fails)
        with pytest.raises(RuntimeError):
            add(posts.clerk, post="clerk")
        assert not RoutingRule.objects.exists()

    def test_tried_out_before_it_is_switched_on(self, posts, report):
        for place in (VILLAGE, VILLAGE, "12040401"):
            report(place=place)
        report(service="RP-LIGHT")
        light = add(posts.clerk, service="RP-LIGHT", post="clerk")
        village = add(posts.clerk, on=False, place=VILLAGE, post="clerk")
        looked, trials = routes.tried(posts.clerk, routes.kept(posts.clerk))
        assert looked == 4 and (trials[light.pk].count, trials[village.pk].count) == (1, 2)
        assert {each.place for each in trials[village.pk].newest} == {VILLAGE}
        assert not Event.objects.filter(act=Act.ASSIGN).exists()


@pytest.mark.django_db
class TestPages:
    def test_from_adding_to_deleting(self, posts, report, sign_in):
        report()
        client = sign_in("clerk120404")
        wrong = client.post("/en/work/rules", {"service": "RP-SEWER", "place": "nope"})
        assert wrong.status_code == 422 and "Choose from the list" in wrong.content.decode()
        wrong = client.post("/en/work/rules", {"service": "RP-SEWER"})
        assert wrong.status_code == 422 and "either a post" in wrong.content.decode()
        assert client.post("/en/work/rules", {"service": "RP-SEWER", "post": "clerk"}).status_code == 302
        row = RoutingRule.objects.get()
        path = f"/en/work/rules/{row.pk}"
        page = client.get(path).content.decode()
        assert "Of the last 1 requests 1 would have gone this way." in page
        assert client.post(path, {"do": "on", "version": 1}).status_code == 302
        stale = client.post(path, {"do": "change", "version": 1, "post": "clerk"})
        assert stale.status_code == 412 and "Somebody changed this rule" in stale.content.decode()
        assert client.post(path, {"do": "change", "version": 2, "post": "clerk"}).status_code == 302
        assert client.post(path, {"do": "up", "version": 3}).status_code == 302
        assert client.post(path, {"do": "nope", "version": 3}).status_code == 404
        assert client.post(path, {"do": "delete", "version": 3}).status_code == 302
        assert client.get(path).status_code == 404

    def test_who_may_not(self, posts, sign_in):
        row = add(posts.clerk, on=False, post="clerk")
        assert sign_in("frontdesk120404").get("/en/work/rules").status_code == 403
        assert sign_in("clerk020801").get(f"/en/work/rules/{row.pk}").status_code == 404
