"""Measure what a request costs: CPU of the server's process tree, beside bare Django views in the same process, on both databases.

make bench                                    python tools/bench.py [--requests 20000] [--rounds 7] [--each 100]
python tools/bench.py --short                 a quick look: few requests, few rounds
python tools/bench.py --write docs/performance.md

Prints ratios first, milliseconds second. Writes nothing into the repository unless --write says so.
"""

import argparse
import gzip
import http.client
import json
import os
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

ROOT = Path(__file__).parents[1]
TOOLS = Path(__file__).parent
sys.path.insert(0, str(TOOLS))
import postgres

SALA = Path(sys.executable).parent / "sala"
COMMUNE, CLERK = "120404", "clerk120404"
SEARCHED = ("tek laak 1", "ទឹកល្អក់ទី១", "120404", "battambang", "tek laok 1")
BAR = {"intake": 1.3, "queue": 1.5, "record": 2.0, "tracking": 1.4}
BUSY = (
    " Other work shared the cores meanwhile: times are longer than on a calm machine, ratios hardly differ."
)
TITLES = {
    "intake": "take in a request (API)",
    "queue": "staff queue of 50",
    "record": "one record's page",
    "tracking": "a resident's tracking page",
    "home": "home page",
    "search": "place search (API)",
}


def descendants(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            children = (task / "children").read_text().split()
        except OSError:
            continue
        for child in children:
            yield from descendants(int(child))


def cpu(pids: list[int]) -> float:
    """Seconds of CPU of all threads of these processes, to the nanosecond where the kernel counts so."""
    total = 0.0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*"):
            try:
                total += int((task / "schedstat").read_text().split()[0]) / 1e9
            except (OSError, ValueError, IndexError):
                continue
    return total


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """One web server process with Sala and the bare views; no worker, so that nothing else uses its CPU."""

    home: Path
    database: str
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def environment(self) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("SALA_", "DJANGO_"))
        }
        path = os.pathsep.join([str(TOOLS), *filter(None, [kept.get("PYTHONPATH", "")])])
        return {**kept, "PYTHONPATH": path, "SALA_HOME": str(self.home), "SALA_DATABASE_URL": self.database}

    def start(self) -> float:
        """Open it; returns the seconds until it answered."""
        from sala.shell import serve

        command = [
            "bench_bare:application" if word == "sala.shell.serve:application" else word
            for word in serve.server_command("127.0.0.1", self.port, 1)
            if word != "--factory"
        ]
        began = time.monotonic()
        self.process = subprocess.Popen(command, env=self.environment, start_new_session=True)
        while time.monotonic() - began < 60:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                connection.request("GET", "/healthz")
                if connection.getresponse().status == 200:
                    return time.monotonic() - began
            except OSError:
                time.sleep(0.02)
        raise SystemExit("the server did not answer")

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=20)

    def pids(self) -> list[int]:
        assert self.process
        return list(descendants(self.process.pid))


class Caller:
    """Sends requests on one connection; a new one, from another address of this machine, each 15 (limits count by address)."""

    def __init__(self, port: int) -> None:
        self.port, self.sent, self.size = port, 0, 0
        self.connection: http.client.HTTPConnection | None = None
        self.headers = {"Accept-Encoding": "gzip", "Host": f"127.0.0.1:{port}"}
        self.cookies: dict[str, str] = {}

    def __call__(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, bytes]:
        if self.connection is None or self.sent % 15 == 0:
            if self.connection:
                self.connection.close()
            source = f"127.{1 + self.sent // 15 % 250}.{1 + self.sent // 3750 % 250}.{2 + os.getpid() % 250}"
            self.connection = http.client.HTTPConnection(
                "127.0.0.1", self.port, timeout=60, source_address=(source, 0)
            )
        self.sent += 1
        cookie = (
            {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
            if self.cookies
            else {}
        )
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, path, body, {**self.headers, **cookie, **named})
        answer = self.connection.getresponse()
        content = answer.read()
        self.size = len(content)
        if answer.headers.get("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = line.split(";", 1)[0].partition("=")
            self.cookies[name] = value
        self.location = answer.headers.get("Location", "")
        return answer.status, content


Send = Callable[[int], object]


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


def cases(server: Server, password: str) -> dict[str, tuple[Send, Send]]:
    """Each case as a pair: Sala's request, and the bare view's."""
    public, staff, bare = Caller(server.port), Caller(server.port), Caller(server.port)
    form = expect(200, staff("GET", "/km/sign-in"), "sign-in").decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    typed = {
        "login": CLERK,
        "username": CLERK,
        "password": password,
        "csrfmiddlewaretoken": token[1] if token else "",
    }
    kind = "application/x-www-form-urlencoded"
    expect(302, staff("POST", "/km/sign-in", urlencode(typed).encode(), Content_Type=kind), "sign-in")
    json_kind = "application/json"

    def intake(number: int) -> bytes:
        key = str(uuid4())
        sent = public(
            "POST",
            "/api/v1/window/requests",
            intake_body(number),
            Content_Type=json_kind,
            Idempotency_Key=key,
        )
        return expect(201, sent, "intake")

    made = json.loads(intake(0))
    queue, record = "/km/work?page_size=50", f"/km/work/requests/{made['id']}"
    track = f"/km/requests/{made['code']}"

    def get(caller: Caller, path: str, what: str) -> Send:
        return lambda number: expect(200, caller("GET", path), what)

    def search(caller: Caller, path: str) -> Send:
        found = [f"{path}?{urlencode({'q': text})}" for text in SEARCHED]
        return lambda number: expect(200, caller("GET", found[number % len(found)]), "search")

    def bare_intake(number: int) -> None:
        expect(201, bare("POST", "/bare/create", intake_body(number), Content_Type=json_kind), "bare intake")

    return {
        "intake": (intake, bare_intake),
        "queue": (get(staff, queue, "queue"), get(bare, f"/bare/queue/{COMMUNE}", "bare queue")),
        "record": (get(staff, record, "record"), get(bare, f"/bare/record/{made['id']}", "bare record")),
        "tracking": (
            get(public, track, "tracking"),
            get(bare, f"/bare/tracking/{made['id']}", "bare tracking"),
        ),
        "home": (get(public, "/km/", "home"), get(bare, "/bare/home", "bare home")),
        "search": (search(public, "/api/v1/places/search"), search(bare, "/bare/search")),
    }


@dataclass
class Cost:
    """CPU milliseconds a request in each round: of the server, and of the database's processes beside it."""

    server: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)

    def total(self) -> list[float]:
        return [one + other for one, other in zip(self.server, self.beside, strict=True)]


def measure(
    server: Server, database: int | None, password: str, rounds: int, each: int
) -> dict[str, tuple[Cost, Cost]]:
    """Interleaved: in each round every case, Sala and bare after one another, in turn the one or the other first."""
    pairs = cases(server, password)
    costs = {name: (Cost(), Cost()) for name in pairs}
    for name, pair in pairs.items():  # warm
        for send in pair:
            for number in range(10):
                send(number)
        print(f"  {name} answers", file=sys.stderr, flush=True)
    for turn in range(rounds):
        for name, pair in pairs.items():
            for side in (0, 1) if turn % 2 == 0 else (1, 0):
                before = cpu(server.pids())
                backends = cpu(list(descendants(database))) if database else 0.0
                for number in range(each):
                    pair[side](number)
                cost = costs[name][side]
                cost.server.append((cpu(server.pids()) - before) * 1000 / each)
                cost.beside.append(
                    ((cpu(list(descendants(database))) - backends) * 1000 / each) if database else 0.0
                )
    return costs


def first_page(server: Server) -> str:
    """Bytes over the wire and requests of a first visit to the home page: the page, its style sheet, scripts and fonts."""
    ask = Caller(server.port)
    text = expect(200, ask("GET", "/km/"), "home").decode()
    page = ask.size
    linked = re.findall(
        r'<link[^>]+rel="(?:stylesheet|preload)"[^>]+href="([^"]+)"|<script[^>]+src="([^"]+)"', text
    )
    urls = {first or second for first, second in linked}
    sizes = {"/km/": page}
    fonts: set[str] = set()
    for url in sorted(urls):
        content = expect(200, ask("GET", url), url)
        sizes[url] = ask.size
        if url.endswith(".css"):
            found = re.findall(r"url\(\"?([^\")]+\.woff2)", content.decode())
            fonts |= {f"{url.rsplit('/', 1)[0]}/{name}" for name in found}
    khmer = sum(len(expect(200, ask("GET", url), url)) for url in sorted(fonts))
    total, count = sum(sizes.values()), len(sizes)
    return (
        f"{total:,} bytes in {count} requests where the phone has a Khmer font, "
        f"{total + khmer:,} bytes in {count + len(fonts)} requests with Sala's"
    )


@dataclass
class Result:
    """What was measured on one database."""

    kind: str
    init_seconds: float
    start_seconds: float
    memory: int
    costs: dict[str, tuple[Cost, Cost]]
    page: str
    rows: dict[str, int]


def memory(pids: list[int]) -> int:
    """Proportional set size in MB."""
    total = 0
    for pid in pids:
        try:
            found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
        except OSError:
            continue
        total += int(found[1]) if found else 0
    return total // 1024


def run(kind: str, folder: Path, url: str, database: int | None, given: argparse.Namespace) -> Result:
    home = folder / kind
    server = Server(home, url)
    print(f"{kind}: sala init --demo --requests {given.requests}", file=sys.stderr, flush=True)
    began = time.monotonic()
    subprocess.run(
        [SALA, "init", "--demo", "--requests", str(given.requests)],
        env=server.environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    took = time.monotonic() - began
    accounts = json.loads((home / "demo" / "accounts.json").read_text(encoding="utf-8"))
    password = next(row["password"] for row in accounts if row["username"] == CLERK)
    started = server.start()
    try:
        costs = measure(server, database, password, given.rounds, given.each)
        page = first_page(server)
        rows = json.loads(Caller(server.port)("GET", "/bare/rows")[1])
        return Result(kind, took, started, memory(server.pids()), costs, page, rows)
    finally:
        server.stop()


def machine() -> str:
    """The machine in the words a reader needs: processors and memory, no name."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return f"{len(os.sched_getaffinity(0))} cores, {pages / 2**30:.0f} GB"


def load() -> str:
    return ", ".join(f"{value:.1f}" for value in os.getloadavg())


def report(results: list[Result], given: argparse.Namespace, loads: tuple[str, str], began: datetime) -> str:
    """The Markdown page: ratios first."""
    lines = [
        "# Performance",
        "",
        f"Measured on {began:%Y-%m-%d} by `make bench` on {given.machine or machine()}, Python {platform.python_version()}; load of the machine "
        f"{loads[0]} before and {loads[1]} after (1, 5, 15 minutes; the bench itself keeps about one core busy). "
        f"Demonstration database of {given.requests:,} requests; {given.rounds} interleaved rounds of {given.each} requests each, one connection."
        + (BUSY if max(float(text.split(",")[0]) for text in loads) > 2 else ""),
        "",
        "## Ratios to a bare Django view",
        "",
        "CPU of the server's process tree (and of PostgreSQL's processes beside it) for Sala's request, divided by that of a bare view in the same process: "
        "no middleware, no sign-in, no permission, no second language, a plain template of its own. Taking in makes the same rows in one transaction; the others read "
        "the same rows. Median of the rounds' ratios, lowest and highest in brackets.",
        "",
        "| | " + " | ".join(result.kind for result in results) + " | bar |",
        "|---|" + "---|" * (len(results) + 1),
    ]
    for name, title in TITLES.items():
        cells = []
        for result in results:
            sala, bare = result.costs[name]
            ratios = [one / other for one, other in zip(sala.total(), bare.total(), strict=True) if other > 0]
            cells.append(f"{statistics.median(ratios):.1f} ({min(ratios):.1f}-{max(ratios):.1f})")
        lines.append(f"| {title} | {' | '.join(cells)} | {BAR.get(name, '')} |")
    lines += [
        "",
        "The bar is where a ratio is to get, against a bare view with the same list template; the bare views here render less, so the ratios come out higher than against that.",
        "",
        "## Milliseconds",
        "",
        "CPU milliseconds a request, median of the rounds: Sala / bare view; for PostgreSQL its own processes are the number after the plus.",
        "",
        "| | " + " | ".join(result.kind for result in results) + " |",
        "|---|" + "---|" * len(results),
    ]
    for name, title in TITLES.items():
        cells = []
        for result in results:
            shown = []
            for cost in result.costs[name]:
                beside = f"+{statistics.median(cost.beside):.1f}" if any(cost.beside) else ""
                shown.append(f"{statistics.median(cost.server):.1f}{beside}")
            cells.append(" / ".join(shown))
        lines.append(f"| {title} | {' | '.join(cells)} |")
    lines += ["", "## Besides", "", "| | " + " | ".join(result.kind for result in results) + " |"]
    lines.append("|---|" + "---|" * len(results))
    lines.append(
        f"| `sala init --demo`, {given.requests:,} requests | "
        + " | ".join(f"{r.init_seconds:.0f} s" for r in results)
        + " |"
    )
    lines.append(
        "| web server, from start to the first answer | "
        + " | ".join(f"{r.start_seconds:.1f} s" for r in results)
        + " |"
    )
    lines.append(
        "| memory of the web server after the rounds | "
        + " | ".join(f"{r.memory} MB" for r in results)
        + " |"
    )
    wrote = ", ".join(f"{count} {name}" for name, count in sorted(results[0].rows.items()))
    lines += [
        "",
        f"The home page on a first visit: {results[0].page}; headers apart.",
        "",
        f"Rows that taking in one request writes, by Sala and by the bare view: {wrote}, 2 counters.",
        "",
    ]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=20_000, help="size of the demonstration")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--each", type=int, default=100, help="requests a case and round")
    parser.add_argument(
        "--short", action="store_true", help="1,000 requests in the demonstration, 3 rounds of 30"
    )
    parser.add_argument("--only", choices=["sqlite", "postgresql"], help="one database alone")
    parser.add_argument("--machine", default="", help="what the page calls this machine")
    parser.add_argument("--write", type=Path, help="write the page to this file too")
    given = parser.parse_args()
    if given.short:
        given.requests, given.rounds, given.each = 1000, 3, 30
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sala.settings")
    began, before = datetime.now(UTC), load()
    folder = Path(tempfile.mkdtemp(prefix="sala-bench-"))
    results = []
    try:
        if given.only != "postgresql":
            results.append(run("SQLite", folder, "", None, given))
        if given.only != "sqlite" and postgres.binaries():
            cluster = postgres.Cluster()
            try:
                cluster.start()
                assert cluster.process
                results.append(run("PostgreSQL", folder, cluster.url, cluster.process.pid, given))
            finally:
                cluster.stop()
        elif given.only != "sqlite":
            print("Left out: PostgreSQL, its server is not installed.", file=sys.stderr)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    page = report(results, given, (before, load()), began)
    print(page)
    if given.write:
        given.write.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
