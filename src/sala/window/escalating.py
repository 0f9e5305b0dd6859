"""Who is told now that a request gets late, and what was a post told? The pack's steps, the act, and the list of who is told."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from sala.kit import clock, ids
from sala.kit.acting import Acting
from sala.kit.errors import NotFound, NotPossible
from sala.kit.rows import insert
from sala.kit.terms import N_
from sala.ledger import actions as ledger
from sala.offices import queries as offices
from sala.window import escalation, queries, staff, steps
from sala.window.models import Escalation, Event, Request
from sala.window.terms import Act, LedgerAct, Verb

FILE = "escalation.toml"
ESCALATION = "window.escalation"
CHUNK = 500
"""So many requests a round of the job at most; what is left comes in the next."""
NOT_DUE = N_("Nobody is to be told of this request now.")
_TO_ACT = Q(open=True, joined__isnull=True, paused_at__isnull=True)


# ---- what the pack says -------------------------------------------------------------------------------------------------


def plan() -> tuple[escalation.Step, ...]:
    """The steps of the country in the order of their moments; none where the pack names none."""
    return _plan(str(settings.COUNTRIES), settings.COUNTRY)


@lru_cache(maxsize=4)
def _plan(countries: str, country: str) -> tuple[escalation.Step, ...]:
    path = Path(countries) / country / FILE
    return escalation.parse(tomllib.loads(path.read_text(encoding="utf-8"))) if path.is_file() else ()


def names() -> dict[str, Mapping[str, str]]:
    """Code of a step -> its names."""
    return {step.code: step.names for step in plan()}


def raised() -> frozenset[str]:
    """The codes of the steps that tell an office above: the only ones worth a mark in a queue that shows deadlines anyway."""
    return frozenset(
        step.code for step in plan() if any(tell.office == escalation.ABOVE for tell in step.tell)
    )


# ---- who is told now ----------------------------------------------------------------------------------------------------


def due(most: int = CHUNK) -> list[UUID]:
    """Requests for which a step is due by now, the furthest steps first; at most so many.

    Read from their own small index, one short stretch a step, however many requests there are: the moment before which a
    deadline lies is the same for all offices with one calendar.
    """
    own = offices.own_calendars()
    apart: list[tuple[UUID | None, Q]] = [(office, Q(office=office)) for office in sorted(own)]
    everywhere = [(None, ~Q(office__in=own) if own else Q()), *apart]
    found: dict[UUID, None] = {}
    for step in reversed(plan()):
        for office, held in everywhere:
            rows = _reached(step, office).filter(held).order_by("due_at", "pk")
            found |= dict.fromkeys(rows.values_list("pk", flat=True)[:most])
            if len(found) >= most:
                return list(found)[:most]
    return list(found)


def _reached(step: escalation.Step, office: UUID | None) -> QuerySet[Request]:
    until = escalation.before(step, offices.calendar(office), clock.now())
    rows = Request.objects.filter(_TO_ACT, escalated__in=escalation.earlier(plan(), step), due_at__lt=until)
    return rows.filter(service__in=step.services) if step.services else rows


def escalate(*, by: Acting, request_id: UUID) -> Request:
    """Tell whom the country's pack names that a request gets late, or is late: the furthest step that is due.

    Steps that were passed over while nobody looked are not told any more. Side effects: the request's mark and version, a
    step that only the office reads, a row for each post that is told, ledger entries, an e-mail to those of their holders
    who want it: the posts have a list. Not done: the applicant is told nothing. Raises `NotFound`, `Refused`, `NotPossible` (no step is due).
    """
    with transaction.atomic():
        request = Request.objects.select_for_update(of=("self",)).select_related("office").filter(pk=request_id).first()  # fmt: skip
        if request is None:
            raise NotFound(queries.NOT_FOUND)
        by.require(LedgerAct.ESCALATE, request.where)
        calendar, now = offices.calendar(request.office_id), clock.now()
        steps_due = escalation.due_steps(plan(), calendar, now, case(request))
        if not steps_due:
            raise NotPossible(NOT_DUE)
        step = steps_due[-1]
        request.escalated = step.code
        event = steps.step(request, Act.ESCALATE, at=now, post=by.post, calendar=calendar, said=step.code)
        request.save(update_fields=["version", "escalated", "trail", "changed"])
        rows = _rows(request, step, now)
        insert([event, *rows])
        ledger.save_many(
            [
                ledger.build(by=by, act=f"window.{Act.ESCALATE}", at=request.where, **told)
                for told in (steps.entry(request), *map(_entry, rows))
            ]
        )
        staff.escalated(by, request, step.names, rows)
    return request


def case(request: Request) -> escalation.Case:
    """What decides whether somebody is told of it."""
    running = request.open and request.joined_id is None and request.paused_at is None
    return escalation.Case(request.service_id, request.due_at, running, request.escalated)


def _rows(request: Request, step: escalation.Step, at: datetime) -> list[Escalation]:
    """One row for each post that is told."""
    above = offices.above(request.office_id)
    kinds = {post.code: post.office_kinds for post in offices.posts()}
    told = escalation.told(step, request.office.kind, [office.kind for office in above], kinds)
    line = [request.office, *above]
    return [
        Escalation(
            id=ids.uuid7(at),
            request=request,
            step=step.code,
            due=request.due_at,
            office=line[place],
            post=post,
            at=at,
        )
        for place, post in told
    ]


# ---- what was told ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """Which posts of which office a step of the timeline told."""

    office: Mapping[str, str]
    posts: Sequence[Mapping[str, str]]


def told(events: Iterable[Event]) -> dict[UUID, list[Told]]:
    """Whom the steps of one request told, by the step's id; asks nothing where there is no such step."""
    mine = {event.at: event for event in events if event.act == Act.ESCALATE}
    if not mine:
        return {}
    request = next(iter(mine.values())).request_id
    rows = Escalation.objects.filter(request=request).select_related("office").order_by("at", "pk")
    posts = {post.code: post for post in offices.posts()}
    found: dict[UUID, dict[UUID, Told]] = {}
    for row in rows:
        if row.at not in mine:
            continue
        names = {"km": row.office.name_km, "en": row.office.name_en}
        here = found.setdefault(mine[row.at].id, {})
        before = here.get(row.office_id, Told(names, ()))
        known = posts.get(row.post)
        title = offices.title(known, row.office.form) if known else {"km": row.post, "en": row.post}
        here[row.office_id] = Told(names, (*before.posts, title))
    return {key: list(offices_told.values()) for key, offices_told in found.items()}


def to_us(by: Acting) -> QuerySet[Request]:
    """The open requests of which the asker's post was told for the deadline they have now; none without the grant.

    Narrowed to what the asker sees at all. Led by the requests that are marked, which are few, not by all that was ever told.
    """
    reach = by.reach(Verb.ESCALATED)
    held = offices.appointment(by.post)
    rows = Escalation.objects.filter(
        request=OuterRef("pk"), due=OuterRef("due_at"), post=held.post_id if held is not None else ""
    )
    if not reach.everything:
        rows = rows.filter(office__in=list(reach.offices))
    marked = queries.visible(by).filter(_TO_ACT, escalated__gt="")
    return marked.filter(Exists(rows))


# ---- the ledger ---------------------------------------------------------------------------------------------------------


def content(row: Escalation) -> dict[str, object]:
    """What the ledger's digest of a telling is taken from."""
    return {
        "request": str(row.request_id),
        "step": row.step,
        "due": row.due.astimezone(UTC).isoformat(),
        "office": str(row.office_id),
        "post": row.post,
        "at": row.at.astimezone(UTC).isoformat(),
    }


def _entry(row: Escalation) -> dict[str, Any]:
    return {"kind": ESCALATION, "subject": str(row.pk), "content": content(row)}


def snapshots() -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every telling's facts."""
    for row in Escalation.objects.order_by("pk").iterator(chunk_size=2000):
        yield str(row.pk), content(row)
