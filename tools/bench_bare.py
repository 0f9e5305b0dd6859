"""What would Django alone cost? The server of `make bench`: Sala, and beside it, under /bare/, plain views in the same process.

A bare view is what a good engineer writes for the same visible page when one office, one language and one trusted reader are all there is:
Django's own queries, the fewest that page needs, and the answer. No middleware, no sign-in, no permission, no checks of what was sent, no
headers, no compression. It makes the same rows in one transaction; the list and the resident's page are Sala's own templates; the
record's page is its own (`bench_record.html`) and says the same. Nobody could run a hall with it; it is the floor.
"""

import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sala.settings")

from django.core.wsgi import get_wsgi_application

SALA = get_wsgi_application()

from pathlib import Path
from secrets import token_hex

from django.core.handlers.wsgi import WSGIHandler
from django.db import models, transaction
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import engines
from django.urls import ResolverMatch, get_resolver, path, reverse
from django.utils.translation import gettext as _

from sala.files.models import File
from sala.kit import clock, ids
from sala.ledger import registry
from sala.ledger.models import Entry, Look, Salt
from sala.notices.models import Notice
from sala.numbers import actions as numbers
from sala.numbers.models import KeptAnswer
from sala.offices import queries as offices
from sala.offices import shown as offices_shown
from sala.offices.models import Appointment
from sala.places import queries as places
from sala.ui import jinja, menu
from sala.window import forms, listing, rules, shown
from sala.window.models import Contact, Event, Request, ServiceVersion
from sala.window.terms import BUTTONS, Act, Channel, State

TEMPLATES = engines.all()[0].env  # type: ignore[attr-defined]
LIST, TRACK = TEMPLATES.get_template("window/queue.html"), TEMPLATES.get_template("window/track.html")
RECORD = TEMPLATES.from_string(Path(__file__).with_name("bench_record.html").read_text(encoding="utf-8"))
HOME = TEMPLATES.from_string(
    "<!doctype html><html><head><title>{{ title }}</title></head><body><h1>{{ title }}</h1>"
    "<ul>{% for link in links %}<li><a href='{{ link }}'>{{ link }}</a></li>{% endfor %}</ul></body></html>"
)
SIZE = 50
SHOWN = (
    "number", "state", "open", "province", "district", "commune", "village", "office", "assigned", "location", "due_at",
    "paused_at", "on_time", "terms__short_km",
)  # fmt: skip
M = TypeVar("M", bound=models.Model)


def copy(row: M, **changes: Any) -> M:
    """A new row like ``row``."""
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return type(row)(**{**values, **changes})


class Pattern:
    """The rows that Sala wrote for its latest request, read once."""

    def __init__(self) -> None:
        self.request = (
            Request.objects.filter(channel="api").exclude(number__startswith="bare").latest("created")
        )
        self.contacts = list(Contact.objects.filter(request=self.request))
        self.events = list(Event.objects.filter(request=self.request))
        subjects = [str(self.request.pk), *(str(contact.pk) for contact in self.contacts)]
        self.entries = list(Entry.objects.filter(subject__in=subjects).select_related("salt"))
        self.notices = list(Notice.objects.filter(about__contains=str(self.request.pk)))
        self.answer = KeptAnswer.objects.filter(scope__startswith="window").latest("id")

    def rows(self) -> dict[str, int]:
        """How many of each, for the report."""
        rows: Sequence[models.Model] = (
            self.request, *self.contacts, *self.events, *self.entries, *self.notices, self.answer,
        )  # fmt: skip
        counted = {"ledger salt": len(self.entries)}
        for row in rows:
            name = str(row._meta.verbose_name)
            counted[name] = counted.get(name, 0) + 1
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
        # Digests are random, so their unique indices are written to all over, as Sala's are.
        row = copy(like.request, id=new, number=f"bare-{number}", code_hash=token_hex(32), created=now)
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
        kept = copy(like.answer, id=None, key=token_hex(32), created=now)
        KeptAnswer.objects.bulk_create([kept])
    return JsonResponse({"id": str(new), "number": row.number}, status=201)


# ---- the staff list ---------------------------------------------------------------------------------------------------


class Frame:
    """The frame for one known reader."""

    lang, other, other_name, demonstration, signed_in = "km", "en", "English", True, True
    hours = me = ""

    def __init__(self, request: HttpRequest, bar: str) -> None:
        self.other_url = f"/en{request.path}"
        self.items = [menu.Item(reverse(each.route), str(each.label), False) for each in menu.entries(bar)]

    @property
    def menu(self) -> list[menu.Item]:
        return self.items

    foot = menu


class Narrowed:
    """What the list's template asks of a listing that nobody narrowed."""

    errors = active = ()

    def typed(self, name: str) -> str:
        return ""

    def sort_link(self, name: str) -> str:
        return f"?sort={name}"

    def sort_state(self, name: str) -> str:
        return "ascending" if name == "due" else "none"


def queue(request: HttpRequest, commune: str) -> HttpResponse:
    """Fifty requests of a commune that are due first, how many each list holds, and the choices of the filters."""
    now = clock.now()
    mine = Request.objects.filter(commune=commune)
    todo = Q(open=True) & ~Q(state="waiting")
    counts = mine.aggregate(
        todo=Count("pk", filter=todo),
        late=Count("pk", filter=todo & Q(due_at__lt=now)),
        mine=Count("pk", filter=Q(open=True, assigned=UUID(int=1))),
        waiting=Count("pk", filter=Q(open=True, state="waiting")),
        done=Count("pk", filter=Q(open=False)),
        all=Count("pk"),
    )
    found = list(mine.filter(todo).select_related("terms").only(*SHOWN).order_by("due_at", "id")[:SIZE])
    services = ServiceVersion.objects.filter(current=True, service__offered=True).order_by(
        "service__position"
    )
    office = found[0].office_id
    held = Appointment.objects.filter(office=office, end__isnull=True).select_related("person")
    people = {row.pk: row.person.name_km for row in held}
    calendar = offices.calendar(office)
    villages = places.children(commune)
    named = {unit.key: unit.name_km for unit in villages}
    rows = [
        {
            "url": reverse("work-request", args=[row.id]),
            "number": row.number,
            "due": shown.due_tag(row, calendar, now),
            "state": shown.state(row),
            "service": row.terms.short_km,
            "place": shown.address(row, named, told=True),
            "assigned": people.get(row.assigned, ""),
            "action": _("Continue"),
        }
        for row in found
    ]
    every = ("", _("All"))
    selects = [
        ("state", _("State"), [every, *((str(s), jinja.term(s)) for s in State)], ""),
        ("service", _("Service"), [every, *services.values_list("service_id", "short_km")], ""),
        ("place", _("Place"), [every, *named.items()], ""),
        (
            "assigned",
            _("Officer in charge"),
            [every, *((str(key), name) for key, name in people.items())],
            "",
        ),
    ]
    views = [
        {
            "url": f"?view={name}",
            "text": text,
            "count": counts[name],
            "current": name == "todo",
            "late": name == "late",
        }
        for name, text in listing.VIEW_NAMES.items()
    ]
    page = {
        "results": found, "first": 1, "last": len(found), "count": counts["todo"], "more": False,
        "next": "?page=2", "previous": None,
    }  # fmt: skip
    context = {
        "request": request, "here": Frame(request, "staff"), "view": "todo", "views": views,
        "listing": Narrowed(), "page": page, "rows": rows, "today": clock.today(), "selects": selects,
        "title": listing.VIEW_NAMES["todo"], "may_receive": True,
        "exports": [(kind, reverse("work-export", args=["todo", kind.lower()])) for kind in ("CSV", "XLSX")],
    }  # fmt: skip
    return HttpResponse(LIST.render(context))


# ---- one request --------------------------------------------------------------------------------------------------------


def record(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """One request with its contact, its pictures, its steps and who took them, its entries in the ledger, and its clock."""
    found = Request.objects.select_related("terms", "office", "contact", "rating").get(pk=request_id)
    with transaction.atomic():  # that somebody looked is written down
        Look.objects.create(post="bare", act="window.record", kind="window.request", subject=str(found.pk))
    readers = list(
        Look.objects.filter(kind="window.request", subject=str(found.pk)).order_by("-at", "-id")[:50]
    )
    events = list(Event.objects.filter(request=found).order_by("position"))
    keys = {event.post for event in events if event.post != "resident"} | {
        str(e.assigned) for e in events if e.assigned
    }
    who = {}
    if keys:
        rows = Appointment.objects.filter(pk__in=keys).select_related("person", "post")
        who = {str(row.pk): row.person.name_km for row in rows}
    contact = getattr(found, "contact", None)
    looks = []
    if contact is not None:
        seen = Entry.objects.filter(act="window.see_person", kind="window.contact", subject=str(contact.pk))
        looks = list(seen.order_by("at").values_list("at", flat=True))
    calendar = offices.calendar(found.office_id)
    moves = [
        (str(move.verb), _(BUTTONS[Act(move.verb)]))
        for move in rules.TABLE.open_moves(State(found.state))
        if move.verb in BUTTONS
    ]
    entries = Entry.objects.filter(kind="window.request", subject=str(found.pk)).order_by("at", "id")
    context = {
        "request": request, "here": Frame(request, "staff"), "found": found, "contact": contact, "looks": looks,
        "state": jinja.term(State(found.state)), "due": shown.due_tag(found, calendar, clock.now()),
        "place": places.names([found.place])[found.place]["km"], "channel": jinja.term(Channel(found.channel)),
        "photos": list(File.objects.filter(kind="window.request", subject=str(found.pk)).order_by("created")),
        "events": [(event, jinja.term(Act(event.act)), who.get(event.post, event.post)) for event in events],
        "entries": [(entry, jinja.term(registry.act(entry.act))) for entry in entries],
        "readers": readers,
        "moves": moves, "masked": shown.masked(contact.phone) if contact else "",
        "days": shown.days(found.terms.days), "used": shown.worked(shown.used(found, calendar), calendar),
        "uncounted": shown.uncounted(calendar, found.received_at, found.due_at),
    }  # fmt: skip
    return HttpResponse(RECORD.render(context))


def tracking(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """A resident's page: one request with its public steps, its promise, its receipt, and when the hall looked at the contact."""
    found = Request.objects.select_related("terms", "office", "contact", "rating").get(pk=request_id)
    events = list(Event.objects.filter(request=found, public=True).order_by("position"))
    contact, rating = getattr(found, "contact", None), getattr(found, "rating", None)
    looks = []
    if contact is not None:
        seen = Entry.objects.filter(act="window.see_person", kind="window.contact", subject=str(contact.pk))
        looks = list(seen.order_by("at").values_list("at", flat=True))
    signed = Entry.objects.filter(kind="window.request", subject=str(found.pk)).order_by("at", "id")[:1]
    calendar = offices.calendar(found.office_id)
    promise, counted, drawing = shown.promise(found, calendar)
    district, province = (places.title(key) for key in (found.district, found.province))
    waits = found.state == State.WAITING
    context = {
        "request": request, "here": Frame(request, "foot"), "found": found, "code": "BARE",
        "shown": shown, "title": shown.title(found, told=True), "promise": promise, "counted": counted,
        "drawing": drawing, "state": shown.state(found),
        "address": shown.address(found, places.titles([found.place]), told=True),
        "due": shown.due_tag(found, calendar, clock.now()) if found.open else None, "contact": contact,
        "office": found.office, "hours": offices_shown.hours(calendar),
        "place": {
            "title": {"km": found.office.name_km},
            "line": {"km": f"{district['km']} {province['km']}"},
        },
        "home_url": reverse("hall", args=[found.commune]),
        "timeline": [
            *shown.timeline(events, staff=False, final=not found.open),
            *({"title": text, "at": _("still to come"), "state": "next"} for text in shown.next_steps(found)),
        ],
        "reply": forms.ReplyForm() if waits else None,
        "rate": forms.RateForm() if found.state in ("done", "closed") and rating is None else None,
        "rating": rating, "may_withdraw": found.open, "signed": next(iter(signed), None), "looks": looks,
    }  # fmt: skip
    return HttpResponse(TRACK.render(context))


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


def spin(request: HttpRequest) -> HttpResponse:
    """The same work always: by it measurements at different times are compared."""
    return HttpResponse(str(sum(number * number % 7 for number in range(20_000))))


urlpatterns = [
    path("bare/create", create),
    path("bare/queue/<str:commune>", queue),
    path("bare/record/<uuid:request_id>", record),
    path("bare/tracking/<uuid:request_id>", tracking),
    path("bare/home", home),
    path("bare/search", search),
    path("bare/rows", rows),
    path("bare/spin", spin),
]


class Bare(WSGIHandler):
    """Django's own handler with no middleware at all, for the addresses above; `reverse` gives Sala's, as its templates want."""

    def load_middleware(self, is_async: bool = False) -> None:
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        self._middleware_chain = self._get_response  # type: ignore[attr-defined]

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        return get_resolver(__name__).resolve(request.path_info)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
    """Sala, and under /bare/ the bare views."""
    return (BARE if environ["PATH_INFO"].startswith("/bare/") else SALA)(environ, start_response)


BARE = Bare()


def door() -> Any:
    """The same behind Sala's own door, for the web server."""
    from sala.shell.door import Door

    return Door(application)
