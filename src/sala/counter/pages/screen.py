"""Who is called, and where to? The screen on the wall: numbers and desks only."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sala.counter import actions, queries, rules
from sala.counter.pages.fresh import mark, unchanged
from sala.counter.pages.kiosk import acting
from sala.counter.terms import Verb
from sala.kit import clock
from sala.kit.errors import NotFound
from sala.offices import queries as offices
from sala.ui.jinja import lang

SHOWN = ("called", "before", "waiting", "outlook")
BEFORE = 5  # earlier calls that fit beside the large number


@never_cache
@require_safe
def screen(request: HttpRequest) -> HttpResponse:
    """The whole page; a script asks for it again every few seconds and puts what changed in its place."""
    by = acting(request, Verb.SERVE)
    office = offices.office(by.office) if by.office is not None else None
    if office is None:
        raise NotFound()
    now = clock.now()
    day = clock.today()
    calling = queries.called_now(office.pk, day)
    before = [*calling[1:], *queries.called_before(office.pk, day, BEFORE)][:BEFORE]
    context: dict[str, Any] = {
        "office": office,
        "now": now,
        "called": _shown(calling[0]) if calling else None,
        "before": [_shown(ticket) for ticket in before],
        "waiting": len(queries.waiting(office.pk, day, actions.QUEUE)),
        "outlook": queries.outlook_now(office.pk, day, actions.QUEUE),
    }
    context["mark"] = mark(lang(), now.replace(second=0, microsecond=0), *(context[name] for name in SHOWN))
    if unchanged(request, context["mark"]):
        return HttpResponse(status=204)
    return render(request, "counter/screen.html", context)


def _shown(ticket: Any) -> dict[str, object]:
    return {"number": rules.name(ticket.queue, ticket.position), "desk": ticket.desk}
