"""Which reports tell of the same problem as this one? The page on which an officer joins them and takes them apart."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from sala.accounts import asking
from sala.kit.acting import Acting
from sala.kit.errors import NotFound, Problem
from sala.kit.khmer import ascii_digits
from sala.window import joining, public, queries, shown, work_forms
from sala.window.terms import Act, Verb


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def joined(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """The reports joined, those that may be the same, and the number of another; a POST joins or takes apart."""
    by = asking.signed_in(request)
    found = queries.record(by, request_id)
    if request.method != "POST":
        return _show(request, by, found)
    by.require(Verb.JOIN, found.where)
    act = request.POST.get("act", "")
    if act == Act.PART:
        return _part(request, by, found)
    if act != Act.JOIN:
        raise NotFound(_("There is no such step."))
    form = work_forms.JoinForm(request.POST)
    if not form.is_valid():
        return _show(request, by, found, form=form)
    number = ascii_digits(form.cleaned_data["number"])
    try:
        joining.join(by=by, request_id=found.pk, version=form.cleaned_data["version"], number=number)
    except Problem as problem:
        if problem.status in (401, 403, 404):
            raise
        if problem.errors:
            form.add_error("number", _(str(problem.message)))
            return _show(request, by, found, form=form)
        return _show(request, by, queries.record(by, request_id), problem=problem)
    messages.success(request, _("The two reports are joined. What you do with one is told to both."))
    return redirect("work-request", found.pk)


def _part(request: HttpRequest, by: Acting, found: Any) -> HttpResponse:
    """Take this one apart, or one of those that are joined to it."""
    form = work_forms.PartForm(request.POST)
    if not form.is_valid():
        raise NotFound(queries.NOT_FOUND)
    said = form.cleaned_data
    try:
        joining.part(by=by, request_id=said["joined"], version=said["version"])
    except Problem as problem:
        if problem.status in (401, 403, 404):
            raise
        return _show(request, by, queries.record(by, found.pk), problem=problem)
    messages.success(request, _("Taken apart. Each has its own steps and deadline again."))
    return redirect("work-joined", found.pk)


def _show(
    request: HttpRequest, by: Acting, found: Any, *, form: Any = None, problem: Problem | None = None
) -> HttpResponse:
    main, followers = queries.joined_with(found)
    spot = public.spot(found.commune, found.village, found.latitude, found.longitude)
    similar = public.similar(found.terms, spot) if found.open and main is None else []
    told = queries.may_see_person(by, found)
    context = {
        "found": found,
        "title": shown.title(found, told=told),
        "state": shown.state(found),
        "main": main,
        "followers": [(row, shown.state(row)) for row in followers],
        "similar": [shown.near(each) for each in similar if each.report.number != found.number],
        "may": found.open and by.may(Verb.JOIN, found.where),
        "form": form or work_forms.JoinForm(initial={"version": found.version}),
        "version": found.version,
        "problem": problem,
    }
    status = problem.status if problem is not None else 422 if form is not None else 200
    return render(request, "window/joined.html", context, status=status)
