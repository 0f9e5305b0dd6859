"""What do applicants want corrected of what is held about them? The list of an office, and the answer to one."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from sala.accounts import asking
from sala.kit.acting import Reach
from sala.kit.errors import Problem, Refused
from sala.kit.paging import Listing, ListSpec
from sala.window import disputes, forms, looking, queries, shown
from sala.window.terms import Verb

SPEC = ListSpec(sorts=("disputed_at",), default_sort="disputed_at")


@never_cache
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """The requests of which a correction is asked for."""
    by = asking.signed_in(request)
    if by.reach(Verb.CORRECT) == Reach():
        raise Refused(_("Your post does not put right what is held."))
    page = Listing.of(request.GET, SPEC, path=request.path).slice(disputes.waiting(by))
    return render(request, "window/corrections.html", {"rows": page.results, "page": page})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """What is asked for, and the answer."""
    by = asking.signed_in(request)
    found = queries.record(by, request_id)
    by.require(Verb.CORRECT, found.where)
    form = forms.SettleForm(
        request.POST if request.method == "POST" else None, initial={"version": found.version}
    )
    problem = None
    if form.is_bound and form.is_valid():
        try:
            disputes.settle(by=by, request_id=found.id, **form.cleaned_data)
        except Problem as raised:
            if raised.status in (401, 403, 404):
                raise
            problem = raised
            data = request.POST.copy()
            found = queries.record(by, found.id)
            data["version"] = str(found.version)
            form = forms.SettleForm(data)
        else:
            messages.success(request, _("The applicant is told."))
            return redirect("work-request", found.id)
    if found.disputed_at is not None:
        looking.see(by=by, request_id=found.id)  # what a resident told is read: that is written down
    context = {
        "found": found,
        "title": shown.title(found, told=False),
        "words": disputes.words_of(found),
        "form": form,
        "problem": problem,
    }
    status = problem.status if problem is not None else 422 if form.errors else 200
    return render(request, "window/correction.html", context, status=status)
