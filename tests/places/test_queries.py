"""Is the whole list there, each place in its line, with every defect kept?"""

import csv
import gzip
from collections import Counter
from datetime import date
from pathlib import Path
from random import Random

import pytest

from sala.installation import packs
from sala.kit.acting import Where
from sala.kit.errors import NotFound
from sala.places import queries, report
from sala.places.terms import Defect, Level

pytestmark = pytest.mark.django_db
ON = date(2026, 11, 24)


def _rows(name: str) -> list[dict[str, str]]:
    path: Path = packs.path("kh") / "gazetteer" / f"{name}.csv"
    with path.open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def test_every_row_of_the_list_is_a_unit_and_nothing_else_is() -> None:
    for level, name, column in (
        ("province", "provinces", "province_code"),
        ("district", "districts", "district_code"),
        ("commune", "communes", "commune_code"),
        ("village", "villages", "village_code"),
    ):
        listed = Counter(row[column] for row in _rows(name))
        assert Counter(unit.code for unit in queries.units(level)) == listed


def test_each_lies_in_the_line_of_its_parent() -> None:
    for level in (Level.DISTRICT, Level.COMMUNE, Level.VILLAGE):
        for unit in queries.everything(level):
            parent = queries.require(unit.parent_key)
            assert queries.line_keys(unit)[:-1] == queries.line_keys(parent)
            assert queries.line_keys(unit)[-1] == unit.key


def test_the_check_finds_what_is_known_of_the_list() -> None:
    found = report.check()
    assert found.differences == []
    assert found.counts["codes_repeated"] == 26
    assert found.counts["rows_repeated"] == 54
    assert found.counts["prefix_mismatches"] == 43
    assert found.counts["communes_without_villages"] == 2
    assert found.counts["communes_missing"] == 1
    assert found.counts["communes_without_border"] == 35
    defects = Counter(finding["defect"] for finding in found.findings)
    assert defects["code-repeated"] == 26 + 54
    assert all(finding["text"] and finding["key"] for finding in found.findings)


def test_a_difference_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from sala.places import memory

    memory.units().by_key.pop("12040401")
    found = report.check()
    assert len(found.differences) == 1 and "14575" in found.differences[0]
    assert report.summary(found) != report.summary(report.Report({}))


def test_repeated_codes_are_kept_apart() -> None:
    twins = queries.all_by_code("02140401")
    assert [unit.key for unit in twins] == ["02140401", "02140401-2"]
    assert {unit.commune for unit in twins} == {"021404", "021405"}
    assert len(queries.all_by_code("0506140-")) == 9
    moved = queries.require("12091301")
    assert moved.commune == "120912" and (Defect.PARENT_MISSING, "120913") in moved.defects


def test_former_units_have_a_place() -> None:
    old = queries.by_code("030401")
    assert old is not None and old.ended and old.valid_to == date(2013, 12, 31)
    assert queries.where("030401") == Where("03", "0304", "030401")
    assert old.valid(date(2011, 12, 31)) and not old.valid(ON)
    assert [row.new_id for row in queries.successors("030401")] == ["250101"]
    assert [row.old_id for row in queries.predecessors("250101")] == ["030401"]
    assert "030401" not in queries.keys("commune") and "030401" in queries.keys(
        "commune", at=date(2011, 1, 1)
    )


def test_where_title_line_and_names() -> None:
    assert queries.where("") == Where()
    assert queries.where("12040401") == Where("12", "1204", "120404", "12040401")
    assert queries.title("120404") == {"km": "សង្កាត់ទឹកល្អក់ទី១", "en": "Sangkat Tuek L'ak Ti Muoy"}
    assert queries.title("12")["km"] == "រាជធានីភ្នំពេញ"
    assert queries.title("")["en"] == "Kingdom of Cambodia"
    assert [unit.key for unit in queries.line("12040401")] == ["12", "1204", "120404", "12040401"]
    assert queries.line("nowhere") == []
    assert queries.names(["12", "nowhere"]) == {"12": {"km": "ភ្នំពេញ", "en": "Phnom Penh"}}
    assert set(queries.titles(["", "12", "nowhere"])) == {"", "12"}
    with pytest.raises(NotFound):
        queries.title("nowhere")
    with pytest.raises(NotFound):
        queries.where("nowhere")


def test_children_by_code() -> None:
    assert [unit.key for unit in queries.children()] == [f"{number:02d}" for number in range(1, 26)]
    assert [unit.key for unit in queries.children("1204")] == [f"1204{number:02d}" for number in range(1, 11)]
    assert queries.level_below("commune") == Level.VILLAGE and queries.level_below("village") is None


def test_outlines_cover_the_country_and_stay_small() -> None:
    communes = queries.outlines("commune")
    assert len(communes) == 1631 and all(path.startswith("M") for _key, path in communes)
    assert len(gzip.compress("".join(path for _key, path in communes).encode())) < 35_000
    assert len(queries.outlines("province")) == 25
    assert {key for key, _path in queries.outlines("district")} == set(queries.keys("district"))
    assert queries.view_box() == "0 0 1000 840"
    assert queries.outlines("village") == []


def test_outlines_before_the_changes_have_the_keys_of_the_time() -> None:
    then = dict(queries.outlines("commune", at=date(2011, 12, 31)))
    assert "030401" in then and "250101" not in then
    now = dict(queries.outlines("commune"))
    assert "250101" in now and "030401" not in now
    assert "25" not in dict(queries.outlines("province", at=date(2011, 12, 31)))


def test_outlines_within_a_place() -> None:
    inside = queries.outlines("commune", "1204")
    assert [key for key, _path in inside] == queries.keys("commune", "1204")
    left, top, width, height = map(float, queries.view_box("1204").split())
    assert 400 < left < 600 and 400 < top < 700 and 0 < width < 30 and 0 < height < 30


@pytest.mark.parametrize(
    ("latitude", "longitude", "key"),
    [
        (11.57, 104.90, "120404"),
        (13.36, 103.86, "171004"),
        (0, 0, None),
        (91, 0, None),
        (float("nan"), 104, None),
    ],
)
def test_a_point_lies_in_a_commune(latitude: float, longitude: float, key: str | None) -> None:
    assert queries.locate(latitude, longitude) == key


@pytest.mark.parametrize("key", ["120404", "171004", "021103"])
def test_a_drawn_point_lies_in_its_commune(key: str) -> None:
    random = Random(7)
    for _ in range(20):
        found = queries.point_in(key, random.random)
        assert found is None or queries.locate(*found) == key
    assert (queries.point_in(key, random.random) is None) == (not queries.has_border(key))
    # Fifty draws outside the border: then the point that always lies inside.
    assert queries.point_in("120404", lambda: 0.0) is not None
    assert queries.point_in("9", random.random) is None


def test_a_point_in_a_commune_that_was_divided_lies_in_its_district() -> None:
    import shapely

    for unit, geometry, *_rest in queries.features("commune", "12", date(2011, 1, 1)):
        if unit.key == "120702":
            point = shapely.from_geojson(geometry).representative_point()
    assert queries.locate(point.y, point.x) == "1207"
    assert queries.locate(point.y, point.x, date(2012, 1, 1)) == "120702"
