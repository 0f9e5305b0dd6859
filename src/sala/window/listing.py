"""By what can requests be narrowed, in which order, and what does a row say? One answer for the queue, the API and the export."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sala.kit import clock
from sala.kit.acting import Acting, Reach
from sala.kit.export import Column
from sala.kit.paging import ListSpec, Sort, choice, day_from, day_to, flag, place, text, uuid
from sala.offices import queries as offices
from sala.ui import jinja
from sala.window import escalating, escalation, queries, searching, shown
from sala.window.desk import Row
from sala.window.terms import Channel, State


def spec(by: Acting) -> ListSpec:
    """What a list of requests offers to the asker: persons are searched only where they may be seen."""
    return ListSpec(
        filters=(
            choice("state", "state", State, gettext_lazy("State")),
            text("service", "service_id", gettext_lazy("Service"), longest=32),
            choice("channel", "channel", Channel, gettext_lazy("Came in")),
            uuid("assigned", "assigned", gettext_lazy("Officer in charge")),
            flag("open", queries.OPEN, gettext_lazy("Open")),
            text("escalated", "escalated", gettext_lazy("Escalated"), longest=escalation.LONGEST_CODE),
            place(),
            day_from("received_at"),
            day_to("received_at"),
        ),
        sorts={
            "due": "due_at",
            "number": "number",
            "created": "received_at",
            "changed": "changed",
            "done": Sort(("done_at",), nulls_last=True),
        },
        search=lambda words: searching.q(by, words),
        default_sort="due",
        keep=("view",),
    )


COLUMNS = (
    Column("number", gettext_lazy("Request number")),
    Column("service", gettext_lazy("Service"), lambda row: row["service_name"]),
    Column("place_code", gettext_lazy("Place code"), lambda row: row["place"]),
    Column("place", gettext_lazy("Place"), lambda row: row["place_name"]),
    Column("state", gettext_lazy("State"), lambda row: jinja.term(State(row["state"]))),
    Column("channel", gettext_lazy("Came in"), lambda row: jinja.term(Channel(row["channel"]))),
    Column("received", gettext_lazy("Received")),
    Column("due", gettext_lazy("Due")),
    Column("done", gettext_lazy("Done")),
    Column("on_time", gettext_lazy("In time")),
    Column("reaction_minutes", gettext_lazy("Working minutes to the first reaction")),
    Column("handling_minutes", gettext_lazy("Working minutes until done")),
)


def serialiser(by: Acting) -> Callable[[Sequence[Any]], list[Mapping[str, Any]]]:
    """Rows as plain values without personal data; names of places looked up at once."""

    def serialise(rows: Sequence[Any]) -> list[Mapping[str, Any]]:
        names = shown.place_names(rows)
        return [plain(row, names) for row in rows]

    return serialise


def plain(row: Any, names: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """One request as programs read it, without personal data."""
    return {
        "id": str(row.id),
        "number": row.number,
        "version": row.version,
        "state": row.state,
        "service": row.service_id,
        "service_name": {"km": row.terms.short_km, "en": row.terms.short_en},
        "kind": row.terms.service.kind,
        "channel": row.channel,
        "place": row.place,
        "place_name": names.get(row.place, {}),
        "office": str(row.office_id),
        "assigned": str(row.assigned) if row.assigned else None,
        "joined": str(row.joined_id) if row.joined_id else None,
        "received": _local(row.received_at),
        "due": _local(row.due_at),
        "paused": row.paused_at is not None,
        "escalated": row.escalated or None,
        "done": _local(row.done_at),
        "on_time": row.on_time,
        "reaction_minutes": row.reaction_minutes,
        "handling_minutes": row.handling_minutes,
        "created": _local(row.created),
        "changed": _local(row.changed),
    }


def _local(at: Any) -> Any:
    return None if at is None else at.astimezone(clock.zone())


VIEW_NAMES = {
    "todo": gettext_lazy("To do"),
    "late": gettext_lazy("Late"),
    "mine": gettext_lazy("Mine"),
    "waiting": gettext_lazy("Waiting for the applicant"),
    "joined": gettext_lazy("Joined"),
    "done": gettext_lazy("Done"),
    "all": gettext_lazy("All"),
}


def written(
    requests: Sequence[Row], places: Mapping[str, Any], people: Mapping[Any, Any], persons: Reach, home: str
) -> list[dict[str, Any]]:
    """Rows of the queue, written out: the template only prints. What is the same in many rows is worked out once.

    ``persons`` is where the reader may see what residents told, ``home`` the reader's commune.
    """
    now, other = clock.now(), _("Open")
    words = {
        State.RECEIVED: _("Take"),
        State.FORWARDED: _("Take"),
        State.REOPENED: _("Take"),
        State.IN_PROGRESS: _("Continue"),
        State.WAITING: _("Look"),
    }
    marks, raised = escalating.names(), escalating.raised()
    tags = {str(state): shown.tag(state) for state in State}
    actions = {str(state): words.get(state, other) for state in State}
    short = queries.short_names(row.terms_id for row in requests)
    services = {key: jinja.name(names) for key, names in short.items()}
    named = {key: jinja.name(found) for key, found in places.items()}
    holders = {key: jinja.name(held) for key, held in people.items()}
    # The address of a record is its list's and its id.
    base = reverse("work-request", args=[UUID(int=0)]).removesuffix(str(UUID(int=0)))
    return [
        {
            "id": row.id,
            "url": f"{base}{row.id}",
            "number": row.number,
            "due": shown.due_tag(row, offices.calendar(row.office_id), now),
            "mark": shown.escalated(row, marks) if row.escalated in raised else None,
            "state": tags[row.state],
            "service": services[row.terms_id],
            "place": shown.address(
                row, named, told=row.office_id in persons.offices or persons.covers(row.where), home=home
            ),
            "assigned": holders.get(row.assigned, ""),
            "action": actions[row.state],
        }
        for row in requests
    ]
