"""A request's life, drawn: whatever residents, clerks and the calendar do in whatever order, the record, the clock, the
numbers, the ledger and the figures say what a plain model says."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from sala.accounts.acting import RESIDENT, system
from sala.installation.actions import simulated
from sala.kit import clock
from sala.kit.acting import Where
from sala.kit.errors import Changed, Invalid, NotFound, NotPossible, Problem, Refused
from sala.kit.periods import Period
from sala.ledger import registry, row_check
from sala.ledger.models import Entry
from sala.measures import queries as measures
from sala.offices import actions as offices_actions
from sala.offices import queries as offices
from sala.window import actions, looking, queries
from sala.window import measures as told
from sala.window.models import Contact, Rating, Request
from sala.window.terms import Act, Channel
from tests.fuzz import plain
from tests.fuzz.running import machine_test

pytestmark = pytest.mark.django_db

HERE, THERE = "120404", "020801"
VILLAGES = {HERE: "12040402", THERE: "02080101"}
# The state table once more, by hand.
OPEN = ("received", "in_progress", "waiting")
NEXT = {
    "received": {
        "take": "in_progress", "assign": "in_progress", "ask": "waiting", "answer": "in_progress", "note": "received",
        "finish": "done", "refuse": "refused", "withdraw": "withdrawn",
    },
    "in_progress": {
        "assign": "in_progress", "ask": "waiting", "answer": "in_progress", "note": "in_progress", "finish": "done",
        "refuse": "refused", "withdraw": "withdrawn",
    },
    "waiting": {
        "reply": "in_progress", "assign": "waiting", "answer": "in_progress", "note": "waiting", "finish": "done",
        "refuse": "refused", "withdraw": "withdrawn",
    },
    "done": {"rate": "done", "close": "closed"},
    "closed": {"rate": "closed"},
    "refused": {},
    "withdrawn": {},
}  # fmt: skip
NEEDS_TEXT = {"ask", "answer", "note", "finish", "refuse", "reply"}
MAY = {
    "clerk": {"take", "assign", "ask", "answer", "note", "finish", "refuse"},
    "chief": {"take", "assign", "ask", "answer", "note", "finish", "refuse"},
    "ministry": set(),
}
STEPS = ["take", "assign", "ask", "answer", "note", "finish", "refuse"]
TEXTS = st.sampled_from(["ក្រុមការងារនឹងមកថ្ងៃស្អែក។"] * 3 + ["We come tomorrow."] * 3 + ["  "])


@dataclass
class Plain:
    """What a request must be, by what was done to it."""

    id: UUID
    code: str
    place: str
    office: UUID
    number: str
    received: datetime
    days: int
    due: datetime
    state: str = "received"
    version: int = 1
    paused: datetime | None = None
    waited: int = 0
    assigned: UUID | None = None
    answered: datetime | None = None
    reaction: int | None = None
    done: datetime | None = None
    handling: int | None = None
    closes: datetime | None = None
    on_time: bool | None = None
    rated: int | None = None
    rated_at: datetime | None = None
    contact: bool = False
    entries: list[str] = field(default_factory=list)

    @property
    def open(self) -> bool:
        return self.state in OPEN


class Life(RuleBasedStateMachine):
    """Residents, two clerks of one hall, another hall, the ministry, the calendar and the one who adds holidays."""

    requests = Bundle("requests")

    def __init__(self) -> None:
        super().__init__()
        self.atom = transaction.atomic()
        self.atom.__enter__()
        self.now = datetime(2026, 3, 16, 8, 0, tzinfo=clock.zone())
        self.known: dict[UUID, Plain] = {}
        self.touched: set[UUID] = set()
        self.holidays: dict[UUID | None, set[date]] = defaultdict(set)
        self.holidays[None] = {day.date for year in (2026, 2027) for day in offices.holidays(year)}

    def teardown(self) -> None:
        try:
            self.everything()
        finally:
            transaction.set_rollback(True)
            self.atom.__exit__(None, None, None)
            offices.forget_calendars()

    @initialize()
    def people(self) -> None:
        from tests.window.conftest import acting

        with simulated(self.now):
            self.who = {
                "clerk": acting("clerk120404"),
                "chief": acting("chief120404"),
                "other": acting("clerk020801"),
                "ministry": acting("ministry"),
                "admin": acting("admin"),
            }

    # ---- what is done ----------------------------------------------------------------------------------------------

    @rule(
        gap=st.sampled_from([0, 7, 59, 60 * 3, 60 * 9 + 13, 60 * 24, 60 * 24 * 3, 60 * 24 * 12]),
        seconds=st.integers(0, 59),
    )
    def time_passes(self, gap: int, seconds: int) -> None:
        self.now += timedelta(minutes=gap, seconds=seconds)

    @rule(
        target=requests,
        place=st.sampled_from([HERE, HERE, THERE]),
        service=st.sampled_from(["RP-SEWER", "CT-ALIVE"]),
        contact=st.booleans(),
        counter=st.booleans(),
    )
    def receive(self, place: str, service: str, contact: bool, counter: bool) -> UUID:
        by = self.who["clerk" if place == HERE else "other"] if counter else RESIDENT
        with simulated(self.now):
            made = actions.receive(
                by=by,
                service=service,
                place=VILLAGES[place],
                channel=Channel.COUNTER if counter else Channel.WEB,
                description="ទឹកលូហៀរ" if contact else "",
                name="សុខ តារា" if contact else "",
                email="tara@example.com" if contact else "",
            )
        found = made.request
        model = Plain(
            found.id, made.code, place, found.office_id, found.number, self.now, found.terms.days,
            plain.due(self.now, found.terms.days, self.days(found.office_id)), contact=contact,
        )  # fmt: skip
        model.entries = ["window.receive"]
        self.known[found.id] = model
        self.touched.add(found.id)
        return found.id

    @rule(wrong=st.sampled_from(["service", "place", "counter"]))
    def receive_in_vain(self, wrong: str) -> None:
        """What is not taken in uses up no number."""
        with simulated(self.now), pytest.raises(Problem):
            actions.receive(
                by=self.who["ministry"] if wrong == "counter" else RESIDENT,
                service="RP-NOTHING" if wrong == "service" else "RP-SEWER",
                place="99999999" if wrong == "place" else VILLAGES[HERE],
                channel=Channel.COUNTER if wrong == "counter" else Channel.WEB,
            )

    @rule(
        key=requests,
        verb=st.sampled_from([*STEPS, "ask", "ask"]),
        who=st.sampled_from(["clerk"] * 4 + ["chief"] * 4 + ["other", "ministry"]),
        text=TEXTS,
        stale=st.sampled_from([0] * 10 + [-1, 1]),
        to=st.sampled_from(["clerk", "chief", "other", None]),
    )
    def step(self, key: UUID, verb: str, who: str, text: str, stale: int, to: str | None) -> None:
        model = self.known[key]
        if model.place == THERE and who in ("clerk", "chief", "other"):
            who = "other" if who == "clerk" else "clerk"  # the same the other way round
        assigned = self.who[to].appointment if to else None
        wrong = self.refusal(model, who, verb, text, assigned, stale)
        with simulated(self.now):
            call: Callable[[], Any] = lambda: actions.act(  # noqa: E731
                by=self.who[who],
                request_id=key,
                version=model.version + stale,
                verb=Act(verb),
                text=text,
                assigned=assigned,
            )
            if wrong is not None:
                with pytest.raises(wrong):
                    call()
                return
            call()
        if verb == "take":
            assigned = self.who[who].appointment
        self.moved(model, verb, assigned)

    def refusal(
        self, model: Plain, who: str, verb: str, text: str, assigned: UUID | None, stale: int
    ) -> type[Problem] | None:
        """Which problem a step must meet; None where it must succeed."""
        home = "other" if model.place == THERE else "clerk"
        if who != "ministry" and (who == "other") != (home == "other"):
            return NotFound
        if who == "ministry":
            return Refused
        if stale:
            return Changed
        if verb not in NEXT[model.state]:
            return NotPossible
        if verb in NEEDS_TEXT and not text.strip():
            return Invalid
        if verb == "assign":
            here = (
                {self.who["other"].appointment}
                if home == "other"
                else {self.who["clerk"].appointment, self.who["chief"].appointment}
            )
            if assigned not in here:
                return Invalid
        return None

    @rule(key=requests, text=TEXTS, verb=st.sampled_from(["reply"] * 5 + ["withdraw"]))
    def resident(self, key: UUID, text: str, verb: str) -> None:
        model = self.known[key]
        act = actions.reply if verb == "reply" else actions.withdraw
        wrong = (
            NotPossible
            if verb not in NEXT[model.state]
            else Invalid
            if verb == "reply" and not text.strip()
            else None
        )
        with simulated(self.now):
            if wrong:
                with pytest.raises(wrong):
                    act(by=RESIDENT, code=model.code, text=text)
                return
            act(by=RESIDENT, code=model.code, text=text)
        self.moved(model, verb, None)

    @rule(key=requests, courtesy=st.integers(0, 6), speed=st.integers(1, 5))
    def rate(self, key: UUID, courtesy: int, speed: int) -> None:
        model = self.known[key]
        wrong = (
            Invalid
            if not 1 <= courtesy <= 5
            else NotPossible
            if model.rated or "rate" not in NEXT[model.state]
            else None
        )
        with simulated(self.now):
            if wrong:
                with pytest.raises(wrong):
                    actions.rate(by=RESIDENT, request_id=key, courtesy=courtesy, speed=speed)
                return
            actions.rate(by=RESIDENT, request_id=key, courtesy=courtesy, speed=speed)
        model.rated, model.rated_at = courtesy + speed, self.now
        self.moved(model, "rate", None)

    @rule(key=requests)
    def close(self, key: UUID) -> None:
        model = self.known[key]
        with simulated(self.now):
            if model.state != "done" or model.closes is None or self.now < model.closes:
                with pytest.raises(NotPossible):
                    actions.close(by=system("window.close"), request_id=key)
                return
            actions.close(by=system("window.close"), request_id=key)
        self.moved(model, "close", None)

    @rule(key=requests, who=st.sampled_from(["chief", "clerk", "other", "ministry"]))
    def erase(self, key: UUID, who: str) -> None:
        model = self.known[key]
        home = {"other"} if model.place == THERE else {"clerk", "chief"}
        wrong: type[Problem] | None = Refused if who in {*home, "ministry"} else NotFound
        if who == "chief" and "chief" in home:  # a clerk sees, but does not erase
            wrong = None
        with simulated(self.now):
            if wrong:
                with pytest.raises(wrong):
                    actions.erase_person(by=self.who[who], request_id=key)
                return
            actions.erase_person(by=self.who[who], request_id=key)
        model.contact = False
        model.version += 1
        model.entries += ["ledger.forget", "window.erase"]
        self.touched.add(key)

    @rule(ahead=st.integers(-3, 30), office=st.booleans())
    def holiday(self, ahead: int, office: bool) -> None:
        """A day on which deadlines stand still; whoever is open and reaches over it is counted anew."""
        day = (self.now + timedelta(days=ahead)).date()
        place = offices.serving(HERE, "commune") if office else None
        key = place.id if place else None
        with simulated(self.now):
            call = lambda: offices_actions.add_holiday(  # noqa: E731
                by=self.who["admin"], day=day, name={"km": "ឈប់", "en": "Day off"}, office=place
            )
            if day in self.holidays[key]:
                with pytest.raises(Invalid):
                    call()
                return
            call()
        self.holidays[key].add(day)
        start = datetime.combine(day, datetime.min.time(), clock.zone())
        for model in self.known.values():
            if (
                model.open
                and (key is None or model.office == key)
                and model.due >= start
                and model.received < start + plain.DAY
            ):
                days = self.days(model.office)
                fresh = plain.later(plain.due(model.received, model.days, days), model.waited, days)
                if fresh != model.due:
                    model.due = fresh
                    model.version += 1
                    model.entries.append("window.recount")
                    self.touched.add(model.id)

    # ---- the model -------------------------------------------------------------------------------------------------

    def days(self, office: UUID | None) -> set[date]:
        return self.holidays[None] | self.holidays.get(office, set())

    def moved(self, model: Plain, verb: str, assigned: UUID | None) -> None:
        """The model after a step that must have succeeded."""
        now, days = self.now, self.days(model.office)
        before, model.state = model.state, NEXT[model.state][verb]
        if model.state == "waiting":
            model.paused = model.paused or now
        elif before == "waiting":
            waited = plain.minutes(model.paused, now, days)  # type: ignore[arg-type]
            model.waited += waited
            model.due, model.paused = plain.later(model.due, waited, days), None
        used = plain.minutes(model.received, now, days) - model.waited
        if model.paused:
            used -= plain.minutes(model.paused, now, days)
        used = max(used, 0)
        if verb in ("take", "assign", "ask", "answer", "finish", "refuse") and model.reaction is None:
            model.reaction = used
        if verb in ("ask", "answer", "finish", "refuse") and model.answered is None:
            model.answered = now
        if verb in ("finish", "refuse"):
            model.done, model.handling, model.on_time = now, used, now <= model.due
            model.closes = plain.due(now, 10, days)
        if verb in ("take", "assign"):
            model.assigned = assigned
        model.version += 1
        model.entries.append(f"window.{verb}")
        self.touched.add(model.id)

    # ---- what must hold --------------------------------------------------------------------------------------------

    @invariant()
    def the_rows_are_as_the_model(self) -> None:
        """Every request that was touched, after every step."""
        for row in Request.objects.filter(pk__in=self.touched):
            model = self.known[row.id]
            seen = (
                str(row.state), row.open, row.version, row.due_at, row.paused_at, row.paused_minutes, row.assigned,
                row.first_answer_at, row.reaction_minutes, row.done_at, row.handling_minutes, row.on_time, row.number,
            )  # fmt: skip
            assert seen == (
                model.state, model.open, model.version, model.due, model.paused, model.waited, model.assigned,
                model.answered, model.reaction, model.done, model.handling, model.on_time, model.number,
            )  # fmt: skip
        self.touched = set()

    def everything(self) -> None:
        """At the end of a walk: numbers, ledger, figures, and who sees what."""
        if not self.known:
            return
        with simulated(self.now):
            self.numbers_have_no_gap()
            self.the_ledger_holds_each_step()
            self.figures_are_a_recount()
            self.the_other_hall_sees_nothing()

    def numbers_have_no_gap(self) -> None:
        rows: dict[str, list[int]] = defaultdict(list)
        for model in sorted(self.known.values(), key=lambda model: (model.received, model.number)):
            head, year, number = model.number.split("-")
            assert (head, int(year)) == (model.place, model.received.year % 100) or head != model.place
            rows[f"{head}-{year}"].append(int(number))
        for found in rows.values():
            assert sorted(found) == list(range(1, len(found) + 1))
        assert Request.objects.count() == len(self.known)

    def the_ledger_holds_each_step(self) -> None:
        entries: dict[str, list[str]] = defaultdict(list)
        for subject, act in (
            Entry.objects.filter(kind="window.request").order_by("at", "id").values_list("subject", "act")
        ):
            entries[subject].append(act)
        assert entries == {str(key): model.entries for key, model in self.known.items()}
        for kind in registry.kinds():
            if kind.kind in ("window.request", "window.contact", "window.rating"):
                findings = list(row_check._chunk(kind.kind, dict(kind.snapshots())))
                assert not findings, findings
        assert not list(row_check.check_salts())
        for key, run in registry.checks():
            if key.startswith("window."):
                assert not list(run())
        assert Contact.objects.count() == sum(model.contact for model in self.known.values())
        assert Rating.objects.count() == sum(model.rated is not None for model in self.known.values())

    def figures_are_a_recount(self) -> None:
        counted: Counter[tuple[str, str, str, float]] = Counter()
        for fact in told.facts():
            value = fact.value if fact.value is not None else fact.numerator
            counted[(fact.measure, fact.place, fact.period.code, float(value))] += 1  # type: ignore[arg-type]
        expected: Counter[tuple[str, str, str, float]] = Counter()
        months = set()
        for model in self.known.values():
            month = f"{model.received.astimezone(clock.zone()):%Y-%m}"
            months.add(month)
            expected[("window.received", model.place, month, 1)] += 1
            if model.done is not None:
                month = f"{model.done.astimezone(clock.zone()):%Y-%m}"
                months.add(month)
                expected[("window.finished", model.place, month, 1)] += 1
                expected[("window.on_time", model.place, month, int(bool(model.on_time)))] += 1
                for measure in ("window.handling_median", "window.handling_p90"):
                    expected[(measure, model.place, month, model.handling or 0)] += 1
            if model.rated is not None and model.rated_at is not None:
                month = f"{model.rated_at.astimezone(clock.zone()):%Y-%m}"
                expected[("window.satisfaction", model.place, month, model.rated / 2)] += 1
        assert counted == expected
        for month in months:
            for measure in ("window.received", "window.finished"):
                behind = told.counted(
                    measures.measure(measure), Where("12", "1204", HERE), Period.parse(month)
                )
                assert behind.count() == expected[(measure, HERE, month, 1)]

    def the_other_hall_sees_nothing(self) -> None:
        for who, place in (("other", THERE), ("clerk", HERE), ("chief", HERE)):
            seen = set(queries.listing(self.who[who]).values_list("pk", flat=True))
            assert seen == {key for key, model in self.known.items() if model.place == place}
            for key, model in self.known.items():
                if model.place != place:
                    with pytest.raises(NotFound):
                        queries.record(self.who[who], key)
                    with pytest.raises(NotFound):
                        looking.show_person(by=self.who[who], request_id=key)
        with pytest.raises(NotFound):
            queries.record(self.who["clerk"], uuid4())


def test_a_requests_life(accounts: object) -> None:
    machine_test(Life, "life")
