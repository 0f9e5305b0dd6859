"""How is a gateway spoken to over HTTP? One bounded question and answer, which tells a failure before the handing over from one after it."""

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

CONNECT = 10.0
"""Seconds until a connection must stand."""
WHOLE = 30.0
"""Seconds for everything after that, however slowly it drips; well below a notice's lease."""
LONGEST_ANSWER = 64 * 1024


class AwayError(Exception):
    """Nothing was handed over: no name, no connection, no encryption. The text is the class of the failure alone.

    ``ours`` is True where only a person can repair it (a wrong certificate).
    """

    def __init__(self, name: str, *, ours: bool = False) -> None:
        super().__init__(name)
        self.ours = ours


class LostError(Exception):
    """The question went out and no whole answer came back: nobody here knows whether it was taken."""


@dataclass(frozen=True)
class Answer:
    """Status and body (at most `LONGEST_ANSWER` bytes), and how many seconds the gateway asks to be left alone."""

    status: int
    body: bytes
    retry_after: int = 0


def check(url: str, name: str) -> str:
    """The address, when it may be spoken to: https, or http on this machine. Raises ValueError with a sentence without it:
    there may be a key in it."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(f"{name} can't be read; write https://host/path") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError(f"{name} is no web address; write https://host/path")
    if parts.username or parts.password:
        raise ValueError(f"{name} holds a user name; a key belongs into a header, see docs/notices.md")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ValueError(f"{name} begins with http://; only https:// is safe beyond this machine")
    return url


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


def ask(method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
    """One question through a connection of its own: one that was kept open may be closed by the other side just when a
    message leaves, and then nobody would know. Redirections aren't followed. Raises `AwayError`, `LostError`."""
    parts = urlsplit(url)
    line = _connected(parts.scheme, parts.hostname or "", parts.port)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    end = threading.Timer(WHOLE, _cut, [line])
    end.daemon = True
    end.start()
    try:
        line.request(method, target, body or None, dict(headers))
        answer = line.getresponse()
        read = answer.read(LONGEST_ANSWER + 1)
        if len(read) > LONGEST_ANSWER:
            raise LostError("answer too long")
        return Answer(answer.status, read, _seconds(answer.getheader("Retry-After", "")))
    except (OSError, http.client.HTTPException) as error:
        raise LostError(type(error).__name__) from None
    finally:
        end.cancel()
        line.close()


def _connected(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    line = (
        http.client.HTTPSConnection(host, port, timeout=CONNECT, context=ssl.create_default_context())
        if scheme == "https"
        else http.client.HTTPConnection(host, port, timeout=CONNECT)
    )
    try:
        line.connect()
    except ssl.SSLError as error:
        raise AwayError(type(error).__name__, ours=True) from None
    except OSError as error:
        raise AwayError(type(error).__name__) from None
    assert line.sock is not None
    line.sock.settimeout(WHOLE)
    return line


def _cut(line: http.client.HTTPConnection) -> None:
    sock = line.sock
    if sock is not None:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


def _seconds(text: str | None) -> int:
    return min(int(text), 3600) if text and text.isascii() and text.isdigit() and len(text) < 9 else 0
