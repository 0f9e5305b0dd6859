"""How much lies with each officer of an office? Counted now, for whoever gives out work."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q

from sala.accounts import queries as accounts
from sala.kit import clock
from sala.kit.acting import Where
from sala.offices import queries as offices
from sala.window import rules
from sala.window.models import Request
from sala.window.terms import State, Verb


def who_take(held: Iterable[Any]) -> list[UUID]:
    """Which of these appointments may take on requests of their office, in their order."""
    return [row.pk for row in held if accounts.post_of(row).may(Verb.TAKE, Where(office=row.office_id))]


def of_office(office: UUID, kind: str = "") -> list[rules.Load]:
    """The officers of an office who may take on requests today, in the posts' order, with what lies with each; two reads.

    ``kind``: only those in this kind of post.
    """
    keys = who_take(row for row in offices.holders(office) if kind in ("", row.post_id))
    working = Q(open=True) & ~Q(state=State.WAITING)
    rows = (
        Request.objects.filter(assigned__in=keys)
        .order_by()
        .values("assigned")
        .annotate(
            opened=Count("pk", filter=Q(open=True)),
            waiting=Count("pk", filter=Q(state=State.WAITING)),
            late=Count("pk", filter=working & Q(due_at__lt=clock.now())),
            newest=Max("received_at"),
        )
    )
    found: dict[UUID | None, rules.Load] = {
        row["assigned"]: rules.Load(
            row["assigned"], row["opened"], row["waiting"], row["late"], row["newest"]
        )
        for row in rows
        if row["assigned"] is not None
    }
    return [found.get(key, rules.Load(key)) for key in keys]
