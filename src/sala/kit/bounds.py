"""Is this request within bounds? NUL bytes, huge numbers and crafted headers end here with a clear 4xx."""

import errno
import re
import sqlite3
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    DisallowedHost,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.http import HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext_lazy as _

from sala.kit.errors import FieldError, Malformed, NoRoom, Problem, TooLarge

LONGEST_PATH = 2_000
LONGEST_QUERY = 8_000
LONGEST_HEADER = 8_000
LONGEST_NAME = 200
MOST_PARAMETERS = 100
LARGEST_UPLOAD = 64 * 1024 * 1024
"""Bytes of a whole multipart body; each room bounds its single files tighter."""

# Tab and line ends belong to texts; vertical tab and form feed come with pasted text and are taken out later.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_HEADER_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NUMBER = re.compile(r"[0-9]{1,6}")
_BROKEN = re.compile(r"%[89A-F][0-9A-F]")
_HOST = re.compile(r"[A-Za-z0-9.\-_:\[\]]{1,255}")
_NUMBERS = frozenset({"page", "page_size"})
_FORWARDED = tuple(f"HTTP_X_FORWARDED_{name}" for name in ("PROTO", "HOST", "PORT", "FOR"))
_ALL_HOSTS = frozenset({"/healthz", "/readyz"})

CONTROL = _("What was sent holds a character that can't be read. Please type it again.")
FULL = _(
    "There is no room left on this server, so nothing was kept of what you sent. You can go on reading. "
    "Please send it again later, or come to the hall."
)
NOT_UTF8 = _("What was sent is not readable text (UTF-8).")


class TooLong(Problem):
    """414: the address is longer than we take."""

    status, code = 414, "address-too-long"


class HeaderTooLarge(Problem):
    """431: a header is longer than we take."""

    status, code = 431, "header-too-large"


class UnknownCoding(Problem):
    """415: a body in a form we don't read."""

    status, code = 415, "unknown-encoding"


class LengthMissing(Problem):
    """411: a body whose length is not told."""

    status, code = 411, "length-missing"


def _plain(request: HttpRequest, problem: Problem) -> HttpResponseBase:
    return HttpResponse(str(problem.message), status=problem.status, content_type="text/plain; charset=utf-8")


_renderers: list[Callable[[HttpRequest, Problem], HttpResponseBase]] = [_plain]


def register(render: Callable[[HttpRequest, Problem], HttpResponseBase]) -> None:
    """Let the top floor say how a problem is shown; the last one registered counts."""
    _renderers.append(render)


def answer(request: HttpRequest, problem: Problem) -> HttpResponseBase:
    """The response to a problem found in a middleware, where raising it would become a 500."""
    return _renderers[-1](request, problem)


def no_room(exc: BaseException | None) -> bool:
    """Whether an exception, or what it came from, says that the disk or a quota is full (of files or of either database)."""
    while exc is not None:
        if (
            (isinstance(exc, OSError) and exc.errno in (errno.ENOSPC, errno.EDQUOT))
            or getattr(exc, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
            or getattr(exc, "sqlstate", None) == "53100"
        ):
            return True
        exc = exc.__cause__
    return False


class BoundsMiddleware:
    """Looks at each request before anything else reads it; what passes can be stored by both databases."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with the problem, or let the request in."""
        try:
            check(request)
        except Problem as problem:
            return answer(request, problem)
        return self.get_response(request)


def check(request: HttpRequest) -> None:
    """Raise a `Problem` where the request is out of bounds."""
    _check_headers(request)
    _check_path(request)
    _check_length(request)
    _check_query(request)
    _check_form(request)


def _check_headers(request: HttpRequest) -> None:
    values = [str(value) for name, value in request.META.items() if name.startswith(("HTTP_", "CONTENT_"))]
    if any(len(value) > LONGEST_HEADER for value in values):
        raise HeaderTooLarge(
            _("A header of the request is too long. Delete this site's cookies and try again.")
        )
    if _HEADER_CONTROL.search(" ".join(values)):
        raise Malformed(_("A header of the request holds characters that can't be read."), code="header")
    if any(_CONTROL.search(value) for pair in request.COOKIES.items() for value in pair):
        raise Malformed(_("A cookie can't be read. Delete this site's cookies and try again."), code="cookie")
    meta = request.META
    try:
        if request.path_info not in _ALL_HOSTS:
            request.get_host()
    except DisallowedHost:
        raise Malformed(_("This server does not answer under that name."), code="host") from None
    if not any(name in meta for name in _FORWARDED):
        return
    proto = meta.get("HTTP_X_FORWARDED_PROTO", "https")
    host = meta.get("HTTP_X_FORWARDED_HOST", "localhost")
    port = meta.get("HTTP_X_FORWARDED_PORT", "443")
    if (
        proto.strip().lower() not in ("http", "https")
        or not _HOST.fullmatch(host.strip())
        or not re.fullmatch(r"[0-9]{1,5}", port.strip())
        or not all(_is_address(part) for part in meta.get("HTTP_X_FORWARDED_FOR", "::1").split(","))
    ):
        raise Malformed(_("A forwarding header (X-Forwarded-...) can't be read."), code="forwarded")


def _is_address(text: str) -> bool:
    text = text.strip()
    if text.lower() == "unknown" or text == "":
        return text != ""
    found = re.fullmatch(r"\[([^\]]*)\](?::[0-9]{1,5})?", text) or re.fullmatch(
        r"([0-9.]+)(?::[0-9]{1,5})?", text
    )
    try:
        ip_address(found[1] if found else text)
    except ValueError:
        return False
    return True


def _check_path(request: HttpRequest) -> None:
    path = request.path_info
    if len(path) > LONGEST_PATH:
        raise TooLong(_("The address is too long."))
    if _BROKEN.search(path):  # how Django writes bytes of a path that are no UTF-8
        raise Malformed(NOT_UTF8, code="path")
    if _HEADER_CONTROL.search(path) or "\t" in path:
        raise Malformed(_("The address holds characters that can't be read."), code="path")


def _check_length(request: HttpRequest) -> None:
    given = request.META.get("CONTENT_LENGTH") or "0"
    if not re.fullmatch(r"[0-9]{1,18}", given):
        raise Malformed(_("The length of what was sent is not a number."), code="content-length")
    if (
        request.META.get("HTTP_TRANSFER_ENCODING")
        and not int(given)
        and request.method in ("POST", "PUT", "PATCH")
    ):
        raise LengthMissing(_("Send the length of the body (Content-Length)."))
    coding = request.META.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
    if coding not in ("identity", ""):
        raise UnknownCoding(_("Send the body without compression (Content-Encoding)."))
    many = request.content_type == "multipart/form-data"
    most = LARGEST_UPLOAD if many else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if most is not None and int(given) > most:
        raise too_large(many)


def too_large(upload: bool = False) -> TooLarge:
    """The sentence for a body beyond all bounds."""
    if upload:
        return TooLarge(_("The files are too large together. Send fewer or smaller pictures."))
    return TooLarge(_("That is more than can be sent at once. Shorten it, please."))


def _check_query(request: HttpRequest) -> None:
    query = request.META.get("QUERY_STRING", "")
    if not query:
        return
    if len(query) > LONGEST_QUERY:
        raise TooLong(_("The address is too long."))
    try:
        unquote_to_bytes(query.encode("latin-1")).decode("utf-8")
    except UnicodeError:
        raise Malformed(NOT_UTF8, code="query") from None
    try:
        fields = [(name, value) for name, values in request.GET.lists() for value in values]
    except TooManyFieldsSent:
        raise Malformed(_("The address holds too many parameters."), code="too-many-parameters") from None
    if len(fields) > MOST_PARAMETERS:
        raise Malformed(_("The address holds too many parameters."), code="too-many-parameters")
    _check_fields(fields)
    for name, value in fields:
        if name in _NUMBERS and value and not _NUMBER.fullmatch(value):
            sentence = _("Give a whole number of at most six digits.")
            raise Malformed(
                _("The page number in the address is not a usable number."),
                code="page-number",
                errors=[FieldError(name, "number", sentence)],
            )


def _check_fields(fields: Iterable[tuple[str, str]]) -> None:
    for name, value in fields:
        if len(name) > LONGEST_NAME:
            raise Malformed(_("The name of a field is too long."), code="field-name")
        if _CONTROL.search(name) or _CONTROL.search(value):
            raise Malformed(
                CONTROL, code="control-character", errors=[_field(name, "control-character", CONTROL)]
            )
        if "\ufffd" in value or "\ufffd" in name:  # what Django makes of bytes that are no UTF-8
            raise Malformed(NOT_UTF8, code="not-utf-8", errors=[_field(name, "not-utf-8", NOT_UTF8)])


def _field(name: str, code: str, message: object) -> FieldError:
    return FieldError(_CONTROL.sub("", name).replace("\ufffd", ""), code, message)


def _check_form(request: HttpRequest) -> None:
    """Read a form's fields once, here; Django keeps them, with the files, for the view."""
    if request.method != "POST" or request.content_type not in (
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ):
        return
    try:
        _check_fields((name, value) for name, values in request.POST.lists() for value in values)
        if request.content_type != "multipart/form-data":
            unquote_to_bytes(request.body).decode("utf-8")  # Django would read it as Latin-1
        _check_fields((name, upload.name or "") for name, files in request.FILES.lists() for upload in files)
    except RequestDataTooBig:
        raise too_large() from None
    except (TooManyFieldsSent, TooManyFilesSent):
        raise TooLarge(_("Too many fields or files were sent at once."), code="too-many-fields") from None
    except (MultiPartParserError, BadRequest, SuspiciousOperation, UnicodeError, ValueError, LookupError):
        raise Malformed(_("The form can't be read. Please send it again."), code="form") from None
    except (UnreadablePostError, OSError) as error:
        if no_room(error):
            raise NoRoom(FULL) from None
        raise Malformed(
            _("The connection broke while sending. Please send it again."), code="broken-off"
        ) from None
