"""What pages say of a request: deadlines, promises, holidays, durations, phones; in both languages."""

from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from sala.kit import clock
from sala.kit.days import Calendar
from sala.window import shown
from sala.window.terms import State

ZONE = ZoneInfo("Asia/Phnom_Penh")
DAY = ((time(7, 30), time(11, 30)), (time(14, 0), time(17, 30)))
FEAST = {"km": "បុណ្យអុំទូក", "en": "Water Festival"}
CALENDAR = Calendar(
    dict.fromkeys(range(5), DAY),
    {
        **{date(2026, 11, d): FEAST for d in (23, 24, 25)},
        date(2026, 11, 9): {"km": "ឯករាជ្យ", "en": "Independence"},
    },
    ZONE,
)


def at(day: int, hour: int = 8, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


def request(state: str = "in_progress", **changes: Any) -> Any:
    return SimpleNamespace(
        **{
            "state": state,
            "open": state in ("received", "in_progress", "waiting"),
            "received_at": at(16),
            "due_at": at(26, 17, 30),
            "paused_at": at(18) if state == "waiting" else None,
            "paused_minutes": 0,
            "done_at": None,
            "on_time": None,
            "handling_minutes": None,
            "terms": SimpleNamespace(days=5, days_kind="working", short_km="ស្ទះលូ", short_en="Blocked sewer"),
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("row", "now", "text", "kind"),
    [
        (request(), at(17), "4 days left", ""),
        (request(), at(20), "1 day left", "soon"),
        (request(), at(26, 9), "Today, by 17:30", "soon"),
        (request(), at(26, 18), "Late", "late"),
        (request(), at(27), "1 day late", "late"),
        (request(), at(30), "2 days late", "late"),
        (request("waiting"), at(18, 16), "Paused", "wait"),
        (request("waiting"), at(20), "Paused 2 days", "wait"),
        (request("done", on_time=True), at(30), "In time", "ok"),
        (request("done", on_time=False), at(30), "Was late", "late"),
        (request("withdrawn"), at(30), "Ended", ""),
    ],
)
def test_due_tag(row: Any, now: datetime, text: str, kind: str) -> None:
    with translation.override("en"):
        assert shown.due_tag(row, CALENDAR, now) == shown.Tag(text, kind)


def test_a_resident_reads_no_more_days_than_were_promised() -> None:
    """Sent on a Sunday, counted from Monday: six working days lie ahead, five were promised; the queue says what lies ahead."""
    row = request(
        received_at=at(15), due_at=at(26, 17, 30), terms=SimpleNamespace(days=5, days_kind="working")
    )
    with translation.override("en"):
        ahead = shown.due_tag(row, CALENDAR, at(15))
        told = shown.due_tag(row, CALENDAR, at(15), most=5)
    assert told.text == "5 days left"
    assert ahead.text == "6 days left"


@pytest.mark.parametrize(
    ("row", "promise", "counted", "drawing"),
    [
        (request(), "Will be done by Thursday 26 November 2026", "5 working days, not counting Water Festival (23–25 November)", "clock"),
        (request(due_at=at(18, 17, 30)), "This should have been done by Wednesday 18 November 2026", "The hall is late.", "warn"),
        (request("waiting"), "The clock is paused: we wait for your reply", "When you reply", "pause"),
        (request("done", done_at=at(18), on_time=True), "Done on Wednesday 18 November 2026", "Done in time", "check"),
        (request("closed", done_at=at(18), on_time=False), "Done on Wednesday 18 November 2026", "Done, after the deadline", "check"),
        (request("refused", done_at=at(18), on_time=True), "Refused on Wednesday 18 November 2026", "The reason stands below.", "info"),
        (request("withdrawn"), "You withdrew this request", "", "info"),
    ],
)  # fmt: skip
def test_promise(row: Any, promise: str, counted: str, drawing: str) -> None:
    with translation.override("en"), clock.simulate(at(20)):
        found = shown.promise(row, CALENDAR)
    assert found[0] == promise and found[1].startswith(counted) and found[2] == drawing


def test_promise_in_khmer() -> None:
    with translation.override("km"), clock.simulate(at(20)):
        promise, counted, _ = shown.promise(request(), CALENDAR)
    assert promise == "បញ្ចប់ត្រឹមថ្ងៃព្រហស្បតិ៍ ទី២៦ ខែវិច្ឆិកា ឆ្នាំ២០២៦"
    assert counted == "៥ ថ្ងៃធ្វើការ ដោយមិនរាប់ បុណ្យអុំទូក (ថ្ងៃទី២៣–២៥ ខែវិច្ឆិកា)"


def test_uncounted_names_each_feast_once() -> None:
    with translation.override("en"):
        assert (
            shown.uncounted(CALENDAR, at(2), at(30))
            == "Independence (9 November), Water Festival (23–25 November)"
        )
        assert shown.uncounted(CALENDAR, at(10), at(20)) == ""
        across = Calendar(
            dict.fromkeys(range(5), DAY), {date(2026, 9, 30): FEAST, date(2026, 10, 1): FEAST}, ZONE
        )
        assert (
            shown.uncounted(across, at(1) - timedelta(days=60), at(1))
            == "Water Festival (30 September – 1 October)"
        )


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (None, ""),
        (0, "0 minutes"),
        (59, "59 minutes"),
        (60, "1 hour"),
        (90, "1 hour 30 minutes"),
        (450, "1 day"),
        (1000, "2 days 1 hour"),
    ],
)
def test_worked(minutes: int | None, text: str) -> None:
    with translation.override("en"):
        assert shown.worked(minutes, CALENDAR) == text


@pytest.mark.parametrize(
    ("e164", "text", "masked"),
    [
        ("+85512345648", "012 345 648", "012 ••• •48"),
        ("+33123456789", "+33 1 23 45 67 89", "+33 ••• •89"),
        ("x", "x", "•••"),
        ("", "", ""),
    ],
)
def test_phone(e164: str, text: str, masked: str) -> None:
    assert shown.masked(e164) == masked
    if e164:
        assert shown.phone(e164) == text


def test_next_steps() -> None:
    with translation.override("en"):
        assert shown.next_steps(request("waiting"))[0] == "You reply"
        assert shown.next_steps(request("received")) == [
            "Done, with an answer to you",
            "You rate the service",
        ]
        assert shown.next_steps(request("done")) == []


def test_used_and_state() -> None:
    with clock.simulate(at(16, 10)):
        assert shown.used(request(), CALENDAR) == 120
    assert shown.used(request("done", handling_minutes=7), CALENDAR) == 7
    with translation.override("en"):
        assert shown.state(request("waiting")) == shown.Tag("Waiting for the applicant", "wait", "")
        assert {shown.state(request(str(state))).text for state in State} == {
            str(state.en) for state in State
        }


def test_foreign_text_is_marked() -> None:
    with translation.override("km"):
        assert shown.foreign({"km": "", "en": "A paper"}) == '<span lang="en">A paper</span>'
        assert shown.source_text("OWSO <list>") == '<span lang="en">OWSO &lt;list&gt;</span>'
    with translation.override("en"):
        assert shown.foreign({"km": "ក", "en": "A paper"}) == "A paper"
    assert shown.foreign({}) == "" and shown.hall("") is None


@pytest.mark.django_db
def test_hall() -> None:
    found = shown.hall("12040402")
    assert found is not None and found["key"] == "120404" and "ទួលគោក" in found["line"]["km"]
    assert shown.hall("999999") is None
