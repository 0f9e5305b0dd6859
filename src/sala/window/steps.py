"""Which rows does a step of a request leave? Built in memory, the same for one step at the counter and for a year at once."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from operator import attrgetter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sala.kit import ids, text
from sala.kit.acting import Where
from sala.kit.canonical import canonical
from sala.window import rules
from sala.window.models import ApiKey, Contact, Event, Rating, Request, ServiceVersion
from sala.window.terms import Act, Screening, State

if TYPE_CHECKING:
    from sala.kit.days import Calendar

REQUEST, CONTACT, RATING = "window.request", "window.contact", "window.rating"
KEY = "window.key"

# The columns a step may change; an update writes exactly these.
CHANGING = (
    "state", "open", "assigned", "due_at", "paused_at", "paused_minutes", "first_answer_at", "reaction_minutes",
    "done_at", "handling_minutes", "on_time", "close_at", "trail", "changed", "office_id", "reopened_at",
    "joined_id", "escalated",
)  # fmt: skip
_FACTS = (
    "version", "number", "code_hash", "open", "created", "changed", "state", "channel", "language", "province", "district", "commune", "village", "assigned", "description",
    "location", "received_at", "due_at", "paused_at", "paused_minutes", "first_answer_at", "reaction_minutes", "done_at",
    "handling_minutes", "on_time", "close_at", "trail", "erased_at",
)  # fmt: skip
# What came later: part of the digest only where it says something, so that the digests of rows made before stay true.
_LATER = ("reopened_at", "attributes", "joined_id", "disputed_at", "escalated", "split_from_id")
_AXES = ("latitude", "longitude")
COLUMNS = (*_FACTS, "service_id", "terms_id", "office_id", *_AXES, *_LATER)
"""The columns of a request's row that `facts` reads: all but its key."""
_read = attrgetter(*COLUMNS)
_event_values: Callable[[Any], tuple[Any, ...]] = attrgetter(
    *(field.attname for field in Event._meta.local_concrete_fields)
)
# What a report takes over from the one it is joined to: they are one case with one clock. The pause is not among them.
_FOLLOWING = (
    "open", "assigned", "due_at", "paused_minutes", "first_answer_at", "reaction_minutes", "done_at",
    "handling_minutes", "on_time", "close_at", "office_id", "reopened_at",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What somebody asks for: the service (in its version), the place, the words, and how to reach them."""

    terms: ServiceVersion
    where: Where
    channel: str
    description: str = ""
    location: str = ""
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    name: str = ""
    phone: str = ""
    email: str = ""
    language: str = "km"
    attributes: Mapping[str, object] = field(default_factory=dict)


def content(request: Request) -> dict[str, object]:
    """What the ledger's digest of a request is taken from: every fact of its row, and by ``trail`` every step."""
    return facts(dict(zip(COLUMNS, _read(request), strict=True)))


def facts(row: Mapping[str, Any]) -> dict[str, object]:
    """The same from a row of values, by the names of `COLUMNS`."""
    said: dict[str, object] = {name: row[name] for name in _FACTS}
    said["service"], said["terms"], said["office"] = row["service_id"], row["terms_id"], row["office_id"]
    for axis in _AXES:
        degrees = row[axis]
        said[axis] = None if degrees is None else f"{degrees:.5f}"
    for name in _LATER:
        if row[name]:
            said[name] = row[name]
    return said


def contact_content(contact: Contact) -> dict[str, object]:
    """The same of a contact."""
    return {
        "request": str(contact.request_id),
        "name": contact.name,
        "phone": contact.phone,
        "email": contact.email,
        "language": contact.language,
    }


def rating_content(rating: Rating) -> dict[str, object]:
    """The same of a rating."""
    facts: dict[str, object] = {
        "request": str(rating.request_id),
        "courtesy": rating.courtesy,
        "speed": rating.speed,
        "comment": rating.comment,
        "at": rating.at,
    }
    later = {
        name: getattr(rating, name) for name in ("screening", "office", "shown", "reason", "screened_at")
    }
    return facts | {name: value for name, value in later.items() if value}


def key_content(key: ApiKey) -> dict[str, object]:
    """The same of a program's key."""
    return {
        "name": key.name,
        "digest": key.digest,
        "created": key.created,
        "ended": key.ended,
    }


def entry(row: Request | Contact | Rating) -> dict[str, Any]:
    """What the ledger is told of a row: its ``kind``, ``subject`` and ``content``, as `ledger.actions.record` takes them."""
    if isinstance(row, Request):
        return {"kind": REQUEST, "subject": str(row.id), "content": content(row)}
    if isinstance(row, Contact):
        return {"kind": CONTACT, "subject": str(row.id), "content": contact_content(row)}
    return {"kind": RATING, "subject": str(row.id), "content": rating_content(row)}


def link(trail: str, event: Event | SimpleNamespace) -> str:
    """The trail after ``event``: a hash over the trail before and everything the step says, so that no step changes unseen."""
    said: dict[str, object] = {
        "id": str(event.id),
        "position": event.position,
        "act": event.act,
        "source": event.source,
        "target": event.target,
        "public": event.public,
        "text": event.text,
        "post": event.post,
        "assigned": event.assigned,
        "at": event.at,
    }
    if event.office is not None:
        said |= {"office": event.office, "origin": event.origin}
    return hashlib.sha256(trail.encode() + canonical(said)).hexdigest()


def trail(events: Iterable[Event]) -> str:
    """The trail of all steps in their order."""
    value = ""
    for event in events:
        value = link(value, event)
    return value


def _event(request: Request, act: str, source: str, position: int, said: Mapping[str, Any]) -> Event:
    event = Event(
        request=request,
        position=position,
        act=str(act),
        source=source,
        target=str(request.state),
        public=act in rules.PUBLIC,
        **said,
    )
    request.trail = link(request.trail, event)
    return event


def receive(
    asked: Asked,
    *,
    number: str,
    secret: bytes,
    office_id: UUID,
    calendar: "Calendar",
    at: datetime,
    post: str,
    assigned: UUID | None = None,
) -> tuple[Request, Contact | None, Event]:
    """A new request with its first step and, where somebody told how to reach them, the contact."""
    request_id = ids.uuid7(at)
    code = rules.code(secret, request_id)
    request = Request(
        id=request_id,
        version=1,
        number=number,
        code_hash=rules.code_hash(code),
        service_id=asked.terms.service_id,
        terms=asked.terms,
        state=str(State.RECEIVED),
        open=True,
        channel=str(asked.channel),
        language=asked.language,
        province=asked.where.province,
        district=asked.where.district,
        commune=asked.where.commune,
        village=asked.where.village,
        office_id=office_id,
        assigned=assigned,
        description=asked.description,
        location=asked.location,
        attributes=dict(asked.attributes),
        latitude=asked.latitude,
        longitude=asked.longitude,
        received_at=at,
        due_at=rules.due(calendar, at, asked.terms.days, asked.terms.days_kind).astimezone(UTC),
        created=at,
        changed=at,
    )
    request.opened_by = code
    contact = None
    if asked.name or asked.phone or asked.email:
        contact = Contact(
            id=ids.uuid7(at),
            request=request,
            created=at,
            **person(name=asked.name, phone=asked.phone, email=asked.email, language=asked.language),
        )
    event = _event(
        request, Act.RECEIVE, "", 1, {"id": ids.uuid7(at), "at": at, "post": post, "assigned": assigned}
    )
    return request, contact, event


def second(
    first: Request,
    asked: Asked,
    *,
    number: str,
    secret: bytes,
    calendar: "Calendar",
    at: datetime,
    post: str,
    received_by: str,
    assigned: UUID | None = None,
) -> tuple[Request, Contact | None, list[Event]]:
    """A new request for the second matter in ``first``: received when and by whom the first was, split off ``at`` by ``post``."""
    request, contact, event = receive(
        asked,
        number=number,
        secret=secret,
        office_id=first.office_id,
        calendar=calendar,
        at=first.received_at,
        post=received_by,
        assigned=assigned,
    )
    clock = rules.Clock(first.received_at, first.due_at, first.paused_at, first.paused_minutes)
    terms, reopened = asked.terms, first.reopened_at
    clock = rules.second_clock(calendar, clock, at, terms.days, terms.days_kind, reopened)
    request.due_at, request.paused_minutes = clock.due.astimezone(UTC), clock.paused_minutes
    request.reopened_at, request.split_from_id, request.created = reopened, first.pk, at
    if contact is not None:
        contact.created = at
    made = _aside(request, Act.SECOND, request.state, at=at, post=post, said=first.number)
    return request, contact, [event, made]


def person(*, name: str, phone: str, email: str, language: str) -> dict[str, str]:
    """What a contact's row says of somebody."""
    search = text.skeleton(name)[:160]
    return {"name": name, "search": search, "phone": phone, "email": email, "language": language}


def step(
    request: Request,
    act: Act,
    *,
    at: datetime,
    post: str,
    calendar: "Calendar",
    said: str = "",
    assigned: UUID | None = None,
    office: UUID | None = None,
) -> Event:
    """Change ``request`` in memory as the state table says and return the step. Raises `kit.errors.NotPossible`.

    The position of the step is the version of the request after it. Reaction and handling times are set here, once, and
    anew only for a request that was opened again. ``office`` is the one that holds it from now on.
    """
    source, due = State(request.state), request.due_at
    if act not in rules.ASIDE:
        request.state = str(rules.TABLE.after(source, act))
    clock = rules.Clock(request.received_at, request.due_at, request.paused_at, request.paused_minutes)
    if request.state == State.WAITING:
        clock = rules.pause(clock, at)
    elif source == State.WAITING:
        clock = rules.resume(clock, at, calendar)
    elif act == Act.REOPEN:
        clock = rules.reopened(clock, _done(request), at, calendar)
    request.due_at, request.paused_at = clock.due.astimezone(UTC), clock.paused_at
    request.paused_minutes = clock.paused_minutes
    if request.due_at != due or act == Act.RECOUNT:
        request.escalated = ""  # nobody was told of this deadline yet
    request.open = request.state in rules.OPEN
    if act in rules.REACTIONS and request.reaction_minutes is None:
        request.reaction_minutes = rules.used_minutes(clock, at, calendar)
    if act in rules.ANSWERS and request.first_answer_at is None:
        request.first_answer_at = at
    if act in (Act.FINISH, Act.REFUSE):
        request.done_at = at
        request.handling_minutes = rules.used_minutes(clock, at, calendar)
        request.on_time = rules.on_time(clock, at)
    if act == Act.FINISH:
        request.close_at = rules.due(calendar, at, rules.CLOSE_AFTER_DAYS).astimezone(UTC)
    if act in (Act.TAKE, Act.ASSIGN):
        request.assigned = assigned
    if act == Act.REOPEN:
        request.done_at = request.handling_minutes = request.on_time = request.close_at = None
        request.reopened_at = at
    origin = request.office_id if office is not None else None
    if office is not None:
        request.office_id, request.assigned = office, None
    request.version += 1
    request.changed = at
    event_id = ids.uuid7(at)
    return _event(
        request,
        act,
        source,
        request.version,
        {
            "id": event_id,
            "at": at,
            "post": post,
            "text": said,
            "assigned": assigned,
            "office": office,
            "origin": origin,
        },
    )


def follow(
    request: Request,
    main: Request,
    act: Act,
    *,
    at: datetime,
    post: str,
    said: str = "",
    led: Event | None = None,
) -> Event:
    """Let ``request`` stand where ``main`` stands, in memory, and return the step. ``led`` is the main one's own step."""
    source = request.state
    for name in _FOLLOWING:
        setattr(request, name, getattr(main, name))
    request.state = str(rules.followed(State(main.state)))
    request.joined_id, request.escalated = main.pk, ""
    more = {name: getattr(led, name) for name in ("assigned", "office", "origin")} if led is not None else {}
    return _aside(request, act, source, at=at, post=post, said=said, **more)


def alone(request: Request, act: Act, *, at: datetime, post: str, calendar: "Calendar") -> Event:
    """Let a joined, open ``request`` go its own way, in memory, and return the step.

    Its state stays; its clock is the one it was promised when it was received, without pauses: its reporter was never asked.
    """
    due = rules.due(calendar, request.received_at, request.terms.days, request.terms.days_kind)
    if request.reopened_at is not None:
        due = max(due, rules.due(calendar, request.reopened_at, rules.REOPENED_DAYS))
    request.joined_id, request.escalated = None, ""
    request.due_at, request.paused_minutes = due.astimezone(UTC), 0
    return _aside(request, act, request.state, at=at, post=post)


def _aside(
    request: Request, act: Act, source: str, *, at: datetime, post: str, said: str = "", **more: Any
) -> Event:
    request.version += 1
    request.changed = at
    told = {"id": ids.uuid7(at), "at": at, "post": post, "text": said, **more}
    return _event(request, act, source, request.version, told)


def recount(row: dict[str, Any], *, due: datetime, at: datetime, post: str) -> tuple[Any, ...]:
    """What `step` does for a deadline that is counted anew, to a row of values (`COLUMNS` and ``id``): nothing else changes.

    Returns the step's row, in the order of its table's columns.
    """
    row["version"] += 1
    row["due_at"], row["escalated"], row["changed"] = due, "", at
    state = row["state"]
    told = SimpleNamespace(
        id=ids.uuid7(at), request_id=row["id"], position=row["version"], act=str(Act.RECOUNT), source=state,
        target=state, public=True, text="", post=post, assigned=None, office=None, origin=None, at=at,
    )  # fmt: skip
    row["trail"] = link(row["trail"], told)
    return _event_values(told)


def _done(request: Request) -> datetime:
    """When it was done; a request that is opened again has been."""
    if request.done_at is None:
        raise ValueError(f"{request.number} was never done")
    return request.done_at


def rating(
    request: Request, *, courtesy: int, speed: int, comment: str, at: datetime, publish: bool = False
) -> Rating:
    """What the applicant thinks, once a request.

    ``publish``: the comment may be published once it was looked through; never that on a protected service.
    """
    made = Rating(id=ids.uuid7(at), request=request, courtesy=courtesy, speed=speed, comment=comment, at=at)
    service = request.terms.service
    if publish and comment and rules.openness(service.kind, service.protected).commented:
        made.screening, made.office = str(Screening.ASKED), request.office_id
    return made
