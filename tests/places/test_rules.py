"""Do codes, keys, kinds and titles follow the rules?"""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sala.places import rules
from sala.places.rules import KindWords, Unit
from sala.places.terms import Level

KINDS = [
    KindWords("province", "province", "ខេត្ត{}", "{} Province", "district", "Khaet", True),
    KindWords("capital", "province", "រាជធានី{}", "{} Capital", "khan", "Reach Theani"),
    KindWords("district", "district", "ស្រុក{}", "{} District", "commune", "Srok", True),
    KindWords("khan", "district", "ខណ្ឌ{}", "Khan {}", "sangkat", "Khan"),
    KindWords("commune", "commune", "ឃុំ{}", "{} Commune", "village", "Khum", True),
    KindWords("sangkat", "commune", "សង្កាត់{}", "Sangkat {}", "village", "Sangkat"),
    KindWords("village", "village", "ភូមិ{}", "{} Village", "", "Phum", True),
]


@pytest.mark.parametrize(
    ("code", "level"),
    [("12", Level.PROVINCE), ("1204", Level.DISTRICT), ("120404", Level.COMMUNE), ("12040401", Level.VILLAGE)]
    + [(code, None) for code in ("", "1", "120", "1204040101", "12a4", "០១", "0506140-")],
)
def test_digits_tell_the_level(code: str, level: Level | None) -> None:
    assert rules.level_of(code) == level


@pytest.mark.parametrize(
    ("code", "level", "parent", "kind"),
    [
        ("12", "province", "", "capital"),
        ("08", "province", "", "province"),
        ("1204", "district", "capital", "khan"),
        ("0801", "district", "province", "district"),
        ("0811", "district", "province", "khan"),  # listed
        ("120404", "commune", "khan", "sangkat"),
        ("080101", "commune", "district", "commune"),
        ("08010101", "village", "commune", "village"),
    ],
)
def test_kinds(code: str, level: str, parent: str, kind: str) -> None:
    assert rules.kind_of(code, level, parent, {"12": "capital", "0811": "khan"}, KINDS) == kind


@pytest.mark.parametrize(
    ("kind", "km", "en", "title_km", "title_en"),
    [
        ("sangkat", "ទឹកល្អក់ទី ១", "Tuek L'ak Ti Muoy", "សង្កាត់ទឹកល្អក់ទី១", "Sangkat Tuek L'ak Ti Muoy"),
        ("village", "ភូមិទី ៣", "Phum Ti Bei", "ភូមិទី៣", "Phum Ti Bei"),
        ("village", "ថ្មី", "Thmei", "ភូមិថ្មី", "Thmei Village"),
        ("province", "កំពត", "Kampot", "ខេត្តកំពត", "Kampot Province"),
    ],
)
def test_titles(kind: str, km: str, en: str, title_km: str, title_en: str) -> None:
    words = next(one for one in KINDS if one.code == kind)
    assert words.title(km, en) == {"km": title_km, "en": title_en}


def test_repeated_codes_get_keys_of_their_own() -> None:
    codes = ["01020304", "01020304", "01020305", "01020304", "0506140-", "0506140-"]
    assert rules.distinct_keys(codes) == [
        "01020304", "01020304-2", "01020305", "01020304-3", "05061400-1", "05061400-2",
    ]  # fmt: skip


@given(st.lists(st.sampled_from(["01020304", "01020305", "0506140-", "99"])))
def test_no_two_rows_share_a_key(codes: list[str]) -> None:
    keys = rules.distinct_keys(codes)
    assert len(keys) == len(codes) == len(set(keys))


def test_a_free_key_counts_on() -> None:
    assert rules.free_key("120404", []) == "120404"
    assert rules.free_key("120404", ["120404", "120404-2"]) == "120404-3"


def _unit(start: date | None, end: date | None, ended: bool) -> Unit:
    return Unit(
        "1",
        "1",
        "village",
        "village",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        start,
        end,
        ended,
        "official",
        "",
        "",
        "",
        (),
        1,
    )


@pytest.mark.parametrize(
    ("start", "end", "ended", "valid"),
    [
        (None, None, False, True),
        (None, None, True, False),
        (date(2026, 1, 2), None, False, False),
        (date(2026, 1, 1), None, False, True),
        (None, date(2026, 1, 1), True, False),
        (None, date(2026, 1, 2), True, True),
    ],
)
def test_validity_on_a_day(start: date | None, end: date | None, ended: bool, valid: bool) -> None:
    assert _unit(start, end, ended).valid(date(2026, 1, 1)) is valid
