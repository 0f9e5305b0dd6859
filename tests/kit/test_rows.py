"""Unique look-ups: the row or None, in one statement that sorts nothing."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sala.installation.models import Installation
from sala.kit import rows

pytestmark = pytest.mark.django_db


def test_the_row_or_none() -> None:
    there = Installation.objects.get()
    assert rows.one(Installation.objects.filter(pk=there.pk)) == there
    assert rows.one(Installation.objects.filter(pk=there.pk + 1)) is None


def test_one_statement_without_an_order() -> None:
    with CaptureQueriesContext(connection) as seen:
        rows.one(Installation.objects.order_by("-pk"))
    assert len(seen) == 1 and "ORDER BY" not in seen[0]["sql"] and "LIMIT 1" in seen[0]["sql"]
