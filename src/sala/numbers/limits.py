"""How often may somebody without an account do this in an hour? Counted by a pseudonym of the address, forgotten after it."""

from datetime import UTC, timedelta
from typing import Any

from sala.kit import clock, network
from sala.kit.errors import TooMany
from sala.numbers import actions


def take(*, door: str, source: str, most: int, message: Any) -> None:
    """Count one use of ``door`` by the address ``source``, in the transaction of the act: what fails is not counted.

    Side effect: one row of the counters, which holds the hour and a keyed digest, never the address; `actions.expire`
    removes it. Raises `TooMany` with ``message`` from the ``most`` + 1st use in an hour on.
    """
    now = clock.now().astimezone(UTC)
    hour = now.replace(minute=0, second=0, microsecond=0)
    digest = network.pseudonym(source, f"{door} {hour:%Y%m%d%H}")
    series = f"{actions.HOURLY}{hour:%Y%m%d%H}"
    if actions.next_number(series=series, office=digest, year=hour.year) > most:
        left = hour + timedelta(hours=1) - now
        raise TooMany(message, retry_after=max(1, int(left.total_seconds())))
