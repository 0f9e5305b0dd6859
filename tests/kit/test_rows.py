"""Unique look-ups that sort nothing, and thousands of rows as bare values: the same as what models read and write."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sala.installation.models import Installation
from sala.kit import clock, ids, rows
from sala.ledger.models import Entry

pytestmark = pytest.mark.django_db
SEALED = 10**9  # a place in the tree that none has


def test_the_row_or_none() -> None:
    there = Installation.objects.get()
    assert rows.one(Installation.objects.filter(pk=there.pk)) == there
    assert rows.one(Installation.objects.filter(pk=there.pk + 1)) is None


def test_one_statement_without_an_order() -> None:
    with CaptureQueriesContext(connection) as seen:
        rows.one(Installation.objects.order_by("-pk"))
    assert len(seen) == 1 and "ORDER BY" not in seen[0]["sql"] and "LIMIT 1" in seen[0]["sql"]


def test_bare_values_are_written_and_read_as_models_are() -> None:
    names = [field.attname for field in Entry._meta.concrete_fields]
    now, keys = clock.now(), [ids.uuid7() for _ in range(3)]
    written = [(key, now, "post", "act", "kind", "ក", "", "d", "h", None) for key in keys]
    rows.insert_values(Entry, written)
    rows.update_values(Entry, ("leaf", "at"), [(SEALED, now, keys[0])])
    expected = [(*row[:-1], SEALED if row[0] == keys[0] else None) for row in written]
    found = Entry.objects.filter(kind="kind").order_by("id").values_list(*names)
    assert rows.values(found) == list(found) == expected
    rows.insert_values(Entry, [])
    assert rows.values(found.filter(kind="other")) == []
