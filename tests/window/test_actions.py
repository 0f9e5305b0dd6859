"""The window's actions: what each leaves behind, who may, and that nothing is kept half."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from sala.files import actions as files
from sala.installation.actions import simulated
from sala.kit import clock
from sala.kit.acting import Acting
from sala.kit.errors import Changed, Invalid, NotFound, NotPossible, NotSignedIn, Refused
from sala.ledger.models import Entry, Salt
from sala.notices.models import Notice
from sala.numbers.models import Counter
from sala.offices import queries as offices
from sala.window import actions, queries, recounting, rules, steps, tasks
from sala.window.models import Contact, Event, Rating, Request
from sala.window.terms import GRANTS, Act, Channel, State

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 16, 9, 0, tzinfo=clock.zone())
TEXTS = {"text": "ក្រុមការងារនឹងមកថ្ងៃស្អែក។"}


def entries(kind: str = steps.REQUEST) -> list[str]:
    return list(Entry.objects.filter(kind=kind).order_by("at", "id").values_list("act", flat=True))


def verified() -> None:
    """The latest digest of every record is what its own table says now."""
    from sala.ledger import registry
    from sala.ledger.rules import leaves

    for kind in registry.kinds():
        if not kind.kind.startswith("window."):
            continue
        for subject, content in kind.snapshots():
            entry = Entry.objects.filter(kind=kind.kind, subject=subject).order_by("-at", "-id").first()
            assert entry is not None, (kind.kind, subject)
            assert entry.digest == leaves.content_digest(bytes(entry.salt.salt), content), (
                kind.kind,
                subject,
            )


def test_receive_leaves_number_step_contact_entries_and_notice(report: Callable[..., Any]) -> None:
    received = report()
    request = Request.objects.get()
    assert request.number == rules.number("120404", clock.today().year, 1)
    assert (request.commune, request.village, request.district, request.province) == (
        "120404", "12040402", "1204", "12",
    )  # fmt: skip
    assert request.office.place == "120404" and request.state == State.RECEIVED and request.open
    assert request.due_at == rules.due(offices.calendar(request.office_id), request.received_at, 5)
    assert queries.by_code(received.code) == request
    assert received.code not in str(Request.objects.values().get())
    assert Contact.objects.get().phone == "+85512345648"
    assert [e.act for e in Event.objects.all()] == ["receive"]
    assert entries() == ["window.receive"] and entries(steps.CONTACT) == ["window.receive"]
    notice = Notice.objects.get()
    assert (
        notice.address == "tara@example.com"
        and received.code in notice.body
        and request.number in notice.subject
    )
    verified()


def test_numbers_go_on_without_a_gap(report: Callable[..., Any]) -> None:
    numbers = [report().request.number for _ in range(3)]
    assert [number[-5:] for number in numbers] == ["00001", "00002", "00003"]


@pytest.mark.parametrize(
    ("service", "office_kind", "head"),
    [
        ("CT-ALIVE", "commune_hall", "120404"),
        ("BZ-BARBER", "one_window", "1204"),
        ("MN-LICENCE", "provincial_hall", "12"),
    ],
)
def test_the_service_decides_the_office(
    report: Callable[..., Any], service: str, office_kind: str, head: str
) -> None:
    request = report(service=service).request
    assert request.office.kind == office_kind and request.number.startswith(f"{head}-")
    assert request.commune == "120404"


def test_receive_refuses_unknown_service_and_place(report: Callable[..., Any]) -> None:
    with pytest.raises(NotFound):
        report(service="NO-SUCH")
    for place in ("", "999999", "nowhere"):
        with pytest.raises(Invalid):
            report(place=place)
    assert not Request.objects.exists() and not Counter.objects.filter(series=actions.SERIES).exists()


def test_a_photo_goes_with_the_request(report: Callable[..., Any], picture: bytes) -> None:
    from sala.kit.acting import Where

    kept = files.keep(picture, purpose="window.request", at=Where())
    request = report(photos=[kept.id]).request
    kept.refresh_from_db()
    assert (kept.kind, kept.subject) == (steps.REQUEST, str(request.id))


def test_counter_intake_only_for_the_own_hall(posts: Any, report: Callable[..., Any]) -> None:
    said = {"service": "RP-ROAD", "place": "12040402", "channel": Channel.COUNTER}
    assert actions.receive(by=posts.desk, **said).request.channel == Channel.COUNTER
    with pytest.raises(Refused):
        actions.receive(by=posts.other, **said)


def test_the_walk(posts: Any, report: Callable[..., Any]) -> None:
    with simulated(MONDAY):
        received = report()
    request, code = received.request, received.code
    with simulated(MONDAY + timedelta(hours=1)):
        request = actions.act(verb=Act.TAKE, by=posts.clerk, request_id=request.id, version=1)
    assert request.state == State.IN_PROGRESS and str(request.assigned) == posts.clerk.post
    assert request.reaction_minutes == 60 and request.first_answer_at is None
    with simulated(MONDAY + timedelta(hours=2)):
        request = actions.act(
            verb=Act.ASSIGN, by=posts.clerk, request_id=request.id, version=2, assigned=posts.desk.appointment
        )
        request = actions.act(verb=Act.NOTE, by=posts.clerk, request_id=request.id, version=3, text="ខ្ចីរថយន្ត")
        request = actions.act(
            verb=Act.ASK, by=posts.desk, request_id=request.id, version=4, text="ផ្ទះលេខប៉ុន្មាន?"
        )
    due = request.due_at
    assert request.state == State.WAITING and request.paused_at and request.first_answer_at
    with simulated(MONDAY + timedelta(days=1, hours=2)):
        request = actions.reply(by=posts.resident, code=code, text="ផ្ទះលេខ ១២")
    assert request.paused_minutes == offices.calendar(request.office_id).minutes_a_day
    assert request.due_at > due
    with simulated(MONDAY + timedelta(days=1, hours=2, minutes=20)):
        request = actions.act(
            verb=Act.ANSWER, by=posts.desk, request_id=request.id, version=6, text="ក្រុមការងារនឹងមក។"
        )
        request = actions.act(
            verb=Act.FINISH, by=posts.clerk, request_id=request.id, version=7, text="បានបូមលូរួច។"
        )
    assert request.state == State.DONE and not request.open and request.on_time is True
    assert request.handling_minutes == 120 + 20
    rating = actions.rate(
        by=posts.resident, request_id=received.request.id, courtesy=5, speed=4, comment="ល្អ"
    )
    assert Rating.objects.get() == rating
    assert entries() == [
        f"window.{act}"
        for act in ("receive", "take", "assign", "note", "ask", "reply", "answer", "finish", "rate")
    ]
    assert sorted(n.kind for n in Notice.objects.all()) == [
        "window.answered", "window.asked", "window.done", "window.received",
    ]  # fmt: skip
    public = [event.act for event in queries.events(request, public=True)]
    assert "note" not in public and "rate" not in public and public[-1] == "finish"
    stored = Request.objects.get()
    assert {n: getattr(stored, n) for n in steps.CHANGING if n != "changed"} == {
        n: getattr(rating.request, n) for n in steps.CHANGING if n != "changed"
    }
    verified()


def test_late_work_is_late(posts: Any, report: Callable[..., Any]) -> None:
    with simulated(MONDAY):
        request = report().request
    with simulated(MONDAY + timedelta(days=30)):
        request = actions.act(verb=Act.FINISH, by=posts.clerk, request_id=request.id, version=1, text="រួច")
    assert request.on_time is False and request.reaction_minutes == request.handling_minutes


def test_refusal_needs_a_reason_and_ends_it(posts: Any, report: Callable[..., Any]) -> None:
    request = report().request
    with pytest.raises(Invalid) as wrong:
        actions.act(verb=Act.REFUSE, by=posts.clerk, request_id=request.id, version=1, text="  ")
    assert [e.field for e in wrong.value.errors] == ["text"]
    request = actions.act(
        verb=Act.REFUSE, by=posts.clerk, request_id=request.id, version=1, text="មិនមែនបញ្ហារបស់សង្កាត់"
    )
    assert request.state == State.REFUSED and request.done_at
    with pytest.raises(NotPossible):
        actions.act(verb=Act.ANSWER, by=posts.clerk, request_id=request.id, version=2, **TEXTS)


def test_assign_only_to_people_of_the_office(posts: Any, report: Callable[..., Any]) -> None:
    request = report().request
    for wrong in (posts.other.appointment, uuid4()):
        with pytest.raises(Invalid):
            actions.act(verb=Act.ASSIGN, by=posts.clerk, request_id=request.id, version=1, assigned=wrong)


def test_of_two_clerks_one_is_told(posts: Any, report: Callable[..., Any]) -> None:
    request = report().request
    actions.act(verb=Act.TAKE, by=posts.clerk, request_id=request.id, version=1)
    with pytest.raises(Changed):
        actions.act(verb=Act.ANSWER, by=posts.desk, request_id=request.id, version=1, **TEXTS)
    assert Request.objects.get().version == 2 and Event.objects.count() == 2


def test_a_row_that_changes_between_reading_and_writing_is_told(
    posts: Any, report: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    request = report().request
    build = steps.step

    def overtaken(row: Request, *args: Any, **kwargs: Any) -> Event:
        Request.objects.filter(pk=row.pk).update(version=9)
        return build(row, *args, **kwargs)

    monkeypatch.setattr(steps, "step", overtaken)
    with pytest.raises(Changed):
        actions.act(verb=Act.TAKE, by=posts.clerk, request_id=request.id, version=1)


STEPS = [act for act in GRANTS if act not in (Act.RECEIVE, Act.ERASE)]


@pytest.mark.parametrize("act", STEPS)
@pytest.mark.parametrize(
    ("who", "problem"),
    [("other", NotFound), ("ministry", Refused), ("district", Refused), ("resident", NotFound)],
)
def test_who_may_not(
    posts: Any, report: Callable[..., Any], act: Act, who: str, problem: type[Exception]
) -> None:
    """Another commune's clerk does not even learn that it is there; who sees figures and cases only may do nothing."""
    request = report().request
    by: Acting = getattr(posts, who)
    with pytest.raises((problem, NotSignedIn) if who == "resident" else problem):
        actions.act(
            by=by, request_id=request.id, version=1, verb=act, text="x", assigned=posts.clerk.appointment
        )
    assert Event.objects.count() == 1


@pytest.mark.parametrize("act", STEPS)
def test_the_clerk_may(posts: Any, report: Callable[..., Any], act: Act) -> None:
    request = report().request
    for before in {Act.REOPEN: [Act.FINISH]}.get(act, []):
        request = actions.act(by=posts.clerk, request_id=request.id, version=1, verb=before, text="x")
    home = request.office_id
    if act == Act.RETURN:  # the district's case, sent on to the hall
        request = report(service="BZ-BARBER").request
        request = actions.act(
            by=posts.district, request_id=request.id, version=1, verb=Act.FORWARD, text="x", office=home
        )
    actions.act(
        by=posts.clerk, request_id=request.id, version=request.version, verb=act, text="x",
        assigned=posts.desk.appointment, office=posts.district.office,
    )  # fmt: skip
    assert Event.objects.filter(request=request).count() == request.version + 1
    verified()


@pytest.mark.parametrize("act", [Act.RECEIVE, Act.ERASE, Act.REPLY, Act.RATE, Act.WITHDRAW, Act.CLOSE])
def test_other_acts_are_no_steps_of_officers(posts: Any, report: Callable[..., Any], act: Act) -> None:
    request = report().request
    with pytest.raises(NotFound):
        actions.act(by=posts.clerk, request_id=request.id, version=1, verb=act, text="x")


def test_an_unknown_request_is_not_found(posts: Any) -> None:
    with pytest.raises(NotFound):
        actions.act(verb=Act.TAKE, by=posts.clerk, request_id=uuid4(), version=1)


def test_the_number_never_opens(report: Callable[..., Any]) -> None:
    request = report().request
    for typed in (request.number, str(request.id), "", "AAAA-AAAA-AAAA-AAAA"):
        with pytest.raises(NotFound):
            queries.by_code(typed)


def test_resident_withdraws(posts: Any, report: Callable[..., Any]) -> None:
    received = report()
    request = actions.withdraw(by=posts.resident, code=received.code)
    assert request.state == State.WITHDRAWN and not request.open and request.done_at is None
    with pytest.raises(NotPossible):
        actions.withdraw(by=posts.resident, code=received.code)
    verified()


def test_reply_only_when_asked_and_never_empty(posts: Any, report: Callable[..., Any]) -> None:
    received = report()
    with pytest.raises(NotPossible):
        actions.reply(by=posts.resident, code=received.code, text="x")
    actions.act(verb=Act.ASK, by=posts.clerk, request_id=received.request.id, version=1, text="?")
    with pytest.raises(Invalid):
        actions.reply(by=posts.resident, code=received.code, text=" ")


def test_rate_once_when_done_on_the_scale(posts: Any, report: Callable[..., Any]) -> None:
    received = report()
    with pytest.raises(NotPossible):
        actions.rate(by=posts.resident, request_id=received.request.id, courtesy=5, speed=5)
    actions.act(verb=Act.FINISH, by=posts.clerk, request_id=received.request.id, version=1, text="រួច")
    for courtesy, speed in ((0, 5), (5, 6)):
        with pytest.raises(Invalid):
            actions.rate(by=posts.resident, request_id=received.request.id, courtesy=courtesy, speed=speed)
    actions.rate(by=posts.resident, request_id=received.request.id, courtesy=5, speed=5)
    with pytest.raises(NotPossible):
        actions.rate(by=posts.resident, request_id=received.request.id, courtesy=1, speed=1)


def test_the_job_closes_after_the_period(posts: Any, report: Callable[..., Any]) -> None:
    with simulated(MONDAY):
        request = report().request
        request = actions.act(verb=Act.FINISH, by=posts.clerk, request_id=request.id, version=1, text="រួច")
    from sala.accounts.acting import system

    with simulated(MONDAY + timedelta(days=3)):
        tasks.close_due()
        with pytest.raises(NotPossible):
            actions.close(by=system("test"), request_id=request.id)
    assert Request.objects.get().state == State.DONE
    with simulated(MONDAY + timedelta(days=30)):
        tasks.close_due()
        tasks.close_due()
    assert Request.objects.get().state == State.CLOSED
    verified()


def test_the_job_goes_on_after_one_that_is_closed_already(
    report: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    request = report().request
    monkeypatch.setattr(queries, "due_to_close", lambda: [request.id, uuid4()])
    tasks.close_due()
    assert Request.objects.get().state == State.RECEIVED


def test_show_person_is_recorded(posts: Any, report: Callable[..., Any]) -> None:
    request = report().request
    assert actions.show_person(by=posts.clerk, request_id=request.id).phone == "+85512345648"
    assert entries(steps.CONTACT) == ["window.receive", "window.see_person"]
    with pytest.raises(Refused):
        actions.show_person(by=posts.ministry, request_id=request.id)
    with pytest.raises(NotFound):
        actions.show_person(by=posts.other, request_id=request.id)
    verified()


def test_show_person_where_nobody_left_a_contact(posts: Any, report: Callable[..., Any]) -> None:
    request = report(name="", phone="", email="").request
    assert not Contact.objects.exists() and not Notice.objects.exists()
    with pytest.raises(NotFound):
        actions.show_person(by=posts.clerk, request_id=request.id)


def test_erasing_a_person_leaves_the_ledger_valid(posts: Any, report: Callable[..., Any]) -> None:
    from sala.accounts.acting import system

    received = report()
    request = received.request
    actions.act(verb=Act.ASK, by=posts.clerk, request_id=request.id, version=1, text="?")
    actions.reply(by=posts.resident, code=received.code, text="ខ្ញុំឈ្មោះ សុខ តារា")
    actions.act(verb=Act.FINISH, by=posts.clerk, request_id=request.id, version=3, text="រួច")
    actions.rate(by=posts.resident, request_id=received.request.id, courtesy=5, speed=5, comment="សុខ តារា")
    with pytest.raises(Refused):
        actions.erase_person(by=posts.ministry, request_id=request.id)
    with pytest.raises(NotFound):
        actions.erase_person(by=posts.other, request_id=request.id)
    actions.erase_person(by=system("test"), request_id=request.id)
    rows = [
        *Request.objects.values(),
        *Contact.objects.values(),
        *Event.objects.values(),
        *Rating.objects.values(),
    ]
    assert not any(word in str(rows) for word in ("តារា", "12345648", "tara@", "ហៀរ", "២៨៩"))
    assert not any(word in str(list(Notice.objects.values())) for word in ("tara@", received.code))
    assert Request.objects.get().erased_at and Request.objects.get().state == State.DONE
    salted = Salt.objects.filter(entry__kind=steps.CONTACT).values_list("entry__act", flat=True)
    assert set(salted) == {"ledger.forget"}  # only the entry that says it is gone
    verified()


@pytest.mark.parametrize("broken", ["receive", "take", "reply", "rate", "erase"])
def test_nothing_is_kept_when_the_ledger_fails(
    posts: Any, report: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    from sala.accounts.acting import system

    received = report()
    if broken == "reply":
        actions.act(verb=Act.ASK, by=posts.clerk, request_id=received.request.id, version=1, text="?")
    if broken == "rate":
        actions.act(verb=Act.FINISH, by=posts.clerk, request_id=received.request.id, version=1, text="រួច")

    def state() -> list[Any]:
        return [
            list(model.objects.order_by("pk").values())
            for model in (Request, Contact, Event, Rating, Notice, Entry, Salt, Counter)
        ]

    before = state()

    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("the ledger is away")

    monkeypatch.setattr(actions.ledger, "record", fails)
    monkeypatch.setattr(actions.ledger, "save_many", fails)
    calls: dict[str, Callable[[], object]] = {
        "receive": report,
        "take": lambda: actions.act(verb=Act.TAKE, by=posts.clerk, request_id=received.request.id, version=1),
        "reply": lambda: actions.reply(by=posts.resident, code=received.code, text="x"),
        "rate": lambda: actions.rate(by=posts.resident, request_id=received.request.id, courtesy=5, speed=5),
        "erase": lambda: actions.erase_person(by=system("test"), request_id=received.request.id),
    }
    with pytest.raises(RuntimeError):
        calls[broken]()
    assert state() == before


def test_a_row_or_step_edited_by_sql_no_longer_fits_its_digest(
    posts: Any, report: Callable[..., Any]
) -> None:
    request = report().request
    actions.act(verb=Act.ANSWER, by=posts.clerk, request_id=request.id, version=1, **TEXTS)
    Event.objects.filter(act="answer").update(text="something else")
    with pytest.raises(AssertionError, match=str(request.id)):
        verified()
    Event.objects.filter(act="answer").update(**TEXTS)
    verified()
    Request.objects.update(paused_minutes=600)
    with pytest.raises(AssertionError, match=str(request.id)):
        verified()


def test_the_notice_speaks_the_applicants_language(report: Callable[..., Any]) -> None:
    report(language="en")
    report(language="km")
    english, khmer = sorted(Notice.objects.all(), key=lambda notice: "/km/" in notice.body)
    assert "We have received your request" in english.subject and "/en/requests/" in english.body
    assert "/km/requests/" in khmer.body and "received" not in khmer.body


def test_a_place_without_an_office_is_a_sentence(
    report: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offices, "serving", lambda place, level: None)
    with pytest.raises(Invalid) as wrong:
        report()
    assert [e.field for e in wrong.value.errors] == ["place"] and not Request.objects.exists()


def test_erasing_where_nobody_left_a_contact(report: Callable[..., Any]) -> None:
    from sala.accounts.acting import system

    request = report(name="", phone="", email="").request
    actions.erase_person(by=system("test"), request_id=request.id)
    assert not Request.objects.get().description
    verified()


def test_a_holiday_that_is_added_moves_the_deadlines_that_reach_over_it(
    posts: Any, report: Callable[..., Any]
) -> None:
    from sala.accounts.acting import system
    from sala.offices import actions as office_actions

    with simulated(MONDAY):
        open_one, asked, done, later = (report(email="") for _ in range(4))
        actions.act(verb=Act.FINISH, by=posts.clerk, request_id=done.request.id, version=1, text="រួច")
        actions.act(verb=Act.ASK, by=posts.clerk, request_id=asked.request.id, version=1, text="?")
    with simulated(MONDAY + timedelta(days=1)):
        actions.reply(by=posts.resident, code=asked.code, text="១២")
    Request.objects.filter(pk=later.request.pk).update(received_at=MONDAY + timedelta(days=9))
    before = dict(Request.objects.values_list("id", "due_at"))
    friday = (MONDAY + timedelta(days=4)).date()
    with simulated(MONDAY + timedelta(days=2)):
        office_actions.add_holiday(
            by=system("test"), day=friday, name={"km": "ថ្ងៃឈប់", "en": "Day off"}, office=None
        )
    after = dict(Request.objects.values_list("id", "due_at"))
    calendar = offices.calendar(open_one.request.office_id)
    assert after[open_one.request.id] == rules.due(calendar, MONDAY, 5) > before[open_one.request.id]
    assert (
        calendar.minutes_between(after[open_one.request.id], after[asked.request.id])
        == calendar.minutes_a_day
    )
    assert after[done.request.id] == before[done.request.id]
    assert Event.objects.filter(act="recount").count() == 2
    assert Request.objects.get(pk=open_one.request.id).version == 2
    assert recounting.recount(by=system("test"), day=friday, office=uuid4()) == 0
    offices.forget_calendars()


def test_a_day_that_changes_no_deadline_leaves_no_step(report: Callable[..., Any]) -> None:
    from sala.accounts.acting import system

    request = report().request
    assert recounting.recount(by=system("test"), day=clock.today(), office=None) == 0
    assert Event.objects.filter(request=request).count() == 1
