"""How does a request come in from the server? Whole: who sends slowly waits outside and holds up nobody.

Two desks (threads) a process: at one people read, at the other they write, so that a database held by somebody else keeps
only writers waiting; more desks cost more than they give. Were a body read at the desk, two phones with a bad line would
stop the hall; so it is received beforehand, and long answers are handed out afterwards.
"""

import asyncio
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from sala.kit import bounds

Headers = list[tuple[str, str]]
IN_MEMORY = 1024 * 1024
"""Bytes of a body or an answer that are kept in memory; what is longer lies in a temporary file meanwhile."""
PATIENCE, SLOWEST = 60, 8 * 1024
"""A body may take these seconds, and as long as it lasts at so many bytes a second: a photo on the slowest network."""
PIECE = 64 * 1024


class _Broken(BytesIO):
    """What came of a body that did not come whole: reading it fails, as it does when the line breaks at the desk."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error

    def read(self, *_: Any) -> bytes:
        raise self.error

    readline = readlines = read  # type: ignore[assignment]


class Door:
    """An RSGI application that receives requests and has them answered by the WSGI application ``wsgi``."""

    def __init__(self, wsgi: Callable[..., Iterable[bytes]]) -> None:
        self.wsgi = wsgi
        self.reading, self.writing = ThreadPoolExecutor(1, "reading"), ThreadPoolExecutor(1, "writing")

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """One request."""
        body = await _received(scope, protocol)
        loop = asyncio.get_running_loop()
        desk = self.reading if scope.method in ("GET", "HEAD") else self.writing
        try:
            status, headers, answer = await loop.run_in_executor(desk, self._answer, scope, body)
        finally:
            body.close()
        if isinstance(answer, bytes):
            protocol.response_bytes(status, headers, answer)
            return
        with answer:
            line = protocol.response_stream(status, headers)
            while piece := answer.read(PIECE):
                async with asyncio.timeout(PATIENCE):
                    await line.send_bytes(piece)

    def _answer(self, scope: Any, body: IO[bytes]) -> tuple[int, Headers, bytes | IO[bytes]]:
        """At the desk: the status, the headers and the whole answer."""
        begun: list[Any] = []

        def begin(status: str, headers: Headers, _exc_info: Any = None) -> None:
            begun[:] = [int(status[:3]), headers]

        pieces = self.wsgi(_environ(scope, body), begin)
        if isinstance(pieces, list):
            return begun[0], begun[1], b"".join(pieces)
        try:
            return begun[0], begun[1], _gathered(pieces)
        finally:
            if close := getattr(pieces, "close", None):
                close()


def _gathered(pieces: Iterable[bytes]) -> bytes | IO[bytes]:
    """All pieces of an answer, however slowly they will be read."""
    file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed here or by the one who hands it out
    try:
        for piece in pieces:
            file.write(piece)
    except BaseException:
        file.close()
        raise
    short = file.tell() <= IN_MEMORY
    file.seek(0)
    return file.read() if short else file


async def _received(scope: Any, protocol: Any) -> IO[bytes]:
    """The body, or one that can't be read where it did not come whole; empty where it is too long to be taken at all."""
    length = int(scope.headers.get("content-length") or 0)
    if not 0 < length <= bounds.LARGEST_UPLOAD:
        return BytesIO()
    body: IO[bytes] = BytesIO() if length <= IN_MEMORY else SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
    try:
        async with asyncio.timeout(PATIENCE + length / SLOWEST):
            async for chunk in protocol:
                body.write(chunk)
        if body.tell() != length:
            raise ConnectionError("the body ended early")
    except (
        OSError,
        RuntimeError,
    ) as error:  # TimeoutError is an OSError, granian's ProtocolClosed a RuntimeError
        body.close()
        return _Broken(error if isinstance(error, OSError) else ConnectionError(str(error)))
    body.seek(0)
    return body


_ALWAYS: dict[str, Any] = {
    "SCRIPT_NAME": "",
    "wsgi.errors": sys.stderr,
    "wsgi.input_terminated": True,
    "wsgi.multiprocess": True,
    "wsgi.multithread": True,
    "wsgi.run_once": False,
    "wsgi.version": (1, 0),
}
_PLAIN = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


def _environ(scope: Any, body: IO[bytes]) -> dict[str, Any]:
    """The request as WSGI (PEP 3333) has it."""
    server, _, port = scope.server.rpartition(":")
    client, _, _port = scope.client.rpartition(":")
    environ = {
        **_ALWAYS,
        "REQUEST_METHOD": scope.method,
        # The server has put U+FFFD where the bytes are no UTF-8; a lone 0xFF lets Django see it as before.
        "PATH_INFO": scope.path.replace("\ufffd", "\udcff")
        .encode("utf-8", "surrogateescape")
        .decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": server.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": client.strip("[]"),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": body,
    }
    for name, value in scope.headers.items():
        if "_" in name:  # it would pass for the header with hyphens, which a proxy may have set
            continue
        key = _PLAIN.get(name) or "HTTP_" + name.upper().replace("-", "_")
        if key in environ:
            environ[key] += ("; " if name == "cookie" else ",") + value
        else:
            environ[key] = value
    if scope.authority and "HTTP_HOST" not in environ:  # HTTP/2
        environ["HTTP_HOST"] = scope.authority
    return environ
