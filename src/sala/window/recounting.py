"""What does a holiday that is added do to open requests? Their deadlines are counted anew, whole halls at a time."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from sala.kit import clock
from sala.kit.acting import Acting
from sala.kit.rows import insert, update
from sala.ledger import actions as ledger
from sala.offices import queries as offices
from sala.window import joining, letters, queries, rules, steps
from sala.window.models import Request, ServiceVersion
from sala.window.terms import Act

CHUNK = 1000
CHANGED = ("version", "due_at", "escalated", "trail", "changed")


def recount(*, by: Acting, day: date, office: UUID | None) -> int:
    """Count the deadlines of open requests anew that reach over ``day``; returns how many moved.

    Called inside the transaction of whoever adds the holiday, who was asked for permission there. Side effects: due
    date, a public step and a ledger entry each; one notice to each person, however many requests they have. Not done: what
    is finished keeps its judgement.
    """
    start = datetime.combine(day, time.min, tzinfo=clock.zone())
    # Those that are joined to another follow it, whenever they came in.
    rows = Request.objects.filter(
        open=True, joined=None, due_at__gte=start, received_at__lt=start + timedelta(days=1)
    )
    if office is not None:
        rows = rows.filter(office_id=office)
    days = {
        key: (count, kind)
        for key, count, kind in ServiceVersion.objects.values_list("pk", "days", "days_kind")
    }
    count, people = 0, dict[tuple[str, str], letters.Moved]()
    with transaction.atomic():
        for chunk in _chunks(rows):
            moved = _recounted(by, chunk, days)
            _remember(people, moved)
            count += len(moved)
        letters.tell_moved(people.values())
    return count


def _remember(people: dict[tuple[str, str], letters.Moved], moved: list[Request]) -> None:
    """Who is told of these requests, by the first of the ways to them; a person who is known already is told of one more."""
    contacts = queries.contacts_of(moved)
    names, chats = queries.short_names({request.terms_id for request in moved}), letters.linked_chats(moved)
    for request in moved:
        contact = contacts.get(request.pk)
        for channel, address in letters.ways(contact, chats.get(letters.about(request), ""))[:1]:
            person = people.get((channel, address))
            if person is None:
                language = contact.language if contact is not None else request.language
                code = queries.code_of(request)
                about = letters.about(request)
                person = letters.Moved(channel, address, language, about, request.office_id, code)
                people[channel, address] = person
            due = request.due_at.astimezone(clock.zone()).date()
            person.lines.append((request.number, names[request.terms_id], due))


def _chunks(rows: QuerySet[Request]) -> Iterator[list[Request]]:
    """The rows, a thousand at a time by their keys: what is done with is let go, and nothing is read while it is changed."""
    rows = rows.select_for_update().order_by("pk")
    chunk = list(rows[:CHUNK])
    while chunk:
        yield chunk
        chunk = list(rows.filter(pk__gt=chunk[-1].pk)[:CHUNK])


def _recounted(by: Acting, chunk: list[Request], days: dict[UUID, tuple[int, str]]) -> list[Request]:
    moved, events, pairs = [], [], []
    act, now = f"window.{Act.RECOUNT}", clock.now()
    for request in chunk:
        calendar = offices.calendar(request.office_id)
        times = rules.Clock(request.received_at, request.due_at, request.paused_at, request.paused_minutes)
        number, kind = days[request.terms_id]
        fresh = rules.recounted(calendar, times, number, request.reopened_at, kind)
        if fresh == request.due_at:
            continue
        request.due_at = fresh
        moved.append(request)
        events.append(steps.step(request, Act.RECOUNT, at=now, post=by.post, calendar=calendar))
        pairs.append(ledger.build(by=by, act=act, at=request.where, **steps.entry(request)))
    update(moved, CHANGED)
    insert(events)
    ledger.save_many(pairs)
    return moved + joining.recounted(by, moved, now)
