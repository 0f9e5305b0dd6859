"""Do the counter's figures equal a recount from the tickets, and open to those tickets for those who may see them?"""

from datetime import datetime, timedelta
from random import Random
from statistics import median
from typing import Any

import pytest

from sala.accounts.acting import RESIDENT
from sala.counter import bulk, measures
from sala.counter.models import Ticket
from sala.counter.terms import Step
from sala.kit import clock
from sala.kit.acting import Where
from sala.kit.periods import Period
from sala.measures import actions as counting
from sala.measures.models import Total
from tests.window.conftest import acting

pytestmark = pytest.mark.django_db
MARCH = Period.parse("2026-03")


@pytest.fixture
def tickets(db: None) -> None:
    """Forty tickets of two months in one commune, some of them called and served, and one in another commune."""
    random, desk, other = Random(3), acting("frontdesk120404"), acting("clerk020801")
    lives = []
    for number in range(40):
        at = datetime(2026, 2 + number % 2, 3, 8, number, tzinfo=clock.zone())
        call = at + timedelta(minutes=random.randrange(60))
        end = call + timedelta(minutes=random.randrange(30))
        steps = [
            bulk.Moment(Step.CALL, call, desk),
            bulk.Moment(Step.START, call, desk),
            bulk.Moment(Step.FINISH, end, desk),
        ]
        missed = [steps[0], bulk.Moment(Step.MISS, call, desk)]
        lives.append(bulk.Life(at, desk, steps=tuple(random.choice(([], missed, steps, steps)))))
    start = datetime(2026, 3, 4, 8, tzinfo=clock.zone())
    lives.append(bulk.Life(start, other, steps=(bulk.Moment(Step.CALL, start, other),)))
    bulk.play(lives)
    counting.roll_up()


def opened(code: str, by: Any, at: Where, own: bool = False) -> Any:
    measure = next(one for one in measures.MEASURES if one.code == code)
    return measures.opener(measure=measure, at=at, period=MARCH, by=by, page=1, size=50, own=own)


@pytest.mark.parametrize("measure", measures.MEASURES, ids=lambda measure: measure.code)
def test_a_figure_is_a_recount_and_opens(tickets: None, measure: Any) -> None:
    column = (
        "serving_minutes"
        if measure.code in ("counter.served", "counter.serving_median")
        else "waiting_minutes"
    )
    rows = Ticket.objects.filter(commune="120404", day__month=3, **{f"{column}__isnull": False})
    values = list(rows.values_list(column, flat=True))
    figure = Total.objects.get(measure=measure.code, place="120404", period="2026-03")
    expected = {
        "counter.served": len(values),
        "counter.waiting_median": median(values),
        "counter.serving_median": median(values),
    }
    if measure.code in expected:
        assert figure.value == expected[measure.code]
    found = opened(measure.code, acting("clerk120404"), Where("12", "1204", "120404"))
    assert (found.count, len(found.records), found.hidden) == (len(values), len(values), False)
    assert all(record.number.startswith("120404 2026-03-03 A-") for record in found.records)
    assert sum(record.cells[-1] for record in found.records) == (
        len(values) if measure.code == "counter.served" else sum(values)
    )


def test_who_may_not_see_the_place_learns_the_count_alone(tickets: None) -> None:
    province, commune = Where("12"), Where("12", "1204", "120404")
    for by in (RESIDENT, acting("clerk020801")):
        found = opened("counter.served", by, commune)
        assert found.count and found.hidden and found.records == ()
    assert opened("counter.served", acting("planning12"), province).records
    assert opened("counter.served", acting("planning12"), province, own=True).count == 0
    assert (
        opened("counter.waiting_median", acting("ministry"), Where()).count
        == 1 + opened("counter.waiting_median", acting("ministry"), commune).count
    )
