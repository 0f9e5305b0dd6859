"""So often in an hour, counted without the address."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from sala.kit import clock
from sala.kit.errors import TooMany
from sala.numbers import actions, limits
from sala.numbers.models import Counter

NOW = datetime(2026, 11, 24, 3, 20, tzinfo=UTC)


def take(source: str = "203.0.113.7", door: str = "test") -> None:
    with transaction.atomic():
        limits.take(door=door, source=source, most=2, message="later")


@pytest.mark.django_db
def test_the_third_is_told_when_to_come_again() -> None:
    with clock.simulate(NOW):
        take()
        take()
        with pytest.raises(TooMany) as told:
            take()
        take("203.0.113.8")  # others go on,
        take(door="another")  # and other doors stay open
    assert told.value.retry_after == 40 * 60
    with clock.simulate(NOW + timedelta(minutes=40)):
        take()


@pytest.mark.django_db
def test_what_fails_is_not_counted() -> None:
    for _ in range(3):
        with pytest.raises(RuntimeError), transaction.atomic():
            limits.take(door="test", source="203.0.113.7", most=2, message="later")
            raise RuntimeError
    take()


@pytest.mark.django_db
def test_the_address_is_not_kept_and_the_count_is_forgotten_after_the_hour() -> None:
    with clock.simulate(NOW):
        take()
        row = Counter.objects.get(series__startswith="hour.")
        assert "203" not in row.series and "203.0.113.7" not in row.office and len(row.office) == 32
        actions.expire()
        assert Counter.objects.filter(pk=row.pk).exists()
    with clock.simulate(NOW + timedelta(hours=1)):
        actions.expire()
    assert not Counter.objects.filter(pk=row.pk).exists()
