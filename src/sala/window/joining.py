"""What happens to reports that tell of the same problem? One leads, the others follow it; each reporter is told by one act.

Always locked in this order, so that two acts at once wait for each other: the report that leads, then those that follow it by
their keys.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from sala.kit import clock
from sala.kit.acting import Acting
from sala.kit.errors import Changed, FieldError, Invalid, NotFound, NotPossible
from sala.kit.rows import insert, update
from sala.kit.terms import N_
from sala.ledger import actions as ledger
from sala.offices import queries as offices
from sala.window import admission, letters, nearby, queries, rules, steps
from sala.window.models import Event, Request
from sala.window.terms import Act, State, Verb

NOT_JOINED = N_("This report is joined to no other.")
UNKNOWN = N_("No report of this number can be joined to. Look at the number again.")
OVER = N_("The two were finished together. Only open reports can be taken apart.")
CHUNK = 1000
_COLUMNS = (*steps.CHANGING, "version")


def _locked() -> QuerySet[Request]:
    rows = Request.objects.select_for_update(of=("self",)).select_related("terms__service", "contact")
    return rows.order_by("pk")


def _followers(main: UUID) -> list[Request]:
    """Those that follow it, held: of one that was withdrawn nothing is told any more."""
    return list(_locked().filter(joined=main).exclude(state=State.WITHDRAWN))


def case(request: Request) -> nearby.Case:
    """What decides whether it may be joined."""
    service = request.terms.service
    return nearby.Case(
        request.pk,
        service.pk,
        service.kind,
        request.commune,
        request.office_id,
        request.open,
        service.protected,
    )


# ---- what a step of the leading report does to the others ----------------------------------------------------------------


def share(
    *,
    by: Acting,
    main: Request,
    led: Event,
    said: str = "",
    words: Mapping[UUID, str] | None = None,
    untold: Collection[UUID] = (),
) -> None:
    """Let the reports joined to ``main`` take the step ``led`` too, in the transaction of that act.

    Side effects: row, step, ledger entry and notice each. ``said`` is what the office wrote; what a resident wrote stays with
    them (``words`` by request). ``untold`` are those who did it themselves. Nothing for a step that is not `rules.SHARED`.
    """
    act = Act(led.act)
    if act in rules.SHARED:
        follow(by=by, main=main, rows=_followers(main.pk), act=act, led=led, said=said, words=words or {}, untold=untold)  # fmt: skip


def follow(
    *,
    by: Acting,
    main: Request,
    rows: Sequence[Request],
    act: Act,
    led: Event | None = None,
    said: str = "",
    words: Mapping[UUID, str] | None = None,
    untold: Collection[UUID] = (),
) -> None:
    """Let ``rows`` stand where ``main`` stands by ``act``. Side effects as `share`."""
    now, own = clock.now() if led is None else led.at, words or {}
    events = [
        steps.follow(row, main, act, at=now, post=by.post, said=own.get(row.pk, said), led=led)
        for row in rows
    ]
    _keep(by, rows, events)
    for row, event in zip(rows, events, strict=True):
        if row.pk not in untold:
            letters.tell(row, event, queries.contact_of(row), queries.code_of(row))


def recounted(by: Acting, mains: Iterable[UUID], at: datetime) -> list[UUID]:
    """Let the open reports joined to ``mains`` be due with them, after a holiday was added; their keys, for telling all."""
    joined = Request.objects.filter(open=True, joined__isnull=False).values_list("pk", "joined_id")
    moved = set(mains)
    following = [key for key, main in joined if main in moved]
    told: list[UUID] = []
    for first in range(0, len(following), CHUNK):
        held = _locked().filter(pk__in=following[first : first + CHUNK], open=True).order_by("pk")
        rows = [row for row in held if row.joined_id in moved]
        known = Request.objects.in_bulk({row.joined_id for row in rows})
        events = [steps.follow(row, known[row.joined_id], Act.RECOUNT, at=at, post=by.post) for row in rows]
        _keep(by, rows, events)
        told += [row.pk for row in rows]
    return told


def lead(*, by: Acting, withdrawn: Request) -> None:
    """The report that led was withdrawn: the oldest of the joined ones leads the others, with the clock it was promised.

    Side effects: row, step (of the office alone) and ledger entry each. Not done: nobody is told, nothing changes for them.
    """
    rows = sorted(_followers(withdrawn.pk), key=lambda row: (row.received_at, row.pk))
    if not rows:
        return
    heir, *others = rows
    calendar = offices.calendar(heir.office_id)
    event = steps.alone(heir, Act.LEAD, at=clock.now(), post=by.post, calendar=calendar)
    _keep(by, [heir], [event])
    follow(by=by, main=heir, rows=others, act=Act.LEAD)


def _keep(by: Acting, rows: Sequence[Request], events: Iterable[Event]) -> None:
    update(rows, _COLUMNS)
    insert(events)
    pairs = [
        ledger.build(by=by, act=f"window.{event.act}", at=row.where, **steps.entry(row))
        for row, event in zip(rows, events, strict=True)
    ]
    ledger.save_many(pairs)


# ---- joining and taking apart --------------------------------------------------------------------------------------------


def named(number: str, one: nearby.Case) -> Request:
    """The open report that leads those of ``number``, held, for somebody whose report ``one`` is joined while it is made.

    Raises `Invalid` where there is none, or the two don't belong together.
    """
    number = number.strip()
    rows = Request.objects.filter(number=number) if rules.is_number(number) else Request.objects.none()
    found = rows.values_list("pk", "joined_id").first()
    main = _locked().filter(pk=found[1] or found[0], joined=None).first() if found is not None else None
    if main is None:
        raise _wrong(UNKNOWN)
    why = nearby.why_not(one, case(main), by_staff=False)
    if why:
        raise _wrong(why)
    return main


def _wrong(sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError("joined", "not-joined", sentence)])


def join(*, by: Acting, request_id: UUID, version: int, number: str) -> Request:
    """Join a report to the one with this number, or to the one that leads that; those joined to it go with it.

    Side effects: row, public step, ledger entry and notice for each that is joined. Raises `NotFound`, `Refused`, `Changed`,
    `Invalid` (number).
    """
    with transaction.atomic():
        number = number.strip()
        rows = (
            queries.visible(by).filter(number=number) if rules.is_number(number) else Request.objects.none()
        )
        other = rows.values_list("pk", "joined_id").first()
        wanted = other[1] or other[0] if other is not None else None
        held = {row.pk: row for row in _locked().filter(pk__in=[request_id, wanted or request_id])}
        request = _mine(by, held.get(request_id), version)
        main = held.get(wanted) if wanted is not None else None
        if main is None or main.joined_id is not None or not by.may(Verb.SEE, main.where):
            raise _wrong(UNKNOWN)
        why = nearby.why_not(case(request), case(main), by_staff=True)
        if why:
            raise _wrong(why)
        if request.joined_id is not None:
            raise NotPossible(admission.JOINED)
        follow(by=by, main=main, rows=[request, *_followers(request.pk)], act=Act.JOIN)
    return request


def part(*, by: Acting, request_id: UUID, version: int) -> Request:
    """Take a report apart from the one it was joined to. Its clock is again the one it was promised when it came in.

    Side effects: row, public step, ledger entry, notice. Raises `NotFound`, `Refused`, `Changed`, `NotPossible`.
    """
    with transaction.atomic():
        request = _mine(by, _locked().filter(pk=request_id).first(), version)
        if request.joined_id is None:
            raise NotPossible(NOT_JOINED)
        if not request.open:
            raise NotPossible(OVER)
        calendar = offices.calendar(request.office_id)
        event = steps.alone(request, Act.PART, at=clock.now(), post=by.post, calendar=calendar)
        _keep(by, [request], [event])
        letters.tell(request, event, queries.contact_of(request), queries.code_of(request))
    return request


def _mine(by: Acting, request: Request | None, version: int) -> Request:
    if request is None or not by.may(Verb.SEE, request.where):
        raise NotFound(queries.NOT_FOUND)
    by.require(Verb.JOIN, request.where)
    if request.version != version:
        raise Changed(admission.CHANGED)
    return request
