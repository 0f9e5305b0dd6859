"""What is there to do today? The queue: saved lists with counts, filters, search, and the list as a file."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sala.accounts import asking
from sala.kit import clock, export
from sala.kit.acting import Acting, Reach
from sala.kit.errors import Malformed
from sala.kit.paging import Listing
from sala.offices import queries as offices
from sala.places import queries as places
from sala.ui import jinja
from sala.window import batch, desk, disputes, escalating, looking, queries, saved, shown
from sala.window import listing as lists
from sala.window.terms import BUTTONS, State, Verb

TOOLS = (
    (Verb.PHRASES, "work-answers", gettext_lazy("Ready answers")),
    (Verb.ROUTES, "work-rules", gettext_lazy("Routing rules")),
)


def _by(request: HttpRequest) -> Acting:
    """Who asks; raises unless they may see requests at all."""
    return asking.with_verb(request, Verb.SEE, _("Your post does not see requests."))


def _tools(by: Acting) -> list[tuple[str, str]]:
    """Texts and addresses of the pages beside the queue; corrections only while some are asked for."""
    found = [(str(text), reverse(name)) for verb, name, text in TOOLS if by.reach(verb) != Reach()]
    if asked := disputes.asked(by):
        text = _("Corrections asked for: %(count)s") % {"count": jinja.number(asked)}
        found.insert(0, (text, reverse("work-corrections")))
    return found


def _view(request: HttpRequest) -> str:
    name = request.GET.get("view", "todo")
    return name if name in queries.VIEWS else "todo"


@never_cache
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """The queue of the asker's office, or of the subtree without personal data."""
    by = _by(request)
    looking.search(by, request.GET.get("q", ""))
    view = _view(request)
    listing = Listing.of(request.GET, lists.spec(by), path=request.path)
    counts = desk.lengths(by)
    if listing.whole:
        page = listing.filled(desk.first(by, view, listing.page_size + 1), counts[view])
    else:
        page = listing.slice(desk.rows(queries.visible(by).filter(queries.view(by, view))))
    rows = [desk.Row._make(row) for row in page.results]
    names = shown.place_names(rows)
    staff = dict(offices.people_names(by.office)) if by.office is not None and by.where.commune else {}
    people = staff | offices.appointment_names({row.assigned for row in rows if row.assigned} - staff.keys())
    persons = by.reach(Verb.SEE_PERSON)
    context = {
        "view": view,
        "views": [
            {
                "url": f"{request.path}?view={name}",
                "text": label,
                "count": jinja.figure(min(counts[name], queries.COUNT_LIMIT))
                + ("+" if counts[name] > queries.COUNT_LIMIT else ""),
                "current": name == view,
                "late": name == "late" and counts[name] > 0,
            }
            for name, label in lists.VIEW_NAMES.items()
        ],
        "listing": listing,
        "page": page,
        "rows": lists.written(rows, names, people, persons, by.where.commune),
        "today": clock.today(),
        "selects": _selects(by, listing, staff),
        "title": lists.VIEW_NAMES[view],
        "several": [(str(verb), _(BUTTONS[verb])) for verb in batch.offered(by)],
        "kept": request.GET.urlencode(),
        "mine": [
            {
                "url": f"{request.path}?{each.query}",
                "text": each.name,
                "current": QueryDict(each.query) == request.GET,
            }
            for each in saved.mine(by)
        ],
        "keep_url": f"{reverse('work-lists')}?{urlencode({'back': _unsearched(request.GET)})}",
        "tools": _tools(by),
        "may_receive": by.reach(Verb.RECEIVE) != Reach(),
        "exports": [
            (
                kind.upper(),
                listing.export_link(kind, reverse("work-export", args=[view, kind]).rsplit(".", 1)[0]),
            )
            for kind in ("csv", "xlsx")
        ],
    }
    return render(request, "window/queue.html", context)


def _unsearched(params: QueryDict) -> str:
    """The address's part without the words that are searched, which go into no other address."""
    kept = params.copy()
    kept.pop("q", None)
    return kept.urlencode()


def _selects(
    by: Acting, listing: Listing, staff: dict[UUID, dict[str, str]]
) -> list[tuple[str, str, list[tuple[str, str]], str]]:
    """The filters' choices: state, service, village of the hall, officer in charge (of ``staff``)."""
    every = ("", _("All"))
    found: list[tuple[str, str, list[tuple[str, str]], str]] = [
        ("state", _("State"), [every, *((str(s), jinja.term(s)) for s in State)], listing.typed("state")),
        (
            "service",
            _("Service"),
            [every, *((code, jinja.name(names)) for code, names in queries.choices())],
            listing.typed("service"),
        ),
    ]
    if (marks := escalating.names()) and by.reach(Verb.ESCALATED) != Reach():
        choices = [(code, jinja.name(names)) for code, names in marks.items()]
        found.append(("escalated", _("Escalated"), [every, *choices], listing.typed("escalated")))
    where = by.where
    below: list[Any] = places.children(where.place) if where.place else places.children()
    if below:
        choices = [(unit.key, jinja.name(unit.names)) for unit in below]
        found.append(("place", _("Place"), [every, *choices], listing.typed("place")))
    if staff:
        people = [(str(key), jinja.name(names)) for key, names in staff.items()]
        found.append(("assigned", _("Officer in charge"), [every, *people], listing.typed("assigned")))
    return found


@never_cache
@require_safe
def download(request: HttpRequest, view: str, kind: str) -> HttpResponseBase:
    """The list as a file, without personal data."""
    by = _by(request)
    if view not in queries.VIEWS:
        raise Malformed(_("There is no such list."))
    listing = Listing.of(request.GET, lists.spec(by), strict=True, path=request.path)
    rows = listing.apply(queries.listing(by).filter(queries.view(by, view)))
    serialise = lists.serialiser(by)
    found = (plain for chunk in _chunks(rows) for plain in serialise(chunk))
    looking.search(by, listing.q)
    return export.write(_("Requests"), lists.COLUMNS, found, kind, mark=shown.mark())


def _chunks(rows: Any, size: int = 500) -> Any:
    chunk: list[Any] = []
    for row in rows.iterator(chunk_size=size):
        chunk.append(row)
        if len(chunk) == size:
            yield chunk
            chunk = []
    yield chunk
