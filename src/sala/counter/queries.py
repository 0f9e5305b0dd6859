"""Who waits at an office, and what past days say about how long? Asked with `Verb.SERVE`; a ticket of elsewhere is not there."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from uuid import UUID

from sala.counter import rules
from sala.counter.models import Ticket
from sala.counter.terms import Priority, State, Verb
from sala.kit import reach
from sala.kit.acting import Acting
from sala.kit.errors import NotFound
from sala.kit.rows import one
from sala.kit.terms import N_

TICKET = "counter.ticket"
PAST = 100  # last served tickets an estimate is made of

_FACTS = (
    "version", "province", "district", "commune", "village", "day", "queue", "position", "priority", "state", "issued_at",
    "estimated_minutes", "called_at", "called_by", "waiting_minutes", "started_at", "ended_at", "serving_minutes", "changed",
)  # fmt: skip


def ticket(ticket_id: UUID, *, by: Acting) -> Ticket:
    """One ticket of an office where ``by`` serves. Raises `NotFound`."""
    found = one(Ticket.objects.filter(reach.q(by.reach(Verb.SERVE)), pk=ticket_id))
    if found is None:
        raise NotFound(N_("There is no such ticket here."))
    return found


def waiting(office: UUID, day: date, queue: str) -> list[Ticket]:
    """Who waits, in the order of arrival."""
    rows = Ticket.objects.filter(office=office, day=day, queue=queue, state=State.WAITING)
    return list(rows.order_by("position"))


def row(office: UUID, day: date, queue: str) -> int:
    """How many priority tickets were called last without one of the others between them."""
    called = Ticket.objects.filter(office=office, day=day, queue=queue, called_at__isnull=False)
    newest = called.order_by("-called_at", "-position").values_list("priority", flat=True)[: rules.ROW]
    return rules.in_a_row(Priority(value) for value in newest)


def estimate(office: UUID, day: date, queue: str) -> int | None:
    """Minutes until somebody who comes now without priority is called; None while too little is known."""
    served = Ticket.objects.filter(office=office, state=State.DONE).order_by("-ended_at")
    minutes = list(served.values_list("serving_minutes", flat=True)[:PAST])
    here = Ticket.objects.filter(office=office, day=day, queue=queue)
    before = here.filter(state=State.WAITING).count()
    desks = here.filter(state__in=[State.CALLED, State.SERVING]).values("called_by").distinct().count()
    return rules.estimate([value for value in minutes if value is not None], before, desks)


def error(office: UUID) -> int | None:
    """How far off this office's estimates usually were, in minutes; None while too few came true."""
    past = Ticket.objects.filter(
        office=office, estimated_minutes__isnull=False, waiting_minutes__isnull=False
    )
    pairs = past.order_by("-issued_at").values_list("estimated_minutes", "waiting_minutes")[:PAST]
    return rules.error((said, came) for said, came in pairs if said is not None and came is not None)


def content(ticket: Ticket) -> dict[str, object]:
    """What the ledger's digest of a ticket is made of."""
    return {"office": str(ticket.office_id), **{name: _plain(getattr(ticket, name)) for name in _FACTS}}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return str(value) if isinstance(value, str) else value


def snapshots() -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every ticket's facts from its row."""
    for row in Ticket.objects.order_by("pk").iterator(chunk_size=2000):
        yield str(row.pk), content(row)
