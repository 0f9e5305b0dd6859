"""By which rules do new requests find their officer here? The ordered list, each rule tried out on past requests."""

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
from sala.offices import queries as offices
from sala.places import queries as places
from sala.ui import jinja
from sala.window import queries, routes, shown, work_forms
from sala.window.terms import Verb


def _by(request: HttpRequest) -> Acting:
    return asking.with_verb(
        request, Verb.ROUTES, _("Your post does not keep the routing rules of its office.")
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def listing(request: HttpRequest) -> HttpResponse:
    """The rules in their order; a POST adds one at the end, switched off."""
    by = _by(request)
    form = _form(by, request.POST if request.method == "POST" else None)
    problem = None
    if form.is_bound and form.is_valid():
        try:
            routes.add(by=by, wanted=_wanted(form))
        except Problem as found:
            problem = found
        else:
            messages.success(request, _("The rule is added, switched off. Look at what it would have done."))
            return redirect("work-rules")
    rows = routes.kept(by)
    looked, trials = routes.tried(by, rows)
    context = {
        "rows": [
            {**written, "count": trials[row.pk].count if looked else 0}
            for row, written in zip(rows, _written(rows), strict=True)
        ],
        "looked": looked,
    }
    return _rendered(request, "window/rules.html", context, form, problem)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, rule_id: UUID) -> HttpResponse:
    """One rule and what it would have caught; a POST changes, moves, switches or deletes it."""
    by = _by(request)
    found = routes.one(by, rule_id)
    step = request.POST.get("do", "change") if request.method == "POST" else ""
    form = _form(by, request.POST if step == "change" else None, found)
    problem = None
    try:
        if step and (step != "change" or form.is_valid()):
            return _do(request, by, found, step, form)
    except Problem as raised:
        if raised.status in (401, 403, 404):
            raise
        problem = raised
    fresh = routes.one(by, rule_id)
    looked, trials = routes.tried(by, routes.kept(by))
    trial = trials.get(fresh.pk, routes.Trial())
    context = {
        "found": fresh,
        "rule": _written([fresh])[0],
        "looked": looked,
        "count": trial.count,
        "rows": _caught(by, trial.newest),
    }
    return _rendered(request, "window/rule.html", context, form, problem)


def _do(request: HttpRequest, by: Acting, found: Any, step: str, form: work_forms.RuleForm) -> HttpResponse:
    typed = request.POST.get("version", "")
    version = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0
    if step == "change":
        routes.change(by=by, rule_id=found.pk, version=version, wanted=_wanted(form))
        messages.success(request, _("The rule is changed and switched off. Look at what it would have done."))
    elif step in ("on", "off"):
        routes.switch(by=by, rule_id=found.pk, version=version, on=step == "on")
        on, off = _("The rule is on for requests that come from now on."), _("The rule is off.")
        messages.success(request, on if step == "on" else off)
    elif step in ("up", "down"):
        routes.move(by=by, rule_id=found.pk, version=version, step=-1 if step == "up" else 1)
    elif step == "delete":
        routes.end(by=by, rule_id=found.pk, version=version)
        messages.success(request, _("The rule is deleted."))
    else:
        raise NotFound(_("There is no such step."))
    return redirect("work-rules") if step in ("up", "down", "delete") else redirect("work-rule", found.pk)


def _form(by: Acting, data: Any, found: Any = None) -> work_forms.RuleForm:
    below = places.children(by.where.place) if by.where.place else places.children()
    initial = {}
    if found is not None:
        initial = {
            "place": found.place,
            "service": found.service,
            "answer": f"{found.attribute}={found.answer}" if found.attribute else "",
            "post": found.to_post,
            "office": found.to_office_id or "",
        }
    return work_forms.RuleForm(
        data,
        initial=initial,
        places=[(unit.key, jinja.name(unit.names)) for unit in below],
        services=[(code, jinja.name(names)) for code, names in queries.choices()],
        answers=_answers(),
        posts=[
            (row.post_id, jinja.name(offices.title(row.post, row.office.form))) for row in routes.posts(by)
        ],
        offices=[(str(target.id), jinja.name(target)) for target in routes.targets(by)],
    )


def _answers() -> list[tuple[str, list[tuple[str, str]]]]:
    """What can be chosen in the questions of services: by service, the question with each choice."""
    lang = jinja.lang()
    found = []
    for terms in queries.services():
        choices = [
            (f"{asked.code}={choice.key}", f"{asked.label[lang]} {choice.names[lang]}")
            for asked in (terms.asks if terms.form else ())
            for choice in asked.choices
        ]
        if choices:
            found.append((shown.short(terms), choices))
    return found


def _wanted(form: work_forms.RuleForm) -> routes.Wanted:
    said = form.cleaned_data
    attribute, _sign, answer = said["answer"].partition("=")
    return routes.Wanted(
        said["place"], said["service"], attribute, answer, said["post"], UUID(said["office"]) if said["office"] else None
    )  # fmt: skip


def _written(rows: list[Any]) -> list[dict[str, Any]]:
    """Rules in words, posts called as the office calls them."""
    office = offices.office(rows[0].office_id) if rows else None
    form = office.form if office is not None else ""
    names = places.names({row.place for row in rows if row.place})
    services = dict(queries.choices())
    answers = {key: text for _service, some in _answers() for key, text in some}
    titles = {kind.code: jinja.name(offices.title(kind, form)) for kind in offices.posts()}
    found = []
    for row in rows:
        asked = f"{row.attribute}={row.answer}"
        found.append(
            {
                "row": row,
                "place": jinja.name(names.get(row.place, {})) if row.place else _("everywhere"),
                "service": jinja.name(services.get(row.service, {})) or row.service or _("every service"),
                "answer": (answers.get(asked) or asked) if row.attribute else "",
                "goal": jinja.name(row.to_office)
                if row.to_office_id
                else titles.get(row.to_post, row.to_post),
            }
        )
    return found


def _caught(by: Acting, requests: list[Any]) -> list[dict[str, Any]]:
    """Past requests with where they went in fact."""
    people = offices.appointment_names({each.assigned for each in requests if each.assigned})
    halls = offices.names({each.office_id for each in requests})
    names = shown.place_names(requests)
    return [
        {
            "id": each.pk,
            "number": each.number,
            "place": shown.address(each, names, told=False, home=by.where.commune),
            "went": jinja.name(people.get(each.assigned, {}))
            if each.office_id == by.office
            else jinja.name(halls.get(each.office_id, {})),
        }
        for each in requests
    ]


def _rendered(
    request: HttpRequest, template: str, context: dict[str, Any], form: Any, problem: Problem | None
) -> HttpResponse:
    wrong = 422 if form.is_bound and not form.is_valid() else 200
    status = problem.status if problem is not None else wrong
    return render(request, template, {**context, "form": form, "problem": problem}, status=status)
