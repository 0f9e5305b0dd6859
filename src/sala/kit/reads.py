"""How much may one address read in a minute of what costs the hall work? Counted in this process alone, kept nowhere."""

from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from sala.kit import clock, network
from sala.kit.errors import TooMany
from sala.kit.terms import N_

A_MINUTE = 60
TOO_MANY = N_("Very much was read from your connection in a short time. Wait a minute, then try again.")

View = TypeVar("View", bound=Callable[..., Any])


class Minute:
    """What was read in the minute that runs, by a pseudonym of the address that holds for this minute only."""

    def __init__(self) -> None:
        self._lock, self._minute, self._used = Lock(), 0, dict[str, int]()

    def take(self, address: str, cost: int, most: int, now: float) -> int:
        """Count ``cost``; 0 where it stays within ``most``, else the seconds until the next minute. What is refused costs
        nothing, so that who waits as told gets an answer.
        """
        minute = int(now // A_MINUTE)
        asker = network.pseudonym(address, f"reads {minute}")
        with self._lock:
            if minute != self._minute:
                self._minute = minute
                self._used.clear()
            used = self._used.get(asker, 0) + cost
            if used > most:
                return int((minute + 1) * A_MINUTE - now) + 1
            self._used[asker] = used
        return 0


_minute = Minute()


def bounded(cost: int = 1) -> Callable[[View], View]:
    """A page whose reading costs so much of `settings.READS_A_MINUTE`; 429 with ``Retry-After`` beyond it.

    Not a row of the database as with posts (`numbers.limits`): a read must not write, also not on a full disk. Each worker
    process counts for itself, so a hall with several allows as many times more: it is a bound against floods, no quota.
    """

    def around(view: View) -> View:
        @wraps(view)
        def answered(request: HttpRequest, *args: Any, **named: Any) -> Any:
            check(request, cost)
            return view(request, *args, **named)

        return answered  # type: ignore[return-value]

    return around


def check(request: HttpRequest, cost: int) -> None:
    """The same inside a view. Raises `TooMany`; nothing where the setting is 0."""
    most = settings.READS_A_MINUTE
    wait = _minute.take(network.address(request), cost, most, clock.now().timestamp()) if most else 0
    if wait:
        raise TooMany(_(TOO_MANY), retry_after=wait)
