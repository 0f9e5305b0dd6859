"""Whom of the staff do we write to, and what? The number of a request and a link, by e-mail, to whoever wants it.

Nothing that a resident told and no name stands in such a message: it leaves the hall, and its reader signs in to see more.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from sala.accounts import letterbox
from sala.kit import clock
from sala.kit.acting import Acting
from sala.kit.khmer import date_long
from sala.kit.terms import N_
from sala.notices import actions as notices
from sala.notices.terms import Channel
from sala.offices import queries as offices
from sala.window.models import Escalation, Request, SubTask

ASSIGNED, SUBTASK, ESCALATED = "window.staff_assigned", "window.staff_subtask", "window.staff_escalated"
KINDS = {
    ASSIGNED: N_("Request given to an officer"),
    SUBTASK: N_("Sub-task given to an officer"),
    ESCALATED: N_("Late request told to an office"),
}
SUBJECT = {
    ASSIGNED: N_("Request %(number)s was given to you"),
    SUBTASK: N_("A sub-task of request %(number)s was given to you"),
    ESCALATED: N_("Request %(number)s: %(step)s"),
}


def about(request: Request) -> str:
    """How these notices refer to a request: apart from those to the applicant, who is shown all that was sent to her."""
    return f"window.staff:{request.id}"


def assigned(by: Acting, request: Request, to: UUID | None) -> None:
    """Tell whoever was given a request, in the transaction of the act; nobody of what she gave herself."""
    if to is not None:
        _tell(by, request, ASSIGNED, _persons([to]))


def subtask(by: Acting, request: Request, row: SubTask) -> None:
    """Tell whoever was given a part of the work, and by when."""
    _tell(by, request, SUBTASK, _persons([row.post]), due=row.due)


def escalated(by: Acting, request: Request, step: Mapping[str, str], rows: Iterable[Escalation]) -> None:
    """Tell whoever holds the posts today that a step of the pack's escalation names; ``step`` is its name."""
    persons: dict[UUID, str] = {}
    told: dict[UUID, set[str]] = {}
    for row in rows:
        told.setdefault(row.office_id, set()).add(row.post)
    for office, posts in told.items():
        there = offices.holders(office)
        persons |= {each.person_id: str(each.pk) for each in there if each.post_id in posts}
    _tell(by, request, ESCALATED, persons, step=step)


def _persons(appointments: Iterable[UUID]) -> dict[UUID, str]:
    """Who holds these appointments: person -> appointment."""
    found = [offices.appointment(key) for key in appointments]
    return {each.person_id: str(each.pk) for each in found if each is not None}


def _tell(
    by: Acting,
    request: Request,
    kind: str,
    persons: Mapping[UUID, str],
    *,
    step: Mapping[str, str] | None = None,
    due: date | None = None,
) -> None:
    others = [person for person, post in persons.items() if post != by.post]
    boxes = letterbox.of(others) if others else {}
    for box in boxes.values():
        with translation.override(box.language):
            facts = {"number": request.number, "step": (step or {}).get(box.language, "")}
            subject = _(SUBJECT[kind]) % facts
            day = due or request.due_at.astimezone(clock.zone()).date()
            lines = [
                subject,
                _("To be done by %(due)s.") % {"due": date_long(day, box.language)},
                _("Open it here, after signing in: %(link)s") % {"link": link(request)},
                _("You get this because your account says so; change it on the page “My account”."),
            ]
            notices.post(
                kind=kind,
                channel=Channel.EMAIL,
                address=box.address,
                language=box.language,
                subject=subject,
                body="\n\n".join(lines),
                about=about(request),
            )


def link(request: Request) -> str:
    """The address of the request's page for the staff, in the language in force."""
    return f"{settings.PUBLIC_URL}{reverse('work-request', args=[request.id])}"
