"""Which services are there, and which requests may the asker see? Everything that reads the window's tables."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Max, Prefetch, Q, QuerySet

from sala.kit import clock, text
from sala.kit.acting import Acting, Where
from sala.kit.errors import NotFound
from sala.kit.kept import Kept
from sala.kit.prepared import Bound, Prepared
from sala.kit.reach import q as reach_q
from sala.kit.terms import N_
from sala.ledger import queries as ledger
from sala.offices import queries as offices
from sala.offices.terms import OfficeKind
from sala.places import queries as places
from sala.window import rules, steps
from sala.window.models import Contact, Event, Rating, Request, Service, ServiceVersion, SubTask
from sala.window.terms import Act, Level, State, Verb

NOT_FOUND = N_("There is no such request, or it belongs to another office.")


# ---- the catalogue ----------------------------------------------------------------------------------------------------


def services(search: str = "", kind: str = "", sector: str = "", level: str = "") -> QuerySet[ServiceVersion]:
    """The services on offer in their present version, in the order of the pack; ``search`` finds names in both languages and codes."""
    found = ServiceVersion.objects.select_related("service").filter(current=True, service__offered=True)
    if level:
        found = found.filter(level=level)
    if kind:
        found = found.filter(service__kind=kind)
    if sector:
        found = found.filter(sector=sector)
    return found.filter(service_q(search)).order_by("service__position")


_CHOICES = Prepared(lambda: services().values_list("service_id", "short_km", "short_en"))


def choices() -> list[tuple[str, dict[str, str]]]:
    """Code and short names of the services on offer, in the order of the pack; for a filter of a list. Kept: change nothing."""
    return _choices("") or []


_KINDS = Prepared(lambda: Service.objects.order_by("position").values_list("pk", "kind", "protected"))


def listed() -> list[str]:
    """The codes of the services whose requests everybody may read of, whether offered today or before."""
    return [code for code, kind, protected in _KINDS() if rules.openness(kind, protected).listed]


_short: dict[UUID, dict[str, str]] = {}


def short_names(versions: Iterable[UUID]) -> dict[UUID, dict[str, str]]:
    """Short names of versions of services; a version never changes its words, so they are kept once read."""
    wanted = set(versions)
    missing = wanted - _short.keys()
    if missing:
        rows = ServiceVersion.objects.filter(pk__in=missing).values_list("pk", "short_km", "short_en")
        _short.update({key: {"km": km, "en": en} for key, km, en in rows})
    return {key: _short[key] for key in wanted}


def full_names(versions: Iterable[UUID]) -> dict[UUID, dict[str, str]]:
    """Names of versions of services, in one read."""
    rows = ServiceVersion.objects.filter(pk__in=set(versions)).values_list("pk", "name_km", "name_en")
    return {key: {"km": km, "en": en} for key, km, en in rows}


def service_q(words: str) -> Q:
    """The filter for services whose names or code hold all these words."""
    found = Q()
    for word in text.skeleton(words).split():
        found &= Q(search__contains=word)
    return found


_SERVICE = Prepared(lambda: services().filter(service_id=Bound("code")).order_by())


def _state_of_services() -> object:
    return Service.objects.aggregate(Max("changed"), Count("versions"), Max("versions__loaded"))


_on_offer: Kept[str, ServiceVersion] = Kept(lambda code: _SERVICE.one(code=code), _state_of_services)
_choices: Kept[str, list[tuple[str, dict[str, str]]]] = Kept(
    lambda _: [(code, {"km": km, "en": en}) for code, km, en in _CHOICES()], _state_of_services
)


def service(code: str) -> ServiceVersion:
    """One service on offer, in its one present version; raises `NotFound`. Kept: change nothing of it."""
    found = _on_offer(code[:32])
    if found is None:
        raise NotFound(N_("There is no such service. Look for it in the list of services."))
    return found


def forget_services() -> None:
    """Read what is on offer anew."""
    _on_offer.forget()
    _choices.forget()


def kept_here() -> int:
    """How many services were changed here, so that the pack leaves them."""
    return Service.objects.filter(own=True).count()


def catalogue() -> QuerySet[ServiceVersion]:
    """Every service in its present version, withdrawn ones too, in the order of the pack; for who keeps the list."""
    rows = ServiceVersion.objects.select_related("service").filter(current=True)
    return rows.order_by("service__position", "service_id")


def versions(code: str) -> QuerySet[ServiceVersion]:
    """All versions of a service, newest first."""
    return ServiceVersion.objects.select_related("service").filter(service_id=code[:32]).order_by("-version")


# ---- requests ---------------------------------------------------------------------------------------------------------


def secret() -> bytes:
    """What codes are derived from: the server's secret."""
    return settings.SECRET_KEY.encode()


def _secrets() -> list[bytes]:
    """The secret in force and those before it."""
    return [secret(), *(former.encode() for former in settings.FORMER_SECRETS)]


def rating_key(request: Request) -> str:
    """What the link holds that only rates this request."""
    return rules.rating_key(secret(), request.id)


def by_rating_key(key: str) -> Request:
    """The request a rating link leads to. Raises `NotFound` with one sentence, whatever was wrong with the link."""
    request_id = rules.read_rating_key(_secrets(), key)
    found = _BY_ID.one(id=request_id) if request_id is not None else None
    if found is None:
        raise NotFound(N_("This link opens no rating. Open the link in the message from the hall once more."))
    return found


def code_of(request: Request) -> str:
    """The code that opens it, in its written form; empty where the secret it was made with is lost. Only for the one who asked."""
    if request.opened_by:
        return request.opened_by
    for key in _secrets():
        made = rules.code(key, request.id)
        if rules.same(rules.code_hash(made), request.code_hash):
            return made
    return ""


def code_of_id(request_id: UUID) -> str:
    """`code_of` for a request made at most two days ago: the secret changed since, or not."""
    if not settings.FORMER_SECRETS:
        return rules.code(secret(), request_id)
    found = Request.objects.filter(pk=request_id).first()
    return code_of(found) if found is not None else ""


def _whole() -> QuerySet[Request]:
    """A request with what its page shows of it."""
    return Request.objects.select_related("terms__service", "office", "contact", "rating")


_BY_CODE = Prepared(lambda: _whole().filter(code_hash=Bound("hash")))
_BY_ID = Prepared(lambda: _whole().filter(pk=Bound("id")))


def by_code(typed: str) -> Request:
    """The request that this code opens. Raises `NotFound` with one sentence, whatever was wrong with the code."""
    plain = rules.read_code(typed)
    found = None
    if plain is not None:
        wanted = rules.code_hash(plain)
        found = _BY_CODE.one(hash=wanted)
        if found is not None and not rules.same(found.code_hash, wanted):
            found = None
    if found is None:
        raise NotFound(
            N_(
                "This code opens no request. It has 16 letters and digits and stands on your receipt and in your message."
            )
        )
    found.opened_by = rules.written(plain or "")  # also where the secret it was made with is lost
    return found


def visible(by: Acting) -> QuerySet[Request]:
    """The requests the asker may see (without personal data, unless `may_see_person`)."""
    return Request.objects.filter(reach_q(by.reach(Verb.SEE)))


def may_see_person(by: Acting, request: Request) -> bool:
    """Whether the asker may read what the resident told: description, contact, notes."""
    return by.may(Verb.SEE_PERSON, request.where)


def record(by: Acting, request_id: UUID) -> Request:
    """One request with its service, office, contact and rating; raises `NotFound` for what the asker may not see."""
    found = _BY_ID.one(id=request_id)
    if found is None or not by.may(Verb.SEE, found.where):
        raise NotFound(NOT_FOUND)
    return found


def chosen(by: Acting, keys: Iterable[UUID]) -> list[Request]:
    """Those of these requests that the asker may see, with their service and contact, due first."""
    rows = visible(by).filter(pk__in=list(keys)).select_related("terms__service", "contact")
    return list(rows.order_by("due_at", "pk"))


def open_request(request_id: UUID) -> Request | None:
    """One that is still worked on and keeps what was told, without asking who asks: for what the hall itself sends."""
    return Request.objects.filter(pk=request_id, open=True, erased_at__isnull=True).first()


def by_number(by: Acting, number: str) -> Request:
    """The same by number."""
    found = visible(by).filter(number=number[:32]).values_list("pk", flat=True).first()
    if found is None:
        raise NotFound(NOT_FOUND)
    return record(by, found)


def _steps() -> QuerySet[Event]:
    return Event.objects.filter(request=Bound("request")).order_by("position")


_EVENTS = Prepared(_steps)
_PUBLIC_EVENTS = Prepared(lambda: _steps().filter(public=True))


def events(request: Request, *, public: bool) -> list[Event]:
    """The steps in their order; the public ones only, where ``public``."""
    return _PUBLIC_EVENTS(request=request.id) if public else _EVENTS(request=request.id)


def targets(request: Request) -> list[Any]:
    """Where it can be forwarded to: the offices that serve its place, from the commune's to the ministry, and the halls
    of the neighbouring communes."""
    return targets_at(request.where)


def targets_at(where: Where) -> list[Any]:
    """The same of what stands there."""
    above = [offices.serving(where.place, level) for level in Level]
    neighbours = [unit.key for unit in places.children(where.district)] if where.district else []
    halls = [hall for hall in offices.at_places(neighbours) if hall.kind == OfficeKind.COMMUNE_HALL]
    found = {office.id: office for office in [*filter(None, above), *halls] if office.id != where.office}
    return list(found.values())


class Choices:
    """To whom a request can be given and where it can go: asked for once, however many ``requests`` are looked at."""

    def __init__(self, requests: Iterable[Request] | None = None) -> None:
        self._busy: frozenset[UUID] | None = None
        if requests is not None:
            rows = SubTask.objects.filter(request__in=list(requests), done=None, dropped=None)
            self._busy = frozenset(rows.values_list("request", flat=True))
        self._people: dict[UUID, dict[UUID, Any]] = {}
        self._targets: dict[Where, dict[UUID, Any]] = {}

    def busy(self, request: Request) -> bool:
        """Whether a sub-task of it is open."""
        if self._busy is None:
            return SubTask.objects.filter(request=request, done=None, dropped=None).exists()
        return request.pk in self._busy

    def people(self, office: UUID) -> Mapping[UUID, Any]:
        """Who works in the office today, by appointment."""
        if office not in self._people:
            self._people[office] = {person.id: person for person in offices.people(office)}
        return self._people[office]

    def targets(self, request: Request) -> Mapping[UUID, Any]:
        """The offices of `targets`, by id."""
        key = replace(request.where, village="")
        if key not in self._targets:
            self._targets[key] = {target.id: target for target in targets(request)}
        return self._targets[key]


def appeal(request: Request) -> Any:
    """The office above the one that refused, to which the applicant can turn; None above the ministry."""
    levels = list(Level)
    for level in levels[levels.index(Level(request.terms.level)) + 1 :]:
        office = offices.serving(request.place, level)
        if office is not None and office.id != request.office_id:
            return office
    return None


def halls_of(events: Iterable[Event]) -> dict[UUID, dict[str, str]]:
    """The names of the offices to which steps brought a request, and from which."""
    keys = {key for event in events for key in (event.office, event.origin) if key}
    return offices.names(keys) if keys else {}


def origin_of(request: Request) -> UUID | None:
    """The office that forwarded it to the one that holds it now."""
    rows = Event.objects.filter(request=request, act=Act.FORWARD, office=request.office_id)
    return rows.order_by("-position").values_list("origin", flat=True).first()


def joined_with(request: Request) -> tuple[Request | None, list[Request]]:
    """The report it is joined to, and those that are joined to it, the oldest first; with the columns of a line each."""
    key = request.joined_id
    rows = Request.objects.filter(pk=key) if key is not None else Request.objects.filter(joined=request.pk)
    found = list(rows.only("number", "state", "open", "received_at", "version").order_by("received_at", "pk"))
    return (found[0], []) if key is not None else (None, found)


def split_with(request: Request) -> tuple[Request | None, list[Request]]:
    """The request it was split off from, and those that were split off from it, the oldest first."""
    found = Request.objects.filter(Q(pk=request.split_from_id) | Q(split_from=request.pk))
    rows = list(found.select_related("terms__service").order_by("created", "pk"))
    first = next((row for row in rows if row.pk == request.split_from_id), None)
    return first, [row for row in rows if row.split_from_id == request.pk]


OPEN = Q(open=True)
# What is joined to another is no work of its own: who works on the one that leads has done it for all.
ALONE = Q(joined__isnull=True)
VIEWS: dict[str, Q] = {
    "todo": OPEN & ~Q(state=State.WAITING) & ALONE,
    "late": OPEN & ~Q(state=State.WAITING) & ALONE,
    "mine": OPEN & ALONE,
    # They are open too; were that said as well, PostgreSQL would take both together for a rare coincidence.
    "waiting": Q(state=State.WAITING),
    # The open ones again, in words that only their own small index knows.
    "joined": Q(joined__isnull=False, done_at__isnull=True) & ~Q(state=State.WITHDRAWN),
    "done": ~OPEN,
    "all": Q(),
}


def view(by: Acting, name: str) -> Q:
    """The filter of a saved list of the queue."""
    post = post_id(by)
    if name == "mine" and post is None:
        return Q(pk__in=[])
    return view_q(name, now=clock.now(), post=post)


def view_q(name: str, *, now: Any, post: Any) -> Q:
    """The same for a moment and an appointment, or for what stands in their places (`kit.prepared.Bound`)."""
    found = VIEWS[name]
    if name == "late":
        found &= Q(due_at__lt=now)
    if name == "mine":
        found &= Q(assigned=post)
    return found


def post_id(by: Acting) -> UUID | None:
    """The appointment of the asker; None for residents and the system."""
    try:
        return UUID(by.post)
    except ValueError:
        return None


COUNT_LIMIT = 1000


def counts(by: Acting) -> dict[str, int]:
    """How many requests each saved list holds, exact up to 1,000 (then 1,001), one small query each."""
    rows = visible(by)
    return with_all(
        {
            name: rows.filter(view(by, name)).order_by()[: COUNT_LIMIT + 1].count()
            for name in VIEWS
            if name != "all"
        }
    )


def with_all(found: Mapping[str, int]) -> dict[str, int]:
    """The counts, and that of all together: those to do, waiting, joined and done."""
    every = sum(found[name] for name in ("todo", "waiting", "joined", "done"))
    return {**found, "all": min(every, COUNT_LIMIT + 1)}


def listing(by: Acting, rows: QuerySet[Request] | None = None) -> QuerySet[Request]:
    """What a row of a list needs, in two queries: the rows, and once each the services they ask for."""
    rows = visible(by) if rows is None else rows
    terms = ServiceVersion.objects.select_related("service").only("service__kind", "short_km", "short_en")
    return rows.defer("description").prefetch_related(Prefetch("terms", queryset=terms))


def narrowed(rows: QuerySet[Request], *, state: str = "", place: str = "") -> QuerySet[Request]:
    """By state and by a place with what lies in it, due first. An unknown place finds nothing."""
    if state:
        rows = rows.filter(state=state)
    if place:
        unit = places.unit(place)
        rows = rows.filter(**{unit.level: unit.key}) if unit else rows.none()
    return rows.order_by("due_at", "pk")


def worded(by: Acting) -> Iterator[tuple[str, str, str]]:
    """Service, language and words of the requests whose words ``by`` may read; nothing else of them, in the order received."""
    rows = visible(by).filter(reach_q(by.reach(Verb.SEE_PERSON))).exclude(description="")
    yield from rows.order_by("pk").values_list("service_id", "language", "description").iterator(2000)


def rating_of(request: Request) -> Rating | None:
    """The rating, if there is one."""
    return getattr(request, "rating", None)


def contact_of(request: Request) -> Contact | None:
    """The contact, if there is one."""
    return getattr(request, "contact", None)


def contacts_of(requests: Sequence[Request]) -> dict[UUID, Contact]:
    """Request -> how to reach who asked, for what the hall itself sends; in one read."""
    return {row.request_id: row for row in Contact.objects.filter(request__in=[each.pk for each in requests])}


def looks(contact: Contact | None) -> list[datetime]:
    """When somebody of the office looked at how to reach the applicant, as the ledger has it."""
    return ledger.times(steps.CONTACT, str(contact.id), Verb.SEE_PERSON) if contact is not None else []


def due_to_close() -> list[UUID]:
    """Finished requests whose period for objections is over."""
    return list(
        Request.objects.filter(state=State.DONE, joined=None, close_at__lte=clock.now()).values_list(
            "pk", flat=True
        )[:500]
    )


def _over(before: datetime) -> QuerySet[Request]:
    final = (State.CLOSED, State.REFUSED, State.WITHDRAWN)
    return Request.objects.filter(state__in=final, erased_at__isnull=True, changed__lt=before)


def over(before: datetime) -> int:
    """How many requests are over since before then and still hold what the resident told."""
    return _over(before).count()


def over_ids(before: datetime, most: int) -> list[UUID]:
    """The ids of some of them, the oldest change first."""
    return list(_over(before).order_by("changed", "pk").values_list("pk", flat=True)[:most])


def event_texts(request: Request) -> list[dict[str, Any]]:
    """The public steps as plain values, for programs."""
    return [
        {"act": event.act, "state": event.target, "at": event.at, "text": event.text}
        for event in events(request, public=True)
    ]
