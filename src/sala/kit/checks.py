"""Which values may a column hold? Terms turned into conditions and constraints of the database."""

from collections.abc import Iterable

from django.db.models import CheckConstraint, Q

from sala.kit.terms import Term


def among(column: str, terms: Iterable[Term]) -> Q:
    """The condition that ``column`` holds one of these terms (of a class of terms: any), in the order of their class."""
    return Q(**{f"{column}__in": [str(term) for term in terms]})


def one_of(column: str, terms: Iterable[Term], name: str) -> CheckConstraint:
    """The constraint called ``name`` that ``column`` holds one of these terms."""
    return CheckConstraint(condition=among(column, terms), name=name)
