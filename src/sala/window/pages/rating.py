"""How was it? The page of the one-time link, the comments an office looks through, and those everybody reads."""

from typing import Any
from uuid import UUID

from django.contrib import messages as told
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from sala.accounts import asking
from sala.kit.acting import Acting
from sala.kit.errors import Invalid, NotFound, Problem
from sala.kit.paging import Listing, ListSpec
from sala.offices import queries as offices
from sala.places import queries as places
from sala.ui import jinja
from sala.window import actions, comments, forms, queries, rules, shown
from sala.window.terms import Act, Screening, State, Verb, Withheld

SPEC = ListSpec(sorts=("at",), default_sort="at")
PUBLIC = ListSpec(sorts=("at",), default_sort="-at")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def rate(request: HttpRequest, key: str) -> HttpResponse:
    """The link in the message that a request is done: it rates, once, and opens nothing else."""
    found = queries.by_rating_key(key)
    openness = rules.openness(found.terms.kind, found.terms.service.protected)
    form, problem = forms.RateForm(), None
    if request.method == "POST":
        form = forms.RateForm(request.POST)
        try:
            if form.is_valid():
                by = request.acting  # type: ignore[attr-defined]
                actions.rate(by=by, request_id=found.id, **form.cleaned_data)
                return redirect("request-rating", key)
        except Problem as raised:
            problem = raised
    context = {
        "title": shown.title(found, told=False) if openness.named else found.number,
        "may_publish": openness.commented,
        "done_at": found.done_at,
        "office": found.office,
        "form": form,
        "problem": problem,
        "rating": queries.rating_of(found),
        "open": any(move.verb == Act.RATE for move in rules.TABLE.open_moves(State(found.state))),
        **(shown.frame(found.office.place, found.office, offices.calendar(found.office_id)) or {}),
    }
    status = problem.status if problem is not None else 422 if form.errors else 200
    return render(request, "window/rate.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def screen(request: HttpRequest) -> HttpResponse:
    """The comments of an office that wait to be looked through; a POST publishes one, or keeps it back."""
    by = asking.with_verb(request, Verb.SCREEN, _("Your post does not look through comments."))
    if request.method != "POST":
        return _screen(request, by)
    try:
        identity = UUID(request.POST.get("rating", ""))
    except ValueError:
        raise NotFound(_("There is no such step.")) from None
    act, sent = request.POST.get("act", ""), request.POST
    try:
        if act == "publish":
            more = sent.get("more", "")[:1000].splitlines()
            comments.publish(by=by, rating_id=identity, leave_out=[*sent.getlist("leave_out")[:100], *more])
            told.success(request, _("The comment is published."))
        elif act == "keep":
            comments.keep(by=by, rating_id=identity, reason=sent.get("reason", ""))
            told.success(request, _("The comment is not published. Its reason is counted publicly."))
        else:
            raise NotFound(_("There is no such step."))
    except Problem as problem:
        if problem.status in (401, 403, 404):
            raise
        return _screen(request, by, problem, identity)
    return redirect("work-comments")


def _screen(
    request: HttpRequest, by: Acting, problem: Problem | None = None, at: UUID | None = None
) -> HttpResponse:
    found = Listing.of(request.GET, SPEC, path=request.path)
    page = found.slice(comments.waiting(by))
    lines = comments.lines(page.results)
    names = comments.services(lines)
    context: dict[str, Any] = {
        "page": page,
        "listing": found,
        "rows": [
            {
                "line": line,
                "service": names[line.service],
                "pieces": _pieces(line),
                "form": _form(request, line, problem if line.id == at else None),
            }
            for line in lines
        ],
        # Somebody else decided meanwhile: the comment is not in the list any more, so the sentence stands above it.
        "problem": problem if problem is not None and not isinstance(problem, Invalid) else None,
    }
    return render(request, "window/comments.html", context, status=problem.status if problem else 200)


def _pieces(line: comments.Line) -> list[tuple[str, str]]:
    """The comment in pieces: the text, and what it may be (empty for what is only words)."""
    pieces, last = [], 0
    for part in line.parts:
        pieces += [
            (line.comment[last : part.start], ""),
            (line.comment[part.start : part.end], jinja.term(part.what)),
        ]
        last = part.end
    return [piece for piece in (*pieces, (line.comment[last:], "")) if piece[0]]


def _form(request: HttpRequest, line: comments.Line, problem: Problem | None) -> forms.ScreenForm:
    found = [line.comment[part.start : part.end] for part in line.parts]
    prefix = f"c{line.id.hex[-8:]}"
    if problem is None:
        initial = {"rating": line.id, "leave_out": found}
        return forms.ScreenForm(initial=initial, found=found, auto_id=f"{prefix}_%s")
    form = forms.ScreenForm(request.POST, found=found, auto_id=f"{prefix}_%s")
    form.is_valid()
    for error in problem.errors:
        if error.field in form.fields:
            form.add_error(error.field, _(str(error.message)))
    return form


@require_safe
def published(request: HttpRequest, key: str) -> HttpResponse:
    """What applicants say of a hall: comments that may be read by everybody, and how many may not and why."""
    unit = places.unit(key)
    office = offices.serving(key, unit.level) if unit is not None and unit.level != "village" else None
    if office is None:
        raise NotFound(_("There is no hall with this code. Look for it by name."))
    found = Listing.of(request.GET, PUBLIC, path=request.path)
    page = found.slice(comments.published(office.id))
    lines = comments.said(page.results)
    names = comments.services(lines)
    counted = comments.unpublished(office.id)
    context = {
        "key": key,
        "page": page,
        "listing": found,
        "rows": [{"said": line, "service": names[line.service]} for line in lines],
        "not_published": [
            (jinja.term(why), jinja.number(counted[why]))
            for why in (Screening.ASKED, *Withheld)
            if counted[why]
        ],
        **shown.frame(key),
    }
    return render(request, "window/said.html", context)
