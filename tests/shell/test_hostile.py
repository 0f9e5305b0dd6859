"""Every address and every operation of the house under hostile input: a clear 4xx or a page, never a 500.

The addresses are read from the URL configuration and the API's own description, so that a new one is attacked unasked.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from sala.shell.api import API

pytestmark = pytest.mark.django_db
T = TypeVar("T")

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
HANDS = 3
SAMPLES = {"int": "7", "uuid": UUID_}
KINDS = {"kind": "csv", "name": "all", "language": "km"}
Real = dict[tuple[str, str], str]


@pytest.fixture
def real(accounts: object) -> Real:
    """Values that lead somewhere, by the word before the hole and the hole's name: one request, its code, a place ..."""
    from sala.measures import registry
    from sala.window import queries

    service = queries.services(kind="report")[0].code
    made = Client().post(
        "/api/v1/window/requests",
        {"service": service, "place": "120404", "description": "ទឹកស្ទះ", "location": "ផ្លូវលេខ ១"},
        content_type="application/json",
    )
    assert made.status_code == 201, made.content
    answer = made.json()
    return {
        ("requests", "request_id"): answer["id"],
        ("requests", "code"): answer["code"],
        ("tracking", "code"): answer["code"],
        ("services", "code"): service,
        ("figures", "code"): registry.measures()[0].code,
        ("halls", "key"): "120404",
        ("places", "key"): "120404",
        ("units", "key"): "120404",
    }


HOLE = re.compile(
    r"([\w-]*)/<(?:(\w+):)?(\w+)>|([\w-]*)/\(\?P<(\w+)>\[[^)]*\)|\(\?P<(\w+)>[^)]*\)|([\w-]*)/{(?:\w+:)?(\w+)}"
)


def filled(pattern: str, real: Real) -> str:
    """An address from a pattern of Django or OpenAPI, its holes filled with what leads somewhere."""

    def fill(hole: re.Match[str]) -> str:
        word = hole[1] or hole[4] or hole[7] or ""
        name = hole[3] or hole[5] or hole[6] or hole[8]
        value = real.get((word, name)) or KINDS.get(name) or SAMPLES.get(hole[2] or "", UUID_)
        return value if hole[6] else f"{word}/{value}"

    return "/" + HOLE.sub(fill, pattern.replace("/^", "/").rstrip("$")).replace("\\", "").lstrip("/")


def patterns() -> Iterator[str]:
    """Every pattern of the pages, in Khmer, and the files of the API."""

    def walk(urls: list[Any], before: str) -> Iterator[str]:
        for each in urls:
            here = before + str(each.pattern)
            if isinstance(each, URLResolver):
                yield from walk(each.url_patterns, here)
            elif isinstance(each, URLPattern):
                yield here

    for each in walk(get_resolver().url_patterns, ""):
        if not each.startswith("api/v1") or each.endswith((".csv", ".xlsx", "docs")):
            yield each


def addresses(real: Real) -> list[str]:
    return [filled(each, real) for each in patterns()]


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of every operation of the API; its files are among the addresses already."""
    for path, methods in API.get_openapi_schema(path_prefix="/api/v1/")["paths"].items():
        for method, told in methods.items():
            if path.endswith((".csv", ".xlsx")):
                continue
            yield method.upper(), path, told


@pytest.fixture(params=["nobody", "clerk120404"])
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


def dealt(tries: Sequence[T], number: int) -> Sequence[T]:
    """The part of ``tries`` for one of many addresses, in turn: what reads headers and queries is the same for all."""
    return tries[number % HANDS :: HANDS]


def test_pages_under_hostile_queries(client: Client, real: Real):
    for number, address in enumerate(addresses(real)):
        for query in dealt(QUERIES, number):
            survived(client.get(f"{address}?{query}"), f"GET {address}?{query}")


@pytest.mark.once
def test_pages_under_crafted_headers(client: Client, real: Real):
    for number, address in enumerate(addresses(real)):
        for headers in dealt(HEADERS, number):
            survived(client.get(address, headers=headers), f"GET {address} {headers}")


HOLES = (
    "%00",
    "%FF",
    "x",
    "%2e%2e",
    "99999999999999999999",
    "a" * 900,
    "%F0%9F%92%A5",
    "%E1%9E%80",
    "'",
    "0",
    "-1",
)


def hostile(pattern: str, value: str) -> str:
    return filled(
        HOLE.sub(
            lambda hole: f"{hole[1] or hole[4] or hole[7] or ''}/{value}" if not hole[6] else "csv", pattern
        ),
        {},
    )


def test_pages_with_hostile_holes(client: Client):
    for pattern in patterns():
        if HOLE.search(pattern):
            for value in HOLES:
                survived(client.get(hostile(pattern, value)), f"GET {pattern} with {value}")


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


def test_forms_under_hostile_values(client: Client, real: Real):
    tried = 0
    for address in addresses(real):
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


def test_operations_under_hostile_queries(client: Client, real: Real):
    for number, (method, path, _told) in enumerate(operations()):
        if method == "GET":
            for query in dealt(QUERIES, number):
                explained(client.get(f"{filled(path, real)}?{query}"), f"GET {path}?{query}")


def test_operations_with_hostile_holes(client: Client):
    for method, path, _told in operations():
        if "{" in path:
            for value in HOLES:
                sent = client.generic(method, hostile(path, value), b"{}", content_type="application/json")
                explained(sent, f"{method} {path} with {value}")


def test_what_leads_somewhere_leads_somewhere(real: Real, sign_in: Callable[[str], Client]):
    """Else the other tests would attack nothing but the page for what is not there."""
    client = sign_in("clerk120404")
    told = {address: client.get(address).status_code for address in addresses(real)}
    missing = {address for address, status in told.items() if status >= 400}
    assert sum(status == 200 for status in told.values()) > 25, told
    assert not [address for address in missing if real["requests", "code"] in address], missing
    assert not [address for address in missing if real["figures", "code"] in address], missing


def test_operations_under_hostile_bodies(client: Client, real: Real):
    for method, path, _told in operations():
        if method != "GET":
            for body in BODIES:
                sent = client.generic(method, filled(path, real), body, content_type="application/json")
                explained(sent, f"{method} {path} {body[:30]!r}")
            for kind in (
                "text/plain",
                "application/xml",
                "multipart/form-data",
                "application/json; charset=x",
                "",
            ):
                sent = client.generic(method, filled(path, real), b"{}", content_type=kind)
                explained(sent, f"{method} {path} as {kind}")


def test_operations_under_hostile_values(client: Client, real: Real):
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
                    filled(path, real),
                    body,
                    content_type="application/json",
                    headers={"If-Match": '"1"', "Idempotency-Key": "k"},
                )
                explained(sent, f"{method} {path} = {value!r:.20}")


@pytest.mark.once
def test_operations_under_crafted_headers(client: Client, real: Real):
    for number, (method, path, _told) in enumerate(operations()):
        for headers in dealt(HEADERS, number):
            sent = client.generic(
                method, filled(path, real), b"{}", content_type="application/json", headers=headers
            )
            explained(sent, f"{method} {path} {headers}")
