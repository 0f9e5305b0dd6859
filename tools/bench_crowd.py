"""How long does everybody wait when 16 people ask once a second? python tools/bench_crowd.py [--total 200000] [--only sqlite|postgresql]

The real server with two workers, as `sala serve` starts it, and a hall grown by `bench_grow.py`: clerks look at their queue and
search in it by a part of a name (Khmer, Latin, with a slip of the hand), and of a telephone number; residents are at the page of
the report form that looks for similar reports nearby, and at the public map of a commune. Prints milliseconds: what the one who
asks waits for, connection and all.
"""

import argparse
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
from pathlib import Path
from urllib.parse import urlencode

TOOLS = Path(__file__).parent
sys.path.insert(0, str(TOOLS))

import packages
import postgres
from bench import CLERK, COMMUNE, SALA, Hall, expect, grow, say, signed_in
from bench_server import Caller, Server, cpu, descendants

USERS = 16
BAR = 50  # milliseconds at the 95th percentile
FRAGMENTS = {
    "search, Khmer name": ("សុខ", "តារា", "ចាន់"),
    "search, Latin name": ("sok", "dara", "chan"),
    "search, a slip": ("សុក", "darra", "chann"),
    "search, phone": ("000123", "012000", "000777"),
}
REPORTED = {
    "service": "RP-SEWER",
    "place": COMMUNE,
    "village": COMMUNE + "01",
    "description": "ទឹកស្ទះលូនៅមុខផ្ទះ",
    "latitude": "11.5712",
    "longitude": "104.9012",
    "language": "km",
    "email": "somebody@example.com",
    "step": "what",
    "next": "1",
}
Ask = Callable[[int], object]


@dataclass
class Waited:
    """Milliseconds of each answer, by what was asked."""

    times: dict[str, list[float]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, name: str, seconds: float) -> None:
        with self.lock:
            self.times.setdefault(name, []).append(seconds * 1000)


def asks(server: Server, passwords: dict[str, str]) -> dict[str, Ask]:
    """What one person asks in turn: signed in for the hall's pages, as a stranger for the public ones."""
    staff, stranger = signed_in(server, CLERK, passwords[CLERK]), Caller(server.port)
    form = expect(200, stranger("GET", "/km/report"), "report").decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    told = urlencode({**REPORTED, "csrfmiddlewaretoken": token[1] if token else ""}).encode()

    def nearby(_number: int) -> None:
        page = stranger("POST", "/km/report", told, Content_Type="application/x-www-form-urlencoded")
        assert "me_too" in expect(200, page, "nearby").decode(), "nothing was found nearby"

    def searching(fragments: tuple[str, ...]) -> Ask:
        paths = [f"/km/work?view=all&{urlencode({'q': text})}" for text in fragments]
        return lambda number: expect(200, staff("GET", paths[number % len(paths)]), "search")

    return {
        "staff queue": lambda number: expect(200, staff("GET", "/km/work"), "queue"),
        **{name: searching(fragments) for name, fragments in FRAGMENTS.items()},
        "duplicates nearby": nearby,
        "public map": lambda number: expect(
            200, stranger("GET", f"/km/map/{COMMUNE}/reports.svg"), "public map"
        ),
    }


def crowd(server: Server, passwords: dict[str, str], seconds: float) -> Waited:
    """Everybody asks once a second, each beginning at another moment and with another thing."""
    waited, people = Waited(), [asks(server, passwords) for _ in range(USERS)]
    for each in people[:2]:  # warm
        for ask in each.values():
            ask(0)
    began = time.monotonic() + 1

    def one(place: int) -> None:
        mine = list(people[place].items())
        for turn in range(int(seconds)):
            at = began + turn + place / USERS
            time.sleep(max(0.0, at - time.monotonic()))
            name, ask = mine[(turn + place) % len(mine)]
            start = time.perf_counter()
            ask(turn)
            waited.add(name, time.perf_counter() - start)

    threads = [threading.Thread(target=one, args=(place,)) for place in range(USERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return waited


def percentile(times: list[float], share: float) -> float:
    """The time within which this share of them was answered."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def run(kind: str, folder: Path, url: str, database: int | None, given: argparse.Namespace) -> list[str]:
    server = Server(folder / kind, url, workers=2)
    say(f"{kind}: sala init --demo --requests {given.base}")
    subprocess.run(
        [SALA, "init", "--demo", "--requests", str(given.base)],
        env=server.environment, check=True, stdout=subprocess.DEVNULL, timeout=1800,
    )  # fmt: skip
    total = given.total or (200_000 if database is None else 1_000_000)
    grow(server, total)
    server.start()
    try:
        passwords = Hall(server).passwords
        began, spent = time.monotonic(), used(server, database)
        waited = crowd(server, passwords, given.seconds)
        busy = (used(server, database) - spent) / (time.monotonic() - began)
    finally:
        server.stop()
    lines = [f"{kind}, {total:,} requests, {USERS} users, {given.seconds:.0f} s, {busy:.2f} cores busy", ""]
    lines += ["| asked for | answers | median ms | 95 % within ms | longest ms |", "|---|---|---|---|---|"]
    for name, times in waited.times.items():
        late = percentile(times, 0.95)
        mark = "" if late < BAR else f" (bar {BAR})"
        lines.append(
            f"| {name} | {len(times)} | {percentile(times, 0.5):.1f} | {late:.1f}{mark} | {max(times):.1f} |"
        )
    return lines


def used(server: Server, database: int | None) -> float:
    """Seconds of CPU of the server and its database so far."""
    return cpu(server.pids()) + (cpu(list(descendants(database))) if database else 0.0)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", type=int, default=1000, help="requests of the demonstration")
    parser.add_argument(
        "--total", type=int, default=0, help="requests after multiplying them; 0: as many as promised"
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--only", choices=["sqlite", "postgresql"], help="one database alone")
    given = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sala.settings")
    if given.only != "sqlite" and (missing := packages.provide("postgresql")):
        raise SystemExit(f"The bench needs {', '.join(missing)}.")
    folder = Path(tempfile.mkdtemp(prefix="sala-crowd-"))
    try:
        if given.only != "postgresql":
            print("\n".join(run("SQLite", folder, "", None, given)), flush=True)
        if given.only != "sqlite":
            cluster = postgres.Cluster()
            try:
                cluster.start()
                assert cluster.process
                print("\n".join(run("PostgreSQL", folder, cluster.url, cluster.process.pid, given)))
            finally:
                cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
