"""What lies in the cash box, and what may I take? The cash book's pages: the box, a fee, a receipt, the closing, a closed day."""

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from sala.accounts import asking
from sala.counter import cash, forms, papers, rules, till
from sala.counter.pages.tickets import drawn
from sala.counter.terms import CashKind, Verb
from sala.kit import inputs
from sala.kit.acting import Acting
from sala.kit.errors import NotFound, Problem
from sala.offices import queries as offices
from sala.ui import jinja
from sala.window import shown as window


def _by(request: HttpRequest) -> Acting:
    by = asking.signed_in(request)
    till.office_of(by)
    return by


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def box(request: HttpRequest) -> HttpResponse:
    """The box of today; ``?number=`` looks a request up; a POST takes its fee, or moves other money."""
    by = _by(request)
    if request.method == "POST" and request.POST.get("act") == "pay":
        return _pay(request, by)
    if request.method == "POST":
        return _move(request, by)
    if "number" not in request.GET:
        return _box(request, by)
    form = forms.FindForm(request.GET)
    owed = None
    if form.is_valid():
        try:
            owed = till.owed(form.cleaned_data["number"], by=by)
        except NotFound as problem:
            form.add_error("number", _(str(problem.message)))
    return _box(request, by, find=form, owed=owed)


def _pay(request: HttpRequest, by: Acting) -> HttpResponse:
    form = forms.FindForm(request.POST)
    try:
        riel = inputs.whole(request.POST.get("riel", ""), 0, rules.MOST_RIEL)
        if not form.is_valid():
            return _box(request, by, find=form)
        line = cash.pay(by=by, number=form.cleaned_data["number"], riel=riel)
    except inputs.Wrong as wrong:
        raise NotFound(_("There is no such step.")) from wrong
    except Problem as problem:
        if problem.status in (401, 403, 404):
            raise
        return _box(request, by, find=form, problem=problem)
    return redirect("counter-receipt", line.pk)


def _move(request: HttpRequest, by: Acting) -> HttpResponse:
    form = forms.MoveForm(request.POST)
    if not form.is_valid():
        by.require(Verb.CLOSE, by.where)
        return _box(request, by, move=form)
    said = form.cleaned_data
    try:
        cash.move_money(by=by, kind=CashKind(said["kind"]), riel=said["riel"], words=said["words"])
    except Problem as problem:
        if problem.status in (401, 403, 404):
            raise
        return _box(request, by, move=form, problem=problem)
    messages.success(request, _("Written into the cash book."))
    return redirect("counter-cash")


def _box(
    request: HttpRequest,
    by: Acting,
    *,
    find: forms.FindForm | None = None,
    owed: till.Owed | None = None,
    move: forms.MoveForm | None = None,
    problem: Problem | None = None,
) -> HttpResponse:
    running = till.box(by=by)
    may_close = by.may(Verb.CLOSE, by.where)
    context = {
        "box": running,
        "lines": _lines(running.lines),
        "sums": _sums(running.sums),
        "find": find or forms.FindForm(),
        "owed": owed,
        "service": window.full(owed.request.terms) if owed else "",
        "basis": window.source_text(owed.request.terms.legal_basis) if owed else "",
        "fee": window.fee(owed.request.terms) if owed else "",
        "move": (move or forms.MoveForm()) if may_close and not running.due and not running.closed else None,
        "may_close": may_close and not running.closed,
        "closings": till.closings(by=by),
        "problem": problem,
    }
    bad = any(form is not None and form.errors for form in (find, move))
    status = problem.status if problem is not None else 422 if bad else 200
    return render(request, "counter/cash.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest) -> HttpResponse:
    """Count the notes and close the day; a difference wants its explanation, and what was counted is kept."""
    by = _by(request)
    by.require(Verb.CLOSE, by.where)
    form = forms.CloseForm(request.POST if request.method == "POST" else None)
    problem: Problem | None = None
    if form.is_bound and form.is_valid():
        try:
            row = cash.close_day(by=by, counted=form.counted(), explanation=form.cleaned_data["explanation"])
        except Problem as raised:
            if raised.status in (401, 403, 404):
                raise
            problem = raised
        else:
            return redirect("counter-cash-day", row.day)
    running = till.box(by=by)
    counted = rules.total(form.counted()) if form.is_bound and form.is_valid() else None
    context = {
        "box": running,
        "sums": _sums(running.sums),
        "form": form,
        "notes": [(note, form[f"note_{note}"]) for note in till.notes()],
        "counted": counted,
        "problem": problem,
    }
    status = problem.status if problem is not None else 422 if form.is_bound else 200
    return render(request, "counter/close.html", context, status=status)


@never_cache
@require_safe
def closed_day(request: HttpRequest, day: str) -> HttpResponse:
    """The report of a closed day, to be printed and signed."""
    by = _by(request)
    try:
        row, lines = till.closing(date.fromisoformat(day), by=by)
    except ValueError as wrong:
        raise NotFound(_("The cash box was not closed on this day.")) from wrong
    sums = rules.Sums(row.opening, row.payments, row.reversals, row.put_in, row.handed_over)
    context = {
        "row": row,
        "lines": _lines(lines),
        "sums": _sums(sums),
        "notes": [(note, row.counted.get(str(note), 0)) for note in till.notes()],
        "who": _names([row.post]).get(row.post, ""),
    }
    return render(request, "counter/cash_day.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def receipt(request: HttpRequest, line_id: UUID) -> HttpResponse:
    """The receipt of a payment for an 80 mm printer; a POST reverses the payment."""
    by = _by(request)
    line: Any = till.payment(line_id, by=by)
    form = None
    if request.method == "POST":
        by.require(Verb.CLOSE, line.where)
        form = forms.ReverseForm(request.POST)
        if form.is_valid():
            try:
                cash.reverse(by=by, line_id=line.pk, words=form.cleaned_data["words"])
            except Problem as problem:
                if problem.status in (401, 403, 404):
                    raise
                form.add_error("words", _(str(problem.message)))
            else:
                return redirect("counter-receipt", line.pk)
    reversal = getattr(line, "reversal", None)
    context = {
        "line": line,
        "reversal": reversal,
        "service": window.full(line.request.terms),
        "basis": window.source_text(line.request.terms.legal_basis),
        "qr": drawn(papers.code(line), scale=2),
        "form": form or forms.ReverseForm(),
        "may_reverse": reversal is None and by.may(Verb.CLOSE, line.where),
        **window.frame(line.office.place, line.office),
        "office": line.office,
    }
    return render(request, "counter/receipt.html", context, status=422 if form is not None else 200)


def _sums(sums: rules.Sums) -> list[tuple[str, int]]:
    """The day as it is added up: a text and an amount with its sign."""
    return [
        (_("In the box in the morning"), sums.opening),
        (_("Fees paid"), sums.payments),
        (_("Payments reversed"), -sums.reversals),
        (_("Money put in"), sums.put_in),
        (_("Money handed over"), -sums.handed_over),
    ]


def _lines(lines: list[Any]) -> list[dict[str, Any]]:
    names = _names([line.post for line in lines])
    return [
        {
            "id": line.pk if line.kind == CashKind.PAYMENT else None,
            "at": line.at,
            "kind": jinja.term(CashKind(line.kind)),
            "number": line.number or (line.payment.number if line.payment_id else ""),
            "words": line.words or (window.short(line.request.terms) if line.request is not None else ""),
            "amount": -line.amount if rules.goes_out(CashKind(line.kind)) else line.amount,
            "who": names.get(line.post, ""),
        }
        for line in lines
    ]


def _names(posts: list[str]) -> dict[str, str]:
    return {post: jinja.name(names) for post, names in offices.holder_names(set(posts)).items()}
