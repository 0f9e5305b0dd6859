"""Every answer says what a page may load; a view may say it for its own."""

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from sala.kit.policy import PolicyMiddleware

HEADER = "Content-Security-Policy"


def policy(view, path: str = "/km/") -> str:  # type: ignore[no-untyped-def]
    return str(PolicyMiddleware(view)(RequestFactory().get(path))[HEADER])


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")


def test_the_settings_policy_word_for_word() -> None:
    said = {part.split(" ", 1)[0]: part.split(" ")[1:] for part in policy(plain).split("; ")}
    assert said == settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]


def test_a_view_that_widens_it() -> None:
    wider = csp_update({"frame-ancestors": ["https://example.org"]})(plain)
    assert "frame-ancestors 'none' https://example.org" in policy(wider)
    assert "example.org" not in policy(plain)


def test_a_view_that_wrote_its_own() -> None:
    assert policy(lambda request: HttpResponse("", headers={HEADER: "sandbox"})) == "sandbox"
