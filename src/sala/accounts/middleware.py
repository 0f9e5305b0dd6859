"""Who is asking? Put ``request.acting`` on every request: a resident, or the post held today by session or token."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.middleware.csrf import CsrfViewMiddleware
from django.urls import reverse

from sala.accounts import queries
from sala.accounts.acting import RESIDENT
from sala.accounts.rules import READ
from sala.kit.bounds import answer
from sala.kit.errors import NotSignedIn, Refused
from sala.kit.terms import N_

SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
BEFORE_FACTOR = ("factors", "codes", "codes-file", "sign-in-again", "sign-in-again-passkey", "sign-out")
"""Pages that open while the post demands a second factor that was not shown yet."""


class ActingMiddleware:
    """One join for a signed-in request, no read at all for a resident without a session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.csrf = CsrfViewMiddleware(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        header = request.headers.get("Authorization", "")
        kind, _, key = header.partition(" ")
        if kind.lower() == "bearer":
            found = queries.by_token(key.strip())
            if found is None:
                return _unknown_token(request)
            request.acting, user = found  # type: ignore[attr-defined]
            request.by_token = True  # type: ignore[attr-defined]
            # A programme sends its key itself; no browser adds it to a foreign page's request.
            request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
            _set_user(request, user)
            return self.get_response(request)
        found = queries.by_session(request)
        if found is not None:
            request.acting, user = found  # type: ignore[attr-defined]
            _set_user(request, user)
        else:
            request.acting = RESIDENT  # type: ignore[attr-defined]
            _set_user(request, AnonymousUser())
            if request.session.get("_auth_user_id"):
                request.session.flush()  # the post ended, the account was closed, or the password was changed
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        """The API's views are exempt from Django's check against forged requests; a session's cookie is checked here."""
        signed = getattr(request, "acting", RESIDENT) is not RESIDENT
        held_back = _held_back(request) if signed else None
        if held_back is not None:
            return held_back
        if request.method in SAFE or not signed or getattr(request, "by_token", False):
            return None
        if not getattr(view, "csrf_exempt", False):
            return None  # checked already
        return self.csrf.process_view(request, _checked, args, kwargs)


def _checked(
    request: HttpRequest,
) -> HttpResponse:  # pragma: no cover - only its lack of an exemption is looked at
    return HttpResponse()


def _held_back(request: HttpRequest) -> HttpResponseBase | None:
    """What stops this request before any view: a second factor that is demanded, or a token that may only read."""
    if getattr(request, "by_token", False):
        if READ in request.acting.limits and request.method not in SAFE:  # type: ignore[attr-defined]
            message = N_("This token may only read. Use one that may make changes.")
            return answer(request, Refused(message, code="token-reads"))
        return None
    if not queries.lacks_factor(request):
        return None
    match = request.resolver_match
    if match is not None and match.url_name in BEFORE_FACTOR:
        return None
    if request.path_info.startswith("/api/"):
        message = N_(
            "Your post demands a second factor. Set it up on the page “Second factor”, then try again."
        )
        return answer(request, Refused(message, code="second-factor"))
    return HttpResponseRedirect(reverse("factors"))


def _set_user(request: HttpRequest, user: Any) -> None:
    request.user = user
    request._cached_user = user  # type: ignore[attr-defined]  # Django would read session and user again


def _unknown_token(request: HttpRequest) -> HttpResponseBase:
    problem = NotSignedIn(
        N_(
            "This token opens nothing: it is unknown, has expired, was revoked, or the post it belongs to has ended."
        ),
        code="token",
    )
    response = answer(request, problem)
    response["WWW-Authenticate"] = 'Bearer realm="Sala", error="invalid_token"'
    return response
