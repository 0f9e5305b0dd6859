"""Descriptions of SMS gateways: read, refused with a sentence that holds no key, filled in, answers understood."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sala.notices import descriptions
from sala.notices.terms import Step

DOCS = Path(__file__).parents[2] / "docs" / "notices.md"
VALUES = {"to": "+85512345678", "digits": "85512345678", "text": "ក & {id}", "id": "7/7", "secret": "hush"}


def test_the_example_of_the_documentation():
    (example,) = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    found = descriptions.read(example)
    assert found.asking is not None and found.taken == {"0", "queued"} and not found.repeats
    question = descriptions.question(found, "https://sms.example/send", VALUES)
    assert question.headers["Authorization"] == "Bearer hush"
    assert json.loads(question.body) == {
        "to": "+85512345678", "text": "ក & {id}", "id": "7/7", "sender": "SANGKAT",
    }  # fmt: skip
    assert descriptions.asking(found, VALUES).url == "https://sms.example/messages/7%2F7"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("key = ", "not TOML"),
        ("pigeon = 1", "pigeon is not known"),
        ('method = "DELETE"', "method is"),
        ('body = "xml"', "body is"),
        ("per_minute = 0", "per_minute"),
        ('repeats = "yes"', "true or false"),
        ("headers = 1", "headers is a table"),
        ('[headers]\nAuthorization = "hush {key}"', "{key} is not known"),
        ('[fields]\ntext = "{text}"', "whom would the message go to"),
        ('repeats = true\n[fields]\nto = "{to}"', "repeats needs {id}"),
        ('[answer]\nstate = "a"', "state and taken"),
        ('[answer]\nwhat = "a"', "answer.what is not known"),
        ('[answer]\nstate = "a"\ntaken = "b"', "taken is a list"),
        ('[ask]\nurl = "https://x/"', "ask.url needs {id}"),
        ('[ask]\nurl = "https://x/{id}"\nmissing = ["404"]', "list of HTTP statuses"),
        ('[ask]\nurl = "https://x/{id}"\nstate = "a"', "ask needs had"),
    ],
)
def test_what_can_not_be_followed(text, said):
    with pytest.raises(ValueError, match=re.escape(said)) as refusal:
        descriptions.read(text)
    assert "hush" not in str(refusal.value)


def test_tables_and_lists_within_fields():
    found = descriptions.read('[fields]\nmessages = [{to = "{to}", kind = 3, parts = ["{text}"]}]')
    body = json.loads(descriptions.question(found, "https://x/", VALUES).body)
    assert body == {"messages": [{"to": "+85512345678", "kind": 3, "parts": ["ក & {id}"]}]}


def test_a_header_stays_one():
    found = descriptions.read('[headers]\nKey = "{secret}"')
    with pytest.raises(ValueError, match="line break"):
        descriptions.question(found, "https://x/", {**VALUES, "secret": "a\r\nX: b"})


@pytest.mark.parametrize(
    ("body", "way", "found"),
    [
        (b'{"a": [{"b": 0}]}', "a.0.b", "0"),
        (b'{"a": true}', "a", "true"),
        (b'{"a": null}', "a", "None"),
        (b'{"a": {}}', "a", None),
        (b'{"a": []}', "a.0", None),
        (b"<html>", "a", None),
        (b"[1]", "x", None),
        (b"7", "a", None),
        (b"\xff", "a", None),
    ],
)
def test_ways_into_an_answer(body, way, found):
    assert descriptions.at(body, way) == found


@given(st.integers(100, 599), st.binary(max_size=60))
def test_any_answer_means_something(status, body):
    found = descriptions.read('[answer]\nstate = "s"\ntaken = ["ok"]')
    result = descriptions.understand(found, status, body)
    assert result.step in (Step.DELIVER, Step.REJECT, Step.LOSE, Step.POSTPONE, Step.BREAK)
    assert result.step != Step.DELIVER or json.loads(body)["s"] == "ok"
    assert len(result.error) < 60
