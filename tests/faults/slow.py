"""Do a hundred clients that send a byte a second, or never read their answer, hold up anybody else?"""

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.faults.writers import call, from_somewhere, page
from tests.hall import Hall

KINDS = ("head", "body", "form", "unread")
BODY = json.dumps({"service": "RP-SEWER", "place": "120404", "description": "slowly " * 40}).encode()
READS = ("/km/", "/en/services", "/api/v1/window/services?page_size=20", "/km/report")


def _begin(kind: str) -> bytes:
    """What a slow client sends at once."""
    host = b"Host: 127.0.0.1\r\n"
    if kind == "head":
        return b"GET /km/ HTTP/1.1\r\n" + host + b"X-Slow: "
    if kind == "unread":
        return b"GET /api/v1/places/units.csv?level=commune HTTP/1.1\r\n" + host + b"\r\n"
    where = b"/km/report" if kind == "form" else b"/api/v1/window/requests"
    media = b"application/x-www-form-urlencoded" if kind == "form" else b"application/json"
    return b"POST %s HTTP/1.1\r\n%sContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (
        where,
        host,
        media,
        len(BODY),
    )


@contextmanager
def clients(hall: Hall, many: int, kinds: tuple[str, ...] = KINDS) -> Iterator[Counter[str]]:
    """So many slow clients, the kinds in turn, for as long as the block lasts; counts those whose line was cut."""
    lines = []
    cut: Counter[str] = Counter()
    for index in range(many):
        line = socket.create_connection(("127.0.0.1", hall.port), timeout=10)
        kind = kinds[index % len(kinds)]
        if kind == "unread":
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        line.sendall(_begin(kind))
        lines.append((line, kind))
    leave = threading.Event()

    def drip() -> None:
        sent = 0
        while not leave.wait(1):
            for line, kind in lines:
                if kind == "unread" or sent >= len(BODY) - 1:
                    continue
                try:
                    line.send(b"x" if kind == "head" else BODY[sent : sent + 1])
                except OSError:
                    cut[kind] += 1
            sent += 1

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield cut
    finally:
        leave.set()
        thread.join(10)
        for line, _ in lines:
            with suppress(OSError):
                line.close()


def run(
    hall: Hall, *, slow: int = 100, seconds: float = 10, users: int = 4, kinds: tuple[str, ...] = KINDS
) -> dict[str, float]:
    """The 95th percentile, in seconds, of what other users wait for pages and for taking in requests meanwhile."""
    waits: list[float] = []
    wrong: list[str] = []

    def user() -> None:
        round_ = 0
        while time.monotonic() < until:
            round_ += 1
            begun = time.monotonic()
            try:
                if round_ % 5:
                    status = page(hall, READS[round_ % len(READS)], timeout=20)[0]
                else:
                    body = {"service": "RP-SEWER", "place": "120404", "description": "others"}
                    status = call(hall, "window/requests", body, 20, **{"X-Forwarded-For": from_somewhere()})[
                        0
                    ]
            except OSError as error:
                wrong.append(type(error).__name__)
            else:
                if status not in (200, 201):
                    wrong.append(str(status))
            waits.append(time.monotonic() - begun)

    with clients(hall, slow, kinds):
        _settle(hall)
        until = time.monotonic() + seconds
        threads = [threading.Thread(target=user) for _ in range(users)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong, Counter(wrong)
    waits.sort()
    found = {"slow clients": slow, "requests": len(waits), "median": waits[len(waits) // 2], "p95": waits[int(len(waits) * 0.95)], "longest": waits[-1]}  # fmt: skip
    assert found["p95"] < 1, found
    return {name: round(value, 3) for name, value in found.items()}


def _settle(hall: Hall, patience: float = 30) -> None:
    """Until the slow clients' requests that came whole are worked off: their answers are what nobody reads."""
    end, quick = time.monotonic() + patience, 0
    while quick < 5 and time.monotonic() < end:
        begun = time.monotonic()
        page(hall, "/en/", timeout=patience)
        quick = quick + 1 if time.monotonic() - begun < 0.5 else 0


def half(hall: Hall) -> None:
    """A body that ends in the middle, and one that never comes whole, keep nothing; the whole one is answered."""
    words = "cut in the middle"
    whole = json.dumps({"service": "RP-SEWER", "place": "120404", "description": words}).encode()
    for body in (whole, b"step=check&service=RP-SEWER&place=120404&description=" + words.encode()):
        media = b"application/json" if body is whole else b"application/x-www-form-urlencoded"
        where = b"/api/v1/window/requests" if body is whole else b"/en/report"
        line = socket.create_connection(("127.0.0.1", hall.port), timeout=10)
        line.sendall(
            b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (where, media, len(body) + 50)
            + body
        )  # fmt: skip
        line.shutdown(socket.SHUT_WR)
        with suppress(OSError):
            answer = line.recv(65536)
            assert not answer or b" 400 " in answer.split(b"\r\n")[0], answer[:300]
        line.close()
