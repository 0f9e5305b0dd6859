"""Which parts of the work on a request lie with whom in the office, and are they done? Only the office reads them."""

from collections.abc import Iterator, Mapping
from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from sala.kit import clock, reach
from sala.kit.acting import Acting
from sala.kit.errors import Changed, FieldError, Invalid, NotFound, NotPossible
from sala.kit.terms import N_
from sala.ledger import actions as ledger
from sala.offices import queries as offices
from sala.window import queries, rules, staff
from sala.window.models import Request, SubTask
from sala.window.terms import LedgerAct, Verb

SUBTASK = "window.subtask"
NOT_FOUND = N_("There is no such sub-task.")
OVER = N_("The request is not open any more.")
ENDED = N_("This sub-task is done or dropped already.")
TOO_MANY = N_("A request has at most 20 sub-tasks.")


def of(by: Acting, request: Request) -> list[SubTask]:
    """The sub-tasks of a request in their order; none for who may not read what the office writes about it."""
    if not queries.may_see_person(by, request):
        return []
    return list(SubTask.objects.filter(request=request).order_by("created", "pk"))


def visible(by: Acting) -> QuerySet[SubTask]:
    """The sub-tasks of all requests of which the asker may read what the office writes."""
    return SubTask.objects.filter(reach.q(by.reach(Verb.SEE_PERSON), "request__"))


def one(by: Acting, subtask_id: UUID) -> SubTask:
    """One of them. Raises `NotFound`."""
    found = visible(by).filter(pk=subtask_id).first()
    if found is None:
        raise NotFound(NOT_FOUND)
    return found


def add(*, by: Acting, request_id: UUID, post: UUID, text: str, due: date) -> SubTask:
    """Give a part of the work to somebody of the office. Side effects: a row, a ledger entry, an e-mail to who wants it. The request
    stays as it is.

    Raises `NotFound` (not visible), `Refused`, `NotPossible` (request is over), `Invalid` (nobody, no words, day, too many).
    """
    with transaction.atomic():
        request = _request(by, request_id, Verb.ASSIGN)
        if not request.open:
            raise NotPossible(OVER)
        errors = []
        if not text.strip():
            errors.append(FieldError("text", "required", N_("Write what is to be done.")))
        if post not in {person.id for person in offices.people(request.office_id)}:
            message = N_("Choose somebody who holds a post in this office today.")
            errors.append(FieldError("post", "not-here", message))
        if due < clock.today():
            errors.append(FieldError("due", "past", N_("Choose today or a later day.")))
        if errors:
            raise Invalid(errors[0].message, errors=errors)
        if SubTask.objects.filter(request=request).count() >= rules.MOST_SUBTASKS:
            raise Invalid(TOO_MANY, errors=[FieldError("request", "too-many", TOO_MANY)])
        row = SubTask(request=request, office=request.office_id, post=post, text=text, due=due)
        row.save(force_insert=True)
        _record(by, LedgerAct.SUBTASK_ADD, request, row)
        staff.subtask(by, request, row)
    return row


def done(*, by: Acting, subtask_id: UUID, version: int) -> SubTask:
    """It is done. Side effect: a ledger entry. Raises `NotFound`, `Refused`, `Changed`, `NotPossible` (ended already)."""
    return _end(by, LedgerAct.SUBTASK_DONE, "done", subtask_id, version, Verb.NOTE)


def drop(*, by: Acting, subtask_id: UUID, version: int) -> SubTask:
    """It is not needed. Side effect: a ledger entry. Raises as `done`."""
    return _end(by, LedgerAct.SUBTASK_DROP, "dropped", subtask_id, version, Verb.ASSIGN)


def forget(*, by: Acting, request: Request) -> None:
    """Blank the words of all sub-tasks of a request whose personal data are erased; in that act's transaction.

    Side effects: the words and the salts in the ledger are gone, a new entry each says what the rows hold now.
    """
    for row in SubTask.objects.filter(request=request).order_by("pk"):
        ledger.forget(by=by, kind=SUBTASK, subject=str(row.pk), at=request.where)
        row.text, row.version = "", row.version + 1
        row.save(update_fields=["text", "version"])
        _record(by, Verb.ERASE, request, row)


def _end(by: Acting, act: LedgerAct, column: str, subtask_id: UUID, version: int, verb: Verb) -> SubTask:
    with transaction.atomic():
        found = SubTask.objects.filter(pk=subtask_id).first()
        if found is None:
            raise NotFound(NOT_FOUND)
        request = _request(by, found.request_id, verb)
        rows = SubTask.objects.filter(pk=subtask_id, version=version)
        if found.done or found.dropped:
            raise NotPossible(ENDED)
        if not rows.update(**{column: clock.now(), "version": version + 1}):
            raise Changed(N_("Somebody changed this sub-task while you had it open. Look at what is new."))
        found.refresh_from_db()
        _record(by, act, request, found)
    return found


def _request(by: Acting, request_id: UUID, verb: Verb) -> Request:
    """The request, held until the transaction ends, so that it isn't finished meanwhile."""
    request = Request.objects.select_for_update().filter(pk=request_id).first()
    if request is None or not by.may(Verb.SEE, request.where):
        raise NotFound(queries.NOT_FOUND)
    by.require(verb, request.where)
    return request


def _record(by: Acting, act: str, request: Request, row: SubTask) -> None:
    ledger.record(by=by, act=act, kind=SUBTASK, subject=str(row.pk), at=request.where, content=content(row))


def content(row: SubTask) -> dict[str, object]:
    """What the ledger's digest of a sub-task is taken from."""
    return {
        "version": row.version,
        "request": str(row.request_id),
        "office": str(row.office),
        "post": str(row.post),
        "text": row.text,
        "due": row.due.isoformat(),
        "done": row.done is not None,
        "dropped": row.dropped is not None,
    }


def snapshots() -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every sub-task's facts."""
    for row in SubTask.objects.order_by("pk").iterator(chunk_size=500):
        yield str(row.pk), content(row)
