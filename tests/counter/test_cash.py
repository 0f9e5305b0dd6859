"""The cash book: only the law's fee, no line ever changed, a day that balances, and the next one that opens with what was counted."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from sala.accounts.acting import RESIDENT, system
from sala.counter import cash, papers, rules, till
from sala.counter.models import CashClosing, CashLine
from sala.counter.terms import CashKind
from sala.installation.actions import simulated
from sala.kit import clock
from sala.kit.errors import Invalid, NotFound, NotPossible, NotSignedIn, Refused
from sala.ledger.models import Entry
from sala.ledger.rules import leaves
from sala.window import actions as window
from tests.window.conftest import acting

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 3, 16, 9, 0, tzinfo=clock.zone())
FEE = 1000  # of LG-BUSCERT, by Sub-decree 18 (2017)


def request(service: str = "LG-BUSCERT") -> str:
    """The number of a new request; LG-BUSCERT goes to the district's one-window office and costs what the law says."""
    return window.receive(by=RESIDENT, service=service, place="12040402").request.number


def verified() -> None:
    """The latest digest of every line and closing is what its row says, and the book adds up."""
    rows = [(till.LINE, till.line_snapshots), (till.CLOSING, till.closing_snapshots)]
    for kind, snapshots in rows:
        for subject, content in snapshots():
            entry = Entry.objects.filter(kind=kind, subject=subject).latest("at", "id")
            assert entry.digest == leaves.content_digest(bytes(entry.salt.salt), content)
    assert list(till.faults()) == []


def text(answer: Any) -> str:
    return str(answer.content.decode())


@given(
    st.lists(
        st.tuples(
            st.lists(st.tuples(st.sampled_from(CashKind), st.integers(1, 10**7)), max_size=8),
            st.dictionaries(st.sampled_from(till.notes()), st.integers(0, 99), max_size=5),
        ),
        max_size=6,
    )
)
@settings(max_examples=40)
def test_sums_of_lines_are_the_report_and_the_next_opening(
    days: list[tuple[list[tuple[CashKind, int]], dict[int, int]]],
) -> None:
    opening, differences, moved = 0, 0, 0
    for lines, counted in days:
        sums = rules.sums(opening, lines)
        signed = sum(-riel if rules.goes_out(kind) else riel for kind, riel in lines)
        assert sums.expected == opening + signed
        differences += rules.total(counted) - sums.expected
        moved += signed
        opening = rules.total(counted)
    assert opening == moved + differences


def test_only_the_fee_of_the_law_is_taken_and_only_once() -> None:
    head, number = acting("window1204"), request()
    assert till.owed(f" {number} ", by=head).riel == FEE
    for wrong in (0, FEE - 1, FEE * 2):
        with pytest.raises(Invalid, match="another one"):
            cash.pay(by=head, number=number, riel=wrong)
    line = cash.pay(by=head, number=number, riel=FEE)
    assert re.fullmatch(r"R-1204-\d\d-00001", line.number)
    with pytest.raises(NotPossible, match="Nothing may be taken"):
        cash.pay(by=head, number=number, riel=FEE)
    assert cash.pay(by=head, number=request(), riel=FEE).number.endswith("-00002")
    verified()


def test_of_two_offices_that_take_one_fee_in_the_same_moment_one_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second office read before the first one wrote, so it saw the fee as owed: the database knows better."""
    head, number = acting("window1204"), request()
    before = till.owed(number, by=head)
    cash.pay(by=head, number=number, riel=FEE)
    answers = iter([before])
    owed = till.owed
    monkeypatch.setattr(till, "owed", lambda number, *, by: next(answers, None) or owed(number, by=by))
    with pytest.raises(NotPossible, match="or it is paid"):
        cash.pay(by=head, number=number, riel=FEE)
    monkeypatch.undo()
    assert CashLine.objects.get().turn == 1
    assert cash.pay(by=head, number=request(), riel=FEE).number.endswith("-00002")  # no number was lost
    verified()


def test_a_line_that_is_refused_for_another_reason_is_no_paid_fee(monkeypatch: pytest.MonkeyPatch) -> None:
    head, number = acting("window1204"), request()
    monkeypatch.setattr(rules, "receipt_number", lambda *_: "")
    with pytest.raises(IntegrityError):
        cash.pay(by=head, number=number, riel=FEE)


def test_nothing_is_taken_where_the_law_fixes_nothing() -> None:
    head, clerk = acting("window1204"), acting("clerk120404")
    report = request("RP-SEWER")
    assert till.owed(report, by=clerk).riel is None
    with pytest.raises(NotPossible):
        cash.pay(by=clerk, number=report, riel=0)
    withdrawn = window.receive(by=RESIDENT, service="LG-BUSCERT", place="12040402")
    window.withdraw(by=RESIDENT, code=withdrawn.code)
    with pytest.raises(NotPossible):
        cash.pay(by=head, number=withdrawn.request.number, riel=FEE)
    with pytest.raises(NotFound):
        cash.pay(by=head, number=report, riel=FEE)  # of another office
    assert CashLine.objects.count() == 0


def test_a_payment_is_reversed_by_a_line_of_its_own() -> None:
    head, number = acting("window1204"), request()
    line = cash.pay(by=head, number=number, riel=FEE)
    with pytest.raises(Invalid, match="why"):
        cash.reverse(by=head, line_id=line.pk, words=" ")
    back = cash.reverse(by=head, line_id=line.pk, words="Taken for the wrong request")
    assert (back.payment_id, back.amount, back.number) == (line.pk, FEE, "")
    assert CashLine.objects.get(pk=line.pk).amount == FEE
    with pytest.raises(NotPossible, match="already"):
        cash.reverse(by=head, line_id=line.pk, words="Once more")
    with pytest.raises(NotFound):
        cash.reverse(by=head, line_id=back.pk, words="A reversal is none")
    assert till.box(by=head).sums.expected == 0
    again = cash.pay(by=head, number=number, riel=FEE)
    assert (again.number[-6:], again.turn) == ("-00002", 2)  # it may be paid again
    verified()


def test_money_is_put_in_and_handed_over() -> None:
    head = acting("window1204")
    cash.move_money(by=head, kind=CashKind.PUT_IN, riel=20000, words="Change from the treasury")
    with pytest.raises(NotPossible, match="not so much"):
        cash.move_money(by=head, kind=CashKind.HAND_OVER, riel=20001, words="To the treasury")
    cash.move_money(by=head, kind=CashKind.HAND_OVER, riel=5000, words="To the treasury")
    for kind, riel in ((CashKind.PAYMENT, 1), (CashKind.REVERSAL, 1)):
        with pytest.raises(NotPossible, match="for a request"):
            cash.move_money(by=head, kind=kind, riel=riel, words="Not like this")
    for riel in (0, -5, rules.MOST_RIEL + 1):
        with pytest.raises(Invalid, match="whole riel"):
            cash.move_money(by=head, kind=CashKind.PUT_IN, riel=riel, words="Change")
    assert till.box(by=head).sums.expected == 15000
    line = cash.pay(by=head, number=request(), riel=FEE)
    cash.move_money(by=head, kind=CashKind.HAND_OVER, riel=16000, words="To the treasury")
    with pytest.raises(NotPossible, match="not so much"):
        cash.reverse(by=head, line_id=line.pk, words="The money is gone")
    verified()


def test_a_day_is_closed_once_and_the_next_opens_with_what_was_counted() -> None:
    head = acting("window1204")
    with simulated(MONDAY):
        cash.move_money(by=head, kind=CashKind.PUT_IN, riel=10000, words="Change from the treasury")
        cash.pay(by=head, number=request(), riel=FEE)
        for wrong in ({3: 1}, {1000: -1}):
            with pytest.raises(Invalid, match="how many notes"):
                cash.close_day(by=head, counted=wrong)
        with pytest.raises(Invalid, match="difference"):
            cash.close_day(by=head, counted={10000: 1, 500: 1}, explanation=" x ")
        row = cash.close_day(
            by=head, counted={10000: 1, 500: 1, 50: 0}, explanation="A note of 500 too much change"
        )
        assert (row.expected, row.total, row.difference, row.counted) == (
            11000,
            10500,
            -500,
            {"10000": 1, "500": 1},
        )
        number = request()
        for act in (
            lambda: cash.pay(by=head, number=number, riel=FEE),
            lambda: cash.close_day(by=head, counted={}),
            lambda: cash.move_money(by=head, kind=CashKind.PUT_IN, riel=5, words="Too late"),
        ):
            with pytest.raises(NotPossible, match="closed"):
                act()
    with simulated(MONDAY + timedelta(days=1)):
        assert till.box(by=head).sums == rules.Sums(10500)
        cash.pay(by=head, number=number, riel=FEE)
        assert cash.close_day(by=head, counted={10000: 1, 500: 3}, explanation="not kept").explanation == ""
    verified()


def test_a_day_that_was_forgotten_is_closed_first() -> None:
    head = acting("window1204")
    with simulated(MONDAY):
        cash.pay(by=head, number=request(), riel=FEE)
    with simulated(MONDAY + timedelta(days=3)):
        assert till.box(by=head).due
        with pytest.raises(NotPossible, match="earlier day"):
            cash.pay(by=head, number=request(), riel=FEE)
        assert cash.close_day(by=head, counted={1000: 1}).day == MONDAY.date()
        cash.pay(by=head, number=request(), riel=FEE)
        assert cash.close_day(by=head, counted={1000: 2}).opening == FEE
    verified()


def test_who_may() -> None:
    head, desk = acting("window1204"), acting("frontdesk120404")
    line = cash.pay(by=head, number=request(), riel=FEE)
    for act in (
        lambda: cash.move_money(by=desk, kind=CashKind.PUT_IN, riel=1, words="Change"),
        lambda: cash.close_day(by=desk, counted={}),
        lambda: cash.reverse(by=desk, line_id=line.pk, words="Of elsewhere"),
        lambda: till.box(by=acting("auditor")),
    ):
        with pytest.raises(Refused):
            act()
    with pytest.raises(NotFound):
        cash.reverse(by=acting("clerk120404"), line_id=line.pk, words="Of elsewhere")
    with pytest.raises(NotSignedIn):
        till.box(by=RESIDENT)
    with pytest.raises(NotFound):
        till.box(by=system("tests"))


def test_without_ledger_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    head, number = acting("window1204"), request()

    def fails(**_: object) -> None:
        raise RuntimeError("ledger")

    monkeypatch.setattr("sala.ledger.actions.record", fails)
    with pytest.raises(RuntimeError):
        cash.pay(by=head, number=number, riel=FEE)
    with pytest.raises(RuntimeError):
        cash.close_day(by=head, counted={})
    monkeypatch.undo()
    assert not CashLine.objects.exists() and not CashClosing.objects.exists()
    assert cash.pay(by=head, number=number, riel=FEE).position == 1


def test_the_database_refuses_to_change_a_line_or_a_closing() -> None:
    head = acting("window1204")
    cash.pay(by=head, number=request(), riel=FEE)
    cash.close_day(by=head, counted={1000: 1})
    for table in ("counter_cashline", "counter_cashclosing"):
        for change in (f"UPDATE {table} SET position = 9", f"DELETE FROM {table}"):
            with (
                pytest.raises(DatabaseError, match="never changed"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(change)


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 0},
        {"kind": "gift"},
        {"number": ""},
        {"request": None},
        {"position": 1, "number": "R-2"},
        {"turn": 1},
    ],
)
def test_the_database_refuses_a_line_that_is_none(wrong: dict[str, Any]) -> None:
    line = cash.pay(by=acting("window1204"), number=request(), riel=FEE)
    fields = {field.name: getattr(line, field.name) for field in CashLine._meta.fields if field.name != "id"}
    with pytest.raises(DatabaseError), transaction.atomic():
        CashLine(**{**fields, "number": "R-1", "position": 2, "turn": 2, **wrong}).save(force_insert=True)


def test_a_book_that_was_forged_is_found() -> None:
    head = acting("window1204")
    with simulated(MONDAY):
        line = cash.pay(by=head, number=request(), riel=FEE)
        cash.close_day(by=head, counted={1000: 1})
    fields = {field.name: getattr(line, field.name) for field in CashLine._meta.fields if field.name != "id"}
    CashLine(**{**fields, "number": "R-late", "position": 3, "turn": 2}).save(force_insert=True)
    assert [sentence for _, sentence in till.faults()] == [
        "line 3 of the cash book lies in a day that was closed"
    ]
    CashLine(**{**fields, "number": "R-gap", "position": 7, "turn": 3}).save(force_insert=True)
    assert "line 4 must stand" in list(till.faults())[-1][1]
    CashClosing.objects.create(
        **{field.name: getattr(CashClosing.objects.get(), field.name) for field in CashClosing._meta.fields if field.name not in ("id", "position", "day")},
        position=4,
        day=MONDAY.date() + timedelta(days=1),
    )  # fmt: skip
    assert any("not the sum of its lines" in sentence for _, sentence in till.faults())


def test_a_receipts_code_says_what_the_paper_says(client: Client) -> None:
    line = till.payment(
        cash.pay(by=acting("window1204"), number=request(), riel=FEE).pk, by=acting("window1204")
    )
    code = papers.code(line)
    assert code.startswith("KH1:") and code == papers.code(line) and len(code) < 400
    page = text(client.post("/en/verify", {"code": code}))
    for words in (
        line.number,
        line.request.number,
        "1,000 riel",
        line.request.terms.name_en,
        line.office.name_en,
    ):
        assert words in page
    line.amount = FEE * 10  # a paper that says more has another code
    assert papers.code(line) != code
    assert [row[1] for row in papers.shown({"s": "GONE", "o": "gone", "d": "2026-03-16", "r": 1})][1:4:2] == [
        "gone",
        "GONE",
    ]


def test_a_receipt_whose_payment_was_reversed_says_so_when_it_is_checked(client: Client) -> None:
    head = acting("window1204")
    line = till.payment(cash.pay(by=head, number=request(), riel=FEE).pk, by=head)
    code = papers.code(line)
    page = text(client.post("/en/verify", {"code": code}))
    assert "Genuine" in page and "No longer good" not in page and "Whether it was reversed" not in page
    cash.reverse(by=head, line_id=line.pk, words="Of no concern to others")
    page = text(client.post("/en/verify", {"code": code}))
    assert "No longer good" in page and "The payment was reversed on" in page and "Genuine" not in page
    assert line.number in page and "Of no concern" not in page
    line.number = "R-1204-26-09999"  # signed once, and not in the book
    page = text(client.post("/en/verify", {"code": papers.code(line)}))
    assert "No longer good" in page and "has no receipt of this number" in page


def test_a_morning_at_the_cash_box(sign_in: Callable[[str], Client]) -> None:
    client, number = sign_in("window1204"), request()
    assert "No line yet" in text(client.get("/en/counter/cash"))
    page = text(client.get("/en/counter/cash", {"number": number}))
    assert "Take 1,000 riel and give a receipt" in page and "Sub-decree 18" in page
    answer = client.post("/en/counter/cash", {"act": "pay", "number": number, "riel": FEE})
    receipt = answer["Location"]
    paper = text(client.get(receipt))
    assert "R-1204-" in paper and "1,000 riel" in paper and number in paper
    again = client.post("/en/counter/cash", {"act": "pay", "number": number, "riel": FEE})
    assert again.status_code == 409 and "or it is paid" in text(again)
    assert "R-1204-" in text(client.get("/en/counter/cash", {"number": number}))
    assert client.post(receipt, {"words": ""}).status_code == 422
    assert client.post(receipt, {"words": "Wrong request"}).status_code == 302
    assert "no longer good" in text(client.get(receipt))
    assert client.post(receipt, {"words": "Wrong request"}).status_code == 422
    money = {"act": "move", "kind": "put_in", "riel": "៥.០០០", "words": "Change from the treasury"}
    assert client.post("/en/counter/cash", money).status_code == 302
    closing = {"note_1000": "4", "explanation": ""}
    answer = client.post("/en/counter/cash/close", closing)
    assert answer.status_code == 422 and 'value="4"' in text(answer) and "4,000 riel" in text(answer)
    answer = client.post("/en/counter/cash/close", {"note_1000": "five"})
    assert answer.status_code == 422 and "whole numbers from 0" in text(answer)
    answer = client.post("/en/counter/cash/close", {"note_5000": "១"})
    report = text(client.get(answer["Location"]))
    assert "The box balances" in report and "Payment reversed" in report
    page = text(client.get("/en/counter/cash"))
    assert "closed" in page and "Take a fee" not in page
    verified()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422), ({"act": "move", "kind": "payment", "riel": "5", "words": "xxx"}, 422),
        ({"act": "move", "kind": "hand_over", "riel": "5", "words": "To the treasury"}, 409),
        ({"act": "move", "kind": "put_in", "riel": "much", "words": "Change"}, 422),
        ({"act": "pay", "number": "x", "riel": "1"}, 404), ({"act": "pay", "number": "", "riel": "1"}, 422),
        ({"act": "pay", "number": "x", "riel": "one"}, 404),
    ],
)  # fmt: skip
def test_wrong_input_is_told(sign_in: Callable[[str], Client], body: dict[str, str], status: int) -> None:
    answer = sign_in("window1204").post("/en/counter/cash", body)
    assert answer.status_code == status
    assert CashLine.objects.count() == 0


def test_the_pages_know_their_readers(sign_in: Callable[[str], Client]) -> None:
    receipt = cash.pay(by=acting("window1204"), number=request(), riel=FEE)
    desk = sign_in("frontdesk120404")
    page = text(desk.get("/en/counter/cash"))
    assert "Count and close" not in page and "Hand money over" not in page
    assert desk.get("/en/counter/cash/close").status_code == 403
    assert desk.post("/en/counter/cash", {"act": "move"}).status_code == 403
    assert desk.get(f"/en/counter/receipts/{receipt.pk}").status_code == 404
    unknown = desk.get("/en/counter/cash", {"number": "120404-26-99999"})
    assert unknown.status_code == 422 and "no request of this number" in text(unknown)
    for day in ("2026-03-16", "yesterday"):
        assert desk.get(f"/en/counter/cash/days/{day}").status_code == 404


def test_many_lines_ask_no_oftener(sign_in: Callable[[str], Client]) -> None:
    head, client, seen = acting("window1204"), sign_in("window1204"), []
    for _ in range(2):
        for _ in range(4):
            cash.pay(by=head, number=request(), riel=FEE)
        client.get("/en/counter/cash")
        with CaptureQueriesContext(connection) as asked:
            client.get("/en/counter/cash")
        seen.append(len(asked))
    assert seen[0] == seen[1] <= 6
