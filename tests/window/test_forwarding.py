"""What happens to a request that goes to another office, comes back, or is opened again?"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from sala.installation.actions import simulated
from sala.kit.errors import Invalid, NotFound, NotPossible, Refused
from sala.ledger import queries as ledger
from sala.notices.models import Notice
from sala.offices import queries as offices
from sala.window import actions, queries, rules
from sala.window.models import Event, Request
from sala.window.terms import Act, State
from tests.window.conftest import PLACE
from tests.window.test_actions import MONDAY, verified

pytestmark = pytest.mark.django_db
WHY = "ផ្លូវនេះជារបស់ខណ្ឌ"


@pytest.fixture
def district(posts: Any) -> Any:
    """The one-window office of the district."""
    return offices.office(posts.district.office)


def forward(posts: Any, request: Request, office: Any, version: int = 1) -> Request:
    return actions.act(
        verb=Act.FORWARD, by=posts.clerk, request_id=request.id, version=version, text=WHY, office=office
    )


def test_number_code_and_clock_go_with_it(posts: Any, report: Callable[..., Any], district: Any) -> None:
    received = report()
    before = received.request
    after = forward(posts, before, district.id)
    assert (after.state, after.open, after.assigned) == (State.FORWARDED, True, None)
    assert (after.number, after.due_at, after.office_id) == (before.number, before.due_at, district.id)
    assert queries.by_code(received.code).pk == before.pk
    assert after.reaction_minutes is not None  # the hall has done something
    step = Event.objects.get(act="forward")
    assert (step.office, step.origin, step.public) == (
        district.id,
        offices.office_at(PLACE, "commune_hall").id,
        True,
    )
    assert Notice.objects.latest("id").kind == "window.forwarded"
    verified()


def test_the_case_and_its_person_are_for_the_office_that_holds_it(
    posts: Any, report: Callable[..., Any], district: Any
) -> None:
    request = report().request
    assert not queries.may_see_person(posts.district, request)
    request = forward(posts, request, district.id)
    assert queries.may_see_person(posts.district, request) and not queries.may_see_person(
        posts.clerk, request
    )
    assert queries.record(posts.clerk, request.id).pk == request.pk  # without personal data it stays in sight
    with pytest.raises(NotFound):
        queries.record(posts.other, request.id)
    with pytest.raises(Refused):
        actions.act(verb=Act.TAKE, by=posts.clerk, request_id=request.id, version=2)
    assert (
        actions.act(verb=Act.TAKE, by=posts.district, request_id=request.id, version=2).state
        == State.IN_PROGRESS
    )


def test_who_refused_stands_in_the_history(posts: Any, report: Callable[..., Any], district: Any) -> None:
    request = forward(posts, report().request, district.id)
    with pytest.raises(Invalid):
        actions.act(verb=Act.RETURN, by=posts.district, request_id=request.id, version=2, text=" ")
    request = actions.act(
        verb=Act.RETURN, by=posts.district, request_id=request.id, version=2, text="ជារបស់សង្កាត់"
    )
    home = offices.office_at(PLACE, "commune_hall")
    assert (request.state, request.office_id) == (State.RECEIVED, home.id)
    last = queries.events(request, public=True)[-1]
    assert (last.act, last.post, last.office, last.origin) == (
        "return",
        posts.district.post,
        home.id,
        district.id,
    )
    with pytest.raises(NotPossible):  # nobody forwarded it to the hall it came to first
        actions.act(verb=Act.RETURN, by=posts.clerk, request_id=request.id, version=3, text="no")
    verified()


def test_only_to_an_office_that_takes_on_requests_there(posts: Any, report: Callable[..., Any]) -> None:
    request = report().request
    own, elsewhere = request.office_id, offices.office_at("020801", "commune_hall").id
    for wrong in (own, elsewhere, None):
        with pytest.raises(Invalid) as problem:
            forward(posts, request, wrong)
        assert problem.value.errors[0].field == "office"
    kinds = {target.kind for target in queries.targets(request)}
    assert kinds == {"commune_hall", "one_window", "provincial_hall", "ministry_department"}
    assert {target.district for target in queries.targets(request) if target.kind == "commune_hall"} == {
        "1204"
    }


def test_a_neighbouring_commune_gets_the_case(posts: Any, report: Callable[..., Any]) -> None:
    request = report().request
    neighbour = next(t for t in queries.targets(request) if t.kind == "commune_hall")
    moved = forward(posts, request, neighbour.id)
    assert moved.commune == PLACE and moved.office_id == neighbour.id


def test_the_front_desk_does_not_forward(posts: Any, report: Callable[..., Any], district: Any) -> None:
    request = report().request
    with pytest.raises(Refused):
        actions.act(
            verb=Act.FORWARD, by=posts.desk, request_id=request.id, version=1, text=WHY, office=district.id
        )


def finished(posts: Any, report: Callable[..., Any], at: Any) -> actions.Received:
    with simulated(at):
        received = report()
    with simulated(at + timedelta(hours=1)):
        actions.act(verb=Act.FINISH, by=posts.clerk, request_id=received.request.id, version=1, text="រួច")
    return received


def test_opened_again_by_the_applicant(posts: Any, report: Callable[..., Any]) -> None:
    received = finished(posts, report, MONDAY)
    with simulated(MONDAY + timedelta(days=9)):
        request = actions.reopen(by=posts.resident, code=received.code, text="លូនៅតែស្ទះ")
        assert (request.state, request.open) == (State.REOPENED, True)
        assert request.done_at is request.on_time is request.handling_minutes is request.close_at is None
        calendar = offices.calendar(request.office_id)
        at_least = rules.due(calendar, MONDAY + timedelta(days=9), rules.REOPENED_DAYS)
        assert request.due_at >= at_least  # not late at the moment of the objection
        request = actions.act(verb=Act.FINISH, by=posts.clerk, request_id=request.id, version=3, text="រួច")
    assert request.on_time and request.handling_minutes == 60  # the days between were nobody's
    assert [e.act for e in queries.events(request, public=True)] == ["receive", "finish", "reopen", "finish"]
    verified()


def test_after_ten_working_days_it_is_closed(posts: Any, report: Callable[..., Any]) -> None:
    received = finished(posts, report, MONDAY)
    with simulated(MONDAY + timedelta(days=30)):
        from sala.window import tasks

        tasks.close_due()
        with pytest.raises(NotPossible):
            actions.reopen(by=posts.resident, code=received.code, text="លូនៅតែស្ទះ")


def test_the_clerk_opens_again_and_the_applicant_is_told(posts: Any, report: Callable[..., Any]) -> None:
    received = finished(posts, report, MONDAY)
    with simulated(MONDAY + timedelta(days=2)):
        actions.act(verb=Act.REOPEN, by=posts.clerk, request_id=received.request.id, version=2, text="ខុស")
    assert Notice.objects.latest("id").kind == "window.reopened"


def test_erasing_takes_the_words_of_the_objection(posts: Any, report: Callable[..., Any]) -> None:
    received = finished(posts, report, MONDAY)
    with simulated(MONDAY + timedelta(days=2)):
        actions.reopen(by=posts.resident, code=received.code, text="លូនៅមុខផ្ទះខ្ញុំ")
        actions.erase_person(by=posts.chief, request_id=received.request.id)
    assert not Event.objects.exclude(text="").exclude(act="finish").exists()
    assert ledger.first("window.request", str(received.request.id)) is not None
    verified()


def test_to_whom_one_can_appeal(posts: Any, report: Callable[..., Any], district: Any) -> None:
    request = report().request
    assert queries.appeal(request) == district
    assert queries.appeal(report(service="MN-LICENCE").request).kind == "ministry_department"
