"""What exactly are the bytes of this content? One deterministic JSON text a value, in the manner of RFC 8785."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from json.encoder import encode_basestring as _quoted
from uuid import UUID

GREATEST_INTEGER = 2**53 - 1  # RFC 8785, 3.2.2.3: what every JSON reader can hold exactly
MOST_KEYS = 64  # of a record whose order of keys is kept


def canonical(value: object) -> bytes:
    """The UTF-8 bytes of ``value`` as JSON without blanks, keys sorted by UTF-16 code units (RFC 8785).

    Beyond JSON: datetimes (with a zone, written in UTC to the microsecond), dates, times, Decimals (as text without
    trailing zeros, so that 1.50 read back from a database equals 1.5), UUIDs, enumerations (their value), tuples.
    Raises `TypeError` for any other type and `ValueError` for naive datetimes, NaN, infinities, integers beyond
    2**53 - 1 and unpaired surrogates.
    """
    return _text(value).encode("utf-8")


def _text(value: object) -> str:
    kind = type(value)  # the plain types first: a demonstration year asks millions of times
    if kind is str:
        return _quoted(value)  # type: ignore[arg-type]
    if value is None:
        return "null"
    if kind is datetime:
        return f'"{moment(value)}"'  # type: ignore[arg-type]
    if kind is bool:
        return "true" if value else "false"
    if kind is UUID:
        return f'"{value}"'
    if isinstance(value, Enum):
        return _text(value.value)
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, int):
        if abs(value) > GREATEST_INTEGER:
            raise ValueError(f"{value} is too great for a canonical integer")
        return str(int(value))
    if isinstance(value, Mapping):
        return _mapping(value)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return "[" + ",".join(map(_text, value)) + "]"
    if isinstance(value, UUID):
        return f'"{value}"'
    if isinstance(value, datetime):
        return f'"{moment(value)}"'
    if isinstance(value, date | time):
        return f'"{value.isoformat()}"'
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, float):
        return _float(value)
    raise TypeError(f"{type(value).__name__} has no canonical form")


def moment(value: datetime) -> str:
    """ISO 8601 in UTC, always with microseconds: ``2026-11-24T02:15:00.000000Z``. Raises `ValueError` when naive."""
    if value.tzinfo is UTC:
        return (value.isoformat() if value.microsecond else value.isoformat(timespec="microseconds"))[
            :-6
        ] + "Z"
    if value.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _mapping(value: Mapping[object, object]) -> str:
    known = _known(tuple(value)) if len(value) <= MOST_KEYS else None
    if known is not None:
        said = [
            head + (_quoted(one) if type(one := value[key]) is str else "null" if one is None else _text(one))
            for key, head in known
        ]
        return "{" + ",".join(said) + "}"
    pairs: list[tuple[str, object]] = []
    for key, item in value.items():
        if not isinstance(key, str):
            raise TypeError(f"a key must be text, not {type(key).__name__}")
        pairs.append((str(key.value) if isinstance(key, Enum) else key, item))
    pairs.sort(key=lambda pair: pair[0].encode("utf-16-be", "surrogatepass"))
    return "{" + ",".join(f"{_quoted(key)}:{_text(item)}" for key, item in pairs) + "}"


@lru_cache(maxsize=512)
def _known(keys: tuple[object, ...]) -> list[tuple[str, str]] | None:
    """The keys of a record in their order, each with how it is written; None where one is not plain ASCII.

    The same few sets of keys come again and again: a holiday asks for ten thousand requests.
    """
    if not all(type(key) is str and key.isascii() for key in keys):
        return None
    # For ASCII the order of code units is that of str.
    return [(key, f"{_quoted(key)}:") for key in sorted(map(str, keys))]


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} has no canonical form")
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return '"0"' if text in ("-0", "") else f'"{text}"'


def _float(value: float) -> str:
    """ECMAScript's Number.toString, as RFC 8785 asks: the shortest digits, an exponent only from 1e21 and below 1e-6."""
    if not math.isfinite(value):
        raise ValueError(f"{value} has no canonical form")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if 0 < point <= 21:
        body = digits.ljust(point, "0")
        body = body[:point] + ("." + body[point:] if len(body) > point else "")
    elif -6 < point <= 0:
        body = "0." + "0" * -point + digits
    else:
        power = point - 1
        body = (
            digits[0]
            + ("." + digits[1:] if len(digits) > 1 else "")
            + f"e{'+' if power > 0 else '-'}{abs(power)}"
        )
    return sign + body
