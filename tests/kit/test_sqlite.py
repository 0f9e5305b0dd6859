"""A writer that waits for SQLite holds up nobody else in its process."""

import gc
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from django.db import OperationalError
from django.db.backends.sqlite3.base import DatabaseWrapper as Django
from django.db.utils import ConnectionHandler

from sala.kit.sqlite.base import DatabaseWrapper

pytestmark = [pytest.mark.once, pytest.mark.django_db]


def connection(file: Path, timeout: float) -> DatabaseWrapper:
    """A connection of the calling thread, like that of a hall."""
    handler = ConnectionHandler(
        {"default": {"ENGINE": "sala.kit.sqlite", "NAME": file,
         "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": timeout}}}
    )  # fmt: skip
    made = handler["default"]
    assert isinstance(made, DatabaseWrapper)
    return made


def held_up(file: Path, begin: object) -> float:
    """Seconds that collecting garbage takes while another thread, whose first BEGIN has failed, waits in its second."""
    failed, seconds = threading.Event(), 4.0

    def write() -> None:
        line = connection(file, seconds)
        begin_here = getattr(begin, "_start_transaction_under_autocommit")  # noqa: B009
        line.connect()
        line.connection.execute("PRAGMA busy_timeout = 1")
        try:
            begin_here(line)
        except OperationalError as error:
            kept: list[object] = [error]
            kept.append(kept)  # what keeps an error in a circle until garbage is collected
            del kept
        line.connection.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
        failed.set()
        with pytest.raises(OperationalError):
            begin_here(line)
        line.close()

    with sqlite3.connect(file, isolation_level=None) as holder:
        holder.execute("PRAGMA journal_mode = WAL")
        holder.execute("BEGIN EXCLUSIVE")
        gc.collect()
        gc.disable()
        try:
            writer = threading.Thread(target=write)
            writer.start()
            assert failed.wait(10)
            time.sleep(0.3)  # until it waits
            began = time.monotonic()
            gc.collect()
            took = time.monotonic() - began
        finally:
            gc.enable()
            writer.join(10)
    return took


def test_garbage_of_a_failed_begin_does_not_wait_for_the_next(tmp_path: Path) -> None:
    assert held_up(tmp_path / "ours", DatabaseWrapper) < 2
    assert held_up(tmp_path / "theirs", Django) > 2, "Django has mended it: sala.kit.sqlite can go"
