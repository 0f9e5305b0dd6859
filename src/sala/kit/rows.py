"""Which row is it? Unique look-ups that the database need not sort."""

from typing import TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


def one(rows: QuerySet[M]) -> M | None:
    """The row of ``rows``, or None. Only where at most one can match: ``first()`` would have it sorted by its key, which
    costs a fifth of the look-up.
    """
    return next(iter(rows.order_by()[:1]), None)
