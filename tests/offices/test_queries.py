"""Finding offices, holders and calendars."""

from datetime import date, time
from uuid import uuid4

import pytest

from sala.kit.errors import NotFound
from sala.offices import queries, records
from sala.offices.models import Hours, Office

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("place", "level", "code"),
    [
        ("120404", "commune", "commune-hall-120404"),
        ("12040401", "commune", "commune-hall-120404"),
        ("120404", "district", "one-window-1204"),
        ("120404", "province", "provincial-hall-12"),
        ("120404", "nation", "gda"),
        ("", "nation", "gda"),
    ],
)
def test_each_level_has_an_office_that_holds_its_cases(place: str, level: str, code: str) -> None:
    office = queries.serving(place, level)
    assert office is not None and office.code == code


def test_a_province_has_no_commune_hall_and_unknown_places_are_told() -> None:
    assert queries.serving("12", "commune") is None
    with pytest.raises(NotFound):
        queries.serving("9999", "commune")
    with pytest.raises(LookupError):
        queries.serving("12", "village")


@pytest.mark.parametrize(
    ("code", "km", "en"),
    [
        ("commune-hall-120404", "សាលាសង្កាត់ទឹកល្អក់ទី១", "Tuek L'ak Ti Muoy Sangkat Hall"),
        ("district-hall-1204", "សាលាខណ្ឌ", "Khan Hall"),
        ("provincial-hall-12", "សាលារាជធានី", "Capital Hall"),
        ("provincial-hall-02", "សាលាខេត្ត", "Provincial Hall"),
        ("commune-hall-010201", "សាលាឃុំ", "Commune Hall"),
    ],
)
def test_names_carry_the_official_word_of_the_place(code: str, km: str, en: str) -> None:
    office = queries.office_by_code(code)
    assert office is not None
    assert (
        office.name_km.replace(" ", "").startswith(km.replace(" ", "").rstrip("១")) and en in office.name_en
    )


def test_looking_up_by_id_and_by_place() -> None:
    office = queries.office_at("120404", "commune_hall")
    assert office is not None and queries.office(office.pk) == queries.office(str(office.pk)) == office
    assert queries.office("no uuid") is None and queries.office(uuid4()) is None
    assert {one.code for one in queries.at_places(["120404", ""])} == {
        "commune-hall-120404",
        "police-post-120404",
    }
    assert queries.names([office.pk])[office.pk]["en"] == office.name_en


def test_lists_narrow_by_words_kind_and_place() -> None:
    from sala.places import queries as places

    assert queries.listed(q="Tuek L'ak Ti Muoy").filter(kind="commune_hall").count() == 1
    district = places.unit("1204")
    assert set(queries.listed(place=district, kind="commune_hall").values_list("district", flat=True)) == {
        "1204"
    }
    from django.db.models import Q

    assert queries.listed(reach=Q(province="02"), kind="provincial_hall").count() == 1


def test_posts_and_titles() -> None:
    chief = queries.post("commune_chief")
    assert chief is not None and queries.post("nobody") is None
    assert queries.title(chief, "sangkat")["km"] == "ចៅសង្កាត់"
    assert queries.title(chief, "commune")["km"] == "មេឃុំ"
    assert {post.pk for post in queries.posts("one_window")} == {"one_window_head", "front_desk_officer"}
    assert len(queries.posts()) == 17


def test_holders_and_their_names(accounts: dict[str, dict[str, str]]) -> None:
    office = queries.office_by_code("commune-hall-120404")
    assert office is not None
    rows = queries.holders(office.pk)
    assert rows[0].post_id == "commune_chief" and len(rows) >= 7
    row = rows[0]
    assert queries.holder_names([str(row.pk), "resident", "system:init"]) == {
        str(row.pk): {"km": "ចៅសង្កាត់", "en": "Sangkat chief"}
    }
    assert queries.appointment_names([row.pk])[row.pk]["km"] == row.person.name_km
    assert queries.people(office.pk)[0].id == row.pk
    assert queries.appointment(str(row.pk)) == row
    assert queries.appointment("x") is None and queries.appointment(uuid4()) is None
    assert queries.person(row.person_id) == row.person
    assert [one.pk for one in queries.appointments_of(row.person_id)] == [row.pk]
    assert queries.holders(office.pk, date(1980, 1, 1)) == []
    assert row.pk in {one.pk for one in queries.holders_of_posts(["commune_chief"])}


def test_a_calendar_is_read_once_and_an_offices_own_hours_stand_first(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    queries.forget_calendars()
    office = queries.office_by_code("commune-hall-020803")
    assert office is not None
    first = queries.calendar(office.pk)
    with django_assert_num_queries(0):
        assert queries.calendar(office.pk) is first
    usual = first.minutes_a_day
    for weekday in range(5):
        Hours.objects.create(office=office, weekday=weekday, opens=time(8), closes=time(10))
    queries.forget_calendars()
    assert queries.calendar(office.pk).minutes_a_day == 120 != usual
    assert queries.calendar(None).minutes_a_day == usual
    other = Office.objects.exclude(pk=office.pk)[0]
    assert queries.calendar(other.pk) is queries.calendar(None), (
        "without days and hours of its own: the country's"
    )
    queries.forget_calendars()


def test_what_another_process_changed_is_seen_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("sala.kit.kept.monotonic", lambda: now[0])
    queries.forget_calendars()
    first = queries.calendar(None)
    Hours.objects.create(weekday=6, opens=time(8), closes=time(10))
    assert queries.calendar(None) is first
    now[0] += 6
    assert queries.calendar(None) is not first
    queries.forget_calendars()


def test_what_the_ledger_verifies_of_persons(accounts: dict[str, dict[str, str]]) -> None:
    office = queries.office_by_code("commune-hall-120404")
    assert office is not None
    row = queries.holders(office.pk)[0]
    assert dict(records.person_snapshots())[str(row.person_id)] == records.person_content(row.person)


def test_an_unchanged_calendar_is_kept_after_the_look(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("sala.kit.kept.monotonic", lambda: now[0])
    queries.forget_calendars()
    first = queries.calendar(None)
    now[0] += 6
    assert queries.calendar(None) is first


def test_people_by_name_alone_are_the_same_people(accounts: dict[str, dict[str, str]]) -> None:
    office = queries.office_by_code("commune-hall-120404")
    assert office is not None
    people = queries.people(office.pk)
    assert len(people) >= 7
    assert queries.people_names(office.pk) == [
        (one.id, {"km": one.name_km, "en": one.name_en}) for one in people
    ]
