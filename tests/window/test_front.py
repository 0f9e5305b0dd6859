"""The residents' first pages: the hall one chose, its hours and figures, the way to it, the promise before one sends."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from sala.accounts.acting import RESIDENT
from sala.kit import clock
from sala.measures import actions as measures
from sala.window import actions
from sala.window.terms import Act
from tests.window.conftest import VILLAGE

pytestmark = pytest.mark.django_db


def page(path: str) -> str:
    return " ".join(Client().get(path).content.decode().split())


def test_the_footer_says_when_halls_are_open_and_the_days_off_that_come() -> None:
    with clock.simulate(datetime(2026, 11, 20, 3, 0, tzinfo=UTC)):
        khmer, english = page("/km/halls/120404"), page("/en/")
    assert "ថ្ងៃចន្ទ ដល់ថ្ងៃសុក្រ ម៉ោង ៧:៣០–១១:៣០ ព្រឹក និងម៉ោង ២:០០–៥:៣០ រសៀល។" in khmer
    assert "បិទនៅថ្ងៃទី២៣–២៥ ខែវិច្ឆិកា៖ ព្រះរាជពិធីបុណ្យអុំទូក" in khmer
    assert "Monday to Friday, 7:30–11:30 am and 2:00–5:30 pm." in english
    assert "Closed on 23–25 November: Water Festival." in english


def test_the_days_off_of_a_far_month_are_not_told() -> None:
    with clock.simulate(datetime(2026, 7, 1, 3, 0, tzinfo=UTC)):
        assert "Closed on" not in page("/en/halls/120404")


def test_a_hall_that_has_done_nothing_says_so() -> None:
    found = page("/en/halls/120404")
    assert "Nothing has been counted yet this year." in found and 'class="figs"' not in found


def test_the_four_figures_of_a_hall_are_those_they_open(posts: Any, report: Callable[..., Any]) -> None:
    with clock.simulate(datetime(2026, 11, 16, 3, 0, tzinfo=UTC)):
        received = report()
    with clock.simulate(datetime(2026, 11, 18, 3, 0, tzinfo=UTC)):
        actions.act(by=posts.clerk, request_id=received.request.id, version=1, verb=Act.FINISH, text="រួចរាល់")
        actions.rate(by=RESIDENT, request_id=received.request.id, courtesy=5, speed=3, comment="")
        measures.roll_up()
        found = page("/en/halls/120404")
        figures = re.findall(r'<li><b>(.*?)</b><span>(.*?)</span><a href="(.*?)">', found)
        assert [text for _value, text, _url in figures] == [
            "finished within the deadline",
            "of opening hours: half took no longer",
            "requests received",
            "points given by applicants",
        ]
        assert [value for value, _text, _url in figures] == ["100%", "15.0 h", "1", "4.0 of 5"]
        for value, _text, url in figures:
            opened = page(url.replace("&amp;", "&"))
            assert "Tuek L&#39;ak Ti Muoy" in opened and value in opened, url
        assert "100%" in page("/en/"), "the first page shows the figures of all halls"
        assert 'class="figs"' not in page("/en/halls/020801")


def test_a_village_leads_to_the_hall_of_its_commune() -> None:
    found = page("/en/?q=12040402")
    assert 'href="/en/halls/120404"' in found and "Phum Pir" in found
    assert Client().get("/en/", {"place": VILLAGE}).url == "/en/halls/120404"  # type: ignore[attr-defined]
    assert Client().get("/en/", {"place": "999999"}).status_code == 200


def test_who_finds_no_hall_has_a_way_on() -> None:
    found = page("/en/?q=" + "%E1%9E%80" * 90)
    assert "No hall found." in found and 'href="/en/places"' in found
    assert 'href="/en/halls/120404"' in page("/en/places/120404")
    assert "/en/halls/" not in page("/en/places/12040402"), "a village has no hall of its own"


def test_the_hall_stays_chosen_on_the_way_to_a_service() -> None:
    listed = page("/km/services?place=120404")
    assert 'class="mark" href="/km/halls/120404"' in listed
    assert 'href="/km/services/CT-ALIVE?place=120404"' in listed
    service = page("/km/services/CT-ALIVE?place=120404")
    assert "សាលាសង្កាត់ទឹកល្អក់ទី១" in service and "/km/services/CT-ALIVE/apply?place=120404" in service
    assert 'value="120404"' in page("/km/services/CT-ALIVE/apply?place=120404")


def test_services_are_listed_by_sector_and_open_when_one_searches() -> None:
    listed, searched = page("/en/services"), page("/en/services?q=birth")
    assert listed.count('<details class="part">') > 5 and '<details class="part" open>' not in listed
    assert '<details class="part" open>' in searched and '<details class="part">' not in searched


def test_a_service_promises_a_day_before_anything_else() -> None:
    with clock.simulate(datetime(2026, 11, 20, 3, 0, tzinfo=UTC)):
        found = page("/en/services/RP-SEWER?place=120404")
    assert "Will be done by Wednesday 2 December 2026" in found
    assert "5 working days, not counting Water Festival (23–25 November)" in found
    assert found.index("Will be done by") < found.index("<dl")


def test_the_problems_say_how_long_they_take() -> None:
    found = page("/en/report")
    assert found.count('<span class="hint">within') == 4 and "within 5 working days" in found


def test_a_late_request_says_what_to_do(report: Callable[..., Any]) -> None:
    with clock.simulate(datetime(2026, 11, 2, 3, 0, tzinfo=UTC)):
        code = report().code
    with clock.simulate(datetime(2026, 11, 20, 3, 0, tzinfo=UTC)):
        found = page(f"/en/requests/{code}")
        receipt = page(f"/en/requests/{code}/receipt")
    assert "The hall is late. Ask there with the number of your request." in found and "days late" in found
    assert "Monday to Friday" in receipt and "Print this page" in receipt


def test_no_more_days_are_left_than_were_promised(report: Callable[..., Any]) -> None:
    with clock.simulate(datetime(2026, 11, 21, 3, 0, tzinfo=UTC)):  # a Saturday
        assert "5 days left" in page(f"/en/requests/{report().code}")


@pytest.mark.parametrize("end", ["", "/received", "/receipt"])
def test_a_wrong_code_in_the_address_can_be_typed_again(end: str) -> None:
    answer = Client().get(f"/en/requests/AAAA-BBBB-CCCC-DDDD{end}")
    found = answer.content.decode()
    assert answer.status_code == 404 and "opens no request" in found
    assert 'action="/en/requests"' in found and 'value="AAAA-BBBB-CCCC-DDDD"' in found


def test_a_service_says_what_it_will_ask() -> None:
    assert "How far does the water reach?" in page("/en/services/RP-SEWER")
    assert "តើបាត់ឯកសារអ្វីខ្លះ?" in page("/km/services/CT-LOSS")
    assert "What you will be asked" not in page("/en/services/CT-GUARD")
