"""How often could a request not be answered? One count for all processes of this hall: the length of a file in SALA_HOME."""

import os
from contextlib import suppress
from pathlib import Path

from django.conf import settings


def path() -> Path:
    """The file: a byte for each answer of 500 and above."""
    return Path(settings.HOME) / "run" / "faults"


def add() -> None:
    """Count one. Where even that can't be written, the log has it."""
    with suppress(OSError):
        path().parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, b".")
        finally:
            os.close(descriptor)


def count() -> int:
    """How many since the hall was opened, or since the file was removed."""
    try:
        return path().stat().st_size
    except OSError:
        return 0
