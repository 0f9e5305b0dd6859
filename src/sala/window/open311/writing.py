"""How is an answer of GeoReport v2 written? The same plain values as XML or JSON, and errors as the standard has them."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import wraps
from typing import Any
from xml.etree.ElementTree import Element, tostring

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _

from sala.kit import clock
from sala.kit.errors import Problem

TYPES = {"json": "application/json; charset=utf-8", "xml": "text/xml; charset=utf-8"}
LANGUAGES = ("km", "en")
DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>\n'


class Refused311(Exception):  # noqa: N818 - the standard's own errors, one or several
    """What is answered instead: an HTTP status and the sentences, each with its code."""

    def __init__(self, status: int, *sentences: str) -> None:
        super().__init__(*sentences)
        self.status = status


def moment(at: datetime | None) -> str | None:
    """A moment as W3C-DTF with the country's offset and without fractions of a second."""
    return None if at is None else at.astimezone(clock.zone()).isoformat(timespec="seconds")


def written(kind: str, root: str, item: str, value: Any, status: int = 200) -> HttpResponse:
    """``value`` (a mapping, or a sequence of mappings that XML calls ``item``) as this kind of document."""
    if kind == "json":
        body = json.dumps(value, ensure_ascii=False).encode()
    else:
        body = DECLARATION + tostring(_element(root, item, value), encoding="unicode").encode()
    response = HttpResponse(body, status=status, content_type=TYPES[kind])
    response["Access-Control-Allow-Origin"] = "*"
    response["Content-Language"] = translation.get_language() or "km"
    return response


_NO_XML = re.compile("[^\\t\\n\\r\\u0020-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
"""Signs that no XML 1.0 can hold, not even escaped; an error may repeat what a client sent."""

ITEMS = {"attributes": "attribute", "values": "value", "endpoints": "endpoint", "formats": "format"}


def _element(name: str, item: str, value: Any) -> Element:
    found = Element(name)
    if isinstance(value, Mapping):
        for key, inner in value.items():
            found.append(_element(key, ITEMS.get(key, "item"), inner))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for inner in value:
            found.append(_element(item, "item", inner))
    elif value is not None:
        text = ("true" if value else "false") if isinstance(value, bool) else str(value)
        found.text = _NO_XML.sub("\ufffd", text)
    return found


def errors(kind: str, status: int, sentences: Sequence[str]) -> HttpResponse:
    """The standard's array of errors: the code is that of HTTP."""
    said = [{"code": status, "description": str(sentence)} for sentence in sentences]
    return written(kind, "errors", "error", said, status)


def answers(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Every answer of Open311: in the ``locale`` asked for, in the format of the address, errors as the standard has them."""

    @wraps(view)
    def answered(request: HttpRequest, kind: str, **given: Any) -> HttpResponse:
        if kind not in TYPES:
            raise Http404
        locale = request.GET.get("locale", "")
        language = locale if locale in LANGUAGES else translation.get_language() or "km"
        with translation.override(language):
            try:
                if locale and locale not in LANGUAGES:
                    raise Refused311(400, _("locale: give km or en."))
                return view(request, kind, **given)
            except Refused311 as refused:
                return errors(kind, refused.status, refused.args)
            except Problem as problem:
                return told(kind, problem)

    return answered


def told(kind: str, problem: Problem) -> HttpResponse:
    """A problem of the house in the standard's words, as this kind of document: what is wrong with a field is a 400 here."""
    said = [f"{fault.field}: {_(str(fault.message))}" for fault in problem.errors]
    status = 400 if problem.status in (409, 422) else problem.status
    response = errors(kind, status, said or [_(str(problem.message))])
    if problem.status == 429:
        response["Retry-After"] = str(getattr(problem, "retry_after", 60))
    return response
