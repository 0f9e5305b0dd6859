"""Break a hall at length, on both databases: kills, a full disk, a database away, a wrong clock, slow clients, no mail gateway.

python tools/faults.py [--only kills,disk,away,clock,slow,mail] [--kills 50] [--on sqlite,postgresql]

Prints a table of figures; exit status 1 where something was lost, double, half or without its entry. It takes about a
quarter of an hour on two processors. Like tests/faults, which it runs, it writes below a temporary folder only.
"""

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

import postgres
from tests.faults import away, clocks, disk, gateway, kills, slow
from tests.faults.place import Halls
from tests.hall import free_port

Row = tuple[str, str, str]


def _kills(halls: Halls, given: argparse.Namespace) -> dict[str, object]:
    with halls.open("kills") as (hall, server):
        found: dict[str, object] = {}
        if server is not None or kills.STRACE:
            for writers in (1, 8):
                done, syncs = kills.count_syncs(hall, server, 100, writers)
                found[f"fsyncs for acknowledgements, {writers} writers"] = (
                    f"{syncs} for {done} ({syncs / done:.2f})"
                )
                assert writers > 1 or syncs >= done, found
        told = kills.run(
            hall, kills=given.kills, between=50, server=server, each=True,
            tell=lambda line: print("   ", line, flush=True),
        )  # fmt: skip
        return {**found, **told}


def _disk(halls: Halls, given: argparse.Namespace) -> dict[str, object]:
    room = disk.small(300 if halls.postgresql else 64)
    with room as folder, halls.open("full", disk=folder) as (hall, server):
        return disk.run(hall, folder, server=server, acknowledged=100)


def _away(halls: Halls, given: argparse.Namespace) -> dict[str, object]:
    with halls.open("away") as (hall, server):
        return away.run(hall, server, seconds=30, acknowledged=100)


def _clock(halls: Halls, given: argparse.Namespace) -> dict[str, object]:
    home = halls.folder / "clock-library"
    home.mkdir()
    with halls.open("clock", extra=clocks.environment(home)) as (hall, _):
        return clocks.run(hall, home, acknowledged=100)


def _slow(halls: Halls, given: argparse.Namespace) -> dict[str, object]:
    with halls.open("slow") as (hall, _):
        slow.half(hall)
        before = slow.run(hall, slow=0, seconds=20)
        found = slow.run(hall, slow=100, seconds=60)
        return {**found, "p95 without them": before["p95"]}


def _mail(halls: Halls, given: argparse.Namespace) -> dict[str, object]:
    port = free_port()
    with halls.open("mail", extra={"SALA_EMAIL_URL": gateway.url(port)}) as (hall, _):
        return gateway.run(hall, port, tries=5, notices=20)


BREAKINGS: dict[str, Callable[[Halls, argparse.Namespace], dict[str, Any]]] = {
    "kills": _kills, "disk": _disk, "away": _away, "clock": _clock, "slow": _slow, "mail": _mail,
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default=",".join(BREAKINGS))
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--on", default="sqlite,postgresql")
    given = parser.parse_args()
    rows: list[Row] = []
    failed = False
    for kind in given.on.split(","):
        if kind == "postgresql" and postgres.binaries() is None:
            print("Left out: PostgreSQL is not installed (Debian: apt-get install postgresql)")
            continue
        print(f"{kind}: founding a hall", flush=True)
        halls = Halls(Path(tempfile.mkdtemp(prefix="sala-faults-")) / "halls", kind == "postgresql")
        try:
            for name in given.only.split(","):
                print(f"{kind}: {name}", flush=True)
                begun = time.monotonic()
                try:
                    found = BREAKINGS[name](halls, given)
                except Exception as error:  # noqa: BLE001 - the others are broken all the same
                    traceback.print_exc()
                    found, failed = (
                        {"FAILED": str(error).splitlines()[0] if str(error) else type(error).__name__},
                        True,
                    )
                found["seconds"] = round(time.monotonic() - begun)
                rows += [(f"{name}, {kind}", key, str(value)) for key, value in found.items()]
        finally:
            halls.gone()
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    print("\n" + "\n".join(f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]}" for row in rows))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
