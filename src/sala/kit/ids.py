"""What do we call this record? UUIDv7 for records (they sort by time), drawn from a seeded source in a demonstration."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from random import Random
from uuid import UUID

from sala.kit import clock

_source: ContextVar[Random | None] = ContextVar("source", default=None)


def _bits(count: int) -> int:
    source = _source.get()
    return source.getrandbits(count) if source else secrets.randbits(count)


def uuid7(at: datetime | None = None) -> UUID:
    """A UUID of version 7 (RFC 9562) for the moment ``at`` (default: now)."""
    milliseconds = int((at or clock.now()).timestamp() * 1000) & ((1 << 48) - 1)
    random = _bits(74)
    value = milliseconds << 80 | 0x7 << 76 | (random >> 62) << 64 | 0b10 << 62 | random & ((1 << 62) - 1)
    return UUID(int=value)


def least(at: datetime) -> UUID:
    """The least UUID of version 7 of the moment ``at``: what was made before has a lesser one, what is made then or later none."""
    return UUID(int=min(max(int(at.timestamp() * 1000), 0), (1 << 48) - 1) << 80)


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
