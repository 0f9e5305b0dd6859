"""The same request is done once and answered alike; what differs is refused; what fails leaves the key free."""

from datetime import date
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from sala.kit.errors import Invalid, NotPossible
from sala.numbers import actions, idempotency
from sala.numbers.idempotency import Answer, of_request, once
from sala.numbers.models import KeptAnswer

pytestmark = pytest.mark.django_db


class Act:
    def __init__(self, answer: Answer | None = None) -> None:
        self.done = 0
        self.answer = answer

    def __call__(self) -> Answer:
        self.done += 1
        return self.answer or Answer(201, {"id": self.done}, {"Location": f"/{self.done}"})


def test_done_once_and_answered_alike():
    act = Act()
    answers = [once("k", "s", "body", act) for _ in range(3)]
    assert act.done == 1
    assert answers == [Answer(201, {"id": 1}, {"Location": "/1"})] * 3


def test_keys_of_different_doors_are_apart():
    act = Act()
    assert [once("k", scope, "body", act).body for scope in ("a", "b")] == [{"id": 1}, {"id": 2}]


def test_without_a_key_it_is_simply_done():
    act = Act()
    assert [once(None, "s", "body", act).body for _ in range(2)] == [{"id": 1}, {"id": 2}]
    assert not KeptAnswer.objects.filter(scope="s").exists()


def test_another_body_is_refused():
    act = Act()
    once("k", "s", "body", act)
    with pytest.raises(Invalid) as raised:
        once("k", "s", b"other", act)
    assert raised.value.code == "idempotency-key-reused"
    assert act.done == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "ក", "a\x00", "x" * 201, "a\n"])
def test_a_key_that_is_none(key: str):
    act = Act()
    with pytest.raises(Invalid) as raised:
        once(key, "s", "body", act)
    assert raised.value.code == "idempotency-key-malformed"
    assert act.done == 0


def test_a_failed_act_leaves_the_key_free():
    def fail() -> Answer:
        actions.next_number(series="trial", office="a", year=2026)
        raise NotPossible("Not now.")

    with pytest.raises(NotPossible):
        once("k", "s", "body", fail)
    assert not KeptAnswer.objects.filter(scope="s").exists()
    assert (
        once(
            "k", "s", "body", lambda: Answer(200, actions.next_number(series="trial", office="a", year=2026))
        ).body
        == 1
    )


def test_somebody_was_faster():
    """The answer kept in the meantime counts, and what this one did is rolled back."""

    def overtaken() -> Answer:
        actions.next_number(series="trial", office="a", year=2026)
        return Answer(201, "slow")

    def other_first(*, scope: str, key: str) -> object:
        return None if calls.append(key) or len(calls) == 1 else real(scope=scope, key=key)

    calls: list[str] = []
    once("k", "s", "body", lambda: Answer(201, "fast"))
    real = idempotency.queries.kept
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(idempotency.queries, "kept", other_first)
        assert once("k", "s", "body", overtaken).body == "fast"
    assert actions.reserve(series="trial", office="a", year=2026, count=1) == 1


def test_an_answer_that_vanished_is_a_fault(monkeypatch: pytest.MonkeyPatch):
    once("k", "s", "body", Act())
    monkeypatch.setattr(idempotency.queries, "kept", lambda **_: None)
    with pytest.raises(RuntimeError):
        once("k", "s", "body", Act())


def test_codes_are_derived_not_kept():
    def render(kept: Answer) -> Answer:
        return Answer(kept.status, {**kept.body, "code": f"secret-{kept.body['id']}"}, kept.headers)

    answers = [once("k", "s", "body", Act(), render) for _ in range(2)]
    assert answers[0] == answers[1] == Answer(201, {"id": 1, "code": "secret-1"}, {"Location": "/1"})
    row = KeptAnswer.objects.get(scope="s")
    assert "secret" not in str(row.answer)
    assert row.key != "k"
    assert "body" not in (row.body, row.key)


def test_first_and_repeated_answer_are_the_same_json():
    act = Act(Answer(200, {"day": date(2026, 11, 24), "id": UUID(int=1)}))
    assert once("k", "s", "b", act) == once("k", "s", "b", act)
    assert once(None, "s", "b", act).body == {"day": "2026-11-24", "id": str(UUID(int=1))}


def form(files: bytes = b"1", **data: str):
    data = {"text": "a", "idempotency_key": "form-key", "csrfmiddlewaretoken": "x", **data}
    return RequestFactory().post("/km/report", {**data, "picture": SimpleUploadedFile("a.jpg", files)})


def test_forms_carry_their_key():
    act = Act()
    assert of_request(form(), "s", act) == of_request(form(csrfmiddlewaretoken="y"), "s", act)
    assert act.done == 1
    for changed in (form(text="b"), form(files=b"2"), form(extra="c")):
        with pytest.raises(Invalid):
            of_request(changed, "s", act)


def test_an_upload_can_be_read_after_the_comparison():
    request = form(files=b"12345")
    idempotency.fingerprint(request)
    assert request.FILES["picture"].read() == b"12345"


def test_the_header_counts_for_json():
    def send(body: bytes, key: str = "k", post: str = "p1"):
        request = RequestFactory().post(
            "/api", body, content_type="application/json", HTTP_IDEMPOTENCY_KEY=key
        )
        request.acting = SimpleNamespace(post=post)
        return of_request(request, "s", act)

    act = Act()
    assert send(b"{}").body == send(b"{}").body == {"id": 1}
    assert send(b"{}", post="p2").body == {"id": 2}, "a key of one post says nothing about another's"
    with pytest.raises(Invalid):
        send(b"{ }")


def test_as_a_response():
    response = idempotency.json_response(Answer(201, {"name": "ក"}, {"Location": "/x"}))
    assert (response.status_code, response.headers["Location"]) == (201, "/x")
    assert "ក" in response.content.decode()
