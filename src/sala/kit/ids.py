"""What do we call this record? UUIDv7 for records (they sort by time), drawn from a seeded source in a demonstration."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from sala.kit import clock

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_source: ContextVar[Random | None] = ContextVar("source", default=None)


def _bits(count: int) -> int:
    source = _source.get()
    return source.getrandbits(count) if source else secrets.randbits(count)


def uuid7(at: datetime | None = None) -> UUID:
    """A UUID of version 7 (RFC 9562, 6.2, method 3) for the moment ``at`` (default: now).

    The microseconds stand where the RFC lets precision stand: of two records made one after the other in the same
    millisecond, the first sorts first. A notice waits for the earlier ones to its address by this order.
    """
    milliseconds, rest = divmod(_microseconds(at or clock.now()), 1000)
    fraction = rest * 4096 // 1000
    return UUID(int=milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | _bits(62))


def least(at: datetime) -> UUID:
    """The least UUID of version 7 of the moment ``at``: what was made before has a lesser one, what is made then or later none."""
    return UUID(int=_microseconds(at) // 1000 << 80)


def _microseconds(at: datetime) -> int:
    """Since 1970, within what the 48 bits for milliseconds can hold."""
    return min(max((at - _EPOCH) // timedelta(microseconds=1), 0), (1 << 48) * 1000 - 1)


def token_bytes(count: int) -> bytes:
    """Random bytes (salts, tokens); from the seeded source inside `seeded`."""
    return _bits(count * 8).to_bytes(count, "big")


@contextmanager
def seeded(random: Random) -> Iterator[None]:
    """Draw from ``random``: demonstration data is the same for the same seed. Never used outside a demonstration."""
    token = _source.set(random)
    try:
        yield
    finally:
        _source.reset(token)
