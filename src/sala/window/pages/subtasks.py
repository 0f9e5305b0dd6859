"""What has to be done for this request, by whom of the office? A page beside the record, to give out, mark and drop parts."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from sala.accounts import asking
from sala.kit import clock
from sala.kit.acting import Acting
from sala.kit.errors import NotFound, Problem
from sala.offices import queries as offices
from sala.ui import jinja
from sala.window import queries, shown, subtasks, work_forms
from sala.window.terms import Verb


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def listing(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """The parts of the work; a POST gives one out, or marks or drops one."""
    by = asking.signed_in(request)
    found = queries.record(by, request_id)
    by.require(Verb.SEE_PERSON, found.where)
    adds = request.method == "POST" and "subtask" not in request.POST
    people = [(str(p.id), f"{jinja.name(p)} · {jinja.name(p.post)}") for p in offices.people(found.office_id)]
    form = work_forms.SubTaskForm(request.POST if adds else None, people=people)
    problem = None
    try:
        if adds and form.is_valid():
            subtasks.add(by=by, request_id=request_id, **form.cleaned_data)
            messages.success(request, _("The sub-task is given."))
            return redirect("work-subtasks", request_id)
        if request.method == "POST" and not adds:
            _end(request, by)
            return redirect("work-subtasks", request_id)
    except Problem as raised:
        if raised.status in (401, 403, 404):
            raise
        problem = raised
    wrong = 422 if form.is_bound and not form.is_valid() else 200
    context = {
        "found": found,
        "title": shown.title(found, told=True),
        "rows": written(subtasks.of(by, found)),
        "form": form if found.open and by.may(Verb.ASSIGN, found.where) else None,
        "may_drop": by.may(Verb.ASSIGN, found.where),
        "may_mark": by.may(Verb.NOTE, found.where),
        "problem": problem,
    }
    return render(
        request, "window/subtasks.html", context, status=problem.status if problem is not None else wrong
    )


def _end(request: HttpRequest, by: Acting) -> None:
    typed = request.POST.get("version", "")
    version = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0
    do = {"done": subtasks.done, "drop": subtasks.drop}.get(request.POST.get("do", ""))
    try:
        key = UUID(request.POST["subtask"])
    except ValueError:
        do = None
    if do is None:
        raise NotFound(_("There is no such step."))
    do(by=by, subtask_id=key, version=version)


def written(rows: list[Any]) -> list[dict[str, Any]]:
    """Sub-tasks in words, with who does them."""
    people = offices.appointment_names({row.post for row in rows})
    return [
        {
            "id": row.pk,
            "version": row.version,
            "text": row.text,
            "who": jinja.name(people.get(row.post, {})),
            "due": row.due,
            "open": not (row.done or row.dropped),
            "state": _("done") if row.done else _("dropped") if row.dropped else _("open"),
            "tag": "ok" if row.done else "" if row.dropped else "late" if row.due < clock.today() else "go",
        }
        for row in rows
    ]
