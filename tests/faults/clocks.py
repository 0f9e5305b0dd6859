"""Does a hall go on rightly while the computer's clock is set back two days, forward four hundred, and back again?

The clock of the hall's running processes is set by a small library (``clock.c``, which needs a C compiler), nobody else's:
libfaketime can't do this to a running process without stopping its waits.
"""

import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.faults.kills import wait_until_sealed
from tests.faults.writers import (
    Acknowledged,
    Writers,
    call,
    connected,
    content,
    examine,
    from_somewhere,
    page,
    token,
)
from tests.hall import Hall

COMPILER = shutil.which("cc") or shutil.which("gcc")
STEPS = (0, -2, 400, -2, 0)
"""Days by which the clock is wrong, one phase after the other."""


def environment(home: Path) -> dict[str, str]:
    """What a hall's processes need so that `turn` can set their clock; its file lies in ``home``."""
    assert COMPILER is not None
    library = home / "clock.so"
    source = Path(__file__).with_name("clock.c")
    subprocess.run([COMPILER, "-shared", "-fPIC", "-O1", "-o", library, source], check=True, timeout=60)
    (home / "clock").write_bytes(bytes(8))
    return {"LD_PRELOAD": str(library), "CLOCK_FILE": str(home / "clock")}


def turn(home: Path, days: int) -> None:
    """Set the clock of the hall's running processes."""
    with (home / "clock").open("r+b", buffering=0) as file:
        file.write((days * 86400).to_bytes(8, sys.byteorder, signed=True))


def run(
    hall: Hall, home: Path, *, acknowledged: int = 15, steps: tuple[int, ...] = STEPS
) -> dict[str, object]:
    """Write, ask, reply, sign in and seal in each phase; all acknowledged is there once and the ledger is sound."""
    done: list[Acknowledged] = []
    asked: dict[str, Any] | None = None
    told: dict[str, object] = {}
    for index, days in enumerate(steps):
        turn(home, days)
        now = datetime.now().astimezone() + timedelta(days=days)
        with Writers(hall, 4) as writers:
            writers.wait_for(acknowledged)
        assert not writers.faults, (days, writers.faults[:3])
        done += writers.acknowledged
        years = {one.number.split("-")[1] for one in writers.acknowledged}
        assert years == {f"{now.year % 100:02d}"}, (days, years)
        if asked is not None:  # what waited for the applicant across the turn
            _reply(hall, asked)
        asked = _ask(hall, now)
        wait_until_sealed(hall, 30)  # the worker goes on, whatever its table says
        ready = page(hall, "/readyz")[1]
        assert '"worker": "ok"' in ready, (days, ready)
        assert _sign_in(hall), days
        found = examine(hall, done, verify=index == len(steps) - 1 or days < 0)
        content(found)
        doctor = hall.sala("doctor", check=False).stdout
        back = days < max(steps[: index + 1])
        assert ("set back" in doctor) == back or days == 0, (days, doctor)
        told[f"phase {index + 1}: {days:+d} d"] = (
            f"{len(writers.acknowledged)} acknowledged, doctor {'warns' if back else 'ok'}"
        )
    _jobs_go_on(hall)
    return {**found, **told}


def _ask(hall: Hall, now: datetime) -> dict[str, Any]:
    """A request a clerk has asked something about; its deadline is reckoned from this clock."""
    clerk = token(hall, "clerk120404")
    _, made, _ = call(hall, "window/requests", {"service": "RP-SEWER", "place": "120404", "description": "asked"}, **{"X-Forwarded-For": from_somewhere()})  # fmt: skip
    due = datetime.fromisoformat(made["due"])
    assert timedelta(0) < due - now < timedelta(days=45), (now, due)
    status, answer, _ = call(hall, f"window/requests/{made['id']}/ask", {"text": "Where is it?"}, **clerk, **{"If-Match": '"1"'})  # fmt: skip
    assert status == 200, answer
    return made


def _reply(hall: Hall, made: dict[str, Any]) -> None:
    """The applicant replies, and the clerk finishes: times are not negative, nothing is refused."""
    path = f"/en/requests/{made['code']}"
    status, text = _form(hall, path, {"act": "reply", "text": "Behind the market."})
    assert status in (200, 302), (status, text[-800:])
    clerk = token(hall, "clerk120404")
    _, record, _ = call(hall, f"window/requests/{made['id']}", **clerk)
    assert record["state"] != "waiting", record
    version = record["version"]
    for act in ("finish",) if "finish" in record["steps"] else ("take", "finish"):
        status, record, _ = call(hall, f"window/requests/{made['id']}/{act}", {"text": "Done."}, **clerk, **{"If-Match": f'"{version}"'})  # fmt: skip
        assert status == 200, record
        version = record["version"]


def _form(hall: Hall, path: str, fields: dict[str, str]) -> tuple[int, str]:
    """What a browser is answered that fills in the form on a page."""
    from urllib.parse import urlencode

    text = page(hall, path)[1]
    hidden = dict(re.findall(r'name="(version|idempotency_key)"[^>]*value="([^"]*)"', text))
    secret = "a" * 32
    request = urllib.request.Request(
        hall.url + path,
        urlencode({**hidden, **fields, "csrfmiddlewaretoken": secret}).encode(),
        {"Cookie": f"sala_csrf={secret}", "Content-Type": "application/x-www-form-urlencoded"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def _sign_in(hall: Hall) -> bool:
    """Whether somebody can sign in by the page and work."""
    account = hall.accounts["clerk120404"]
    fields = {"login": account["username"], "username": account["username"], "password": account["password"]}
    status, text = _form(hall, "/en/sign-in", fields)
    return status == 200 and "/en/work" in text


def _jobs_go_on(hall: Hall, patience: float = 30) -> None:
    """No job waits for a moment that a wrong clock has reckoned."""
    until = time.monotonic() + patience
    with connected(hall) as ask:
        while True:
            late = [
                name
                for name, next_at in ask("SELECT name, next_at FROM jobs_task")
                if _moment(next_at) > datetime.now().astimezone() + timedelta(days=7)
            ]
            if not late:
                return
            assert time.monotonic() < until, late
            time.sleep(0.5)


def _moment(value: object) -> datetime:
    parsed = value if isinstance(value, datetime) else datetime.fromisoformat(f"{value}+00:00"[:32])
    return parsed.astimezone()
