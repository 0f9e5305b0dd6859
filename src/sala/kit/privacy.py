"""May a browser, a proxy or a search engine keep this answer? Not what is for one reader: staff pages and the API."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

OWN = "private, no-store"


class PrivacyMiddleware:
    """Says so wherever a view has not said anything of its own, and keeps what nobody may store out of search engines."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer with its headers."""
        response = self.get_response(request)
        acting = getattr(request, "acting", None)
        signed_in = acting is not None and acting.signed_in
        if "Cache-Control" not in response.headers and (signed_in or request.path_info.startswith("/api/")):
            response.headers["Cache-Control"] = OWN
        if "no-store" in response.headers.get("Cache-Control", ""):
            response.headers["X-Robots-Tag"] = "noindex"
        return response
