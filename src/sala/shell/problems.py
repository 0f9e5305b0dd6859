"""How a problem reaches the reader: a page in their language, or problem+json for programs."""
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class ProblemMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return HttpResponse("CSRF", status=403)
