"""Log lines hold no address that opens something, and are one JSON object each."""

import json
import logging
import sys
from types import SimpleNamespace

import pytest

from sala.kit.logs import JsonFormatter, WithoutAddresses


def record(*args: object, request: object = None, exc_info: object = None) -> logging.LogRecord:
    made = logging.LogRecord("django.request", logging.WARNING, __file__, 1, "%s: %s", args, exc_info)
    if request is not None:
        made.request = request
    return made


CODE = "/km/requests/SECRETCODE"


@pytest.mark.parametrize(
    ("match", "said"),
    [(SimpleNamespace(route="km/requests/<str:code>"), "/km/requests/<str:code>"), (None, "(no route)")],
)
def test_the_route_instead_of_the_address(match: object, said: str):
    line = record("Forbidden", CODE, request=SimpleNamespace(path=CODE, resolver_match=match))
    assert WithoutAddresses().filter(line)
    assert line.getMessage() == f"Forbidden: {said}"


def test_other_lines_are_left_alone():
    line = record("a", 1)
    assert WithoutAddresses().filter(line)
    assert line.getMessage() == "a: 1"


def test_json():
    try:
        raise ValueError("x")
    except ValueError:
        line = json.loads(JsonFormatter().format(record("ក", 2, exc_info=sys.exc_info())))
    assert line["message"] == "ក: 2"
    assert line["level"] == "WARNING"
    assert line["time"].endswith("+00:00")
    assert "ValueError" in line["exception"]
    assert "exception" not in json.loads(JsonFormatter().format(record("a", 1)))
