"""Passwords, digests, lives of tokens."""

import hashlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sala.accounts import rules


@given(st.text(max_size=50))
def test_normal_passwords_stay_as_they_are(text: str) -> None:
    assert rules.normal_password(rules.normal_password(text)) == rules.normal_password(text)


@pytest.mark.parametrize(("typed", "same"), [("e\u0301te", "\u00e9te"), ("ｓａｌａ", "sala"), ("①", "1")])
def test_look_alike_input_is_the_same_password(typed: str, same: str) -> None:
    assert rules.normal_password(typed) == same


def test_a_token_is_kept_as_its_digest() -> None:
    assert rules.digest("sala_x") == hashlib.sha256(b"sala_x").hexdigest()
    assert rules.session_mark("key") == hashlib.sha256(b"key").hexdigest()[:16]


@pytest.mark.parametrize(
    ("days", "life"), [(None, timedelta(hours=8)), (1, timedelta(days=1)), (366, timedelta(days=366))]
)
def test_how_long_a_token_lives(days: int | None, life: timedelta) -> None:
    assert rules.token_life(days) == life


@pytest.mark.parametrize("days", [0, -1, 367])
def test_a_token_does_not_live_for_ever(days: int) -> None:
    with pytest.raises(ValueError):
        rules.token_life(days)
