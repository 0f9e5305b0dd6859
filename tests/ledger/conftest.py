"""An empty ledger, and things in a table of their own that it speaks of."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from sala.accounts.acting import system
from sala.kit import clock
from sala.kit.acting import Where
from sala.ledger import actions, keys, registry
from sala.ledger.models import Checkpoint, Entry, Node, Salt

BY = system("test")
HERE = Where(province="12", district="1204", commune="120404")
THING = "test.thing"
MORNING = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


class Things:
    """A table ``thing(id, text)`` whose changes go through the ledger, with ``sql`` for what goes past it."""

    def sql(self, text: str, *values: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(text, values)

    def rows(self) -> Iterator[tuple[str, dict[str, object]]]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT id, text FROM thing ORDER BY text")
            for id, text in cursor.fetchall():
                yield id, {"text": text}

    def write(self, id: str, text: str, at: datetime | None = None) -> Entry:
        with transaction.atomic(), clock.simulate(at or clock.now()):
            self.sql("DELETE FROM thing WHERE id = %s", id)
            self.sql("INSERT INTO thing (id, text) VALUES (%s, %s)", id, text)
            return actions.record(
                by=BY, act="test.write", kind=THING, subject=id, at=HERE, content={"text": text}
            )

    def remove(self, id: str) -> None:
        with transaction.atomic():
            self.sql("DELETE FROM thing WHERE id = %s", id)
            actions.record(by=BY, act="test.remove", kind=THING, subject=id, at=HERE, content=None)

    def fill(self, count: int, batch: int = 4) -> None:
        """``count`` acts on as many things, a minute apart, sealed in small batches: one checkpoint each."""
        for number in range(count):
            self.write(f"t{number}", f"text {number}", MORNING + timedelta(minutes=number))
        actions.seal(batch)


@pytest.fixture
def key_home(tmp_path, settings) -> None:
    settings.HOME = tmp_path


@pytest.fixture
def things(db, key_home, monkeypatch) -> Things:
    for model in (Entry, Salt, Node, Checkpoint):
        model.objects.all().delete()
    found = Things()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE thing (id varchar(20) PRIMARY KEY, text varchar(200))")
    monkeypatch.setattr(registry, "_kinds", {})
    monkeypatch.setattr(registry, "_checks", {})
    registry.register(THING, found.rows, "Things")
    yield found
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS thing")


@pytest.fixture
def key_file(key_home):
    keys.signing()
    return keys.path()
