"""Where a hall is founded to be broken: a demonstration on the database at hand, made once and copied for each breaking."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.postgres import Server
from tests.hall import Hall

if TYPE_CHECKING:
    from tests.opened import Opened  # asks for pytest, which `make faults` does without

PROXIES = {"SALA_PROXIES": "127.0.0.1/32"}
"""So that each request of the tests comes from somebody else's network, as `X-Forwarded-For` says."""


class Halls:
    """Gives halls of one kind of database, each on a copy of one that was founded once, below ``folder``."""

    def __init__(self, folder: Path, postgresql: bool, opened: "Opened | None" = None) -> None:
        """On a copy of the hall that the tests ``opened``, or on one founded here."""
        self.folder, self.postgresql = folder, postgresql
        self.first = folder / "first"
        self.first.mkdir(mode=0o700, parents=True)
        self.server = Server().start() if postgresql else None
        url = self.server.url if self.server else ""
        if opened is not None:
            opened.elsewhere(self.first, url)
        else:
            Hall(self.first, url).sala("init", "--demo", "--requests", "100")
        if self.server is not None:
            self.server.stop()

    def _server(self, disk: Path | None) -> Server | None:
        """A server on a copy of the first one's data."""
        return self.server.copy(disk) if self.server is not None else None

    @contextmanager
    def open(
        self, name: str, *, disk: Path | None = None, extra: dict[str, str] | None = None
    ) -> Iterator[tuple[Hall, Server | None]]:
        """A running hall, and its database server. ``disk``: where what may fill up is put (default: beside the others)."""
        home = disk / "home" if disk and not self.postgresql else self.folder / name
        shutil.copytree(self.first, home)
        server = self._server(disk)
        hall = Hall(home, server.url if server else "", {**PROXIES, **(extra or {})})
        try:
            if server is not None:
                server.start()
            yield hall.start(), server
        finally:
            hall.stop()
            if server is not None:
                server.gone()

    def gone(self) -> None:
        """Remove all."""
        if self.server is not None:
            self.server.gone()
        shutil.rmtree(self.folder, ignore_errors=True)


def on_postgresql() -> bool:
    """Whether the tests run on PostgreSQL."""
    return os.environ.get("SALA_DATABASE_URL", "").startswith("postgres")
