"""Does a column of text say these words? A part of it, capital or small Latin letters alike."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.lookups import IContains


class Says(IContains):
    """``Q(Says(F("description"), "words"))``: ``icontains`` with the capitals of ASCII alone, as SQLite has them.

    PostgreSQL's ``UPPER`` by a locale looks up every letter of every row, which is two thirds of a search; Khmer has no
    capitals.
    """

    def as_postgresql(
        self, compiler: Any, connection: BaseDatabaseWrapper
    ) -> tuple[str, list[Any] | tuple[Any, ...]]:
        """The same with the collation that knows ASCII alone."""
        text, first = self.process_lhs(compiler, connection)
        words, second = self.process_rhs(compiler, connection)
        if str(second[0]).upper() == str(second[0]).lower():
            return f"({text})::text LIKE ({words})::text", [*first, *second]
        sql = f'UPPER(({text})::text COLLATE "C") LIKE UPPER(({words})::text COLLATE "C")'
        return sql, [*first, *second]
