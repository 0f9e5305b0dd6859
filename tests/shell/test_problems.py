"""Whatever goes wrong reaches the reader as a clear page in their language, or as problem+json; never as a bare error."""

import errno
import re
from types import SimpleNamespace

import pytest
from django.core.exceptions import (
    BadRequest,
    ObjectDoesNotExist,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
)
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.test import Client, RequestFactory, override_settings
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from sala.accounts.acting import RESIDENT
from sala.kit import bounds, errors
from sala.kit.terms import N_
from sala.shell import apps, health, problems
from sala.shell import urls as house

pytestmark = pytest.mark.django_db


def full(outer: Exception, **signs: object) -> Exception:
    """What Django makes of a database's complaint that there is no room."""
    outer.__cause__ = Exception()
    for name, value in signs.items():
        setattr(outer.__cause__, name, value)
    return outer


RAISED: dict[str, tuple[Exception, int]] = {
    "malformed": (errors.Malformed("Unreadable."), 400),
    "refused": (errors.Refused("You may not do this."), 403),
    "not-found": (errors.NotFound("There is no such request."), 404),
    "not-possible": (errors.NotPossible(N_("This step is not possible in the record's present state.")), 409),
    "changed": (errors.Changed("Somebody was faster."), 412),
    "too-large": (errors.TooLarge("Too large."), 413),
    "invalid": (
        errors.Invalid("Look again.", errors=[errors.FieldError("text", "empty", "Say something.")]),
        422,
    ),
    "version": (errors.VersionMissing("Which version?"), 428),
    "too-many": (errors.TooMany("Wait a little.", retry_after=40), 429),
    "unavailable": (errors.Unavailable("The printer is away."), 503),
    "no-words": (errors.Refused(), 403),
    "http404": (Http404(), 404),
    "no-row": (ObjectDoesNotExist(), 404),
    "denied": (PermissionDenied(), 403),
    "suspicious": (SuspiciousOperation("<script>"), 400),
    "bad": (BadRequest(), 400),
    "big": (RequestDataTooBig(), 413),
    "fields": (TooManyFieldsSent(), 413),
    "multipart": (MultiPartParserError(), 400),
    "broken-off": (UnreadablePostError(), 400),
    "busy": (OperationalError("database is locked"), 503),
    "gone": (InterfaceError("connection already closed"), 503),
    "full": (full(OperationalError("database or disk is full"), sqlite_errorcode=13), 507),
    "full-postgres": (full(OperationalError("could not extend file"), sqlstate="53100"), 507),
    "full-files": (OSError(errno.ENOSPC, "No space left on device"), 507),
    "quota": (UnreadablePostError(errno.EDQUOT, "Disk quota exceeded"), 507),
    "data": (DataError("value too long"), 422),
    "overflow": (OverflowError("Python int too large"), 422),
    "integrity": (IntegrityError("UNIQUE"), 409),
}


def fail(request: HttpRequest, name: str) -> HttpResponse:
    raise RAISED[name][0]


def protected(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"kept {request.POST.get('text')}")


def members_only(request: HttpRequest) -> HttpResponse:
    raise errors.NotSignedIn("Sign in first.")


def fault(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError("a secret of the inside")


urlpatterns = [
    path("fail/<str:name>", fail),
    path("api/v1/fail/<str:name>", fail),
    path("protected", protected),
    path("members", csrf_exempt(members_only)),
    path("api/v1/members", members_only),
    path("fault", fault),
    path("api/v1/fault", fault),
    path("post-only", csrf_exempt(require_POST(protected))),
    *house.urlpatterns,
]
handler400, handler403, handler404, handler500 = (
    problems.bad_request,
    problems.permission_denied,
    problems.page_not_found,
    problems.server_error,
)


@pytest.fixture(autouse=True)
def _urls():
    with override_settings(ROOT_URLCONF=__name__):
        yield


def heading(response: HttpResponse) -> str:
    found = re.search(r"<h1[^>]*>(.+?)</h1>", response.content.decode(), re.DOTALL)
    assert found, response.content.decode()[:500]
    return found[1].strip()


@pytest.mark.parametrize("name", RAISED)
@pytest.mark.parametrize("language", ["km", "en"])
class TestEveryProblem:
    def test_as_a_page(self, name: str, language: str):
        response = Client().get(f"/fail/{name}", headers={"Accept-Language": language})
        text = response.content.decode()
        assert response.status_code == RAISED[name][1]
        assert response.headers["Content-Type"].startswith("text/html")
        assert response.headers["Content-Language"] == language
        assert f'lang="{language}"' in text
        assert heading(response)
        assert f'href="/{language}/' in text, "there is a way on"
        for inside in ("Traceback", "<script>alert", "locked", "UNIQUE", "Python int"):
            assert inside not in text

    def test_for_programs(self, name: str, language: str):
        response = Client().get(f"/api/v1/fail/{name}", headers={"Accept-Language": language})
        body = response.json()
        assert response.status_code == body["status"] == RAISED[name][1]
        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.headers["Content-Language"] == language
        assert "Accept-Language" in response.headers["Vary"]
        assert set(body) == {"type", "title", "status", "detail", "errors"}
        assert body["title"]
        assert body["detail"]


def test_the_sentence_and_the_fields_are_shown():
    text = Client().get("/fail/invalid", headers={"Accept-Language": "en"}).content.decode()
    assert "Look again." in text
    assert "Say something." in text
    body = Client().get("/api/v1/fail/invalid", headers={"Accept-Language": "en"}).json()
    assert body["errors"] == [{"field": "text", "code": "empty", "message": "Say something."}]


def test_retry_after():
    assert Client().get("/fail/too-many").headers["Retry-After"] == "40"
    assert Client().get("/fail/busy").headers["Retry-After"] == "5"


def test_nothing_of_a_problem_is_cached():
    assert "no-store" in Client().get("/fail/refused").headers["Cache-Control"]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("*/*", "text/html"),
        ("", "text/html"),
        ("application/problem+json", "application/problem+json"),
        ("application/json", "application/problem+json"),
        ("application/json, text/html", "text/html"),
        ("nonsense;;;", "text/html"),
    ],
)
def test_what_the_reader_takes(accept: str, kind: str):
    assert Client().get("/fail/refused", headers={"Accept": accept}).headers["Content-Type"].startswith(kind)


@pytest.mark.parametrize(
    "address", ["/km/nothing-here", "/en/nothing-here", "/nothing-here", "/km/%FF", "/en/%E1%9E%80"]
)
def test_an_address_that_is_none(address: str):
    response = Client().get(address)
    assert response.status_code in (400, 404)
    assert heading(response)
    if address.startswith("/en"):
        assert response.headers["Content-Language"] == "en"


def test_a_method_that_is_none():
    response = Client().get("/post-only", headers={"Accept-Language": "en"})
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert heading(response)


class TestNotSignedIn:
    def test_a_page_leads_to_the_sign_in_and_back(self):
        response = Client().get("/members?x=1")
        assert response.status_code == 302
        assert response.headers["Location"].endswith("sign-in?next=%2Fmembers%3Fx%3D1")

    def test_what_was_typed_is_kept(self):
        response = Client().post(
            "/members", {"text": "ទឹកស្ទះ", "password": "hidden"}, headers={"Accept-Language": "en"}
        )
        text = response.content.decode()
        assert response.status_code == 401
        assert 'value="ទឹកស្ទះ"' in text
        assert 'hidden"' not in text.replace('type="hidden"', "")
        assert "sign-in" in text

    def test_programs_are_told(self):
        response = Client().get("/api/v1/members")
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


class TestForgedForms:
    client = Client(enforce_csrf_checks=True)

    def post(self, **headers: str):
        return self.client.post(
            "/protected?a=1",
            {"text": '"><script>', "csrfmiddlewaretoken": "old", "otp": "123456"},
            headers={"Accept-Language": "en", **headers},
        )

    def test_our_own_form_can_be_sent_again(self):
        response = self.post(Origin="http://testserver")
        text = response.content.decode()
        assert response.status_code == 403
        assert "&#34;&gt;&lt;script&gt;" in text
        assert "123456" not in text
        assert 'action="/protected?a=1"' in text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', text)
        again = self.client.post("/protected?a=1", {"text": "a", "csrfmiddlewaretoken": token[1]})
        assert again.content == b"kept a", "pressing the button works"

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Origin": "http://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://[bad"},
            {"Referer": "http://[bad"},
        ],
    )
    def test_a_foreign_form_cannot(self, headers: dict[str, str]):
        text = self.post(**headers).content.decode()
        assert "<form" not in text.partition("<main")[2].partition("</main>")[0]

    def test_files_have_to_be_chosen_again(self):
        response = self.client.post(
            "/protected",
            {"text": "a", "picture": SimpleUploadedFile("a.jpg", b"1")},
            headers={"Accept-Language": "en", "Origin": "http://testserver"},
        )
        assert "Pictures have to be chosen again" in response.content.decode()

    def test_programs_get_a_problem(self):
        request = RequestFactory().post("/api/v1/x")
        response = problems.csrf_failure(request)
        assert (response.status_code, response.headers["Content-Type"]) == (403, "application/problem+json")


class TestFaultsOfOurs:
    client = Client(raise_request_exception=False)

    def test_a_page_without_the_inside(self):
        response = self.client.get("/fault", headers={"Accept-Language": "en"})
        assert response.status_code == 500
        assert "The fault is ours" in response.content.decode()
        assert "secret" not in response.content.decode()

    def test_for_programs(self):
        body = self.client.get("/api/v1/fault", headers={"Accept-Language": "en"}).json()
        assert body["status"] == 500
        assert "secret" not in str(body)

    def test_a_problem_raised_too_early(self):
        """In a middleware Django makes a 500 of it; the reader still gets its sentence."""
        request = RequestFactory().get("/km/x")
        try:
            raise errors.TooMany("Slowly.", retry_after=9)
        except errors.TooMany:
            response = problems.server_error(request)
        assert (response.status_code, response.headers["Retry-After"]) == (429, "9")

    def test_the_page_needs_nothing(self, monkeypatch: pytest.MonkeyPatch):
        def away(*args: object, **kwargs: object) -> None:
            raise OperationalError("gone")

        monkeypatch.setattr(problems, "render", away)
        response = Client().get("/fail/busy", headers={"Accept-Language": "en"})
        assert response.status_code == 503
        assert heading(response)
        assert response.headers["Retry-After"] == "5"


def test_handlers_without_an_exception_of_ours():
    request = RequestFactory().get("/api/v1/x")
    assert problems.bad_request(request, ValueError()).status_code == 400
    assert problems.permission_denied(request, ValueError()).status_code == 403


def test_unreadable_forms_have_nothing_to_send_again():
    request = RequestFactory().post("/x", b"x", content_type="multipart/form-data; boundary=")
    assert problems._typed(request) == []


def test_the_way_on_fits_the_problem():
    request = RequestFactory().post("/km/requests/1/take?x=1")
    request.acting = RESIDENT
    assert problems._actions(request, errors.Changed())[0][0] == "/km/requests/1/take"
    assert problems._actions(request, errors.TooMany(retry_after=1))[0][0] == "/km/requests/1/take"
    assert problems._actions(RequestFactory().get("/km/x?y=1"), errors.Unavailable())[0][0] == "/km/x?y=1"
    assert problems._actions(request, errors.Refused()) == []


def test_the_bounds_show_problems_as_the_house_does():
    assert bounds._renderers[-1] is apps.show
    refused = bounds._renderers[-1](RequestFactory().get("/api/v1/x"), errors.NotFound("There is none."))
    assert refused.status_code == 404 and refused["Content-Type"] == "application/problem+json"


class TestHealth:
    def test_alive(self):
        response = Client().get("/healthz")
        assert (response.status_code, response.content) == (200, b"ok\n")

    def test_alive_under_any_name(self):
        assert Client().get("/healthz", headers={"Host": "10.1.2.3"}).status_code == 200

    def test_ready(self):
        body = Client().get("/readyz").json()
        assert body["ready"] is True
        assert body["database"] == body["migrations"] == "ok"
        assert body["worker"] in ("ok", "silent", "never")

    @pytest.mark.parametrize(("part", "said"), [("database", "OperationalError"), ("migrations", "pending")])
    def test_not_ready(self, monkeypatch: pytest.MonkeyPatch, part: str, said: str):
        monkeypatch.setattr(health, part, lambda: said)
        response = Client().get("/readyz")
        assert response.status_code == 503
        assert response.json()[part] == said

    def test_a_database_that_is_away(self, monkeypatch: pytest.MonkeyPatch):
        def away() -> None:
            raise OperationalError("gone")

        monkeypatch.setattr(health, "connection", SimpleNamespace(cursor=away))
        assert health.database() == "OperationalError"

    def test_pending_migrations(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(health, "_migrated", False)
        monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda self, targets: [object()])
        assert health.migrations() == "pending"

    def test_posting_there_is_refused(self):
        assert Client().post("/healthz").status_code == 405


class TestMetrics:
    def test_on_this_machine(self):
        response = Client().get("/metrics")
        lines = response.content.decode().splitlines()
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert "sala_database_up 1" in lines
        assert any(line.startswith('sala_job_failures{job="') for line in lines)
        assert all(
            line.startswith("#")
            or re.fullmatch(r'\w+({(?:(?:job|state|channel)="[\w.-]+",?)+})? [0-9.]+', line)
            for line in lines
        )

    @pytest.mark.parametrize(
        "address", [{"REMOTE_ADDR": "203.0.113.9"}, {"HTTP_X_FORWARDED_FOR": "203.0.113.9"}]
    )
    def test_not_from_elsewhere(self, address: dict[str, str]):
        assert Client().get("/metrics", **address).status_code == 404

    def test_without_a_database(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(health, "database", lambda: "OperationalError")
        assert Client().get("/metrics").content.decode().splitlines()[-1] == "sala_database_up 0"


class TestTheFrontDoor:
    def test_khmer_first(self):
        response = Client().get("/", headers={"Accept-Language": "en"})
        assert response.status_code == 200
        assert 'lang="km"' in response.content.decode()

    def test_the_language_chosen_before(self):
        client = Client()
        client.cookies["sala_language"] = "en"
        assert 'lang="en"' in client.get("/").content.decode()

    @pytest.mark.parametrize("language", ["km", "en"])
    def test_the_list_of_operations(self, language: str):
        response = Client().get("/api/v1/docs", headers={"Accept-Language": language})
        assert response.status_code == 200
        assert "/api/v1/tokens" in response.content.decode()
        assert "<script" not in response.content.decode().replace("<script src", "")
