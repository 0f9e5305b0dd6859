"""Which notices wait, which were sent about a record, and what hinders the others?"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q

from sala.kit import clock
from sala.notices import rules
from sala.notices.models import Notice
from sala.notices.terms import State


def about(reference: str) -> list[Notice]:
    """Notices about a record, oldest first."""
    return list(Notice.objects.filter(about=reference).order_by("created", "id"))


def due(limit: int) -> Sequence[UUID]:
    """Ids of notices that are to be sent now, longest waiting first."""
    return list(
        Notice.objects.filter(due_at(clock.now()), state__in=rules.TAKEABLE)
        .order_by("next_at", "id")
        .values_list("id", flat=True)[:limit]
    )


def due_at(now: datetime) -> Q:
    """The moment has come, or lies so far ahead that it was reckoned while the computer's clock ran ahead."""
    return Q(next_at__lte=now) | Q(next_at__gt=now + rules.LONGEST_WAIT)


def counts() -> dict[State, int]:
    """How many notices are in each state."""
    found = dict(Notice.objects.values_list("state").annotate(Count("id")))
    return {state: found.get(state.value, 0) for state in State}


def oldest_waiting() -> datetime | None:
    """Since when the longest waiting unfinished notice waits; None when nothing waits."""
    return (
        Notice.objects.filter(state__in=rules.TAKEABLE)
        .order_by("created")
        .values_list("created", flat=True)
        .first()
    )
