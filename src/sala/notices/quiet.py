"""Which channels are to be silent now? The country's pack says when (``notices.toml``), a kind of notice whether it may wake people."""

import tomllib
from datetime import datetime, time
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from sala.kit import clock
from sala.notices import rules
from sala.notices.terms import Channel

FILE = "notices.toml"


def is_held(channel: Channel, now: datetime) -> bool:
    """Whether a channel's notices wait for the morning (but for the urgent ones)."""
    start, end, channels = _hours(str(settings.COUNTRIES), settings.COUNTRY)
    return channel in channels and rules.is_quiet(now.astimezone(clock.zone()).time(), start, end)


@lru_cache(maxsize=4)
def _hours(countries: str, country: str) -> tuple[time, time, frozenset[Channel]]:
    path = Path(countries) / country / FILE
    return rules.quiet_hours(tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {})
