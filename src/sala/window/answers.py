"""What are programs told at the window? The shapes of its answers, for the description of the API."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sala.kit.openapi import Names, Told
from sala.window.terms import Act, Channel, DaysKind, DaysStatus, Fact, FeeStatus, Kind, Level, State


class Sector(Told):
    """The sector a service belongs to; ``code`` is the gazetteer's of the catalogue."""

    code: str
    km: str
    en: str


class ServiceTold(Told):
    """One service in its present version; ``days`` are days of ``days_kind``, ``fee_riel`` whole riel."""

    code: str
    version: int
    kind: Kind
    name: Names
    name_verified: bool
    level: Level
    sector: Sector
    fee_riel: int | None
    fee_status: FeeStatus
    fee_note: dict[str, Any]
    days: int
    days_kind: DaysKind
    days_status: DaysStatus
    days_note: dict[str, Any]
    validity: dict[str, Any]
    papers: list[Any]
    form: list[Any]
    about: dict[str, Any]
    passes: list[Level]
    verified: list[Fact]
    legal_basis: str
    status: str
    source: str


class RequestTold(Told):
    """One request without personal data."""

    id: UUID
    number: str
    version: int
    state: State
    service: str
    service_name: Names
    kind: Kind
    channel: Channel
    place: str
    place_name: Names
    office: UUID
    assigned: UUID | None
    joined: UUID | None
    received: datetime
    due: datetime
    paused: bool
    done: datetime | None
    on_time: bool | None
    reaction_minutes: int | None
    handling_minutes: int | None
    created: datetime
    changed: datetime


class EventTold(Told):
    """One step of a request; ``text`` only for those who may read it."""

    act: Act
    state: State
    public: bool
    at: datetime
    text: str | None


class Applicant(Told):
    """Who asked, with a masked number."""

    name: str
    phone: str


class RequestWhole(RequestTold):
    """One request with its steps; from ``description`` on only for the office that holds it."""

    events: list[EventTold]
    steps: list[Act]
    description: str = ""
    location: str = ""
    attributes: dict[str, Any] = {}
    latitude: float | None = None
    longitude: float | None = None
    applicant: Applicant | None = None


class RequestPublic(Told):
    """What the applicant may read of a request."""

    id: UUID
    number: str
    version: int
    state: State
    service: str
    place: str
    received: datetime
    due: datetime
    done: datetime | None
    created: datetime
    changed: datetime


class RequestMade(RequestPublic):
    """A new request with the code that opens it."""

    code: str


class PublicStep(Told):
    """One step as the applicant reads it."""

    act: Act
    state: State
    at: datetime
    text: str


class RequestTracked(RequestPublic):
    """What a code opens: the request, its public steps, its page."""

    events: list[PublicStep]
    page: str


class ProposedService(Told):
    """A service that may be meant: how likely (0 to 1), who decides, and which office that is for the place that was given."""

    code: str
    score: float
    kind: Kind
    name: Names
    level: Level
    office: Names | None


class Proposals(Told):
    """What a text may mean, the likeliest first. ``unsure``: ask for more words before believing the first."""

    lang: str
    unsure: bool
    services: list[ProposedService]
