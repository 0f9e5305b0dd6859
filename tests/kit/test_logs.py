"""Log lines hold no address that opens something, and are one JSON object each."""

import json
import logging
import sys
from types import SimpleNamespace

import pytest
from django.db import DataError, IntegrityError

from sala.kit import logs
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


def failing(fault: Exception) -> str:
    try:
        try:
            raise fault
        except type(fault) as inner:
            raise RuntimeError("the step failed") from inner
    except RuntimeError:
        record = logging.LogRecord("sala", logging.ERROR, __file__, 1, "it failed", (), sys.exc_info())
    assert logs.WithoutAddresses().filter(record)
    text = logging.Formatter("%(message)s").format(record)
    assert json.loads(logs.JsonFormatter().format(record))["exception"] in text
    return text


@pytest.mark.parametrize("kind", [IntegrityError, DataError, ValueError, UnicodeError])
def test_faults_are_written_without_the_row_they_were_found_in(kind: type[Exception]) -> None:
    text = failing(kind("DETAIL: Failing row contains (7, Sok Dara, 012345678)"))
    assert "Sok Dara" not in text and "012345678" not in text
    assert kind.__name__ in text and "RuntimeError: the step failed" in text and "test_logs.py" in text
