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


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130.0 Safari/537.36 Edg/130.0", "Edge, Windows"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/130.0 Mobile Safari/537.36", "Chrome, Android"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1",
            "Safari, iPhone",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14) Safari/605", "Safari, macOS"),
        ("curl/8", ""),
        ("", ""),
    ],
)
def test_of_a_browser_only_the_family_is_told(sent: str, shown: str) -> None:
    assert rules.browser(sent) == shown


@pytest.mark.parametrize(
    ("typed", "code"), [("១២៣ ៤៥៦", "123456"), ("ab-CD 1", "abCD1"), ("\u200b١", "١"), ("", "")]
)
def test_a_code_is_compared_by_its_letters_and_digits(typed: str, code: str) -> None:
    assert rules.plain_code(typed) == code


def test_limits_of_a_token() -> None:
    known = ["a.see", "a.do"]
    assert rules.limits([], known) == frozenset()
    assert rules.limits(["read"], known) == {"read"}
    assert rules.limits(["a.do", "a.do"], known) == {"a.do"}
    for wrong in (["read", "a.do"], ["a.fly"], [""]):
        with pytest.raises(ValueError):
            rules.limits(wrong, known)
