"""What happens if I do this to all of these? Choose a step for the requests marked in the queue, see what it would do, do it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from sala.accounts import asking
from sala.kit.acting import Acting
from sala.kit.errors import Invalid, NotFound, Refused
from sala.offices import queries as offices
from sala.ui import jinja
from sala.window import batch, loads, phrases, queries, rules, shown, work_forms
from sala.window.terms import BUTTONS, PROMPTS, Act, State


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def several(request: HttpRequest) -> HttpResponse:
    """Fields, preview and result are answers to one form; nothing is done before "do it" on the preview."""
    by = asking.signed_in(request)
    verbs = batch.offered(by)
    if not verbs:
        raise Refused(_("Your post takes no steps for requests."))
    if request.method != "POST":
        return redirect("work")
    verb = next((each for each in verbs if each == request.POST.get("act", "")), None)
    if verb is None:
        raise NotFound(_("There is no such step."))
    picks = _picks(request.POST)
    try:
        found = batch.chosen(by, picks)
    except Invalid as problem:
        messages.warning(request, _(str(problem.message)))
        return redirect(_back(request.POST))
    return _answer(request, by, verb, picks, found)


def _answer(
    request: HttpRequest, by: Acting, verb: Act, picks: Mapping[UUID, int], found: list[Any]
) -> HttpResponse:
    step = request.POST.get("step", "")
    spread = verb == Act.ASSIGN and "spread" in request.POST
    needs = () if spread else rules.needs(verb)
    filled = "fill" in request.POST and "text" in needs
    asked = not filled and (step in ("preview", "do") or not needs)
    form = _form(verb, needs, found, request.POST if asked else None, request.POST)
    context = {
        "title": _(BUTTONS[verb]),
        "act": str(verb),
        "form": form,
        "back": _back(request.POST),
        "kept": request.POST.get("back", "")[:2000],
        "gone": len(picks) - len(found),
        "found": found,
        "needs": needs,
        "spread": spread,
    }
    if filled:
        form.initial["text"] = _filled(request.POST, verb, found)
    if not asked or not form.is_valid():
        rows = _rows(by, [batch.Line(each, None, (), None) for each in found])
        return render(
            request,
            "window/several.html",
            context | {"rows": rows, "stage": "fields", "ready": _ready(verb, found)},
            status=422 if asked else 200,
        )
    wish = batch.Wish(verb, **form.cleaned_data)
    if spread:
        wish = replace(wish, each=_each(request.POST) if step == "do" else batch.spread(found))
    if step == "do":
        return _done(request, by, wish, picks, context)
    lines = batch.plan(by, wish, found)
    possible = sum(line.problem is None for line in lines)
    said = ngettext("Do this to %(count)s request", "Do this to %(count)s requests", possible)
    return render(
        request,
        "window/several.html",
        context
        | {
            "stage": "preview",
            "rows": _rows(by, lines, wish),
            "possible": possible,
            "do_text": said % {"count": jinja.number(possible)},
            "facts": _facts(form, wish),
        },
    )


def _done(
    request: HttpRequest, by: Acting, wish: batch.Wish, picks: Mapping[UUID, int], context: dict[str, Any]
) -> HttpResponse:
    outcomes = batch.do(by, wish, picks)
    count = sum(each.problem is None for each in outcomes)
    lines = [
        batch.Line(
            each.request,
            None if each.problem else rules.TABLE.after(State(each.request.state), wish.verb),
            (),
            each.problem,
        )
        for each in outcomes
    ]
    said = ngettext("Done for %(count)s request", "Done for %(count)s requests", count)
    return render(
        request,
        "window/several.html",
        context
        | {
            "stage": "done",
            "rows": _rows(by, lines, wish),
            "said": said % {"count": jinja.number(count)},
            "left": len(outcomes) - count,
        },
    )


def _picks(sent: QueryDict) -> dict[UUID, int]:
    """What was marked: ids from the queue, ids with the version that was shown from the preview."""
    found = {}
    for typed in sent.getlist("pick"):
        key, _dot, version = typed.partition(".")
        try:
            found[UUID(key)] = int(version or 0)
        except ValueError:
            continue
    return found


def _each(sent: QueryDict) -> dict[UUID, UUID]:
    """Who gets which request, as the preview said."""
    found = {}
    for typed in sent.getlist("to"):
        key, _dot, post = typed.partition(".")
        try:
            found[UUID(key)] = UUID(post)
        except ValueError:
            continue
    return found


def _back(sent: QueryDict) -> str:
    """The queue as it was narrowed; only its own parameters are taken over."""
    kept = QueryDict(sent.get("back", "")[:2000]).urlencode()
    return reverse("work") + (f"?{kept}" if kept else "")


def _form(
    verb: Act, needs: tuple[str, ...], found: list[Any], data: Any, kept: QueryDict
) -> work_forms.SeveralForm:
    choices = queries.Choices()
    people: dict[UUID, Any] = {}
    halls: dict[UUID, Any] = {}
    for each in found if needs else ():
        if "assigned" in needs:
            people.update(choices.people(each.office_id))
        if "office" in needs:
            halls.update(choices.targets(each))
    at = {each.office_id for each in found} if people else ()
    held = {load.key: load for office in at for load in loads.of_office(office)}
    prompt = PROMPTS.get(verb, "")
    initial = {name: kept.get(name, "") for name in needs}
    return work_forms.SeveralForm(
        data,
        initial=initial,
        needs=needs,
        prompt=_(prompt) if prompt else "",
        people=[(str(key), shown.officer(p, held.get(key))) for key, p in people.items()],
        offices=[(str(key), jinja.name(hall)) for key, hall in halls.items()],
    )


def _ready(verb: Act, found: list[Any]) -> list[tuple[str, str]]:
    """The ready answers for the step that the office has, or the country where the requests lie with several offices."""
    held = {each.office_id for each in found}
    offered = phrases.offered(found[0].office_id, verb) if verb in rules.READY else []
    return [(str(each.id), jinja.name(each)) for each in offered if each.office_id is None or len(held) == 1]


def _filled(sent: QueryDict, verb: Act, found: list[Any]) -> str:
    """What was typed with the ready answer behind it."""
    typed = sent.get("text", "")[:4000]
    try:
        return rules.joined(typed, phrases.text_for(UUID(sent.get("phrase", "")), verb, found))
    except ValueError:  # none was chosen
        return typed


def _facts(form: work_forms.SeveralForm, wish: batch.Wish) -> list[tuple[Any, Any]]:
    """What was typed, as it will be sent."""
    found: list[tuple[Any, Any]] = []
    if wish.text:
        found.append((form.fields["text"].label, jinja.lines(wish.text)))
    for name in ("assigned", "office"):
        value = getattr(wish, name)
        if value is not None:
            choices: list[Any] = form.fields[name].widget.choices
            found.append((form.fields[name].label, dict(choices).get(str(value), "")))
    return found


def _rows(by: Acting, lines: list[batch.Line], wish: batch.Wish | None = None) -> list[dict[str, Any]]:
    requests = [line.request for line in lines]
    names = shown.place_names(requests)
    each_to = wish.each if wish is not None else {}
    people = offices.appointment_names(set(each_to.values()))
    return [
        {
            "pick": f"{each.pk}.{each.version}",
            "id": each.pk,
            "number": each.number,
            "service": shown.short(each.terms),
            "place": shown.address(each, names, told=False, home=by.where.commune),
            "state": shown.state(each),
            "after": shown.tag(line.after) if line.after is not None else None,
            "told": [jinja.term(channel) for channel in line.told],
            "given": each_to.get(each.pk),
            "to": jinja.name(people.get(each_to[each.pk], {})) if each.pk in each_to else "",
            "problem": _(str(line.problem)) if line.problem else "",
        }
        for each, line in zip(requests, lines, strict=True)
    ]
