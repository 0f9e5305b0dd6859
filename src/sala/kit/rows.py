"""Which row is it, and how is a new one written? Unique look-ups that need no sorting, and inserts whose SQL is written once."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import groupby, islice
from operator import attrgetter
from typing import Any, TypeVar
from uuid import UUID

from django.db import connections
from django.db.models import (
    BooleanField,
    CharField,
    DateTimeField,
    Field,
    IntegerField,
    Model,
    QuerySet,
    TextField,
    UUIDField,
)

from sala.kit.prepared import bind

M = TypeVar("M", bound=Model)
MOST = 1000  # rows in one statement: SQLite takes 32,766 values


def one(rows: QuerySet[M]) -> M | None:
    """The row of ``rows``, or None. Only where at most one can match: ``first()`` would have it sorted by its key, which
    costs a fifth of the look-up.
    """
    return next(iter(rows.order_by()[:1]), None)


def insert(rows: Iterable[Model]) -> None:
    """Write new rows with their keys, in their order, one statement for rows of a kind that follow each other.

    The same as ``bulk_create``, at a quarter of its cost for a few rows: no signals, no values from the database (keys are
    ours), nothing but plain values in the fields.
    """
    connection = connections["default"]
    with connection.cursor() as cursor:
        for model, some in groupby(rows, key=type):
            kept = list(some)
            for first in range(0, len(kept), MOST):
                part = kept[first : first + MOST]
                sql, read, prepare = _insert(model, len(part), connection.vendor)
                cursor.execute(sql, [value for row in part for value in _values(row, read, prepare)])
            for row in kept:
                row._state.adding, row._state.db = False, connection.alias


def update(rows: Iterable[Model], columns: tuple[str, ...]) -> None:
    """Write these columns of rows of one kind, one short statement a row, all sent together.

    The same as ``bulk_update``, at a tenth of its cost for thousands of rows: it sends no text that grows with them.
    """
    kept = list(rows)
    if not kept:
        return
    connection = connections["default"]
    sql, read, prepare = _update(type(kept[0]), columns)
    with connection.cursor() as cursor:
        cursor.executemany(sql, [_values(row, read, prepare) for row in kept])


def values(rows: "QuerySet[Any, Any]") -> list[tuple[Any, ...]]:
    """The rows of a ``values_list`` of columns, read column by column: the same value many times is made once, and shared.

    At half the cost for thousands of rows, whose offices, services and moments are few.
    """
    compiler = rows.query.get_compiler(using=rows.db)
    connection = connections[rows.db]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.adapters.register_loader("timestamptz", _moments())
        cursor.execute(*compiler.as_sql())
        columns = [list(column) for column in zip(*cursor.fetchall(), strict=True)]
    if not columns:
        return []
    expressions = [column for column, _, _ in compiler.select[: compiler.col_count]]
    for place, (converters, expression) in compiler.get_converters(expressions).items():
        known: dict[Any, Any] = {}
        for value in set(columns[place]):
            made = value
            for convert in converters:
                made = convert(made, expression, connection)
            known[value] = made
        columns[place] = [known[value] for value in columns[place]]
    return list(zip(*columns, strict=True))


@lru_cache(maxsize=1)
def _moments() -> Any:
    """How PostgreSQL's moments are read: in UTC, as the connection asks for them, at a fifth of the driver's cost."""
    from psycopg.adapt import Loader

    class Moments(Loader):
        def load(self, data: Any) -> datetime:
            return datetime.fromisoformat(bytes(data).decode())

    return Moments


def insert_values(model: type[Model], rows: Iterable[Sequence[Any]]) -> None:
    """The same as `insert` from the bare values of thousands of rows, in the order of the table's columns."""
    connection = connections["default"]
    if connection.vendor == "postgresql":
        fields = model._meta.local_concrete_fields
        _copy(connection.ops.quote_name(model._meta.db_table), _named(fields), rows, _preparing(fields))
    else:
        sql, _, prepare = _insert(model, 1, connection.vendor)
        _send(sql, rows, prepare)


def update_values(model: type[Model], columns: tuple[str, ...], rows: Iterable[Sequence[Any]]) -> None:
    """The same as `update` from the bare values of thousands of rows: those of the columns, then the key."""
    connection = connections["default"]
    sql, _, prepare = _update(model, columns)
    if connection.vendor == "postgresql":
        _update_copied(model, columns, rows, prepare)
    else:
        _send(sql, rows, prepare)


def _named(fields: "Iterable[Field[Any, Any]]") -> list[str]:
    quote = connections["default"].ops.quote_name
    return [quote(str(field.column)) for field in fields]


def _copy(table: str, names: list[str], rows: Iterable[Sequence[Any]], prepare: "Preparing") -> None:
    """What PostgreSQL reads fastest, at half the cost of a statement with the columns as arrays."""
    every = iter(rows)
    sql = f"COPY {table} ({', '.join(names)}) FROM STDIN"
    with connections["default"].cursor() as cursor, cursor.copy(sql) as copy:
        while part := list(islice(every, MOST)):
            for row in _bound(part, prepare):
                copy.write_row(row)


def _update_copied(
    model: type[Model], columns: tuple[str, ...], rows: Iterable[Sequence[Any]], prepare: "Preparing"
) -> None:
    """One statement from a table that is filled first and gone afterwards."""
    quote, meta = connections["default"].ops.quote_name, model._meta
    fields: list[Any] = [*(meta.get_field(name) for name in columns), meta.pk]
    names, table = _named(fields), quote(meta.db_table)
    given, key = quote(f"given_{meta.db_table}"), names[-1]
    said = ", ".join(f"{name} = given.{name}" for name in names[:-1])
    with connections["default"].cursor() as cursor:
        what = f"SELECT {', '.join(names)} FROM {table} WITH NO DATA"  # noqa: S608
        cursor.execute(f"CREATE TEMPORARY TABLE {given} AS {what}")
        _copy(given, names, rows, prepare)
        cursor.execute(f"UPDATE {table} SET {said} FROM {given} AS given WHERE {table}.{key} = given.{key}")  # noqa: S608
        cursor.execute(f"DROP TABLE {given}")


def _send(sql: str, rows: Iterable[Sequence[Any]], prepare: "Preparing") -> None:
    every = iter(rows)
    with connections["default"].cursor() as cursor:
        while part := list(islice(every, MOST)):
            cursor.executemany(sql, _bound(part, prepare))


def _bound(rows: list[Sequence[Any]], prepare: "Preparing") -> list[tuple[Any, ...]]:
    """The rows as the database takes them, worked out column by column; the same moment many times is worked out once."""
    connection = connections["default"]
    columns: list[Any] = list(zip(*rows, strict=True))
    for place, field in prepare:
        column = columns[place]
        if field is None and not any(type(value) is UUID for value in column):
            known = {value: bind(value, connection) for value in set(column)}
            columns[place] = [known[value] for value in column]
        elif field is not None:
            columns[place] = [
                None if value is None else field.get_db_prep_save(value, connection) for value in column
            ]
        elif not connection.features.has_native_uuid_field:
            columns[place] = [None if value is None else value.hex for value in column]
    return list(zip(*columns, strict=True))


Read = Callable[[Model], tuple[Any, ...]]
Preparing = list[tuple[int, "Field[Any, Any] | None"]]
"""Which of the values are prepared for the database, by which field or (None) by their type."""


def _values(row: Model, read: Read, prepare: Preparing) -> list[Any]:
    connection = connections["default"]
    plain = list(read(row))
    for place, field in prepare:
        value = plain[place]
        if value is not None:
            plain[place] = field.get_db_prep_save(value, connection) if field else bind(value, connection)
    return plain


_AS_IT_IS = (CharField, TextField, IntegerField, BooleanField)
"""Fields whose values the database takes as they are: an enumeration's member is a text too."""
_BY_TYPE = (UUIDField, DateTimeField)


@lru_cache(maxsize=128)
def _insert(model: type[Model], count: int, vendor: str) -> tuple[str, Read, Preparing]:
    """The SQL for so many rows of a table, how a row's values are read, and which of them are prepared."""
    quote, meta = connections["default"].ops.quote_name, model._meta
    fields = list(meta.local_concrete_fields)
    columns = ", ".join(quote(str(field.column)) for field in fields)
    places = f"({', '.join(['%s'] * len(fields))})"
    sql = f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES {', '.join([places] * count)}"  # noqa: S608
    return sql, attrgetter(*(field.attname for field in fields)), _preparing(fields)


@lru_cache(maxsize=32)
def _update(model: type[Model], columns: tuple[str, ...]) -> tuple[str, Read, Preparing]:
    """The same for writing these columns of one row."""
    quote, meta = connections["default"].ops.quote_name, model._meta
    key = meta.pk
    assert key is not None  # every model has one
    fields = [meta.get_field(name) for name in columns]
    said = ", ".join(f"{quote(str(field.column))} = %s" for field in fields)  # type: ignore[union-attr]
    sql = f"UPDATE {quote(meta.db_table)} SET {said} WHERE {quote(str(key.column))} = %s"  # noqa: S608
    every = [*fields, key]
    return sql, attrgetter(*(field.attname for field in every)), _preparing(every)  # type: ignore[union-attr,arg-type]


def _preparing(fields: "Iterable[Field[Any, Any]]") -> Preparing:
    prepare: Preparing = []
    for place, field in enumerate(fields):
        kind = getattr(field, "target_field", field)  # of a foreign key: the key it holds
        if not isinstance(kind, _AS_IT_IS):
            prepare.append((place, None if isinstance(kind, _BY_TYPE) else field))
    return prepare
