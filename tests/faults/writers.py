"""Who writes into a hall while it breaks: people and clerks with idempotency keys, who try again until they are answered."""

import http.client
import json
import random
import sqlite3
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import psycopg

from tests.hall import Hall

BROKEN = (OSError, http.client.HTTPException, ValueError)
"""No answer, or half of one: the line broke."""
PLACES = ("120404", "120401", "020801")
Answer = tuple[int, dict[str, Any], dict[str, str]]


def call(
    hall: Hall, path: str, body: Any = None, timeout: float = 60, method: str = "", **headers: str
) -> Answer:
    """Status, JSON and headers of an API call; a POST where there is a body. Raises one of `BROKEN` without an answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"{hall.url}/api/v1/{path}",
        data,
        {"Content-Type": "application/json", **headers},
        method=method or None,
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, json.loads(answer.read()), _headers(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read()), _headers(error)


def _headers(answer: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


def page(hall: Hall, path: str, timeout: float = 60, **headers: str) -> tuple[int, str]:
    """Status and text of a page."""
    request = urllib.request.Request(hall.url + path, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def token(hall: Hall, username: str) -> dict[str, str]:
    """The header of somebody who has signed in by the API."""
    account = hall.accounts[username]
    status, body, _ = call(hall, "tokens", {"username": username, "password": account["password"]})
    assert status == 201, body
    return {"Authorization": f"Bearer {body['token']}"}


def from_somewhere() -> str:
    """An address of somebody new, so that the limit for one network is not what is measured."""
    return f"10.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(1, 255)}"


@dataclass
class Acknowledged:
    """What a writer was told is done."""

    id: str
    number: str
    words: str
    acts: list[str] = field(default_factory=list)


class Writers:
    """Threads that write as long as they may. ``refused`` counts the clear refusals (503, 507) they met on the way."""

    def __init__(self, hall: Hall, many: int = 8, clerk: str = "clerk120404", pause: float = 0.0) -> None:
        self.hall, self.pause = hall, pause
        self.acknowledged: list[Acknowledged] = []
        self.faults: list[str] = []
        self.refused: Counter[int] = Counter()
        self.broken = 0
        self._given_up = False
        self._leave = threading.Event()
        self._clerk = token(hall, clerk)
        self._threads = [
            threading.Thread(target=self._write, args=(index % 4 == 0,), daemon=True) for index in range(many)
        ]

    def __enter__(self) -> "Writers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Let each finish what it has begun, however often it must ask; not after a failure."""
        self._leave.set()
        self._given_up = kind is not None
        if self._given_up:
            return
        for thread in self._threads:
            thread.join(120)
        assert not [thread for thread in self._threads if thread.is_alive()], (
            "a writer got no answer in two minutes"
        )

    def wait_for(self, more: int, patience: float = 120) -> None:
        """Until that many more are acknowledged."""
        until, enough = time.monotonic() + patience, len(self.acknowledged) + more
        while len(self.acknowledged) < enough:
            assert time.monotonic() < until, (
                f"{len(self.acknowledged)} of {enough} acknowledged; {self.faults[:3]}"
            )
            time.sleep(0.01)

    def _write(self, as_clerk: bool) -> None:
        while not self._leave.is_set():
            place = PLACES[0] if as_clerk else random.choice(PLACES)
            words = f"kept once {uuid4()}"
            body = self._sent(
                "window/requests", {"service": "RP-SEWER", "place": place, "description": words},
                {"X-Forwarded-For": from_somewhere()},
            )  # fmt: skip
            if body is None:
                return
            done = Acknowledged(body["id"], body["number"], words)
            if as_clerk:
                for act in ("take", "note"):
                    version = body["version"]
                    body = self._sent(
                        f"window/requests/{done.id}/{act}", {"text": words if act == "note" else ""},
                        {**self._clerk, "If-Match": f'"{version}"'},
                    )  # fmt: skip
                    if body is None:
                        return
                    done.acts.append(act)
            self.acknowledged.append(done)
            time.sleep(self.pause)

    def _sent(self, path: str, body: Any, headers: dict[str, str]) -> dict[str, Any] | None:
        """The answer, asked for with one key until it comes; None after an answer that is none of the expected."""
        key = str(uuid4())
        while not self._given_up:
            try:
                status, answer, _ = call(self.hall, path, body, 30, **headers, **{"Idempotency-Key": key})
            except BROKEN:
                self.broken += 1
                time.sleep(0.2)
                continue
            if status in (200, 201):
                return answer
            if status not in (503, 507):
                self.faults.append(f"{path}: {status} {answer}")
                return None
            self.refused[status] += 1
            time.sleep(0.1)
        return None


@contextmanager
def connected(hall: Hall) -> Iterator[Callable[[str], list[tuple[Any, ...]]]]:
    """A function that asks the hall's database itself."""
    if hall.database:
        with psycopg.connect(hall.database, autocommit=True) as line:
            yield lambda sql: line.execute(sql).fetchall()
    else:
        with closing(sqlite3.connect(hall.home / "sala.sqlite3", timeout=30)) as file:
            yield lambda sql: file.execute(sql).fetchall()


def examine(hall: Hall, done: list[Acknowledged], verify: bool = True) -> dict[str, int]:
    """Look for each acknowledgement in the database. Everything but ``acknowledged`` and ``acts`` must be 0."""
    with connected(hall) as ask:
        rows = {
            str(id).replace("-", ""): (number, words)
            for id, number, words in ask("SELECT id, number, description FROM window_request")
        }
        words = Counter(text for _, text in rows.values())
        steps = Counter(
            (str(id).replace("-", ""), act) for id, act in ask("SELECT request_id, act FROM window_event")
        )
        entries = Counter(
            (subject.replace("-", ""), act)
            for subject, act in ask("SELECT subject, act FROM ledger_entry WHERE kind = 'window.request'")
        )
        numbers: dict[str, list[int]] = {}
        for number, _ in rows.values():
            head, _, last = number.rpartition("-")
            numbers.setdefault(head, []).append(int(last))
    keys = [(one.id.replace("-", ""), one) for one in done]
    wanted = [(key, act) for key, one in keys for act in ("receive", *one.acts)]
    found = {
        "acknowledged": len(done),
        "acts": sum(len(one.acts) for one in done),
        "lost": sum(rows.get(key) != (one.number, one.words) for key, one in keys)
        + sum(not steps[each] for each in wanted),
        "double": sum(words[one.words] > 1 for one in done) + sum(steps[each] > 1 for each in wanted),
        "without entry": sum(entries[key, f"window.{act}"] != 1 for key, act in wanted),
        "half": sum(not steps[key, "receive"] or not entries[key, "window.receive"] for key in rows),
        "gaps": sum(max(each) - len(set(each)) + len(each) - len(set(each)) for each in numbers.values()),
    }
    if verify:
        hall.sala("ledger", "verify")
    return found


def content(found: dict[str, int]) -> None:
    """Raise AssertionError unless all is there once."""
    wrong = {name: value for name, value in found.items() if value and name not in ("acknowledged", "acts")}
    assert not wrong, found
