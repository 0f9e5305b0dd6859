"""Which ready answers does this office keep? The list, with forms to add, change and end one."""

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
from sala.window import phrases, work_forms
from sala.window.terms import BUTTONS, Act, Verb


def _by(request: HttpRequest) -> Acting:
    return asking.with_verb(
        request, Verb.PHRASES, _("Your post does not keep the ready answers of its office.")
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def listing(request: HttpRequest) -> HttpResponse:
    """The office's own and the country's; a POST adds one."""
    by = _by(request)
    form = work_forms.PhraseForm(request.POST if request.method == "POST" else None)
    problem = None
    if form.is_bound and form.is_valid():
        try:
            phrases.add(by=by, wording=_wording(form))
        except Problem as found:
            problem = found
        else:
            messages.success(request, _("The ready answer is added."))
            return redirect("work-answers")
    rows = [
        {
            "id": row.id if row.office_id else None,
            "row": row,
            "step": _(BUTTONS[Act(row.act)]),
        }
        for row in phrases.kept(by)
    ]
    return _rendered(request, "window/answers.html", {"rows": rows}, form, problem)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, phrase_id: UUID) -> HttpResponse:
    """One of the office; a POST changes or ends it."""
    by = _by(request)
    found = phrases.one(by, phrase_id)
    facts = {name: getattr(found, name) for name in phrases.FACTS}
    form = work_forms.PhraseForm(
        request.POST if request.method == "POST" else None, initial={**facts, "version": found.version}
    )
    problem = None
    try:
        if request.method == "POST" and "end" in request.POST:
            phrases.end(by=by, phrase_id=phrase_id, version=_version(request))
            messages.success(request, _("The ready answer is not offered any more."))
            return redirect("work-answers")
        if form.is_bound and form.is_valid():
            phrases.change(by=by, phrase_id=phrase_id, version=_version(request), wording=_wording(form))
            messages.success(request, _("The ready answer is changed."))
            return redirect("work-answers")
    except Problem as raised:
        if raised.status in (401, 403, 404):
            raise
        problem = raised
    fresh = phrases.one(by, phrase_id)
    return _rendered(request, "window/answer.html", {"found": fresh}, form, problem)


def _version(request: HttpRequest) -> int:
    typed = request.POST.get("version", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0


def _wording(form: work_forms.PhraseForm) -> phrases.Wording:
    return phrases.Wording(**{name: form.cleaned_data[name] for name in phrases.FACTS})


def _rendered(
    request: HttpRequest, template: str, context: dict[str, Any], form: Any, problem: Problem | None
) -> HttpResponse:
    wrong = 422 if form.is_bound and not form.is_valid() else 200
    status = problem.status if problem is not None else wrong
    return render(request, template, {**context, "form": form, "problem": problem}, status=status)
