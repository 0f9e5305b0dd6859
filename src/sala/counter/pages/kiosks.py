"""Which devices may give out numbers here? The head of the office makes a link, sees it once, and ends it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from sala.accounts import asking
from sala.counter import forms, kiosks, queries
from sala.counter.pages.tickets import drawn
from sala.kit import inputs, network
from sala.kit.acting import Acting
from sala.kit.errors import NotFound, Problem


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def devices(request: HttpRequest) -> HttpResponse:
    """The links of the office. A new one is shown in the answer that made it, and nowhere again."""
    by = asking.signed_in(request)
    queries.kiosks(by=by)  # who may not is told so before the form is looked at
    if request.method != "POST":
        return _show(request, by, forms.KioskForm())
    if "end" in request.POST:
        try:
            kiosks.end(by=by, kiosk_id=inputs.uuid(request.POST["end"]))
        except inputs.Wrong as wrong:
            raise NotFound(_("This link is not in use.")) from wrong
        messages.success(request, _("The link is ended. The device opens nothing any more."))
        return redirect("counter-kiosks")
    form = forms.KioskForm(request.POST)
    if not form.is_valid():
        return _show(request, by, form)
    try:
        key = kiosks.make(by=by, name=form.cleaned_data["name"])
    except Problem as problem:
        if problem.status in (401, 403):
            raise
        form.add_error("name", _(str(problem.message)))
        return _show(request, by, form)
    return _show(request, by, forms.KioskForm(), key)


def _show(request: HttpRequest, by: Acting, form: forms.KioskForm, key: str = "") -> HttpResponse:
    address = network.absolute(request, reverse("kiosk-open", args=[key])) if key else ""
    context = {
        "rows": queries.kiosks(by=by),
        "form": form,
        "address": address,
        "screen": f"{address}?show=screen" if key else "",
        "qr": drawn(address) if key else "",
    }
    return render(request, "counter/kiosks.html", context, status=422 if form.errors else 200)
