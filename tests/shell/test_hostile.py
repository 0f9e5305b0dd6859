"""Every address and every operation of the house under hostile input: a clear 4xx or a page, never a 500.

The addresses are read from the URL configuration and the API's own description, so that a new one is attacked unasked.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from sala.shell.api import API

pytestmark = pytest.mark.django_db

USERS = ("clerk120404", "ministry")
UUID_ = "01930000-0000-7000-8000-000000000000"
VALUES = (
    "",
    " ",
    "\u0000",
    "a\u0000b",
    "\u001b[31m",
    "\ufffd",
    "\u202ereversed",
    "\u200b\u200b",
    "'; DROP TABLE x; --",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "../../etc/passwd",
    "%s%n%x",
    "-1",
    "0",
    "1e400",
    "NaN",
    "99999999999999999999999",
    "9223372036854775808",
    "2026-02-30",
    "0000-00-00",
    "១២៣",
    "ក" * 5000,
    "💥" * 300,
    UUID_,
    "true",
)
BODIES = (
    b"",
    b"{",
    b"[]",
    b"null",
    b"0",
    b'"x"',
    b'{"a":1,"a":2}',
    b'{"x":NaN}',
    b'{"x":"\\u0000"}',
    b'{"x":"\\ud800"}',
    b"\xff\xfe",
    b"[" * 5000,
    b'{"x":' + b"1" * 5000 + b"}",
)
QUERIES = (
    "page=100000000000000000000",
    "page=-1",
    "page=x",
    "page=999999",
    "page_size=0",
    "page_size=100000",
    "sort=x",
    "sort=--created",
    "q=%00",
    "q=%ff",
    "q=" + "a" * 5000,
    "place=999999",
    "place=x",
    "place=12&place=02",
    "state=x",
    "from=x&to=y",
    "from=9999-12-31",
    "to=0001-01-01",
    "period=2026-13",
    "period=x",
    "measure=x",
    "month=99",
    "year=0",
    "year=99999",
    "lat=x&lon=y",
    "lat=1e999&lon=NaN",
    "unknown=1",
    "next=http://evil.example",
    "format=x",
    "code=%F0%9F%92%A5",
    "entry=-1&size=0",
    "entry=99999999999999999999&size=1",
    "from=5&to=1",
    "level=x",
    "x[]=1",
)
HEADERS = (
    {"If-Match": "x"},
    {"If-Match": '"999999999999999999999"'},
    {"Idempotency-Key": "x" * 300},
    {"Idempotency-Key": "a b"},
    {"Accept": "\x01"},
    {"Accept-Language": "," * 400},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer " + "x" * 4000},
    {"Authorization": "Basic !!!"},
    {"X-Forwarded-For": "x"},
    {"Range": "bytes=-1-"},
    {"HX-Request": "true", "HX-Current-URL": "http://[x"},
    {"Referer": "http://[x", "Origin": "http://[x"},
    {"If-Modified-Since": "yesterday"},
    {"If-None-Match": "\u00ff"},
)
CONVERTERS = {"int": "7", "uuid": UUID_, "slug": "x", "str": "x", "path": "x"}


def addresses() -> Iterator[str]:
    """Every address of the pages, in Khmer, with a value for each hole."""

    def walk(patterns: list[Any], before: str) -> Iterator[str]:
        for each in patterns:
            here = before + str(each.pattern)
            if isinstance(each, URLResolver):
                yield from walk(each.url_patterns, here)
            elif isinstance(each, URLPattern):
                yield "/" + re.sub(
                    r"<(?:(\w+):)?\w+>", lambda hole: CONVERTERS.get(hole[1] or "str", "x"), here
                )

    yield from (each for each in walk(get_resolver().url_patterns, "") if not each.startswith("/api/v1"))


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of every operation of the API."""
    for path, methods in API.get_openapi_schema(path_prefix="/api/v1/")["paths"].items():
        for method, told in methods.items():
            yield method.upper(), path, told


def filled(path: str, value: str = UUID_) -> str:
    return re.sub(r"{\w+}", value, path)


@pytest.fixture(params=["nobody", *USERS])
def client(request: pytest.FixtureRequest) -> Client:
    if request.param == "nobody":
        return Client()
    sign_in: Callable[[str], Client] = request.getfixturevalue("sign_in")
    return sign_in(request.param)


def survived(response: Any, what: str) -> None:
    assert response.status_code < 500, f"{what}: {response.status_code}"
    if not response.streaming:
        text = response.content.decode("utf-8", "replace")
        assert "Traceback" not in text, what
        assert "<script>alert(1)</script>" not in text or "json" in response.headers["Content-Type"], what


def explained(response: Any, what: str) -> None:
    """As `survived`; and a refusal of the API is problem+json with a sentence."""
    survived(response, what)
    if response.status_code >= 400:
        assert response.headers["Content-Type"] == "application/problem+json", (
            f"{what}: {response.content[:200]!r}"
        )
        assert response.json()["detail"], what


def test_pages_under_hostile_queries(client: Client):
    for address in addresses():
        for query in QUERIES:
            survived(client.get(f"{address}?{query}"), f"GET {address}?{query}")


def test_pages_under_crafted_headers(client: Client):
    for address in addresses():
        for headers in HEADERS:
            survived(client.get(address, headers=headers), f"GET {address} {headers}")


def test_pages_with_hostile_holes(client: Client):
    holes = [address for address in addresses() if "/x" in address or "/7" in address or UUID_ in address]
    for address in holes:
        for value in (
            "%00",
            "%FF",
            "%2e%2e",
            "99999999999999999999",
            "a" * 900,
            "%F0%9F%92%A5",
            "%E1%9E%80",
            "'",
            "0",
        ):
            hostile = re.sub(rf"(?<=/)(x|7|{UUID_})(?=/|$|\.)", value, address)
            survived(client.get(hostile), f"GET {hostile}")


def form_fields(client: Client, address: str) -> list[tuple[str, list[str]]]:
    """The forms of a page: where they are sent, and the names of their fields."""
    response = client.get(address)
    if response.status_code != 200 or "html" not in response.headers["Content-Type"]:
        return []
    found = []
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", response.content.decode(), re.DOTALL):
        action = re.search(r'action="([^"]*)"', form)
        found.append((action[1] if action and action[1] else address, re.findall(r'name="([^"]+)"', form)))
    return found


def test_forms_under_hostile_values(client: Client):
    tried = 0
    for address in addresses():
        for action, names in form_fields(client, address):
            if "sign-out" in action:
                continue
            for value in VALUES:
                tried += 1
                survived(
                    client.post(action, dict.fromkeys(names, value)),
                    f"POST {action} {names} = {value[:20]!r}",
                )
            survived(client.post(action, {}), f"POST {action} without fields")
            survived(client.post(action, {name: ["a", "b"] for name in names}), f"POST {action} doubled")
    assert tried, "no form was found"


def test_operations_under_hostile_queries(client: Client):
    for method, path, _told in operations():
        if method == "GET":
            for query in QUERIES:
                explained(client.get(f"{filled(path)}?{query}"), f"GET {path}?{query}")


def test_operations_with_hostile_holes(client: Client):
    for method, path, _told in operations():
        if "{" in path:
            for value in ("%00", "%FF", "x", "99999999999999999999", "a" * 900, "%E1%9E%80", "'", "0", "-1"):
                sent = client.generic(method, filled(path, value), b"{}", content_type="application/json")
                explained(sent, f"{method} {path} with {value}")


def test_operations_under_hostile_bodies(client: Client):
    for method, path, _told in operations():
        if method != "GET":
            for body in BODIES:
                sent = client.generic(method, filled(path), body, content_type="application/json")
                explained(sent, f"{method} {path} {body[:30]!r}")
            for kind in (
                "text/plain",
                "application/xml",
                "multipart/form-data",
                "application/json; charset=x",
                "",
            ):
                sent = client.generic(method, filled(path), b"{}", content_type=kind)
                explained(sent, f"{method} {path} as {kind}")


def test_operations_under_hostile_values(client: Client):
    components = API.get_openapi_schema(path_prefix="/api/v1/").get("components", {}).get("schemas", {})
    for method, path, told in operations():
        content = (
            (told.get("requestBody") or {}).get("content", {}).get("application/json", {}).get("schema", {})
        )
        names = components.get(str(content.get("$ref", "")).rsplit("/", 1)[-1], {}).get("properties", {})
        for value in (*VALUES, 0, -1, 2**70, 1.5, True, None, [], {}, ["a"], {"a": 1}):
            body = json.dumps(dict.fromkeys(names, value)).encode()
            if names:
                sent = client.generic(
                    method,
                    filled(path),
                    body,
                    content_type="application/json",
                    headers={"If-Match": '"1"', "Idempotency-Key": "k"},
                )
                explained(sent, f"{method} {path} = {value!r:.20}")


def test_operations_under_crafted_headers(client: Client):
    for method, path, _told in operations():
        for headers in HEADERS:
            sent = client.generic(
                method, filled(path), b"{}", content_type="application/json", headers=headers
            )
            explained(sent, f"{method} {path} {headers}")
