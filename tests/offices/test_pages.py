"""The page of holidays, and what the API takes."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from sala.accounts.acting import System
from sala.kit import clock
from sala.ledger.models import Entry
from sala.offices import actions, queries, registry
from sala.offices.models import Appointment, Holiday

pytestmark = pytest.mark.django_db
GOOD = {
    "day_day": "២",
    "day_month": "6",
    "day_year": "2027",
    "name_km": "ថ្ងៃសាក",
    "name_en": "Trial day",
    "source": "Decision 5",
    "counts": "country",
}


@pytest.fixture(autouse=True)
def _calendars() -> Any:
    yield
    queries.forget_calendars()


def test_everybody_reads_the_holidays_of_a_year(client: Client) -> None:
    text = client.get("/en/holidays?year=2026").content.decode()
    assert "International New Year" in text and "Add a holiday" not in text
    assert "ពិធីបុណ្យចូលឆ្នាំថ្មី" in client.get("/km/holidays?year=2026").content.decode()
    for year in ("", "0", "x", "99999999999"):
        assert client.get(f"/en/holidays?year={year}").status_code == 200


def test_who_may_adds_a_holiday_and_others_do_not(client: Client, sign_in: Callable[[str], Client]) -> None:
    admin = sign_in("admin")
    assert "Add a holiday" in admin.get("/en/holidays").content.decode()
    answer = admin.post("/en/holidays", GOOD)
    assert answer.status_code == 302 and answer["Location"] == "/en/holidays?year=2027"
    row = Holiday.objects.get(date=date(2027, 6, 2))
    assert (row.status, row.from_pack, row.office_id) == ("decreed", False, None)
    assert "Trial day" in client.get("/en/holidays?year=2027").content.decode()
    again = admin.post("/en/holidays", GOOD)
    assert (
        again.status_code == 422
        and "holiday already" in again.content.decode()
        and "Trial day" in again.content.decode()
    )
    assert client.post("/en/holidays", GOOD).status_code in (302, 403)
    assert sign_in("councillora120404").post("/en/holidays", GOOD).status_code == 403


def test_a_clerk_adds_for_the_own_office_only(sign_in: Callable[[str], Client]) -> None:
    clerk = sign_in("clerk120404")
    assert clerk.post("/en/holidays", GOOD).status_code == 422
    assert clerk.post("/en/holidays", {**GOOD, "counts": "office"}).status_code == 302
    row = Holiday.objects.get(date=date(2027, 6, 2))
    office = queries.office_by_code("commune-hall-120404")
    assert office is not None and row.office_id == office.pk
    assert "Trial day" in clerk.get("/en/holidays?year=2027").content.decode()
    assert "Trial day" not in sign_in("clerk020801").get("/en/holidays?year=2027").content.decode()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"day_day": "32"}, "Enter the day."),
        ({"name_km": ""}, "Enter the name in Khmer."),
        ({"name_en": "x" * 161}, "160"),
        ({"source": ""}, "Name the paper that decides it."),
        ({"counts": ""}, "Choose for whom it counts."),
        ({"day_year": "1999"}, "too early"),
        ({"name_km": "\u200b"}, "Khmer and in English"),
    ],
)
def test_wrong_input_is_explained_and_kept(
    sign_in: Callable[[str], Client], change: dict[str, str], said: str
) -> None:
    answer = sign_in("admin").post("/en/holidays", {**GOOD, **change})
    text = answer.content.decode()
    assert answer.status_code == 422 and said in text and ("Decision 5" in text or "source" in change)


def test_rooms_that_keep_deadlines_are_told_in_the_same_transaction(by: System) -> None:
    told: list[Any] = []
    registry.on_holiday("trial", lambda who, day, office: told.append((who.post, day, office)))
    try:
        actions.add_holiday(by=by, day=date(2031, 6, 2), name={"km": "ក", "en": "x"})
        assert told == [("system:test", date(2031, 6, 2), None)]

        def fail(*_: Any) -> None:
            raise RuntimeError("no recount")

        registry.on_holiday("trial", fail)
        with pytest.raises(RuntimeError):
            actions.add_holiday(by=by, day=date(2031, 6, 3), name={"km": "ក", "en": "x"})
        assert not Holiday.objects.filter(date=date(2031, 6, 3)).exists()
    finally:
        registry._listeners.pop("trial")


def test_holidays_for_programs(client: Client, sign_in: Callable[[str], Client]) -> None:
    admin = sign_in("admin")
    body = {"date": "2027-06-02", "name_km": "ថ្ងៃសាក", "name_en": "Trial", "source": "Decision 5"}
    made = admin.post(
        "/api/v1/offices/holidays", body, content_type="application/json", HTTP_IDEMPOTENCY_KEY="k1"
    )
    assert made.status_code == 201 and made.json()["date"] == "2027-06-02"
    again = admin.post(
        "/api/v1/offices/holidays", body, content_type="application/json", HTTP_IDEMPOTENCY_KEY="k1"
    )
    assert again.status_code == 201 and again.json() == made.json()
    assert Holiday.objects.filter(date=date(2027, 6, 2)).count() == 1
    local = admin.post(
        "/api/v1/offices/holidays", {**body, "office": "commune-hall-120404"}, content_type="application/json"
    )
    assert local.status_code == 201 and local.json()["office"]
    found = client.get("/api/v1/offices/holidays?year=2027").json()
    assert {"2027-06-02"} <= {row["date"] for row in found["results"]} and all(
        row["office"] is None for row in found["results"]
    )
    assert client.get("/api/v1/offices/holidays").json()["count"] > 0
    assert client.get("/api/v1/offices/holidays?year=99999").status_code == 422
    assert client.post("/api/v1/offices/holidays", body, content_type="application/json").status_code == 401
    clerk = sign_in("clerk120404").post(
        "/api/v1/offices/holidays", {**body, "date": "2027-06-03"}, content_type="application/json"
    )
    assert clerk.status_code == 403


def test_appointing_and_ending_for_programs(
    sign_in: Callable[[str], Client], person: Callable[..., Any]
) -> None:
    admin, who = sign_in("admin"), person()
    body = {
        "person": str(who.pk),
        "post": "councillor",
        "office": "commune-hall-020802",
        "start": "2026-01-01",
        "instrument": {"kind": "replacement", "number": "៥", "date": "2025-12-30"},
    }
    made = admin.post("/api/v1/offices/appointments", body, content_type="application/json")
    assert made.status_code == 201
    row = Appointment.objects.get(pk=made.json()["id"])
    assert Entry.objects.filter(subject=str(row.pk)).count() == 1
    path = f"/api/v1/offices/appointments/{row.pk}/end"
    yesterday = (clock.today() - timedelta(days=1)).isoformat()
    assert admin.post(path, {"end": yesterday}, content_type="application/json").status_code == 428
    assert (
        admin.post(path, {"end": yesterday}, content_type="application/json", HTTP_IF_MATCH='"9"').status_code
        == 412
    )
    done = admin.post(
        path, {"end": yesterday, "reason": "លាលែង"}, content_type="application/json", HTTP_IF_MATCH='"1"'
    )
    assert done.status_code == 200 and done.json()["end_date"] == yesterday
    assert (
        sign_in("chief120404")
        .post("/api/v1/offices/appointments", body, content_type="application/json")
        .status_code
        == 403
    )
    bad = admin.post(
        "/api/v1/offices/appointments",
        {**body, "instrument": {"kind": "bribe"}},
        content_type="application/json",
    )
    assert bad.status_code == 422 and bad.json()["errors"]
