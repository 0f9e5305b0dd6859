"""Do the public pages of places say what is known, in both languages, and lead only to this host?"""

import re

import pytest
from django.test import Client

from sala.places import links

pytestmark = pytest.mark.django_db


def _text(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined]


@pytest.mark.parametrize("language", ["km", "en"])
@pytest.mark.parametrize(
    "key",
    ["12", "08", "1204", "120404", "12040401", "02140401-2", "05061400-1", "120904", "250315", "030401"],
)
def test_every_kind_of_unit_has_a_page(client: Client, language: str, key: str) -> None:
    answer = client.get(f"/{language}/places/{key}")
    assert answer.status_code == 200
    assert "style=" not in _text(answer) and f'lang="{language}"' in _text(answer)


def test_a_sangkat(client: Client) -> None:
    page = _text(client.get("/en/places/120404"))
    for part in (
        "Sangkat Tuek L&#39;ak Ti Muoy",
        "សង្កាត់ទឹកល្អក់ទី១",
        "120404",
        "/en/places/1204",
        "/en/places/12040401",
        "<svg",
    ):
        assert part in page
    assert 'class="m4"' in page  # itself among its neighbours


def test_defects_validity_and_changes_in_words(client: Client) -> None:
    assert "more than one village" in _text(client.get("/en/places/02140401"))
    assert "/en/places/02140401-2" in _text(client.get("/en/places/02140401"))
    page = _text(client.get("/en/places/030401"))
    assert "31 December 2013" in page and "/en/places/250101" in page and "not verified" in page
    assert "exists no longer" in _text(client.get("/en/places/120904"))
    assert 'class="map"' not in _text(client.get("/en/places/250315"))  # no border is known


def test_children_in_the_order_of_the_language(client: Client) -> None:
    khmer = re.findall(r"/km/places/(\d\d)\"", _text(client.get("/km/places")))
    latin = re.findall(r"/en/places/(\d\d)\"", _text(client.get("/en/places")))
    assert khmer[:4] == ["08", "23", "03", "04"] and latin[:2] == ["01", "02"]
    assert sorted(khmer) == sorted(latin)


def test_an_unknown_place_is_404_with_a_sentence(client: Client) -> None:
    answer = client.get("/en/places/nowhere")
    assert answer.status_code == 404 and "Look for it by its name" in _text(answer)


def test_search_leads_back_with_the_place(client: Client) -> None:
    page = _text(client.get("/km/places/search", {"q": "tek laak 1", "next": "/km/report?service=x"}))
    assert "/km/report?service=x&amp;place=120404" in page
    page = _text(client.get("/km/places/search", {"q": "tek laak 1"}))
    assert 'href="/km/places/120404"' in page


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "/\\evil.example",
        "evil",
        "\n//evil.example",
    ],
)
def test_search_leads_nowhere_else(client: Client, target: str) -> None:
    page = _text(client.get("/en/places/search", {"q": "120404", "next": target}))
    assert 'href="/en/places/120404"' in page and "place=120404" not in page


def test_search_for_some_levels(client: Client) -> None:
    page = _text(client.get("/en/places/search", {"q": "thmei", "for": "commune,nonsense"}))
    assert "Thmei Commune" in page and "Thmei Village" not in page
    within = _text(client.get("/en/places/search", {"q": "thmei", "within": "07"}))
    assert "Kampot Province" in within and "Kandal Province" not in within


@pytest.mark.parametrize("typed", ["xyzzyq", "x" * 500, "<script>", "' OR 1=1 --", "%00"])
def test_search_for_nonsense(client: Client, typed: str) -> None:
    answer = client.get("/en/places/search", {"q": typed})
    assert answer.status_code == 200 and "<script>" not in _text(answer)


def test_the_fragment_for_a_form_field(client: Client) -> None:
    answer = client.get(
        "/km/places/search", {"field": "place", "place_search": "tek laak 1"}, headers={"HX-Request": "true"}
    )
    page = _text(answer)
    assert "<html" not in page and 'name="place" value="120404"' in page
    empty = client.get(
        "/km/places/search", {"field": "place", "place_search": ""}, headers={"HX-Request": "true"}
    )
    assert _text(empty).strip() == ""
    odd = client.get("/km/places/search", {"field": 'x" y', "q": "120404"}, headers={"HX-Request": "true"})
    assert 'name="place"' in _text(odd)


def test_only_reading(client: Client) -> None:
    assert client.post("/en/places").status_code == 405


def test_a_unit_that_changed_says_since_when(client: Client) -> None:
    from datetime import date

    from sala.accounts.acting import system
    from sala.places import actions

    given = {"on": date(2026, 3, 1), "instrument": "Prakas 7"}
    actions.move(by=system("test"), unit="120410", version=1, parent="1205", code="120540", **given)
    assert "existed since Sunday 1 March 2026" in _text(client.get("/en/places/120540"))
    old = _text(client.get("/en/places/120410"))
    assert "not existed since Sunday 1 March 2026" in old and "Prakas 7" in old and "/en/places/120540" in old


def test_rooms_above_lead_on_from_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "_links", {})
    for order, name in ((2, "b"), (1, "a")):
        links.register(
            links.Link(name, order, name.upper(), ("commune",), lambda key, name=name: f"/{name}/{key}")
        )
    assert links.of("120404", "commune") == [("/a/120404", "A"), ("/b/120404", "B")]
    assert links.of("12", "province") == []
