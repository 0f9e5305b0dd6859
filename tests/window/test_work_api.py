"""The tools of the queue for programs: ready answers, rules with their trial, sub-tasks, steps for many, kept lists."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from sala.kit import clock
from sala.offices import queries as offices
from sala.window.models import Phrase, Request, RoutingRule, SavedList, SubTask
from tests.window.test_actions import verified

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/window"
ANSWER = {
    "act": "answer",
    "name": {"km": "ចាប់ផ្តើម", "en": "Begun"},
    "text": {"km": "ការងារបានចាប់ផ្តើម។", "en": "Work has begun."},
}
RULE = {"service": "RP-SEWER", "post": "clerk"}


@pytest.fixture
def clerk(sign_in: Callable[[str], Client]) -> Client:
    return sign_in("clerk120404")


@pytest.fixture
def chief(sign_in: Callable[[str], Client]) -> Client:
    return sign_in("chief120404")


def send(client: Client, path: str, body: Any = None, method: str = "post", **headers: str) -> Any:
    call = getattr(client, method)
    return call(ROOT + path, json.dumps(body or {}), content_type="application/json", headers=headers)


def at(version: int) -> dict[str, str]:
    return {"If-Match": f'"{version}"'}


def fields(answer: Any) -> list[str]:
    assert answer.status_code == 422, answer.content
    assert answer["Content-Type"].startswith("application/problem+json")
    return [error["field"] for error in answer.json()["errors"]]


def test_ready_answers(clerk: Client, sign_in: Callable[[str], Client]) -> None:
    key = {"Idempotency-Key": "answer-1"}
    made = send(clerk, "/answers", ANSWER, **key)
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["version"], body["state"], made["ETag"]) == (1, "offered", '"1"')
    assert send(clerk, "/answers", ANSWER, **key).json() == body
    assert Phrase.objects.filter(code="").count() == 1
    here = made["Location"].removeprefix(ROOT)
    assert clerk.get(ROOT + here).json() == body
    assert body in clerk.get(f"{ROOT}/answers?act=answer&page_size=200").json()["results"]
    assert clerk.get(f"{ROOT}/answers?act=take").status_code == 422
    change = {"text": {"km": "ថ្មី។", "en": "New."}}
    assert send(clerk, here, change, "patch").status_code == 428
    changed = send(clerk, here, change, "patch", **at(1))
    assert changed.json()["text"]["en"] == "New." and changed.json()["name"] == body["name"]
    assert send(clerk, here, change, "patch", **at(1)).status_code == 412
    other = sign_in("clerk020801")
    assert other.get(ROOT + here).status_code == send(other, f"{here}/end", **at(2)).status_code == 404
    assert send(clerk, f"{here}/end", **at(2)).json()["state"] == "ended"
    assert send(clerk, f"{here}/end", **at(3)).status_code == 409
    verified()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"act": "take"}, "act"),
        ({"name": {"km": "", "en": "x"}}, "name.km"),
        ({"text": {"km": "ក", "en": " "}}, "text.en"),
        ({"text": {"km": "ក"}}, "text.en"),
        ({"name": {"km": "ក" * 121, "en": "x"}}, "name.km"),
        ({"office": "x"}, "office"),
    ],
)
def test_a_wrong_answer_names_its_field(clerk: Client, change: dict[str, Any], field: str) -> None:
    assert field in fields(send(clerk, "/answers", ANSWER | change))


def test_a_rule_is_tried_before_it_is_on(chief: Client, report: Callable[..., Any]) -> None:
    number = report().request.number
    made = send(chief, "/rules", RULE)
    assert made.status_code == 201, made.content
    here = made["Location"].removeprefix(ROOT)
    tried = chief.get(f"{ROOT}{here}/trial").json()
    assert (tried["looked"], tried["count"], tried["newest"][0]["number"]) == (1, 1, number)
    assert RoutingRule.objects.get().on is False
    assert send(chief, f"{here}/on", **at(1)).json()["state"] == "on"
    changed = send(chief, here, RULE | {"service": "RP-ROAD"}, "put", **at(2)).json()
    assert (changed["state"], changed["service"], changed["version"]) == ("off", "RP-ROAD", 3)
    assert chief.get(f"{ROOT}{here}/trial").json()["count"] == 0
    second = send(chief, "/rules", RULE).json()
    assert send(chief, f"/rules/{second['id']}/up", **at(1)).json()["position"] == 1
    listed = chief.get(f"{ROOT}/rules").json()["results"]
    assert [row["id"] for row in listed] == [second["id"], changed["id"]]
    assert chief.get(f"{ROOT}/rules?on=1").json()["count"] == 0
    assert send(chief, f"{here}/end", **at(4)).json()["state"] == "ended"
    assert chief.get(ROOT + here).status_code == 404
    assert send(chief, f"/rules/{second['id']}/dance", **at(2)).status_code == 404
    verified()


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({}, "post"),
        ({"post": "clerk", "to_office": str(uuid4())}, "post"),
        ({"to_office": str(uuid4())}, "office"),
        (RULE | {"service": "NOPE"}, "service"),
        (RULE | {"place": "999999"}, "place"),
        (RULE | {"attribute": "water"}, "answer"),
        (RULE | {"attribute": "water", "answer": "never"}, "answer"),
    ],
)
def test_a_wrong_rule_names_its_field(chief: Client, rule: dict[str, str], field: str) -> None:
    assert field in fields(send(chief, "/rules", rule)) and not RoutingRule.objects.exists()


def test_sub_tasks(chief: Client, sign_in: Callable[[str], Client], report: Callable[..., Any]) -> None:
    request = report().request
    post = str(offices.people(request.office_id)[0].id)
    given = {"request": str(request.pk), "post": post, "text": "Measure", "due": clock.today().isoformat()}
    made = send(chief, "/subtasks", given)
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["number"], body["state"], body["due"]) == (request.number, "open", given["due"])
    assert chief.get(f"{ROOT}/subtasks?request={request.pk}&open=1").json()["results"] == [body]
    other = sign_in("clerk020801")
    assert other.get(f"{ROOT}/subtasks").json()["count"] == 0
    here = f"/subtasks/{body['id']}"
    assert other.get(ROOT + here).status_code == send(other, f"{here}/done", **at(1)).status_code == 404
    assert send(other, "/subtasks", given).status_code == 404
    assert fields(send(chief, "/subtasks", given | {"text": " "})) == ["text"]
    assert fields(send(chief, "/subtasks", given | {"due": "2001-01-01"})) == ["due"]
    assert fields(send(chief, "/subtasks", given | {"post": str(uuid4())})) == ["post"]
    assert send(chief, f"{here}/done", **at(2)).status_code == 412
    assert send(chief, f"{here}/done", **at(1)).json()["state"] == "done"
    assert chief.get(f"{ROOT}/subtasks?open=1").json()["count"] == 0
    assert send(chief, f"{here}/drop", **at(2)).status_code == 409
    assert SubTask.objects.count() == 1


def test_one_step_for_many(
    clerk: Client, sign_in: Callable[[str], Client], report: Callable[..., Any]
) -> None:
    first, second, far = report().request, report().request, report(place="020801").request
    picks = [{"id": str(each.pk), "version": 1} for each in (first, second, far)]
    sent = {"verb": "finish", "requests": picks, "text": "Cleared."}
    plan = send(clerk, "/several/preview", sent).json()
    assert (plan["possible"], plan["missing"]) == (2, [str(far.pk)])
    assert {row["after"] for row in plan["requests"]} == {"done"} and not Request.objects.filter(open=False)
    sent["requests"][1]["version"] = 7
    key = {"Idempotency-Key": "many-1"}
    done = send(clerk, "/several", sent, **key)
    assert done.json()["done"] == 1 and done.json()["missing"] == [str(far.pk)]
    assert {row["number"]: row["state"] for row in done.json()["requests"]} == {
        first.number: "done",
        second.number: "received",
    }
    assert [bool(row["problem"]) for row in done.json()["requests"] if row["number"] == second.number] == [
        True
    ]
    assert send(clerk, "/several", sent, **key).json() == done.json()
    assert Request.objects.get(number=first.number).version == 2
    assert fields(send(clerk, "/several", sent | {"verb": "refuse"})) == ["verb"]
    assert send(sign_in("councillora120404"), "/several", sent).status_code == 403
    assert send(clerk, "/several", sent | {"requests": []}).status_code == 422
    assert send(Client(), "/several", sent).status_code == 401


def test_kept_lists(clerk: Client, chief: Client) -> None:
    made = send(clerk, "/lists", {"name": "Late sewers", "query": "view=late&service=RP-SEWER&q=secret"})
    assert made.status_code == 201 and made.json()["query"] == "view=late&service=RP-SEWER"
    here = f"{ROOT}/lists/{made.json()['id']}"
    assert clerk.get(f"{ROOT}/lists").json()["results"] == [made.json()]
    assert chief.get(f"{ROOT}/lists").json()["count"] == 0 and chief.delete(here).status_code == 404
    assert send(clerk, "/lists", {"name": "x", "query": "q=only"}).status_code == 422
    assert fields(send(clerk, "/lists", {"name": "x", "query": "state=odd"})) == ["state"]
    assert clerk.delete(here).status_code == 204 and not SavedList.objects.exists()


@pytest.mark.parametrize("path", ["answers", "rules", "subtasks", "lists"])
def test_reads_do_not_grow_with_the_rows(
    path: str, chief: Client, report: Callable[..., Any], django_assert_max_num_queries: Any
) -> None:
    request = report().request
    post = str(offices.people(request.office_id)[0].id)
    for number in range(3):
        send(chief, "/answers", ANSWER)
        send(chief, "/rules", RULE)
        given = {"request": str(request.pk), "post": post, "text": "x", "due": clock.today().isoformat()}
        send(chief, "/subtasks", given)
        send(chief, "/lists", {"name": f"n{number}", "query": "view=late"})
    with django_assert_max_num_queries(9):
        assert chief.get(f"{ROOT}/{path}").json()["count"] >= 3
    file = chief.get(f"{ROOT}/{path}.csv")
    assert file.status_code == 200 and len(b"".join(file.streaming_content).splitlines()) >= 4
