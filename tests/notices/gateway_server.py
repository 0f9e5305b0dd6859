"""A small real HTTP server on 127.0.0.1 for tests that plays an SMS gateway and Telegram's Bot API, as badly as told."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Gateway:
    """``mode``: "" (take), "500" or another status, "cut" (take and hang up without an answer), "cut before" (hang up and
    take nothing), "late" (take and answer after ``late`` seconds), "long" (an endless answer), "garbled".

    ``knows``: a message whose id came before is taken but not sent on once more. ``sent`` counts what reached the phones.
    """

    mode: str = ""
    knows: bool = False
    late: float = 1.0
    answer: dict[str, Any] = field(default_factory=lambda: {"state": "queued", "id": "gw-1"})
    sent: Counter[str] = field(default_factory=Counter)
    ids: Counter[str] = field(default_factory=Counter)
    requests: list[tuple[str, str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    states: dict[str, str] = field(default_factory=dict)
    updates: list[dict[str, Any]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    port: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def take(self, said: dict[str, Any]) -> None:
        """Send on to the phone."""
        identity, to = str(said.get("id", "")), str(said.get("to") or said.get("chat_id"))
        self.ids[identity] += 1
        if self.knows and self.ids[identity] > 1:
            return
        self.sent[f"{to} {said.get('text')}"] += 1
        self.states[identity] = "delivered"


class Handler(BaseHTTPRequestHandler):
    server: "Server"
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the tests' output clean."""

    def do_GET(self) -> None:
        gateway, parts = self.server.gateway, urlsplit(self.path)
        said = {name: values[0] for name, values in parse_qs(parts.query).items()}
        gateway.requests.append(("GET", parts.path, dict(self.headers), said))
        if parts.path.startswith("/messages/"):
            if gateway.mode.isdigit():
                self.say(int(gateway.mode), {})
                return
            found = gateway.states.get(parts.path.rpartition("/")[2])
            self.say(200 if found else 404, {"state": found})
        else:
            self.message(said)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        said: dict[str, Any]
        if "json" in self.headers.get("Content-Type", ""):
            said = json.loads(body)
        else:
            said = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        self.server.gateway.requests.append(("POST", self.path, dict(self.headers), said))
        if self.path.endswith("/getUpdates"):
            self.listened(said)
        else:
            self.message(said)

    def listened(self, said: dict[str, Any]) -> None:
        gateway = self.server.gateway
        gateway.updates = [each for each in gateway.updates if each.get("update_id", 0) >= said["offset"]]
        self.say(200, {"ok": True, "result": gateway.updates[: said["limit"]]})

    def message(self, said: dict[str, Any]) -> None:
        gateway = self.server.gateway
        mode = gateway.mode
        if mode.isdigit():
            self.say(int(mode), {"ok": False, "parameters": {"retry_after": 40}})
            return
        if mode != "cut before":
            gateway.take(said)
        if mode.startswith("cut"):
            self.close_connection = True
            return
        if mode == "late":
            time.sleep(gateway.late)
        if mode == "long":
            self.raw(b"x" * 200_000)
        elif mode == "garbled":
            self.raw(b"<html>taken?")
        else:
            self.say(200, {"ok": True, "result": {"message_id": 77}, **gateway.answer})

    def say(self, status: int, answer: dict[str, Any]) -> None:
        self.raw(json.dumps(answer).encode(), status)

    def raw(self, body: bytes, status: int = 200) -> None:
        with suppress(ConnectionError):
            self.send_response(status)
            for name, value in self.server.gateway.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    gateway: Gateway


@contextmanager
def gateway_server(gateway: Gateway) -> Iterator[Gateway]:
    """Run it; leaving the block takes it down. A gateway that had a port keeps it: it is the same one, back again."""
    with Server(("127.0.0.1", gateway.port), Handler) as server:
        server.gateway = gateway
        gateway.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield gateway
        finally:
            server.shutdown()
            thread.join()
