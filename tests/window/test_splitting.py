"""A request that holds two matters: the second becomes a request of its own, with a fair clock, and everybody is told once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from sala.installation.actions import simulated
from sala.kit.errors import Changed, Invalid, NotFound, NotPossible, Refused
from sala.ledger.models import Entry
from sala.notices.models import Notice
from sala.numbers.models import Counter
from sala.offices import queries as offices
from sala.offices.models import Holiday
from sala.window import actions, gaps, letters, queries, recounting, routes, rules, splitting
from sala.window.models import Contact, Event, Request, RoutingRule
from sala.window.terms import Act, DaysKind, State
from tests.window.test_actions import MONDAY, verified
from tests.window.test_escalation import CALENDAR

WISH = splitting.Wish("RP-ROAD", "ផ្លូវមានរន្ធធំ")
NAMES = (
    "province",
    "district",
    "commune",
    "village",
    "office_id",
    "location",
    "latitude",
    "longitude",
    "channel",
)


# ---- the rules ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", list(State))
def test_only_open_and_not_joined_ones(state: State) -> None:
    assert rules.can_split(state, joined=False) == (state in rules.OPEN)
    assert not rules.can_split(state, joined=True)


@settings(max_examples=40)
@given(
    st.integers(0, 40),
    st.integers(0, 10),
    st.integers(0, 20),
    st.integers(1, 30),
    st.sampled_from([*DaysKind]),
    st.booleans(),
)
def test_the_second_clock_counts_from_the_same_day_and_not_the_pauses(
    passed: int, paused: int, waiting: int, days: int, kind: DaysKind, again: bool
) -> None:
    start = datetime(2026, 3, 2, 9, tzinfo=CALENDAR.zone)
    now = start + timedelta(days=passed + waiting)
    since = start + timedelta(days=passed) if waiting else None
    first = rules.Clock(start, rules.due(CALENDAR, start, 5), since, paused * 60)
    waited = CALENDAR.minutes_between(since, now) if since else 0
    reopened = start + timedelta(days=passed) if again else None
    second = rules.second_clock(CALENDAR, first, now, days, kind, reopened)
    assert (second.received, second.paused_at, second.paused_minutes) == (start, None, paused * 60 + waited)
    bare = rules.due(CALENDAR, start, days, kind)
    assert second.due >= bare and (second.due == bare or paused or waited or again)
    assert (
        rules.recounted(CALENDAR, second, days, reopened, kind) == second.due
    )  # a holiday elsewhere moves nothing


# ---- the act ------------------------------------------------------------------------------------------------------------

pytestmark = pytest.mark.django_db


@pytest.fixture
def first(report: Callable[..., Any]) -> Any:
    """A report of a Monday; it tells of a sewer and of a hole in the road."""
    with simulated(MONDAY):
        return report(description="លូហៀរ ហើយផ្លូវមានរន្ធធំ")


def fresh(received: Any) -> Request:
    return Request.objects.get(pk=received.request.pk)


def split(posts: Any, received: Any, days: int = 2, **said: Any) -> Request:
    row = fresh(received)
    values = {"by": posts.clerk, "request_id": row.pk, "version": row.version, "wish": WISH, **said}
    with simulated(MONDAY + timedelta(days=days)):
        return Request.objects.get(pk=splitting.split(**values).pk)


def test_the_second_is_a_request_of_its_own_received_on_the_same_day(posts: Any, first: Any) -> None:
    second, one = split(posts, first), fresh(first)
    assert [getattr(second, name) for name in NAMES] == [getattr(one, name) for name in NAMES]
    assert (second.state, second.service_id, second.description) == (
        State.RECEIVED,
        "RP-ROAD",
        WISH.description,
    )
    assert (second.received_at, second.created) == (one.received_at, MONDAY + timedelta(days=2))
    assert second.due_at == rules.due(offices.calendar(one.office_id), MONDAY, second.terms.days)
    assert (second.split_from_id, second.number[-2:], second.code_hash == one.code_hash) == (
        one.pk,
        "02",
        False,
    )
    assert one.description == "លូហៀរ ហើយផ្លូវមានរន្ធធំ" and (one.state, one.version) == (State.RECEIVED, 2)
    contact = Contact.objects.get(request=second)
    assert (contact.name, contact.phone, contact.email) == ("សុខ តារា", "+85512345648", "tara@example.com")
    assert [(e.act, e.text) for e in queries.events(one, public=True)] == [
        ("receive", ""),
        ("split", second.number),
    ]
    told = queries.events(second, public=True)
    assert [(e.act, e.text, e.post) for e in told] == [
        ("receive", "", "resident"),
        ("second", one.number, posts.clerk.post),
    ]
    assert queries.split_with(one) == (None, [second]) and queries.split_with(second) == (one, [])
    acts = Entry.objects.filter(subject__in=[str(one.pk), str(second.pk), str(contact.pk)]).values_list(
        "act", flat=True
    )
    assert sorted(acts) == ["window.receive", "window.second", "window.second", "window.split"]
    assert list(gaps.missing()) == []
    verified()


def test_the_applicant_is_told_once_with_the_new_number_and_code(posts: Any, first: Any) -> None:
    before = Notice.objects.count()
    second = split(posts, first)
    notice = Notice.objects.get(about=letters.about(second))
    assert Notice.objects.count() == before + 1 and notice.kind == "window.split"
    assert second.number in notice.subject and notice.address == "tara@example.com"
    assert fresh(first).number in notice.body and queries.code_of(second) in notice.body
    assert notice.body.count(fresh(first).number) == 1


def test_a_pause_and_a_holiday_count_as_for_the_first(posts: Any, first: Any) -> None:
    with simulated(MONDAY + timedelta(hours=1)):
        actions.act(by=posts.clerk, request_id=first.request.pk, version=1, verb=Act.ASK, text="?")
    second, calendar = split(posts, first), offices.calendar(first.request.office_id)
    waited = calendar.minutes_between(MONDAY + timedelta(hours=1), MONDAY + timedelta(days=2))
    bare = rules.due(calendar, MONDAY, second.terms.days)
    assert (second.state, second.paused_minutes) == (State.RECEIVED, waited) and waited > 0
    assert second.due_at == calendar.add_minutes(bare, waited) and fresh(first).state == State.WAITING
    Holiday.objects.create(date=(MONDAY + timedelta(days=1)).date(), name_km="បុណ្យ", name_en="Feast")
    offices.forget_calendars()
    with simulated(MONDAY + timedelta(days=2)):
        assert (
            recounting.recount(by=posts.ministry, day=(MONDAY + timedelta(days=1)).date(), office=None) == 2
        )
    verified()


def test_of_a_reopened_one_the_second_has_days_left_too(posts: Any, first: Any) -> None:
    with simulated(MONDAY + timedelta(days=1)):
        actions.act(by=posts.clerk, request_id=first.request.pk, version=1, verb=Act.FINISH, text="រួច")
    with pytest.raises(NotPossible) as problem:
        split(posts, first)
    assert problem.value.message == splitting.OVER
    with simulated(MONDAY + timedelta(days=10)):
        actions.reopen(by=posts.resident, code=first.code, text="?")
    second = split(posts, first, days=10)
    assert second.due_at >= rules.due(offices.calendar(second.office_id), MONDAY + timedelta(days=10), 3)
    assert second.reopened_at == fresh(first).reopened_at
    verified()


def test_a_joined_one_is_not_split_and_one_that_leads_keeps_its_followers(
    posts: Any, first: Any, report: Any
) -> None:
    with simulated(MONDAY + timedelta(hours=1)):
        other = report(joined=first.request.number)
    with pytest.raises(NotPossible) as problem:
        split(posts, other)
    assert "joined" in str(problem.value.message)
    second = split(posts, first)
    assert (
        second.joined_id is None and fresh(other).joined_id == first.request.pk and fresh(other).version == 2
    )
    verified()


def test_who_may_and_what_is_no_wish(posts: Any, first: Any) -> None:
    for by, raised in (
        (posts.other, NotFound),
        (posts.resident, NotFound),
        (posts.desk, Refused),
        (posts.ministry, Refused),
    ):
        with pytest.raises(raised):
            split(posts, first, by=by)
    with pytest.raises(Changed):
        split(posts, first, version=9)
    district = next(terms.code for terms in queries.services(level="district"))
    for service, text, fields in (
        ("NOTHING", "x", ["service"]), (district, "x", ["service"]), ("RP-ROAD", "  ", ["description"]),
        ("", "", ["service", "description"]),
    ):  # fmt: skip
        with pytest.raises(Invalid) as problem:
            split(posts, first, wish=splitting.Wish(service, text))
        assert [error.field for error in problem.value.errors] == fields
    assert Request.objects.count() == 1 and Counter.objects.get(series="window.request").value == 1
    offices_of_none = first.request
    offices_of_none.office.kind = "district_hall"
    assert splitting.services(offices_of_none) == []


def test_if_the_ledger_fails_nothing_was_split(
    posts: Any, first: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(pairs: Any) -> None:
        raise RuntimeError("the ledger is down")

    monkeypatch.setattr(splitting.ledger, "save_many", fails)
    notices = Notice.objects.count()
    with pytest.raises(RuntimeError):
        split(posts, first)
    assert Request.objects.count() == 1 and Event.objects.count() == 1 and Notice.objects.count() == notices
    assert Counter.objects.get(series="window.request").value == 1 and fresh(first).version == 1


def test_the_offices_own_rules_say_who_gets_it(posts: Any, first: Any) -> None:
    office = first.request.office_id
    rule = RoutingRule.objects.create(
        office_id=office, position=1, service="RP-ROAD", to_post="commune_chief", on=True
    )
    routes._in_force.forget()
    assert split(posts, first).assigned == posts.chief.appointment
    RoutingRule.objects.filter(pk=rule.pk).update(
        to_post="", to_office_id=posts.district.office, changed=MONDAY
    )
    routes._in_force.forget()
    again = split(posts, first)
    assert (again.assigned, again.office_id) == (None, office)


def test_without_a_contact_the_first_page_leads_to_the_second(posts: Any, report: Any) -> None:
    with simulated(MONDAY):
        bare = report(name="", phone="", email="")
    second = split(posts, bare)
    assert not Contact.objects.filter(request=second).exists()
    page = Client().get(f"/en/requests/{bare.code}").content.decode()
    assert queries.code_of(second) in page and second.number in page
    theirs = Client().get(f"/en/requests/{queries.code_of(second)}").content.decode()
    assert (
        bare.request.number in theirs
        and bare.code not in theirs
        and queries.code_of(bare.request) not in theirs
    )


# ---- the page -----------------------------------------------------------------------------------------------------------


def test_the_page_previews_keeps_what_was_typed_and_splits(
    sign_in: Callable[[str], Client], posts: Any, first: Any
) -> None:
    address = f"/en/work/requests/{first.request.pk}/split"
    with simulated(MONDAY + timedelta(days=2)):
        clerk = sign_in("clerk120404")
        assert "លូហៀរ" in clerk.get(address).content.decode()
        empty = clerk.post(address, {"version": "1", "do": "preview"})
        assert empty.status_code == 422 and "Write what the second matter is." in empty.content.decode()
        said = {"version": "1", "service": "RP-ROAD", "description": WISH.description}
        seen = clerk.post(address, {**said, "do": "preview"}).content.decode()
        assert "is told of the new number and code" in seen and "9 March 2026" not in seen
        changed = clerk.post(address, {**said, "do": "change"}).content.decode()
        assert WISH.description in changed and "<select" in changed
        assert Request.objects.count() == 1
        late = clerk.post(address, {**said, "version": "7", "do": "split"})
        assert late.status_code == 412 and WISH.description in late.content.decode()
        wrong = clerk.post(address, {**said, "service": "LA-NOTHING", "do": "split"})
        assert wrong.status_code == 422 and "Choose a service of this office" in wrong.content.decode()
        done = clerk.post(address, {**said, "do": "split"})
        second = Request.objects.get(split_from=first.request)
        assert done.status_code == 302 and done["Location"].endswith(str(second.pk))
        record = clerk.get(done["Location"]).content.decode()
        assert first.request.number in record and "Split off from" in record
        assert second.number in clerk.get(f"/en/work/requests/{first.request.pk}").content.decode()
        actions.act(by=posts.clerk, request_id=first.request.pk, version=2, verb=Act.FINISH, text="រួច")
        over = clerk.get(address)
        assert (
            "Only an open request can be split." in over.content.decode()
            and "<textarea" not in over.content.decode()
        )
        assert clerk.post(address, {**said, "version": "3", "do": "split"}).status_code == 409


def test_a_program_splits_too(sign_in: Callable[[str], Client], first: Any) -> None:
    clerk, address = sign_in("clerk120404"), f"/api/v1/window/requests/{first.request.pk}"
    assert "split" in clerk.get(address).json()["steps"]
    assert "split" not in sign_in("frontdesk120404").get(address).json()["steps"]
    body = {"service": "RP-ROAD", "text": WISH.description}
    said: dict[str, Any] = {"content_type": "application/json", "headers": {"If-Match": '"1"'}}
    wrong = clerk.post(f"{address}/split", {"service": "NO", "text": "x"}, **said)
    assert wrong.status_code == 422 and wrong.json()["errors"][0]["field"] == "service"
    answer = clerk.post(f"{address}/split", body, **said)
    assert answer.status_code == 200 and answer.json()["service"] == "RP-ROAD"
    assert Request.objects.get(split_from=first.request).number == answer.json()["number"]
