"""States, waits, replies and settings of notices."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sala.notices import rules
from sala.notices.terms import State, Step


def test_the_table_is_sound():
    assert rules.TABLE.faults(rules.FINAL) == []
    assert set(rules.TABLE.final) == set(rules.FINAL)
    assert set(rules.RESTING) == {State.DELIVERED, State.PERMANENT, State.UNCERTAIN}
    assert set(rules.TAKEABLE) == set(State) - set(rules.RESTING)


@pytest.mark.parametrize("state", [*rules.TAKEABLE, State.UNCERTAIN])
def test_every_open_notice_can_be_withdrawn(state):
    assert rules.TABLE.after(state, Step.WITHDRAW) == State.PERMANENT


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(0, 1), (1, 1), (2, 2), (3, 4), (9, 256), (10, 360), (500, 360)]
)
def test_waits(attempts, minutes):
    assert rules.wait(attempts) == timedelta(minutes=minutes)


def test_a_server_may_be_away_for_a_weekend():
    shortest, longest = (
        sum((rules.wait(n, spread) for n in range(1, rules.TRIES)), timedelta()) for spread in (1, 0)
    )
    assert timedelta(hours=36) < shortest < timedelta(days=2) < longest < timedelta(days=3)


@pytest.mark.parametrize(
    ("code", "attempts", "step"),
    [
        (250, 1, Step.DELIVER),
        (251, 99, Step.DELIVER),
        (421, 1, Step.POSTPONE),
        (450, rules.TRIES - 1, Step.POSTPONE),
        (450, rules.TRIES, Step.REJECT),
        (550, 1, Step.REJECT),
        (554, 1, Step.REJECT),
        (0, 1, Step.REJECT),
        (-1, 1, Step.REJECT),
    ],
)
def test_replies(code, attempts, step):
    assert rules.after_reply(code, attempts) == step


@given(st.text())
def test_one_line_is_one_line(text):
    line = rules.one_line(text)
    assert len(line.splitlines()) <= 1
    assert not set(line) & set("\r\n\x00\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
    assert rules.one_line(line) == line


@pytest.mark.parametrize(
    ("address", "short"),
    [("sok.dara@example.com", "s…@example.com"), ("a@b", "a…@b"), ("@b", "…"), ("abc", "…"), ("", "")],
)
def test_shortened_addresses(address, short):
    assert rules.shorten(address) == short


@pytest.mark.parametrize(
    ("url", "transport"),
    [
        ("", rules.Transport()),
        ("smtp://mail.example.com", rules.Transport("mail.example.com", 25)),
        (
            "smtp://h:2525?starttls=1&from=hall@example.com",
            rules.Transport("h", 2525, starttls=True, sender="hall@example.com"),
        ),
        ("smtp://h?starttls=0", rules.Transport("h", 25)),
        ("smtps://u%40x:p%3Aw@h", rules.Transport("h", 465, "u@x", "p:w", tls=True)),
        ("smtps://h:2465?starttls=1", rules.Transport("h", 2465, tls=True)),
        ("smtp://[::1]:25", rules.Transport("::1", 25)),
    ],
)
def test_settings(url, transport):
    assert rules.transport(url) == transport


@pytest.mark.parametrize(
    "url",
    ["http://h", "mail.example.com", "smtp://", "smtp:///x", "smtp://u:secret@h:port", "smtp://u:secret@h:99999", "smtp://h?tls=1", "s3://u:secret@h", "smtp://[::1"],
)  # fmt: skip
def test_wrong_settings_are_told_without_the_password(url):
    with pytest.raises(ValueError, match="SALA_EMAIL_URL") as refusal:
        rules.transport(url)
    assert "secret" not in str(refusal.value)
