"""Appointing, ending, opening offices, holidays: what they check, what they leave, and that nothing is half done."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from sala.accounts.acting import RESIDENT, System
from sala.kit import clock
from sala.kit.acting import Where
from sala.kit.errors import Changed, Invalid, NotFound, NotPossible, NotSignedIn
from sala.ledger.models import Entry
from sala.offices import actions, queries, records
from sala.offices.actions import Paper
from sala.offices.models import Appointment, Holiday, Office, Person

pytestmark = pytest.mark.django_db
Make = Callable[..., Any]
D = date
FIRST = D(2020, 1, 1)
PAPER = Paper("prakas", "12 ប្រក", D(2019, 1, 2), {"km": "តែងតាំង", "en": "appointed"})


def hall() -> Office:
    office = queries.office_by_code("commune-hall-020802")  # nobody is appointed here
    assert office is not None
    return office


def appoint(by: System, person: Any, post: str = "commune_chief", start: date = FIRST, **more: Any) -> Any:
    return actions.appoint(
        by=by, person=person, post=post, office=hall(), start=start, instrument=PAPER, **more
    )


def test_an_appointment_leaves_a_row_and_an_entry(by: System, person: Make) -> None:
    row = appoint(by, person())
    assert queries.holders(hall().pk)[0].pk == row.pk
    entry = Entry.objects.filter(kind=records.APPOINTMENT, subject=str(row.pk)).get()
    assert (entry.act, entry.post) == ("offices.appoint", "system:test")
    assert dict(records.appointment_snapshots())[str(row.pk)]["number"] == "12 ប្រក"


def test_no_two_chiefs_at_once_but_one_after_the_other(by: System, person: Make) -> None:
    appoint(by, person("ក"), end=D(2021, 12, 31))
    with pytest.raises(Invalid) as problem:
        appoint(by, person("ខ"), start=D(2021, 12, 31))
    assert problem.value.errors[0].code == "post-taken"
    appoint(by, person("ខ"), start=D(2022, 1, 1))
    assert [row.person.given_km for row in queries.holders(hall().pk)] == ["ខ"]
    assert [row.person.given_km for row in queries.holders(hall().pk, D(2021, 5, 1))] == ["ក"]


def test_the_database_itself_refuses_two_open_chiefs(by: System, person: Make) -> None:
    row = appoint(by, person())
    fields = {"post": row.post, "office": row.office, "single": True, "instrument": "prakas"}
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.create(person=person(), start=D(2023, 1, 1), **fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.create(person=person(), start=D(2023, 1, 1), end=D(2022, 1, 1), **fields)


def test_the_database_itself_refuses_days_that_overlap(by: System, person: Make) -> None:
    row = appoint(by, person(), end=D(2021, 12, 31))
    fields = {"post": row.post, "office": row.office, "instrument": "prakas", "start": D(2021, 12, 31)}
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.create(person=person(), single=True, end=D(2022, 5, 1), **fields)
    other = Appointment.objects.create(person=person(), single=True, **{**fields, "start": D(2022, 1, 1)})
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.filter(pk=other.pk).update(start=D(2021, 6, 1))
    Appointment.objects.filter(pk=row.pk).update(end=D(2021, 11, 30))


def test_several_councillors_but_nobody_twice(by: System, person: Make) -> None:
    one = person("ក")
    appoint(by, one, "councillor")
    appoint(by, person("ខ"), "councillor")
    with pytest.raises(Invalid):
        appoint(by, one, "councillor", start=D(2023, 1, 1))
    assert len(queries.people(hall().pk)) == 2


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"office": uuid4()}, NotFound),
        ({"post": "no_such_post"}, NotFound),
        ({"person": uuid4()}, NotFound),
        ({"post": "auditor"}, Invalid),
        ({"end": D(2019, 12, 31)}, Invalid),
        ({"instrument": Paper("prakas", dated=D(2999, 1, 1))}, Invalid),
        ({"by": RESIDENT}, NotSignedIn),
    ],
)
def test_what_an_appointment_refuses(
    by: System, person: Make, change: dict[str, Any], error: type[Exception]
) -> None:
    facts = {
        "by": by,
        "person": person(),
        "post": "commune_chief",
        "office": hall(),
        "start": D(2020, 1, 1),
        "instrument": PAPER,
    }
    before = Appointment.objects.count()
    with pytest.raises(error):
        actions.appoint(**{**facts, **change})
    assert Appointment.objects.count() == before


@pytest.mark.parametrize("step", ["appoint", "end", "person", "office", "holiday"])
def test_nothing_is_kept_when_the_ledger_fails(
    by: System, person: Make, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    who = person()
    row = appoint(by, who)
    counts = [model.objects.count() for model in (Appointment, Person, Office, Holiday, Entry)]

    def fail(**_: Any) -> None:
        raise RuntimeError("no ledger")

    monkeypatch.setattr("sala.offices.actions.ledger.record", fail)
    steps: dict[str, Callable[[], Any]] = {
        "appoint": lambda: appoint(by, who, "councillor"),
        "end": lambda: actions.end_appointment(by=by, appointment=row.pk, end=D(2026, 1, 1)),
        "person": lambda: person("ង"),
        "office": lambda: actions.open_office(
            by=by, code="x", kind="working_group", name={"km": "ក", "en": "x"}
        ),
        "holiday": lambda: actions.add_holiday(by=by, day=D(2031, 1, 2), name={"km": "ក", "en": "x"}),
    }
    with pytest.raises(RuntimeError):
        steps[step]()
    assert [model.objects.count() for model in (Appointment, Person, Office, Holiday, Entry)] == counts
    row.refresh_from_db()
    assert row.end is None


def test_an_appointment_ends_once_and_by_the_version_that_was_read(by: System, person: Make) -> None:
    row = appoint(by, person())
    yesterday = clock.today() - timedelta(days=1)
    with pytest.raises(Changed):
        actions.end_appointment(by=by, appointment=row.pk, end=yesterday, version=7)
    done = actions.end_appointment(by=by, appointment=row.pk, end=yesterday, reason="លាលែង", version=1)
    assert (done.end, done.version, done.end_reason) == (yesterday, 2, "លាលែង")
    assert queries.holders(hall().pk) == []
    with pytest.raises(NotPossible):
        actions.end_appointment(by=by, appointment=row.pk, end=clock.today())
    with pytest.raises(NotFound):
        actions.end_appointment(by=by, appointment=uuid4(), end=clock.today())
    with pytest.raises(NotSignedIn):
        actions.end_appointment(by=RESIDENT, appointment=row.pk, end=clock.today())


def test_an_end_before_the_start_is_refused(by: System, person: Make) -> None:
    row = appoint(by, person())
    with pytest.raises(Invalid):
        actions.end_appointment(by=by, appointment=row.pk, end=D(2019, 1, 1))


def test_a_person_needs_all_four_names(by: System) -> None:
    with pytest.raises(Invalid) as problem:
        actions.register_person(by=by, family_km=" ", given_km="ក", family_latin="x" * 61, given_latin="x")
    assert [error.field for error in problem.value.errors] == ["family_km", "family_en"]


def test_an_office_of_its_own_is_opened_once(by: System) -> None:
    facts: dict[str, Any] = {
        "by": by,
        "code": "wg-03",
        "kind": "working_group",
        "name": {"km": "ក្រុមការងារ", "en": "Group"},
    }
    one = actions.open_office(**facts, place_key="03")
    assert actions.open_office(**facts, place_key="03").pk == one.pk
    assert (one.where.province, one.form) == ("03", "province")
    assert dict(records.pack_snapshots())["offices"]["rows"] == Office.objects.count()
    with pytest.raises(NotFound):
        actions.open_office(**{**facts, "code": "y"}, place_key="9999")
    with pytest.raises(Invalid):
        actions.open_office(**{**facts, "code": "y", "name": {"km": ""}})


def test_a_holiday_moves_deadlines_at_once(by: System) -> None:
    zone = ZoneInfo("Asia/Phnom_Penh")
    office = hall()
    start = datetime(2026, 6, 1, 8, 0, tzinfo=zone)  # a Monday
    assert queries.calendar(office.pk).add_days(start, 1).date() == D(2026, 6, 2)
    actions.add_holiday(
        by=by, day=D(2026, 6, 2), name={"km": "ឈប់", "en": "Closed"}, office=office, source="Decision 5"
    )
    assert queries.calendar(office.pk).add_days(start, 1).date() == D(2026, 6, 3)
    other = queries.office_by_code("commune-hall-120404")
    assert other and queries.calendar(other.pk).add_days(start, 1).date() == D(2026, 6, 2)
    actions.add_holiday(by=by, day=D(2026, 6, 3), name={"km": "ឈប់", "en": "Closed"})
    assert queries.calendar(office.pk).add_days(start, 1).date() == D(2026, 6, 4)
    with pytest.raises(Invalid) as problem:
        actions.add_holiday(by=by, day=D(2026, 6, 3), name={"km": "ឈប់", "en": "Closed"})
    assert problem.value.errors[0].code == "taken"
    with pytest.raises(Invalid):
        actions.add_holiday(by=by, day=D(2026, 6, 9), name={"km": "ឈប់"})
    queries.forget_calendars()


def test_only_who_may_adds_a_holiday(by: System) -> None:
    with pytest.raises(NotSignedIn):
        actions.add_holiday(by=RESIDENT, day=D(2026, 6, 3), name={"km": "ឈប់", "en": "Closed"})
    assert hall().where == Where("02", "0208", "020802", office=hall().pk)


@pytest.mark.parametrize("post", ["commune_chief", "councillor"])
def test_an_appointment_is_not_lengthened_over_the_next_one(by: System, person: Make, post: str) -> None:
    who = person("ក")
    row = appoint(by, who, post, start=D(2026, 1, 1), end=D(2099, 1, 31))
    appoint(by, who, post, start=D(2099, 2, 1), end=D(2099, 12, 31))
    with pytest.raises(Invalid) as problem:
        actions.end_appointment(by=by, appointment=row.pk, end=D(2099, 2, 1))
    assert problem.value.errors[0].code == "post-taken"
    assert actions.end_appointment(by=by, appointment=row.pk, end=D(2099, 1, 30)).end == D(2099, 1, 30)
