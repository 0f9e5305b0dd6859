"""The page of holidays: which days do not count in a deadline, and why; whoever may adds one."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from sala.kit import clock
from sala.kit.acting import Where
from sala.kit.errors import Invalid, Refused
from sala.kit.inputs import Wrong, whole
from sala.offices import actions, queries
from sala.offices.forms import COUNTRY, OFFICE, HolidayForm
from sala.offices.terms import DayStatus, Verb


def _scopes(by: Any) -> list[tuple[str, Any]]:
    """For whom the acting post may add a holiday."""
    found: list[tuple[str, Any]] = []
    if by.signed_in and by.may(Verb.HOLIDAYS, Where()):
        found.append((COUNTRY, _("the whole country")))
    if by.office and by.may(Verb.HOLIDAYS, by.where):
        found.append((OFFICE, _("my office only")))
    return found


def _year(request: HttpRequest, years: list[int]) -> int:
    today = clock.today().year
    try:
        return whole(request.GET.get("year", "") or str(today), min([*years, today]), max([*years, today]))
    except Wrong:
        return today


@require_http_methods(["GET", "HEAD", "POST"])
def holidays(request: HttpRequest) -> HttpResponse:
    """The holidays of a year, of the country and of one's own office; with the right to it, a form to add one."""
    by = request.acting  # type: ignore[attr-defined]
    scopes = _scopes(by)
    form = HolidayForm(request.POST or None, scopes=scopes) if scopes else None
    status = 200
    if request.method == "POST":
        if form is None:
            raise Refused(_("Your post does not allow this step here."))
        if form.is_valid():
            try:
                return _added(request, form)
            except Invalid as problem:
                form.take(problem)
        status = 422
    years = queries.holiday_years()
    year = _year(request, years)
    context = {
        "form": form,
        "year": year,
        "years": [(str(one), str(one)) for one in years],
        "rows": [(row, DayStatus(row.status)) for row in queries.holidays(year, by.office)],
    }
    return render(request, "offices/holidays.html", context, status=status)


def _added(request: HttpRequest, form: HolidayForm) -> HttpResponse:
    by = request.acting  # type: ignore[attr-defined]
    typed = form.cleaned_data
    row = actions.add_holiday(
        by=by,
        day=typed["day"],
        name={"km": typed["name_km"], "en": typed["name_en"]},
        office=queries.office(by.office) if typed["counts"] == OFFICE else None,
        source=typed["source"],
    )
    messages.success(request, _("The holiday is added. Deadlines that reach over it move."))
    return redirect(f"{request.path}?year={row.date.year}")
