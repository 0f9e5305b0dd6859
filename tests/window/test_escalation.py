"""Who is told that a request gets late, when, and how often? The pure rule, the act, the job, the list and its page."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from sala.accounts.acting import system
from sala.installation.actions import simulated
from sala.kit.days import Calendar
from sala.kit.errors import NotFound, NotPossible, Refused
from sala.ledger.models import Entry
from sala.notices.models import Notice
from sala.offices import queries as offices
from sala.offices.models import Holiday
from sala.window import actions, escalating, escalation, queries, recounting, tasks
from sala.window.escalation import Case, Step, Tell
from sala.window.models import Escalation, Event, Request
from sala.window.terms import Act, Verb
from tests.window.test_actions import MONDAY, verified

ZONE = ZoneInfo("Asia/Phnom_Penh")
WEEK = {day: ((time(8), time(12)), (time(14), time(17))) for day in range(5)}
CALENDAR = Calendar(WEEK, {date(2026, 3, 25): {"km": "បុណ្យ", "en": "Feast"}}, ZONE)
DUE = datetime(2026, 3, 20, 17, tzinfo=ZONE)  # a Friday
OWN = (Tell("own", ("clerk",)),)
SOON, LATE, LONG = (
    Step(code, {"km": code, "en": code}, days, OWN) for code, days in (("soon", -2), ("due", 0), ("long", 3))
)
ROADS = Step("roads", {"km": "r", "en": "r"}, 1, OWN, frozenset({"RP-ROAD"}))
STEPS = (SOON, LATE, ROADS, LONG)
minutes = st.integers(-60 * 24 * 20, 60 * 24 * 20).map(lambda n: DUE + timedelta(minutes=n))


# ---- the rule -----------------------------------------------------------------------------------------------------------


def codes(
    now: datetime, taken: str = "", service: str = "X", *, due: datetime = DUE, running: bool = True
) -> str:
    found = escalation.due_steps(STEPS, CALENDAR, now, Case(service, due, running, taken))
    return " ".join(step.code for step in found)


@pytest.mark.parametrize(
    ("day", "hour", "taken", "found"),
    [
        (18, 16, "", ""),  # more than two working days are left
        (18, 17, "", "soon"),  # Thursday and Friday are left
        (19, 8, "soon", ""),
        (20, 16, "soon", ""),
        (20, 18, "soon", "due"),
        (20, 18, "", "soon due"),  # nobody looked in between
        (21, 9, "due", ""),  # on a Saturday no working time passes
        (24, 17, "due", ""),  # Monday and Tuesday; Wednesday is a feast
        (25, 17, "due", ""),
        (26, 17, "due", "long"),
        (26, 17, "long", ""),
        (31, 17, "gone", ""),  # a step that is no longer in the pack
    ],
)
def test_steps_in_working_time(day: int, hour: int, taken: str, found: str) -> None:
    assert codes(datetime(2026, 3, day, hour, 1, tzinfo=ZONE), taken) == found


def test_a_step_of_some_services() -> None:
    monday = datetime(2026, 3, 23, 17, 1, tzinfo=ZONE)
    assert codes(monday, "due") == "" and codes(monday, "due", "RP-ROAD") == "roads"


def test_waiting_and_over_are_told_of_to_nobody_and_a_new_deadline_counts_anew() -> None:
    now = DUE + timedelta(hours=1)
    assert codes(now, running=False) == ""
    assert codes(DUE, "soon") == ""  # the last moment is in time
    assert codes(now, due=DUE + timedelta(days=30)) == "" and codes(now, due=DUE) == "soon due"


@settings(max_examples=60)
@given(minutes, minutes, st.integers(-5, 5))
def test_the_moment_for_the_index_is_the_rule(due: datetime, now: datetime, days: int) -> None:
    step = Step("x", {}, days, OWN)
    reached = CALENDAR.minutes_between(due, now) >= days * CALENDAR.minutes_a_day
    assert (due < escalation.before(step, CALENDAR, now)) == (reached and (days < 0 or now > due))


@settings(max_examples=60)
@given(minutes, st.lists(minutes, min_size=1, max_size=8).map(sorted))
def test_each_step_once_in_order_and_never_back(due: datetime, moments: list[datetime]) -> None:
    taken, seen = "", []
    for now in moments:
        found = escalation.due_steps((SOON, LATE, LONG), CALENDAR, now, Case("X", due, True, taken))
        if found:
            taken = found[-1].code
            seen.append(taken)
    assert seen == [code for code in ("soon", "due", "long") if code in seen]
    for step, later in ((SOON, LATE), (LATE, LONG)):
        assert step.code in escalation.earlier(STEPS, later) and later.code not in escalation.earlier(
            STEPS, step
        )


def test_who_is_told_is_who_has_the_posts() -> None:
    kinds = {"clerk": ["hall"], "head": ["window"], "governor": ["province"]}
    step = Step("x", {}, 0, (Tell("own", ("clerk", "head")), Tell("above", ("head", "governor"))))
    assert escalation.told(step, "hall", ["window", "district", "province"], kinds) == [
        (0, "clerk"),
        (1, "head"),
    ]
    assert escalation.told(step, "window", ["district", "province"], kinds) == [(0, "head"), (2, "governor")]
    assert escalation.told(step, "ministry", [], kinds) == []


GOOD = {"code": "late", "km": "យឺត", "en": "Late", "days": 0, "tell": [{"office": "own", "posts": ["clerk"]}]}


@pytest.mark.parametrize(
    "change",
    [
        {"code": "two words"}, {"code": "x" * 17}, {"code": 3}, {"days": "2"}, {"days": True}, {"days": 251}, {"km": ""},
        {"services": "RP"}, {"tell": []}, {"tell": [{"office": "below", "posts": ["clerk"]}]},
        {"tell": [{"office": "own", "posts": []}]}, {"tell": [{"office": "own"}]},
    ],
)  # fmt: skip
def test_a_faulty_file_is_told_with_its_step(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"escalation\.toml, step 1: "):
        escalation.parse({"step": [{**GOOD, **change}]})


def test_steps_come_in_order_and_apart() -> None:
    soon = {**GOOD, "code": "soon", "days": -1, "services": ["A"]}
    assert [step.code for step in escalation.parse({"step": [GOOD, soon]})] == ["soon", "late"]
    assert escalation.parse({}) == ()
    same = {**soon, "code": "other", "services": ["B"]}
    assert len(escalation.parse({"step": [soon, same]})) == 2
    for second in (GOOD, {**soon, "code": "again"}, {**GOOD, "code": "other"}):
        with pytest.raises(ValueError, match=r"escalation\.toml"):
            escalation.parse({"step": [GOOD, soon, second]})


# ---- the act ------------------------------------------------------------------------------------------------------------

SYSTEM = system("tests")


@pytest.fixture
def late(db: None, report: Callable[..., Any]) -> Request:
    """A report of a Monday in March whose five days are over."""
    with simulated(MONDAY):
        return Request.objects.get(pk=report().request.pk)


def at(request: Request, days: int, hours: int = 1) -> Any:
    """The clock stands some working days after its deadline."""
    due, calendar = Request.objects.get(pk=request.pk).due_at, offices.calendar(request.office_id)
    length = calendar.minutes_a_day * abs(days)
    moment = calendar.add_minutes(due, length) if days >= 0 else calendar.beyond(due, -length - 1)
    return simulated(moment + timedelta(hours=hours))


def fresh(request: Request) -> Request:
    return Request.objects.get(pk=request.pk)


def told(request: Request) -> list[tuple[str, str, str]]:
    rows = Escalation.objects.filter(request=request).select_related("office")
    order = ["soon", "due", "long"]
    return sorted(
        ((row.step, row.office.kind, row.post) for row in rows), key=lambda each: (order.index(each[0]), each)
    )


def test_the_pack_names_posts_that_may_see_the_list(db: None) -> None:
    from sala.accounts import queries as accounts

    granted = {grant.post_id for grant in accounts.grants() if grant.verb == Verb.ESCALATED}
    named = {post for step in escalating.plan() for tell in step.tell for post in tell.posts}
    assert [step.code for step in escalating.plan()] == ["soon", "due", "long"]
    assert named == granted


def test_the_furthest_step_is_told_once_a_deadline(posts: Any, late: Request) -> None:
    notices = Notice.objects.count()
    with at(late, -1):
        escalating.escalate(by=SYSTEM, request_id=late.pk)
        assert (fresh(late).escalated, told(late)) == ("soon", [("soon", "commune_hall", "clerk")])
        with pytest.raises(NotPossible):
            escalating.escalate(by=SYSTEM, request_id=late.pk)
    with at(late, 6):
        row = escalating.escalate(by=SYSTEM, request_id=late.pk)
    assert told(late)[1:] == [
        ("long", "commune_hall", "commune_chief"),
        ("long", "one_window", "one_window_head"),
    ]
    assert (row.state, row.due_at, row.version, fresh(late).escalated) == ("received", late.due_at, 3, "long")
    assert [event.text for event in queries.events(row, public=False)] == ["", "soon", "long"]
    assert [event.act for event in queries.events(row, public=True)] == ["receive"]
    assert Notice.objects.count() == notices  # the applicant is not told, and nobody is written to
    assert (
        list(Entry.objects.filter(kind=escalating.ESCALATION).values_list("act", flat=True))
        == ["window.escalate"] * 3
    )
    verified()


def test_if_the_ledger_fails_nobody_was_told(late: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(pairs: Any) -> None:
        raise RuntimeError("the ledger is down")

    monkeypatch.setattr(escalating.ledger, "save_many", fails)
    with at(late, 0), pytest.raises(RuntimeError):
        escalating.escalate(by=SYSTEM, request_id=late.pk)
    assert (fresh(late).escalated, fresh(late).version, told(late)) == ("", 1, [])
    assert Event.objects.filter(request=late).count() == 1


def test_only_the_house_itself_tells(posts: Any, late: Request) -> None:
    with at(late, 0):
        for by in (posts.chief, posts.ministry):
            with pytest.raises(Refused):
                escalating.escalate(by=by, request_id=late.pk)
        with pytest.raises(NotFound):
            escalating.escalate(by=SYSTEM, request_id=late.office_id)


def test_waiting_stops_it_and_a_reply_gives_a_new_deadline(posts: Any, late: Request) -> None:
    with at(late, 0):
        tasks.escalate_due()
        row = actions.act(by=posts.clerk, request_id=late.pk, version=2, verb=Act.ASK, text="?")
    assert row.escalated == "due"
    with at(late, 8):
        assert escalating.due() == []
        with pytest.raises(NotPossible):
            escalating.escalate(by=SYSTEM, request_id=late.pk)
        actions.reply(by=posts.resident, code=queries.code_of(row), text="!")
    assert fresh(late).escalated == "" and fresh(late).due_at > late.due_at
    with at(late, 0):
        tasks.escalate_due()
    assert [step for step, _office, _post in told(late)] == ["due"] * 4
    verified()


def test_a_holiday_counts_anew_and_a_pause_of_nothing_does_not(posts: Any, late: Request) -> None:
    with at(late, -1):
        tasks.escalate_due()
        row = actions.act(by=posts.clerk, request_id=late.pk, version=2, verb=Act.ASK, text="?")
        actions.reply(by=posts.resident, code=queries.code_of(row), text="!")
        assert fresh(late).escalated == "soon"
        day = late.due_at.astimezone(ZONE).date()
        Holiday.objects.create(date=day, name_km="បុណ្យ", name_en="Feast")
        offices.forget_calendars()
        assert recounting.recount(by=SYSTEM, day=day, office=None) == 1
    assert fresh(late).escalated == "" and fresh(late).due_at > late.due_at
    verified()


def test_the_job_tells_all_that_is_due_and_nothing_twice(
    posts: Any, late: Request, report: Callable[..., Any]
) -> None:
    with simulated(MONDAY + timedelta(minutes=5)):
        joined = report(joined=late.number).request
        other = report(place="020801").request
    with simulated(MONDAY + timedelta(days=9)):
        later = report().request
    with at(late, 0):
        assert len(escalating.due()) == 2 and len(escalating.due(1)) == 1
        tasks.escalate_due()
        tasks.escalate_due()
        assert escalating.due() == []
    marks = [fresh(each).escalated for each in (late, other, joined, later)]
    assert marks == ["due", "due", "", ""] and Escalation.objects.filter(request=late).count() == 2
    verified()


def test_an_office_with_its_own_holiday_counts_by_it(late: Request) -> None:
    day = late.due_at.astimezone(ZONE).date() + timedelta(days=1)
    for more in range(3):
        Holiday.objects.create(
            date=day + timedelta(days=more), office_id=late.office_id, name_km="បុណ្យ", name_en="Feast"
        )
    offices.forget_calendars()
    assert offices.own_calendars() == {late.office_id}
    country = offices.calendar(None)
    with simulated(country.add_minutes(late.due_at, 5 * country.minutes_a_day) + timedelta(hours=1)):
        tasks.escalate_due()
        assert fresh(late).escalated == "due"  # by the country's calendar it would be five days
    with at(late, 5):
        tasks.escalate_due()
        assert fresh(late).escalated == "long"


def test_the_job_reads_its_own_index(late: Request) -> None:
    with at(late, 0):
        step = escalating.plan()[1]
        rows = escalating._reached(step, None).order_by("due_at", "pk")[:10]
        plan = rows.explain()
        with CaptureQueriesContext(connection) as asked:
            escalating.due()
    assert (
        "window_escalate" in plan or connection.vendor == "postgresql"
    )  # a table of one row is read whole there
    assert len(asked) <= len(escalating.plan()) + 4


# ---- the list -----------------------------------------------------------------------------------------------------------


def test_each_post_sees_what_it_was_told(posts: Any, late: Request, report: Callable[..., Any]) -> None:
    with simulated(MONDAY):
        other = report(place="020801").request

    def seen() -> list[list[Any]]:
        everybody = (posts.clerk, posts.chief, posts.district, posts.other, posts.ministry, posts.desk)
        return [[row.pk for row in escalating.to_us(by)] for by in everybody]

    with at(late, 0):
        tasks.escalate_due()
        assert seen() == [[late.pk], [late.pk], [], [other.pk], [], []]
    with at(late, 5):
        tasks.escalate_due()
        assert seen() == [[late.pk], [late.pk], [late.pk], [other.pk], [], []]
        actions.act(by=posts.clerk, request_id=late.pk, version=3, verb=Act.FINISH, text="រួច")
        assert seen() == [[], [], [], [other.pk], [], []]  # who is told is told of open requests
    assert list(escalating.to_us(posts.resident)) == []


def test_the_pages_say_it(
    sign_in: Callable[[str], Client], late: Request, report: Callable[..., Any]
) -> None:
    with at(late, 5):
        tasks.escalate_due()
        record = f"/en/work/requests/{late.pk}"
        above = sign_in("window1204").get("/en/work/escalated").content.decode()
        assert (
            late.number in above
            and "Long overdue" in above
            and "tara" not in above
            and "សុខ តារា" not in above
        )
        assert "5 working days after the deadline" in above
        chief = sign_in("chief120404")
        for address in (record, "/en/work", "/en/work?escalated=long"):
            assert "Escalated: Long overdue" in chief.get(address).content.decode(), address
        assert late.number not in chief.get("/en/work?escalated=soon").content.decode()
        said = chief.get(record).content.decode()
        assert "Head of the one-window service office" in said and "Escalated because of its deadline" in said
        assert (
            "Nothing is escalated to you" in sign_in("clerk120404").get("/en/work/escalated").content.decode()
        )
        assert sign_in("frontdesk120404").get("/en/work/escalated").status_code == 403
        assert "escalated=" not in sign_in("frontdesk120404").get("/en/work").content.decode()
        assert chief.get("/en/work/escalated?escalated=" + "x" * 40).status_code == 200
        assert chief.get("/api/v1/window/requests?escalated=long").json()["results"][0]["escalated"] == "long"
