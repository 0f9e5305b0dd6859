"""Public office, drawn: whoever is appointed, ended, backdated or divided in whatever order, the powers of a moment are what a
plain reckoning from the appointments and grants says, and what an ended post had opened is shut."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.test import RequestFactory
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule

from sala.accounts import actions as accounts
from sala.accounts import queries as accounts_queries
from sala.accounts.acting import system
from sala.accounts.sessions import APPOINTMENT, SINCE, SessionStore
from sala.installation.actions import simulated
from sala.kit import clock
from sala.kit.acting import Where
from sala.kit.errors import Changed, Invalid, NotFound, NotPossible, NotSignedIn, Problem, Refused
from sala.ledger import registry, row_check
from sala.offices import actions, queries
from sala.offices.models import Appointment, Office, PostKind
from sala.places import actions as places_actions
from sala.places import memory
from sala.places import queries as places
from tests.fuzz.running import SECONDS, machine_test

pytestmark = pytest.mark.django_db

OFFICES = ("commune-hall-120403", "one-window-1204")
POSTS = ("commune_chief", "clerk", "front_desk_officer", "councillor", "one_window_head", "administrator")
DAY = timedelta(days=1)
VERBS = ("window.see", "window.see_person", "window.take", "window.erase", "offices.appoint", "offices.holidays", "places.change", "window.report")  # fmt: skip
RESIDENTS = {"window.report", "window.follow", "window.rate"}


@dataclass
class Held:
    """An appointment as it must be."""

    id: UUID
    person: UUID
    post: str
    office: str
    start: date
    end: date | None
    version: int = 1

    def on(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day <= self.end)

    def meets(self, start: date, end: date | None) -> bool:
        return (end is None or self.start <= end) and (self.end is None or start <= self.end)


class Public(RuleBasedStateMachine):
    """Three persons, some posts of some offices, the administrator and somebody who may not appoint."""

    appointments = Bundle("appointments")

    def __init__(self) -> None:
        super().__init__()
        self.atom = transaction.atomic()
        self.atom.__enter__()
        self.now = datetime(2026, 3, 16, 9, 0, tzinfo=clock.zone())
        self.rows: dict[UUID, Held] = {}
        self.tokens: list[tuple[str, UUID, datetime]] = []
        self.sessions: list[tuple[str, UUID, datetime]] = []
        self.divided: list[str] = []
        self.offices: dict[str, Office] = {}

    def teardown(self) -> None:
        try:
            self.the_ledger_holds_each_appointment()
        finally:
            transaction.set_rollback(True)
            self.atom.__exit__(None, None, None)
            if self.divided:
                memory.forget()

    @initialize()
    def people(self) -> None:
        from tests.window.conftest import acting

        with simulated(self.now):
            self.admin, self.clerk = acting("admin"), acting("clerk120404")
            self.persons = [
                actions.register_person(
                    by=system("trial"),
                    family_km="សុខ",
                    given_km=f"ទី{n}",
                    family_latin="SOK",
                    given_latin=f"No {n}",
                )
                for n in "ABC"
            ]
            self.users = {
                person.pk: accounts.open_account(
                    by=system("trial"), person=person, username=f"trial{n}", at=Where()
                )
                for n, person in enumerate(self.persons)
            }
        self.offices = {code: Office.objects.get(code=code) for code in OFFICES}
        self.kinds = {post.pk: post for post in PostKind.objects.filter(pk__in=POSTS)}
        self.grants: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for grant in accounts_queries.grants(list(POSTS)):
            self.grants[grant.post_id].add((grant.verb, grant.scope))
        for row in Appointment.objects.filter(office__code__in=OFFICES).select_related("office"):
            self.rows[row.pk] = Held(
                row.pk, row.person_id, row.post_id, row.office.code, row.start, row.end, row.version
            )

    @property
    def today(self) -> date:
        return self.now.date()

    # ---- what is done ----------------------------------------------------------------------------------------------

    @rule(days=st.sampled_from([1, 1, 2, 7, 30]))
    def time_passes(self, days: int) -> None:
        self.now += days * DAY

    @rule(
        target=appointments,
        who=st.integers(0, 2),
        post=st.sampled_from(
            [
                "clerk",
                "clerk",
                "commune_chief",
                "front_desk_officer",
                "councillor",
                "one_window_head",
                "administrator",
            ]
        ),
        office=st.integers(0, 9),
        ahead=st.sampled_from([-40, -3, -1, 0, 0, 0, 1, 9]),
        length=st.sampled_from([None, None, 0, 1, 7, 30, 60, -1]),
        paper=st.sampled_from([0] * 5 + [-100, 1]),
        by=st.sampled_from(["admin"] * 7 + ["clerk"]),
    )
    def appoint(
        self, who: int, post: str, office: int, ahead: int, length: int | None, paper: int, by: str
    ) -> Any:
        person, code = self.persons[who].pk, sorted(self.offices)[office % len(self.offices)]
        start = self.today + ahead * DAY
        end = None if length is None else start + length * DAY
        same = [
            row
            for row in self.rows.values()
            if (row.post, row.office) == (post, code) and row.meets(start, end)
        ]
        wrong: type[Problem] | None = None
        if by == "clerk":
            wrong = Refused
        elif (
            self.offices[code].kind not in self.kinds[post].office_kinds
            or (end is not None and end < start)
            or paper > 0
            or any(self.kinds[post].single or row.person == person for row in same)
        ):
            wrong = Invalid
        with simulated(self.now):

            def call() -> Any:
                return actions.appoint(
                    by=self.admin if by == "admin" else self.clerk,
                    person=person,
                    post=post,
                    office=self.offices[code].pk,
                    start=start,
                    end=end,
                    instrument=actions.Paper("decision", "1", self.today + paper * DAY),
                )

            if wrong is not None:
                with pytest.raises(wrong):
                    call()
                return None
            row = call()
        self.rows[row.pk] = Held(row.pk, person, post, code, start, end)
        return row.pk

    @rule(
        key=appointments,
        ahead=st.sampled_from([-40, -2, -1, -1, 0, 0, 1, 5, 40]),
        stale=st.sampled_from([0] * 6 + [1]),
        by=st.sampled_from(["admin"] * 7 + ["clerk"]),
    )
    def end(self, key: UUID | None, ahead: int, stale: int, by: str) -> None:
        if key is None:
            return
        held, end = self.rows[key], self.today + ahead * DAY
        others = [
            row
            for row in self.rows.values()
            if row.id != key
            and (row.post, row.office) == (held.post, held.office)
            and (self.kinds[held.post].single or row.person == held.person)
        ]
        wrong: type[Problem] | None = None
        if by == "clerk":
            wrong = Refused
        elif held.end is not None and held.end < min(end, self.today):
            wrong = NotPossible
        elif end < held.start or any(row.meets(held.start, end) for row in others):
            wrong = Invalid
        elif stale:
            wrong = Changed
        with simulated(self.now):

            def call() -> Any:
                actions.end_appointment(
                    by=self.admin if by == "admin" else self.clerk,
                    appointment=key,
                    end=end,
                    version=held.version + stale,
                )

            if wrong is not None:
                with pytest.raises(wrong):
                    call()
                return
            call()
        held.end, held.version = end, held.version + 1

    @rule(key=appointments, token=st.booleans())
    def sign_in(self, key: UUID | None, token: bool) -> None:
        """A token or a session for a post held today."""
        if key is None or not self.rows[key].on(self.today):
            return
        held = self.rows[key]
        user = self.users[held.person]
        with simulated(self.now):
            if token:
                row = queries.appointment(key)
                text, made = accounts.issue_token(by=system("trial"), user=user, appointment=row, days=90)
                self.tokens.append((text, key, made.expires))
                return
            store = SessionStore()
            store["_auth_user_id"] = str(user.pk)
            store["_auth_user_backend"] = "axes.backends.AxesBackend"
            store["_auth_user_hash"] = user.get_session_auth_hash()
            store[APPOINTMENT], store[SINCE] = str(key), self.now.isoformat()
            ends = self.now + timedelta(hours=8)
            store.set_expiry(ends)
            store.save()
            self.sessions.append((store.session_key, key, ends))

    @precondition(lambda self: not self.divided and (SECONDS or len(self.rows) > 12))
    @rule()
    def divide(self) -> None:
        """A commune is divided; each part gets a hall. The old hall's posts open nothing in the new communes."""
        unit = places.unit("120403")
        assert unit is not None
        below = [child.key for child in places.children("120403")]
        with simulated(self.now):
            parts = [
                places_actions.Part("120498", "ទីមួយ", "First", unit.kind, tuple(below[:1])),
                places_actions.Part("120499", "ទីពីរ", "Second", unit.kind, tuple(below[1:])),
            ]
            self.divided = places_actions.split(
                by=system("trial"),
                unit="120403",
                version=unit.version,
                into=parts,
                on=self.today,
                instrument="trial",
            )
            for key in self.divided:
                code = f"commune-hall-{key}"
                self.offices[code] = actions.open_office(
                    by=self.admin,
                    code=code,
                    kind="commune_hall",
                    name={"km": "សាលា", "en": "Hall"},
                    place_key=key,
                )

    # ---- what must hold --------------------------------------------------------------------------------------------

    @invariant()
    def a_single_post_has_one_holder(self) -> None:
        if not self.offices:
            return
        held: dict[tuple[str, str], list[Held]] = defaultdict(list)
        for row in Appointment.objects.filter(
            office__code__in=list(self.offices), single=True
        ).select_related("office"):
            here = held[(row.office.code, row.post_id)]
            assert not any(other.meets(row.start, row.end) for other in here), (row.office.code, row.post_id)
            here.append(Held(row.pk, row.person_id, row.post_id, row.office.code, row.start, row.end))

    @invariant()
    def powers_are_a_plain_reckoning(self) -> None:
        if not self.offices:
            return
        wheres = [
            *(office.where for office in self.offices.values()),
            Where(),
            Where(province="12", district="1204"),
        ]
        wheres += [Where("12", "1204", "120403", "12040301"), Where("02", "0208", "020801")]
        with simulated(self.now):
            for person in self.persons:
                held = [row for row in self.rows.values() if row.person == person.pk and row.on(self.today)]
                try:
                    today = {row.pk for row in accounts.posts_today(self.users[person.pk])}
                except NotSignedIn:
                    today = set()
                assert today == {row.id for row in held}
            for row in list(self.rows.values())[-6:]:
                for day in (
                    self.today,
                    row.start - DAY,
                    row.start,
                    row.end or self.today,
                    (row.end or self.today) + DAY,
                ):
                    acting = accounts_queries.acting_as(row.id, day)
                    assert (acting is not None) == row.on(day), (row, day)
                    if acting is None:
                        continue
                    for verb in VERBS:
                        for at in wheres:
                            assert acting.may(verb, at) == self.may(row, verb, at), (row, verb, at)

    def may(self, row: Held, verb: str, at: Where) -> bool:
        """From the grants of the post and the code of the office's place alone."""
        office, place = self.offices[row.office], self.offices[row.office].place
        scopes = {scope for granted, scope in self.grants[row.post] if granted == verb}
        below = {2: at.province, 4: at.district, 6: at.commune}.get(len(place), "") if place else ""
        return (
            verb in RESIDENTS
            or "nation" in scopes
            or (bool(scopes) and at.office == office.pk)
            or ("subtree" in scopes and (not place or below == place))
        )

    @invariant()
    def what_an_ended_post_had_opened_is_shut(self) -> None:
        with simulated(self.now):
            for text, key, expires in self.tokens:
                found = accounts_queries.by_token(text)
                assert (found is not None) == (self.rows[key].on(self.today) and self.now < expires)
            for session, key, expires in self.sessions:
                request = RequestFactory().get("/en/work")
                request.session = SessionStore(session)
                found = accounts_queries.by_session(request)
                assert (found is not None) == (self.rows[key].on(self.today) and self.now < expires)

    def the_ledger_holds_each_appointment(self) -> None:
        for kind in registry.kinds():
            if kind.kind == "offices.appointment":
                mine = {str(key) for key in self.rows}
                rows = {subject: content for subject, content in kind.snapshots() if subject in mine}
                assert set(rows) == mine
                findings = list(row_check._chunk(kind.kind, rows))
                assert not findings, findings
        with pytest.raises(NotFound):
            actions.end_appointment(by=system("trial"), appointment=UUID(int=7), end=self.today)


def test_public_office(accounts: object) -> None:
    machine_test(Public, "appointments")
