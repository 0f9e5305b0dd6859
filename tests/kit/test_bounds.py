"""Hostile requests end at the door with a clear 4xx, and honest ones pass, uploads included."""

import io

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from sala.kit import bounds
from sala.kit.bounds import check
from sala.kit.errors import Problem


def caught(request: HttpRequest) -> Problem:
    with pytest.raises(Problem) as raised:
        check(request)
    return raised.value


def get(query: str = "", path_: str = "/km/requests", **meta: str) -> HttpRequest:
    request = RequestFactory().get("/")
    request.META.update({"QUERY_STRING": query, "PATH_INFO": path_, **meta})
    return type(request)({**request.META, "wsgi.input": io.BytesIO(b"")})


def post(body: bytes, kind: str = "application/x-www-form-urlencoded", **meta: str) -> HttpRequest:
    return RequestFactory().generic("POST", "/km/report", body, kind, **meta)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("q=a%00b", 400),
        ("a%00=b", 400),
        ("q=%01", 400),
        ("q=%7f", 400),
        ("q=%1b[31m", 400),
        ("q=%ff", 400),
        ("q=%c3%28", 400),
        ("q=%ed%a0%80", 400),
        ("page=100000000000000000000", 400),
        ("page=1e9", 400),
        ("page=-1", 400),
        ("page=two", 400),
        ("page=%E1%9F%A1", 400),
        ("page=1&page=x", 400),
        ("page_size=1.5", 400),
        ("page=0x10", 400),
        ("&".join(f"a{number}=1" for number in range(101)), 400),
        ("&".join(f"a{number}=1" for number in range(900)), 400),
        ("q=" + "a" * 9000, 414),
        ("a" * 201 + "=1", 400),
    ],
)
def test_hostile_queries(query: str, status: int):
    problem = caught(get(query))
    assert problem.status == status
    assert str(problem.message)


@pytest.mark.parametrize(
    "query",
    ["", "q=សាលាឃុំ", "q=%E1%9E%80", "page=1&page_size=50", "page=", "q=a%0d%0ab", "q=%09", "x", "&&", "q=%25"],
)
def test_honest_queries(query: str):
    check(get(query.encode().decode("latin-1")))


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/km/\x00", 400),
        ("/km/a\r\nb", 400),
        ("/km/\x1b", 400),
        ("/km/\t", 400),
        ("/km/\xff\xfe", 400),
        ("/km/" + "a" * 2001, 414),
    ],
)
def test_hostile_paths(address: str, status: int):
    assert caught(get(path_=address)).status == status


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("HTTP_HOST", "evil.example", 400),
        ("HTTP_HOST", "a b", 400),
        ("HTTP_HOST", "localhost@evil.example", 400),
        ("HTTP_ACCEPT_LANGUAGE", "km\x00", 400),
        ("HTTP_ACCEPT_LANGUAGE", "k" * 9000, 431),
        ("HTTP_USER_AGENT", "a\r\nX-Evil: 1", 400),
        ("HTTP_REFERER", "\x7f", 400),
        ("HTTP_X_FORWARDED_PROTO", "gopher", 400),
        ("HTTP_X_FORWARDED_PROTO", "https, http", 400),
        ("HTTP_X_FORWARDED_HOST", "a/../b", 400),
        ("HTTP_X_FORWARDED_PORT", "443;x", 400),
        ("HTTP_X_FORWARDED_FOR", "1.2.3.4, <script>", 400),
        ("HTTP_X_FORWARDED_FOR", "999.1.1.1", 400),
        ("HTTP_X_FORWARDED_FOR", "", 400),
        ("HTTP_COOKIE", 'sala_session="a\\000b"', 400),
        ("HTTP_COOKIE", "a=" + "b" * 9000, 431),
        ("CONTENT_LENGTH", "-1", 400),
        ("CONTENT_LENGTH", "ten", 400),
        ("CONTENT_LENGTH", "1e3", 400),
        ("CONTENT_LENGTH", "+5", 400),
        ("CONTENT_LENGTH", "9" * 30, 400),
        ("HTTP_CONTENT_ENCODING", "gzip", 415),
        ("HTTP_CONTENT_ENCODING", "nonsense", 415),
    ],
)
def test_crafted_headers(header: str, value: str, status: int):
    problem = caught(get(**{header: value}))
    assert problem.status == status
    assert str(problem.message)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("HTTP_HOST", "localhost:8000"),
        ("HTTP_HOST", "[::1]:8000"),
        ("HTTP_ACCEPT_LANGUAGE", "xx-nonsense;q=9"),
        ("HTTP_RANGE", "bytes=0-,0-,0-,0-"),
        ("HTTP_RANGE", "nonsense"),
        ("HTTP_X_FORWARDED_FOR", "203.0.113.9, 2001:db8::1, unknown"),
        ("HTTP_X_FORWARDED_FOR", "203.0.113.9:4711, [2001:db8::1]:80"),
        ("HTTP_X_FORWARDED_PROTO", "https"),
        ("HTTP_CONTENT_ENCODING", "identity"),
        ("CONTENT_LENGTH", ""),
        ("HTTP_IF_NONE_MATCH", '"abc"'),
        ("HTTP_COOKIE", "a=b; c"),
    ],
)
def test_harmless_headers(header: str, value: str):
    check(get(**{header: value}))


def test_khmer_paths_pass():
    check(get(path_="/km/សាលា".encode().decode("latin-1")))


def test_health_answers_under_any_name():
    check(get(path_="/healthz", HTTP_HOST="10.0.0.7:8000"))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"text=a%00b", 400),
        (b"text=%01", 400),
        (b"te%00xt=1", 400),
        (b"text=%ff%fe", 400),
        (b"text=\xff", 400),
        (b"a" * 201 + b"=1", 400),
        (b"&".join(b"a%d=1" % number for number in range(500)), 413),
        (b"text=" + b"a" * (2 * 1024 * 1024), 413),
    ],
)
def test_hostile_forms(body: bytes, status: int):
    assert caught(post(body)).status == status


def test_a_form_in_another_charset():
    assert caught(post(b"text=a", "application/x-www-form-urlencoded; charset=utf-7")).status == 400


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"x", "multipart/form-data"),
        (b"--x", "multipart/form-data; boundary="),
        (b"--x", "multipart/form-data; boundary=" + "b" * 300),
        (
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\na\x00b\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
    ],
)
def test_broken_multipart(body: bytes, kind: str):
    assert caught(post(body, kind)).status == 400


def test_too_large_by_its_own_word():
    request = post(b"a=1")
    request.META["CONTENT_LENGTH"] = str(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    assert caught(request).status == 413
    request = post(b"", "multipart/form-data; boundary=x")
    request.META["CONTENT_LENGTH"] = str(bounds.LARGEST_UPLOAD + 1)
    assert caught(request).status == 413


def test_too_many_files():
    data = {f"f{number}": SimpleUploadedFile(f"{number}.txt", b"1") for number in range(11)}
    assert caught(RequestFactory().post("/x", data)).status == 413


def test_a_body_of_untold_length():
    request = RequestFactory().generic(
        "POST", "/x", b"", "application/json", HTTP_TRANSFER_ENCODING="chunked"
    )
    assert caught(request).status == 411


def test_pasted_text_passes():
    """Vertical tabs and form feeds come with text pasted from a word processor; they are taken out later, not refused."""
    check(post("text=ក%0Bខ%0Cគ%0D%0Aង".encode()))


def test_what_fails_names_its_field():
    problem = caught(post(b"title=a%00"))
    assert [error.field for error in problem.errors] == ["title"]


@csrf_exempt
def echo(request: HttpRequest) -> HttpResponse:
    upload = request.FILES.get("picture")
    return HttpResponse(f"{request.POST.get('text')}|{upload.read().decode() if upload else ''}")


@csrf_exempt
def raw(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.body)


urlpatterns = [path("echo", echo), path("raw", raw)]


@pytest.mark.django_db
class TestThroughTheDoor:
    @pytest.fixture(autouse=True)
    def _urls(self):
        with override_settings(ROOT_URLCONF=__name__):
            yield

    def test_uploads_reach_the_view(self):
        answer = Client().post("/echo", {"text": "ក", "picture": SimpleUploadedFile("a.txt", b"12345")})
        assert answer.content.decode() == "ក|12345"

    def test_a_large_upload_reaches_the_view(self):
        big = b"x" * (3 * 1024 * 1024)
        answer = Client().post("/echo", {"text": "a", "picture": SimpleUploadedFile("a.bin", big)})
        assert len(answer.content) == len(big) + 2

    def test_other_bodies_stay_unread(self):
        assert Client().post("/raw", b'{"a": 1}', content_type="application/json").content == b'{"a": 1}'

    @pytest.mark.parametrize("language", ["km", "en"])
    def test_the_answer_is_a_page_in_the_readers_language(self, language: str):
        answer = Client().get("/echo?q=%00", headers={"Accept-Language": language})
        assert answer.status_code == 400
        assert answer.headers["Content-Language"] == language
        assert f'lang="{language}"' in answer.content.decode()
        assert "<h1>" in answer.content.decode()

    def test_programs_get_a_problem(self):
        answer = Client().get("/api/v1/x?page=1e9", headers={"Accept-Language": "en"})
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["errors"][0]["field"] == "page"


def test_without_a_renderer_there_is_still_a_sentence():
    problem = caught(get("q=%00"))
    answer = bounds._plain(get(), problem)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "text/plain; charset=utf-8")
