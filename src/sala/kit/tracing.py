"""Which request does a log line belong to, and how did it end? An id for each request, told back in ``X-Request-Id``."""

import logging
import re
import time
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponseBase

from sala.kit import faults, ids, network

HEADER = "X-Request-Id"
_GIVEN = re.compile(r"[0-9a-f]{16,64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What is taken over from a proxy: hexadecimal or a UUID. Nobody can hide a name in that."""
current: ContextVar[str] = ContextVar("sala_request", default="")
log = logging.getLogger("sala.request")


class TracingMiddleware:
    """The outermost one: gives the id, measures, and writes one line (JSON logs only): route, status, milliseconds, post.

    Never the address, the query or a body: an address may hold the code that opens a resident's request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.told = log.isEnabledFor(logging.INFO)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer with its id."""
        begun = time.perf_counter()
        given = request.headers.get(HEADER, "")
        known = bool(_GIVEN.fullmatch(given)) and network.is_proxy(request)
        identity = given if known else ids.token_bytes(8).hex()
        current.set(
            identity
        )  # until the next one: Django tells of a refusal, and a file is sent, after this returns
        response = self.get_response(request)
        response.headers[HEADER] = identity
        if response.status_code >= 500:
            faults.add()
        if self.told:
            self._tell(request, response, time.perf_counter() - begun)
        return response

    def _tell(self, request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
        match = request.resolver_match
        acting = getattr(request, "acting", None)
        facts = {
            "method": request.method if request.method in _METHODS else "other",
            "route": "/" + match.route.replace("\\Z", "") if match is not None else "",
            "status": response.status_code,
            "ms": round(seconds * 1000, 1),
            "post": acting.post if acting is not None else "",
        }
        log.info("request", extra={"event": "request", "facts": facts})


_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
