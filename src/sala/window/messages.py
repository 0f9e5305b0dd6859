"""Which messages to applicants did not arrive, and what may somebody do about it? The window's side of the outbox."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from sala.kit.acting import Acting
from sala.kit.errors import NotFound
from sala.kit.terms import N_
from sala.ledger import actions as ledger
from sala.notices import actions as notices
from sala.notices import queries as outbox
from sala.notices import rules
from sala.notices.terms import State, Step
from sala.window import letters, queries, steps
from sala.window.models import Request
from sala.window.terms import LedgerAct, Verb

NOT_FOUND = N_("There is no such message, or it belongs to another office.")


class Line(NamedTuple):
    """A message as staff see it. ``address`` is shortened, and empty for who may not see the person; ``number`` is empty for
    who may not see the request. ``steps`` are what this person may do with it."""

    id: UUID
    kind: str
    channel: str
    state: str
    at: datetime
    next_at: datetime | None
    error: str
    address: str
    number: str
    request: UUID | None
    steps: tuple[Step, ...]


def troubled(by: Acting) -> QuerySet[outbox.Notice]:
    """The messages that failed or are uncertain, of the offices for which the asker sees to them."""
    reach = by.reach(Verb.RESEND)
    return outbox.troubled(None if reach.everything else reach.offices)


def lines(by: Acting, found: Iterable[outbox.Notice]) -> list[Line]:
    """Messages as lines; the requests they tell of are read at once."""
    found = list(found)
    keys = [_request_of(notice.about) for notice in found]
    requests = Request.objects.in_bulk([key for key in keys if key is not None])
    return [
        _line(by, notice, requests.get(key) if key else None) for notice, key in zip(found, keys, strict=True)
    ]


def of_request(by: Acting, request: Request) -> list[Line]:
    """What was sent to the applicant of a request, oldest first; nothing for who may not see the person."""
    if not queries.may_see_person(by, request):
        return []
    return [_line(by, notice, request) for notice in outbox.about(letters.about(request))]


def _request_of(about: str) -> UUID | None:
    kind, _, key = about.partition(":")
    return UUID(key) if kind == steps.REQUEST else None


def _line(by: Acting, notice: outbox.Notice, request: Request | None) -> Line:
    seen = request is not None and by.may(Verb.SEE, request.where)
    told = request is not None and queries.may_see_person(by, request)
    may = request is not None and by.may(Verb.RESEND, request.where)
    address = notice.address if "…" in notice.address else rules.shorten(notice.address)
    return Line(
        id=notice.id,
        kind=notice.kind,
        channel=notice.channel,
        state=notice.state,
        at=notice.delivered or notice.changed,
        next_at=notice.next_at,
        error=notice.last_error,
        address=address if told else "",
        number=request.number if seen and request is not None else "",
        request=request.id if seen and request is not None else None,
        steps=_steps(notice) if may else (),
    )


def _steps(notice: outbox.Notice) -> tuple[Step, ...]:
    possible = {move.verb for move in rules.TABLE.open_moves(State(notice.state))}
    wanted = (Step.RESEND, Step.CONFIRM) if notice.erased is None else (Step.CONFIRM,)
    return tuple(step for step in wanted if step in possible)


def resend(*, by: Acting, notice_id: UUID) -> None:
    """Send a message again that failed or is uncertain. Side effects: it waits in the outbox, under the same id; one entry in
    the ledger at its request. Raises `NotFound`, `NotPossible`."""
    with transaction.atomic():
        request = _request(by, notice_id)
        notices.resend(notice_id)
        ledger.record(by=by, act=LedgerAct.RESEND, at=request.where, **steps.entry(request))


def confirm(*, by: Acting, notice_id: UUID) -> None:
    """Mark an uncertain message as delivered: the applicant says so. Side effect: one entry in the ledger at its request.
    Raises `NotFound`, `NotPossible`."""
    with transaction.atomic():
        request = _request(by, notice_id)
        notices.confirm(notice_id)
        ledger.record(by=by, act=LedgerAct.CONFIRM, at=request.where, **steps.entry(request))


def _request(by: Acting, notice_id: UUID) -> Request:
    """The request a message tells of, held until the transaction ends."""
    key = _request_of(outbox.about_of(notice_id))
    request = Request.objects.select_for_update().filter(pk=key).first() if key else None
    if request is None or not by.may(Verb.RESEND, request.where):
        raise NotFound(NOT_FOUND)
    return request
