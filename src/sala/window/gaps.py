"""Is a request there for every number that was given? Numbers have no gap, so a request that somebody took away leaves one."""

from collections import defaultdict
from collections.abc import Iterator

from sala.numbers import queries as numbers
from sala.window import actions, rules
from sala.window.models import Request

_NAMED = 100  # of one office and year


def missing() -> Iterator[tuple[str, str]]:
    """Number and sentence for each number that was given and names no request, or names one and was never given.

    Found even where the ledger's entries were taken away with the request before they were sealed.
    """
    given = {
        rules.number(office, year, 0)[:-5]: (office, year, value)
        for office, year, value in numbers.last_numbers(series=actions.SERIES)
    }
    there: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for head, sequence in _numbers():
        there[head][0] += 1
        there[head][1] += sequence
    for head in sorted(given.keys() | there.keys()):
        last = given[head][2] if head in given else 0
        if there[head] != [last, last * (last + 1) // 2]:
            yield from _named(head, last)


def _numbers(head: str = "") -> Iterator[tuple[str, int]]:
    rows = Request.objects.filter(number__startswith=head) if head else Request.objects.all()
    for number in rows.order_by().values_list("number", flat=True).iterator(chunk_size=5000):
        place, _, sequence = number.rpartition("-")
        if sequence.isdecimal() and (not head or head == f"{place}-"):
            yield f"{place}-", int(sequence)


def _named(head: str, last: int) -> Iterator[tuple[str, str]]:
    there = {sequence for _head, sequence in _numbers(head)}
    for sequence in sorted(set(range(1, last + 1)) - there)[:_NAMED]:
        number = f"{head}{sequence:05d}"
        yield number, f"request {number}: removed, the number was given and names no request"
    for sequence in sorted(there - set(range(1, last + 1)))[:_NAMED]:
        number = f"{head}{sequence:05d}"
        yield number, f"request {number}: the number stands on a request, but was never given"
