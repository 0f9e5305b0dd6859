"""What does Django's SQLite backend do otherwise here? It leaves no cursor behind when a transaction can't begin."""

from django.db.backends.sqlite3 import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, which forgets the cursor of a BEGIN that failed.

    That cursor is kept by the error's traceback until another thread happens to collect garbage. To clear it that thread
    needs the connection's lock, which the next BEGIN holds for as long as it waits for the database, and meanwhile it holds
    the interpreter's lock: one writer that waited held up all readers of its process, five seconds and more.
    """

    def _start_transaction_under_autocommit(self) -> None:
        with self.cursor() as cursor:
            cursor.execute(f"BEGIN {self.transaction_mode or ''}")  # type: ignore[attr-defined]
