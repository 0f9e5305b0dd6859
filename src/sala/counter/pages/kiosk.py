"""How does somebody at the door get a number? The kiosk: large buttons, then the number with a code; opened by a device's link."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from sala.counter import actions, forms, queries
from sala.counter.terms import Priority, Verb
from sala.kit import ids
from sala.kit.acting import Acting
from sala.kit.errors import NotFound, Problem
from sala.kit.terms import N_
from sala.numbers.idempotency import Answer, once
from sala.offices import queries as offices
from sala.ui import jinja

COOKIE = "sala_kiosk"
YEAR = 366 * 24 * 60 * 60
NO_DEVICE = N_(
    "This page opens on a device that the hall has set up. The head of the office makes a link for it on the page "
    "“Kiosk and screen”."
)


def acting(request: HttpRequest, verb: Verb) -> Acting:
    """Who stands behind this page: the device whose key the cookie holds, else an officer who has ``verb``. Raises `NotFound`."""
    device = queries.device(request.COOKIES.get(COOKIE, "")[:100])
    if device is not None:
        return device
    by: Acting = request.acting  # type: ignore[attr-defined]
    if by.signed_in and by.office is not None and by.may(verb, by.where):
        return by
    raise NotFound(_(NO_DEVICE))


def is_device(request: HttpRequest) -> bool:
    """Whether this is a device at the door, which goes back to its first page by itself."""
    return queries.device(request.COOKIES.get(COOKIE, "")[:100]) is not None


@never_cache
@require_safe
def opened(request: HttpRequest, key: str) -> HttpResponse:
    """The link of a device: its key goes into a cookie, so that it stands in no other address and in no log."""
    if queries.device(key[:100]) is None:
        raise NotFound(
            _(
                "This link opens nothing: it was ended, or was not copied whole. Ask the head of the office for a new one."
            )
        )
    response = redirect("counter-screen" if request.GET.get("show") == "screen" else "kiosk")
    response.set_cookie(
        COOKIE,
        key,
        max_age=YEAR,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def kiosk(request: HttpRequest) -> HttpResponse:
    """Choose ordinary or priority, get a number. The same press sent twice is one ticket."""
    by = acting(request, Verb.ISSUE)
    problem: Problem | None = None
    form = forms.IssueForm(request.POST) if request.method == "POST" else None
    if form is not None and form.is_valid():
        priority = Priority(form.cleaned_data["priority"])
        try:
            return redirect("ticket-paper", _issue(request, by, priority))
        except Problem as raised:
            if raised.status in (401, 403, 404):
                raise
            problem = raised
    office: Any = offices.office(by.office) if by.office is not None else None
    context = {
        "office": office,
        "kinds": [(str(one), jinja.term(one)) for one in Priority if one != Priority.ORDINARY],
        "ordinary": str(Priority.ORDINARY),
        "key": str(ids.uuid7()),
        "form": form,
        "problem": problem,
    }
    status = problem.status if problem else 422 if form is not None else 200
    return render(request, "counter/kiosk.html", context, status=status)


def _issue(request: HttpRequest, by: Acting, priority: Priority) -> str:
    """The code of the ticket; what is kept of the answer is the ticket's number only."""
    made: list[Any] = []

    def act() -> Answer:
        made.append(actions.issue(by=by, priority=priority))
        return Answer(201, {"id": str(made[0].pk)})

    key = request.POST.get("idempotency_key", "")[:64] or str(ids.uuid7())
    answer = once(key, f"counter.issue:{by.post}", str(priority), act)
    return queries.code_of(made[0] if made else queries.issued(str(answer.body["id"]), by=by))  # type: ignore[index]
