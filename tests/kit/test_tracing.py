"""Each request has an id, in its answer and in its log lines; JSON lines say how it ended and nothing of what was said."""

import json
import logging
from typing import Any

import pytest
from django.test import Client

from sala.kit.logs import JsonFormatter, WithoutAddresses, without_persons

pytestmark = pytest.mark.django_db


class Kept(logging.Handler):
    """Keeps lines as the JSON log writes them."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.setFormatter(JsonFormatter())
        self.addFilter(WithoutAddresses())

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def kept() -> Any:
    handler = Kept()
    loggers = [logging.getLogger(name) for name in ("sala", "sala.request", "django")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.INFO)
    for logger in (loggers[0], loggers[2]):
        logger.addHandler(handler)
    yield handler
    for logger, level in zip(loggers, levels, strict=True):
        logger.removeHandler(handler)
        logger.setLevel(level)


def test_an_id_for_each_request(client: Client) -> None:
    first, second = (client.get("/healthz").headers["X-Request-Id"] for _ in range(2))
    assert len(first) == len(second) == 16 and first != second and int(first, 16)


@pytest.mark.parametrize(
    ("given", "believed", "taken"),
    [
        ("0123456789abcdef", True, True),
        ("01234567-89ab-cdef-0123-456789abcdef", True, True),
        ("0123456789abcdef", False, False),
        ("SokDara-012345678", True, False),
        ("a\nb", True, False),
        ("", True, False),
    ],
)
def test_a_proxy_s_id_is_taken_over(given: str, believed: bool, taken: bool, settings: Any) -> None:
    settings.PROXIES = ["127.0.0.1/32"] if believed else []
    client = Client(headers={"X-Request-Id": given})
    assert (client.get("/healthz").headers["X-Request-Id"] == given) == taken


def test_a_line_for_each_request(client: Client, kept: Kept) -> None:
    answer = client.get("/km/requests/AAAA-BBBB-CCCC-DDDD?q=Dara")
    told = [json.loads(line) for line in kept.lines]
    line = next(each for each in told if each["event"] == "request")
    assert set(line) == {"time", "level", "event", "request", "method", "route", "status", "ms", "post"}
    assert line["request"] == answer.headers["X-Request-Id"]
    assert (line["method"], line["status"], line["post"]) == ("GET", 404, "resident")
    assert line["route"] == "/km/requests/<str:code>" and line["ms"] > 0
    assert all(each["request"] == line["request"] for each in told)
    assert not any(word in raw for raw in kept.lines for word in ("AAAA-BBBB", "Dara", "q="))


def test_a_walk_with_marked_words(kept: Kept, sign_in: Any) -> None:
    """A resident reports, an officer looks and answers, programs send rubbish: no word of it is in any line."""
    marks = (
        "ZQNAME",
        "012345648",
        "zqmail@example.com",
        "ZQTOLD",
        "ZQWHERE",
        "ZQSEARCH",
        "ZQPASS",
        "ZQUSER",
        "ZQHOST",
    )
    resident = Client(raise_request_exception=False)
    body = {
        "service": "RP-SEWER", "place": "12040402", "name": "ZQNAME", "phone": "012345648",
        "email": "zqmail@example.com", "description": "ZQTOLD", "location": "ZQWHERE",
    }  # fmt: skip
    made = resident.post("/api/v1/window/requests", body, content_type="application/json").json()
    resident.get(f"/en/requests/{made['code']}")
    resident.post(f"/en/requests/{made['code']}", {"act": "reply", "text": "ZQTOLD"})
    resident.get(f"/en/requests?code={made['code']}&x=ZQSEARCH")
    resident.get("/en/ZQSEARCH?q=ZQNAME")
    resident.get("/en/", headers={"host": "ZQHOST.example"})
    resident.post("/en/sign-in", {"login": "ZQUSER", "password": "ZQPASS"})
    resident.post(
        "/api/v1/tokens", {"username": "ZQUSER", "password": "ZQPASS"}, content_type="application/json"
    )
    resident.post("/api/v1/window/requests", b'{"name": "ZQNAME', content_type="application/json")
    Client(enforce_csrf_checks=True).post("/en/sign-in", {"login": "ZQUSER"})
    officer = sign_in("clerk120404")
    officer.get("/en/work?view=all&q=ZQNAME")
    officer.get(f"/en/work/requests/{made['id']}")
    officer.post(f"/en/work/requests/{made['id']}", {"act": "show"})
    officer.post(f"/en/work/requests/{made['id']}", {"act": "note", "version": "1", "text": "ZQTOLD"})
    officer.get("/api/v1/window/requests?q=ZQNAME&nosuch=ZQSEARCH")
    assert len(kept.lines) > 12
    for line in kept.lines:
        assert json.loads(line)
        assert not [mark for mark in (*marks, made["code"]) if mark.lower() in line.lower()], line


@pytest.mark.parametrize(
    ("said", "kept_as"),
    [
        ("550 <tara.sok@example.com.kh>: unknown", "550 <(e-mail address)>: unknown"),
        ("call 012 345 648 or +855 12 345 648", "call (telephone number) or (telephone number)"),
        ("opened ABCD-1234-EFGH-5678", "opened (code)"),
        ("GET /x?q=Dara&y=1 failed", "GET /x?(query) failed"),
        ("request 019a2bb0-1234-7abc-8def-012345678901 at 2026-11-25T02:03:04", None),
        ("120404-26-00017 is late by 12345678 ms", None),
    ],
)
def test_the_second_net(said: str, kept_as: str | None) -> None:
    assert without_persons(said) == (kept_as or said)
