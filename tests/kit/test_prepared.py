"""Does a prepared read find what Django's own finds, for every kind of value, and is an insert written as Django would?"""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sala.accounts.models import Grant
from sala.kit import clock
from sala.kit.prepared import Bound, Counts, Prepared
from sala.kit.rows import insert
from sala.ledger.models import Entry, Salt
from sala.offices.models import Appointment, Office
from sala.offices.terms import OfficeKind
from sala.window.models import ServiceVersion

pytestmark = pytest.mark.django_db


def test_objects_with_their_joins_come_as_from_django() -> None:
    read = Prepared(
        lambda: (
            Appointment.objects.filter(start__lte=Bound("day"), office__kind=Bound("kind"))
            .select_related("person", "post", "office")
            .order_by("pk")
        )
    )
    wanted = Appointment.objects.filter(start__lte=clock.today(), office__kind="commune_hall").order_by("pk")
    for _ in range(2):  # written once, run twice
        found = read(day=clock.today(), kind=OfficeKind.COMMUNE_HALL)
        assert found == list(wanted) != []
    with CaptureQueriesContext(connection) as asked:
        assert found[0].office.name_km and found[0].person.name_km and found[0].post.names
    assert len(asked) == 0


def test_tuples_are_converted_as_from_django() -> None:
    names = ("pk", "loaded", "papers", "current", "days")
    read = Prepared(
        lambda: ServiceVersion.objects.filter(current=Bound("yes")).order_by("pk").values_list(*names)
    )
    wanted = list(ServiceVersion.objects.filter(current=True).order_by("pk").values_list(*names))
    assert read(yes=True) == wanted
    assert {type(value) for value in wanted[0]} >= {UUID, datetime, list, bool}
    assert read(yes=False) == []


def test_moments_and_keys_are_bound_as_django_binds_them() -> None:
    office = Office.objects.order_by("pk").last()
    assert office is not None
    read = Prepared(lambda: Office.objects.filter(pk=Bound("id"), created__lte=Bound("at")))
    assert read.one(id=office.pk, at=office.created) == office
    assert read.one(id=office.pk, at=datetime(2000, 1, 1, tzinfo=UTC)) is None
    assert read.one(id=uuid4(), at=clock.now()) is None
    with pytest.raises(KeyError):
        read(id=office.pk)


def test_what_is_bound_is_never_read_as_sql() -> None:
    read = Prepared(lambda: Office.objects.filter(code=Bound("code")))
    assert read(code="' OR '1'='1") == [] and read(code="%s") == []


def test_counts_of_several_queries_in_one_question() -> None:
    count = Counts(
        lambda: {
            "halls": Office.objects.filter(kind=Bound("kind")),
            "ten": Office.objects.all()[:10],
            "none": Office.objects.filter(valid_from__gt=Bound("day")),
        }
    )
    with CaptureQueriesContext(connection) as asked:
        found = count(kind="commune_hall", day=date(9000, 1, 1))
    assert found == {"halls": Office.objects.filter(kind="commune_hall").count(), "ten": 10, "none": 0}
    assert len(asked) == 1


def _entry(subject: str) -> Entry:
    return Entry(post="p", act="a", kind="k", subject=subject, place="", digest="0" * 64, leaf_hash="1" * 64)


def test_rows_are_written_as_django_writes_them() -> None:
    ours, theirs = [_entry("ours-1"), _entry("ours-2")], _entry("theirs")
    salts = [Salt(entry=entry, salt=bytes(range(32))) for entry in ours]
    with CaptureQueriesContext(connection) as asked:
        insert([*ours, *salts])
    assert len(asked) == 2
    Entry.objects.bulk_create([theirs])

    def said(entry: Entry) -> dict[str, Any]:
        row: dict[str, Any] = Entry.objects.filter(pk=entry.pk).values().get()
        return {name: value for name, value in row.items() if name not in ("id", "at", "subject")}

    assert said(ours[0]) == said(ours[1]) == said(theirs)
    assert Entry.objects.get(pk=ours[0].pk).at == ours[0].at
    assert bytes(Salt.objects.get(pk=ours[1].pk).salt) == bytes(range(32))
    assert not ours[0]._state.adding and ours[0]._state.db == "default"


def test_json_is_written_as_json() -> None:
    like = ServiceVersion.objects.filter(current=True)[0]
    new = ServiceVersion(
        **{**{f.attname: getattr(like, f.attname) for f in like._meta.concrete_fields}, "id": uuid4()}
    )
    new.version, new.current = like.version + 1, False
    new.papers, new.fee_note = [{"km": "ឯកសារ", "en": "paper"}], {"km": "", "en": 'a "note"'}
    insert([new])
    assert ServiceVersion.objects.filter(pk=new.pk).values("papers", "fee_note").get() == {
        "papers": new.papers,
        "fee_note": new.fee_note,
    }


def test_very_many_rows_are_written_in_parts() -> None:
    with CaptureQueriesContext(connection) as asked:
        insert(_entry(str(number)) for number in range(1100))
    assert len(asked) == 2 and Entry.objects.filter(kind="k").count() == 1100


def test_a_broken_rule_of_the_database_is_told() -> None:
    from django.db import IntegrityError

    grant = Grant.objects.all()[0]
    with pytest.raises(IntegrityError):
        insert([Grant(**{f.attname: getattr(grant, f.attname) for f in grant._meta.concrete_fields})])
