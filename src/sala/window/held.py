"""What does a hall hold of somebody, and who has read it? Told to the person alone, and put right when it is wrong.

Whoever has a request's code reads neither name nor telephone number: receipts are handed on. So the whole is sent to the
e-mail address that was given, or printed at the counter for who shows who they are.
"""

from datetime import date, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sala.files import queries as files
from sala.installation import retention
from sala.kit import clock
from sala.kit.acting import Acting
from sala.kit.errors import FieldError, Invalid, NotPossible
from sala.kit.khmer import date_long, moment, number
from sala.kit.terms import N_
from sala.ledger import actions as ledger
from sala.ledger import looks
from sala.notices import actions as notices
from sala.notices import queries as outbox
from sala.notices.terms import Channel
from sala.offices import queries as offices
from sala.ui import jinja
from sala.window import actions, attributes, letters, queries, rules, shown, steps
from sala.window.models import Contact, Request
from sala.window.terms import Act, LedgerAct, Look, State, Verb

HELD = "window.held"
KIND = "window.contact"  # of data, in the pack's retention periods
ONCE_IN = timedelta(days=1)
NO_EMAIL = N_(
    "You left no e-mail address, and this page must not show your name and number to whoever finds the code. "
    "Come to the hall: an officer prints what is held."
)
JUST_SENT = N_("It was sent to your e-mail address today already. Look there, or ask again tomorrow.")
SOME_WAY = N_("Write a name, a telephone number or an e-mail address: otherwise nobody can be reached.")

Pairs = list[tuple[str, str]]


def everything(request: Request) -> Pairs:
    """All that is held of the person behind a request, as terms and texts in the language in force; empty ones left out.

    For the person, or for who may see them: the caller has asked and written down the look.
    """
    lang = jinja.lang()
    contact, rating = queries.contact_of(request), queries.rating_of(request)
    replies = [
        f"{moment(event.at.astimezone(clock.zone()), lang)}: {event.text}"
        for event in queries.events(request, public=False)
        if event.act in rules.RESIDENTS and event.text
    ]
    photos = len(files.of(steps.REQUEST, str(request.id)))
    pairs = [
        (_("Reference number"), request.number),
        (_("Service"), shown.full(request.terms)),
        (_("Received"), moment(request.received_at.astimezone(clock.zone()), lang)),
        (_("Name"), contact.name if contact else ""),
        (_("Telephone number"), contact.phone if contact else ""),
        (_("E-mail address"), contact.email if contact else ""),
        (_("Place"), shown.address(request, shown.place_names([request]), told=True)),
        (_("Point on the map"), f"{request.latitude}, {request.longitude}" if request.latitude else ""),
        (_("What you told us"), request.description),
        *attributes.said(request.terms.asks, request.attributes, lang),
        (_("Your replies"), "\n".join(replies)),
        (_("Photos"), number(photos, lang) if photos else ""),
        (_("Your rating"), _rating(rating) if rating is not None else ""),
        (_("Messages sent to you"), "\n".join(_sent(request, lang))),
        (_("Who has read it"), "\n".join(_read(request, lang))),
        (_("Kept until"), _until(request, lang)),
    ]
    return [(term, text) for term, text in pairs if text]


def _rating(rating: object) -> str:
    marks = _("courtesy %(courtesy)s of 5, speed %(speed)s of 5") % {
        "courtesy": jinja.number(rating.courtesy),  # type: ignore[attr-defined]
        "speed": jinja.number(rating.speed),  # type: ignore[attr-defined]
    }
    return "\n".join(text for text in (marks, rating.comment) if text)  # type: ignore[attr-defined]


def _sent(request: Request, lang: str) -> list[str]:
    return [
        f"{moment(each.created.astimezone(clock.zone()), lang)}: {jinja.term(Channel(each.channel))}"
        for each in outbox.about(letters.about(request))
    ]


def _read(request: Request, lang: str) -> list[str]:
    """When and through which door it was read, by which post: the person is told the post, not the officer's name."""
    seen = looks.of(steps.REQUEST, str(request.id), 200)
    posts = offices.holder_names({look.post for look in seen})
    doors = {str(door): jinja.term(door) for door in Look}
    return [
        f"{moment(look.at.astimezone(clock.zone()), lang)}: {doors.get(look.act, look.act)}, {jinja.name(posts.get(look.post, {})) or look.post}"
        for look in seen
    ]


def _until(request: Request, lang: str) -> str:
    """The day on which it is erased, or how long after the end; and whether a law says so."""
    period = next(each for each in retention.periods() if each.kind.name == KIND)
    said = (
        _("the country's default, not yet confirmed by a law") if period.status == "default" else period.basis
    )
    over = request.state in (State.CLOSED, State.REFUSED, State.WITHDRAWN)
    if request.erased_at is not None:
        return ""
    if over:
        last: date = (request.changed + timedelta(days=period.days)).astimezone(clock.zone()).date()
        return f"{date_long(last, lang)} ({said})"
    days = ngettext("%(count)s day after it is over", "%(count)s days after it is over", period.days)
    return f"{days % {'count': number(period.days, lang)}} ({said})"


def send(*, by: Acting, code: str) -> Request:
    """Send what is held to the e-mail address that was given with the request. Whoever has the code may ask.

    Side effects: a notice, a ledger entry. Raises `NotFound` (code), `NotPossible` (no address, or sent within a day).
    """
    with transaction.atomic():
        request = queries.by_code(code)
        by.require(Verb.FOLLOW, request.where)
        contact = queries.contact_of(request)
        if contact is None or not contact.email:
            raise NotPossible(NO_EMAIL)
        newest = [each.created for each in outbox.about(letters.about(request)) if each.kind == HELD]
        if newest and max(newest) > clock.now() - ONCE_IN:
            raise NotPossible(JUST_SENT)
        with translation.override(contact.language):
            subject = _("What the hall holds about you, request %(number)s") % {"number": request.number}
            ask = _("Is something wrong? Tell the hall, with the number of the request; it puts it right.")
            parts = [f"{term}:\n{text}" for term, text in everything(request)]
            body = "\n\n".join([subject, *parts, ask])
        notices.post(
            kind=HELD,
            channel=Channel.EMAIL,
            address=contact.email,
            language=contact.language,
            subject=subject,
            body=body[: notices.LONGEST_BODY[Channel.EMAIL]],
            about=letters.about(request),
            office=request.office_id,
        )
        ledger.record(by=by, act=LedgerAct.HELD, at=request.where, **steps.entry(request))
    return request


def show(*, by: Acting, request: Request) -> Pairs:
    """The same for an officer who prints it for the person at the counter. Side effect: a look.

    Raises `Refused` for who may not see the person.
    """
    by.require(Verb.SEE_PERSON, request.where)
    with transaction.atomic():
        looks.note(by=by, act=Look.HELD, kind=steps.REQUEST, subject=str(request.id), at=request.where)
        return everything(request)


def correct(
    *, by: Acting, request_id: UUID, version: int, name: str, phone: str, email: str, language: str
) -> Request:
    """Put right who asked and how to reach them, at the person's word.

    Side effects: the contact's row (a new one where nobody had left any), a public step without the old values, ledger
    entries; the salt of the old values is erased, so that nobody can try out what they were; a correction that was asked
    for is answered with it. Raises `NotFound`,
    `Refused`, `Changed`, `Invalid` (nothing is left), `NotPossible` (the data were erased).
    """
    if not (name or phone or email):
        raise Invalid(SOME_WAY, errors=[FieldError("name", "required", SOME_WAY)])
    with transaction.atomic():
        request = actions.opened(by=by, request_id=request_id, version=version, verb=Verb.CORRECT)
        if request.erased_at is not None:
            raise NotPossible(N_("What was told with this request has been erased."))
        contact = queries.contact_of(request)
        if contact is not None:
            ledger.forget(by=by, kind=steps.CONTACT, subject=str(contact.id), at=request.where)
        else:
            contact = Contact(request=request)
        for column, value in steps.person(name=name, phone=phone, email=email, language=language).items():
            setattr(contact, column, value)
        contact.save()
        request.disputed_at = None
        actions.aside(by=by, request=request, act=Act.CORRECT, row=contact, also=("disputed_at",))
    return request
