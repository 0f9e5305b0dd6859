"""Which notices wait, which were sent about a record, and what hinders the others?"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from sala.kit import clock
from sala.notices import quiet, registry, rules
from sala.notices.models import Chat, Notice
from sala.notices.terms import Channel, State


def about(reference: str) -> list[Notice]:
    """Notices about a record, oldest first."""
    return list(Notice.objects.filter(about=reference).order_by("created", "id"))


def about_of(identity: UUID) -> str:
    """Which record a notice tells of; empty where there is no such notice."""
    return Notice.objects.filter(pk=identity).values_list("about", flat=True).first() or ""


def chats_of(references: Collection[str]) -> dict[str, str]:
    """Record -> the Telegram chat linked to it, for those that have one; in one read."""
    return dict(Chat.objects.filter(about__in=references).values_list("about", "chat"))


def troubled(offices: Collection[UUID] | None) -> QuerySet[Notice]:
    """Notices that failed, or of which nobody knows whether they arrived, of these offices (None: all)."""
    found = Notice.objects.filter(state__in=[*rules.TROUBLE], delivered__isnull=True)
    return found if offices is None else found.filter(office__in=list(offices))


WINDOW, WINDOWS = 500, 20
"""So many waiting notices are looked at at once, and so often: who waits behind many of one address is still found."""


def due(channel: Channel, limit: int, *, repeats: bool = True) -> list[Notice]:
    """A channel's notices that are to be sent now, longest waiting first; each address in the order of writing.

    ``repeats`` says whether one whose sender was cut off may be tried again. In quiet hours only urgent kinds.
    """
    now = clock.now()
    states = [state for state in rules.TAKEABLE if repeats or state != State.SENDING]
    found = Notice.objects.filter(due_at(now), channel=channel, state__in=states)
    if quiet.is_held(channel, now):
        found = found.filter(kind__in=registry.urgent())
    rows = found.order_by("next_at", "id").values_list("id", "address")
    chosen: list[UUID] = []
    for start in range(0, WINDOW * WINDOWS, WINDOW):
        window = list(rows[start : start + WINDOW])
        first = _first({address for _id, address in window}, channel)
        chosen += [identity for identity, address in window if first.get(address) == identity]
        if len(chosen) >= limit or len(window) < WINDOW:
            break
    notices = Notice.objects.in_bulk(chosen[:limit])
    return [notices[identity] for identity in chosen[:limit] if identity in notices]


def _first(addresses: Collection[str], channel: Channel) -> dict[str, UUID]:
    """The first unfinished notice to each address. Read apart: joined, PostgreSQL compares everything that waits with everything."""
    waiting = Notice.objects.filter(
        address__in=addresses, channel=channel, state__in=rules.TAKEABLE, next_at__isnull=False
    )
    return dict(waiting.order_by("-id").values_list("address", "id"))


def to_ask(channel: Channel, limit: int) -> list[Notice]:
    """Uncertain notices after which the gateway is to be asked now."""
    found = Notice.objects.filter(due_at(clock.now()), channel=channel, state=State.UNCERTAIN)
    return list(found.order_by("next_at", "id")[:limit])


def due_at(now: datetime) -> Q:
    """The moment has come, or lies so far ahead that it was reckoned while the computer's clock ran ahead."""
    return Q(next_at__isnull=False) & (Q(next_at__lte=now) | Q(next_at__gt=now + rules.LONGEST_WAIT))


def counts() -> dict[State, int]:
    """How many notices are in each state."""
    found = dict(Notice.objects.values_list("state").annotate(Count("id")))
    return {state: found.get(state.value, 0) for state in State}


def open_counts() -> dict[tuple[Channel, State], int]:
    """How many notices of each channel are in each state that is no end: what waits and what is uncertain."""
    states = [*rules.TAKEABLE, State.UNCERTAIN]
    rows = Notice.objects.filter(state__in=states).values_list("channel", "state").annotate(Count("id"))
    found = {(channel, state): count for channel, state, count in rows}
    return {
        (channel, state): found.get((channel.value, state.value), 0)
        for channel in Channel
        for state in states
    }


def oldest_waiting() -> datetime | None:
    """Since when the longest waiting unfinished notice waits; None when nothing waits. What waits for the end of the quiet
    hours is not counted: that is as it should be."""
    now = clock.now()
    found = Notice.objects.filter(state__in=rules.TAKEABLE, next_at__isnull=False)
    held = [channel for channel in Channel if quiet.is_held(channel, now)]
    if held:
        found = found.exclude(channel__in=held)
    return found.order_by("created").values_list("created", flat=True).first()
