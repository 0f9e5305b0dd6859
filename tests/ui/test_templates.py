"""Do templates write values in the page's language, escape what is typed, and keep to the content security policy?"""

import gzip
import re
from datetime import UTC, date, datetime, time

import pytest
from django import forms
from django.conf import settings
from django.template import engines
from django.test import Client, RequestFactory
from django.utils import translation
from markupsafe import escape

from sala.kit.terms import Term
from sala.shell.context import Frame
from sala.ui import jinja
from sala.ui.fields import DayField
from sala.ui.icons import NAMES, icon

PARTS = [f"/{language}/parts{end}" for language in ("km", "en") for end in ("", "/staff")]


class Colour(Term):
    GREEN = "green", "Month"


def _spaced(page: str) -> str:
    """A page with one space wherever it has some: how templates are laid out makes no difference."""
    return re.sub(r"\s+", " ", page)


def _render(source: str, language: str, **context: object) -> str:
    request = RequestFactory().get("/")
    with translation.override(language):
        template = engines["jinja"].from_string('{% import "ui/parts.html" as ui with context %}' + source)
        return _spaced(template.render({"here": Frame(request), **context}, request)).strip()


@pytest.mark.parametrize(
    ("source", "km", "en"),
    [
        ("{{ 12345.6|number(1) }}", "១២.៣៤៥,៦", "12,345.6"),
        ("{{ 12345.6|figure(1) }}", "12,345.6", "12,345.6"),
        ("{{ 0.875|percent }}", "៨៧,៥%", "87.5%"),
        ("{{ 4000|money }}", "៤.០០០ រៀល", "4,000 riel"),
        ("{{ 14|digits }}", "១៤", "14"),
        ("{{ day|date_long }}", "ថ្ងៃសុក្រ ទី២០ ខែវិច្ឆិកា ឆ្នាំ២០២៦", "Friday 20 November 2026"),
        ("{{ day|date_short }}", "២០ វិច្ឆិកា ២០២៦", "20 November 2026"),
        ("{{ day|month }}", "ខែវិច្ឆិកា ឆ្នាំ២០២៦", "November 2026"),
        ("{{ at|moment(staff=True, year=False) }}", "២១ វិច្ឆិកា ម៉ោង ០១:០៥", "21 November, 01:05"),
        ("{{ at|date_short }}", "២១ វិច្ឆិកា ២០២៦", "21 November 2026"),
        ("{{ at|clock_time }}", "ម៉ោង ១:០៥ យប់", "1:05 am"),
        ("{{ noon|clock_time(staff=True) }}", "១២:០០", "12:00"),
        ("{{ {'km': 'ក', 'en': 'A'}|name }}", "ក", "A"),
        ("{{ {'km': 'ក', 'en': ''}|name }}", "ក", "ក"),
        ("{{ green|term }}", "ខែ", "Month"),
        ("{{ 'a\n<b>'|lines }}", "a<br>&lt;b&gt;", "a<br>&lt;b&gt;"),
        ("{{ none|name }}", "", ""),
    ],
)
def test_filters(db: None, source: str, km: str, en: str) -> None:
    values = {
        "day": date(2026, 11, 20),
        "at": datetime(2026, 11, 20, 18, 5, tzinfo=UTC),
        "noon": time(12),
        "green": Colour.GREEN,
    }
    assert _render(source, "km", **values) == km
    assert _render(source, "en", **values) == en


@pytest.mark.parametrize(
    "name",
    [
        "number",
        "figure",
        "percent",
        "money",
        "digits",
        "date_long",
        "date_short",
        "month",
        "moment",
        "clock_time",
        "when",
        "term",
    ],
)
def test_what_is_missing_is_a_dash_with_words_never_zero(db: None, name: str) -> None:
    with translation.override("en"):
        assert jinja.FILTERS[name](None) == '<span aria-hidden="true">–</span><span class="vh">No data</span>'


def test_when_carries_the_machines_time() -> None:
    with translation.override("en"):
        at = datetime(2026, 11, 20, 18, 5, tzinfo=UTC)
        assert '<time datetime="2026-11-21T01:05+07:00">' in jinja.when(at)


def test_name_of_a_thing() -> None:
    class Thing:
        name_km, name_en = "ក", "A"

    with translation.override("en"):
        assert jinja.name(Thing()) == "A"
        assert jinja.name("as it is") == "as it is"


def test_url_keeps_what_is_given_and_leaves_out_what_is_empty() -> None:
    with translation.override("en"):
        assert (
            jinja.url("parts", query={"q": "ក", "page": "", "state": None, "a": [1, 2]})
            == "/en/parts?q=%E1%9E%80&a=1&a=2"
        )
        assert jinja.url("parts", query={}) == "/en/parts"


def test_icons_are_hidden_from_readers_software() -> None:
    assert all('aria-hidden="true"' in icon(name) for name in NAMES)
    with pytest.raises(KeyError):
        icon("not drawn")


class _Form(forms.Form):
    name = forms.CharField(label="Name", max_length=20, help_text="As on the card")
    how = forms.ChoiceField(
        label="How", widget=forms.RadioSelect, choices=[("", "-"), ("a", "A"), ("b", "B")]
    )
    where = forms.ChoiceField(label="Where", choices=[("", "-"), ("Group", [("1", "One"), ("2", "Two")])])
    born = DayField(label="Born")
    secret = forms.CharField(label="Secret", widget=forms.PasswordInput, required=False)

    def clean(self) -> None:
        raise forms.ValidationError("Both are wrong.")


def test_error_summary_links_to_fields_with_the_same_words(db: None) -> None:
    form = _Form({"name": "<b>" * 9, "where": "2", "secret": "s3cret", "born_day": "1"})
    page = _render("{{ ui.errors(form) }}{% for f in form %}{{ ui.field(f) }}{% endfor %}", "en", form=form)
    targets = re.findall(r'<a href="#([\w-]+)">', page)
    assert targets == ["id_name", "id_how", "id_born_day", "id_born_day"]
    for target in targets:
        assert f'id="{target}"' in page
    assert "Both are wrong." in page
    with translation.override("en"):
        for field in ("name", "how", "born"):
            for message in form.errors[field]:
                assert page.count(str(escape(message))) >= 2
    assert "&lt;b&gt;" in page
    assert "<b><b>" not in page
    assert "s3cret" not in page
    assert 'aria-describedby="id_name-hint id_name-error"' in page
    assert '<option value="2" selected>Two</option>' in page
    assert '<optgroup label="Group">' in page
    assert "(optional)" in page
    assert 'id="id_born_month" name="born_month" aria-invalid="true"' in page
    assert 'name="born_day" inputmode="numeric" maxlength="4" value="1">' in page


def test_no_summary_without_errors(db: None) -> None:
    assert _render("{{ ui.errors(form) }}", "en", form=_Form()) == ""


def test_the_same_words_about_several_fields_name_each(db: None) -> None:
    page = _render("{{ ui.errors(form) }}", "en", form=_Form({"born_day": "x"}))
    said = re.findall(r'<a href="#[\w-]+">([^<]*)</a>', page)
    assert len(said) == len(set(said)) and [text for text in said if text.startswith("Name: ")]
    alone = _render("{{ ui.errors(form) }}", "en", form=_Form({"name": "A", "how": "a", "where": "1"}))
    assert "Name: " not in alone


def test_counts_in_the_summary_follow_the_language(db: None) -> None:
    form = _Form({})
    assert "things to correct" in _render("{{ ui.errors(form) }}", "en", form=form)
    assert "មានចំណុច ៥ ត្រូវកែ" in _render("{{ ui.errors(form) }}", "km", form=form)


@pytest.mark.parametrize("address", PARTS)
def test_pages_keep_to_the_policy(client: Client, db: None, address: str) -> None:
    answer = client.get(address)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert " style=" not in page
    assert "<style" not in page
    assert "onclick" not in page
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page))
    assert "unsafe" not in answer["Content-Security-Policy"]
    language = address[1:3]
    assert f'<html lang="{language}">' in page
    assert f'<body class="{"staff" if address.endswith("staff") else "resident"}">' in page
    assert page.count("<h1") == 1
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("address", "other"),
    [
        ("/km/parts?q=%E1%9E%80&page=2", "/en/parts?q=%E1%9E%80&amp;page=2"),
        ("/en/parts/staff", "/km/parts/staff"),
    ],
)
def test_the_language_switch_keeps_page_and_query(client: Client, db: None, address: str, other: str) -> None:
    assert f'rel="alternate" href="{other}"' in _spaced(client.get(address).content.decode())


def test_an_address_without_language_switches_to_the_front_door() -> None:
    with translation.override("km"):
        assert Frame(RequestFactory().get("/verify?x=1")).other_url == "/en/?x=1"
        assert Frame(RequestFactory().post("/km/report?x=1")).other_url == "/en/report"


def test_the_demonstration_is_marked(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from sala.installation import queries

    for marked in (True, False):
        monkeypatch.setattr(queries, "is_demonstration", lambda marked=marked: marked)
        for address in PARTS:
            assert ('class="demo"' in client.get(address).content.decode()) is marked


def test_a_residents_page_is_light(client: Client, db: None) -> None:
    """The frame, the style and both fonts: under 60 KB compressed in four requests, no script."""
    with translation.override("km"):
        page = (
            engines["jinja"].get_template("ui/problem.html").render({}, RequestFactory().get("/km/")).encode()
        )
    assert b"<script" not in page
    root = settings.PACKAGE / "ui" / "static" / "ui"
    style = (root / "sala.css").read_bytes()
    fonts = sum((root / "fonts" / f"sala-khmer-{weight}.woff2").stat().st_size for weight in (400, 700))
    assert len(gzip.compress(style)) < 8_000
    assert len(gzip.compress(page)) + len(gzip.compress(style)) + fonts < 60_000
    assert (root / "fonts" / "OFL.txt").exists()
