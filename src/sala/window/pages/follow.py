"""What has become of my request? The page the code opens, the receipt, and the applicant's own steps."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from markupsafe import Markup

from sala.kit import clock, network
from sala.kit.acting import Reach
from sala.kit.errors import NotFound, Problem
from sala.kit.khmer import ascii_digits
from sala.ledger import queries as ledger
from sala.offices import queries as offices
from sala.offices import shown as offices_shown
from sala.places import queries as places
from sala.ui import jinja
from sala.window import actions, attributes, disputes, forms, held, letters, queries, rules, shown, steps
from sala.window.terms import Act, State, Verb

HELD = "held"  # not a step of the request: it only asks


@never_cache
@require_safe
def look(request: HttpRequest) -> HttpResponse:
    """Find one's request: the code opens it, the number alone never does."""
    typed = "code" in request.GET
    form = forms.LookForm(request.GET if typed else None)
    if typed and form.is_valid():
        code = ascii_digits(form.cleaned_data["code"])
        if rules.is_number(code):
            form.add_error(
                "code",
                _(
                    "The number names your request, but only the code opens it. It stands on your receipt below the number."
                ),
            )
        else:
            try:
                found = queries.by_code(code)
            except NotFound as problem:
                form.add_error("code", _(str(problem.message)))
            else:
                return redirect("request", queries.code_of(found))
    status = 422 if typed and form.errors else 200
    return render(request, "window/look.html", {"form": form}, status=status)


def _else_ask(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Where the code in the address opens nothing: the form to type it again, with what was wrong. Still a 404."""

    @wraps(view)
    def opened(request: HttpRequest, code: str) -> HttpResponse:
        try:
            return view(request, code)
        except NotFound as problem:
            if request.method == "POST":
                raise
            form = forms.LookForm({"code": code})
            if form.is_valid():
                form.add_error("code", _(str(problem.message)))
            return render(request, "window/look.html", {"form": form}, status=problem.status)

    return opened


def _context(code: str) -> dict[str, Any]:
    found = queries.by_code(code)
    calendar = offices.calendar(found.office_id)
    names = places.titles([key for key in (found.place, found.commune) if key])
    promise, counted, drawing = shown.promise(found, calendar)
    return {
        "found": found,
        "code": queries.code_of(found),
        "shown": shown,
        "title": shown.title(found, told=True),
        "promise": promise,
        "counted": counted,
        "drawing": drawing,
        "state": shown.state(found),
        "address": shown.address(found, names, told=True),
        # What came on a day off counts as come on the next working day: never more days left than were promised.
        "due": shown.due_tag(found, calendar, clock.now(), most=found.terms.days) if found.open else None,
        "contact": queries.contact_of(found),
        "office": found.office,
        **(
            shown.frame(found.office.place, found.office, calendar)
            or {"hours": offices_shown.hours(calendar)}
        ),
        "week": offices_shown.week(calendar),
    }


@never_cache
@require_safe
@_else_ask
def received(request: HttpRequest, code: str) -> HttpResponse:
    """What a resident reads right after sending."""
    by = request.acting  # type: ignore[attr-defined]
    at_desk = by.signed_in and by.reach(Verb.RECEIVE) != Reach()
    return render(request, "window/received.html", {**_context(code), "at_desk": at_desk})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@_else_ask
def track(request: HttpRequest, code: str) -> HttpResponse:
    """Every public step with its date, the deadline, and what the applicant can do now."""
    if request.method == "POST":
        return _step(request, code)
    return _track(request, code)


def _track(
    request: HttpRequest,
    code: str,
    *,
    reply: Any = None,
    rate: Any = None,
    reopen: Any = None,
    dispute: Any = None,
    problem: Problem | None = None,
) -> HttpResponse:
    context = _context(code)
    found = context["found"]
    events = queries.events(found, public=True)
    context |= {
        "timeline": [
            *shown.timeline(events, staff=False, halls=queries.halls_of(events), final=not found.open),
            *({"title": text, "at": _("still to come"), "state": "next"} for text in shown.next_steps(found)),
        ],
        "asked": next((e.text for e in reversed(events) if e.act == Act.ASK), "")
        if found.state == State.WAITING
        else "",
        "reply": (reply or forms.ReplyForm()) if found.state == State.WAITING else None,
        "rate": (rate or forms.RateForm())
        if found.state in (State.DONE, State.CLOSED) and queries.rating_of(found) is None
        else None,
        "reopen": (reopen or forms.ReopenForm()) if found.state == State.DONE else None,
        "dispute": None if found.disputed_at or found.erased_at else dispute or forms.DisputeForm(),
        "answered": attributes.said(found.terms.asks, found.attributes, jinja.lang()),
        "appeal": queries.appeal(found) if found.state == State.REFUSED else None,
        "rating": queries.rating_of(found),
        "may_withdraw": found.open,
        "telegram": letters.chat_address(found),
        "signed": ledger.first(steps.REQUEST, str(found.id)),
        "looks": queries.looks(context["contact"]),
        "seconds": _seconds(found) if any(event.act == Act.SPLIT for event in events) else [],
        "problem": problem,
    }
    status = problem.status if problem is not None else 422 if (reply or rate or reopen or dispute) else 200
    return render(request, "window/track.html", context, status=status)


def _seconds(found: Any) -> list[tuple[str, str, str]]:
    """What was split off from it: number, code and title. Whoever opened this one told them both."""
    _first, rows = queries.split_with(found)
    return [(row.number, queries.code_of(row), shown.short(row.terms)) for row in rows]


def _step(request: HttpRequest, code: str) -> HttpResponse:
    """One step of the applicant; a wrong one shows the page again with what was typed."""
    by = request.acting  # type: ignore[attr-defined]
    act = request.POST.get("act", "")
    reply = rate = reopen = dispute = None
    try:
        if act == Act.REPLY:
            reply = forms.ReplyForm(request.POST)
            if not reply.is_valid():
                return _track(request, code, reply=reply)
            actions.reply(by=by, code=code, text=reply.cleaned_data["text"])
        elif act == Act.RATE:
            rate = forms.RateForm(request.POST)
            if not rate.is_valid():
                return _track(request, code, rate=rate)
            said = rate.cleaned_data
            actions.rate(by=by, request_id=queries.by_code(code).id, **said)
        elif act == Act.REOPEN:
            reopen = forms.ReopenForm(request.POST)
            if not reopen.is_valid():
                return _track(request, code, reopen=reopen)
            actions.reopen(by=by, code=code, text=reopen.cleaned_data["text"])
        elif act == Act.WITHDRAW:
            actions.withdraw(by=by, code=code)
        elif act == Act.DISPUTE:
            dispute = forms.DisputeForm(request.POST)
            if not dispute.is_valid():
                return _track(request, code, dispute=dispute)
            disputes.dispute(by=by, code=code, text=dispute.cleaned_data["wrong"])
            messages.success(request, _("The hall has what you wrote. Its answer will stand on this page."))
        elif act == HELD:
            held.send(by=by, code=code)
            messages.success(request, _("What the hall holds is on its way to your e-mail address."))
        else:
            raise NotFound(_("There is no such step."))
    except Problem as problem:
        if problem.status == 404:
            raise
        return _track(request, code, reply=reply, rate=rate, reopen=reopen, dispute=dispute, problem=problem)
    return redirect("request", queries.code_of(queries.by_code(code)))


@never_cache
@require_safe
@_else_ask
def receipt(request: HttpRequest, code: str) -> HttpResponse:
    """The receipt for an 80 mm printer: the number, the code, and a QR that opens the request's page."""
    context = _context(code)
    found = context["found"]
    address = network.absolute(request, reverse("request", args=[context["code"]]))
    drawn = segno.make(address, error="m").svg_inline(scale=3, svgclass="qr", lineclass=None, omitsize=False)
    context |= {"qr": Markup(drawn), "full": shown.full(found.terms), "fee": shown.fee(found.terms)}  # noqa: S704 - drawn by us
    context["village"] = places.title(found.place) if found.place else {}
    return render(request, "window/receipt.html", context)
