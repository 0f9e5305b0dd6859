"""How much lies with each officer of an office? Counted now, for whoever gives out work."""

from uuid import UUID

from django.db.models import Count, Max, Q

from sala.accounts import queries as accounts
from sala.kit import clock
from sala.kit.acting import Where
from sala.offices import queries as offices
from sala.window import rules
from sala.window.models import Request
from sala.window.terms import State, Verb


def of_office(office: UUID) -> list[rules.Load]:
    """The officers of an office who may take on requests today, in the posts' order, with what lies with each; two reads."""
    here = Where(office=office)
    keys = [row.pk for row in offices.holders(office) if accounts.post_of(row).may(Verb.TAKE, here)]
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
