"""Run every test: on SQLite, on PostgreSQL, and in a browser. What can't run here is named; with CI=true that is a failure.

python tools/test.py [pytest arguments]
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import packages

LONGEST = 25 * 60
"""Seconds one run may take: a test is ended by its own time limit, what hangs between tests by this."""


def run(title: str, *command: str) -> bool:
    print(f"\n== {title}", flush=True)
    began = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        passed = process.wait(LONGEST) == 0
    except subprocess.TimeoutExpired:
        print(f"== {title}: not done after {LONGEST} s; ending it", flush=True)
        passed = False
    finally:
        end(process)
    print(f"== {title}: {'passed' if passed else 'FAILED'} in {time.monotonic() - began:.0f} s", flush=True)
    return passed


def end(process: subprocess.Popen[bytes]) -> None:
    """End the run with all it started: asked first, so that pytest still tells what it knows."""
    for sign, patience in ((signal.SIGINT, 20), (signal.SIGKILL, 10)):
        if process.poll() is None:
            os.killpg(process.pid, sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(patience)


def main() -> int:
    for name in [name for name in os.environ if name.startswith("SALA_")]:
        del os.environ[name]  # the caller's hall is not what is tested
    os.environ.pop(
        "PYTHONDONTWRITEBYTECODE", None
    )  # hundreds of processes start: each would compile all anew
    missing = packages.provide()
    python, given = sys.executable, sys.argv[1:]
    pytest = [
        python,
        "-m",
        "pytest",
        "-n",
        str(os.cpu_count() or 2),
        "--dist",
        "loadgroup",
        "--max-worker-restart",
        "1",
        *given,
    ]
    results = [
        run("SQLite, and the browser", *pytest, *(["-m", "not browser"] if "chromium" in missing else []))
    ]
    if "postgresql" not in missing:
        results.append(
            run("PostgreSQL", python, "tools/postgres.py", "--", *pytest, "-m", "not browser and not once")
        )
    for name in missing:
        print(f"Left out: what needs {name}. To get it on Debian: apt-get install {name}")
    if missing and os.environ.get("CI") == "true":
        return 1
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
