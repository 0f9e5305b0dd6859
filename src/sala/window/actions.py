"""Every change of a request: permission, rule, rows, ledger entry and notice in one transaction."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from sala.files import actions as files
from sala.kit import clock
from sala.kit.acting import Acting, Where
from sala.kit.errors import Changed, FieldError, Invalid, NotFound, NotPossible
from sala.kit.rows import insert
from sala.kit.terms import N_
from sala.ledger import actions as ledger
from sala.notices import actions as notices
from sala.numbers import actions as numbers
from sala.numbers import limits
from sala.offices import queries as offices
from sala.places import queries as places
from sala.window import admission, joining, letters, nearby, queries, routes, rules, staff, steps, subtasks
from sala.window import attributes as asked
from sala.window.models import Contact, Event, Rating, Request, ServiceVersion
from sala.window.terms import GRANTS, Act, Channel, State, Verb

SERIES = "window.request"
RATED = N_("You have rated this request already. Thank you.")
TOO_MANY = N_(
    "Very many requests have come from your network in this hour. Please try again later, or come to the hall."
)


@dataclass(frozen=True)
class Received:
    """A new request and the code that opens it. The code is shown to the one who asked and kept nowhere in clear."""

    request: Request
    code: str


def route(where: Where, level: str) -> tuple[UUID, str]:
    """The office that serves the place for this level, and the place code its numbers begin with. Raises `Invalid`."""
    office = offices.serving(where.place, level)
    if office is None:
        raise Invalid(
            N_("No office serves this place for this service yet. Choose another place, or ask at the hall."),
            errors=[
                FieldError("place", "no-office", N_("No office serves this place for this service yet."))
            ],
        )
    return office.id, code_of_place(office.place)


def code_of_place(key: str) -> str:
    """A unit's key as the head of a number; ``00`` for the nation."""
    return key or "00"


def locate(place: str) -> Where:
    """The line of ancestors of a place. Raises `Invalid` for one that is not in the gazetteer."""
    unit = places.unit(place) if place else None
    if unit is None or unit.ended:
        raise Invalid(
            N_("This place is not in the gazetteer. Choose it from the list."),
            errors=[FieldError("place", "unknown", N_("Choose a place from the list."))],
        )
    return places.where(place)


def answered(terms: ServiceVersion, sent: Mapping[str, object]) -> Mapping[str, object]:
    """The answers to what a service asks, as they are kept. Raises `Invalid` with the attributes that are wrong."""
    if not terms.form and not sent:
        return {}
    values, faults = asked.clean(terms.asks, sent)
    if faults:
        raise Invalid(
            N_("Something in the answers to the questions of this service is not right."),
            errors=[
                FieldError(f"attributes.{fault.attribute}", fault.code, fault.message) for fault in faults
            ],
        )
    return values


def receive(
    *,
    by: Acting,
    service: str | ServiceVersion,
    place: str,
    channel: str = Channel.WEB,
    description: str = "",
    location: str = "",
    latitude: Decimal | None = None,
    longitude: Decimal | None = None,
    name: str = "",
    phone: str = "",
    email: str = "",
    language: str = "km",
    attributes: Mapping[str, object] | None = None,
    photos: Sequence[UUID] = (),
    joined: str = "",
    source: str = "",
    own: bool = True,
) -> Received:
    """Take in a request: from a resident without an account, or by an officer at the counter.

    Side effects: the request with its first step, a contact where one is given, photos attached, the next number of
    the office and year, ledger entries, a notice when there is an e-mail address. The office's own rules say who gets it
    (`routes.goal`), who is told if she wants it; without one nobody is assigned.
    ``service`` is a code, or the present version that was read in the caller's own transaction.
    ``source`` is the network address of somebody without an account, counted against `rules.REPORTS_AN_HOUR`.
    ``own`` is False inside a transaction that fails with this act (`numbers.idempotency.once`): no savepoint is made then.
    ``attributes`` are answers to what the service asks (`attributes.clean`). ``joined`` is the number of an open report of
    the same problem, which this one then follows.
    Raises `NotFound` (service), `Invalid` (place, attributes, joined), `Refused` (an officer of another office), `TooMany`.
    """
    with transaction.atomic() if own else nullcontext():
        terms = queries.service(service) if isinstance(service, str) else service
        found = locate(place)
        answers = answered(terms, attributes or {})
        office_id, head = route(found, terms.level)
        where = Where(found.province, found.district, found.commune, found.village, office_id)
        if by.signed_in and channel != Channel.WEB:
            by.require(Verb.RECEIVE, where)
        else:
            by.require(Verb.REPORT, where)
        if source and not by.signed_in:
            limits.take(door="window.report", source=source, most=rules.REPORTS_AN_HOUR, message=TOO_MANY)
        main = None
        if joined:
            asked = terms.service
            own_case = nearby.Case(
                None, asked.pk, asked.kind, where.commune, office_id, True, asked.protected
            )
            main = joining.named(joined, own_case)
        now = clock.now()
        year = now.astimezone(clock.zone()).year
        office_id, assigned = routes.goal(office_id, where.place, terms.service_id, answers)
        wish = steps.Asked(
            terms,
            where,
            channel,
            description,
            location,
            latitude,
            longitude,
            name,
            phone,
            email,
            language,
            answers,
        )
        request, contact, event = steps.receive(
            wish,
            number=rules.number(head, year, numbers.next_number(series=SERIES, office=head, year=year)),
            secret=queries.secret(),
            office_id=office_id,
            calendar=offices.calendar(office_id),
            at=now,
            post=by.post,
            assigned=assigned,
        )
        told = (request, contact) if contact is not None else (request,)
        events = [event]
        if main is not None:
            events.append(steps.follow(request, main, Act.JOIN, at=now, post=by.post))
        insert([*told, *events])
        for photo in photos:
            files.attach(photo, kind=steps.REQUEST, subject=str(request.id))
        act = f"window.{Act.RECEIVE}"
        ledger.save_many([ledger.build(by=by, act=act, at=request.where, **steps.entry(row)) for row in told])
        code = queries.code_of(request)
        letters.tell(request, event, contact, code)
        staff.assigned(by, request, assigned)
    return Received(request, code)


def act(
    *,
    by: Acting,
    request_id: UUID,
    version: int,
    verb: Act,
    text: str = "",
    assigned: UUID | None = None,
    office: UUID | None = None,
) -> Request:
    """One step of an officer. ``office`` is where a request is forwarded to; its number, history and clock go with it.

    Side effects: the request's row (version + 1), one step of its timeline, a ledger entry, a notice to the applicant
    for public words; all of it for each report joined to it too; an e-mail to whoever it is given to. Raises `NotFound` (not visible), `Refused`, `Changed` (another version), `NotPossible` (state),
    `Invalid` (a field that the step needs).
    """
    if verb not in GRANTS or verb in (Act.RECEIVE, Act.ERASE):
        raise NotFound(N_("There is no such step."))
    with transaction.atomic():
        request = opened(by=by, request_id=request_id, version=version, verb=GRANTS[verb])
        assigned, office = admission.complete(by, request, verb, queries.Choices(), text, assigned, office)
        event = _step(by, request, verb, text, assigned, office)
        letters.tell(request, event, queries.contact_of(request), queries.code_of(request))
        staff.assigned(by, request, assigned)
        joining.share(by=by, main=request, led=event, said=text)
    return request


def opened(*, by: Acting, request_id: UUID, version: int, verb: Verb) -> Request:
    """The request, locked for a step of an officer that needs ``verb``; inside a transaction of the caller.

    Raises `NotFound` (not visible), `Refused`, `Changed` (another version).
    """
    request = _load(request_id)
    if not by.may(Verb.SEE, request.where):
        raise NotFound(queries.NOT_FOUND)
    admission.admit(by, request, version, verb)
    return request


def own(*, by: Acting, code: str) -> Request:
    """The request, locked for a step of who has its code; inside a transaction of the caller. Raises `NotFound`, `Refused`."""
    request = _load(queries.by_code(code).id)
    by.require(Verb.FOLLOW, request.where)
    return request


def aside(
    *,
    by: Acting,
    request: Request,
    act: Act,
    row: Contact | Rating | None = None,
    text: str = "",
    also: tuple[str, ...] = (),
) -> Event:
    """A step that changes no state, but a ``row`` of the request or the columns ``also``, which the caller has written.

    The caller has asked for permission. Side effects: the step with its words, the request's version, a ledger entry of
    it and of the row. Raises `Changed` (somebody was faster).
    """
    event = _step(by, request, act, text, None, also=also)
    if row is not None:
        _record(by, act, request, row)
    return event


def reply(*, by: Acting, code: str, text: str) -> Request:
    """The applicant replies; the clock goes on. Whoever has the code may. Side effects as in `act`, without a notice."""
    return _resident(by, code, Act.REPLY, Verb.FOLLOW, text)


def withdraw(*, by: Acting, code: str, text: str = "") -> Request:
    """The applicant withdraws. Whoever has the code may. Side effects as in `act`, without a notice.

    Of joined reports the oldest leads from now on, if it was the one that led (`joining.lead`).
    """
    with transaction.atomic():
        request = _resident(by, code, Act.WITHDRAW, Verb.FOLLOW, text)
        if request.joined_id is None:
            joining.lead(by=by, withdrawn=request)
    return request


def reopen(*, by: Acting, code: str, text: str) -> Request:
    """The applicant is not content: within ten working days a finished request is opened again. Whoever has the code may.

    Side effects as in `act`, without a notice; the deadline as in `rules.reopened`. The reports joined with it are opened
    too, and their reporters told, without these words. Not done: a rating stays as it is.
    """
    with transaction.atomic():
        found = queries.by_code(code)
        main = _load(found.joined_id or found.id)
        by.require(Verb.FOLLOW, main.where)
        for each in (found, main):  # one of them may be withdrawn
            admission.fields(each, Act.REOPEN, queries.Choices(), text=text)
        event = _step(by, main, Act.REOPEN, text if main.pk == found.pk else "", None)
        if main.pk != found.pk:
            letters.tell(main, event, queries.contact_of(main), queries.code_of(main))
        joining.share(by=by, main=main, led=event, words={found.id: text}, untold=(found.id,))
    return queries.by_code(code)


def rate(
    *, by: Acting, request_id: UUID, courtesy: int, speed: int, comment: str = "", publish: bool = False
) -> Rating:
    """The applicant rates courtesy and speed from 1 to 5, once, when the request is done.

    The caller has checked the code or the rating link that names the request. ``publish``: the comment may be published
    once an officer has looked through it. Side effects: the rating, a step that is not shown, two ledger entries. Raises
    `Invalid` (scale), `NotPossible` (not done yet, or rated already).
    """
    wrong = [
        FieldError(name, "scale", N_("Choose a number from 1 to 5."))
        for name, value in (("courtesy", courtesy), ("speed", speed))
        if not 1 <= value <= 5
    ]
    if wrong:
        raise Invalid(N_("Choose a number from 1 to 5."), errors=wrong)
    with transaction.atomic():
        request = _load(request_id)
        by.require(Verb.RATE, request.where)
        if queries.rating_of(request) is not None:
            raise NotPossible(RATED)
        rules.TABLE.move(State(request.state), Act.RATE)
        rating = steps.rating(
            request, courtesy=courtesy, speed=speed, comment=comment, at=clock.now(), publish=publish
        )
        rating.save(force_insert=True)
        _step(by, request, Act.RATE, "", None)
        _record(by, Act.RATE, request, rating)
    return rating


def close(*, by: Acting, request_id: UUID) -> Request:
    """Close a finished request after its period. Called by the job. Side effects as in `act`, without a notice.

    Raises `NotPossible` when it is not done or the period runs on.
    """
    with transaction.atomic():
        request = _load(request_id)
        by.require(Verb.FINISH, request.where)
        if request.close_at is None or request.close_at > clock.now():
            raise NotPossible(N_("The period for objections has not ended yet."))
        event = _step(by, request, Act.CLOSE, "", None)
        joining.share(by=by, main=request, led=event)
    return request


def erase_person(*, by: Acting, request_id: UUID) -> Request:
    """Erase what a resident told about themselves: contact, words, point, comment, photos, and the salts in the ledger.

    Side effects: the contact's row is gone; description, location, point, replies and the rating's comment are blank;
    photos are removed; the salts of the request, contact and rating are erased, so that nobody can try out what the old
    digests were taken from; new entries say what the rows hold now, so that the ledger stays valid. Not done: the
    request, its times and the office's own words stay; figures do not change. Raises `NotFound`, `Refused`.
    """
    with transaction.atomic():
        request = _load(request_id)
        if not by.may(Verb.SEE, request.where):
            raise NotFound(queries.NOT_FOUND)
        by.require(Verb.ERASE, request.where)
        contact, rating = queries.contact_of(request), queries.rating_of(request)
        if contact is not None:
            ledger.forget(by=by, kind=steps.CONTACT, subject=str(contact.id), at=request.where)
            Contact.objects.filter(pk=contact.pk).delete()
        ledger.forget(by=by, kind=steps.REQUEST, subject=str(request.id), at=request.where)
        files.remove_of(steps.REQUEST, str(request.id))
        notices.forget_about(letters.about(request))
        subtasks.forget(by=by, request=request)
        Event.objects.filter(request=request, act__in=[str(a) for a in rules.RESIDENTS]).update(text="")
        request.description = request.location = ""
        request.attributes = {}
        request.latitude = request.longitude = request.disputed_at = None
        request.erased_at = clock.now()
        request.trail = steps.trail(queries.events(request, public=False))
        _step(
            by,
            request,
            Act.ERASE,
            "",
            None,
            also=(
                "description",
                "location",
                "attributes",
                "latitude",
                "longitude",
                "erased_at",
                "disputed_at",
            ),
        )
        if rating is not None:
            ledger.forget(by=by, kind=steps.RATING, subject=str(rating.id), at=request.where)
            rating.comment = rating.shown = rating.reason = rating.screening = ""
            rating.save(update_fields=["comment", "shown", "reason", "screening"])
            _record(by, Act.ERASE, request, rating)
    return request


def _load(request_id: UUID) -> Request:
    request = (
        Request.objects.select_for_update(of=("self",))
        .select_related("terms__service", "contact", "rating")
        .filter(pk=request_id)
        .first()
    )
    if request is None:
        raise NotFound(queries.NOT_FOUND)
    return request


def _step(
    by: Acting,
    request: Request,
    verb: Act,
    text: str,
    assigned: UUID | None,
    office: UUID | None = None,
    also: tuple[str, ...] = (),
) -> Event:
    """The step in memory, its rows, its ledger entry. The version in the filter tells who was faster."""
    before = request.version
    event = steps.step(
        request,
        verb,
        at=clock.now(),
        post=by.post,
        calendar=offices.calendar(request.office_id),
        said=text,
        assigned=assigned,
        office=office,
    )
    values = {name: getattr(request, name) for name in (*steps.CHANGING, *also)}
    if not Request.objects.filter(pk=request.pk, version=before).update(version=request.version, **values):
        raise Changed(admission.CHANGED)
    event.save(force_insert=True)
    _record(by, verb, request)
    return event


def _resident(by: Acting, code: str, verb: Act, grant: Verb, text: str) -> Request:
    with transaction.atomic():
        request = _load(queries.by_code(code).id)
        by.require(grant, request.where)
        admission.fields(request, verb, queries.Choices(), text=text)
        _step(by, request, verb, text, None)
    return request


def _record(by: Acting, verb: Act, request: Request, row: Contact | Rating | None = None) -> None:
    """The ledger entry of an act on the request, or on a ``row`` that belongs to it."""
    ledger.record(by=by, act=f"window.{verb}", at=request.where, **steps.entry(row or request))
