"""What does the database itself refuse, whoever writes?"""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from sala.window.models import Event, Request

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "change",
    [
        {"on_time": True},
        {"handling_minutes": 1},
        {"open": False},
        {"state": "done"},
        {"state": "waiting"},
        {"state": "lost"},
        {"channel": "pigeon"},
        {"paused_minutes": -1},
        {"latitude": 91, "longitude": 0},
    ],
    ids=lambda change: "-".join(change),
)
def test_the_database_refuses_a_row_that_no_step_leaves(
    report: Callable[..., Any], change: dict[str, Any]
) -> None:
    request = report().request
    with pytest.raises(IntegrityError), transaction.atomic():
        Request.objects.filter(pk=request.pk).update(**change)


@pytest.mark.parametrize(
    "change", [{"position": 0}, {"act": "teleport"}, {"source": "lost"}, {"target": "lost"}]
)
def test_the_database_refuses_a_step_that_is_none(report: Callable[..., Any], change: dict[str, Any]) -> None:
    report()
    with pytest.raises(IntegrityError), transaction.atomic():
        Event.objects.update(**change)
