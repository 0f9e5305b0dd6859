"""What do programs ask of the work in the queue? Sub-tasks, one step for many requests, the lists somebody comes back to."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import Path, Router
from pydantic import Field, JsonValue

from sala.kit import api, openapi
from sala.kit.errors import FieldError, Invalid, NotFound, Refused
from sala.kit.export import Column
from sala.kit.openapi import Link
from sala.kit.paging import ListSpec, flag, uuid
from sala.numbers.idempotency import Answer, json_response, of_request
from sala.window import batch, checking, rules, saved, subtasks, work_answers, work_forms
from sala.window.shown import mark
from sala.window.terms import Act, State
from sala.window.work_answers import acting, kept, shown

router = Router(tags=["window"])


# ---- sub-tasks ------------------------------------------------------------------------------------------------------


OPEN = Q(done=None, dropped=None)
SUBTASKS = ListSpec(
    filters=(
        uuid("request", "request", gettext_lazy("Request")),
        uuid("post", "post", gettext_lazy("Who does it")),
        flag("open", OPEN, gettext_lazy("Open")),
    ),
    sorts={"due": ("due", "pk"), "created": "created"},
    default_sort="due",
)
ENDS = {"done": subtasks.done, "drop": subtasks.drop}


class NewSubTask(api.Strict):
    """A part of the work on a request. ``post``: the appointment of somebody in the office that holds it."""

    request: UUID
    post: UUID
    text: str = Field(max_length=1000)
    due: date


def _subtask(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "version": row.version,
        "state": "done" if row.done else "dropped" if row.dropped else "open",
        "request": row.request_id,
        "number": row.request.number,
        "place": row.request.place,
        "office": row.office,
        "post": row.post,
        "text": row.text,
        "due": row.due,
        "created": row.created,
        "done": row.done,
        "dropped": row.dropped,
    }


_SUBTASK = Link("window_subtask", {"subtask_id": "$response.body#/id"})
_END = Link("window_end_subtask", {"subtask_id": "$response.body#/id", "If-Match": "$response.header.ETag"})
api.serve_list(
    router,
    "/subtasks",
    SUBTASKS,
    queryset=lambda request: subtasks.visible(acting(request)).select_related("request"),
    serialise=lambda rows: [_subtask(row) for row in rows],
    row=work_answers.SubTaskTold,
    name=gettext_lazy("Sub-tasks"),
    columns=[
        Column("number", gettext_lazy("Request number")),
        Column("text", gettext_lazy("What is to be done")),
        Column("due", gettext_lazy("Until")),
        Column("state", gettext_lazy("State")),
    ],
    mark=mark,
)


@router.post("/subtasks", summary="Give a part of the work to somebody", operation_id="window_add_subtask")
@openapi.says(
    work_answers.SubTaskTold,
    status=201,
    once=True,
    etag=True,
    location=True,
    problems=(404, 409),
    links={"SubTask": _SUBTASK, "End": _END},
)
def add_subtask(request: HttpRequest, body: NewSubTask) -> HttpResponse:
    """The request stays as it is, and can't be finished before its sub-tasks have ended."""
    said = checking.read(work_forms.SubTaskForm(people=[]), {"text": body.text})

    def act() -> Answer:
        row = subtasks.add(
            by=acting(request), request_id=body.request, post=body.post, text=said["text"], due=body.due
        )
        return kept(_subtask(row), "subtasks", 201)

    return json_response(of_request(request, "window.subtasks", act))


@router.get("/subtasks/{uuid:subtask_id}", summary="One sub-task", operation_id="window_subtask")
@openapi.says(work_answers.SubTaskTold, etag=True, links={"End": _END})
def subtask(request: HttpRequest, subtask_id: UUID) -> HttpResponse:
    """404 for one of a request whose person the asker may not see."""
    return shown(_subtask(subtasks.one(acting(request), subtask_id)))


@router.post(
    "/subtasks/{uuid:subtask_id}/{verb}",
    summary="A sub-task is done, or not needed (takes If-Match and Idempotency-Key)",
    operation_id="window_end_subtask",
)
@openapi.says(
    work_answers.SubTaskTold, version=True, once=True, etag=True, parameters={"verb": {"enum": [*ENDS]}}
)
def end_subtask(request: HttpRequest, subtask_id: UUID, verb: Path[str]) -> HttpResponse:
    """409 for one that has ended."""
    by = acting(request)
    if verb not in ENDS:
        raise NotFound(_("There is no such step."))
    subtasks.one(by, subtask_id)
    version = api.version(request)

    def act() -> Answer:
        return kept(_subtask(ENDS[verb](by=by, subtask_id=subtask_id, version=version)))

    return json_response(of_request(request, f"window.subtasks:{subtask_id}:{verb}", act))


# ---- one step for many ----------------------------------------------------------------------------------------------


AT_ONCE: list[JsonValue] = [str(act) for act in rules.AT_ONCE]


class Pick(api.Strict):
    """A request in the version that was read."""

    id: UUID
    version: int = Field(ge=1, le=1_000_000_000)


class Step(api.Strict):
    """A step for many requests, with what it needs. ``spread``: to `assign`, each to who has the least open."""

    verb: str = Field(max_length=10, json_schema_extra={"enum": AT_ONCE})
    requests: list[Pick] = Field(min_length=1, max_length=rules.MOST_AT_ONCE)
    text: str = Field("", max_length=4000)
    assigned: UUID | None = None
    office: UUID | None = None
    spread: bool = False


def _wish(by: Any, body: Step) -> tuple[batch.Wish, Sequence[Any], list[UUID]]:
    """The step, the chosen requests that the asker may see, and the ids of the others."""
    verb = next((act for act in rules.AT_ONCE if act == body.verb), None)
    if verb is None:
        message = _("Choose the step from the list.")
        raise Invalid(message, errors=[FieldError("verb", "unknown-value", message)])
    if verb not in batch.offered(by):
        raise Refused(_("Your post may not do this for several requests."))
    found = batch.chosen(by, [pick.id for pick in body.requests])
    each = batch.spread(found) if body.spread and verb == Act.ASSIGN else {}
    wish = batch.Wish(verb, checking.words(body.text), body.assigned, body.office, each)
    seen = {request.pk for request in found}
    return wish, found, [pick.id for pick in body.requests if pick.id not in seen]


@router.post(
    "/several/preview",
    summary="What would a step do to each of many requests? Nothing is changed",
    operation_id="window_preview_several",
)
@openapi.says(work_answers.Plan)
def preview(request: HttpRequest, body: Step) -> HttpResponse:
    """The state each would have and how its applicant would be told, or why it can't."""
    by = acting(request)
    wish, found, missing = _wish(by, body)
    lines = batch.plan(by, wish, found)
    told = [
        {
            "id": line.request.pk,
            "number": line.request.number,
            "version": line.request.version,
            "state": line.request.state,
            "after": line.after,
            "told": list(line.told),
            "assigned": wish.to(line.request),
            "problem": _(str(line.problem)) if line.problem else "",
        }
        for line in lines
    ]
    possible = sum(line.problem is None for line in lines)
    return api.json({"verb": wish.verb, "possible": possible, "requests": told, "missing": missing})


@router.post(
    "/several",
    summary="Take one step for many requests (takes Idempotency-Key)",
    operation_id="window_several",
)
@openapi.says(work_answers.Outcomes, once=True)
def several(request: HttpRequest, body: Step) -> HttpResponse:
    """Each goes the way of the single step: one that can't, or that somebody changed meanwhile, holds up no other."""
    by = acting(request)

    def act() -> Answer:
        wish, found, missing = _wish(by, body)
        seen = {each.pk for each in found}
        versions = {pick.id: pick.version for pick in body.requests if pick.id in seen}
        outcomes = batch.do(by, wish, versions)
        told = [
            {
                "id": str(each.request.pk),
                "number": each.request.number,
                "done": each.problem is None,
                "state": str(_after(each, wish)),
                "problem": _(str(each.problem)) if each.problem else "",
            }
            for each in outcomes
        ]
        done = sum(each.problem is None for each in outcomes)
        gone = [str(key) for key in missing]
        return Answer(200, {"verb": str(wish.verb), "done": done, "requests": told, "missing": gone})

    return json_response(of_request(request, "window.several", act))


def _after(outcome: batch.Outcome, wish: batch.Wish) -> State:
    before = State(outcome.request.state)
    return before if outcome.problem is not None else rules.TABLE.after(before, wish.verb)


# ---- kept lists -----------------------------------------------------------------------------------------------------


LISTS = ListSpec(sorts=("name", "created"), default_sort="name")


class NewList(api.Strict):
    """A list to come back to: ``query`` is that of the queue's address. Words that are searched for are not kept."""

    name: str = Field(min_length=1, max_length=60)
    query: str = Field(min_length=1, max_length=2000)


def _list(row: Any) -> dict[str, Any]:
    return {"id": row.id, "name": row.name, "query": row.query, "created": row.created}


api.serve_list(
    router,
    "/lists",
    LISTS,
    queryset=lambda request: saved.rows(acting(request)),
    serialise=lambda rows: [_list(row) for row in rows],
    row=work_answers.ListTold,
    name=gettext_lazy("Kept lists"),
    columns=[Column("name", gettext_lazy("Name")), Column("query", gettext_lazy("Filter"))],
)


@router.post("/lists", summary="Keep a list of the queue", operation_id="window_keep_list")
@openapi.says(
    work_answers.ListTold,
    status=201,
    once=True,
    links={"Drop": Link("window_drop_list", {"list_id": "$response.body#/id"})},
)
def keep_list(request: HttpRequest, body: NewList) -> HttpResponse:
    """The same name again replaces what was kept under it. Nobody else reads it."""

    def act() -> Answer:
        row = saved.keep(by=acting(request), name=body.name, params=QueryDict(body.query))
        return kept(_list(row), status=201)

    return json_response(of_request(request, "window.lists", act))


@router.delete(
    "/lists/{uuid:list_id}",
    response={204: None},
    summary="Delete one of one's own lists",
    operation_id="window_drop_list",
)
@openapi.says(status=204)
def drop_list(request: HttpRequest, list_id: UUID) -> Any:
    """The requests in it are not deleted."""
    saved.drop(by=acting(request), key=list_id)
    return 204, None
