"""Does this request hold two matters? The page on which an officer splits the second off, after a look at what will come of it."""

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
from sala.kit.errors import Problem
from sala.window import admission, looking, queries, rules, shown, splitting, work_forms
from sala.window.terms import State, Verb


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def split(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """The form; a POST shows what would come of it, and does it when it was looked at."""
    by = asking.signed_in(request)
    found = looking.see(by=by, request_id=request_id)
    by.require(Verb.SPLIT, found.where)
    if request.method != "POST":
        return _show(request, by, found, _form(found))
    form = _form(found, request.POST)
    if not form.is_valid() or request.POST.get("do") == "change":
        return _show(request, by, found, form)
    said = form.cleaned_data
    wish = splitting.Wish(said["service"], said["description"])
    try:
        if request.POST.get("do") != "split":
            seen = splitting.preview(by=by, request_id=found.pk, version=said["version"], wish=wish)
            return _show(request, by, found, form, preview=seen)
        second = splitting.split(by=by, request_id=found.pk, version=said["version"], wish=wish)
    except Problem as problem:
        if problem.status in (401, 403, 404):
            raise
        fresh = queries.record(by, request_id)
        data = request.POST.copy()
        data["version"] = str(fresh.version)  # what was typed can be sent on top of what is new
        return _show(request, by, fresh, _form(fresh, data), problem=problem)
    messages.success(request, _("Split. The second matter is now request %(number)s.") % {"number": second.number})  # fmt: skip
    return redirect("work-request", second.pk)


def _form(found: Any, data: Any = None) -> work_forms.SplitForm:
    choices = [(terms.code, shown.short(terms)) for terms in splitting.services(found)]
    return work_forms.SplitForm(data, initial={"version": found.version}, services=choices)


def _show(
    request: HttpRequest,
    by: Acting,
    found: Any,
    form: work_forms.SplitForm,
    *,
    preview: splitting.Preview | None = None,
    problem: Problem | None = None,
) -> HttpResponse:
    told = queries.may_see_person(by, found)
    joined = found.joined_id is not None
    why_not = admission.JOINED if joined else splitting.OVER
    context = {
        "found": found,
        "title": shown.title(found, told=told),
        "told": told,
        "form": form,
        "preview": preview,
        "service": shown.full(preview.terms) if preview else "",
        "address": shown.address(found, shown.place_names([found]), told=told),
        "why_not": "" if rules.can_split(State(found.state), joined=joined) else _(why_not),
        "problem": problem,
    }
    wrong = 422 if form.is_bound and not form.is_valid() else 200
    return render(request, "window/split.html", context, status=problem.status if problem else wrong)
