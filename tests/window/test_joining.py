"""Reports of the same problem: one leads, the others follow it, each reporter is told by one act and once."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from sala.installation.actions import simulated
from sala.kit.errors import Changed, Invalid, NotFound, NotPossible, Refused
from sala.measures import actions as figures
from sala.measures import queries as measured
from sala.notices.models import Notice
from sala.offices import queries as offices
from sala.window import actions, joining, letters, measures, public, queries, rules
from sala.window.models import Event, Request
from sala.window.terms import Act, State
from tests.window.test_actions import MONDAY, verified

pytestmark = pytest.mark.django_db
TEXT = "ក្រុមការងារនឹងមកថ្ងៃស្អែក។"


@pytest.fixture
def pair(report: Callable[..., Any]) -> tuple[Any, Any]:
    """A report, and another person's "me too" two hours later."""
    with simulated(MONDAY):
        main = report(email="one@example.com")
    with simulated(MONDAY + timedelta(hours=2)):
        other = report(email="two@example.com", joined=main.request.number)
    return main, other


def fresh(received: Any) -> Request:
    return Request.objects.get(pk=received.request.pk)


def act(posts: Any, received: Any, verb: Act, **said: Any) -> Request:
    row = fresh(received)
    return actions.act(by=posts.clerk, request_id=row.pk, version=row.version, verb=verb, **said)


def told(received: Any, kind: str) -> int:
    return Notice.objects.filter(about=letters.about(received.request), kind=kind).count()


def test_me_too_makes_a_request_of_its_own_that_follows(pair: tuple[Any, Any]) -> None:
    main, other = map(fresh, pair)
    assert other.joined_id == main.pk and other.number != main.number and other.code_hash != main.code_hash
    assert (other.due_at, other.office_id, other.state) == (main.due_at, main.office_id, State.RECEIVED)
    assert [event.act for event in queries.events(other, public=True)] == ["receive", "join"]
    assert told(pair[1], "window.received") == 1 and told(pair[1], "window.joined") == 0
    verified()


def test_each_reporter_is_told_by_one_act_and_once(posts: Any, pair: tuple[Any, Any], report: Any) -> None:
    with simulated(MONDAY + timedelta(hours=3)):  # no chains: it joins the first
        third = report(email="three@example.com", joined=pair[1].request.number)
    assert fresh(third).joined_id == pair[0].request.pk
    everybody = (*pair, third)
    with simulated(MONDAY + timedelta(hours=4)):
        act(posts, pair[0], Act.TAKE)
        act(posts, pair[0], Act.ANSWER, text=TEXT)
        act(posts, pair[0], Act.NOTE, text="internal")
    for each in everybody:
        assert (fresh(each).state, told(each, "window.answered")) == (State.IN_PROGRESS, 1)
    with simulated(MONDAY + timedelta(hours=6)):
        done = act(posts, pair[0], Act.FINISH, text=TEXT)
    for each in everybody:
        row = fresh(each)
        assert (row.state, row.done_at, row.on_time, row.handling_minutes, row.close_at) == (
            State.DONE, done.done_at, True, done.handling_minutes, done.close_at,
        )  # fmt: skip
        assert told(each, "window.done") == 1
        assert [e.act for e in queries.events(row, public=True)][-3:] == ["take", "answer", "finish"]
    assert "internal" not in {e.text for e in queries.events(fresh(third), public=False)}
    verified()


def test_a_question_is_put_to_one_person_alone(posts: Any, pair: tuple[Any, Any]) -> None:
    with simulated(MONDAY + timedelta(hours=3)):
        act(posts, pair[0], Act.TAKE)
        act(posts, pair[0], Act.ASK, text="?")
    assert (fresh(pair[0]).state, fresh(pair[1]).state) == (State.WAITING, State.IN_PROGRESS)
    assert told(pair[0], "window.asked") == 1 and told(pair[1], "window.asked") == 0
    with simulated(MONDAY + timedelta(days=1)):
        from sala.window.terms import Verb

        people = [person.id for person in offices.people(fresh(pair[0]).office_id)]
        assert posts.clerk.may(Verb.ASSIGN, fresh(pair[0]).where)
        act(posts, pair[0], Act.ASSIGN, assigned=people[0])
        assert fresh(pair[1]).state == State.IN_PROGRESS and fresh(pair[1]).assigned == people[0]
        actions.reply(by=posts.resident, code=pair[0].code, text="here")
        done = act(posts, pair[0], Act.FINISH, text=TEXT)
    assert fresh(pair[1]).due_at == done.due_at  # the pause counts for both: they are one case
    verified()


@pytest.mark.parametrize("verb", [Act.TAKE, Act.ASK, Act.FINISH, Act.FORWARD])
def test_steps_are_taken_on_the_one_that_leads(posts: Any, pair: tuple[Any, Any], verb: Act) -> None:
    with pytest.raises(NotPossible):
        act(posts, pair[1], verb, text=TEXT)
    assert act(posts, pair[1], Act.NOTE, text=TEXT).state == State.RECEIVED
    assert [move.verb for move in rules.moves(State.RECEIVED, joined=True)] == [Act.NOTE]


def test_forwarded_and_sent_back_together(posts: Any, pair: tuple[Any, Any]) -> None:
    district = offices.office(posts.district.office)
    act(posts, pair[0], Act.FORWARD, text=TEXT, office=district.id)
    for each in pair:
        assert (fresh(each).office_id, fresh(each).state) == (district.id, State.FORWARDED)
        assert told(each, "window.forwarded") == 1
    step = Event.objects.get(request=pair[1].request, act="forward")
    assert step.office == district.id and step.origin == pair[0].request.office_id
    verified()


def test_who_is_not_content_opens_it_for_all(posts: Any, pair: tuple[Any, Any]) -> None:
    with simulated(MONDAY + timedelta(hours=3)):
        act(posts, pair[0], Act.FINISH, text=TEXT)
        again = actions.reopen(by=posts.resident, code=pair[1].code, text="my own words")
        assert again.pk == pair[1].request.pk
    assert {fresh(each).state for each in pair} == {State.REOPENED}
    assert told(pair[0], "window.reopened") == 1 and told(pair[1], "window.reopened") == 0
    texts = {e.request_id: e.text for e in Event.objects.filter(act="reopen")}
    assert texts == {pair[0].request.pk: "", pair[1].request.pk: "my own words"}
    verified()
    with simulated(MONDAY + timedelta(hours=4)):
        act(posts, pair[0], Act.FINISH, text=TEXT)
        actions.reopen(by=posts.resident, code=pair[0].code, text="mine")
    assert told(pair[1], "window.reopened") == 1
    assert "mine" not in {e.text for e in queries.events(fresh(pair[1]), public=False)}
    verified()


def test_when_the_first_is_withdrawn_the_oldest_leads(posts: Any, pair: tuple[Any, Any], report: Any) -> None:
    with simulated(MONDAY + timedelta(hours=5)):
        third = report(email="three@example.com", joined=pair[0].request.number)
        act(posts, pair[0], Act.TAKE)
        act(posts, pair[0], Act.ASK, text="?")
        actions.withdraw(by=posts.resident, code=pair[0].code)
    heir, last = fresh(pair[1]), fresh(third)
    assert (heir.joined_id, last.joined_id, fresh(pair[0]).joined_id) == (None, heir.pk, None)
    assert (heir.state, heir.open, heir.assigned) == (State.IN_PROGRESS, True, queries.post_id(posts.clerk))
    calendar = offices.calendar(heir.office_id)
    assert heir.due_at == last.due_at == rules.due(calendar, heir.received_at, heir.terms.days)
    assert not Event.objects.get(request=heir, act="lead").public
    verified()
    with simulated(MONDAY + timedelta(hours=6)):
        act(posts, pair[1], Act.FINISH, text=TEXT)
    assert told(third, "window.done") == 1 and told(pair[0], "window.done") == 0
    verified()


def test_one_that_followed_and_was_withdrawn_hears_nothing_more(posts: Any, pair: tuple[Any, Any]) -> None:
    actions.withdraw(by=posts.resident, code=pair[1].code)
    act(posts, pair[0], Act.FINISH, text=TEXT)
    assert fresh(pair[1]).state == State.WITHDRAWN and told(pair[1], "window.done") == 0
    with pytest.raises(NotPossible):
        actions.reopen(by=posts.resident, code=pair[1].code, text="again")
    verified()


def test_closed_together_by_the_calendar(posts: Any, pair: tuple[Any, Any]) -> None:
    from sala.window import tasks

    with simulated(MONDAY + timedelta(hours=3)):
        act(posts, pair[0], Act.FINISH, text=TEXT)
    with simulated(MONDAY + timedelta(days=30)):
        assert queries.due_to_close() == [pair[0].request.pk]
        tasks.close_due()
    assert {fresh(each).state for each in pair} == {State.CLOSED}
    verified()


def test_a_holiday_moves_both_and_each_is_told_once(pair: tuple[Any, Any]) -> None:
    from sala.accounts.acting import system
    from sala.window import recounting, tasks

    before, day = fresh(pair[0]).due_at, MONDAY.date() + timedelta(days=2)
    from sala.offices import actions as halls

    with simulated(MONDAY + timedelta(hours=3)):
        halls.add_holiday(by=system("tests"), day=day, name={"km": "ថ្ងៃឈប់", "en": "Day off"}, office=None)
        tasks.tell_moved()
    assert fresh(pair[0]).due_at == fresh(pair[1]).due_at > before
    assert [told(each, "window.moved") for each in pair] == [1, 1]
    assert recounting.recount(by=system("tests"), day=day, office=None) == 0
    verified()


# ---- joining and taking apart by staff -------------------------------------------------------------------------------------


def test_staff_join_what_follows_goes_along_and_take_apart(
    posts: Any, pair: tuple[Any, Any], report: Any
) -> None:
    first = report(email="zero@example.com")
    row = fresh(pair[0])
    joining.join(by=posts.clerk, request_id=row.pk, version=row.version, number=first.request.number)
    assert {fresh(each).joined_id for each in pair} == {first.request.pk}
    assert [told(each, "window.joined") for each in (first, *pair)] == [0, 1, 1]
    verified()
    row = fresh(pair[1])
    apart = joining.part(by=posts.clerk, request_id=row.pk, version=row.version)
    calendar = offices.calendar(apart.office_id)
    assert (apart.joined_id, apart.due_at) == (None, rules.due(calendar, apart.received_at, apart.terms.days))
    assert told(pair[1], "window.parted") == 1
    act(posts, first, Act.FINISH, text=TEXT)
    assert told(pair[0], "window.done") == 1 and told(pair[1], "window.done") == 0
    verified()


def test_a_report_opened_again_keeps_its_days_when_it_is_taken_apart(posts: Any, pair: Any) -> None:
    with simulated(MONDAY + timedelta(hours=3)):
        act(posts, pair[0], Act.FINISH, text=TEXT)
    with simulated(MONDAY + timedelta(days=9)):
        actions.reopen(by=posts.resident, code=pair[0].code, text="again")
        row = fresh(pair[1])
        apart = joining.part(by=posts.clerk, request_id=row.pk, version=row.version)
        calendar = offices.calendar(apart.office_id)
        assert apart.due_at == rules.due(calendar, MONDAY + timedelta(days=9), rules.REOPENED_DAYS)


def test_what_can_not_be_joined(posts: Any, pair: tuple[Any, Any], report: Any) -> None:
    main, other = map(fresh, pair)

    def join(row: Request, number: str, by: Any = posts.clerk, version: int | None = None) -> None:
        joining.join(by=by, request_id=row.pk, version=version or row.version, number=number)

    for number in ("", "120404-26-99999", "nonsense", "\x00", main.number, other.number):
        with pytest.raises(Invalid):  # the other one's is its own again
            join(main, number)
    road = fresh(report(service="RP-ROAD", email=""))
    with pytest.raises(Invalid):
        join(main, road.number)
    with pytest.raises(Changed):
        join(main, road.number, version=99)
    with pytest.raises(NotPossible):
        join(other, fresh(report(email="")).number)
    with pytest.raises(NotFound):
        join(main, road.number, by=posts.other)
    with pytest.raises(Refused):
        join(
            main,
            road.number,
            by=posts.desk if not posts.desk.may("window.join", main.where) else posts.district,
        )
    for row in (main, road):
        with pytest.raises(NotPossible):
            joining.part(by=posts.clerk, request_id=row.pk, version=row.version)
    act(posts, pair[0], Act.FINISH, text=TEXT)
    with pytest.raises(NotPossible):
        joining.part(by=posts.clerk, request_id=other.pk, version=fresh(pair[1]).version)


def test_me_too_with_what_is_no_report_of_this_problem(
    posts: Any, report: Any, pair: tuple[Any, Any]
) -> None:
    act(posts, pair[0], Act.FINISH, text=TEXT)
    done, document = pair[0].request.number, report(service="CT-ALIVE").request.number
    before = Request.objects.count()
    for number in (done, document, "nonsense", "120404-26-99999"):
        with pytest.raises(Invalid) as caught:
            report(joined=number)
        assert caught.value.errors[0].field == "joined"
    assert Request.objects.count() == before
    verified()


def test_joining_to_a_late_report_promises_no_day_that_is_over(report: Any) -> None:
    with simulated(MONDAY):
        main = report(email="")
    with simulated(MONDAY + timedelta(days=60)):
        late = report(email="two@example.com", joined=main.request.number)
        body = Notice.objects.get(about=letters.about(late.request)).body
    assert "2026" not in body.splitlines()[0] and "២០២៦" not in body.splitlines()[0]


# ---- lists, figures, pages ---------------------------------------------------------------------------------------------------


def test_joined_reports_are_no_work_twice(posts: Any, pair: tuple[Any, Any]) -> None:
    counts = queries.counts(posts.clerk)
    assert (counts["todo"], counts["joined"], counts["all"]) == (1, 1, 2)
    act(posts, pair[0], Act.FINISH, text=TEXT)
    figures.roll_up()
    values = {}
    for one in (measures.RECEIVED, measures.JOINED, measures.FINISHED):
        period = measured.default_period(one, "120404")
        values[one.code] = measured.figure(one, "120404", period).value
        assert measured.opened(one, "120404", period, posts.clerk).count == 1
    assert values == {"window.received": 1, "window.joined": 1, "window.finished": 1}


def test_similar_open_reports_are_found_by_place_and_service(posts: Any, report: Any) -> None:
    point = {"latitude": Decimal("11.56250"), "longitude": Decimal("104.91600")}
    near = report(**{**point, "latitude": Decimal("11.56300")}).request  # 56 m
    far = report(**{**point, "latitude": Decimal("11.56600")}).request  # 390 m
    plain = report().request
    report(service="RP-ROAD", **point)
    joined = report(joined=plain.number, **point).request
    terms = queries.service("RP-SEWER")
    here = public.spot("120404", "12040402", Decimal("11.5625"), Decimal("104.916"))
    found = [each.report.number for each in public.similar(terms, here)]
    assert found == [plain.number, near.number] and far.number not in found and joined.number not in found
    elsewhere = public.spot("120404", "12040401", None, None)
    assert public.similar(terms, elsewhere) == []
    assert public.similar(queries.service("CT-ALIVE"), here) == []


FORM = {
    "service": "RP-SEWER",
    "place": "120404",
    "village": "12040402",
    "description": "ទឹកលូហៀរលើផ្លូវ",
    "language": "km",
    "email": "me@example.com",
    "step": "what",
    "next": "1",
}


def test_the_form_shows_what_is_reported_nearby_and_joins(report: Any) -> None:
    main = report(description="secret words", location="secret place").request
    client = Client()
    page = client.post("/en/report", FORM).content.decode()
    assert "Already reported nearby" in page and main.number in page
    assert "secret" not in page
    sent = client.post(
        "/en/report", {**FORM, "step": "check", "me_too": main.number, "idempotency_key": "k1"}
    )
    assert sent.status_code == 302
    assert Request.objects.latest("received_at").joined_id == main.pk
    wrong = client.post(
        "/en/report", {**FORM, "step": "check", "me_too": "nonsense", "idempotency_key": "k2"}
    )
    assert wrong.status_code == 422 and "Look at the number again" in wrong.content.decode()


def test_officers_join_and_take_apart_on_a_page(report: Any, sign_in: Callable[[str], Client]) -> None:
    one, two = report(email="").request, report(email="").request
    client = sign_in("clerk120404")
    address = f"/en/work/requests/{two.pk}/joined"
    assert one.number in client.get(address).content.decode()
    wrong = client.post(address, {"act": "join", "version": 1, "number": "nonsense"})
    assert wrong.status_code == 422 and "nonsense" in wrong.content.decode()
    assert client.post(address, {"act": "join", "version": 1, "number": ""}).status_code == 422
    assert client.post(address, {"act": "join", "version": 7, "number": one.number}).status_code == 412
    assert client.post(address, {"act": "dance"}).status_code == 404
    assert client.post(address, {"act": "join", "version": 1, "number": one.number}).status_code == 302
    record = client.get(f"/en/work/requests/{two.pk}").content.decode()
    assert one.number in record and "Record as finished" not in record
    assert "1 report is joined" in client.get(f"/en/work/requests/{one.pk}").content.decode()
    page = f"/en/work/requests/{one.pk}/joined"
    assert two.number in client.get(page).content.decode()
    assert two.number in client.get("/en/work?view=joined").content.decode()
    assert two.number not in client.get("/en/work").content.decode()
    assert client.post(page, {"act": "part", "joined": "x", "version": 2}).status_code == 404
    assert client.post(page, {"act": "part", "joined": two.pk, "version": 9}).status_code == 412
    assert client.post(page, {"act": "part", "joined": two.pk, "version": 2}).status_code == 302
    assert Request.objects.get(pk=two.pk).joined_id is None
    assert Client().post(page, {"act": "part"}).status_code in (302, 401)


def test_programs_join_and_take_apart(report: Any, sign_in: Callable[[str], Client]) -> None:
    one, two = report(email="").request, report(email="").request
    client = sign_in("clerk120404")

    def post(verb: str, version: int, body: dict[str, str]) -> Any:
        return client.post(
            f"/api/v1/window/requests/{two.pk}/{verb}",
            body,
            content_type="application/json",
            headers={"If-Match": f'"{version}"'},
        )

    assert post("join", 1, {"joined": "nonsense"}).status_code == 422
    assert post("join", 1, {"joined": one.number}).status_code == 200
    told_ = client.get(f"/api/v1/window/requests/{two.pk}").json()
    assert told_["joined"] == str(one.pk) and told_["steps"] == ["note", "part"]
    assert post("part", 2, {}).status_code == 200
    body = {"service": "RP-SEWER", "place": "12040402", "description": "same", "joined": one.number}
    made = Client().post("/api/v1/window/requests", body, content_type="application/json")
    assert made.status_code == 201 and Request.objects.get(number=made.json()["number"]).joined_id == one.pk
    wrong = Client().post(
        "/api/v1/window/requests", {**body, "joined": "nonsense"}, content_type="application/json"
    )
    assert wrong.status_code == 422 and wrong.json()["errors"][0]["field"] == "joined"
