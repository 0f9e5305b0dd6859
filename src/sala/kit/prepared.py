"""What does a read say in SQL, worked out once? For reads so frequent that writing their SQL costs more than running it."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet, Value

T = TypeVar("T")


class Bound(Value):
    """Stands in a query for a value that is given when it is run: ``filter(number=Bound("number"))``."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """A place in the SQL; what belongs there comes with the call."""
        return "%s", [self]


class Prepared(Generic[T]):
    """A read in Django's own words whose SQL is written once a connection; calling it binds the values and runs it.

    ``build`` gives the query with `Bound` in the places of values; a slice in it is part of the text. Rows come as the query
    says: model objects with their joins, tuples, named tuples. Not for a query with prefetches, nor for values whose number
    varies (lists). Values are bound by their type: texts, numbers, UUIDs, dates and moments.
    """

    def __init__(self, build: Callable[[], "QuerySet[Any, T]"]) -> None:
        self._build = build
        self._plans: WeakKeyDictionary[BaseDatabaseWrapper, _Plan] = WeakKeyDictionary()

    def __call__(self, **values: object) -> list[T]:
        """The rows for these ``values``."""
        connection = connections["default"]
        plan = self._plans.get(connection)
        if plan is None:
            plan = self._plans[connection] = _Plan(self._build())
        return plan.run(values)

    def one(self, **values: object) -> T | None:
        """The row, or None; for reads that can find only one."""
        return next(iter(self(**values)), None)


class Counts:
    """How many rows each of several queries finds, each at most as many as its slice takes, in one question.

    ``build`` gives the queries by name, with `Bound` in the places of values.
    """

    def __init__(self, build: Callable[[], Mapping[str, "QuerySet[Any, Any]"]]) -> None:
        self._build = build
        self._plans: WeakKeyDictionary[BaseDatabaseWrapper, tuple[list[str], str, list[Any]]] = (
            WeakKeyDictionary()
        )

    def __call__(self, **values: object) -> dict[str, int]:
        """The counts by name."""
        connection = connections["default"]
        if connection not in self._plans:
            self._plans[connection] = self._plan()
        names, sql, places = self._plans[connection]
        with connection.cursor() as cursor:
            cursor.execute(sql, _given(places, values, connection))
            return dict(zip(names, cursor.fetchone(), strict=True))

    def _plan(self) -> tuple[list[str], str, list[Any]]:
        queries = self._build()
        made: list[Any] = [
            rows.values("pk").query.get_compiler(using=rows.db).as_sql() for rows in queries.values()
        ]
        counts = (f"(SELECT COUNT(*) FROM ({sql}) AS counted)" for sql, _ in made)  # noqa: S608 - by Django
        return list(queries), f"SELECT {', '.join(counts)}", [place for _, each in made for place in each]


class _Plan:
    """The SQL of one query on one connection, which belongs to one thread, and how its rows become objects."""

    def __init__(self, rows: "QuerySet[Any, Any]") -> None:
        self.rows: Any = rows
        self.compiler: Any = self.rows.query.get_compiler(using=rows.db)
        self.sql, self.places = self.compiler.as_sql()
        columns = [column for column, _, _ in self.compiler.select[: self.compiler.col_count]]
        converters = self.compiler.get_converters(columns)
        self.given: list[Any] = []
        # Django reads the rows in its own way, with a compiler that has nothing left to work out.
        self.compiler.as_sql = lambda *args, **kwargs: (self.sql, self.given)
        self.compiler.get_converters = lambda columns: converters
        query: Any = self.rows.query
        query.get_compiler = lambda *args, **kwargs: self.compiler

    def run(self, values: Mapping[str, object]) -> list[Any]:
        self.given = _given(self.places, values, self.compiler.connection)
        return list(self.rows._iterable_class(self.rows, chunked_fetch=False, chunk_size=100))


def _given(places: Iterable[Any], values: Mapping[str, object], connection: Any) -> list[Any]:
    return [bind(values[each.value], connection) if isinstance(each, Bound) else each for each in places]


def bind(value: Any, connection: BaseDatabaseWrapper) -> Any:
    """What the database takes for a value, by its type: texts, numbers, UUIDs, dates and moments."""
    if isinstance(value, str):
        return str(value)  # an enumeration's member as its text
    if isinstance(value, UUID):
        return value if connection.features.has_native_uuid_field else value.hex
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return connection.ops.adapt_datefield_value(value) if isinstance(value, date) else value
