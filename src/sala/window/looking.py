"""Who reads what a resident told? Each look is written down in the transaction of the read, before anything is shown."""

from typing import Any
from uuid import UUID

from django.db import transaction

from sala.kit.acting import Acting, Reach
from sala.kit.errors import NotFound
from sala.kit.terms import N_
from sala.ledger import actions as ledger
from sala.ledger import looks
from sala.window import queries, rules, steps
from sala.window.models import Contact, Request
from sala.window.terms import Look, Verb

SEARCHED = "search"  # what a look names that is at no single request


def see(*, by: Acting, request_id: UUID) -> Request:
    """Open a request. Where the asker reads what the resident told, that is written down in the transaction of the read.

    Side effect: a look (`ledger.looks`), for who may see the person. Raises `NotFound`.
    """
    with transaction.atomic():
        request = queries.record(by, request_id)
        if queries.may_see_person(by, request):
            looks.note(by=by, act=Look.RECORD, kind=steps.REQUEST, subject=str(request_id), at=request.where)
    return request


def may_open_file(http: Any, subject: str) -> bool:
    """Whether the asker of this HTTP request may open photos of the request ``subject``: only who may see its person.

    Side effect: a look, for who may; the photo is read after it is kept.
    """
    by: Acting = http.acting
    try:
        request_id = UUID(subject)
    except ValueError:
        return False
    with transaction.atomic():
        request = Request.objects.filter(pk=request_id).first()
        if request is None or not queries.may_see_person(by, request):
            return False
        looks.note(by=by, act=Look.PHOTO, kind=steps.REQUEST, subject=subject, at=request.where)
    return True


def search(by: Acting, words: str) -> None:
    """Before a list is searched: what is looked for among persons is written down, and kept before anything is read.

    Not in the transaction of the read: that would let nobody else write until the page is drawn. Side effect: a look
    without the words, for who may see persons anywhere, unless ``words`` is a request's number.
    """
    words = words.strip()
    if words and not rules.is_number(words) and by.reach(Verb.SEE_PERSON) != Reach():
        with transaction.atomic():
            looks.note(by=by, act=Look.SEARCH, kind=steps.REQUEST, subject=SEARCHED, at=by.where)


def show_person(*, by: Acting, request_id: UUID) -> Contact:
    """Show how to reach the applicant; that it was looked at is recorded. Side effect: a ledger entry.

    Raises `NotFound`, `Refused`.
    """
    with transaction.atomic():
        request = queries.record(by, request_id)
        by.require(Verb.SEE_PERSON, request.where)
        contact = queries.contact_of(request)
        if contact is None:
            raise NotFound(N_("Nobody left a way to reach them with this request."))
        looks.note(by=by, act=Look.CONTACT, kind=steps.REQUEST, subject=str(request_id), at=request.where)
        ledger.record(by=by, act=Verb.SEE_PERSON, at=request.where, **steps.entry(contact))
    return contact
