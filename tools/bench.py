"""Measure what a request costs: CPU of the server's process tree, beside bare Django views in the same process, on both databases.

make bench                                    python tools/bench.py [--total 200000] [--most 1000000] [--rounds 7] [--each 120]
python tools/bench.py --short                 a quick look: few requests, few rounds, no growth, no browser
python tools/bench.py --write docs/performance.md
python tools/bench.py --crowd ...             16 users who each ask once a second (bench_crowd.py, whose options follow)
python tools/bench.py --holiday ...           adding a public holiday with 10,000 open requests (bench_holiday.py)

Prints ratios first, milliseconds second. Writes nothing into the repository unless --write says so.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import bench_report
import packages
import postgres
from bench_server import Caller, Server, cpu, descendants, memory

SALA = Path(sys.executable).parent / "sala"
TOOLS = Path(__file__).parent
COMMUNE, CLERK = "120404", "clerk120404"
OFFICERS = {"province": "governor12", "nation": "ministry"}
SEARCHED = ("tek laak 1", "ទឹកល្អក់ទី១", "120404", "battambang", "tek laok 1")
GROWING = ("intake", "queue", "record", "tracking", "home", "province", "nation", "last", "found")
SLICE = 10
"""Requests of one side before it is the other's turn."""
RACED = ("queue", "record", "tracking", "intake")

Send = Callable[[int], object]
Case = tuple[Send, Send]


def expect(status: int, got: tuple[int, bytes], what: str) -> bytes:
    if got[0] != status:
        raise SystemExit(f"{what}: answered {got[0]}: {got[1][:300]!r}")
    return got[1]


def intake_body(number: int) -> bytes:
    """What a resident sends: a blocked sewer, with a telephone number."""
    body = {
        "service": "RP-SEWER",
        "place": COMMUNE + "01",
        "description": f"ទឹកស្ទះលូនៅមុខផ្ទះ លេខ {number}",
        "phone": "012345678",
        "name": "សុខ តារា",
    }
    return json.dumps(body).encode()


def signed_in(server: Server, username: str, password: str) -> Caller:
    """Somebody who has signed in through the page."""
    caller = Caller(server.port)
    form = expect(200, caller("GET", "/km/sign-in"), "sign-in").decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    typed = {
        "login": username,
        "username": username,
        "password": password,
        "csrfmiddlewaretoken": token[1] if token else "",
    }
    kind = "application/x-www-form-urlencoded"
    expect(302, caller("POST", "/km/sign-in", urlencode(typed).encode(), Content_Type=kind), "sign-in")
    return caller


class Hall:
    """One database with its server: what is asked of it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        accounts = json.loads((server.home / "demo" / "accounts.json").read_text(encoding="utf-8"))
        self.passwords = {row["username"]: row["password"] for row in accounts}
        self.public, self.bare = Caller(server.port), Caller(server.port)
        self.made = json.loads(self._intake(self.public, 0))
        self.staff = signed_in(server, CLERK, self.passwords[CLERK])

    def _intake(self, caller: Caller, number: int) -> bytes:
        headers = {"Content_Type": "application/json", "Idempotency_Key": str(uuid4())}
        return expect(
            201, caller("POST", "/api/v1/window/requests", intake_body(number), **headers), "intake"
        )

    def _get(self, caller: Caller, path: str) -> Send:
        return lambda number: expect(200, caller("GET", path), path)

    def _search(self, caller: Caller, path: str) -> Send:
        found = [f"{path}?{urlencode({'q': text})}" for text in SEARCHED]
        return lambda number: expect(200, caller("GET", found[number % len(found)]), "search")

    def _bare_intake(self, number: int) -> None:
        made = self.bare("POST", "/bare/create", intake_body(number), Content_Type="application/json")
        expect(201, made, "bare intake")

    def pairs(self) -> dict[str, Case]:
        """Each case as a pair: Sala's request, and the bare view's."""
        key, bare, public = self.made["id"], self.bare, self.public
        return {
            "intake": (lambda number: self._intake(public, number), self._bare_intake),
            "queue": (
                self._get(self.staff, "/km/work?page_size=50"),
                self._get(bare, f"/bare/queue/{COMMUNE}"),
            ),
            "record": (
                self._get(self.staff, f"/km/work/requests/{key}"),
                self._get(bare, f"/bare/record/{key}"),
            ),
            "tracking": (
                self._get(public, f"/km/requests/{self.made['code']}"),
                self._get(bare, f"/bare/tracking/{key}"),
            ),
            "home": (self._get(public, "/km/"), self._get(bare, "/bare/home")),
            "search": (self._search(public, "/api/v1/places/search"), self._search(bare, "/bare/search")),
        }

    def growing(self) -> dict[str, Case]:
        """Pages whose cost must not grow with the number of requests, each beside work that is always the same."""
        spin = self._get(self.bare, "/bare/spin")
        found = {name: pair[0] for name, pair in self.pairs().items() if name in GROWING}
        for name, username in OFFICERS.items():
            officer = signed_in(self.server, username, self.passwords[username])
            found[name] = self._get(officer, "/km/work")
        found["last"] = self._get(self.staff, "/km/work?view=done&sort=-done")
        found["found"] = self._get(self.staff, f"/km/work?view=all&q={self.made['number']}")
        return {name: (send, spin) for name, send in found.items()}


@dataclass
class Cost:
    """CPU milliseconds a request in each round: of the server, and of the database's processes beside it."""

    server: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)

    def total(self) -> list[float]:
        return [one + other for one, other in zip(self.server, self.beside, strict=True)]


Costs = dict[str, tuple[Cost, Cost]]


def measure(server: Server, database: int | None, pairs: dict[str, Case], rounds: int, each: int) -> Costs:
    """Interleaved: in each round every case, Sala and bare in turn by `SLICE`, so that what the machine does besides meets both."""
    costs = {name: (Cost(), Cost()) for name in pairs}
    for pair in pairs.values():  # warm
        for send in pair:
            for number in range(6):
                send(number)
    for turn in range(rounds):
        for name, pair in pairs.items():
            spent = [[0.0, 0.0], [0.0, 0.0]]
            for begin in range(0, each, SLICE):
                for side in (0, 1) if (turn + begin // SLICE) % 2 == 0 else (1, 0):
                    before = _spent(server, database)
                    for number in range(begin, min(begin + SLICE, each)):
                        pair[side](number)
                    for place, seconds in enumerate(_spent(server, database)):
                        spent[side][place] += seconds - before[place]
            for cost, (own, beside) in zip(costs[name], spent, strict=True):
                cost.server.append(own * 1000 / each)
                cost.beside.append(beside * 1000 / each)
    return costs


def _spent(server: Server, database: int | None) -> tuple[float, float]:
    """Seconds of CPU so far: the server's, and the database's processes beside it."""
    return cpu(server.pids()), cpu(list(descendants(database))) if database else 0.0


def race(hall: Hall, connections: int, seconds: float) -> dict[str, float]:
    """Requests a second of the whole machine, so many connections asking as fast as they are answered."""
    found = {}
    for name in RACED:
        callers = [Caller(hall.server.port) for _ in range(connections)]
        for caller in callers:
            caller.cookies = dict(hall.staff.cookies)
        path = {
            "queue": "/km/work?page_size=50",
            "record": f"/km/work/requests/{hall.made['id']}",
            "tracking": f"/km/requests/{hall.made['code']}",
        }.get(name)
        done = [0] * connections
        end = time.monotonic() + seconds

        def ask(place: int, callers: list[Caller] = callers, path: str | None = path, name: str = name,
                done: list[int] = done, end: float = end) -> None:  # fmt: skip
            while time.monotonic() < end:
                if path:
                    expect(200, callers[place]("GET", path), name)
                else:
                    callers[place].cookies = {}
                    hall._intake(callers[place], done[place])
                done[place] += 1

        threads = [threading.Thread(target=ask, args=(place,)) for place in range(connections)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=seconds + 60)
        found[name] = sum(done) / (time.monotonic() - began)
    return found


@dataclass
class Result:
    """What was measured on one database."""

    kind: str
    init_seconds: float
    start_seconds: float = 0.0
    memory: int = 0
    costs: Costs = field(default_factory=dict)
    rates: dict[int, dict[str, float]] = field(default_factory=dict)
    grown: dict[int, Costs] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)


def grow(server: Server, total: int) -> None:
    """Multiply the requests in the database to ``total``; the server is closed meanwhile."""
    say(f"growing to {total:,} requests")
    subprocess.run(
        [sys.executable, TOOLS / "bench_grow.py", str(total)],
        env=server.environment,
        check=True,
        timeout=1800,
    )


def say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def run(kind: str, folder: Path, url: str, database: int | None, given: argparse.Namespace) -> Result:
    server = Server(folder / kind, url)
    say(f"{kind}: sala init --demo --requests {given.base}")
    began = time.monotonic()
    subprocess.run(
        [SALA, "init", "--demo", "--requests", str(given.base)],
        env=server.environment,
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=1800,
    )
    result = Result(kind, time.monotonic() - began)
    most = given.most if database or given.sqlite_too else 0
    for total in sorted({10_000, given.total, most} - {0}) if most else [given.total]:
        grow(server, total)
        result.start_seconds = server.start()
        try:
            hall = Hall(server)
            if total == given.total:
                say(f"{given.rounds} rounds")
                result.costs = measure(server, database, hall.pairs(), given.rounds, given.each)
                result.rates = {count: race(hall, count, given.seconds) for count in (1, 8)}
                result.memory = memory(server.pids())
                result.rows = json.loads(Caller(server.port)("GET", "/bare/rows")[1])
            if most and total in (10_000, most):
                say(f"pages with {total:,} requests")
                result.grown[total] = measure(server, database, hall.growing(), 5, max(10, given.each // 2))
            if given.page and total == given.total:
                given.pages[kind] = pages(hall)
        finally:
            server.stop()
    return result


def pages(hall: Hall) -> dict[str, object]:
    """A first visit to the home page and to a request's page on a slow phone."""
    import bench_phone

    say("a slow phone")
    base = f"http://127.0.0.1:{hall.server.port}"
    addresses = {"home": "/km/", "tracking": f"/km/requests/{hall.made['code']}", "report": "/km/report"}
    return {name: bench_phone.first_visit(base + path) for name, path in addresses.items()}


def main() -> int:
    for name in ("crowd", "holiday"):
        if sys.argv[1:2] == [f"--{name}"]:
            return subprocess.run([sys.executable, TOOLS / f"bench_{name}.py", *sys.argv[2:]]).returncode
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", type=int, default=1000, help="requests of the demonstration")
    parser.add_argument("--total", type=int, default=200_000, help="requests after multiplying them")
    parser.add_argument("--most", type=int, default=1_000_000, help="as many for the growth; 0 leaves it out")
    parser.add_argument("--sqlite-too", action="store_true", help="the growth in SQLite too")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--each", type=int, default=120, help="requests a case and round")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each race")
    parser.add_argument(
        "--short", action="store_true", help="2,000 requests, 3 rounds of 15, no growth, no browser"
    )
    parser.add_argument("--only", choices=["sqlite", "postgresql"], help="one database alone")
    parser.add_argument("--machine", default="", help="what the page calls this machine")
    parser.add_argument("--write", type=Path, help="write the page to this file too")
    given = parser.parse_args()
    given.page, given.pages = not given.short, {}
    if given.short:
        given.base, given.total, given.most, given.rounds, given.each, given.seconds = (
            500,
            2000,
            0,
            3,
            15,
            1.0,
        )
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sala.settings")
    if missing := packages.provide("chromium", "postgresql"):
        raise SystemExit(f"The bench needs {', '.join(missing)}.")
    began, before = datetime.now(UTC), bench_report.load()
    folder = Path(tempfile.mkdtemp(prefix="sala-bench-"))
    results = []
    try:
        if given.only != "postgresql":
            results.append(run("SQLite", folder, "", None, given))
        if given.only != "sqlite":
            cluster = postgres.Cluster()
            try:
                cluster.start()
                assert cluster.process
                results.append(run("PostgreSQL", folder, cluster.url, cluster.process.pid, given))
            finally:
                cluster.stop()
        server = Server(folder / results[0].kind, "")
        found = (
            [] if results[0].kind != "SQLite" else [sys.executable, str(TOOLS / "bench_places.py"), "1500"]
        )
        places = (
            subprocess.run(
                found, env=server.environment, check=True, capture_output=True, text=True, timeout=600
            ).stdout
            if found
            else ""
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    page = bench_report.report(results, given, (before, bench_report.load()), began, places)
    print(page)
    if given.write:
        given.write.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
