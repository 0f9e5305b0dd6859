"""Is a place found from Khmer, Latin, a code, with a typing error?"""

import random

import pytest

from sala.places import queries

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "typed",
    [
        "tek laak 1",
        "ទឹកល្អក់ទី១",
        "120404",
        "១២០៤០៤",
        "Tuek L'ak Ti Muoy",
        "sangkat toek lak 1",
        "tek lak muoy",
        "ទឹកល្អក់ទីមួយ",
    ],
)
def test_the_sangkat_is_found_first(typed: str) -> None:
    assert queries.search(typed)[0].key == "120404"


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("phnom penh", "12"),
        ("siem reap", "17"),
        ("Sihanoukville", "18"),
        ("toul kork", "1204"),
        ("ខេត្តកំពង់ចាម", "03"),
        ("ភូមិ១ សង្កាត់ទឹកល្អក់ទី១", "12040401"),
        ("thmei, kampot", "070716"),
        ("10201", "010201"),
        ("Boeung Keng Kang 1", "121301"),
    ],
)
def test_the_likeliest_comes_first(typed: str, key: str) -> None:
    assert queries.search(typed)[0].key == key


def test_narrowed_by_level_and_place() -> None:
    assert all(unit.level == "commune" for unit in queries.search("thmei", levels=["commune"]))
    inside = queries.search("thmei", within="07")
    assert inside and all(unit.province == "07" for unit in inside)
    assert len(queries.search("thmei", limit=3)) == 3


def test_wrong_letters_are_forgiven_in_one_place_alone_where_asked_for() -> None:
    assert queries.search("Tuek Ljak Ti Muoy", guess_in="1204")[0].key == "120404"
    assert "120404" not in [unit.key for unit in queries.search("Tuek Ljak Ti Muoy", guess_in="07")]
    assert queries.search("Tuek L'ak Ti Muoy", guess_in="07")[0].key == "120404"  # as written: everywhere


def test_former_units_only_when_asked_for() -> None:
    assert queries.search("030401") == [] or queries.search("030401")[0].key != "030401"
    assert queries.search("030401", former=True)[0].key == "030401"


@pytest.mark.parametrize("typed", ["", "   ", "!!!", "xyzzyq", "។", ",,", "99999999999", "-"])
def test_what_means_nothing_finds_nothing(typed: str) -> None:
    assert queries.search(typed) == []


def test_a_nul_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        queries.search("a\x00b")


@pytest.mark.parametrize("column", ["name_km", "name_en"])
def test_one_wrong_letter_is_forgiven(column: str) -> None:
    source = random.Random(7)
    pool = [unit for unit in queries.units("commune") if len(getattr(unit, column)) > 3]
    asked = [source.choice(pool) for _ in range(150)]
    found = 0
    for unit in asked:
        name = getattr(unit, column)
        at = source.randrange(len(name) - 1)
        spoilt = (
            name[:at] + name[at + 1 :]
            if source.random() < 0.5
            else name[:at] + name[at + 1] + name[at] + name[at + 2 :]
        )
        found += any(getattr(one, column) == name for one in queries.search(spoilt))
    assert found >= 148
