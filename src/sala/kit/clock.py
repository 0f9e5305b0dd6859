"""What time is it? The one place that reads the clock, so that a demonstration year can be lived through in a minute."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

_simulated: ContextVar[datetime | None] = ContextVar("simulated", default=None)


def now() -> datetime:
    """The moment, with its zone (UTC); the simulated one inside `simulate`."""
    return _simulated.get() or timezone.now()


def zone() -> ZoneInfo:
    """The country's time zone."""
    return ZoneInfo(settings.TIME_ZONE)


def today() -> date:
    """The date on the country's calendar."""
    return now().astimezone(zone()).date()


@contextmanager
def simulate(at: datetime) -> Iterator[None]:
    """Let `now` say ``at``. Only `installation.actions.simulated` calls this, and only in a database marked as demonstration."""
    token = _simulated.set(at)
    try:
        yield
    finally:
        _simulated.reset(token)
