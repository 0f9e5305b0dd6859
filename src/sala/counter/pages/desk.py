"""Whom do I call next? The clerk's page: one thing to press, who waits, who missed the call, who is at the other desks."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from sala.accounts import asking
from sala.counter import actions, forms, queries, rules
from sala.counter.pages.fresh import mark, unchanged
from sala.counter.terms import Priority, State, Step
from sala.kit import clock, inputs
from sala.kit.acting import Acting, Reach
from sala.kit.errors import NotFound, Problem
from sala.ui import jinja
from sala.window.terms import Verb as WindowVerb

STEPS = (Step.START, Step.MISS, Step.FINISH, Step.RECALL, Step.LEAVE)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def desk(request: HttpRequest) -> HttpResponse:
    """The desk of the acting post; a POST calls the next one, or is a step of a ticket."""
    by = asking.signed_in(request)
    if request.method == "POST":
        return _post(request, by)
    return _show(request, by)


def _post(request: HttpRequest, by: Acting) -> HttpResponse:
    """One press: what can't be done is told above the newest state, with the desk number as it was typed."""
    queries.today(by=by, queue=actions.QUEUE)  # who may not stand here is told so before anything else
    form = forms.CallForm(request.POST)
    act = request.POST.get("act", "")
    needs_desk = act in (Step.CALL, Step.RECALL)
    if needs_desk and not form.is_valid():
        return _show(request, by, form=form)
    try:
        number = form.cleaned_data["desk"] if needs_desk else None
        if act == Step.CALL:
            _called(request, actions.call_next(by=by, desk=number), form.cleaned_data["seen"])
        elif act in STEPS:
            _step(request, by, Step(act), number)
        else:
            raise NotFound(_("There is no such step."))
    except Problem as problem:
        if problem.status in (401, 403, 404):
            raise
        return _show(request, by, form=form if needs_desk else None, problem=problem)
    return redirect("counter")


def _called(request: HttpRequest, ticket: Any, seen: str) -> None:
    """Say it where another one came than stood on the button."""
    number = rules.name(ticket.queue, ticket.position)
    if seen and seen != number:
        said = _(
            "%(seen)s is no longer the next one: somebody else called, or somebody with priority came. You have called %(number)s."
        )
        messages.warning(request, said % {"seen": seen, "number": number})


def _step(request: HttpRequest, by: Acting, act: Step, number: int | None) -> None:
    try:
        ticket_id = inputs.uuid(request.POST.get("ticket", ""))
        version = inputs.whole(request.POST.get("version", ""), 0, 1_000_000)
    except inputs.Wrong as wrong:
        raise NotFound(_("There is no such ticket here.")) from wrong
    actions.step(by=by, ticket_id=ticket_id, version=version, act=act, desk=number)


def _show(
    request: HttpRequest, by: Acting, *, form: forms.CallForm | None = None, problem: Problem | None = None
) -> HttpResponse:
    today = queries.today(by=by, queue=actions.QUEUE)
    now = clock.now()
    following = today.line[0] if today.line else None
    seen = rules.name(following.queue, following.position) if following else ""
    if form is None:
        form = forms.CallForm(initial={"desk": today.desk or "", "seen": seen})
    context: dict[str, Any] = {
        "today": now,
        "mine": _row(today.mine, now) if today.mine else None,
        "moves": _moves(today.mine) if today.mine else [],
        "next": seen,
        "line": [_row(ticket, now) for ticket in today.line],
        "missed": [_row(ticket, now) for ticket in today.missed],
        "others": [_row(ticket, now) for ticket in today.others],
        "desk": today.desk,
        "form": form,
        "problem": problem,
        "may_receive": by.reach(WindowVerb.RECEIVE) != Reach(),
    }
    context["mark"] = mark(context["mine"], context["line"], context["missed"], context["others"])
    if unchanged(request, context["mark"]):
        return HttpResponse(status=204)
    bad = form.is_bound and not form.is_valid()
    status = problem.status if problem is not None else 422 if bad else 200
    return render(request, "counter/desk.html", context, status=status)


def _moves(ticket: Any) -> list[tuple[str, str]]:
    """The buttons of a ticket that is with the asker, the usual one first."""
    moves = rules.TICKET.open_moves(State(ticket.state))
    return [(str(move.verb), jinja.term(move.verb)) for move in moves if move.verb in STEPS]


def _row(ticket: Any, now: Any) -> dict[str, Any]:
    priority = Priority(ticket.priority)
    return {
        "id": ticket.pk,
        "version": ticket.version,
        "number": rules.name(ticket.queue, ticket.position),
        "priority": "" if priority == Priority.ORDINARY else jinja.term(priority),
        "state": State(ticket.state),
        "issued": ticket.issued_at,
        "waited": rules.minutes(ticket.issued_at, now),
        "desk": ticket.desk,
    }
