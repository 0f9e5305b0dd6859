"""What a service asks: which answers are taken, how they are kept, and what is said of the others."""

from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from sala.window import attributes, queries
from sala.window.attributes import DataType
from sala.window.models import Request

NAMES = {"km": "សំណួរ", "en": "Question"}
FORM = attributes.parse(
    [
        {"code": "line", "datatype": "string", "label": NAMES, "required": True},
        {"code": "count", "datatype": "number", "label": NAMES, "least": 1, "most": 10},
        {"code": "day", "datatype": "datetime", "label": NAMES},
        {"code": "words", "datatype": "text", "label": NAMES},
        {
            "code": "one",
            "datatype": "singlevaluelist",
            "label": NAMES,
            "values": [{"key": "a", "km": "ក", "en": "A"}, {"key": "b", "km": "ខ", "en": "B"}],
        },
        {
            "code": "several",
            "datatype": "multivaluelist",
            "label": NAMES,
            "values": [{"key": "x", "km": "គ", "en": "X"}, {"key": "y", "km": "ឃ", "en": "Y"}],
        },
    ]
)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"line": "  two   words "}, {"line": "two words"}),
        ({"line": "a", "count": "៣"}, {"line": "a", "count": "3"}),
        ({"line": "a", "count": "2,50"}, {"line": "a", "count": "2.50"}),
        ({"line": "a", "day": "២០២៦-១១-២៤"}, {"line": "a", "day": "2026-11-24"}),
        (
            {"line": "a", "day": "2026-11-24T08:00:00+07:00"},
            {"line": "a", "day": "2026-11-24T08:00:00+07:00"},
        ),
        ({"line": "a", "one": "b", "several": ["y", "x"]}, {"line": "a", "one": "b", "several": ["x", "y"]}),
        ({"line": "a", "several": "x", "count": "", "day": None}, {"line": "a", "several": ["x"]}),
    ],
)
def test_answers_that_are_taken(sent: dict[str, object], kept: dict[str, object]) -> None:
    assert attributes.clean(FORM, sent) == (kept, [])


@pytest.mark.parametrize(
    ("sent", "attribute", "code"),
    [
        ({}, "line", "required"),
        ({"line": "  "}, "line", "required"),
        ({"line": "a\x00"}, "line", "unreadable"),
        ({"line": "a" * 201}, "line", "too-long"),
        ({"line": ["a", "b"]}, "line", "too-many"),
        ({"line": "a", "count": "many"}, "count", "not-a-number"),
        ({"line": "a", "count": "Infinity"}, "count", "not-a-number"),
        ({"line": "a", "count": "0"}, "count", "too-small"),
        ({"line": "a", "count": "11"}, "count", "too-large"),
        ({"line": "a", "day": "yesterday"}, "day", "not-a-date"),
        ({"line": "a", "day": "0001-01-01"}, "day", "not-a-date"),
        ({"line": "a", "day": "9999-12-31T23:59:59Z"}, "day", "not-a-date"),
        ({"line": "a", "one": "c"}, "one", "unknown-value"),
        ({"line": "a", "several": ["x", "z"]}, "several", "unknown-value"),
        ({"line": "a", "colour": "red"}, "colour", "unknown-field"),
    ],
)
def test_answers_that_are_none(sent: dict[str, object], attribute: str, code: str) -> None:
    _values, faults = attributes.clean(FORM, sent)
    assert [(fault.attribute, fault.code) for fault in faults] == [(attribute, code)]


CODES = st.sampled_from([attribute.code for attribute in FORM] + ["other"])
TEXTS = st.text(max_size=12)


@given(st.dictionaries(CODES, TEXTS | st.lists(TEXTS, max_size=3), max_size=4))
def test_whatever_is_sent_each_answer_is_kept_or_said_to_be_wrong(sent: dict[str, object]) -> None:
    values, faults = attributes.clean(FORM, sent)
    assert not set(values) & {fault.attribute for fault in faults}
    assert attributes.clean(FORM, values)[0] == values  # what is kept is in its final form


@pytest.mark.parametrize(
    "row",
    [
        {"code": "a", "datatype": "colour", "label": NAMES},
        {"code": "a", "datatype": "singlevaluelist", "label": NAMES},
        {"code": "a", "datatype": "string", "label": NAMES, "values": [{"key": "x", "km": "x", "en": "x"}]},
        {"code": "a", "datatype": "string", "label": {"en": "only"}},
    ],
)
def test_a_form_with_a_fault_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError)):
        attributes.parse([row])
    with pytest.raises(ValueError, match="twice"):
        attributes.parse([{"code": "a", "datatype": "string", "label": NAMES}] * 2)


def test_answers_are_said_in_words() -> None:
    values = {"one": "b", "several": ["x", "y"], "gone": "?"}
    assert attributes.said(FORM, values, "km") == [("សំណួរ", "ខ"), ("សំណួរ", "គ, ឃ")]


def test_days_are_said_as_days() -> None:
    assert attributes.said(FORM, {"day": "2026-11-20"}, "en") == [("Question", "Friday 20 November 2026")]
    [(_question, said)] = attributes.said(FORM, {"day": "2026-11-20T08:05:00+07:00"}, "km")
    assert said.startswith("ថ្ងៃសុក្រ") and said.endswith("08:05")


@pytest.mark.django_db
def test_every_form_of_the_pack_can_be_read() -> None:
    asked = {row.code: row.asks for row in queries.services()}
    assert {code for code, form in asked.items() if form} >= {"RP-SEWER", "RP-POWER", "RP-LIGHT", "RP-ROAD"}
    assert {one.datatype for form in asked.values() for one in form} == set(DataType) - {DataType.TEXT}


@pytest.mark.django_db
def test_the_form_on_the_web_asks_and_keeps(client: Client) -> None:
    said = {
        "step": "what",
        "next": "1",
        "place": "120404",
        "village": "12040402",
        "description": "ទឹកស្ទះលូ",
        "language": "km",
        "asked-blockage": "road",
        "asked-signs": ["smell", "cover"],
    }
    day = {"asked-since_day": "20", "asked-since_month": "11", "asked-since_year": "20xx"}
    page = client.post("/en/services/RP-SEWER/apply", {**said, **day})
    assert page.status_code == 422 and "Enter the year with four digits." in page.content.decode()
    assert "20xx" in page.content.decode()
    said |= {**day, "asked-since_year": "2026"}
    page = client.post("/en/services/RP-SEWER/apply", said)
    assert page.status_code == 200 and "Over the road" in page.content.decode()
    assert "Friday 20 November 2026" in page.content.decode()
    page = client.post("/en/services/RP-SEWER/apply", {**said, "step": "check", "edit": "what"})
    assert 'value="2026"' in page.content.decode() and page.content.decode().count("checked") >= 3
    page = client.post("/en/services/RP-SEWER/apply", {**said, "step": "check"})
    assert page.status_code == 302
    assert Request.objects.get().attributes == {
        "blockage": "road",
        "since": "2026-11-20",
        "signs": ["smell", "cover"],
    }
    assert "A bad smell" in client.get(page.headers["Location"].replace("/received", "")).content.decode()


@pytest.mark.django_db
def test_the_api_takes_answers_and_says_what_is_wrong(client: Client) -> None:
    body = {"service": "RP-LIGHT", "place": "12040402", "description": "ភ្លើងខូច", "attributes": {"lamps": "3"}}
    made = client.post("/api/v1/window/requests", body, content_type="application/json")
    assert made.status_code == 201 and Request.objects.get().attributes == {"lamps": "3"}
    body["attributes"] = {"lamps": "none", "colour": "red"}
    wrong = client.post("/api/v1/window/requests", body, content_type="application/json")
    assert wrong.status_code == 422
    assert {error["field"] for error in wrong.json()["errors"]} == {"attributes.lamps", "attributes.colour"}
