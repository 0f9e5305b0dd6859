"""A line that breaks where it is told to: between a browser and a hall, and a report that is sent over it."""

import contextlib
import re
import socket
import sqlite3
import struct
import threading
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import psycopg
from playwright.sync_api import Page, expect

from tests.browser.walk import photo
from tests.hall import Hall

WHERE = ("connect", "head", "body", "unanswered", "answer", "received")
"""Where a line breaks: before anything went out, in the head or the body of what is sent, when all was taken but nothing
answered, within the answer, or within the page that shows the number."""
_FORM = re.compile(rb"POST /(km|en)/(report|services/[^/ ]+/apply|work/new)[ ?]")
_RECEIVED = re.compile(rb"GET /(km|en)/requests/[^/ ]+/received[ ?]")


@dataclass(frozen=True)
class Cut:
    """One break: ``where`` of WHERE, after which part (0 to 1) of that stretch, and whether by a reset or a plain end."""

    where: str
    part: float = 0.5
    reset: bool = True


@dataclass
class Line:
    """Listens on ``port`` and passes on to a hall, one request a connection. After a cut it is dead until `mend`."""

    hall: Hall
    dead: bool = False
    plan: Cut | None = None
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self.listener.getsockname()[1])
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def mend(self, plan: Cut | None = None) -> None:
        """Alive again; ``plan`` breaks the next form."""
        self.plan, self.dead = plan, False

    def close(self) -> None:
        self.listener.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            client.settimeout(60)
            if self.dead:
                return _end(client, reset=True)
            head, body = _read(client)
            if not head:
                return None
            cut = self._take(head)
            self.log.append(f"{head.split(b' HTTP', 1)[0].decode()} {cut.where if cut else ''}")
            if cut is not None and cut.where == "connect":
                return _end(client, reset=cut.reset)
            sent = (
                re.sub(rb"(?im)^connection:[^\r]*\r\n", b"", head)[:-2] + b"Connection: close\r\n\r\n" + body
            )
            stop = len(sent)
            if cut is not None and cut.where == "head":
                stop = max(1, int(len(head) * cut.part))
            if cut is not None and cut.where == "body":
                stop = len(head) + int(len(body) * cut.part)
            with socket.create_connection(("127.0.0.1", self.hall.port), timeout=60) as server:
                server.sendall(sent[:stop])
                if stop < len(sent):
                    return _end(client, reset=cut is not None and cut.reset)
                answer = b"".join(iter(lambda: server.recv(65536), b""))
            if cut is not None:
                least = 0 if cut.where == "unanswered" else int((len(answer) - 1) * cut.part)
                client.sendall(answer[:least])
                # A head that plainly ends half-way passes for a whole one without TLS: browsers refuse it only with.
                return _end(client, reset=cut.reset or cut.where == "answer")
            client.sendall(answer)
        return None

    def _take(self, head: bytes) -> Cut | None:
        """The cut that is due for this request; from that moment the line is dead."""
        wanted = _RECEIVED if self.plan is not None and self.plan.where == "received" else _FORM
        if self.plan is None or not wanted.match(head):
            return None
        self.dead = True
        cut, self.plan = self.plan, None
        return cut


def _read(client: socket.socket) -> tuple[bytes, bytes]:
    """Head and body of one request."""
    found = b""
    while b"\r\n\r\n" not in found:
        more = client.recv(65536)
        if not more:
            return b"", b""
        found += more
    head, _, body = found.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    while length and len(body) < int(length[1]):
        more = client.recv(65536)
        if not more:
            return b"", b""
        body += more
    return head + b"\r\n\r\n", body


def _end(client: socket.socket, *, reset: bool) -> None:
    if reset:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def numbers(hall: Hall, words: str) -> list[str]:
    """The numbers of all requests that hold these words, read from the hall's own tables."""
    sql = "SELECT number FROM window_request WHERE description LIKE {}"
    if hall.database:
        with psycopg.connect(hall.database) as database:
            return [row[0] for row in database.execute(sql.format("%s"), [f"%{words}%"])]
    with contextlib.closing(sqlite3.connect(hall.home / "sala.sqlite3", timeout=30)) as database:
        return [row[0] for row in database.execute(sql.format("?"), [f"%{words}%"])]


@dataclass
class Reporter:
    """Somebody with a phone on a bad line."""

    line: Line
    page: Page
    folder: Path
    language: str = "km"

    def address(self, path: str) -> str:
        return f"{self.line.url}/{self.language}/{path}"

    def forward(self) -> None:
        self.page.locator(".btns button[name=next]").click()

    def where(self) -> None:
        """The question where it is, with the commune chosen."""
        self.page.goto(self.address("report?service=RP-SEWER&place=120404"))
        self.page.locator("select[name=village]").select_option(index=1)

    def written(self, words: str) -> None:
        """Everything typed: the page that shows it before it is sent, with the worker awake."""
        self.where()
        self.forward()
        self.page.locator("textarea[name=description]").fill(words)
        self.page.locator("input[name=phone]").fill("012 000 317")
        self.forward()
        expect(self.page.locator("dl.dl")).to_be_visible()
        self.ready()

    def ready(self) -> None:
        """The worker is awake (the next sending goes through it), and has the page for no network."""
        there = self.page.evaluate(
            """async () => {
                 const path = location.pathname.slice(0, 3) + "/offline", pause = () => new Promise((done) => setTimeout(done, 50));
                 for (let tries = 0; tries < 400; tries++) {
                   const cache = await caches.open("sala-shells");
                   const at = await navigator.serviceWorker.getRegistration();
                   if (at && at.active && await cache.match(path, { ignoreVary: true })) return true;
                   await pause();
                 }
                 return false;
               }"""
        )
        assert there, "the service worker did not wake within 20 seconds"

    def with_photo(self, words: str) -> None:
        """Back from there to the photos, one chosen and not sent yet."""
        self.written(words)
        self.page.locator("button[name=edit][value=where]").first.click()
        self.page.locator("input[type=file]").set_input_files(photo(self.folder))

    def stopped(self) -> None:
        """The page for no network is there and has worked out what it is there for."""
        self.page.locator("#unsent:not([hidden]), #gone:not([hidden])").first.wait_for(timeout=20_000)

    def keep(self) -> None:
        """The offer is taken."""
        self.page.locator("[data-do=keep]").click()
        expect(self.page.locator("#kept")).to_be_visible()

    def rows(self) -> list[dict[str, object]]:
        """What lies on the phone."""
        return self.page.evaluate(  # type: ignore[no-any-return]
            """() => new Promise((done) => {
                 const open = indexedDB.open("sala-kept", 1);
                 open.onupgradeneeded = () => open.result.createObjectStore("kept", { keyPath: "key" });
                 open.onsuccess = () => {
                   const asked = open.result.transaction("kept").objectStore("kept").getAll();
                   asked.onsuccess = () => { open.result.close(); done(asked.result.map((row) => ({
                     key: row.key, state: row.state, at: row.at, number: row.number || "", fields: row.fields || [], files: (row.files || []).length }))); };
                 };
               })"""
        )

    def number(self) -> str:
        """The number on the screen."""
        return self.page.locator(".done .no").inner_text(timeout=20_000).strip()


def drawn(draw: Random) -> Cut:
    """A break anywhere."""
    return Cut(draw.choice(WHERE), draw.random(), draw.random() < 0.5)


def survive(reporter: Reporter, words: str, draw: Random) -> str:
    """One report over a line that breaks, ended as a patient person ends it; returns the number that was seen."""
    line, page = reporter.line, reporter.page
    line.mend()
    if draw.random() < 0.25:
        reporter.with_photo(words)
        first = Cut(draw.choice(WHERE[:-1]), draw.random(), draw.random() < 0.5)
        keeps = True  # trying again would only lead on to the next page
    else:
        reporter.written(words)
        first = drawn(draw)
        keeps = draw.random() < 0.5
    line.mend(first)
    reporter.forward()
    for _ in range(draw.choice((0, 0, 1, 2))):
        reporter.stopped()
        if first.where == "received" or keeps or page.locator("#gone").is_visible():
            break
        again = Cut(draw.choice(WHERE[:-1]), draw.random(), draw.random() < 0.5)
        line.mend(again)
        with page.expect_navigation():
            page.locator("[data-do=again]").click()
    reporter.stopped()
    if page.locator("#gone").is_visible():  # it was received; only its page was torn
        line.mend()
        page.locator("#gone a").click()
        return reporter.number()
    if not keeps:
        line.mend()
        page.locator("[data-do=again]").click()
        return reporter.number()
    reporter.keep()
    return _later(reporter, draw)


def _later(reporter: Reporter, draw: Random) -> str:
    """What is kept is sent: by hand or on the next visit, perhaps over one more break."""
    line, page = reporter.line, reporter.page
    if draw.random() < 0.4:
        line.mend(Cut(draw.choice(WHERE[:-1]), draw.random(), draw.random() < 0.5))
        page.locator("#kept [data-do=send]").click()
        expect(page.locator("#said")).to_have_text(page.locator("#said").get_attribute("data-still") or "-")
    line.mend()
    if draw.random() < 0.5:
        page.locator("#kept [data-do=send]").click()
    else:
        page.goto(reporter.address(draw.choice(("", "services", "report"))))
        page.wait_for_timeout(300)
        page.goto(reporter.address("offline"))
        page.locator("#kept [data-do=see]").click()
    return reporter.number()
