"""Waits, rhythm, and what may be written about a failure."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sala.jobs import rules

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 1), (1, 1), (2, 2), (3, 4), (9, 256), (10, 300), (1000, 300)]
)
def test_back_off(failures, seconds):
    assert rules.back_off(failures) == timedelta(seconds=seconds)


@given(st.integers(0, 10_000), st.integers(1, 10_000), st.integers(1, 100_000))
def test_the_next_run_keeps_the_rhythm_and_is_never_in_the_past(offset, took, every):
    started = NOON + timedelta(seconds=offset)
    ended = started + timedelta(seconds=took)
    following = rules.next_run(started, ended, timedelta(seconds=every))
    assert following >= ended
    assert following == (started + timedelta(seconds=every) if every >= took else ended)


@pytest.mark.parametrize(
    ("ahead", "due"),
    [(-1, True), (0, True), (1, False), (3600, False), (3630, False), (3631, True), (400 * 86400, True)],
)
def test_a_job_is_due_when_its_time_has_come_or_can_not_be_right(ahead, due):
    assert rules.is_due(NOON + timedelta(seconds=ahead), NOON, timedelta(hours=1)) is due


@pytest.mark.parametrize(
    ("ahead", "free"), [(None, True), (-1, True), (0, False), (31, False), (60, False), (61, True)]
)
def test_a_lease_longer_than_two_leases_is_none(ahead, free):
    lease = None if ahead is None else NOON + timedelta(seconds=ahead)
    assert rules.is_free(lease, NOON) is free


def test_a_lease_outlives_some_missed_renewals():
    assert rules.LEASE >= 4 * rules.RENEWAL


@pytest.mark.parametrize(
    ("kind", "message", "place", "line"),
    [
        ("ValueError", "", "", "ValueError"),
        (
            "ValueError",
            "bad state\nsecond line",
            "files/store.py:7",
            "ValueError (files/store.py:7): bad state",
        ),
        ("IntegrityError", "Key (phone)=(012345678) exists", "", "IntegrityError: Key …=… exists"),
        ("KeyError", "'សុខ ដារ៉ា'", "", "KeyError: …"),
        ("SMTPError", "to sok@example.com refused", "", "SMTPError: to … refused"),
        ("OSError", "no answer from https://x.y/?q=name now", "", "OSError: no answer from … now"),
        ("Problem", "call ០១២ ៣៤៥ ៦៧៨ or 012 345 678 soon", "", "Problem: call … or … soon"),
        ("Problem", "លោក សុខ មិន មាន", "", "Problem: …"),
    ],
)
def test_what_is_written_about_a_failure(kind, message, place, line):
    assert rules.describe(kind, message, place) == line


@given(st.text(), st.text(max_size=200))
def test_a_description_is_one_short_plain_line(message, place):
    line = rules.describe("ValueError", message, place)
    assert len(line) <= 300
    assert rules.describe("ValueError", message).replace("…", "").isascii()
