"""Who is told that a holiday moved deadlines? The worker tells every person once, however many requests they have."""

from collections.abc import Iterator
from uuid import UUID

from django.db import transaction

from sala.kit import clock
from sala.notices import actions as notices
from sala.window import letters, queries
from sala.window.models import Postponement, Request

CHUNK = 1000
People = dict[tuple[str, str], letters.Moved]


def tell() -> int:
    """Tell the people of every holiday that was added and not told yet; returns how many notices were written.

    Side effects: one notice a holiday and person, in one transaction with the mark that they were told: a worker that is
    killed has told nobody or everybody, and a second worker finds the mark. Not told: whose request is over by now, who had
    the answer.
    """
    waiting = Postponement.objects.filter(told_at=None).order_by("created", "pk")
    return sum(_told(each) for each in waiting)


def _told(one: Postponement) -> int:
    keys = [UUID(key) for key in one.requests]
    people: People = {}
    read: list[UUID] = []
    for chunk in _chunks(keys):
        rows = list(Request.objects.filter(pk__in=chunk, open=True, erased_at=None).order_by("pk"))
        _remember(people, rows)
        read += [row.pk for row in rows]
    built = letters.moved(people.values())  # before the transaction: others wait for its writing alone
    with transaction.atomic():
        if not _all_kept(read):
            return 0  # somebody was erased since: the next round reads anew
        if not Postponement.objects.filter(pk=one.pk, told_at=None).update(told_at=clock.now(), requests=[]):
            return 0  # another worker was faster
        notices.post_many(built)
    return len(built)


def _all_kept(keys: list[UUID]) -> bool:
    """Whether nobody erased what was read; held, so that nobody does before the notices are written, which he then finds."""
    rows = Request.objects.select_for_update().order_by("pk").filter(erased_at=None)
    return all(
        len(rows.filter(pk__in=chunk).values_list("pk", flat=True)) == len(chunk) for chunk in _chunks(keys)
    )


def _chunks(keys: list[UUID]) -> Iterator[list[UUID]]:
    for first in range(0, len(keys), CHUNK):
        yield keys[first : first + CHUNK]


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
