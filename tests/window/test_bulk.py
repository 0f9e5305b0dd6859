"""A year at once leaves the same rows and ledger entries as the same lives lived step by step."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db import transaction

from sala.accounts.acting import RESIDENT
from sala.installation.actions import simulated
from sala.kit import clock, ids
from sala.kit.errors import Invalid, Refused
from sala.ledger.models import Entry, Salt
from sala.numbers.models import Counter
from sala.window import actions, bulk, queries
from sala.window.bulk import Life, Step
from sala.window.models import Contact, Event, Rating, Request
from sala.window.terms import Act

pytestmark = pytest.mark.django_db
START = datetime(2026, 1, 5, 8, 0, tzinfo=clock.zone())
TABLES = (Request, Contact, Event, Rating, Entry, Salt, Counter)


def lives(posts: Any, count: int, seed: int = 7) -> list[Life]:
    """Simulated requests of every shape: finished, asked, refused, withdrawn, still open, rated, closed."""
    random = Random(seed)
    found = []
    for index in range(count):
        start = START + timedelta(hours=random.randrange(24 * 120), minutes=index)
        at = start

        def later(hours: int) -> datetime:
            nonlocal at
            at += timedelta(hours=hours, minutes=random.randrange(60))
            return at

        steps = []
        shape = index % 6
        if shape:
            steps.append(Step(Act.TAKE, later(3), posts.clerk))
            steps.append(Step(Act.ASSIGN, later(2), posts.clerk, assigned=posts.desk.appointment))
        if shape == 2:
            steps.append(Step(Act.ASK, later(5), posts.clerk, "ផ្ទះលេខប៉ុន្មាន?"))
            steps.append(Step(Act.REPLY, later(30), RESIDENT, "១២"))
        if shape == 3:
            steps.append(Step(Act.REFUSE, later(9), posts.clerk, "ស្ទួន"))
        if shape == 4:
            steps.append(Step(Act.WITHDRAW, later(9), RESIDENT))
        if shape in (1, 2, 5):
            steps.append(Step(Act.NOTE, later(1), posts.clerk, "ខ្ចីរថយន្ត"))
            steps.append(Step(Act.FINISH, later(40), posts.clerk, "រួច"))
            steps.append(Step(Act.RATE, later(20), RESIDENT, "ល្អ", courtesy=5, speed=1 + index % 5))
        if shape == 5:
            steps.append(Step(Act.CLOSE, later(24 * 30), posts.clerk))
        found.append(
            Life(
                service=("RP-SEWER", "RP-ROAD", "CT-ALIVE", "BZ-BARBER")[index % 4]
                if not shape
                else "RP-LIGHT",
                place=("12040402", "020801", "120404")[index % 3] if not shape else "12040402",
                at=start,
                by=RESIDENT,
                steps=tuple(steps),
                description=f"បញ្ហាទី {index}",
                location="ផ្លូវលេខ ២៨៩",
                name="សុខ តារា" if index % 2 else "",
                phone="+85512345648" if index % 2 else "",
            )
        )
    return found


def live(life: Life) -> None:
    """The same life through the actions."""
    with simulated(life.at):
        received = actions.receive(
            by=life.by, service=life.service, place=life.place, channel=life.channel, description=life.description,
            location=life.location, name=life.name, phone=life.phone, language=life.language,
        )  # fmt: skip
    request = received.request
    for step in life.steps:
        version = Request.objects.get(pk=request.pk).version
        with simulated(step.at):
            if step.act == Act.RATE:
                actions.rate(
                    by=step.by,
                    request_id=request.pk,
                    courtesy=step.courtesy,
                    speed=step.speed,
                    comment=step.text,
                    publish=step.publish,
                )
            elif step.act == Act.REPLY:
                actions.reply(by=step.by, code=received.code, text=step.text)
            elif step.act == Act.WITHDRAW:
                actions.withdraw(by=step.by, code=received.code)
            elif step.act == Act.CLOSE:
                actions.close(by=step.by, request_id=request.id)
            else:
                actions.act(
                    by=step.by,
                    request_id=request.id,
                    version=version,
                    verb=step.act,
                    text=step.text,
                    assigned=step.assigned,
                )


def _plain(model: Any, row: dict[str, Any]) -> dict[str, Any]:
    """A row without what the database itself counts (a sequence leaves gaps after a rollback)."""
    kept = {name: value for name, value in row.items() if not (model is Counter and name == "id")}
    return {name: bytes(value) if isinstance(value, memoryview) else value for name, value in kept.items()}


@contextmanager
def undone() -> Iterator[list[Any]]:
    """Collects all rows of the window and the ledger made inside, then takes them back."""
    before = {model: set(model.objects.values_list("pk", flat=True)) for model in TABLES}
    rows: list[Any] = []
    with transaction.atomic():
        yield rows
        for model in TABLES:
            made = [
                row
                for row in model.objects.order_by("pk").values()
                if row.get("id", row.get("entry_id")) not in before[model]
            ]
            rows.append((model.__name__, [_plain(model, row) for row in made]))
        transaction.set_rollback(True)


def test_the_same_rows_and_entries(posts: Any) -> None:
    some = sorted(lives(posts, 36), key=lambda life: life.at)
    with undone() as slow, ids.seeded(Random(1)):
        for life in some:
            live(life)
    with undone() as fast, ids.seeded(Random(1)):
        counts = bulk.play(some)
    assert not Request.objects.exists()
    assert counts["requests"] == 36 and counts["entries"] == len(dict(fast)["Entry"])
    for (name, one), (_, other) in zip(slow, fast, strict=True):
        assert len(one) == len(other), name
        for left, right in zip(one, other, strict=True):
            assert left == right, name
    assert {row["state"] for row in dict(fast)["Request"]} == {
        "received",
        "done",
        "refused",
        "withdrawn",
        "closed",
    }


def test_numbers_go_on_where_the_counter_stands(posts: Any) -> None:
    bulk.play(lives(posts, 12))
    with simulated(START + timedelta(days=200)):
        number = actions.receive(by=RESIDENT, service="RP-ROAD", place="12040402").request.number
    taken = sorted(Request.objects.filter(number__startswith="120404-26-").values_list("number", flat=True))
    assert taken[-1] == number
    assert [int(n[-5:]) for n in taken] == list(range(1, len(taken) + 1))


def test_everything_or_nothing(posts: Any) -> None:
    some = lives(posts, 12)
    wrong = Life(
        "RP-ROAD", "12040402", START, RESIDENT, (Step(Act.RATE, START, RESIDENT, courtesy=5, speed=5),)
    )
    with pytest.raises(Exception, match="not possible"), transaction.atomic():
        bulk.play([*some, wrong])
    assert not Request.objects.exists() and not Counter.objects.filter(series=actions.SERIES).exists()


def test_only_in_a_demonstration(posts: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from sala.installation import queries as installation

    monkeypatch.setattr(installation, "is_demonstration", lambda: False)
    with pytest.raises(Refused), transaction.atomic():
        bulk.play(lives(posts, 1))


def test_progress_is_told(posts: Any) -> None:
    heard: list[int] = []
    bulk.play(lives(posts, 5), tell=heard.append)
    assert heard == [5]
    assert (
        queries.counts(posts.clerk)["all"]
        == Request.objects.filter(commune="120404", office=posts.clerk.office).count()
    )


def test_answers_are_kept_as_the_action_keeps_them(posts: Any) -> None:
    bulk.play([Life("RP-ROAD", "12040402", START, RESIDENT, attributes={"damage": "hole", "passable": ""})])
    assert Request.objects.get().attributes == {"damage": "hole"}
    wrong = Life("RP-ROAD", "12040402", START, RESIDENT, attributes={"damage": "ocean"})
    with pytest.raises(Invalid), transaction.atomic():
        bulk.play([wrong])
    assert Request.objects.count() == 1
