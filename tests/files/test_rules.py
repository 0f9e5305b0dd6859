"""Rules of uploads."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sala.files import rules


def test_the_table_is_sound():
    assert rules.TABLE.faults(rules.FINAL) == []


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "JPEG"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\r", "PNG"),
        (b"RIFF\x00\x00\x00\x00WEBP", "WEBP"),
        (b"RIFF\x00\x00\x00\x00WAVE", ""),
        (b"GIF89a", ""),
        (b"", ""),
        (b" \xff\xd8\xff", ""),
    ],
)
def test_kinds_by_first_bytes(head, kind):
    assert rules.picture_format(head) == kind


@given(st.integers(-10, 10**10), st.integers(-10, 10**10))
def test_dimensions(width, height):
    fits = rules.dimensions_fit(width, height)
    assert fits == (1 <= width <= 30_000 and 1 <= height <= 30_000 and width * height <= 40_000_000)


@pytest.mark.parametrize(
    "token", ["", "a" * 39, "a" * 41, "A" * 40, "../" + "a" * 37, "a" * 40 + "\n", "g" * 40]
)
def test_what_is_no_token(token):
    assert not rules.TOKEN.match(token)


def test_the_shown_name_tells_the_day_and_nothing_of_the_uploader():
    at = datetime(2026, 11, 24, 3, tzinfo=UTC)
    assert rules.shown_name(at, "0a1b2c" + "d" * 34) == "photo-20261124-0a1b2c.jpg"
    assert rules.shown_name(at, "0a1b2c" + "d" * 34, small=True) == "photo-20261124-0a1b2c-small.jpg"
