"""The API's manners on a router of its own: every wrong call gets its status, its sentence and its fields."""

import json
from datetime import date
from uuid import UUID

import pytest
from django.http import HttpRequest
from django.test import Client, override_settings
from django.urls import path
from ninja import File, Form, NinjaAPI, Query, Router
from ninja.files import UploadedFile

from sala.kit import api as manners
from sala.kit import openapi, paging
from sala.kit.api import Strict, serve_list
from sala.kit.errors import Changed, FieldError, Invalid, NotFound, NotPossible, Refused, TooMany
from sala.kit.export import Column
from sala.kit.openapi import Told
from sala.kit.terms import Term
from sala.numbers import idempotency
from sala.numbers.idempotency import Answer
from sala.numbers.models import Counter
from sala.shell import api as shell_api
from sala.shell import problems
from sala.shell import urls as house

pytestmark = pytest.mark.django_db


class Kind(Term):
    DRAIN = "drain", "Drain"
    LIGHT = "light", "Light"


class Point(Strict):
    lat: float
    lon: float


class Report(Strict):
    text: str
    kind: Kind = Kind.DRAIN
    count: int = 1
    urgent: bool = False
    on: date | None = None
    service: UUID | None = None
    point: Point | None = None
    tags: list[int] = []


router = Router(tags=["trial"])
SPEC = paging.ListSpec(
    filters=(paging.choice("series", "series", [("t", "T"), ("u", "U")], "Series"),),
    sorts={"value": "value"},
    default_sort="value",
)


@router.post("/reports", auth=None)
def report(request: HttpRequest, payload: Report):
    return {"text": payload.text, "count": payload.count, "on": payload.on}


@router.get("/reports/{uuid:id}", auth=None)
def one(request: HttpRequest, id: UUID, full: bool = False):
    if id.int == 1:
        raise NotFound("There is no such report.")
    return {"id": str(id), "full": full}


@router.get("/numbered/{number}", auth=None)
def numbered(request: HttpRequest, number: int):
    return {"number": number}


@router.patch("/reports/{uuid:id}", auth=None)
def change(request: HttpRequest, id: UUID, payload: Point):
    return {"version": manners.match(request, 3) + 1}


@router.post("/upload", auth=None)
def upload(request: HttpRequest, title: str = Form(...), picture: UploadedFile = File(None)):  # noqa: B008
    return {"title": title, "size": picture.size if picture else 0}


@router.get("/sum", auth=None)
def add(request: HttpRequest, a: int = Query(...), b: int = Query(1, le=10)):
    return {"sum": a + b}


@router.get("/secret")
def secret(request: HttpRequest):
    return {"secret": True}


@router.post("/once", auth=None)
def once(request: HttpRequest, payload: Point):
    def act() -> Answer:
        Counter.objects.create(series="once", office="o", year=2026, value=1)
        return Answer(201, {"made": str(payload.lat)}, {"Location": "/x"})

    return idempotency.json_response(idempotency.of_request(request, "trial.once", act))


ERRORS = {
    "refused": Refused("You may not."),
    "changed": Changed("Somebody was faster."),
    "possible": NotPossible("Not now."),
    "many": TooMany("Slowly.", retry_after=30),
    "invalid": Invalid("Wrong.", errors=[FieldError("text", "empty", "Say something.")]),
}


@router.get("/error/{name}", auth=None)
def error(request: HttpRequest, name: str):
    raise ERRORS[name]


class CounterTold(Told):
    series: str
    value: int


serve_list(
    router,
    "/counters",
    SPEC,
    lambda request: Counter.objects.filter(series__in=("t", "u")),
    lambda rows: [{"series": row.series, "value": row.value} for row in rows],
    row=CounterTold,
    name="Counters",
    columns=[Column("series", "Series"), Column("value", "Value")],
    auth=None,
)


def _api() -> NinjaAPI:
    trial = NinjaAPI(
        urls_namespace="trial",
        docs_url=None,
        openapi_url=None,
        parser=manners.StrictParser(),
        auth=manners.signed_in,
    )
    for kind in shell_api.EXPLAINED:
        trial.add_exception_handler(kind, shell_api.explain)
    trial.add_decorator(manners.guard, mode="view")
    trial.add_router("/trial", router)
    return trial


urlpatterns = [path("api/v1/", _api().urls), *house.urlpatterns]
handler404 = problems.page_not_found
handler400 = problems.bad_request
handler500 = problems.server_error


@pytest.fixture(autouse=True)
def _urls():
    with override_settings(ROOT_URLCONF=__name__):
        yield


@pytest.fixture
def call():
    client = Client(raise_request_exception=True)

    def send(method: str, address: str, body: object = None, language: str = "en", **headers: str):
        content = {}
        if body is not None:
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            content = {"data": raw, "content_type": headers.pop("content_type", "application/json")}
        return client.generic(
            method,
            f"/api/v1/trial{address}",
            **content,
            headers={
                "Accept-Language": language,
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
        )

    return send


def told(response, status: int) -> dict:
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status
    assert body["title"] and body["detail"] and body["type"].startswith("urn:sala:problem:")
    assert isinstance(body["errors"], list)
    return body


def test_a_good_call(call):
    response = call("POST", "/reports", {"text": "ក", "on": "2026-11-24", "count": 2})
    assert response.json() == {"text": "ក", "count": 2, "on": "2026-11-24"}


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "text", "required"),
        ({"text": "a", "txt": "b"}, "txt", "unknown-field"),
        ({"text": 1}, "text", "not-text"),
        ({"text": None}, "text", "not-text"),
        ({"text": ["a"]}, "text", "not-text"),
        ({"text": "a" * 20_001}, "text", "too-long"),
        ({"text": "a", "count": "1"}, "count", "not-a-number"),
        ({"text": "a", "count": 1.0}, "count", "not-a-number"),
        ({"text": "a", "count": True}, "count", "not-a-number"),
        ({"text": "a", "urgent": 1}, "urgent", "not-yes-or-no"),
        ({"text": "a", "urgent": "true"}, "urgent", "not-yes-or-no"),
        ({"text": "a", "kind": "tree"}, "kind", "unknown-value"),
        ({"text": "a", "on": "2026-02-30"}, "on", "not-a-date"),
        ({"text": "a", "on": 1700000000}, "on", "not-text"),
        ({"text": "a", "service": "7"}, "service", "not-an-id"),
        ({"text": "a", "point": {"lat": 1.0}}, "point.lon", "required"),
        ({"text": "a", "point": {"lat": 1.0, "lon": "2"}}, "point.lon", "not-a-number"),
        ({"text": "a", "point": {"lat": 1.0, "lon": 2, "alt": 3}}, "point.alt", "unknown-field"),
        ({"text": "a", "point": [1, 2]}, "point", "not-an-object"),
        ({"text": "a", "tags": [1, "2"]}, "tags.1", "not-a-number"),
        ({"text": "a", "tags": "12"}, "tags", "not-a-list"),
    ],
)
def test_wrong_fields(call, body: dict, field: str, code: str):
    errors = told(call("POST", "/reports", body), 422)["errors"]
    assert (field, code) in [(each["field"], each["code"]) for each in errors]
    assert all(each["message"] for each in errors)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"{", "malformed-json"),
        (b"not json", "malformed-json"),
        (b"[]", "not-an-object"),
        (b"null", "not-an-object"),
        (b'"text"', "not-an-object"),
        (b'{"text":"a","text":"b"}', "duplicate-key"),
        (b'{"text":"a","point":{"lat":1,"lat":2,"lon":1}}', "duplicate-key"),
        (b'{"text":NaN}', "malformed-json"),
        (b'{"text":Infinity}', "malformed-json"),
        (b'{"count":1e999}', "malformed-json"),
        (b'{"count":' + b"9" * 5000 + b"}", "malformed-json"),
        (b'{"count":99999999999999999999}', "malformed-json"),
        (b'{"text":"\\u0000"}', "control-character"),
        (b'{"text":"\\ud800"}', "control-character"),
        (b'{"\\u0000":1}', "control-character"),
        (b'{"text":"\xff"}', "not-utf-8"),
        (b"\xef\xbb\xbf{}", "malformed-json"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "too-deep"),
        (b"[" * 100_000, "too-deep"),
    ],
)
def test_unreadable_json(call, raw: bytes, code: str):
    assert told(call("POST", "/reports", raw), 400)["type"] == f"urn:sala:problem:{code}"


def test_brackets_in_texts_are_no_depth(call):
    assert call("POST", "/reports", {"text": "[{" * 200 + '\\"'}).status_code == 200


def test_a_missing_body(call):
    told(call("POST", "/reports"), 422)


def test_another_content_type(call):
    told(call("POST", "/reports", b"text=a", content_type="text/plain"), 400)


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/reports/7", 404),
        ("GET", "/numbered/seven", 404),
        ("GET", f"/reports/{UUID(int=1)}", 404),
        ("DELETE", "/reports", 405),
        ("GET", "/reports", 405),
        ("PURGE", "/reports", 405),
        ("GET", "/secret", 401),
        ("GET", "/error/refused", 403),
        ("GET", "/error/possible", 409),
        ("GET", "/error/changed", 412),
        ("GET", "/error/invalid", 422),
        ("GET", "/error/many", 429),
        ("GET", "/sum", 422),
        ("GET", "/sum?a=x", 422),
        ("GET", "/sum?a=1&b=11", 422),
        ("GET", "/sum?a=1&c=2", 422),
        ("GET", f"/reports/{UUID(int=2)}?fulll=1", 422),
        ("GET", f"/reports/{UUID(int=2)}?full=perhaps", 422),
        ("GET", "/counters?nonsense=1", 422),
        ("GET", "/counters?page_size=1000", 422),
        ("GET", "/counters?sort=office", 422),
        ("GET", "/counters?series=z", 422),
        ("GET", "/counters.csv?nonsense=1", 422),
        ("GET", "/counters?page=" + "9" * 21, 400),
    ],
)
@pytest.mark.parametrize("language", ["en", "km"])
def test_every_refusal_is_a_problem(call, method: str, address: str, status: int, language: str):
    response = call(method, address, language=language)
    told(response, status)
    assert response.headers["Content-Language"] == language


def test_headers_of_refusals(call):
    assert call("GET", "/secret").headers["WWW-Authenticate"].startswith("Bearer")
    assert call("GET", "/error/many").headers["Retry-After"] == "30"
    assert "POST" in call("DELETE", "/reports").headers["Allow"]


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("km", "km"),
        ("en-GB,en;q=0.9", "en"),
        ("fr, en;q=0.5", "en"),
        ("fr", "km"),
        ("*", "km"),
        ("", "km"),
        (";;;q=,,", "km"),
        ("x" * 600, "km"),
    ],
)
def test_the_language_asked_for(call, asked: str, given: str):
    assert call("GET", "/nothing", language=asked).headers["Content-Language"] == given


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (None, 428),
        ("", 428),
        ("three", 400),
        ("*", 400),
        ('"3", "4"', 400),
        ('W/"3"', 400),
        ("9" * 30, 400),
        ("-3", 400),
        ("៣", 400),
        ('"2"', 412),
        ('"3"', 200),
        ("3", 200),
    ],
)
def test_if_match(call, given: str | None, status: int):
    headers = {} if given is None else {"If_Match": given}
    if given == "៣":
        headers = {"If_Match": given.encode().decode("latin-1")}
    response = call("PATCH", f"/reports/{UUID(int=2)}", {"lat": 1.0, "lon": 2.0}, **headers)
    if status == 200:
        assert response.json() == {"version": 4}
    else:
        told(response, status)


class TestForms:
    def send(self, data: dict):
        return Client().post("/api/v1/trial/upload", data, headers={"Accept-Language": "en"})

    def test_a_file_arrives(self):
        from django.core.files.uploadedfile import SimpleUploadedFile

        assert self.send({"title": "a", "picture": SimpleUploadedFile("a.txt", b"12345")}).json() == {
            "title": "a",
            "size": 5,
        }

    def test_unknown_fields(self):
        from django.core.files.uploadedfile import SimpleUploadedFile

        body = told(self.send({"title": "a", "titel": "b", "pictures": SimpleUploadedFile("a", b"1")}), 422)
        assert {each["field"] for each in body["errors"]} == {"titel", "pictures"}

    def test_missing_fields(self):
        assert told(self.send({"x": "a"}), 422)


class TestCollections:
    @pytest.fixture(autouse=True)
    def _rows(self):
        Counter.objects.bulk_create(
            [Counter(series="t", office=str(number), year=2026, value=number + 1) for number in range(60)]
            + [Counter(series="u", office="=1", year=2026, value=1)]
        )

    def test_the_shape(self, call):
        body = call("GET", "/counters?series=t&page=2&page_size=25").json()
        assert set(body) == {"count", "more", "next", "previous", "results"}
        assert (body["count"], body["more"], len(body["results"])) == (60, False, 25)
        assert body["next"] == "/api/v1/trial/counters?page=3&page_size=25&series=t"
        assert call("GET", body["next"].removeprefix("/api/v1/trial")).json()["results"][-1]["value"] == 60

    @pytest.mark.parametrize("kind", ["csv", "xlsx"])
    def test_the_same_filter_as_a_file(self, call, kind: str):
        response = call("GET", f"/counters.{kind}?series=u")
        content = b"".join(response.streaming_content)
        assert response.status_code == 200
        if kind == "csv":
            assert content.decode("utf-8-sig").splitlines() == ["Series,Value", "u,1"]

    def test_files_hold_all_pages(self, call):
        content = b"".join(call("GET", "/counters.csv?page=2&page_size=5").streaming_content)
        assert len(content.decode().splitlines()) == 62


def test_a_repeated_post(call):
    body = {"lat": 1.5, "lon": 2.0}
    first = call("POST", "/once", body, Idempotency_Key="k1")
    again = call("POST", "/once", body, Idempotency_Key="k1")
    assert (first.status_code, first.json()) == (again.status_code, again.json()) == (201, {"made": "1.5"})
    assert again.headers["Location"] == "/x"
    assert Counter.objects.filter(series="once").count() == 1
    other = told(call("POST", "/once", {"lat": 9.0, "lon": 2.0}, Idempotency_Key="k1"), 422)
    assert other["type"] == "urn:sala:problem:idempotency-key-reused"
    told(call("POST", "/once", body, Idempotency_Key="x" * 300), 422)


class TestTheHouse:
    def test_openapi(self):
        schema = Client().get("/api/v1/openapi.json").json()
        assert schema["openapi"].startswith("3.1")

    def test_every_operation_says_what_it_answers(self):
        """Its answer, its problems, the headers it takes, and links that lead to operations there are."""
        schema = shell_api.API.get_openapi_schema(path_prefix="/api/v1/")
        known = {operation["operationId"] for _path, _method, operation in openapi.operations(schema)}
        for address, method, operation in openapi.operations(schema):
            where = f"{method} {address}"
            good = [status for status in operation["responses"] if status.startswith("2")]
            assert len(good) == 1, where
            answer = operation["responses"][good[0]]
            assert good == ["204"] or answer["content"], where
            assert {"400", "401", "414", "422", "431", "503"} <= set(operation["responses"]), where
            if method == "post":
                assert {"403", "411", "413", "415"} <= set(operation["responses"]), where
            if "{" in address:
                assert "404" in operation["responses"], where
            for link in answer.get("links", {}).values():
                assert link["operationId"] in known, where
            ids = {each["name"] for each in operation["parameters"] if each["in"] == "header"}
            assert ("412" in operation["responses"]) == ("If-Match" in ids), where

    def test_an_operation_that_says_nothing_is_noticed(self):
        silent = openapi.Api(urls_namespace="silent", openapi_url=None, docs_url=None)
        silent.get("/silent")(lambda request: {})
        with pytest.raises(ValueError, match="does not say"):
            silent.get_openapi_schema(path_prefix="")

    def test_nothing_there(self):
        told(Client().get("/api/v1/nothing"), 404)
        told(Client().get("/api/v2"), 404)
