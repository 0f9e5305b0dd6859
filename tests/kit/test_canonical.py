"""Canonical content: the examples of RFC 8785, and that equal values have equal bytes."""

import json
import struct
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sala.kit.canonical import canonical, moment
from sala.kit.terms import Term


class State(Term):
    DONE = "done", "Done"


class Text(str):
    """As templates' safe texts are."""


class Moment(datetime):
    """As libraries' datetimes are."""


class Number(Enum):
    ONE = 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        ([1, (2, "x")], '[1,[2,"x"]]'),
        ({"b": 1, "a": {"d": [], "c": {}}}, '{"a":{"c":{},"d":[]},"b":1}'),
        ('ភូមិ\n"\\\x1f/', '"ភូមិ\\n\\"\\\\\\u001f/"'),
        (State.DONE, '"done"'),
        (Text("x"), '"x"'),
        (Moment(2026, 11, 24, 2, 15, tzinfo=UTC), '"2026-11-24T02:15:00.000000Z"'),
        ({State.DONE: Number.ONE}, '{"done":1}'),
        (UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (date(2026, 11, 24), '"2026-11-24"'),
        (time(7, 30), '"07:30:00"'),
        (datetime(2026, 11, 24, 9, 15, tzinfo=timezone(timedelta(hours=7))), '"2026-11-24T02:15:00.000000Z"'),
        (Decimal("1.50"), '"1.5"'),
        (Decimal("1E+2"), '"100"'),
        (Decimal("100"), '"100"'),
        (Decimal("-0.00"), '"0"'),
        (Decimal("0.000001"), '"0.000001"'),
        # RFC 8785, 3.2.3: keys in the order of UTF-16 code units
        (
            {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7},
            '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\U0001f600":5,"\ufb33":3}',
        ),
    ],
)
def test_values(value: object, text: str) -> None:
    assert canonical(value).decode() == text


# RFC 8785, appendix B
NUMBERS = [
    ("0000000000000000", "0"), ("8000000000000000", "0"), ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"), ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("4340000000000000", "9007199254740992"), ("4430000000000000", "295147905179352830000"),
    ("44b52d02c7e14af5", "9.999999999999997e+22"), ("44b52d02c7e14af6", "1e+23"),
    ("44b52d02c7e14af7", "1.0000000000000001e+23"), ("444b1ae4d6e2ef4e", "999999999999999700000"),
    ("444b1ae4d6e2ef4f", "999999999999999900000"), ("444b1ae4d6e2ef50", "1e+21"),
    ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"), ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"), ("41b3de4355555554", "333333333.33333325"),
    ("becbf647612f3696", "-0.0000033333333333333333"),
]  # fmt: skip


@pytest.mark.parametrize(("bits", "text"), NUMBERS)
def test_numbers_of_the_specification(bits: str, text: str) -> None:
    assert canonical(struct.unpack(">d", bytes.fromhex(bits))[0]).decode() == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_reads_back(value: float) -> None:
    assert float(canonical(value)) == value


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
)


@given(json_values)
def test_is_json_and_reads_back(value: object) -> None:
    assert json.loads(canonical(value)) == value


@given(st.dictionaries(st.text("abcក😀\ufb33", max_size=3), st.integers(0, 9), max_size=8), st.randoms())
def test_the_order_of_keys_does_not_matter(value: dict[str, int], random) -> None:
    items = list(value.items())
    random.shuffle(items)
    assert canonical(dict(items)) == canonical(value)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
def test_equal_decimals_have_equal_bytes(value: Decimal) -> None:
    assert canonical(value) == canonical(value.normalize())
    assert Decimal(json.loads(canonical(value))) == value


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ({1, 2}, TypeError),
        (b"bytes", TypeError),
        ({1: "key"}, TypeError),
        (object(), TypeError),
        (datetime(2026, 1, 1), ValueError),
        (2**53, ValueError),
        (float("nan"), ValueError),
        (float("inf"), ValueError),
        (Decimal("NaN"), ValueError),
        ("\ud800", ValueError),
    ],
)
def test_what_has_no_canonical_form(value: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        canonical(value)


def test_moments_always_have_microseconds() -> None:
    assert moment(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000000Z"
