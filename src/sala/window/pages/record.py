"""What is this request, and what may I do with it now? The record page with its steps."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from markupsafe import Markup

from sala.accounts import asking
from sala.files import queries as files
from sala.kit import clock
from sala.kit.acting import Acting
from sala.kit.errors import Changed, NotFound, Problem
from sala.ledger import looks
from sala.ledger import queries as ledger
from sala.ledger import registry as ledger_registry
from sala.offices import queries as offices
from sala.ui import jinja
from sala.window import (
    actions,
    attributes,
    escalating,
    forms,
    loads,
    looking,
    phrases,
    queries,
    rules,
    shown,
    steps,
    subtasks,
)
from sala.window import messages as told_by
from sala.window.pages.messages import written
from sala.window.pages.subtasks import written as told_parts
from sala.window.terms import BUTTONS, GRANTS, PROMPTS, Act, Channel, Look, State, Verb


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def record(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """The record; a POST is one step of an officer."""
    by = asking.signed_in(request)
    if request.method == "POST":
        return _step(request, by, queries.record(by, request_id))
    found = looking.see(by=by, request_id=request_id)
    wanted = request.GET.get("do", "")
    moves = {str(move.verb): move for move in _moves(by, found)}
    form = _form(found, moves[wanted]) if wanted in moves else None
    return _show(request, by, found, do=wanted if form else "", form=form)


def _moves(by: Acting, found: Any) -> list[Any]:
    """The steps of the state table that the asker may take; the usual next one first, refusal last."""
    moves = [
        move
        for move in rules.moves(State(found.state), joined=found.joined_id is not None)
        if move.verb in BUTTONS and by.may(GRANTS[Act(move.verb)], found.where)
    ]
    return sorted(moves, key=lambda move: move.verb == Act.REFUSE)


def _form(found: Any, move: Any, data: Any = None, text: str = "") -> forms.StepForm:
    people, halls = None, None
    if "office" in move.required:
        halls = [(str(target.id), jinja.name(target)) for target in queries.targets(found)]
    if "assigned" in move.required:
        held = {load.key: load for load in loads.of_office(found.office_id)}
        people = [(str(p.id), shown.officer(p, held.get(p.id))) for p in offices.people(found.office_id)]
    prompt = PROMPTS.get(Act(move.verb), "")
    return forms.StepForm(
        data,
        initial={"version": found.version, "assigned": found.assigned, "text": text},
        needs=move.required,
        prompt=_(prompt) if prompt else "",
        people=people,
        offices=halls,
    )


def _step(request: HttpRequest, by: Acting, found: Any) -> HttpResponse:
    """Take the step; a conflict or a gap shows the newest state and keeps what was typed."""
    if request.POST.get("act") == "show":
        contact = looking.show_person(by=by, request_id=found.id)
        return _show(request, by, looking.see(by=by, request_id=found.id), contact=contact)
    moves = {str(move.verb): move for move in _moves(by, found)}
    verb = request.POST.get("act", "")
    known = verb in list(Act) and Act(verb) in BUTTONS
    if not known:
        raise NotFound(_("There is no such step."))
    by.require(GRANTS[Act(verb)], found.where)
    move = moves.get(verb)
    if "fill" in request.POST and move is not None:
        return _filled(request, by, found, move)
    form = _form(found, move, _sent(request, found, verb)) if move else None
    if form is not None and not form.is_valid():
        return _show(request, by, looking.see(by=by, request_id=found.id), do=verb, form=form, status=422)
    said = form.cleaned_data if form is not None else {}
    try:
        version = int(request.POST.get("version", "0") or 0) if form is None else said["version"]
    except ValueError:
        version = 0
    try:
        done = actions.act(
            by=by,
            request_id=found.id,
            version=version,
            verb=Act(verb),
            text=said.get("text", ""),
            assigned=said.get("assigned"),
            office=said.get("office"),
        )
    except Problem as problem:
        if problem.status in (401, 403, 404):
            raise
        fresh = looking.see(by=by, request_id=found.id)
        return _conflict(request, by, fresh, verb, problem)
    messages.success(request, _("Done: %(step)s") % {"step": _(BUTTONS[Act(verb)])})
    if not by.may(Verb.SEE, done.where):
        return redirect("work")  # it went to an office that this post does not see
    return redirect("work-request", found.id)


def _sent(request: HttpRequest, found: Any, verb: str) -> Any:
    """What was sent; with "to whoever has the least" the officer is found now."""
    if verb != Act.ASSIGN or "lightest" not in request.POST:
        return request.POST
    data = request.POST.copy()
    least = rules.lightest(loads.of_office(found.office_id))
    data["assigned"] = str(least.key) if least is not None else ""
    return data


def _filled(request: HttpRequest, by: Acting, found: Any, move: Any) -> HttpResponse:
    """The same form with a ready answer in its field, to be edited. Nothing is done yet."""
    typed = str(request.POST.get("text", ""))[:4000]
    try:
        ready = phrases.text_for(UUID(request.POST.get("phrase", "")), Act(move.verb), [found])
    except ValueError:
        ready = ""  # none was chosen
    fresh = looking.see(by=by, request_id=found.id)
    form = _form(fresh, move, text=rules.joined(typed, ready))
    form.initial["version"] = request.POST.get("version", "")[:12]  # a change in between is still noticed
    return _show(request, by, fresh, do=str(move.verb), form=form)


def _conflict(request: HttpRequest, by: Acting, fresh: Any, verb: str, problem: Problem) -> HttpResponse:
    """Somebody was faster: the newest state, and what was typed, ready to be sent on top of it."""
    move = next((move for move in _moves(by, fresh) if move.verb == verb), None)
    form = None
    if move is not None:
        data = request.POST.copy()
        data["version"] = str(fresh.version)
        form = _form(fresh, move, data)
    typed = "" if form is not None else str(request.POST.get("text", ""))[:4000]
    return _show(
        request,
        by,
        fresh,
        do=verb if form else "",
        form=form,
        problem=problem,
        typed=typed,
        status=problem.status,
    )


def _show(
    request: HttpRequest,
    by: Acting,
    found: Any,
    *,
    do: str = "",
    form: Any = None,
    contact: Any = None,
    problem: Problem | None = None,
    typed: str = "",
    status: int = 200,
) -> HttpResponse:
    told = queries.may_see_person(by, found)
    events = queries.events(found, public=not told)
    calendar = offices.calendar(found.office_id)
    seen: Sequence[Any] = looks.of(steps.REQUEST, str(found.id)) if told else []
    posts = offices.holder_names({event.post for event in events} | {look.post for look in seen})
    ids = {event.assigned for event in events if event.assigned} | {UUID(post) for post in posts}
    people = offices.appointment_names(ids | ({found.assigned} if found.assigned else set()))
    names = shown.place_names([found])
    known = queries.contact_of(found) if told else None
    main, followers = queries.joined_with(found)
    splits = any(event.act in (Act.SPLIT, Act.SECOND) for event in events)
    first, seconds = queries.split_with(found) if splits else (None, [])
    context = {
        "found": found,
        "title": shown.title(found, told=told),
        "told": told,
        "asked": attributes.said(found.terms.asks, found.attributes, jinja.lang()) if told else [],
        "state": shown.state(found),
        "mark": shown.escalated(found, escalating.names()),
        "due": shown.due_tag(found, calendar, clock.now()),
        "address": shown.address(found, names, told=told, home=by.where.commune),
        "channel": jinja.term(Channel(found.channel)),
        "contact": contact,
        "known": known,
        "looks": queries.looks(known),
        "masked": shown.masked(known.phone) if known else "",
        "photos": files.of(steps.REQUEST, str(found.id)) if told else [],
        "timeline": shown.timeline(
            events,
            staff=True,
            names=people,
            posts=posts,
            halls=queries.halls_of(events),
            said=_told_late(events),
            final=not found.open,
        ),
        "moves": [(str(m.verb), _(BUTTONS[Act(m.verb)]), bool(m.required)) for m in _moves(by, found)],
        "do": do,
        "do_text": _(BUTTONS[Act(do)]) if do else "",
        "form": form,
        "ready": _ready(found, do),
        "parts": told_parts(subtasks.of(by, found)),
        "problem": problem,
        "changed": isinstance(problem, Changed),
        "typed": typed,
        "assigned": jinja.name(people.get(found.assigned, {})) if found.assigned else "",
        "clock": _clock(found, calendar),
        "rating": queries.rating_of(found),
        "history": [
            (entry, jinja.term(ledger_registry.act(entry.act)))
            for entry in (ledger.history(steps.REQUEST, str(found.id)) if told else [])
        ],
        "readers": _readers(seen, people),
        "main": main,
        "followers": followers,
        "first": first,
        "seconds": seconds,
        "may_split": rules.can_split(State(found.state), joined=main is not None)
        and by.may(Verb.SPLIT, found.where),
        "may_join": found.open
        and by.may(Verb.JOIN, found.where)
        and rules.openness(found.terms.kind, found.terms.service.protected).joined,
        "sent": written(told_by.of_request(by, found)),
        "may_correct": by.may(Verb.CORRECT, found.where),
        "may_erase": by.may(Verb.ERASE, found.where) and not found.erased_at,
    }
    return render(request, "window/record.html", context, status=status)


def _told_late(events: Sequence[Any]) -> dict[UUID, str]:
    """The words of the steps that told somebody that it gets late: which step it was, and whom it told."""
    told, names = escalating.told(events), escalating.names()
    return {
        event.id: "\n".join([shown.step(event.text, names), *map(shown.told, told.get(event.id, ()))])
        for event in events
        if event.act == Act.ESCALATE
    }


def _ready(found: Any, do: str) -> list[tuple[str, str]]:
    """The ready answers for the step that is open."""
    offered = phrases.offered(found.office_id, Act(do)) if do in rules.READY else []
    return [(str(each.id), jinja.name(each)) for each in offered]


def _readers(seen: Sequence[Any], people: Mapping[UUID, Mapping[str, str]]) -> list[tuple[Any, str, str]]:
    """Who read what the resident told, the newest first: time, door, name (the post's own word for the system)."""
    names = {str(key): jinja.name(name) for key, name in people.items()}
    doors = {str(door): jinja.term(door) for door in Look}
    return [(each.at, doors.get(each.act, each.act), names.get(each.post, each.post)) for each in seen]


def _clock(found: Any, calendar: Any) -> list[tuple[str, str | Markup]]:
    """The box that shows how the time was counted."""
    paused = found.paused_minutes
    if found.paused_at:
        paused += calendar.minutes_between(found.paused_at, clock.now())
    deadline = shown.time_for(found.terms)
    if found.terms.days_status == "default":
        deadline = _("%(days)s (default of the pack, unverified)") % {"days": deadline}
    end = found.done_at or max(found.due_at, clock.now())
    pauses = shown.worked(paused, calendar) if paused else _("Not at all")
    if found.paused_at:
        pauses = _("%(time)s, and still paused") % {"time": shown.worked(paused, calendar)}
    return [
        (_("Deadline"), deadline),
        (_("Due"), Markup("<b>{}</b>").format(jinja.moment(found.due_at, staff=True))),
        (_("Used"), shown.worked(shown.used(found, calendar), calendar)),
        (_("Paused"), pauses),
        (_("Not counted"), shown.uncounted(calendar, found.received_at, end) or _("Nothing")),
    ]
