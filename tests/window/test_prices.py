"""Does the board of prices say what may be charged, and nothing else?"""

from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from sala.kit.errors import NotFound
from sala.window import prices
from sala.window.models import ServiceVersion
from tests.ui.test_paper import attached

pytestmark = pytest.mark.django_db


def rows(key: str = "120404") -> dict[str, dict[str, Any]]:
    with translation.override("en"):
        found = prices.record(prices.board(key), address="https://hall.example/")
    return {row["code"]: row for group in found["groups"] for row in group["rows"]}


def test_a_hall_shows_what_its_level_takes_in() -> None:
    for key, level in (("120404", "commune"), ("1204", "district"), ("12", "province"), ("gda", "nation")):
        own = set(
            ServiceVersion.objects.filter(level=level, current=True).values_list("service_id", flat=True)
        )
        assert own and set(rows(key)) == own, key


@pytest.mark.parametrize("key", ["12040402", "nowhere", "audit-authority", "999999"])
def test_what_is_no_hall_has_no_board(key: str) -> None:
    with pytest.raises(NotFound):
        prices.board(key)
    assert Client().get(f"/km/halls/{key}/prices").status_code == 404
    assert Client().get(f"/km/halls/{key}/prices-a4.pdf").status_code == 404


def test_a_price_needs_a_verified_legal_basis() -> None:
    found = rows()
    assert found["CR-BIRTH"]["fee"] == "Free of charge"
    assert found["CR-BIRTH-LATE"]["fee"] == "Not chargeable: its legal basis is not verified"
    assert not found["CR-BIRTH-LATE"]["plain"] and found["CR-BIRTH-LATE"]["riel"] == 0
    one = ServiceVersion(legal_basis="", fee_riel=500, fee_status="no_basis")
    with translation.override("en"):
        assert prices.charge(one) == "Not chargeable: no legal basis recorded"
        one.fee_status = "unknown"
        assert prices.charge(one) == "Not chargeable: no fee recorded"
        one.fee_status = "chargeable"
        assert prices.charge(one) == "500 riel"


def test_what_nobody_translated_says_its_language() -> None:
    assert prices.said({"en": "passport"}) == {"text": "passport", "lang": "en"}
    assert prices.said({"km": "លិខិត", "en": "letter"}) == {"text": "លិខិត", "lang": "km"}


def test_page_and_paper_say_the_same() -> None:
    page = Client().get("/km/halls/120404/prices").content.decode()
    answer = Client().get("/km/halls/120404/prices-a4.pdf")
    assert answer.headers["Content-Type"] == "application/pdf"
    record = attached(answer.content)
    assert record["language"] == "km" and record["size"] == "a4" and record["mark"], (
        "the demonstration says so"
    )
    for group in record["groups"]:
        for row in group["rows"]:
            assert row["fee"] in page and row["name"]["text"] in page, row["code"]
