"""Rehearse the day a hall's machine burns: back the demonstration year up under load, restore it on empty machines, compare.

python tools/restore_drill.py [--home FOLDER] [--report FILE]

A hall with 20,000 requests (made anew, or a copy of the one in FOLDER) runs on SQLite. While eight clients write it is
backed up and restored once. Then it is quiet: its backup is restored into an empty home with SQLite and one with
PostgreSQL, and the backup of that one into SQLite again. Every hall's pages, files and API answers are compared with
the first one's, byte for byte, as residents and staff see them. What may differ stands in `SET_ASIDE`, with the reason.
"""

import argparse
import html
import http.cookiejar
import io
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]
from tools.postgres import Cluster

from tests.hall import Hall

MOST_MINUTES = 10
WRITERS = 8
SET_ASIDE: dict[str, tuple[re.Pattern[bytes], bytes]] = {
    "the token and the key of a form: drawn anew for each page": (
        re.compile(rb'(name="(?:csrf\w*|idempotency\w*|key)" value=")[^"]*'),
        rb"\1",
    ),
    "'Counted': the minute in which each hall's own worker counted its figures": (
        re.compile("(Counted|រាប់នៅ)([:៖ ]*|</dt><dd>)<time [^>]*>[^<]*</time>".encode()),
        rb"\1",
    ),
    "who read a record: the comparison itself reads it, in each hall at its own minute": (
        re.compile(
            "<details>\\s*<summary>(?:Who read what the resident told|អ្នកបានអានព័ត៌មានដែលប្រជាពលរដ្ឋបានផ្តល់)</summary>.*?</details>".encode(),
            re.S,
        ),
        b"",
    ),
}
ADDRESS = {"SALA_PUBLIC_URL": "http://127.0.0.1"}
"""The same for all, as a restored hall has its old address: it stands in the QR codes of receipts."""
OF_A_SHEET = ("docProps/core.xml", "xl/styles.xml")
"""Parts of a spreadsheet that are not compared: when it was made; a style that differs between two processes of one hall."""
PUBLIC = (
    "/ledger/checkpoint", "/ledger/key", "/ledger/keys", "/km/ledger", "/en/ledger", "/km/", "/en/",
    "/km/places", "/en/places/12", "/km/places/1204", "/km/places/120404", "/en/places/020801", "/km/halls/120404",
    "/en/halls/020801", "/en/figures", "/km/figures/window.on_time", "/en/services", "/km/services", "/en/powers",
    "/en/holidays", "/api/v1/places/units.csv", "/api/v1/places/units.xlsx", "/api/v1/places/units?q=tuek",
    "/api/v1/window/services", "/api/v1/window/services.csv", "/api/v1/window/services.xlsx", "/api/v1/offices/offices",
    "/api/v1/offices/offices.csv", "/api/v1/offices/offices.xlsx", "/api/v1/measures", "/api/v1/measures/figures?measure=window.on_time",
    "/api/v1/measures/figures.csv?measure=window.on_time", "/api/v1/measures/figures.xlsx?measure=window.on_time",
    "/api/v1/openapi.json",
)  # fmt: skip
STAFF = (
    "clerk120404",
    "chief120404",
    "frontdesk120404",
    "clerk020801",
    "window1204",
    "ministry",
    "auditor",
    "admin",
)
WORK = (
    "/km/work", "/en/work?view=late", "/en/work?view=all&page=2", "/km/work?view=done&sort=-number", "/en/work?view=all&q=RP-SEWER",
    "/en/work/list-all.csv", "/km/work/list-todo.xlsx", "/en/work/list-done.json", "/api/v1/window/requests?page_size=100",
    "/api/v1/window/requests.csv", "/api/v1/window/requests.xlsx", "/api/v1/window/requests?sort=-created&state=done",
    "/api/v1/offices/appointments", "/en/powers",
)  # fmt: skip
NOT_FOLLOWED = re.compile(
    r"sign-out|/account|/static/|/healthz|/readyz|/metrics|/events|\.ics$|sign-in|/docs"
)


class Visitor:
    """Somebody with cookies, in one hall."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(jar)

    def get(self, path: str) -> tuple[int, str, bytes]:
        """Status, media type and body."""
        try:
            with self.opener.open(self.hall.url + path, timeout=120) as answer:
                return answer.status, answer.headers.get("Content-Type", ""), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers.get("Content-Type", ""), error.read()

    def sign_in(self, username: str) -> bool:
        """With the demonstration's password."""
        account = self.hall.accounts.get(username)
        if account is None:
            return False
        _, _, page = self.get("/en/sign-in")
        token = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        data = {
            "csrfmiddlewaretoken": token[1].decode() if token else "",
            "login": username,
            "username": username,
            "password": account["password"],
        }
        request = urllib.request.Request(
            f"{self.hall.url}/en/sign-in", urllib.parse.urlencode(data).encode(), {"Referer": self.hall.url}
        )
        with self.opener.open(request, timeout=60) as answer:
            return b"sign-out" in answer.read() or "sign-in" not in answer.url


def links(page: bytes, media: str) -> Iterator[str]:
    """The addresses in this hall that a page leads to."""
    if not media.startswith("text/html"):
        return
    for found in re.findall(rb'(?:href|src)="(/[^"#]*)', page):
        path = html.unescape(found.decode())
        if not path.startswith("//") and not NOT_FOLLOWED.search(path):
            yield path


def plain(body: bytes, media: str, hall: Hall) -> bytes:
    """What is compared: without what is set aside, and without the port each hall has in this rehearsal."""
    if "spreadsheet" in media:
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            return b"".join(book.read(name) for name in sorted(book.namelist()) if name not in OF_A_SHEET)
    body = body.replace(hall.url.encode(), b"http://hall")
    for pattern, kept in SET_ASIDE.values():
        body = pattern.sub(kept, body)
    return body


def compare(first: Hall, other: Hall, codes: list[str], most: int) -> tuple[int, list[str]]:
    """How many answers were compared, and which differ."""
    count, different = 0, []
    seeds = {
        "": [
            *PUBLIC,
            *(
                f"/{language}/requests/{code}{tail}"
                for code in codes
                for language in ("km", "en")
                for tail in ("", "/receipt")
            ),
        ]
    }
    seeds |= {username: list(WORK) for username in STAFF}
    for username, paths in seeds.items():
        one, two = Visitor(first), Visitor(other)
        if username and not (one.sign_in(username) and two.sign_in(username)):
            continue
        waiting, seen = list(paths), set(paths)
        limit = max(most, len(paths))
        while waiting and limit:
            path = waiting.pop(0)
            limit -= 1
            mine, theirs = one.get(path), two.get(path)
            count += 1
            if mine[:2] != theirs[:2] or plain(mine[2], mine[1], first) != plain(theirs[2], theirs[1], other):
                different.append(f"{username or 'resident'} {path} ({mine[0]}, {theirs[0]})")
                Path(tempfile.gettempdir(), f"drill-{len(different)}-a").write_bytes(
                    plain(mine[2], mine[1], first)
                )
                Path(tempfile.gettempdir(), f"drill-{len(different)}-b").write_bytes(
                    plain(theirs[2], theirs[1], other)
                )
            for link in links(mine[2], mine[1]):
                if link not in seen:
                    seen.add(link)
                    waiting.append(link)
    return count, different


def write(hall: Hall, done: threading.Event, acknowledged: list[tuple[str, str]], writer: int) -> None:
    """Send reports until told to stop; remember what was acknowledged."""
    number = 0
    while not done.is_set():
        number += 1
        body = {
            "service": "RP-SEWER", "place": "12040402", "description": f"writer {writer}, {number}",
            "name": "សាកល្បង", "phone": "012000000", "language": "km",
        }  # fmt: skip
        request = urllib.request.Request(
            f"{hall.url}/api/v1/window/requests",
            json.dumps(body).encode(),
            {
                "Content-Type": "application/json",
                "X-Forwarded-For": f"10.{writer}.{number // 250}.{number % 250}",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                told = json.load(answer)
                acknowledged.append((told["number"], told["code"]))
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503):  # refused, with the sentence when to come again
                raise
            time.sleep(0.2)


def settle(hall: Hall) -> None:
    """All sealed, bound and counted, as a hall is at night."""
    hall.sala("jobs", "run", "ledger.looks")
    until = time.monotonic() + 120
    while json.loads(hall.sala("ledger", "verify", "--json").stdout)["waiting"] and time.monotonic() < until:
        time.sleep(1)
    hall.sala("measures", "roll-up")


@contextmanager
def resting(*halls: Hall) -> Iterator[None]:
    """No background work meanwhile: it would bind into one hall's ledger that its records were read for the comparison."""
    workers = [pid for hall in halls for pid in hall.pids("worker")]
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGCONT)


def timed(say: Callable[[str], None], what: str, act: Callable[[], object]) -> float:
    begun = time.monotonic()
    act()
    took = time.monotonic() - begun
    say(f"{what}: {took:.1f} s")
    return took


def rehearse(home: Path, folder: Path, cluster: Cluster, most: int, say: Callable[[str], None]) -> bool:
    """The whole drill; whether all held."""
    good = True
    first = Hall(
        home, extra={**ADDRESS, "SALA_PROXIES": "127.0.0.1/32"}
    )  # each report from another address: they are limited
    first.sala("migrate")
    rows = json.loads(first.sala("ledger", "verify", "--json").stdout)
    say(
        f"the hall: {rows['size']:,} entries, {rows['records']:,} records, {(home / 'sala.sqlite3').stat().st_size / 1e6:.0f} MB of SQLite"
    )
    first.start()
    restored: list[Hall] = []

    def stand(name: str, backup: Path, keys: Path, database: str = "") -> Hall:
        nonlocal good
        hall = Hall(folder / name, database, extra=dict(ADDRESS))
        took = timed(
            say,
            f"restore into an empty {'PostgreSQL' if database else 'SQLite'} ({name})",
            lambda: hall.sala("restore", str(backup), "--keys", str(keys), timeout=1800),
        )
        good &= took < MOST_MINUTES * 60
        return hall

    def back_up(hall: Hall, name: str) -> tuple[Path, Path]:
        file, keys = folder / f"{name}.tar.gz", folder / f"{name}-keys.tar.gz"
        timed(
            say, f"backup ({name})", lambda: hall.sala("backup", str(file), "--keys", str(keys), timeout=1800)
        )
        say(f"  {file.stat().st_size / 1e6:.1f} MB")
        return file, keys

    try:
        acknowledged: list[tuple[str, str]] = []
        done = threading.Event()
        writers = [
            threading.Thread(target=write, args=(first, done, acknowledged, each), daemon=True)
            for each in range(WRITERS)
        ]
        for writer in writers:
            writer.start()
        time.sleep(5)
        before = [number for number, _ in acknowledged]
        busy = back_up(first, "busy")
        during = len(acknowledged) - len(before)
        done.set()
        for writer in writers:
            writer.join(90)
        say(
            f"  under {WRITERS} writers: {len(before)} acknowledged before it began, {during} while it was made"
        )
        loaded = stand("busy", *busy)
        shown = [
            loaded.sala("window", "show", number, check=False).returncode
            for number in (before[0], before[-1])
        ]
        good &= shown == [0, 0] and during > 0
        settle(first)
        quiet = back_up(first, "quiet")
        codes = [code for _, code in acknowledged[:10]]
        same = stand("same", *quiet)
        grown = stand("grown", *quiet, database=cluster.url)
        restored = [same, grown]
        for hall in restored:
            hall.start()
        again = back_up(grown, "again")
        shrunk = stand("shrunk", *again)
        restored.append(shrunk.start())
        with resting(first, *restored):
            for name, hall in (
                ("SQLite -> SQLite", same),
                ("SQLite -> PostgreSQL", grown),
                ("SQLite -> PostgreSQL -> SQLite", shrunk),
            ):
                count, different = compare(first, hall, codes, most)
                say(f"{name}: {count} answers compared, {len(different)} differ")
                for path in different[:20]:
                    say(f"  differs: {path}")
                good &= not different and count > 500
                good &= json.loads(hall.sala("ledger", "verify", "--json").stdout)["ok"]
    finally:
        for hall in (first, *restored):
            hall.stop()
    return good


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, help="A hall to rehearse with; it is copied.")
    parser.add_argument("--pages", type=int, default=150, help="Answers compared for each person, at most.")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="sala-drill-"))
    cluster = Cluster()
    begun = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - begun:7.1f} s  {text}", flush=True)

    try:
        home = folder / "first"
        if given.home:
            shutil.copytree(given.home, home, ignore=shutil.ignore_patterns("static", "*.log"))
        else:
            timed(say, "a demonstration year", lambda: Hall(home).sala("init", "--demo", timeout=1800))
        cluster.start()
        good = rehearse(home, folder, cluster, given.pages, say)
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(
        "set aside in the comparison:", *SET_ASIDE, f"of spreadsheets: {', '.join(OF_A_SHEET)}", sep="\n  - "
    )
    print("HELD" if good else "DID NOT HOLD")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
