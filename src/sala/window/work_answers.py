"""What are programs told of the tools of the queue? The shapes of these answers, and how they are given."""

import json
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse

from sala.kit import api
from sala.kit.openapi import Names, Told
from sala.notices.terms import Channel
from sala.numbers.idempotency import Answer
from sala.window.terms import Act, State


class AnswerTold(Told):
    """A ready answer: of an ``office``, or (``code``) of the whole country."""

    id: UUID
    version: int
    state: str
    act: Act
    office: UUID | None
    code: str
    name: Names
    text: Names
    created: datetime
    changed: datetime


class RuleTold(Told):
    """A routing rule of an office; empty conditions hold for all. It leads to a ``post`` of the office or ``to_office``."""

    id: UUID
    version: int
    state: str
    position: int
    office: UUID
    place: str
    service: str
    attribute: str
    answer: str
    post: str
    to_office: UUID | None
    created: datetime
    changed: datetime


class Caught(Told):
    """A past request that a rule would have caught, and where it went in fact."""

    id: UUID
    number: str
    place: str
    received: datetime
    office: UUID
    assigned: UUID | None


class TrialTold(Told):
    """Of ``looked`` past requests of the office a rule would have caught ``count``; the newest of them."""

    looked: int
    count: int
    newest: list[Caught]


class SubTaskTold(Told):
    """A part of the work on a request, and the appointment (``post``) of who does it."""

    id: UUID
    version: int
    state: str
    request: UUID
    number: str
    place: str
    office: UUID
    post: UUID
    text: str
    due: date
    created: datetime
    done: datetime | None
    dropped: datetime | None


class Possible(Told):
    """What a step would do to one request: the state after it and by which ways the applicant is told, or why it can't."""

    id: UUID
    number: str
    version: int
    state: State
    after: State | None
    told: list[Channel]
    assigned: UUID | None
    problem: str


class Plan(Told):
    """What a step would do to each of many requests. ``missing``: what the asker may not see."""

    verb: Act
    possible: int
    requests: list[Possible]
    missing: list[UUID]


class Taken(Told):
    """What came of a step for one request: its state now, or why nothing was done."""

    id: UUID
    number: str
    done: bool
    state: State
    problem: str


class Outcomes(Told):
    """What came of a step for each of many requests. ``missing``: what the asker may not see."""

    verb: Act
    done: int
    requests: list[Taken]
    missing: list[UUID]


class ListTold(Told):
    """A list of the queue that was kept: what narrows it, as the query of an address."""

    id: UUID
    name: str
    query: str
    created: datetime


def acting(request: HttpRequest) -> Any:
    """Who asks."""
    return request.acting  # type: ignore[attr-defined]


def kept(body: dict[str, Any], path: str = "", status: int = 200) -> Answer:
    """An answer that is kept for a repeated request: ids and moments as texts, the record's version as its ETag."""
    plain = json.loads(DjangoJSONEncoder().encode(body))
    headers = {"ETag": f'"{body["version"]}"'} if "version" in body else {}
    if path:
        headers["Location"] = f"/api/v1/window/{path}/{body['id']}"
    return Answer(status, plain, headers)


def shown(body: dict[str, Any]) -> HttpResponse:
    """A record with its version as its ETag."""
    return api.json(body, headers={"ETag": f'"{body["version"]}"'})
