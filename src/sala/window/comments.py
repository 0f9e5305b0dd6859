"""Which comments may everybody read? An officer looks through each that its writer allows to be published.

Words can be left out and nothing can be reworded; a comment is kept back only for a reason of the list, and how many were
is published too: an office can't quietly keep what is said against it.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Count, QuerySet

from sala.kit import clock, reach
from sala.kit.acting import Acting
from sala.kit.errors import Changed, FieldError, Invalid, NotFound
from sala.kit.rows import one
from sala.kit.terms import N_
from sala.ledger import actions as ledger
from sala.offices import queries as offices
from sala.window import queries, screening, steps
from sala.window.models import Contact, Rating
from sala.window.screening import Part
from sala.window.terms import LedgerAct, Screening, Verb, Withheld

NOT_FOUND = N_("There is no such comment, or it belongs to another office.")
DECIDED = N_("Somebody else has looked through this comment already.")


# Of a service that became protected later nothing is published any more (`rules.openness`).
_OPEN = Rating.objects.filter(request__service__protected=False)


class Line(NamedTuple):
    """A comment that waits, as the officer sees it: what its service was, its marks, and what in it may name somebody."""

    id: UUID
    service: UUID
    courtesy: int
    speed: int
    comment: str
    at: datetime
    parts: list[Part]


class Said(NamedTuple):
    """What everybody reads: the service's version, the marks, the words and the day they were written."""

    service: UUID
    courtesy: int
    speed: int
    text: str
    at: datetime


def waiting(by: Acting) -> QuerySet[Rating]:
    """The comments that the asker may look through, of the requests whose person the office may see."""
    found = _OPEN.filter(reach.q(by.reach(Verb.SCREEN), "request__"), screening=Screening.ASKED)
    return found.select_related("request")


def lines(found: Iterable[Rating]) -> list[Line]:
    """Comments with what in them may name somebody; the names of applicants and officers are read at once."""
    found = list(found)
    applicants = dict(
        Contact.objects.filter(request__in=[each.request_id for each in found]).values_list("request", "name")
    )
    officers = {
        office: [name for _id, names in offices.people_names(office) for name in names.values()]
        for office in {each.office for each in found}
        if office is not None
    }
    return [
        Line(
            each.id,
            each.request.terms_id,
            each.courtesy,
            each.speed,
            each.comment,
            each.at,
            screening.parts(
                each.comment,
                [applicants.get(each.request_id, ""), *(officers[each.office] if each.office else ())],
            ),
        )
        for each in found
    ]


def publish(*, by: Acting, rating_id: UUID, leave_out: Iterable[str]) -> Rating:
    """Publish a comment without the words in ``leave_out``.

    Side effects: the words to show, a ledger entry. Raises `NotFound`, `Refused`, `Invalid` (words that are not in it, or
    nothing is left to read), `Changed` (somebody has decided already).
    """
    with transaction.atomic():
        rating = _load(by, rating_id)
        words = [each.strip() for each in leave_out if each.strip()]
        strange = next((each for each in words if each not in rating.comment), None)
        if strange is not None:
            message = N_(
                "Write the words to leave out as they stand in the comment. Nothing else can be changed."
            )
            raise Invalid(message, errors=[FieldError("more", "not-in-it", message)])
        shown = screening.without(rating.comment, words)
        if not screening.says_something(shown):
            message = N_("Nothing is left to read. Choose why the comment is not published instead.")
            raise Invalid(message, errors=[FieldError("more", "nothing-left", message)])
        return _decide(by, rating, LedgerAct.PUBLISH, Screening.SHOWN, shown=shown)


def keep(*, by: Acting, rating_id: UUID, reason: str) -> Rating:
    """Do not publish a comment, for a reason of the list.

    Side effects: the reason, a ledger entry. Raises `NotFound`, `Refused`, `Invalid` (no reason), `Changed`.
    """
    with transaction.atomic():
        rating = _load(by, rating_id)
        if reason not in set(Withheld):
            message = N_("Choose why it is not published. That it criticises the office is no reason.")
            raise Invalid(message, errors=[FieldError("reason", "required", message)])
        return _decide(by, rating, LedgerAct.KEEP, Screening.KEPT, reason=reason)


def _load(by: Acting, rating_id: UUID) -> Rating:
    rating = one(_OPEN.select_related("request").filter(pk=rating_id).exclude(screening=""))
    if rating is None or not by.may(Verb.SCREEN, rating.request.where):
        raise NotFound(NOT_FOUND)
    if rating.screening != Screening.ASKED:
        raise Changed(DECIDED)
    return rating


def _decide(by: Acting, rating: Rating, act: LedgerAct, to: Screening, **values: str) -> Rating:
    values |= {"screening": str(to)}
    now = clock.now()
    if not Rating.objects.filter(pk=rating.pk, screening=Screening.ASKED).update(screened_at=now, **values):
        raise Changed(DECIDED)
    rating.screened_at = now
    for name, value in values.items():
        setattr(rating, name, value)
    ledger.record(by=by, act=act, at=rating.request.where, **steps.entry(rating))
    return rating


# ---- what everybody may read -----------------------------------------------------------------------------------------


def published(office: UUID) -> QuerySet[Rating]:
    """An office's published comments, newest first. Public: nothing of the request or the person is read."""
    found = _OPEN.filter(office=office, screening=Screening.SHOWN).order_by("-at", "-id")
    return found.select_related("request").only(
        "courtesy", "speed", "shown", "at", "request__terms_id", "request__id"
    )


def said(found: Iterable[Rating]) -> list[Said]:
    """As everybody reads them."""
    return [Said(each.request.terms_id, each.courtesy, each.speed, each.shown, each.at) for each in found]


def unpublished(office: UUID) -> Counter[str]:
    """How many of an office's comments wait to be looked through, and how many were kept back for which reason."""
    rows = _OPEN.filter(office=office, screening__in=[Screening.ASKED, Screening.KEPT])
    counted = rows.values_list("screening", "reason").annotate(count=Count("pk"))
    return Counter({reason or screening: count for screening, reason, count in counted})


def services(found: Iterable[Line | Said]) -> dict[UUID, dict[str, str]]:
    """Service's version -> its short name, in one read."""
    return queries.short_names({each.service for each in found})
