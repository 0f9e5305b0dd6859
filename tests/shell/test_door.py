"""Requests come in whole, in the form WSGI has them; who sends slowly or never reads is handled outside the desks."""

import asyncio
import threading
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest

from sala.shell import door


class Protocol:
    """What the server gives: the body in pieces, and what it was answered."""

    def __init__(self, *pieces: bytes, wait: float = 0) -> None:
        self.pieces, self.wait = pieces, wait
        self.sent: list[bytes] = []
        self.status = 0

    async def __aiter__(self) -> Any:
        for piece in self.pieces:
            await asyncio.sleep(self.wait)
            yield piece

    def response_bytes(self, status: int, headers: Any, body: bytes) -> None:
        self.status, self.sent = status, [body]

    def response_stream(self, status: int, headers: Any) -> "Protocol":
        self.status = status
        return self

    async def send_bytes(self, piece: bytes) -> None:
        self.sent.append(piece)


def scope(method: str = "POST", path: str = "/km/", *headers: tuple[str, str], **more: str) -> Any:
    class Headers(list):  # type: ignore[type-arg]
        def items(self) -> Any:
            return self

        def get(self, name: str) -> str | None:
            return dict(self).get(name)

    told = {
        "server": "127.0.0.1:8000", "client": "[::1]:555", "scheme": "http", "method": method, "path": path,
        "query_string": "a=b", "http_version": "1.1", "authority": None, "headers": Headers(headers), **more,
    }  # fmt: skip
    return SimpleNamespace(**told)


def answered(asked: Any, protocol: Protocol, app: Any) -> Protocol:
    asyncio.run(door.Door(app).__rsgi__(asked, protocol))
    return protocol


def echo(environ: dict[str, Any], begin: Any) -> list[bytes]:
    try:
        body = environ["wsgi.input"].read()
    except OSError as error:
        begin("400 Bad Request", [])
        return [str(error).encode()]
    begin("200 OK", [])
    return [body]


def length(number: int) -> tuple[str, str]:
    return "content-length", str(number)


def test_a_body_comes_whole() -> None:
    assert answered(scope("POST", "/", length(6)), Protocol(b"abc", b"def"), echo).sent == [b"abcdef"]


def test_a_large_body_lies_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "IN_MEMORY", 4)
    assert answered(scope("POST", "/", length(6)), Protocol(b"abc", b"def"), echo).sent[0] == b"abcdef"


@pytest.mark.parametrize("pieces", [(), (b"abc",), (b"abcdefgh",)])
def test_a_body_of_another_length_can_not_be_read(pieces: tuple[bytes, ...]) -> None:
    told = answered(scope("POST", "/", length(6)), Protocol(*pieces), echo)
    assert (told.status, told.sent) == (400, [b"the body ended early"])


def test_a_body_that_takes_too_long_can_not_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "PATIENCE", 0.05)
    assert answered(scope("POST", "/", length(6)), Protocol(b"a", b"b", wait=1), echo).status == 400


@pytest.mark.parametrize("given", [0, door.bounds.LARGEST_UPLOAD + 1])
def test_nothing_is_received_where_nothing_is_taken(given: int) -> None:
    assert answered(scope("POST", "/", length(given)), Protocol(b"abc"), echo).sent == [b""]


def test_a_long_answer_is_handed_out_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "IN_MEMORY", 8)
    monkeypatch.setattr(door, "PIECE", 4)
    closed = []

    class Pieces:
        def __iter__(self) -> Any:
            return iter([b"12345", b"67890"])

        def close(self) -> None:
            closed.append(True)

    def app(environ: dict[str, Any], begin: Any) -> Pieces:
        begin("200 OK", [])
        return Pieces()

    assert answered(scope("GET"), Protocol(), app).sent == [b"1234", b"5678", b"90"]
    assert closed == [True]


def test_readers_and_writers_stand_at_two_desks() -> None:
    """A reader is answered while a writer waits for the database."""
    free = threading.Event()

    def app(environ: dict[str, Any], begin: Any) -> list[bytes]:
        begin("200 OK", [])
        if environ["REQUEST_METHOD"] == "GET":
            free.set()
            return [b"read"]
        return [b"written" if free.wait(5) else b"the reader did not come by"]

    async def both() -> list[bytes]:
        house, writer, reader = door.Door(app), Protocol(), Protocol()
        await asyncio.gather(house.__rsgi__(scope("POST"), writer), house.__rsgi__(scope("GET"), reader))
        return [*writer.sent, *reader.sent]

    assert asyncio.run(both()) == [b"written", b"read"]


def test_the_request_as_wsgi_has_it() -> None:
    headers = [
        ("host", "hall"), ("content-type", "text/plain"), length(0), ("cookie", "a=b"), ("cookie", "c=d"),
        ("x-a", "1"), ("x-a", "2"), ("x_forwarded_for", "6.6.6.6"),
    ]  # fmt: skip
    environ = door._environ(scope("GET", "/ភូមិ/\ufffd", *headers), BytesIO())
    assert environ["PATH_INFO"].encode("latin-1") == "/ភូមិ/".encode() + b"\xff"
    assert (environ["QUERY_STRING"], environ["REMOTE_ADDR"], environ["SERVER_PORT"]) == ("a=b", "::1", "8000")
    assert (environ["HTTP_COOKIE"], environ["HTTP_X_A"]) == ("a=b; c=d", "1,2")
    assert (environ["CONTENT_TYPE"], environ["CONTENT_LENGTH"]) == ("text/plain", "0")
    assert "HTTP_X_FORWARDED_FOR" not in environ  # an underscore must not pass for a proxy's hyphen


def test_http_2_tells_the_host_otherwise() -> None:
    assert door._environ(scope("GET", authority="hall:8000"), BytesIO())["HTTP_HOST"] == "hall:8000"
