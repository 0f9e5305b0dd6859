"""Which answer was given already, and how far has a series come?"""

from typing import NamedTuple
from uuid import UUID

from sala.kit.prepared import Bound, Prepared
from sala.numbers.models import Counter, KeptAnswer


class Kept(NamedTuple):
    """An answer as stored: digest of the body it answered, status, headers, and the JSON value of the answer."""

    body: str
    status: int
    headers: dict[str, str]
    answer: object


_KEPT = Prepared(
    lambda: KeptAnswer.objects.filter(scope=Bound("scope"), key=Bound("key")).values_list(
        "body", "status", "headers", "answer"
    )
)


def kept(*, scope: str, key: str) -> Kept | None:
    """The kept answer for a digested ``key``, or None."""
    found = _KEPT.one(scope=scope, key=key)
    return None if found is None else Kept(*found)


def last_numbers(*, series: str) -> list[tuple[str, int, int]]:
    """Office, year and last number of every counter of a series."""
    return list(Counter.objects.filter(series=series).values_list("office", "year", "value"))


def last_number(*, series: str, office: UUID | str, year: int) -> int:
    """The last number given; 0 where the series has not begun."""
    row = Counter.objects.filter(series=series, office=str(office), year=year).values_list("value").first()
    return row[0] if row else 0
