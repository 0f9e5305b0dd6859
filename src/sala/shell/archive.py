"""What does a backup look like? Its members, which tables go in, and how a row is a line: the same for every kind of database.

A backup is a gzipped tar. In this order: ``tables/NAME/000000.jsonl`` (a row a line, a JSON array in the order of the
manifest's columns), ``files/...`` and ``measures/...`` as they lie in SALA_HOME, ``ledger/checkpoint.txt`` and
``ledger/key.txt``, and last ``manifest.json``, without which a backup is not whole. Exact decimals are text, moments ISO
8601 in UTC, bytes base64.
"""

import base64
import binascii
import json
import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from django.apps import apps
from django.apps.registry import Apps
from django.db.models import Field, Model, QuerySet
from django.db.models.fields.related import ForeignKey

from sala.numbers import actions as numbers

FORMAT = "sala-backup"
VERSION = 1
MANIFEST, CHECKPOINT, KEY = "manifest.json", "ledger/checkpoint.txt", "ledger/key.txt"
TABLE_PART = re.compile(r"tables/([a-z0-9_]+)/([0-9]{6})\.jsonl")
FOLDERS = ("files", "measures")
"""Folders of SALA_HOME that go in; `outbox` holds what has been sent already, `static` is made anew."""
NOT_CARRIED: Mapping[str, str] = {
    "accounts.session": "who was signed in signs in again",
    "sessions.session": "who was signed in signs in again",
    "axes": "failed sign-ins are counted anew",
    "jobs.task": "which process holds which job until when",
    "contenttypes": "made by the tables' own migration",
    "auth": "made by the tables' own migration; what a person may do follows from the post",
}
"""Models and apps whose rows stay behind, and why."""


class DamagedError(Exception):
    """The archive is not as it was written; the text says which part of it."""


def models(registry: Apps = apps) -> list[type[Model]]:
    """Every model whose rows go into a backup, in a fixed order; ``registry`` may be that of an older state of the tables."""
    found = [
        model
        for model in registry.get_models(include_auto_created=True)
        if model._meta.managed
        and not model._meta.proxy
        and model._meta.app_label not in NOT_CARRIED
        and model._meta.label_lower not in NOT_CARRIED
    ]
    return sorted(found, key=lambda model: model._meta.db_table)


def columns(model: type[Model]) -> list[str]:
    """The columns of a model's lines, in their order."""
    return [str(field.column) for field in model._meta.concrete_fields]


def rows(model: type[Model]) -> QuerySet[Any, Any]:
    """What a table gives to a backup, as tuples in the order of `columns`."""
    found = model._base_manager.order_by("pk")
    if model._meta.db_table == "numbers_counter":  # an hour's uses by one address: throttling, not numbers
        found = found.exclude(series__startswith=numbers.HOURLY)
    return found.values_list(*(field.attname for field in model._meta.concrete_fields))


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (uuid.UUID, Decimal)):
        return str(value)
    if isinstance(value, (bytes, memoryview)):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(f"a backup has no form for {type(value).__name__}")


def line(row: Sequence[object]) -> bytes:
    """One row as one line."""
    return json.dumps(row, default=_plain, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


_READ: Mapping[str, Callable[[Any], object]] = {
    "DecimalField": Decimal,
    "DateTimeField": datetime.fromisoformat,
    "DateField": date.fromisoformat,
    "TimeField": time.fromisoformat,
    "UUIDField": uuid.UUID,
    "BinaryField": base64.b64decode,
}


def _reader(field: "Field[Any, Any]") -> Callable[[Any], object] | None:
    while isinstance(field, ForeignKey):
        field = field.target_field
    return _READ.get(field.get_internal_type())


def fields(model: type[Model], told: Sequence[str]) -> "list[Field[Any, Any]]":
    """The model's fields in the order of an archive's columns: an older state may hold them in another order.

    Raises KeyError for a column that the model has not.
    """
    known = {str(field.column): field for field in model._meta.concrete_fields}
    return [known[column] for column in told]


def parse(read_as: "Sequence[Field[Any, Any]]", content: bytes, where: str) -> Iterator[list[object]]:
    """The rows of a part of a table, as values of Python. Raises `DamagedError` for a line that is none."""
    readers = [_reader(field) for field in read_as]
    special = [(index, read) for index, read in enumerate(readers) if read is not None]
    # Not splitlines(): a text may hold other characters that end a line.
    for number, text in enumerate(content.split(b"\n")[:-1], start=1):
        try:
            row = json.loads(text)
            if len(row) != len(readers):
                raise ValueError(f"{len(row)} values for {len(readers)} columns")
            for index, read in special:
                if row[index] is not None:
                    row[index] = read(row[index])
        except (ValueError, TypeError, InvalidOperation, binascii.Error) as error:
            raise DamagedError(f"{where}, line {number}: {error}") from error
        yield row
