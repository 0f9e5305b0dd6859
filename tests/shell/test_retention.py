"""What was kept long enough is erased, kind by kind; figures and the ledger stay as they are; looking erases nothing."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner
from django.apps import apps
from django.db import transaction

from sala.accounts.acting import RESIDENT, system
from sala.installation import retention as kept
from sala.kit import clock
from sala.kit.acting import Where
from sala.ledger import actions as ledger
from sala.ledger import looks, verification
from sala.ledger.models import Entry
from sala.ledger.models import Look as Row
from sala.measures import actions as measures
from sala.shell import retention
from sala.window import actions
from sala.window.models import Contact, Request
from sala.window.terms import Act

pytestmark = pytest.mark.django_db
THEN = datetime(2020, 3, 2, 3, 0, tzinfo=UTC)
TOLD = {"name": "សុខ តារា", "phone": "+85512345648", "email": "tara@example.com", "description": "ទឹកលូ"}


def faults() -> list[str]:
    ledger.seal()
    return [finding.line() for finding in verification.Verification().findings() if not finding.warning]


def totals() -> list[Any]:
    measures.roll_up()
    return sorted(
        apps.get_model("measures", "Total").objects.values_list("measure", "place", "period", "numerator"),
        key=str,
    )


@pytest.fixture
def lived() -> dict[str, Request]:
    """One request over long ago (2020), one that has been open since then, one over just now."""
    made: dict[str, Request] = {}
    with time_machine.travel(THEN, tick=True):
        codes = {}
        for name in ("over", "open"):
            received = actions.receive(by=RESIDENT, service="RP-SEWER", place="12040402", **TOLD)
            made[name], codes[name] = received.request, received.code
        actions.withdraw(by=RESIDENT, code=codes["over"], text="no longer")
        with transaction.atomic():
            looks.note(by=system("x"), act="window.record", kind="window.request", subject="1", at=Where())
        looks.bind(by=system("x"))
        attempts = apps.get_model("axes", "AccessAttempt")
        attempts.objects.create(username="somebody", failures_since_start=1)
        attempts.objects.update(attempt_time=THEN)
        apps.get_model("notices", "Notice").objects.update(
            state="delivered", next_at=None, delivered=THEN, changed=THEN
        )
    received = actions.receive(by=RESIDENT, service="RP-SEWER", place="12040402", **TOLD)
    actions.withdraw(by=RESIDENT, code=received.code)
    return made | {"fresh": received.request}


def test_looking_erases_nothing(lived: dict[str, Request]) -> None:
    done = CliRunner().invoke(retention.retention, ["--json"])
    told = {row["kind"]: row for row in json.loads(done.stdout)}
    assert {name: row["due"] for name, row in told.items()} == {
        "window.contact": 1, "notices.text": 2, "ledger.looks": 1, "accounts.attempts": 1,
    }  # fmt: skip
    assert told["window.contact"]["days"] == 1825 and told["window.contact"]["status"] == "default"
    assert Contact.objects.count() == 3 and Row.objects.count() == 1
    assert "1825 days" in CliRunner().invoke(retention.retention).stdout


def test_the_job_erases_what_is_due_and_figures_stay(lived: dict[str, Request]) -> None:
    before = totals()
    assert faults() == []
    assert retention.erase() == 5
    assert not Contact.objects.filter(request=lived["over"]).exists()
    assert Contact.objects.filter(request__in=[lived["open"], lived["fresh"]]).count() == 2
    over = Request.objects.get(pk=lived["over"].pk)
    assert over.description == "" and over.erased_at is not None and over.number == lived["over"].number
    assert not Row.objects.exists()
    assert not apps.get_model("notices", "Notice").objects.filter(changed=THEN).exclude(body="").exists()
    assert not apps.get_model("axes", "AccessAttempt").objects.exists()
    assert totals() == before and before
    assert faults() == []
    noted = Entry.objects.filter(act="installation.erase").values_list("subject", flat=True)
    assert sorted(noted) == ["accounts.attempts", "ledger.looks", "notices.text", "window.contact"]
    assert retention.erase() == 0


def test_in_small_batches(lived: dict[str, Request], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "MOST", 1)
    found = [retention.erase() for _ in range(4)]
    assert found[0] == 4 and sum(found) == 5 and found[-1] == 0


def test_what_the_ledger_cannot_note_is_not_erased(
    lived: dict[str, Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object, **options: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(ledger, "record", full)
    with pytest.raises(OSError, match="no room"), transaction.atomic():
        actions.erase_person(by=system("retention"), request_id=lived["over"].id)
    assert Contact.objects.filter(request=lived["over"]).exists()


def test_an_open_request_is_never_due(lived: dict[str, Request]) -> None:
    with time_machine.travel(clock.now() + timedelta(days=20_000), tick=True):
        retention.erase()
    assert Contact.objects.filter(request=lived["open"]).exists()
    assert Request.objects.get(pk=lived["open"].pk).state == "received"
    assert Act.ERASE in set(apps.get_model("window", "Event").objects.values_list("act", flat=True))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('["no.such"]\ndays = 1\nstatus = "default"', "no.such"),
        ('["window.contact"]\ndays = 0\nstatus = "default"', "days"),
        ('["window.contact"]\ndays = true\nstatus = "default"', "days"),
        ('["window.contact"]\nstatus = "default"', "days"),
        ('["window.contact"]\ndays = 5\nstatus = "verified"', "basis"),
        ('["window.contact"]\ndays = 5\nstatus = "maybe"', "status"),
    ],
)
def test_a_pack_that_cannot_be_followed(text: str, words: str) -> None:
    with pytest.raises(kept.BadRetentionError, match=words):
        kept.read(text)


def test_a_verified_period(sign_in: Callable[..., Any]) -> None:
    found = kept.read('["window.contact"]\ndays = 400\nstatus = "verified"\nbasis = "Prakas 1"')
    assert (found["window.contact"].days, found["window.contact"].basis) == (400, "Prakas 1")
