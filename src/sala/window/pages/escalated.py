"""Of which late requests was my post told? The list of an office, with those of the offices below it."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sala.accounts import asking
from sala.kit import clock
from sala.kit.paging import Listing, ListSpec, text
from sala.offices import queries as offices
from sala.ui import jinja
from sala.window import desk, escalating, escalation, queries, shown
from sala.window.terms import State, Verb

SPEC = ListSpec(
    filters=(text("escalated", "escalated", gettext_lazy("Escalated"), longest=escalation.LONGEST_CODE),),
    sorts={"due": "due_at", "number": "number"},
    default_sort="due",
)


@never_cache
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """The open requests of which the asker's post was told, due first."""
    by = asking.with_verb(request, Verb.ESCALATED, _("Nothing is escalated to your post."))
    found = Listing.of(request.GET, SPEC, path=request.path)
    page = found.slice(desk.rows(escalating.to_us(by)))
    names = escalating.names()
    every = ("", _("All"))
    steps = [every, *((code, jinja.name(each)) for code, each in names.items())]
    context = {
        "listing": found,
        "page": page,
        "rows": _written([desk.Row._make(row) for row in page.results]),
        "selects": [("escalated", _("Escalated"), steps, found.typed("escalated"))],
        "moments": " · ".join(_moment(each, names) for each in escalating.plan()),
    }
    return render(request, "window/escalated.html", context)


def _written(rows: list[desk.Row]) -> list[dict[str, Any]]:
    marks, places, now = escalating.names(), shown.place_names(rows), clock.now()
    halls = offices.names({row.office_id for row in rows}) if rows else {}
    short = queries.short_names(row.terms_id for row in rows)
    return [
        {
            "id": row.id,
            "number": row.number,
            "due": shown.due_tag(row, offices.calendar(row.office_id), now),
            "step": shown.step(row.escalated, marks),
            "service": jinja.name(short[row.terms_id]),
            "place": shown.address(row, places, told=False),
            "office": jinja.name(halls.get(row.office_id, {})),
            "state": shown.tag(State(row.state)),
        }
        for row in rows
    ]


def _moment(step: escalation.Step, names: Mapping[str, Mapping[str, str]]) -> str:
    """A step and when it is taken, in words."""
    said = {"step": shown.step(step.code, names), "days": shown.days(abs(step.days))}
    if step.days == 0:
        return _("%(step)s: when the deadline has passed") % said
    before, after = _("%(step)s: %(days)s before the deadline"), _("%(step)s: %(days)s after the deadline")
    return (before if step.days < 0 else after) % said
