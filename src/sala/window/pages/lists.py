"""Which lists of the queue have I kept? A page to name the present one and to delete those that are not needed."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from sala.accounts import asking
from sala.kit.acting import Acting
from sala.kit.errors import NotFound, Problem
from sala.window import saved
from sala.window.terms import Verb


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def lists(request: HttpRequest) -> HttpResponse:
    """The lists that were kept; ``back`` is the address of the queue that can be kept now."""
    by = asking.with_verb(request, Verb.SEE, _("Your post does not see requests."))
    given = request.POST if request.method == "POST" else request.GET
    kept, problem = given.get("back", "")[:2000], None
    if request.method == "POST":
        try:
            return _change(request, by, QueryDict(kept))
        except Problem as found:
            if found.status in (401, 403, 404):
                raise
            problem = found
    context = {
        "rows": saved.mine(by),
        "kept": kept,
        "name": given.get("name", "")[:200],
        "problem": problem,
        "back": reverse("work") + (f"?{QueryDict(kept).urlencode()}" if kept else ""),
    }
    return render(
        request, "window/lists.html", context, status=problem.status if problem is not None else 200
    )


def _change(request: HttpRequest, by: Acting, params: QueryDict) -> HttpResponse:
    if "delete" in request.POST:
        try:
            key = UUID(request.POST["delete"])
        except ValueError:
            raise NotFound(_("There is no such list.")) from None
        saved.drop(by=by, key=key)
        messages.success(request, _("The list is deleted. The requests in it are not."))
        return redirect("work-lists")
    row = saved.keep(by=by, name=request.POST.get("name", ""), params=params)
    messages.success(request, _("The list “%(name)s” is kept.") % {"name": row.name})
    return redirect(f"{reverse('work')}?{row.query}")
