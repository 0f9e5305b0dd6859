"""Which service does a resident mean? They say it in their own words and choose among what is proposed; nothing is stored."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from sala.kit.errors import NotFound
from sala.offices import queries as offices
from sala.places import queries as places
from sala.ui import jinja
from sala.window import forms, queries, shown
from sala.window.proposal import serving
from sala.window.terms import Level


@dataclass(frozen=True)
class Choice:
    """A service that may be meant, and where it is decided: ``elsewhere`` is the sentence for one the commune does not decide."""

    service: Any
    elsewhere: str


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Say what you need; up to three services are proposed, with what they cost, how long they take and who decides."""
    posted = request.method == "POST"
    key = _hall(request.POST.get("place", "") if posted else request.GET.get("place", ""))
    form = forms.AskForm(request.POST if posted else None)
    context: dict[str, Any] = {"form": form, "key": key, "choices": None, "shown": shown, **shown.frame(key)}
    if posted and form.is_valid():
        context |= _proposed(form.cleaned_data["text"], key)
    status = 422 if posted and not form.is_valid() else 200
    return render(request, "window/ask.html", context, status=status)


def _hall(typed: str) -> str:
    """The hall that was chosen before; empty for none and for what is no place."""
    unit = places.unit(typed[:16])
    return unit.key if unit is not None else ""


def _proposed(words: str, key: str) -> dict[str, Any]:
    """What the words may mean, among the services on offer; none where the pack proposes nothing."""
    offered = {row.code: row for row in queries.services()}
    try:
        answer = serving.answer(words, offered)
    except NotFound:
        return {"words": words, "choices": [], "unsure": True}
    likely = [offered[each.code] for each in answer.services[: serving.LIKELY]]
    return {
        "words": words,
        "unsure": answer.unsure,
        "choices": [Choice(row, _elsewhere(row, key)) for row in likely],
    }


def _elsewhere(service: Any, key: str) -> str:
    """Who is responsible where it is not the commune, and that the request gets there; empty for the commune's own."""
    if service.level == Level.COMMUNE:
        return ""
    office = offices.serving(key, service.level) if key or service.level == Level.NATION else None
    if office is not None:
        who = jinja.name({"km": office.name_km, "en": office.name_en})
        return _(
            "Your commune does not decide this: %(office)s does. Apply here; the request goes there."
        ) % {"office": who}
    return _(
        "Your commune does not decide this; the level that does: %(level)s. Apply here; the request goes there."
    ) % {"level": shown.level(service)}
