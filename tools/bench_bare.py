"""What would Django alone cost? The server of `make bench`: Sala, and beside it, under /bare/, plain views in the same process.

A bare view makes the same rows in one transaction, or reads the same rows and renders a plain template, and does nothing else: no
middleware, no sign-in, no permission, no languages, no checks of what was sent. Nobody could run a hall with it; it is the floor.
"""

import os
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sala.settings")

from django.core.wsgi import get_wsgi_application

SALA = get_wsgi_application()

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from jinja2 import Environment

from sala.kit import clock, ids
from sala.ledger.models import Entry, Salt
from sala.notices.models import Notice
from sala.numbers import actions as numbers
from sala.numbers.models import KeptAnswer
from sala.places import queries as places
from sala.window.models import Contact, Event, Request

TEMPLATES = Environment(autoescape=True)
PAGE = (
    "<!doctype html><html><head><title>{{ title }}</title></head><body><h1>{{ title }}</h1>%s</body></html>"
)
LIST = TEMPLATES.from_string(
    PAGE
    % (
        "<p>{{ count }}</p><table>{% for row in rows %}<tr><td><a href='/bare/record/{{ row.id }}'>{{ row.number }}</a></td>"
        "<td>{{ row.service_id }}</td><td>{{ row.state }}</td><td>{{ row.village }}</td><td>{{ row.received_at }}</td>"
        "<td>{{ row.due_at }}</td></tr>{% endfor %}</table>"
    )
)
RECORD = TEMPLATES.from_string(
    PAGE
    % (
        "<dl>{% for name, value in facts %}<dt>{{ name }}</dt><dd>{{ value }}</dd>{% endfor %}</dl><ol>{% for event in events %}"
        "<li>{{ event.at }} {{ event.act }} {{ event.target }} {{ event.text }}</li>{% endfor %}</ol>"
        "<form method='post'><textarea name='text'></textarea><button>Answer</button></form>"
    )
)
HOME = TEMPLATES.from_string(
    PAGE % ("<ul>{% for link in links %}<li><a href='{{ link }}'>{{ link }}</a></li>{% endfor %}</ul>")
)


M = TypeVar("M", bound=models.Model)


def of(request_id: UUID) -> list[tuple[str, Any]]:
    """The columns of a request, for the record's page."""
    row = Request.objects.get(pk=request_id)
    return [(field.attname, getattr(row, field.attname)) for field in Request._meta.concrete_fields]


def copy(row: M, **changes: Any) -> M:
    """A new row like ``row``."""
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return type(row)(**{**values, **changes})


class Pattern:
    """The rows that Sala wrote for its latest request, read once."""

    def __init__(self) -> None:
        self.request = Request.objects.filter(channel="api").latest("created")
        self.contacts = list(Contact.objects.filter(request=self.request))
        self.events = list(Event.objects.filter(request=self.request))
        subjects = [str(self.request.pk), *(str(contact.pk) for contact in self.contacts)]
        self.entries = list(Entry.objects.filter(subject__in=subjects).select_related("salt"))
        self.notices = list(Notice.objects.filter(about__contains=str(self.request.pk)))
        self.answer = KeptAnswer.objects.filter(scope__startswith="window").latest("id")

    def rows(self) -> dict[str, int]:
        """How many of each, for the report."""
        kinds = [
            self.request,
            *self.contacts,
            *self.events,
            *self.entries,
            *self.entries,
            *self.notices,
            self.answer,
        ]
        counted: dict[str, int] = {}
        for index, row in enumerate(kinds):
            label = (
                "ledger salt"
                if 1 + len(self.contacts + self.events + self.entries)
                <= index
                < 1 + len(self.contacts + self.events) + 2 * len(self.entries)
                else row._meta.verbose_name
            )
            counted[str(label)] = counted.get(str(label), 0) + 1
        return counted


_pattern: list[Pattern] = []


def pattern() -> Pattern:
    if not _pattern:
        _pattern.append(Pattern())
    return _pattern[0]


def create(request: HttpRequest) -> HttpResponse:
    """The same inserts as taking in a request by the API, the two counters included, in one transaction."""
    like, now = pattern(), clock.now()
    new = ids.uuid7()
    with transaction.atomic():
        numbers.next_number(series="bench.hour", office=str(like.request.office_id), year=now.year)
        number = numbers.next_number(series="bench", office=str(like.request.office_id), year=now.year)
        changes = {"pk": new, "number": f"bare-{number}", "code_hash": f"{new.hex}{new.hex}", "created": now}
        row = copy(like.request, **{"id": new, **{k: v for k, v in changes.items() if k != "pk"}})
        Request.objects.bulk_create([row])
        if like.contacts:
            Contact.objects.bulk_create(
                [copy(each, id=ids.uuid7(), request_id=new) for each in like.contacts]
            )
        Event.objects.bulk_create([copy(each, id=ids.uuid7(), request_id=new) for each in like.events])
        entries = [copy(each, id=ids.uuid7(), subject=str(new), leaf=None, at=now) for each in like.entries]
        Entry.objects.bulk_create(entries)
        Salt.objects.bulk_create([Salt(entry_id=each.pk, salt=os.urandom(32)) for each in entries])
        if like.notices:
            Notice.objects.bulk_create(
                [copy(each, id=ids.uuid7(), message_id=f"<{ids.uuid7()}@bare>") for each in like.notices]
            )
        kept = copy(like.answer, id=None, key=f"{new.hex}{new.hex}", created=now)
        KeptAnswer.objects.bulk_create([kept])
    return JsonResponse({"id": str(new), "number": row.number}, status=201)


def queue(request: HttpRequest, commune: str) -> HttpResponse:
    """Fifty requests of a commune that are due first, and how many there are."""
    found = Request.objects.filter(commune=commune, open=True)
    rows = found.order_by("due_at", "id").values(
        "id", "number", "service_id", "state", "village", "received_at", "due_at"
    )[:50]
    return HttpResponse(LIST.render(title="Queue", count=found.count(), rows=rows))


def record(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """One request with its contact and its steps."""
    facts = of(request_id)
    contact = Contact.objects.filter(request=request_id).values_list("name", "phone", "email").first()
    events = list(Event.objects.filter(request=request_id).order_by("position"))
    return HttpResponse(RECORD.render(title="Request", facts=[*facts, ("contact", contact)], events=events))


def tracking(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """One request with its public steps."""
    facts = of(request_id)
    events = list(Event.objects.filter(request=request_id, public=True).order_by("position"))
    return HttpResponse(RECORD.render(title="Your request", facts=facts, events=events))


def home(request: HttpRequest) -> HttpResponse:
    """Ten links."""
    return HttpResponse(HOME.render(title="Sala", links=[f"/bare/{number}" for number in range(10)]))


def search(request: HttpRequest) -> HttpResponse:
    """The same search in memory, its answer as JSON."""
    found = places.search(request.GET["q"], limit=10)
    return JsonResponse(
        {"results": [{"key": unit.key, "km": unit.name_km, "en": unit.name_en} for unit in found]}
    )


def rows(request: HttpRequest) -> HttpResponse:
    """What the bare intake writes."""
    return JsonResponse(pattern().rows())


urlpatterns = [
    path("bare/create", create),
    path("bare/queue/<str:commune>", queue),
    path("bare/record/<uuid:request_id>", record),
    path("bare/tracking/<uuid:request_id>", tracking),
    path("bare/home", home),
    path("bare/search", search),
    path("bare/rows", rows),
]


class BareRequest(WSGIRequest):
    urlconf = __name__


class Bare(WSGIHandler):
    """Django's own handler with no middleware at all."""

    request_class = BareRequest

    def load_middleware(self, is_async: bool = False) -> None:
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        self._middleware_chain = self._get_response  # type: ignore[attr-defined]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
    """Sala, and under /bare/ the bare views."""
    return (BARE if environ["PATH_INFO"].startswith("/bare/") else SALA)(environ, start_response)


BARE = Bare()
