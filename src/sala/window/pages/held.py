"""What does the hall hold about me, and is it right? Printed at the counter, put right at the person's word."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from sala.accounts import asking
from sala.kit.errors import Invalid, Problem
from sala.window import forms, held, looking, queries, shown
from sala.window.terms import Verb


@never_cache
@require_safe
def whole(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """All that is held of the person behind a request, to be printed for her or him."""
    by = asking.signed_in(request)
    found = queries.record(by, request_id)
    context = {"found": found, "pairs": held.show(by=by, request=found), "office": found.office}
    return render(request, "window/held.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Name, telephone number and e-mail address, to be put right."""
    by = asking.signed_in(request)
    found = queries.record(by, request_id)
    by.require(Verb.CORRECT, found.where)
    if request.method != "POST":
        known = looking.show_person(by=by, request_id=found.id) if queries.contact_of(found) else None
        said = (
            {name: getattr(known, name) for name in ("name", "phone", "email", "language")} if known else {}
        )
        return _contact(request, found, forms.ContactForm(initial={"version": found.version, **said}))
    form = forms.ContactForm(request.POST)
    if not form.is_valid():
        return _contact(request, found, form)
    try:
        held.correct(by=by, request_id=found.id, **form.cleaned_data)
    except Problem as problem:
        if problem.status in (401, 403, 404):
            raise
        if isinstance(problem, Invalid):
            form.add_error(None, _(str(problem.message)))
            return _contact(request, found, form)
        fresh = queries.record(by, found.id)
        data = request.POST.copy()
        data["version"] = str(fresh.version)
        return _contact(request, fresh, forms.ContactForm(data), problem)
    messages.success(request, _("Done: %(step)s") % {"step": _("Name or contact put right")})
    return redirect("work-request", found.id)


def _contact(request: HttpRequest, found: Any, form: Any, problem: Problem | None = None) -> HttpResponse:
    context = {"found": found, "title": shown.title(found, told=False), "form": form, "problem": problem}
    status = problem.status if problem is not None else 422 if form.errors else 200
    return render(request, "window/contact.html", context, status=status)
