"""Does bad input end in a clear sentence, with what was typed kept? Every form of the walk (addresses and operations: test_hostile)."""

import html
import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from sala.accounts.acting import RESIDENT
from sala.window import actions as window
from tests.files.hostile import UPLOADS

pytestmark = pytest.mark.django_db

TEXTS = {
    "nothing": "",
    "spaces": " \u00a0\u200b\u200b ",
    "nul": "a\x00b",
    "control": "a\x07\x1b[31mb",
    "bidi": "\u202eabc\u2066",
    "long": "ក" * 20_000,
    "huge number": "1" + "0" * 20,
    "negative": "-1",
    "fraction": "1.5",
    "not a number": "NaN",
    "infinity": "1e309",
    "khmer digits": "១២៣",
    "full width": "１２",
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "template": "{{7*7}}${7*7}<%= 7*7 %>",
    "sql": "'; DROP TABLE window_request; --",
    "percent": "%s%n%00%d",
    "path": "../../../../etc/passwd",
    "formula": "=HYPERLINK(1)",
    "newlines": "a\r\nSet-Cookie: x=1",
    "emoji": "🧨👨‍👩‍👧",
    "uuid": str(uuid4()),
    "surrogate": "\ud800",
    "json": '{"a": [1, 2}',
    "combining": "e" + "\u0301" * 300,
    "coeng": "្ត្ត្ត្ត្ត",
}


def encoded(text: str) -> bytes:
    return text.encode("utf-8", errors="surrogatepass")


def client() -> Client:
    return Client(raise_request_exception=False)


def sentence(answer: Any) -> bool:
    """Whether a refusal tells in words what is wrong."""
    if answer.headers.get("Content-Type", "").startswith("application/problem+json"):
        problem = json.loads(answer.content)
        return (
            len(problem["title"]) > 3
            and len(problem["detail"]) > 10
            and problem["status"] == answer.status_code
        )
    text = html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode()))
    return len(text.split()) > 3


def check(answer: Any, what: str, faults: list[str]) -> None:
    if answer.status_code >= 500:
        faults.append(f"{what}: {answer.status_code}")
    elif answer.status_code >= 400 and answer.status_code != 405 and not sentence(answer):
        faults.append(f"{what}: {answer.status_code} without a sentence")
    if b"Traceback" in getattr(answer, "content", b""):
        faults.append(f"{what}: a stack trace")
    if b"<script>alert(1)</script>" in getattr(answer, "content", b""):
        faults.append(f"{what}: markup comes back alive")


@pytest.fixture
def request_row(db: None) -> Any:
    return window.receive(by=RESIDENT, service="RP-SEWER", place="120404", description="ស្ទះលូ")


# ---- forms -----------------------------------------------------------------------------------------------------------

STEPS: dict[str, dict[str, str]] = {
    "service": {"step": "service", "service": "RP-SEWER"},
    "where": {
        "step": "where",
        "service": "RP-SEWER",
        "place": "120404",
        "village": "12040402",
        "location": "ផ្លូវលេខ ២៨៩",
    },
    "what": {
        "step": "what",
        "service": "RP-SEWER",
        "place": "120404",
        "village": "12040402",
        "description": "ស្ទះលូ",
        "name": "សុខ ចាន់ដា",
        "phone": "012000317",
        "email": "resident@example.org",
        "language": "km",
    },
}


def variants(good: dict[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """The good form with one field at a time made hostile, and with one missing."""
    for field in good:
        for name, text in TEXTS.items():
            yield f"{field}={name}", {**good, field: text}
        yield f"without {field}", {key: value for key, value in good.items() if key != field}


def post(who: Client, path: str, data: dict[str, str], **more: Any) -> Any:
    body = "&".join(f"{quoted(key)}={quoted(value)}" for key, value in data.items())
    return who.post(path, body, content_type="application/x-www-form-urlencoded", **more)


def quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(encoded(text), safe="")


@pytest.mark.parametrize("step", STEPS)
def test_report_forms(step: str) -> None:
    faults: list[str] = []
    good = {**STEPS[step], "next": "1"}
    for what, data in variants(good):
        answer = post(client(), "/km/report", data)
        check(answer, f"{step}: {what}", faults)
    assert not faults, "\n".join(faults[:60])


def test_what_was_typed_is_kept() -> None:
    """A wrong phone number loses neither the description nor the number."""
    data = {**STEPS["what"], "next": "1", "phone": "12", "description": "ទឹកលូហៀរ <b>ខ្លាំង</b>"}
    page = post(client(), "/km/report", data).content.decode()
    assert "ទឹកលូហៀរ &lt;b&gt;ខ្លាំង&lt;/b&gt;" in page
    assert 'value="12"' in page
    assert 'class="errs"' in page
    assert "12040402" in page


def test_forms_of_the_tracking_page(request_row: Any) -> None:
    faults: list[str] = []
    path = f"/km/requests/{request_row.code}"
    for good in (
        {"act": "reply", "text": "x"},
        {"act": "rate", "courtesy": "5", "speed": "4", "comment": "x"},
        {"act": "nonsense"},
    ):
        for what, data in variants(good):
            check(post(client(), path, data), f"{good['act']}: {what}", faults)
    assert not faults, "\n".join(faults[:60])


def test_sign_in_form() -> None:
    faults: list[str] = []
    for what, data in variants({"username": "clerk120404", "password": "wrong", "next": "/km/work"}):
        answer = post(client(), "/km/sign-in", data, REMOTE_ADDR="127.0.0.9")
        check(answer, what, faults)
        if answer.status_code == 302:
            faults.append(f"{what}: signed in")
    assert not faults, "\n".join(faults[:60])


@pytest.mark.parametrize(
    "where",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "\x00/km/work"],
)
def test_sign_in_leads_nowhere_else(where: str, accounts: dict[str, dict[str, str]]) -> None:
    data = {"username": "clerk120404", "password": accounts["clerk120404"]["password"], "next": where}
    answer = post(client(), "/km/sign-in", data)
    assert answer.status_code in (302, 400)
    assert "evil" not in answer.headers.get("Location", "")
    assert "script" not in answer.headers.get("Location", "")


def test_forms_of_the_record_page(sign_in: Callable[[str], Client], request_row: Any) -> None:
    faults: list[str] = []
    officer = sign_in("clerk120404")
    officer.raise_request_exception = False
    path = f"/km/work/requests/{request_row.request.id}"
    for act in (
        "take",
        "assign",
        "ask",
        "answer",
        "note",
        "finish",
        "refuse",
        "show",
        "close",
        "erase",
        "nonsense",
    ):
        for what, data in variants({"act": act, "version": "999", "text": "x", "assigned": str(uuid4())}):
            check(post(officer, path, data), f"{act}: {what}", faults)
    assert not faults, "\n".join(faults[:60])
    request_row.request.refresh_from_db()


def test_two_clerks_and_one_record(sign_in: Callable[[str], Client], request_row: Any) -> None:
    """Of two who change one record, the second is told, and keeps what was typed."""
    first, second = sign_in("clerk120404"), sign_in("chief120404")
    path = f"/km/work/requests/{request_row.request.id}"
    version = str(request_row.request.version)
    assert post(first, path, {"act": "take", "version": version}).status_code == 302
    answer = post(second, path, {"act": "answer", "version": version, "text": "យើងនឹងមកថ្ងៃស្អែក"})
    page = answer.content.decode()
    assert answer.status_code == 412
    assert "យើងនឹងមកថ្ងៃស្អែក" in page
    assert "note red" in page


# ---- programs --------------------------------------------------------------------------------------------------------

BODIES = {
    "nothing": b"",
    "not json": b"{",
    "text": b'"x"',
    "list": b"[]",
    "null": b"null",
    "deep": b"[" * 5000 + b"]" * 5000,
    "duplicate keys": b'{"service": "RP-SEWER", "service": "RP-ROAD", "place": "120404", "description": "x"}',
    "unknown field": b'{"service": "RP-SEWER", "place": "120404", "description": "x", "state": "done"}',
    "wrong kinds": b'{"service": 1, "place": 120404, "description": ["x"]}',
    "nul": b'{"service": "RP-SEWER", "place": "120404", "description": "a\\u0000b"}',
    "surrogate": b'{"service": "RP-SEWER", "place": "120404", "description": "\\ud800"}',
    "invalid utf-8": b'{"service": "RP-SEWER", "place": "120404", "description": "\xff\xfe"}',
    "nan": b'{"service": "RP-SEWER", "place": "120404", "description": "x", "latitude": NaN, "longitude": 1e400}',
    "no service": b'{"service": "NOPE", "place": "120404", "description": "x"}',
    "no place": b'{"service": "RP-SEWER", "place": "99999999", "description": "x"}',
    "nothing told": b'{"service": "RP-SEWER", "place": "120404", "description": "  "}',
}


@pytest.mark.parametrize("name", BODIES)
def test_bodies_that_programs_send(name: str) -> None:
    answer = client().post("/api/v1/window/requests", BODIES[name], content_type="application/json")
    assert 400 <= answer.status_code < 500, answer.content[:300]
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    problem = json.loads(answer.content)
    assert {"type", "title", "detail", "errors"} <= set(problem)
    if name in ("unknown field", "wrong kinds", "no service", "no place"):
        assert answer.status_code == 422
        assert problem["errors"]
        assert {"field", "code", "message"} <= set(problem["errors"][0])


def test_problems_speak_the_language_asked_for() -> None:
    said = {}
    for language in ("km", "en"):
        answer = client().post(
            "/api/v1/window/requests",
            b"{}",
            content_type="application/json",
            headers={"Accept-Language": language},
        )
        said[language] = json.loads(answer.content)["detail"]
    assert re.search(r"[\u1780-\u17ff]", said["km"])
    assert not re.search(r"[\u1780-\u17ff]", said["en"])


def test_too_large_is_413() -> None:
    answer = client().post(
        "/api/v1/window/requests",
        b'{"description": "' + b"x" * 4_000_000 + b'"}',
        content_type="application/json",
    )
    assert answer.status_code == 413


def test_versions(sign_in: Callable[[str], Client], request_row: Any) -> None:
    officer = sign_in("clerk120404")
    path = f"/api/v1/window/requests/{request_row.request.id}/take"

    def step(**headers: str) -> int:
        return officer.post(path, b"", content_type="application/json", headers=headers).status_code

    assert step() == 428
    assert step(**{"If-Match": "nonsense"}) in (400, 422)
    assert step(**{"If-Match": '"77"'}) == 412
    assert step(**{"If-Match": f'"{request_row.request.version}"'}) == 200


@pytest.mark.parametrize("upload", UPLOADS, ids=lambda upload: upload.name)
def test_hostile_uploads(upload: Any) -> None:
    """Each of the hostile files through the report's own form: refused with a sentence, or kept harmless; the rest of the form is kept."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("x", upload.content, content_type=upload.media_type)
    file._name = upload.filename
    answer = client().post("/km/report", {**STEPS["where"], "next": "1", "photos": file})
    page = answer.content.decode()
    assert answer.status_code in (200, 400, 413, 422), answer.status_code
    if upload.outcome == "refused":
        assert answer.status_code == 400 or 'class="errs"' in page
    if answer.status_code == 200:
        assert "12040402" in page, "the village that was chosen is lost"


def test_thirty_five_hostile_uploads_at_least() -> None:
    assert len(UPLOADS) >= 35
    assert len({upload.name for upload in UPLOADS}) == len(UPLOADS)
