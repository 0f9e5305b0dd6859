"""Every line of the cash book: permission, law, row and ledger entry in one transaction. No line is ever changed."""

from collections.abc import Mapping
from uuid import UUID

from django.db import IntegrityError, transaction

from sala.counter import rules, till
from sala.counter.models import CashClosing, CashLine
from sala.counter.terms import CashKind, LedgerAct, Verb
from sala.kit import clock
from sala.kit.acting import Acting
from sala.kit.errors import FieldError, Invalid, NotPossible
from sala.kit.terms import N_
from sala.kit.text import normalise
from sala.ledger import actions as ledger
from sala.numbers import actions as numbers
from sala.offices import queries as offices

BOOK, RECEIPT = "counter.cash", "counter.receipt"
CLOSE_FIRST = N_("The cash box of an earlier day is still open. Count and close it first.")
CLOSED = N_("The cash box of today is closed. Money is taken again tomorrow.")
NOTHING_OWED = N_(
    "Nothing may be taken for this request: the law fixes no fee for it, it was refused or withdrawn, or it is paid."
)
OTHER_AMOUNT = N_("The fee is another one than the page showed. Look at it again, then take it.")
REVERSED = N_("This payment was reversed already.")
NOT_ENOUGH = N_("There is not so much money in the cash box.")
WHY = N_("Write why, in 3 to 300 letters.")
AMOUNT = N_("Give an amount in whole riel, more than 0.")
EXPLAIN = N_(
    "What was counted is not what must be there. Count again, or write what explains the difference, in 3 to 500 letters."
)
COUNT = N_("Give how many notes there are of each kind: whole numbers from 0.")
_ACTS = {
    CashKind.PAYMENT: Verb.CASH,
    CashKind.REVERSAL: LedgerAct.REVERSE,
    CashKind.PUT_IN: LedgerAct.PUT_IN,
    CashKind.HAND_OVER: LedgerAct.HAND_OVER,
}


def pay(*, by: Acting, number: str, riel: int) -> CashLine:
    """Take the fee of a request of the acting post's office, and number the receipt. No fee is taken twice: where another
    office took it in the same moment (a request that was forwarded), the database refuses the second one.

    ``riel`` is what the page showed; it must be the law's amount. Side effects: a line of the book with the next receipt
    number of the office and year, a ledger entry. Raises `Refused`, `NotFound`, `NotPossible` (nothing may be taken, a day
    that is closed or has to be closed), `Invalid` (another amount).
    """
    with transaction.atomic():
        office, position, _box = _opened(by, Verb.CASH)
        owed = till.owed(number, by=by)
        if owed.riel is None:
            raise NotPossible(NOTHING_OWED)
        if riel != owed.riel:
            raise Invalid(OTHER_AMOUNT, errors=[FieldError("riel", "fee", OTHER_AMOUNT)])
        line = _line(by, office, position, CashKind.PAYMENT, owed.riel)
        line.request, line.turn = owed.request, owed.turn
        year = line.day.year
        sequence = numbers.next_number(series=RECEIPT, office=office, year=year)
        line.number = rules.receipt_number(_place(office), year, sequence)
        try:
            with transaction.atomic():
                return _written(by, line)
        except IntegrityError as error:
            if till.owed(number, by=by).riel is None:
                raise NotPossible(NOTHING_OWED) from error
            raise


def reverse(*, by: Acting, line_id: UUID, words: str) -> CashLine:
    """Give the money of a payment back, as a line of its own that names it and says why. The payment's line stays.

    Side effects: a line, a ledger entry. Raises `Refused`, `NotFound`, `NotPossible` (reversed already, not enough money,
    a day that is closed or has to be closed), `Invalid` (no reason).
    """
    words = _words(words)
    with transaction.atomic():
        office, position, box = _opened(by, Verb.CLOSE)
        payment = till.payment(line_id, by=by)
        by.require(Verb.CLOSE, payment.where)
        if CashLine.objects.filter(payment=payment).exists():
            raise NotPossible(REVERSED)
        _check_enough(box, payment.amount)
        line = _line(by, office, position, CashKind.REVERSAL, payment.amount, words)
        line.payment, line.request_id = payment, payment.request_id
        return _written(by, line)


def move_money(*, by: Acting, kind: CashKind, riel: int, words: str) -> CashLine:
    """Put change into the box, or hand money over (to the treasury): ``words`` say from whom or to whom.

    Side effects: a line, a ledger entry. Raises `Refused`, `NotPossible` (as `reverse`), `Invalid`.
    """
    if kind not in (CashKind.PUT_IN, CashKind.HAND_OVER):
        raise NotPossible(N_("Fees are taken for a request, and payments are reversed."))
    if not 1 <= riel <= rules.MOST_RIEL:
        raise Invalid(AMOUNT, errors=[FieldError("riel", "number", AMOUNT)])
    words = _words(words)
    with transaction.atomic():
        office, position, box = _opened(by, Verb.CLOSE)
        if rules.goes_out(kind):
            _check_enough(box, riel)
        return _written(by, _line(by, office, position, kind, riel, words))


def close_day(*, by: Acting, counted: Mapping[int, int], explanation: str = "") -> CashClosing:
    """Close the cash day that runs: what must be in the box beside what was counted. The next day opens with the counted.

    ``counted`` holds how many notes there are of each denomination. Side effects: the closing, a ledger entry. Raises
    `Refused`, `NotPossible` (closed already), `Invalid` (a note that is none; a difference without an explanation).
    """
    notes = till.notes()
    if any(note not in notes or not 0 <= count <= rules.MOST_RIEL for note, count in counted.items()):
        raise Invalid(COUNT, errors=[FieldError("counted", "notes", COUNT)])
    explanation = " ".join(normalise(explanation).split())[:500]
    with transaction.atomic():
        office, position, box = _opened(by, Verb.CLOSE, closing=True)
        total = rules.total(counted)
        difference = total - box.sums.expected
        if difference and len(explanation) < 3:
            raise Invalid(EXPLAIN, errors=[FieldError("explanation", "difference", EXPLAIN)])
        where, sums = by.where, box.sums
        row = CashClosing(
            office_id=office, province=where.province, district=where.district, commune=where.commune,
            position=position, day=box.day, lines=len(box.lines), opening=sums.opening, payments=sums.payments,
            reversals=sums.reversals, put_in=sums.put_in, handed_over=sums.handed_over, expected=sums.expected,
            counted={str(note): count for note, count in sorted(counted.items()) if count}, total=total,
            difference=difference, explanation=explanation if difference else "", post=by.post,
        )  # fmt: skip
        row.save(force_insert=True)
        ledger.record(
            by=by,
            act=Verb.CLOSE,
            kind=till.CLOSING,
            subject=str(row.pk),
            at=row.where,
            content=till.closing_content(row),
        )
    return row


def _opened(by: Acting, verb: Verb, closing: bool = False) -> tuple[UUID, int, till.Box]:
    """The office, the next line of its book, and its box. Taking the line's number locks the book until the transaction
    ends, so that two who take money, or take and close, come one after the other. Raises as the actions.
    """
    by.require(verb, by.where)
    office = till.office_of(by)
    position = numbers.next_number(series=BOOK, office=office, year=0)
    box = till.running(office)
    if box.closed:
        raise NotPossible(CLOSED)
    if box.due and not closing:
        raise NotPossible(CLOSE_FIRST)
    return office, position, box


def _line(by: Acting, office: UUID, position: int, kind: CashKind, riel: int, words: str = "") -> CashLine:
    where = by.where
    return CashLine(
        office_id=office,
        province=where.province,
        district=where.district,
        commune=where.commune,
        position=position,
        day=clock.today(),
        kind=kind,
        amount=riel,
        words=words,
        post=by.post,
    )


def _written(by: Acting, line: CashLine) -> CashLine:
    line.save(force_insert=True)
    act = _ACTS[CashKind(line.kind)]
    ledger.record(
        by=by, act=act, kind=till.LINE, subject=str(line.pk), at=line.where, content=till.line_content(line)
    )
    return line


def _place(office: UUID) -> str:
    found = offices.office(office)
    return found.place if found is not None else ""


def _words(typed: str) -> str:
    words = " ".join(normalise(typed).split())
    if not 3 <= len(words) <= 300:
        raise Invalid(WHY, errors=[FieldError("words", "length", WHY)])
    return words


def _check_enough(box: till.Box, riel: int) -> None:
    if riel > box.sums.expected:
        raise NotPossible(NOT_ENOUGH)
