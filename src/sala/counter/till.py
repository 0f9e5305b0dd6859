"""What is in the cash box of an office, what was closed, and does the book add up? Asked with `Verb.CASH`."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from sala.counter import rules
from sala.counter.models import CashClosing, CashLine
from sala.counter.terms import CashKind, Verb
from sala.kit import clock, reach
from sala.kit.acting import Acting
from sala.kit.errors import NotFound
from sala.kit.rows import one
from sala.kit.terms import N_
from sala.window import queries as window
from sala.window.terms import FeeStatus, State

LINE, CLOSING = "counter.cash", "counter.closing"
NO_OFFICE = N_("Your post has no cash box: it belongs to no office.")
NO_REQUEST = N_(
    "Your office has no request of this number. Look at the number on the receipt of the request."
)
OWES_NOTHING = (State.WITHDRAWN, State.REFUSED)
_LINE = ("position", "kind", "amount", "number", "words", "post")
_CLOSING = (
    "position", "lines", "opening", "payments", "reversals", "put_in", "handed_over", "expected", "counted", "total",
    "difference", "explanation", "post",
)  # fmt: skip


@dataclass(frozen=True)
class Box:
    """The cash day that runs now. ``due`` says that it is a day before today, which has to be closed first; ``closed``
    that today is closed already.
    """

    day: date
    sums: rules.Sums
    lines: list[CashLine]
    due: bool = False
    closed: bool = False


def office_of(by: Acting) -> UUID:
    """The office whose box the asker works with. Raises `Refused`, `NotSignedIn`, `NotFound`."""
    by.require(Verb.CASH, by.where)
    if by.office is None:
        raise NotFound(NO_OFFICE)
    return by.office


def box(*, by: Acting) -> Box:
    """What is in the box of the asker's office. Raises as `office_of`."""
    return running(office_of(by))


def running(office: UUID) -> Box:
    """The same, for the actions, which have asked for their own permission."""
    today = clock.today()
    last = CashClosing.objects.filter(office=office).order_by("-day").first()
    rows = CashLine.objects.filter(office=office).select_related("request__terms", "payment", "reversal")
    lines = list((rows.filter(day__gt=last.day) if last else rows).order_by("position"))
    opening = last.total if last else 0
    day = lines[0].day if lines else today
    sums = rules.sums(opening, ((CashKind(line.kind), line.amount) for line in lines))
    return Box(day, sums, lines, due=day < today, closed=last is not None and last.day >= today)


def closings(*, by: Acting, most: int = 40) -> list[CashClosing]:
    """The last closed days of the asker's office, the newest first. Raises as `office_of`."""
    return list(CashClosing.objects.filter(office=office_of(by)).order_by("-day")[:most])


def closing(day: date, *, by: Acting) -> tuple[CashClosing, list[CashLine]]:
    """A closed day with its lines. Raises as `office_of`, and `NotFound` for a day that is not closed."""
    office = office_of(by)
    found = one(CashClosing.objects.select_related("office").filter(office=office, day=day))
    if found is None:
        raise NotFound(N_("The cash box was not closed on this day."))
    lines = CashLine.objects.filter(office=office, day=day).select_related("request__terms", "payment")
    return found, list(lines.order_by("position"))


def payment(line_id: UUID, *, by: Acting) -> CashLine:
    """A payment of an office where ``by`` takes fees. Raises `NotFound`."""
    rows = CashLine.objects.filter(reach.q(by.reach(Verb.CASH)), pk=line_id, kind=CashKind.PAYMENT)
    found = one(rows.select_related("request__terms", "office", "reversal"))
    if found is None:
        raise NotFound(N_("There is no such payment here."))
    return found


def receipt(number: str) -> CashLine | None:
    """The payment of a receipt, for who holds its signed code; None where the book has none of this number."""
    rows = CashLine.objects.filter(number=number, kind=CashKind.PAYMENT)
    return rows.select_related("reversal").first()


@dataclass(frozen=True)
class Owed:
    """What a request costs by the law it was made under: ``riel`` may be taken now; None where nothing may. ``turn``
    says which payment of the request it would be.
    """

    request: Any
    riel: int | None
    paid: CashLine | None
    turn: int


def owed(number: str, *, by: Acting) -> Owed:
    """What may be taken for a request of the asker's office. Raises as `office_of`, and `NotFound`.

    Only a fee that the law fixes is taken, as the version of the service says under which the request was made.
    """
    office = office_of(by)
    rows = window.visible(by).select_related("terms").filter(number=number.strip(), office=office)
    request: Any = rows.first()
    if request is None:
        raise NotFound(NO_REQUEST)
    # One reading decides both whether it is paid and which payment would be the next, so that no other comes in between.
    payments = list(
        CashLine.objects.filter(request=request, kind=CashKind.PAYMENT).select_related("reversal")
    )
    paid = next((line for line in payments if not hasattr(line, "reversal")), None)
    may = request.terms.fee_status == FeeStatus.CHARGEABLE and request.state not in OWES_NOTHING
    riel = request.terms.fee_riel if may and paid is None else None
    return Owed(request, riel, paid, len(payments) + 1)


def notes() -> tuple[int, ...]:
    """The denominations that are counted, in riel, the largest first: the pack's ``money.toml``."""
    return _notes(str(settings.COUNTRIES), settings.COUNTRY)


@lru_cache(maxsize=4)
def _notes(countries: str, country: str) -> tuple[int, ...]:
    path = Path(countries) / country / "money.toml"
    found = tomllib.loads(path.read_text(encoding="utf-8"))["notes"] if path.is_file() else [1]
    return tuple(sorted((int(note) for note in found), reverse=True))


# ---- the ledger -----------------------------------------------------------------------------------------------------------


def line_content(line: CashLine) -> dict[str, object]:
    """What the ledger's digest of a line of the cash book is made of."""
    return {
        "office": str(line.office_id),
        "place": [line.province, line.district, line.commune],
        "day": line.day,
        "request": str(line.request_id) if line.request_id else None,
        "payment": str(line.payment_id) if line.payment_id else None,
        "at": line.at.astimezone(UTC),
        **{name: _plain(getattr(line, name)) for name in _LINE},
    }


def closing_content(row: CashClosing) -> dict[str, object]:
    """The same of a closing."""
    return {
        "office": str(row.office_id),
        "place": [row.province, row.district, row.commune],
        "day": row.day,
        "at": row.at.astimezone(UTC),
        **{name: getattr(row, name) for name in _CLOSING},
    }


def _plain(value: object) -> object:
    return str(value) if isinstance(value, str) else value


def line_snapshots() -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every line's facts from its row."""
    for line in CashLine.objects.order_by("pk").iterator(chunk_size=2000):
        yield str(line.pk), line_content(line)


def closing_snapshots() -> Iterator[tuple[str, Mapping[str, object]]]:
    """The same of every closing."""
    for row in CashClosing.objects.order_by("pk").iterator(chunk_size=2000):
        yield str(row.pk), closing_content(row)


def faults() -> Iterator[tuple[str, str]]:
    """Where a cash book does not add up, for the ledger's verification: gaps, and closings that are not their lines' sums."""
    lines = CashLine.objects.only("office", "position", "day", "kind", "amount")
    every: list[Any] = sorted([*lines, *CashClosing.objects.all()], key=_place_in_book)
    for _office, book in groupby(every, key=attrgetter("office_id")):
        yield from _faults_of(book)


def _place_in_book(row: CashLine | CashClosing) -> tuple[str, int]:
    return str(row.office_id), row.position


def _faults_of(book: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """One office's book: lines, and closings among them, in their order."""
    opening, last, lines = 0, date.min, list[tuple[CashKind, int]]()
    for place, row in enumerate(book, start=1):
        if row.position != place:
            yield str(row.pk), f"the cash book goes on with line {row.position} where line {place} must stand"
            return
        if isinstance(row, CashLine):
            if row.day <= last:
                yield str(row.pk), f"line {row.position} of the cash book lies in a day that was closed"
            lines.append((CashKind(row.kind), row.amount))
            continue
        said = rules.Sums(row.opening, row.payments, row.reversals, row.put_in, row.handed_over)
        if rules.sums(opening, lines) != said or row.lines != len(lines):
            yield str(row.pk), f"the closing of {row.day} is not the sum of its lines"
        opening, last, lines = row.total, row.day, []
