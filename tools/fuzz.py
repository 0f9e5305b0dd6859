"""Fuzz for as long as is asked: the API by its description, a request's life and public office by state machines; both databases at once.

make fuzz               30 minutes
make fuzz MINUTES=5     that many
make fuzz SEED=7        the same data again (the walks along the API's links depend on the time each call takes)

Each database has a process of its own; the API has half of the time, each machine a quarter. What is found stands in the log with
its seed; a machine's walk is shrunk and shown as a program, and ends that machine.
"""

import argparse
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import postgres

ROOT = Path(__file__).parents[1]
PARTS = ("api", "life", "appointments")
SETTING_UP = 15 * 60
"""Seconds beside the fuzzing itself that a process may take: the database, the last round, shrinking what was found."""


def start(name: str, prefix: list[str], seconds: float, seed: int, folder: Path) -> subprocess.Popen[bytes]:
    figures = folder / name
    figures.mkdir()
    kept = {key: value for key, value in os.environ.items() if not key.startswith("SALA_")}
    limit = int(seconds + SETTING_UP)
    command = [
        *prefix,
        sys.executable,
        "-m",
        "pytest",
        "tests/fuzz",
        "--show-capture=stdout",
        f"--timeout={limit}",
    ]
    return subprocess.Popen(
        [*command, "-p", "no:cacheprovider", "-o", "faulthandler_timeout=0"],
        cwd=ROOT,
        env={**kept, "FUZZ_SECONDS": str(seconds), "FUZZ_SEED": str(seed), "FUZZ_FIGURES": str(figures)},
        stdout=(folder / f"{name}.log").open("wb"),
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def ended(process: subprocess.Popen[bytes], until: float) -> bool:
    """Whether a process ended well before ``until``; what does not end is ended, asked first."""
    for sign, patience in ((None, until - time.monotonic()), (signal.SIGINT, 30), (signal.SIGKILL, 20)):
        if sign is not None:
            os.killpg(process.pid, sign)
        try:
            return process.wait(max(patience, 1)) == 0
        except subprocess.TimeoutExpired:
            continue
    return False


def told(name: str, folder: Path) -> int:
    """Print a database's figures; how many failures."""
    failures = 0
    for part in PARTS:
        file = folder / name / f"{part}.json"
        figures = json.loads(file.read_text()) if file.exists() else {"failures": 1, "began": False}
        failures += figures.get("failures", 0)
        facts = ", ".join(f"{key} {value}" for key, value in figures.items() if key not in ("name", "seed"))
        print(f"  {part}: {facts}")
    return failures


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=None)
    given = parser.parse_args()
    seed = secrets.randbits(32) if given.seed is None else given.seed
    folder = Path(tempfile.mkdtemp(prefix="sala-fuzz-"))
    seconds = given.minutes * 60
    runs = {"SQLite": start("SQLite", [], seconds, seed, folder)}
    if postgres.binaries() is not None:
        prefix = [sys.executable, str(ROOT / "tools" / "postgres.py"), "--"]
        runs["PostgreSQL"] = start("PostgreSQL", prefix, seconds, seed, folder)
    else:
        print("Left out: PostgreSQL, whose server is not installed here")
    print(
        f"Fuzzing {' and '.join(runs)} for {given.minutes:g} minutes, seed {seed}, log in {folder}",
        flush=True,
    )
    until = time.monotonic() + given.minutes * 60 + SETTING_UP
    failures = 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        for name, process in runs.items():
            good = ended(process, until)
            print(f"{name}: {'no failure' if good else 'FAILED'}")
            found = told(name, folder)
            failures += found if good or found else 1
            if not good:
                print((folder / f"{name}.log").read_text(errors="replace")[-20_000:])
    finally:
        for process in runs.values():
            ended(process, time.monotonic())
    print(f"seed {seed}: {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
