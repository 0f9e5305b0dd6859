"""The window's rules: states, deadlines with pauses, numbers, codes, fees."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sala.kit.days import Calendar
from sala.kit.errors import NotPossible
from sala.window import rules
from sala.window.terms import BUTTONS, GRANTS, PROMPTS, Act, DaysStatus, FeeStatus, Kind, Level, State, Verb

ZONE = ZoneInfo("Asia/Phnom_Penh")
DAY = ((time(7, 30), time(11, 30)), (time(14, 0), time(17, 30)))
CALENDAR = Calendar(
    dict.fromkeys(range(5), DAY),
    {date(2026, 11, day): {"km": "បុណ្យអុំទូក", "en": "Water Festival"} for day in (23, 24, 25)},
    ZONE,
)


def at(day: int, hour: int = 8, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZONE)


def test_table_is_sound():
    assert rules.TABLE.faults(rules.FINAL) == []
    assert {
        state for state in State if not any(m.target != state for m in rules.TABLE.open_moves(state))
    } == rules.FINAL
    assert set(rules.TABLE.owners) == set(State)


def test_every_step_of_staff_has_a_grant_a_button_and_a_prompt():
    for move in rules.TABLE.moves:
        act = Act(move.verb)
        if act in rules.RESIDENTS - set(GRANTS) or act == Act.CLOSE:
            assert act not in GRANTS
        else:
            assert act in GRANTS and act in BUTTONS
            assert ("text" in move.required) == (act in PROMPTS)
    assert {str(verb) for verb in GRANTS.values()} <= {str(verb) for verb in Verb}


@pytest.mark.parametrize(
    ("state", "act", "target"),
    [
        (State.RECEIVED, Act.TAKE, State.IN_PROGRESS),
        (State.RECEIVED, Act.ASK, State.WAITING),
        (State.WAITING, Act.REPLY, State.IN_PROGRESS),
        (State.WAITING, Act.ANSWER, State.IN_PROGRESS),
        (State.IN_PROGRESS, Act.FINISH, State.DONE),
        (State.IN_PROGRESS, Act.NOTE, State.IN_PROGRESS),
        (State.DONE, Act.CLOSE, State.CLOSED),
        (State.DONE, Act.RATE, State.DONE),
    ],
)
def test_moves(state, act, target):
    assert rules.TABLE.after(state, act) == target


@pytest.mark.parametrize(
    ("state", "act"),
    [
        (State.IN_PROGRESS, Act.TAKE),
        (State.RECEIVED, Act.REPLY),
        (State.RECEIVED, Act.RATE),
        (State.DONE, Act.FINISH),
        (State.REFUSED, Act.ANSWER),
        (State.WITHDRAWN, Act.TAKE),
        (State.CLOSED, Act.CLOSE),
    ],
)
def test_moves_that_are_none(state, act):
    with pytest.raises(NotPossible):
        rules.TABLE.after(state, act)


def test_refusal_stands_last_and_the_usual_step_first():
    for state in rules.OPEN:
        verbs = [m.verb for m in rules.TABLE.open_moves(state) if m.verb in BUTTONS]
        assert verbs[-1] == Act.REFUSE
    assert rules.TABLE.open_moves(State.RECEIVED)[0].verb == Act.TAKE
    assert rules.TABLE.open_moves(State.IN_PROGRESS)[0].verb == Act.FINISH


def test_due_leaves_out_the_water_festival():
    assert rules.due(CALENDAR, at(16), 4) == at(20, 17, 30)
    assert rules.due(CALENDAR, at(16), 5) == at(26, 17, 30)
    assert rules.due(CALENDAR, at(20, 9), 1) == at(26, 17, 30)
    assert rules.due(CALENDAR, at(20, 18), 1) == at(27, 17, 30)


def test_pause_moves_the_due_date_by_the_working_minutes_waited():
    clock = rules.Clock(at(16), rules.due(CALENDAR, at(16), 2))
    paused = rules.pause(clock, at(17, 10))
    assert rules.pause(paused, at(17, 11)) == paused
    resumed = rules.resume(paused, at(18, 10), CALENDAR)
    assert resumed.paused_minutes == CALENDAR.minutes_a_day == 450
    assert resumed.due == at(19, 17, 30)
    assert resumed.paused_at is None
    assert rules.resume(clock, at(18), CALENDAR) == clock


def test_a_clock_set_back_during_a_pause_takes_nothing_away():
    clock = rules.Clock(at(16), rules.due(CALENDAR, at(16), 2))
    resumed = rules.resume(rules.pause(clock, at(18, 10)), at(17, 10), CALENDAR)
    assert resumed == clock


def test_a_pause_outside_hours_changes_nothing():
    clock = rules.pause(rules.Clock(at(16), at(18, 17, 30)), at(16, 18))
    assert rules.resume(clock, at(16, 22), CALENDAR) == rules.Clock(at(16), at(18, 17, 30))


def test_used_minutes_leave_pauses_out():
    clock = rules.Clock(at(16, 8), at(18, 17, 30), None, 30)
    assert rules.used_minutes(clock, at(16, 10), CALENDAR) == 90
    assert rules.used_minutes(rules.pause(clock, at(16, 9)), at(16, 10), CALENDAR) == 30


@given(
    start=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC)),
    days=st.integers(1, 40),
    gaps=st.lists(st.tuples(st.integers(1, 9000), st.integers(1, 9000)), max_size=4),
)
def test_pauses_never_lose_working_time(start, days, gaps):
    clock = rules.Clock(start, rules.due(CALENDAR, start, days))
    allowed = CALENDAR.minutes_between(start, clock.due)
    now = start
    for run, wait in gaps:
        now += timedelta(minutes=run)
        clock = rules.pause(clock, now)
        now += timedelta(minutes=wait)
        clock = rules.resume(clock, now, CALENDAR)
    assert CALENDAR.minutes_between(start, clock.due) - clock.paused_minutes == allowed
    assert clock.due >= rules.due(CALENDAR, start, days)


@pytest.mark.parametrize(
    ("minute", "expected"), [(0, True), (1, False)], ids=["the last moment counts", "a minute later is late"]
)
def test_on_time(minute, expected):
    clock = rules.Clock(at(16), at(20, 17, 30))
    assert rules.on_time(clock, at(20, 17, 30) + timedelta(minutes=minute)) is expected


@pytest.mark.parametrize(
    ("code", "year", "sequence", "expected"),
    [
        ("120404", 2026, 317, "120404-26-00317"),
        ("1204", 2027, 1, "1204-27-00001"),
        ("", 2026, 9, "00-26-00009"),
        ("01020304-2", 2026, 9, "01020304-2-26-00009"),
        ("12", 2026, 123456, "12-26-123456"),
    ],
)
def test_number(code, year, sequence, expected):
    assert rules.number(code, year, sequence) == expected
    assert rules.is_number(expected)


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC))


@given(start=MOMENTS, later=MOMENTS, days=st.integers(1, 40))
def test_a_deadline_is_a_close_of_business_and_never_comes_sooner_for_who_asks_later(start, later, days):
    due = rules.due(CALENDAR, start, days)
    local = due.astimezone(ZONE)
    assert due > start and local.time() == time(17, 30) and CALENDAR.is_working_day(local.date())
    assert rules.due(CALENDAR, start, days + 1) > due
    if later >= start:
        assert rules.due(CALENDAR, later, days) >= due
    assert rules.on_time(rules.Clock(start, due), due)
    assert not rules.on_time(rules.Clock(start, due), due + timedelta(microseconds=1))


@given(
    start=MOMENTS,
    days=st.integers(1, 20),
    gaps=st.lists(st.tuples(st.integers(1, 9000), st.integers(1, 9000)), max_size=3),
)
def test_a_deadline_counted_anew_by_the_same_calendar_stays(start, days, gaps):
    clock, now = rules.Clock(start, rules.due(CALENDAR, start, days)), start
    for run, wait in gaps:
        clock = rules.pause(clock, now + timedelta(minutes=run))
        now += timedelta(minutes=run + wait)
        clock = rules.resume(clock, now, CALENDAR)
    assert rules.recounted(CALENDAR, clock, days) == clock.due
    assert 0 <= rules.used_minutes(clock, now, CALENDAR) <= CALENDAR.minutes_between(start, now)


@given(st.lists(st.sampled_from(Act), max_size=12))
def test_whatever_is_tried_a_request_that_has_ended_only_opens_again_by_its_own_step(acts):
    state, ended = rules.TABLE.initial, False
    for act in acts:
        try:
            state = rules.TABLE.after(state, act)
        except NotPossible:
            continue
        assert (act == Act.REOPEN) == (ended and state in rules.OPEN)
        ended = state not in rules.OPEN


@given(
    place=st.from_regex(r"\A(00|\d{2}|\d{4}|\d{6}|\d{8})(-[2-9])?\Z"),
    year=st.integers(2020, 2090),
    sequence=st.integers(1, 9_999_999),
)
def test_every_number_that_is_given_is_known_as_one(place, year, sequence):
    assert rules.is_number(rules.number(place, year, sequence))


@given(secret=st.binary(min_size=1, max_size=64), one=st.uuids(), other=st.uuids())
def test_code_is_derived_and_reads_back_however_it_is_typed(secret, one, other):
    code = rules.code(secret, one)
    assert len(code) == 19 and code == rules.code(secret, one)
    plain = code.replace("-", "")
    assert rules.read_code(code) == plain
    assert rules.read_code(f"  {code.lower().replace('-', ' ')} ") == plain
    assert rules.read_code(code.replace("0", "O").replace("1", "l")) == plain
    assert rules.code_hash(code) == rules.code_hash(plain)
    if one != other:
        assert code != rules.code(secret, other)
    assert rules.code(secret + b"x", one) != code


@pytest.mark.parametrize(
    "typed", ["", "120404-26-00317", "K7QM-2R4T-9XWB", "UUUU-UUUU-UUUU-UUUU", "K" * 17, "\x00" * 16, "ក" * 16]
)
def test_what_is_no_code(typed):
    assert rules.read_code(typed) is None


def test_no_two_of_many_codes_are_alike():
    assert len({rules.code(b"secret", uuid4()) for _ in range(2000)}) == 2000
    assert rules.same("a", "a") and not rules.same("a", "b")
    assert rules.code(b"secret", UUID(int=1)) == rules.code(b"secret", UUID(int=1))


@pytest.mark.parametrize(
    ("kind", "fee", "basis", "status", "expected"),
    [
        (Kind.REPORT, None, "", "UNVERIFIED", FeeStatus.FREE),
        (Kind.DOCUMENT, 0, "", "VERIFIED", FeeStatus.FREE),
        (Kind.DOCUMENT, None, "Law", "VERIFIED", FeeStatus.UNKNOWN),
        (Kind.DOCUMENT, 420000, "OWSO list", "VERIFIED", FeeStatus.NO_BASIS),
        (Kind.DOCUMENT, 420000, " owso LIST ", "VERIFIED", FeeStatus.NO_BASIS),
        (Kind.DOCUMENT, 1000, "", "VERIFIED", FeeStatus.NO_BASIS),
        (Kind.DOCUMENT, 10000, "Sub-decree 103", "PARTIAL", FeeStatus.NO_BASIS),
        (Kind.DOCUMENT, 1000, "Sub-decree 18 (2017)", "VERIFIED (fee)", FeeStatus.CHARGEABLE),
    ],
)
def test_fee_status(kind, fee, basis, status, expected):
    assert rules.fee_status(kind, fee, basis, status) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", (10, DaysStatus.DEFAULT)), ("7", (7, DaysStatus.VERIFIED)), ("3-5", (5, DaysStatus.VERIFIED))],
)
def test_deadline(text, expected):
    assert rules.deadline(text, 10) == expected


def test_deadline_refuses_words():
    with pytest.raises(ValueError, match="soon"):
        rules.deadline("soon", 10)


def test_level():
    assert rules.level(" ministry ", {"ministry": "nation"}) == Level.NATION
    with pytest.raises(KeyError):
        rules.level("somebody", {})


@pytest.mark.parametrize(
    ("phone", "expected"), [("012 345 648", "012 ••• •48"), ("12345", "•••"), ("", "•••")]
)
def test_masked_phone_can_not_be_rung(phone, expected):
    assert rules.masked(phone) == expected


@pytest.mark.parametrize(
    ("days", "due_on"),
    [(1, 17), (4, 20), (5, 26), (9, 26), (10, 26), (11, 27)],
)
def test_calendar_days_count_days_off_and_end_on_a_working_day(days: int, due_on: int) -> None:
    """16 to 20 November are open; then a weekend, the Water Festival (23-25), and two open days."""
    assert rules.due(CALENDAR, at(16), days, "calendar") == at(due_on, 17, 30)
    clock = rules.Clock(at(16), at(17))
    assert rules.recounted(CALENDAR, clock, days, kind="calendar") == at(due_on, 17, 30)


@pytest.mark.parametrize(
    ("fee", "basis", "checked", "status"),
    [
        (500, "Prakas 1", ("fee", "basis"), "chargeable"),
        (500, "Prakas 1", ("fee",), "no_basis"),
        (500, "Prakas 1", ("basis",), "no_basis"),
        (500, "", ("fee", "basis"), "no_basis"),
        (500, "OWSO list", ("fee", "basis"), "no_basis"),
        (None, "Prakas 1", ("fee", "basis"), "unknown"),
        (0, "", (), "free"),
    ],
)
def test_law_and_fee_must_both_be_verified(
    fee: int | None, basis: str, checked: tuple[str, ...], status: str
) -> None:
    assert rules.fee_of("document", fee, basis, checked) == status


def test_what_the_pack_verified_of_a_row_holds_for_its_fee_and_its_law() -> None:
    assert rules.checked(True, "verified", "Prakas 1", "VERIFIED (fee)") == ["name", "fee", "days", "basis"]
    assert rules.checked(False, "default", "unverified", "VERIFIED") == ["fee"]
    assert rules.checked(False, "default", "Prakas 1", "PARTIAL") == []
