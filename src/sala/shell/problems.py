"""How does a problem reach the reader? A page in their language, or problem+json for programs; never a bare error."""

import html
import logging
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

from allauth.core.exceptions import ReauthenticationRequired
from django.core.exceptions import (
    BadRequest,
    ObjectDoesNotExist,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    UnreadablePostError,
)
from django.http.multipartparser import MultiPartParserError
from django.http.request import RawPostDataException
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from ninja.errors import HttpError, ValidationError

from sala.jobs.rules import describe
from sala.kit import api, bounds
from sala.kit.errors import (
    Changed,
    Invalid,
    Malformed,
    NoRoom,
    NotFound,
    NotPossible,
    NotSignedIn,
    Problem,
    Refused,
    TooLarge,
    TooMany,
    Unavailable,
)
from sala.kit.language import PROGRAMS, language_of
from sala.window.open311 import writing as open311

log = logging.getLogger("sala.problems")
JSON = "application/problem+json"
OPEN311 = "/open311/"
"""Where errors have the form of another standard."""

TITLES = {
    400: _("This could not be read"),
    401: _("Please sign in first"),
    403: _("You may not do this"),
    404: _("There is nothing here"),
    405: _("This does not work that way"),
    409: _("Not possible just now"),
    411: _("This could not be read"),
    412: _("Somebody was faster"),
    413: _("Too large"),
    414: _("The address is too long"),
    415: _("This could not be read"),
    422: _("Please check what you entered"),
    428: _("Say which version you read"),
    429: _("Too often"),
    431: _("This could not be read"),
    500: _("Something went wrong here"),
    503: _("Just a moment"),
    507: _("No room left"),
}
TITLES_OF_CODES = {"csrf": _("Please send it once more")}
NOTHING_HERE = _(
    "There is nothing at this address, or it is not for you to see. Check the address, or start again."
)
BUSY = _("Sala is busy or being looked after. Nothing was lost or half done. Please try again in a minute.")
OURS = _("The fault is ours, and it has been noted. Nothing was half done. Please try again in a minute.")
AGAIN = _(
    "You signed in a while ago, and this can't be undone. Say again who you are on the page, or sign in anew."
)
NOT_ALLOWED = _("This address exists, but not for this kind of request.")


class _Own(Problem):
    """A status that no room raises, in the same dress."""

    def __init__(self, status: int, message: object, code: str) -> None:
        super().__init__(message, code=code)
        self.status = status


def of(exc: BaseException) -> Problem | None:
    """The problem an exception is for the reader, or None where it is a fault of ours."""
    match exc:
        case Problem():
            return exc
        case _ if bounds.no_room(exc):
            log.error("the disk is full: %s", type(exc).__name__)
            return NoRoom(bounds.FULL)
        case Http404() | ObjectDoesNotExist():
            return NotFound(NOTHING_HERE)
        case ReauthenticationRequired():
            return Refused(AGAIN, code="sign-in-again")
        case PermissionDenied():
            return Refused(_("You may see this, but not do this."))
        case ValidationError():
            return api.from_validation(exc.errors)
        case HttpError():
            inner = exc.__cause__
            return inner if isinstance(inner, Problem) else _Own(exc.status_code, str(exc), "problem")
        case RequestDataTooBig():
            return bounds.too_large()
        case TooManyFieldsSent() | TooManyFilesSent():
            return TooLarge(_("Too many fields or files were sent at once."), code="too-many-fields")
        case RawPostDataException():  # a form was sent where the API takes JSON
            return api.not_json()
        case SuspiciousOperation() | BadRequest() | MultiPartParserError() | UnreadablePostError():
            return Malformed(_("What was sent can't be read. Please send it again."))
        case OperationalError() | InterfaceError():
            log.error("the database is away or busy: %s", describe(type(exc).__name__, str(exc)))
            return Unavailable(BUSY)
        case DataError() | OverflowError():
            log.warning("a value passed the bounds and the database refused it", exc_info=exc)
            return Invalid(
                _("A number or text is larger than can be kept. Please shorten it."), code="out-of-range"
            )
        case IntegrityError():
            log.error("a rule of the database refused a change", exc_info=exc)
            return NotPossible(
                _("This does not fit what is kept already; perhaps somebody was faster. Read it again.")
            )
    return None


def for_program(request: HttpRequest) -> bool:
    """Whether the asker is a program: by the address, or because it asks for JSON and not for a page."""
    if request.path_info.startswith(PROGRAMS):
        return True
    accept = request.META.get("HTTP_ACCEPT", "")
    return "text/html" not in accept and (
        "application/problem+json" in accept or "application/json" in accept
    )


def title_of(problem: Problem) -> object:
    """A few words for the kind of problem."""
    return TITLES_OF_CODES.get(problem.code) or TITLES.get(problem.status, TITLES[400])


def show(request: HttpRequest, problem: Problem, *, resend: bool = False) -> HttpResponseBase:
    """The response to a problem. ``resend``: offer to send the typed form once more (its own check has failed)."""
    with translation.override(language_of(request)):
        if request.path_info.startswith(OPEN311):
            kind = "xml" if request.path_info.endswith(".xml") else "json"
            response: HttpResponseBase = open311.told(kind, problem)
        elif for_program(request):
            response = as_json(problem)
            patch_vary_headers(response, ("Accept-Language",))
        elif isinstance(problem, NotSignedIn) and request.method in ("GET", "HEAD") and _route("sign-in"):
            query = urlencode({"next": request.get_full_path()})
            return HttpResponseRedirect(f"{_route('sign-in')}?{query}")
        else:
            response = _as_page(request, problem, resend)
        response.headers["Content-Language"] = translation.get_language() or "km"
        response.headers["Cache-Control"] = "no-store"
        if isinstance(problem, NotSignedIn):
            response.headers["WWW-Authenticate"] = 'Bearer realm="Sala"'
        if isinstance(problem, TooMany):
            response.headers["Retry-After"] = str(problem.retry_after)
        elif isinstance(problem, Unavailable):
            response.headers["Retry-After"] = "5"
        elif isinstance(problem, NoRoom):
            response.headers["Retry-After"] = "600"
        return response


def as_json(problem: Problem) -> HttpResponse:
    """RFC 9457, in the active language."""
    response = api.json({"errors": [], **api.problem_body(problem, title_of(problem))}, problem.status)
    response.headers["Content-Type"] = JSON
    return response


def _route(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _actions(request: HttpRequest, problem: Problem) -> list[tuple[str, str]]:
    """Ways on besides the front door."""
    if isinstance(problem, NotSignedIn) and _route("sign-in"):
        return [(_route("sign-in"), gettext("Sign in"))]
    if isinstance(problem, Changed | NotPossible):
        return [(request.path, gettext("See how it stands now"))]
    if problem.status >= 500 or isinstance(problem, TooMany):
        return [(request.get_full_path() if request.method == "GET" else request.path, gettext("Try again"))]
    return []


_SECRET = ("password", "otp", "csrf", "code", "credential")
_PASSWORDS = ("old", "new")  # of the account page


def _typed(request: HttpRequest) -> list[tuple[str, str]]:
    """What a form held, without secrets; empty when it can't be read."""
    try:
        return [
            (name, value)
            for name, values in request.POST.lists()
            for value in values
            if name not in _PASSWORDS and not any(word in name.lower() for word in _SECRET)
        ]
    except (RequestDataTooBig, SuspiciousOperation, MultiPartParserError, BadRequest, OSError):
        return []


def _as_page(request: HttpRequest, problem: Problem, resend: bool) -> HttpResponse:
    title = api.say(title_of(problem))
    message = api.say(problem.message) or title
    errors = [{"field": each.field, "message": api.say(each.message)} for each in problem.errors]
    waits = isinstance(problem, NotSignedIn | Unavailable | NoRoom) and request.method == "POST"
    again = _typed(request) if resend or waits else []
    context = {
        "title": title,
        "message": message,
        "errors": errors,
        "actions": _actions(request, problem),
        "status": problem.status,
        "typed": again,
        "address": request.get_full_path(),
        "files_lost": bool(again) and request.content_type == "multipart/form-data",
    }
    try:
        return render(request, "shell/problem.html", context, status=problem.status)
    except Exception:
        log.exception("the problem's page could not be made")
        return _bare(problem.status, title, message)


def _bare(status: int, title: str, message: str) -> HttpResponse:
    """A page that needs nothing but this function."""
    code = "en" if (translation.get_language() or "km").startswith("en") else "km"
    home = gettext("Go to the first page")
    return HttpResponse(
        f'<!doctype html><html lang="{code}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{html.escape(title)} - Sala</title>'
        f'</head><body><main><h1>{html.escape(title)}</h1><p>{html.escape(message)}</p><p><a href="/{code}/">'
        f"{html.escape(home)}</a></p></main></body></html>",
        status=status,
    )


class ProblemMiddleware:
    """The innermost: turns what a view raises, and bare error responses, into something a reader understands."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """A bare 404 or 405 gets its sentence."""
        response = self.get_response(request)
        if (
            response.status_code == HTTPStatus.METHOD_NOT_ALLOWED
            and response.headers.get("Content-Type") != JSON
        ):
            told = show(request, _Own(405, NOT_ALLOWED, "method-not-allowed"))
            told.headers["Allow"] = response.headers.get("Allow", "")
            return told
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """What a view raised, as a problem; None leaves a fault of ours to `server_error`, and on pages to allauth the
        question who one is.
        """
        if isinstance(exception, ReauthenticationRequired) and not for_program(request):
            return None
        problem = of(exception)
        return None if problem is None else show(request, problem)


def bad_request(request: HttpRequest, exception: BaseException) -> HttpResponseBase:
    """handler400."""
    return show(request, of(exception) or Malformed(_("What was sent can't be read. Please send it again.")))


def permission_denied(request: HttpRequest, exception: BaseException) -> HttpResponseBase:
    """handler403."""
    return show(request, of(exception) or Refused(_("You may see this, but not do this.")))


def page_not_found(request: HttpRequest, exception: BaseException) -> HttpResponseBase:
    """handler404."""
    return show(request, NotFound(NOTHING_HERE))


def server_error(request: HttpRequest) -> HttpResponseBase:
    """handler500: for faults of ours, and for problems that a middleware raised."""
    import sys

    exc = sys.exc_info()[1]
    problem = of(exc) if exc is not None else None
    return show(request, problem or _Own(500, OURS, "fault"))


def _from_our_pages(request: HttpRequest) -> bool:
    """Whether the browser says that the form stood on a page of this server."""
    try:
        origin = request.headers.get("Origin") or request.headers.get("Referer") or ""
        return urlsplit(origin).netloc == request.get_host()
    except ValueError:  # an address that is none
        return False


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """The form's check against forged requests has failed: say what to do, and keep what was typed.

    Only where the form came from our own pages may it be sent once more from here; a foreign page's form may not.
    """
    ours = _from_our_pages(request)
    sentence = (
        _("The page was open too long, or you have signed in meanwhile. Nothing is lost: press “Send again”.")
        if ours
        else _(
            "This form did not come from one of Sala's pages, or the browser keeps no cookies. "
            "Allow cookies for this site, go back, load the page again and send it once more."
        )
    )
    return show(request, Refused(sentence, code="csrf"), resend=ours)
