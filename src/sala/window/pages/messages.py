"""Which messages did not arrive? The list of an office, with "send again" and "mark as delivered"."""

from typing import Any
from uuid import UUID

from django.contrib import messages as said
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from sala.accounts import asking
from sala.kit.acting import Acting
from sala.kit.errors import NotFound, Problem
from sala.kit.paging import Listing, ListSpec, choice
from sala.notices import registry
from sala.notices.rules import TROUBLE
from sala.notices.terms import Channel, State, Step
from sala.ui import jinja
from sala.window import messages
from sala.window.terms import Verb

SPEC = ListSpec(
    filters=(
        choice("state", "state", [(state.value, gettext_lazy(state.en)) for state in TROUBLE]),
        choice("channel", "channel", Channel, gettext_lazy("Channel")),
    ),
    sorts=("changed",),
    default_sort="-changed",
)
KINDS = {
    State.DELIVERED: "ok",
    State.UNCERTAIN: "soon",
    State.PERMANENT: "late",
    State.TECHNICAL: "late",
}
DOES = {Step.RESEND: messages.resend, Step.CONFIRM: messages.confirm}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def listing(request: HttpRequest) -> HttpResponse:
    """The list; a POST sees to one message."""
    by = asking.with_verb(request, Verb.RESEND, _("Your post does not see to messages."))
    if request.method != "POST":
        return _show(request, by)
    try:
        identity, step = UUID(request.POST.get("notice", "")), Step(request.POST.get("act", ""))
        do = DOES[step]
    except (ValueError, KeyError):
        raise NotFound(_("There is no such step.")) from None
    try:
        do(by=by, notice_id=identity)
    except Problem as problem:
        if problem.status in (401, 403, 404):
            raise
        return _show(request, by, problem)
    said.success(request, _("Done: %(step)s") % {"step": jinja.term(step)})
    return redirect(request.get_full_path())


def _show(request: HttpRequest, by: Acting, problem: Problem | None = None) -> HttpResponse:
    found = Listing.of(request.GET, SPEC, path=request.path)
    page = found.slice(messages.troubled(by))
    every = ("", _("All"))
    context: dict[str, Any] = {
        "listing": found,
        "page": page,
        "rows": written(messages.lines(by, page.results)),
        "selects": [
            ("state", _("State"), [every, *((s.value, jinja.term(s)) for s in TROUBLE)], found.typed("state")),
            ("channel", _("Channel"), [every, *((c.value, jinja.term(c)) for c in Channel)], found.typed("channel")),
        ],
        "problem": problem,
    }  # fmt: skip
    return render(
        request, "window/messages.html", context, status=problem.status if problem is not None else 200
    )


def written(lines: list[messages.Line]) -> list[dict[str, Any]]:
    """Lines in the reader's language."""
    return [
        {
            "id": line.id,
            "kind": _(registry.label(line.kind)),
            "channel": jinja.term(Channel(line.channel)),
            "state": jinja.term(State(line.state)),
            "tag": KINDS.get(State(line.state), ""),
            "at": line.at,
            "next_at": line.next_at if line.state in (State.TEMPORARY, State.TECHNICAL) else None,
            "error": line.error,
            "address": line.address,
            "number": line.number,
            "request": line.request,
            "steps": [(step.value, jinja.term(step)) for step in line.steps],
        }
        for line in lines
    ]
