"""The log of a running hall: JSON lines that an operator can search, in which nobody is named."""

import json
import time
import urllib.error
import urllib.request

import pytest

from tests.hall import Hall

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("hall")]
MARKS = ("ZQNAME", "012999648", "zqmail@example.com", "ZQTOLD", "ZQSEARCH")


def ask(hall: Hall, path: str, body: dict[str, str] | None = None) -> tuple[int, str, bytes]:
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(hall.url + path, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers["X-Request-Id"], answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["X-Request-Id"], error.read()


def test_what_a_walk_leaves_in_the_log(hall: Hall) -> None:
    told = {
        "service": "RP-SEWER", "place": "12040402", "name": "ZQNAME", "phone": "012999648",
        "email": "zqmail@example.com", "description": "ZQTOLD",
    }  # fmt: skip
    status, first, body = ask(hall, "/api/v1/window/requests", told)
    assert status == 201, body
    code = json.loads(body)["code"]
    ask(hall, f"/km/requests/{code}")
    status, last, _ = ask(hall, "/km/ZQSEARCH?q=ZQNAME&phone=012999648")
    assert status == 404
    log = hall.home / "serve.log"
    until = time.monotonic() + 10
    while last not in log.read_text(encoding="utf-8", errors="replace") and time.monotonic() < until:
        time.sleep(0.1)
    text = log.read_text(encoding="utf-8", errors="replace")
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert (
        len([line for line in text.splitlines() if not line.startswith("{")]) < 10
    )  # what `serve` says itself
    by_id = {line["request"]: line for line in lines if line["event"] == "request"}
    assert (by_id[first]["method"], by_id[first]["status"]) == ("POST", 201)
    assert by_id[first]["route"] == "/api/v1/window/requests" and by_id[first]["ms"] > 0
    assert by_id[last]["status"] == 404
    assert not [mark for mark in (*MARKS, code) if mark.lower() in text.lower()]
