"""When is it my turn? The page the code on a ticket opens, and the paper with the number."""

from typing import Any

import segno
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from markupsafe import Markup

from sala.counter import queries, rules
from sala.counter.pages.fresh import mark, unchanged
from sala.counter.pages.kiosk import is_device
from sala.counter.terms import Priority, State
from sala.kit import clock, network
from sala.window import rules as codes
from sala.window import shown as window


def drawn(address: str, scale: int = 3) -> Markup:
    """A QR code of this address."""
    svg = segno.make(address, error="m").svg_inline(
        scale=scale, svgclass="qr", lineclass=None, omitsize=False
    )
    return Markup(svg)  # noqa: S704 - drawn by us


def _context(code: str) -> dict[str, Any]:
    ticket = queries.by_code(code)
    today = ticket.day == clock.today()
    state = State(ticket.state)
    outlook = queries.outlook(ticket) if today and state == State.WAITING else None
    return {
        "ticket": ticket,
        "number": rules.name(ticket.queue, ticket.position),
        "state": state,
        "today": today,
        "open": today and state not in rules.FINAL,
        "outlook": outlook,
        "mark": mark(state, ticket.desk, outlook),
        "priority": ticket.priority != Priority.ORDINARY,
        "code": codes.written(codes.read_code(code) or ""),
        "office": ticket.office,
        **window.frame(ticket.office.place, ticket.office),
    }


@never_cache
@require_safe
def follow(request: HttpRequest, code: str) -> HttpResponse:
    """The holder's page: the place in the queue, the estimate with its error, and the desk when called."""
    context = _context(code)
    if unchanged(request, context["mark"]):
        return HttpResponse(status=204)
    return render(request, "counter/ticket.html", context)


@never_cache
@require_safe
def paper(request: HttpRequest, code: str) -> HttpResponse:
    """The number for an 80 mm printer, with a QR code that opens the holder's page."""
    context = _context(code)
    address = network.absolute(request, reverse("ticket", args=[context["code"]]))
    context |= {"qr": drawn(address), "device": is_device(request)}
    return render(request, "counter/paper.html", context)
