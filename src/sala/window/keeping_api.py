"""What do programs ask of what an office keeps? Its ready answers, and its routing rules with their trial on past requests."""

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import Path, Router
from pydantic import Field, JsonValue

from sala.kit import api, openapi
from sala.kit.errors import NotFound
from sala.kit.export import Column
from sala.kit.openapi import Link
from sala.kit.paging import ListSpec, choice, flag
from sala.numbers.idempotency import Answer, json_response, of_request
from sala.window import checking, phrases, routes, rules, work_answers, work_forms
from sala.window.shown import mark
from sala.window.terms import BUTTONS
from sala.window.work_answers import acting, kept, shown

router = Router(tags=["window"])


# ---- ready answers --------------------------------------------------------------------------------------------------


READY: list[JsonValue] = [str(act) for act in rules.READY]
ANSWERS = ListSpec(
    filters=(choice("act", "act", [(str(act), BUTTONS[act]) for act in rules.READY], gettext_lazy("Step")),),
    sorts={"name": "name_km", "act": ("act", "name_km"), "created": "created", "changed": "changed"},
    default_sort="name",
)


class Name(api.Strict):
    """A name in both languages."""

    km: str = Field(max_length=120)
    en: str = Field(max_length=120)


class Both(api.Strict):
    """A text in both languages."""

    km: str = Field(max_length=2000)
    en: str = Field(max_length=2000)


class NewAnswer(api.Strict):
    """A ready answer of the asker's office: for which step, its name and its text."""

    act: str = Field(max_length=10, json_schema_extra={"enum": READY})
    name: Name
    text: Both


class AnswerChange(api.Strict):
    """What is changed of a ready answer; what is left out stays."""

    act: str | None = Field(None, max_length=10, json_schema_extra={"enum": [*READY, None]})
    name: Name | None = None
    text: Both | None = None


def _answer(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "version": row.version,
        "state": "ended" if row.ended else "offered",
        "act": row.act,
        "office": row.office_id,
        "code": row.code,
        "name": {"km": row.name_km, "en": row.name_en},
        "text": {"km": row.text_km, "en": row.text_en},
        "created": row.created,
        "changed": row.changed,
    }


_ANSWER = Link("window_answer", {"answer_id": "$response.body#/id"})
_END_ANSWER = Link(
    "window_end_answer", {"answer_id": "$response.body#/id", "If-Match": "$response.header.ETag"}
)
api.serve_list(
    router,
    "/answers",
    ANSWERS,
    queryset=lambda request: phrases.kept(acting(request)),
    serialise=lambda rows: [_answer(row) for row in rows],
    row=work_answers.AnswerTold,
    name=gettext_lazy("Ready answers"),
    columns=[
        Column("id", gettext_lazy("Key")),
        Column("act", gettext_lazy("Step")),
        Column("code", gettext_lazy("Code")),
        Column("name", gettext_lazy("Name")),
        Column("text", gettext_lazy("Text")),
    ],
    mark=mark,
)


def _wording(act: str, name: Name, text: Both) -> phrases.Wording:
    """What was sent, through the fields of the form."""
    typed = {
        "act": act,
        "name_km": name.km,
        "name_en": name.en,
        "text_km": text.km,
        "text_en": text.en,
    }
    names = {key: key.replace("_", ".") for key in typed}
    return phrases.Wording(**checking.read(work_forms.PhraseForm(), typed, names))


@router.post("/answers", summary="Add a ready answer to one's office", operation_id="window_add_answer")
@openapi.says(
    work_answers.AnswerTold,
    status=201,
    once=True,
    etag=True,
    location=True,
    links={"Answer": _ANSWER, "End": _END_ANSWER},
)
def add_answer(request: HttpRequest, body: NewAnswer) -> HttpResponse:
    """The office offers it from now on."""

    def act() -> Answer:
        row = phrases.add(by=acting(request), wording=_wording(body.act, body.name, body.text))
        return kept(_answer(row), "answers", 201)

    return json_response(of_request(request, "window.answers", act))


@router.get(
    "/answers/{uuid:answer_id}", summary="A ready answer of one's office", operation_id="window_answer"
)
@openapi.says(work_answers.AnswerTold, etag=True, links={"End": _END_ANSWER})
def answer(request: HttpRequest, answer_id: UUID) -> HttpResponse:
    """One of the asker's own office; 404 for another's, and for the country's."""
    return shown(_answer(phrases.one(acting(request), answer_id)))


@router.patch(
    "/answers/{uuid:answer_id}", summary="Say it in other words", operation_id="window_change_answer"
)
@openapi.says(work_answers.AnswerTold, version=True, etag=True)
def change_answer(request: HttpRequest, answer_id: UUID, body: AnswerChange) -> HttpResponse:
    """What was sent with the old words stays as it was sent."""
    by = acting(request)
    row = phrases.one(by, answer_id)
    wording = _wording(
        body.act or row.act,
        body.name or Name(km=row.name_km, en=row.name_en),
        body.text or Both(km=row.text_km, en=row.text_en),
    )
    changed = phrases.change(by=by, phrase_id=answer_id, version=api.version(request), wording=wording)
    return shown(_answer(changed))


@router.post("/answers/{uuid:answer_id}/end", summary="Offer it no more", operation_id="window_end_answer")
@openapi.says(work_answers.AnswerTold, version=True, once=True, etag=True)
def end_answer(request: HttpRequest, answer_id: UUID) -> HttpResponse:
    """It stays readable here as ended."""
    by = acting(request)
    phrases.one(by, answer_id)
    version = api.version(request)

    def act() -> Answer:
        return kept(_answer(phrases.end(by=by, phrase_id=answer_id, version=version)))

    return json_response(of_request(request, f"window.answers:{answer_id}:end", act))


# ---- routing rules --------------------------------------------------------------------------------------------------


RULES = ListSpec(
    filters=(flag("on", Q(on=True), gettext_lazy("Switched on")),),
    sorts={"position": ("position", "pk"), "created": "created", "changed": "changed"},
    default_sort="position",
)
MOVES = ["on", "off", "up", "down", "end"]


class NewRule(api.Strict):
    """Which new requests of the office go where. Empty conditions hold for all; one goal: a post, or another office."""

    place: str = Field("", max_length=16)
    service: str = Field("", max_length=32)
    attribute: str = Field("", max_length=64)
    answer: str = Field("", max_length=64)
    post: str = Field("", max_length=40)
    to_office: UUID | None = None


def _rule(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "version": row.version,
        "state": "ended" if row.ended else "on" if row.on else "off",
        "position": row.position,
        "office": row.office_id,
        "place": row.place,
        "service": row.service,
        "attribute": row.attribute,
        "answer": row.answer,
        "post": row.to_post,
        "to_office": row.to_office_id,
        "created": row.created,
        "changed": row.changed,
    }


_RULE = Link("window_rule", {"rule_id": "$response.body#/id"})
_TRIAL = Link("window_try_rule", {"rule_id": "$response.body#/id"})
_MOVE = Link("window_move_rule", {"rule_id": "$response.body#/id", "If-Match": "$response.header.ETag"})
api.serve_list(
    router,
    "/rules",
    RULES,
    queryset=lambda request: routes.rows(acting(request)),
    serialise=lambda rows: [_rule(row) for row in rows],
    row=work_answers.RuleTold,
    name=gettext_lazy("Routing rules"),
    columns=[
        Column("position", gettext_lazy("Place in the order")),
        Column("state", gettext_lazy("State")),
        Column("place", gettext_lazy("Place")),
        Column("service", gettext_lazy("Service")),
        Column("attribute", gettext_lazy("Question")),
        Column("answer", gettext_lazy("Answer")),
        Column("post", gettext_lazy("Post")),
        Column("to_office", gettext_lazy("Office")),
    ],
    mark=mark,
)


def _wanted(body: NewRule) -> routes.Wanted:
    said = body.dict()
    return routes.Wanted(office=said.pop("to_office"), **said)


@router.post("/rules", summary="Add a routing rule, switched off", operation_id="window_add_rule")
@openapi.says(
    work_answers.RuleTold,
    status=201,
    once=True,
    etag=True,
    location=True,
    links={"Rule": _RULE, "Trial": _TRIAL, "Move": _MOVE},
)
def add_rule(request: HttpRequest, body: NewRule) -> HttpResponse:
    """It stands last; try it out, then switch it on."""

    def act() -> Answer:
        return kept(_rule(routes.add(by=acting(request), wanted=_wanted(body))), "rules", 201)

    return json_response(of_request(request, "window.rules", act))


@router.get("/rules/{uuid:rule_id}", summary="A routing rule of one's office", operation_id="window_rule")
@openapi.says(work_answers.RuleTold, etag=True, links={"Trial": _TRIAL, "Move": _MOVE})
def rule(request: HttpRequest, rule_id: UUID) -> HttpResponse:
    """404 for another office's, and for one that was deleted."""
    return shown(_rule(routes.one(acting(request), rule_id)))


@router.put(
    "/rules/{uuid:rule_id}", summary="Let a rule say something else", operation_id="window_change_rule"
)
@openapi.says(work_answers.RuleTold, version=True, etag=True, links={"Trial": _TRIAL})
def change_rule(request: HttpRequest, rule_id: UUID, body: NewRule) -> HttpResponse:
    """The whole rule is replaced, and switched off by that, so that it is tried out again."""
    by = acting(request)
    routes.one(by, rule_id)
    version = api.version(request)
    return shown(_rule(routes.change(by=by, rule_id=rule_id, version=version, wanted=_wanted(body))))


@router.get(
    "/rules/{uuid:rule_id}/trial",
    summary="What would the rule have done to past requests?",
    operation_id="window_try_rule",
)
@openapi.says(work_answers.TrialTold)
def trial(request: HttpRequest, rule_id: UUID) -> HttpResponse:
    """The rules that are on stand as they are; one that is off is tried as if it alone were switched on as well."""
    by = acting(request)
    routes.one(by, rule_id)
    looked, found = routes.tried(by, routes.kept(by))
    tried = found.get(rule_id, routes.Trial())
    newest = [
        {
            "id": each.pk,
            "number": each.number,
            "place": each.place,
            "received": each.received_at,
            "office": each.office_id,
            "assigned": each.assigned,
        }
        for each in tried.newest
    ]
    return api.json({"looked": looked, "count": tried.count, "newest": newest})


@router.post(
    "/rules/{uuid:rule_id}/{verb}",
    summary="Switch a rule on or off, move it, delete it (takes If-Match and Idempotency-Key)",
    operation_id="window_move_rule",
)
@openapi.says(work_answers.RuleTold, version=True, once=True, etag=True, parameters={"verb": {"enum": MOVES}})
def move_rule(request: HttpRequest, rule_id: UUID, verb: Path[str]) -> HttpResponse:
    """For requests that come from now on; up and down change the order by one place."""
    by = acting(request)
    if verb not in MOVES:
        raise NotFound(_("There is no such step."))
    routes.one(by, rule_id)
    version = api.version(request)

    def act() -> Answer:
        if verb == "end":
            return kept(_rule(routes.end(by=by, rule_id=rule_id, version=version)))
        if verb in ("up", "down"):
            routes.move(by=by, rule_id=rule_id, version=version, step=-1 if verb == "up" else 1)
            return kept(_rule(routes.one(by, rule_id)))
        return kept(_rule(routes.switch(by=by, rule_id=rule_id, version=version, on=verb == "on")))

    return json_response(of_request(request, f"window.rules:{rule_id}:{verb}", act))
