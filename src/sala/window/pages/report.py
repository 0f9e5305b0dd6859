"""How does a resident report a problem or apply? One question a page; what was typed travels in hidden fields."""

import hashlib
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from sala.accounts import asking
from sala.files import actions as files
from sala.kit import ids, network
from sala.kit.canonical import canonical
from sala.kit.errors import Invalid, NotFound, NotSignedIn, Problem, Refused, TooMany
from sala.kit.khmer import ascii_digits
from sala.kit.terms import N_
from sala.numbers.idempotency import Answer, once
from sala.places import queries as places
from sala.ui import jinja
from sala.window import actions, attributes, forms, public, queries, shown
from sala.window.pages import maps
from sala.window.terms import Channel, Kind, Verb

FIELDS = {
    "service": ("service",),
    "where": ("place", "village", "location", "latitude", "longitude", "kept"),
    "what": ("description", "name", "phone", "email", "language", "channel"),
    "check": (),
}
STEPS = tuple(FIELDS)
LINKED = ("service", "place", "village")
SAID = (
    "description",
    "location",
    "latitude",
    "longitude",
    "name",
    "phone",
    "email",
    "language",
    "attributes",
)
JSON = "application/json"
ARRIVED = N_(
    "This form has arrived already, as it was before you changed it. If you send it again, it becomes a second request."
)
OTHER_SIGN_IN = N_("This was written under another sign-in. Sign in as the one who wrote it.")


class Flow:
    """One way through the questions: what has been typed so far, and what it means."""

    def __init__(self, request: HttpRequest, code: str = "", *, counter: bool = False) -> None:
        self.request = request
        self.counter = counter
        self.fixed = code
        self.owner = writer(request)
        self.data: QueryDict = request.POST.copy() if request.method == "POST" else _linked(request.GET)
        if code:
            self.data["service"] = code
        self.key = str(self.data.get("idempotency_key", ""))[:64] or str(ids.uuid7())
        self.service = self._service()
        self.steps = STEPS[1:] if code else STEPS
        self._settle_place()
        self.photos = [kept for kept in map(_uuid, self.data.getlist("kept")[: forms.MOST_PHOTOS]) if kept]
        self.photo_errors: list[str] = []
        self.map = False
        self.found: list[tuple[str, str, str]] | None = None

    def _service(self) -> Any:
        typed = str(self.data.get("service", ""))[:32]
        if not typed:
            return None
        try:
            return queries.service(typed)
        except NotFound:
            if self.fixed:
                raise
            return None

    def _settle_place(self) -> None:
        """A village that was found by itself becomes its commune and that village."""
        unit = places.unit(str(self.data.get("place", ""))[:16])
        if unit is None or unit.ended or unit.level not in ("commune", "village"):
            self.data["place"] = ""
            self.commune = ""
            return
        if unit.level == "village":
            self.data["village"] = unit.key
        self.commune = unit.commune
        self.data["place"] = self.commune

    @property
    def document(self) -> bool:
        """Whether a document is applied for."""
        return self.service is not None and self.service.kind == Kind.DOCUMENT

    def villages(self) -> list[tuple[str, str]]:
        """The villages of the commune that was chosen."""
        return (
            [(unit.key, jinja.name(places.title(unit.key))) for unit in places.children(self.commune)]
            if self.commune
            else []
        )

    def choices(self) -> list[tuple[str, str]]:
        """The problems one can report; at the counter every service."""
        rows = queries.services(kind="" if self.counter else Kind.REPORT)
        none = [("", _("Choose"))] if self.counter else []  # a list must not choose by itself
        return none + [(row.code, shown.short(row)) for row in rows]

    def hints(self) -> dict[str, str]:
        """How long each of the problems may take."""
        rows = queries.services(kind=Kind.REPORT)
        return {row.code: _("within %(days)s") % {"days": shown.time_for(row)} for row in rows}

    def form(self, step: str, *, bound: bool) -> Any:
        """The form of a step, with what was typed."""
        data = self.data if bound else None
        initial = None if bound else self.data.dict()
        if step == "service":
            return forms.ServiceForm(data, initial=initial, choices=self.choices())
        if step == "where":
            return forms.WhereForm(data, initial=initial, villages=self.villages())
        if initial is not None:
            initial = {"language": jinja.lang(), **initial, **self._asked()}
        kind = forms.CounterForm if self.counter else forms.WhatForm
        asks = self.service.asks if self.service is not None else ()
        return kind(data, initial=initial, document=self.document, asks=asks, lang=jinja.lang())

    def _asked(self) -> dict[str, Any]:
        """What was answered to the service's own questions, each as its control reads it: several, or the parts of a day."""
        asks = self.service.asks if self.service is not None else ()
        fields = {f"{forms.ASKED}{each.code}": forms.asked(each, jinja.lang()) for each in asks}
        return {name: field.widget.value_from_datadict(self.data, {}, name) for name, field in fields.items()}

    def carried(self, step: str) -> list[tuple[str, str]]:
        """What other steps have typed, for hidden fields."""
        names = [name for other in STEPS if other != step for name in FIELDS[other]]
        if step != "what":
            names += [name for name in self.data if name.startswith(forms.ASKED)]
        return [(name, value) for name in names for value in self.data.getlist(name) if value != ""]

    def take_photos(self) -> None:
        """Keep the photos of this sending; what can't be kept is said, the others stay."""
        removed = _uuid(str(self.data.get("remove_file", "")))
        self.photos = [photo for photo in self.photos if photo != removed]
        uploads = self.request.FILES.getlist("photos")
        if len(self.photos) + len(uploads) > forms.MOST_PHOTOS:
            self.photo_errors.append(_("Send at most three photos."))
            uploads = uploads[: max(0, forms.MOST_PHOTOS - len(self.photos))]
        where = places.where(self.commune) if self.commune else places.where("")
        source = "" if self.counter else network.address(self.request)
        for index, upload in enumerate(uploads, start=1):
            try:
                self.photos.append(files.keep(upload, purpose="window.request", at=where, source=source).id)
            except Problem as problem:
                said = _(str(problem.message))
                number = jinja.digits(index)
                self.photo_errors.append(_("Photo %(number)s: %(said)s") % {"number": number, "said": said})
        self.data.setlist("kept", [str(photo) for photo in self.photos])

    def find(self) -> None:
        """Look for the place that was typed."""
        words = str(self.data.get("place_search", ""))[:120].replace("\x00", "")
        units = places.search(words, limit=10, levels=("commune", "village")) if words.strip() else []
        self.found = [(unit.key, jinja.name(places.title(unit.key)), _above(unit.key)) for unit in units]


def writer(request: HttpRequest) -> str:
    """Under which sign-in a form is written, as a keyed digest; empty for residents without an account."""
    acting = request.acting  # type: ignore[attr-defined]
    return network.pseudonym(acting.post, "writer") if acting.signed_in else ""


def _linked(typed: QueryDict) -> QueryDict:
    """What a link may fill in: the service and the place. Not how to reach somebody, nor the form's key: a link may be
    a stranger's, and the code would go to him.
    """
    found = QueryDict(mutable=True)
    for name in LINKED:
        if name in typed:
            found.setlist(name, typed.getlist(name))
    return found


def _uuid(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None


def _above(key: str) -> str:
    return " ".join(jinja.name(places.title(unit.key)) for unit in reversed(places.line(key)[:-1]))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """Report a problem."""
    return _walk(Flow(request))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: HttpRequest, code: str) -> HttpResponse:
    """Apply for a document (or report the one problem of that service)."""
    return _walk(Flow(request, code))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def counter(request: HttpRequest) -> HttpResponse:
    """Take in a request at the counter or by telephone, for somebody who is there."""
    acting = asking.with_verb(request, Verb.RECEIVE, _("Your post does not take in requests."))
    flow = Flow(request, counter=True)
    if request.method != "POST" and not flow.commune and acting.where.commune:
        flow.data["place"] = acting.where.commune
        flow._settle_place()
    return _walk(flow)


def _walk(flow: Flow) -> HttpResponse:
    data = flow.data
    if (
        flow.request.method != "POST" or "asked" in data
    ):  # `ask` sends the words on: the walk begins with them
        first = flow.steps[0]
        if flow.service is not None and first == "service" and not flow.counter:
            first = "where"
        return _ask(flow, first, bound=False)
    if flow.request.headers.get("Accept") == JSON:
        return _deliver(flow)
    step = data.get("step", flow.steps[0])
    step = step if step in flow.steps else flow.steps[0]
    if step == "where" or flow.request.FILES:
        flow.take_photos()
    if "back" in data or "edit" in data:
        target = data.get("edit") or flow.steps[max(0, flow.steps.index(step) - 1)]
        return _ask(flow, target if target in flow.steps else flow.steps[0], bound=False)
    if "change_place" in data:
        data["place"], data["village"], flow.commune = "", "", ""
        return _ask(flow, "where", bound=False)
    if "find_place" in data:
        flow.find()
        return _ask(flow, "where", bound=False)
    if "show_map" in data or "point.x" in data:
        flow.map = True
        found = maps.touched(flow.commune, str(data.get("point.x", "")), str(data.get("point.y", "")))
        if found is not None:
            data["latitude"], data["longitude"] = str(found[0]), str(found[1])
        return _ask(flow, "where", bound=False)
    if "remove_file" in data:
        return _ask(flow, "where", bound=False)
    return _forward(flow, step)


def _forward(flow: Flow, step: str) -> HttpResponse:
    """Go on after ``step``; the first step with something wrong is asked again."""
    if step in ("where", "check") and not flow.commune and str(flow.data.get("place_search", "")).strip():
        flow.find()
        return _ask(flow, "where", bound=False, nothing_chosen=True)
    if (
        step == "where"
        and flow.commune
        and "village" not in flow.request.POST
        and not flow.data.get("village")
        and flow.villages()
    ):
        return _ask(flow, "where", bound=False)
    for each in flow.steps[: flow.steps.index(step) + 1]:
        if each == "check":
            break
        form = flow.form(each, bound=True)
        if not form.is_valid() or (each == "where" and flow.photo_errors):
            return _ask(flow, each, bound=True)
    if step == "check":
        return _send(flow)
    return _ask(flow, flow.steps[flow.steps.index(step) + 1], bound=False)


def _ask(
    flow: Flow, step: str, *, bound: bool, nothing_chosen: bool = False, problem: Problem | None = None
) -> HttpResponse:
    form = flow.form(step, bound=bound) if step != "check" else None
    if step == "where" and form is not None:
        if nothing_chosen and not flow.found:
            form = flow.form(step, bound=True)
        form.is_valid()
        for said in flow.photo_errors:
            if form.is_bound:
                form.add_error("photos", said)
    kept = [
        {
            "id": photo,
            "name": _("Photo %(number)s") % {"number": jinja.digits(number)},
            "url": "",
            "size_text": "",
        }
        for number, photo in enumerate(flow.photos, start=1)
    ]
    context = {
        "flow": flow,
        "step": step,
        "number": flow.steps.index(step) + 1,
        "of": len(flow.steps),
        "form": form,
        "carried": flow.carried(step),
        "kept": kept,
        "shown": shown,
        "service": flow.service,
        "script": flow.request.method == "POST"
        or flow.counter,  # not on the first page: bytes are the resident's money
        "base": "ui/staff.html" if flow.counter else "ui/page.html",
        **shown.frame(flow.commune),
        "commune": jinja.name(places.title(flow.commune)) if flow.commune else "",
        "line": _above(flow.commune) if flow.commune else "",
        "village": _village(flow),
        "search": str(flow.data.get("place_search", ""))[:120],
        "problem": problem,
        "has_map": step == "where" and bool(maps.geometry(flow.commune)),
        "at": ",".join(part for part in (flow.data.get("latitude"), flow.data.get("longitude")) if part),
        "answers": (answers := _answers(flow) if step == "check" else {}),
        "asked": attributes.said(flow.service.asks, answers["attributes"], jinja.lang()) if answers else [],
        "hints": flow.hints() if step == "service" and not flow.counter else {},
    }
    if step == "check":
        context |= shown.if_asked_now(flow.service, flow.commune)
        context["near"] = _near(flow, answers)
    status = (
        422 if problem is not None or (form is not None and form.is_bound and not form.is_valid()) else 200
    )
    if isinstance(problem, TooMany):
        status = problem.status
    response = render(flow.request, "window/report.html", context, status=status)
    if isinstance(problem, TooMany):
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def _village(flow: Flow) -> str:
    key = str(flow.data.get("village", ""))[:16]
    return jinja.name(places.title(key)) if key and places.unit(key) else ""


def _answers(flow: Flow) -> dict[str, Any]:
    """All that was typed, as it will be sent."""
    found: dict[str, Any] = {}
    for each in ("where", "what"):
        form = flow.form(each, bound=True)
        form.is_valid()
        found.update(form.cleaned_data)
    return found


def _near(flow: Flow, answers: dict[str, Any]) -> list[dict[str, Any]]:
    """The open reports that may be this one, without anything that was told."""
    if flow.service is None or "place" not in answers:
        return []
    latitude, longitude = answers.get("latitude"), answers.get("longitude")
    here = public.spot(flow.commune, answers.get("village") or "", latitude, longitude)
    return [shown.near(each) for each in public.similar(flow.service, here)]


def _send(flow: Flow) -> HttpResponse:
    try:
        code = _receive(flow)
    except Problem as problem:
        if problem.status in (401, 403):
            raise
        if (
            problem.code == "idempotency-key-reused"
        ):  # sent before, then changed: the next sending is another request
            flow.key = str(ids.uuid7())
            problem = Invalid(ARRIVED, code=problem.code)
        return _ask(flow, "check", bound=False, problem=problem)
    return redirect("request-received", code)


def _deliver(flow: Flow) -> HttpResponse:
    """What a browser kept while there was no network, sent by its service worker: 201 with the number and the page to open.

    422 says that the form has to be looked at; its worker then opens it, with what was typed, for the one who wrote it.
    """
    if str(flow.data.get("owner", "")) != flow.owner:
        raise Refused(OTHER_SIGN_IN, code="other-sign-in")
    for step in flow.steps[:-1]:
        if not flow.form(step, bound=True).is_valid():
            return JsonResponse({"step": step}, status=422)
    try:
        code = _receive(flow)
    except (NotSignedIn, Refused, TooMany):
        raise
    except Problem as problem:
        return JsonResponse({"step": "check", "detail": _(str(problem.message))}, status=422)
    number = queries.by_code(code).number
    return JsonResponse({"number": number, "url": reverse("request-received", args=[code])}, status=201)


def _receive(flow: Flow) -> str:
    """Take it in, once for the form's key; returns the code that opens it.

    Photos that come with the last step (kept by the browser until then) are told apart by their bytes: the same sending
    stores them anew each time it is tried, under other ids.
    """
    answers = _answers(flow)
    acting = flow.request.acting  # type: ignore[attr-defined]
    source = network.address(flow.request)
    said = {
        "service": flow.service.code,
        "place": answers.get("village") or answers["place"],
        "channel": str(answers.get("channel") or Channel.WEB),
        **{name: answers[name] for name in SAID},
    }
    if flow.data.get("me_too"):
        said["joined"] = ascii_digits(str(flow.data["me_too"]))[:32]
    uploads = flow.request.FILES.getlist("photos") if flow.request.headers.get("Accept") == JSON else []

    def act() -> Answer:
        photos = [*flow.photos, *_stored(flow, uploads)]
        received = actions.receive(by=acting, photos=photos, source=source, own=False, **said)
        return Answer(201, {"id": str(received.request.id)})

    body = {**said, "photos": [str(photo) for photo in flow.photos]}
    if uploads:
        body["uploads"] = [hashlib.sha256(upload.read()).hexdigest() for upload in uploads]
    answer = once(flow.key, f"window.report:{acting.post}", canonical(body), act)
    return queries.code_of_id(UUID(str(answer.body["id"])))  # type: ignore[index]


def _stored(flow: Flow, uploads: list[Any]) -> list[UUID]:
    if len(flow.photos) + len(uploads) > forms.MOST_PHOTOS:
        raise Invalid(_("Send at most three photos."))
    at = places.where(flow.commune)
    source = "" if flow.counter else network.address(flow.request)
    return [files.keep(upload, purpose="window.request", at=at, source=source).id for upload in uploads]
