"""A sender that is killed with a message in hand: sent once where the gateway knows it again, uncertain where it does not."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.notices.gateway_server import Gateway, gateway_server

pytestmark = [pytest.mark.processes, pytest.mark.once, pytest.mark.xdist_group("killed-sender")]

MANY = 60
SENDER = """
import sys
from datetime import timedelta
import django
django.setup()
from django.core.management import call_command
from django.db import transaction
from sala.kit import clock
from sala.notices import actions, delivery, queries
from sala.notices.terms import Channel
if sys.argv[1] == "write":
    call_command("migrate", "notices", verbosity=0)
    row = {"kind": "t", "channel": "sms", "language": "km", "subject": "s", "about": "x:1"}
    with transaction.atomic():
        actions.post_many(
            [actions.build(address=f"+855100000{n:02}", body=f"n{n}", **row) for n in range(int(sys.argv[2]))]
        )
noon = clock.now().astimezone(clock.zone()).replace(hour=12) + timedelta(days=1)
moment = noon + timedelta(minutes=10 if sys.argv[1] == "again" else 0)
while True:
    with clock.simulate(moment):
        delivery.deliver_due((Channel.SMS,))
        if queries.oldest_waiting() is None:
            break
    moment += timedelta(seconds=5)
"""


def sender(home: Path, url: str, *words: str) -> subprocess.Popen[bytes]:
    """Somebody who empties the outbox, in a process of its own."""
    environment = {
        **os.environ,
        "SALA_HOME": str(home),
        "SALA_SMS_URL": f"{url}/send",
        "SALA_SMS_FILE": str(home / "gateway.toml"),
        "DJANGO_SETTINGS_MODULE": "sala.settings",
        "PYTHONPATH": "src",
    }
    environment.pop("SALA_DATABASE_URL", None)
    return subprocess.Popen([sys.executable, "-c", SENDER, *words], env=environment)


def until(happened, seconds=60.0) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.mark.parametrize("knows", [True, False])
def test_a_sender_killed_with_a_message_in_hand(tmp_path, knows):
    (tmp_path / "gateway.toml").write_text(f"repeats = {str(knows).lower()}\n")
    with gateway_server(Gateway(knows=knows)) as gateway:
        first = sender(tmp_path, gateway.url, "write", str(MANY))
        until(lambda: len(gateway.ids) >= 5)
        gateway.mode, gateway.late = "late", 30.0
        before = 0
        while before < len(gateway.ids):  # no more comes in: one is in hand, its answer is late
            before = len(gateway.ids)
            time.sleep(0.5)
        assert first.poll() is None, "it waits for the gateway's answer"
        first.send_signal(signal.SIGKILL)
        first.wait()
        gateway.mode = ""
        assert sender(tmp_path, gateway.url, "again").wait(120) == 0
        with sqlite3.connect(tmp_path / "sala.sqlite3") as file:
            states = Counter(state for (state,) in file.execute("SELECT state FROM notices_notice"))
    assert len(gateway.sent) == MANY and set(gateway.sent.values()) == {1}, "nobody got it twice"
    if knows:
        assert states == {"delivered": MANY}
        assert Counter(gateway.ids.values()) == {1: MANY - 1, 2: 1}
    else:
        assert states == {"delivered": MANY - 1, "uncertain": 1}
