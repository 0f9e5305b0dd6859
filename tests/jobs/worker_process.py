# ruff: noqa: E402 - Django is set up before its rooms are imported
"""A real worker process with jobs for tests: `worker_process.py FOLDER LEASE_SECONDS JOB...`; jobs write into FOLDER."""

import hashlib
import os
import sys
import time
from datetime import timedelta
from pathlib import Path

import django

django.setup()

from django.db import connection

from sala.jobs import loop, registry, rules

folder, lease = Path(sys.argv[1]), float(sys.argv[2])
rules.LEASE, rules.RENEWAL = timedelta(seconds=lease), timedelta(seconds=lease / 5)
if connection.vendor == "sqlite":
    connection.settings_dict["OPTIONS"]["timeout"] = 0.3
else:
    connection.settings_dict.setdefault("OPTIONS", {})["options"] = "-c lock_timeout=300"


def note(name: str) -> None:
    with (folder / name).open("a") as file:
        file.write(f"{os.getpid()}\n")


def tick() -> None:
    note("tick")


def long() -> None:
    note("long-begun")
    while not (folder / "enough").exists():
        time.sleep(0.01)
    note("long-done")


def deaf() -> None:
    note("deaf-begun")
    hashlib.pbkdf2_hmac("sha512", b"x", b"y", 200_000_000)


def lose() -> None:
    note("lost")
    connection.ensure_connection()
    connection.connection.close()


work = {"tick": (tick, 0.1), "long": (long, 0.1), "deaf": (deaf, 0.1), "lose": (lose, 0.3)}
with registry.replaced(
    *(registry.Job(f"test.{name}", timedelta(seconds=work[name][1]), work[name][0]) for name in sys.argv[3:])
):
    loop.main()
