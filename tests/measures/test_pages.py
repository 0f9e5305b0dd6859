"""Do the pages of figures show every figure as a link that opens, in both languages, and tell wrong addresses clearly?"""

import csv
import io
import json
import re

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    return Client()


def text(answer):
    return answer.content.decode()


@pytest.mark.parametrize("language", ["km", "en"])
def test_all_measures_with_the_nations_figure(client, language):
    page = text(client.get(f"/{language}/figures"))
    assert {"km": "គ្រួសារមានអគ្គិសនីប្រើប្រាស់", "en": "Households with electricity"}[language] in page
    assert {"km": "៣៥,៤%", "en": "35.4%"}[language] in page
    assert f"/{language}/figures/cdb.electricity/sources" in page
    assert "CC BY-SA 4.0" in page


@pytest.mark.parametrize("language", ["km", "en"])
def test_one_measure(client, language):
    page = text(client.get(f"/{language}/figures/cdb.electricity"))
    assert {"km": "៣៥,៤%", "en": "35.4%"}[language] in page
    assert {"km": "មូលដ្ឋានទិន្នន័យឃុំ សង្កាត់ ឆ្នាំ២០១១", "en": "Commune Database 2011"}[language] in page
    assert "cdb.electricity v1" in page
    assert page.count('class="hb"') == 24  # one bar a province with data
    assert f'href="/{language}/figures/cdb.electricity/map?period=2011"' in page
    assert "<path class" not in page.split("<main")[1]  # the map is loaded only when opened


def test_every_figure_in_the_table_opens(client):
    page = text(client.get("/en/figures/cdb.families"))
    table = page.split("<tbody>")[1].split("</tbody>")[0]
    links = re.findall(r'<a\s+class="fig"\s+href="([^"]+)"', table)
    assert len(links) == 24
    for link in links[:3]:
        assert client.get(link.replace("&amp;", "&")).status_code == 200


def test_no_data_is_a_dash_with_words(client):
    page = text(client.get("/en/figures/cdb.families?place=25"))
    assert "There is no data for this place and period." in page
    assert '<span aria-hidden="true">–</span><span class="vh">No data</span>' in page


def test_down_to_the_commune_and_its_row(client):
    assert "Open " in text(client.get("/en/figures/cdb.families/sources?period=2011"))
    district = text(client.get("/en/figures/cdb.families/sources?place=1204&period=2011"))
    assert "place=120404" in district
    commune = text(client.get("/en/figures/cdb.families/sources?place=120404&period=2011"))
    assert "commune_census_data_2011.csv" in commune


def test_the_trail_names_each_level_with_its_figure(client):
    page = text(client.get("/en/figures/cdb.electricity/sources?place=120404&period=2011"))
    trail = re.sub(r"<[^>]+>", " ", page.split('aria-label="Path to the source"')[1].split("</nav>")[0])
    assert trail.count("%") == 4
    assert "35.4%" in trail


def test_sorting_puts_what_has_no_data_last(client):
    for sort, reverse in (("value", False), ("-value", True)):
        page = text(client.get(f"/en/figures/cdb.electricity?sort={sort}"))
        table = page.split("<tbody>")[1].split("</tbody>")[0]
        values = [
            float(v.replace(",", ""))
            for v in re.findall(r'class="fig"\s+href="[^"]+">\s*([\d.,]+)\s*<', table)
        ]
        assert values == sorted(values, reverse=reverse)
        assert len(values) == 24
        assert "No data" in table.rsplit("<tr>", 1)[1]


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/en/figures/nothing", 404, "There is no measure of this name."),
        ("/en/figures/cdb.families?place=99", 404, "There are no figures for this place."),
        ("/en/figures/cdb.families?place=12040401", 404, "There are no figures for this place."),
        ("/en/figures/cdb.families?period=2026-13", 422, "Give a month, quarter or year"),
        ("/en/figures/cdb.families?period=2011-11-24", 422, "Give a month, quarter or year"),
        ("/en/figures/cdb.families?period=9999", 422, "Give a month, quarter or year"),
        ("/en/figures/cdb.families/map?level=village", 422, "Give province, district or commune"),
        ("/km/figures/nothing", 404, "គ្មានសូចនាករឈ្មោះនេះទេ។"),
        ("/en/figures/cdb.families/table.pdf", 404, ""),
    ],
)
def test_wrong_addresses_are_told_clearly(client, address, status, words):
    answer = client.get(address)
    assert answer.status_code == status
    assert words in text(answer)


@pytest.mark.parametrize(
    "query", ["page=99999999999999999999", "sort=x;y", "page=0", "place=%00", "period=%F0%9F%98%80"]
)
def test_crafted_queries_are_no_error_of_ours(client, query):
    for address in (
        "/en/figures/cdb.families",
        "/en/figures/cdb.families/sources",
        "/en/figures/cdb.families/map",
    ):
        assert client.get(f"{address}?{query}").status_code in (200, 400, 404, 422)


def test_the_map_is_drawn_once_opened(client):
    page = client.get("/en/figures/cdb.electricity/map?period=2011")
    assert 'class="map"' in text(page)
    assert "80% and more" in text(page)
    assert "Boundaries of 2014" in text(page)
    inside = text(client.get("/en/figures/cdb.electricity/map?period=2011&place=12"))
    assert "figures/cdb.electricity?place=12" in inside  # within a province each commune is a link
    fragment = text(client.get("/en/figures/cdb.electricity/map?period=2011", HTTP_HX_REQUEST="true"))
    assert "<html" not in fragment
    assert 'class="map"' in fragment
    provinces = text(client.get("/en/figures/cdb.electricity/map?period=2011&level=province"))
    assert "Phnom Penh" in provinces


def exported(answer):
    return b"".join(answer.streaming_content)


def test_the_table_as_a_file(client):
    answer = client.get("/en/figures/cdb.electricity/table.csv?period=2011")
    rows = list(csv.DictReader(io.StringIO(exported(answer).decode("utf-8-sig"))))
    assert len(rows) == 26  # the nation and 25 provinces
    assert rows[0]["Place"] == ""
    assert abs(float(rows[0]["Value"]) - 0.353940823684) < 1e-9
    assert {row["Licence"] for row in rows} == {
        "CC BY-SA 4.0, Open Development Cambodia, from the Commune Database"
    }
    assert rows[0]["Rule"] == "cdb.electricity v1"
    assert rows[0]["Note"]  # this database is a demonstration: the mark goes with every row
    assert rows[-1]["Value"] == ""  # Tboung Khmum: no data is empty, not 0
    data = json.loads(exported(client.get("/km/figures/cdb.electricity/table.json?period=2011&place=12")))
    assert data[0]["place"] == "12"
    assert exported(client.get("/en/figures/cdb.electricity/table.xlsx?period=2011"))[:2] == b"PK"
    assert client.get("/en/figures/cdb.electricity/table.csv?nonsense=1").status_code == 422


def test_staff_see_the_same_in_their_frame(sign_in):
    page = text(sign_in("ministry").get("/en/figures/cdb.electricity"))
    assert 'class="staff"' in page
    assert "hx-get" in page
    assert "35.4%" in page


def test_a_residents_page_is_light(client):
    import gzip

    for address in ("/km/figures", "/km/figures/cdb.electricity"):
        assert len(gzip.compress(client.get(address).content)) < 9000


@pytest.mark.parametrize("language", ["km", "en"])
def test_what_wants_attention_opens(client, language):
    page = text(client.get(f"/{language}/figures/cdb.electricity?period=2011"))
    words = {"km": "ត្រូវយកចិត្តទុកដាក់", "en": "Needs attention"}[language]
    block = page.split(words)[1].split("</section>")[0]
    assert {"km": "ព្រះវិហារ ១២,៩%", "en": "Preah Vihear 12.9%"}[language] in re.sub(r"\s+", " ", block)
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="(/[^"]+)"', block)]
    assert len(links) == 5  # four provinces and the communes without data
    for link in links:
        assert client.get(link).status_code == 200


def test_communes_without_data_are_named(client):
    page = text(client.get("/en/figures/cdb.electricity/sources?period=2011&place=12&without=1"))
    assert "communes of today have no figure in this period." in page
    named = re.findall(r'<li>\s*<a href="[^"]+place=(\d+)', page)
    figure = text(client.get("/en/figures/cdb.electricity?period=2011&place=12"))
    told = re.search(r"(\d+) communes of today have no figure of their own", figure)
    assert len(named) == int(told.group(1)) > 5
    assert all(key.startswith("12") for key in named)
    assert "Communes without data" in page


def test_another_measure_is_chosen_in_the_form(client):
    answer = client.get(
        "/en/figures/cdb.electricity?measure=cdb.latrines&place=12&period=2011&level=district"
    )
    assert answer.status_code == 302
    assert answer.url == "/en/figures/cdb.latrines?place=12&period=2011&level=district"
    other = client.get("/en/figures/cdb.electricity?measure=window.on_time&period=2011")
    assert other.url == "/en/figures/window.on_time"  # no figure of that year: its own usual period
    assert client.get("/en/figures/cdb.electricity?measure=nothing").status_code == 404
    assert client.get("/en/figures/cdb.electricity?measure=cdb.electricity").status_code == 200


def test_the_form_offers_measures_periods_and_levels_that_lie_below(client):
    page = text(client.get("/en/figures/cdb.electricity?period=2011"))
    form = page.split('<form class="filters')[1].split("</form>")[0]
    assert re.findall(r'<select[^>]*name="(\w+)"', form) == ["measure", "period", "level"]
    assert 'value="province"' in form
    inside = text(client.get("/en/figures/cdb.electricity?period=2011&place=12&level=province"))
    form = inside.split('<form class="filters')[1].split("</form>")[0]
    assert 'value="province"' not in form
    assert re.search(r'value="commune"\s+selected', form)


def test_source_year_and_licence_stand_under_the_figure(client):
    page = text(client.get("/km/figures/cdb.electricity"))
    first = page.split("lead-fig")[1].split("</section>")[0]
    assert "២០១១" in first
    assert "CC BY-SA 4.0" in first


def test_the_provinces_on_the_map_of_communes_are_links(client):
    page = text(client.get("/en/figures/cdb.electricity/map?period=2011"))
    assert page.count('class="pv"') >= 24
    assert "<title>Phnom Penh Capital: 96.6%</title>" in page
    inside = text(client.get("/en/figures/cdb.electricity/map?period=2011&place=12"))
    assert inside.count('class="pv"') == 1
