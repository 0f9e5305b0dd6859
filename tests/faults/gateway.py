"""Do notices wait while the mail gateway is down, is it told, and are they delivered once it is back?"""

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from tests.faults.writers import call, connected, from_somewhere
from tests.hall import Hall


class _Mailbox(socketserver.StreamRequestHandler):
    """As much of SMTP as a sender needs."""

    def handle(self) -> None:
        def say(text: str) -> None:
            self.wfile.write(text.encode() + b"\r\n")

        say("220 mail")
        data = None
        while line := self.rfile.readline():
            if data is not None:
                if line == b".\r\n":
                    self.server.messages.append(b"".join(data))  # type: ignore[attr-defined]
                    data = None
                    say("250 taken")
                else:
                    data.append(line)
                continue
            word = line[:4].upper()
            if word == b"DATA":
                data = []
                say("354 go on")
            elif word == b"QUIT":
                say("221 bye")
                return
            else:
                say("250 mail")


class Gateway(socketserver.ThreadingTCPServer):
    """A mail server on 127.0.0.1 that keeps what it is given."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Mailbox)
        self.messages: list[bytes] = []


@contextmanager
def gateway(port: int) -> Iterator[Gateway]:
    """The mail server while the block lasts."""
    server = Gateway(port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def url(port: int) -> str:
    """SALA_EMAIL_URL for it."""
    return f"smtp://127.0.0.1:{port}?from=hall@example.org"


def run(hall: Hall, port: int, *, tries: int = 2, notices: int = 3) -> dict[str, object]:
    """Requests with an e-mail address while nobody listens at ``port``; then somebody does."""
    words = [f"mail {index}" for index in range(notices)]
    for each in words:
        body = {"service": "RP-SEWER", "place": "120404", "description": each, "email": "someone@example.org"}
        status, answer, _ = call(hall, "window/requests", body, **{"X-Forwarded-For": from_somewhere()})
        assert status == 201, answer
    with connected(hall) as ask:

        def waiting() -> list[tuple[int, float, str]]:
            rows = ask(
                "SELECT attempts, next_at, changed, state FROM notices_notice WHERE state IN ('temporary', 'created', 'sending')"
            )
            return [
                (attempts, _seconds(next_at) - _seconds(changed), state)
                for attempts, next_at, changed, state in rows
            ]

        def until_tried(times: int) -> list[float]:
            """The waits of those that were tried so often; the others are left alone while nobody listens."""
            end = time.monotonic() + 90
            while True:
                rows = waiting()
                tried = [each[1] for each in rows if each[0] >= times and each[2] == "temporary"]
                if len(rows) == notices and tried:
                    return tried
                assert time.monotonic() < end, rows
                _hurry(hall, below=times)
                time.sleep(0.2)

        waits = [round(max(until_tried(times))) for times in range(1, tries + 1)]
        assert waits == sorted(set(waits)), f"the waits do not grow: {waits}"
        told = hall.sala("doctor", check=False).stdout
        assert "mail server" in told and "does not answer" in told, told
        with gateway(port) as server:
            end = time.monotonic() + 90
            while len(server.messages) < notices or waiting():
                assert time.monotonic() < end, (len(server.messages), waiting())
                _hurry(hall)
                time.sleep(0.5)
            time.sleep(1)
            assert len(server.messages) == notices, "a message was sent twice"
        return {"waits (s)": waits, "delivered": len(server.messages)}


def _seconds(moment: object) -> float:
    parsed = moment if isinstance(moment, datetime) else datetime.fromisoformat(str(moment))
    return parsed.timestamp()


def _hurry(hall: Hall, below: int = 1000) -> None:
    """Let the waits of messages tried less often and of the gateway be over: nobody wants to wait for them in a test."""
    import sqlite3

    import psycopg

    both = (
        f"UPDATE notices_notice SET next_at = changed WHERE state = 'temporary' AND attempts < {below:d}",
        "UPDATE notices_gateway SET closed_until = NULL",
    )
    if hall.database:
        with psycopg.connect(hall.database, autocommit=True) as line:
            for sql in both:
                line.execute(sql)
    else:
        file = sqlite3.connect(hall.home / "sala.sqlite3", timeout=30, isolation_level=None)
        for sql in both:
            file.execute(sql)
        file.close()
