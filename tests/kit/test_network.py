"""The asker's address behind a proxy, and what is kept of it."""

import re
from datetime import UTC, datetime

import pytest
from django.test import RequestFactory

from sala.kit import clock, network


def seen(peer: str, forwarded: str = "") -> str:
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    return network.address(RequestFactory().get("/", REMOTE_ADDR=peer, **headers))


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "expected"),
    [
        ([], "203.0.113.7", "", "203.0.113.7"),
        ([], "127.0.0.1", "203.0.113.7", "127.0.0.1"),  # nobody is believed who was not named
        (["127.0.0.1/32"], "203.0.113.7", "198.51.100.1", "203.0.113.7"),
        (["127.0.0.1/32"], "127.0.0.1", "203.0.113.7", "203.0.113.7"),
        (
            ["127.0.0.1/32"],
            "127.0.0.1",
            "6.6.6.6, 203.0.113.7",
            "203.0.113.7",
        ),  # the left one is the asker's word
        (["127.0.0.1/32", "10.0.0.0/8"], "127.0.0.1", "6.6.6.6, 203.0.113.7, 10.1.2.3", "203.0.113.7"),
        (["127.0.0.1/32"], "127.0.0.1", "unknown", "127.0.0.1"),
        (["127.0.0.1/32"], "127.0.0.1", "", "127.0.0.1"),
        (["::1/128"], "::1", "[2001:db8:1:2:3:4:5:6]:443", "2001:db8:1:2::"),
        ([], "2001:db8:1:2:ffff::9", "", "2001:db8:1:2::"),
        (["127.0.0.1/32"], "::ffff:127.0.0.1", "203.0.113.7:5123", "203.0.113.7"),
        ([], "", "", ""),
    ],
)
def test_whose_address_counts(settings, proxies: list[str], peer: str, forwarded: str, expected: str) -> None:
    settings.PROXIES = proxies
    assert seen(peer, forwarded) == expected


def test_a_pseudonym_keeps_nothing_of_the_address_and_holds_for_its_scope_alone() -> None:
    one = network.pseudonym("203.0.113.7", "door 10")
    assert re.fullmatch("[0-9a-f]{32}", one)
    assert one == network.pseudonym("203.0.113.7", "door 10")
    others = {network.pseudonym("203.0.113.8", "door 10"), network.pseudonym("203.0.113.7", "door 11"), one}
    assert len(others) == 3


def test_sign_ins_are_counted_by_a_pseudonym_of_the_day() -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.7")
    with clock.simulate(datetime(2026, 11, 24, 3, tzinfo=UTC)):
        today = network.counted(request)
    with clock.simulate(datetime(2026, 11, 25, 3, tzinfo=UTC)):
        assert network.counted(request) != today
    assert ":" in today and "203" not in today.split(":")


def test_absolute_addresses_follow_the_setting_and_not_the_asker(settings) -> None:
    request = RequestFactory().get("/", HTTP_HOST="localhost")
    assert network.absolute(request, "/km/") == "http://localhost/km/"
    settings.PUBLIC_URL = "https://sala.example"
    assert network.absolute(request, "/km/") == "https://sala.example/km/"
