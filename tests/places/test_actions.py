"""Do divisions, mergers, moves and renamings keep the past, and is nothing saved when the ledger fails?"""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from sala.accounts.acting import RESIDENT
from sala.kit.acting import Acting
from sala.kit.errors import Changed, Invalid, NotFound, NotPossible, NotSignedIn
from sala.ledger import queries as ledger
from sala.places import actions, queries, records
from sala.places.actions import Part
from sala.places.models import Boundary, Name, Succession, Unit

pytestmark = pytest.mark.django_db
ON = date(2026, 3, 1)
PAPER = "Sub-decree 12 of 1 March 2026"


def _entries(province: str) -> list[str]:
    return [entry.act for entry in ledger.history(records.PROVINCE, province)]


def _halves(key: str) -> list[Part]:
    below = [child.key for child in queries.children(key)]
    return [
        Part("120404", "ទឹកល្អក់ទី១", "Tuek L'ak Ti Muoy", "sangkat", tuple(below[:8])),
        Part("120411", "ទឹកល្អក់ទី៤", "Tuek L'ak Ti Buon", "sangkat", tuple(below[8:])),
    ]


def _split(by: Acting, **changes: object) -> list[str]:
    given = {
        "unit": "120404",
        "version": 1,
        "into": _halves("120404"),
        "on": ON,
        "instrument": PAPER,
    } | changes
    return actions.split(by=by, **given)  # type: ignore[arg-type]


def test_a_division_ends_the_old_and_begins_the_new(by: Acting) -> None:
    assert _split(by) == ["120404-2", "120411"]
    old, kept, new = (queries.require(key) for key in ("120404", "120404-2", "120411"))
    assert old.ended and old.valid_to == ON and old.version == 2
    assert kept.valid_from == new.valid_from == ON and kept.code == "120404"
    assert queries.by_code("120404", date(2026, 2, 28)) == old
    assert queries.by_code("120404", ON) == kept
    assert [child.code for child in queries.children("120404-2")] == [f"120404{n:02d}" for n in range(1, 9)]
    assert [child.code for child in queries.children("120411")] == [f"120411{n:02d}" for n in range(9, 17)]
    assert len(queries.children("120404", date(2026, 2, 28))) == 16
    village = queries.children("120411")[0]
    assert queries.where(village.key).commune == "120411" and queries.where("12040409").commune == "120404"
    assert {(row.kind, row.new_id, row.instrument) for row in queries.successors("120404")} == {
        ("split", "120404-2", PAPER),
        ("split", "120411", PAPER),
    }
    assert queries.search("tek laak 4")[0].key == "120411"
    assert _entries("12")[-1] == "places.split"


def test_a_row_changed_behind_the_ledger_is_seen(by: Acting) -> None:
    _split(by)
    actions.rename(by=by, unit="1806", version=1, name_km="ក", name_en="K", on=ON, instrument=PAPER)
    for query, changes, province in (
        (Unit.objects.filter(pk="120411"), {"name_en": "Elsewhere"}, "12"),
        (Succession.objects.filter(old="120404", new="120411"), {"instrument": ""}, "12"),
        (Name.objects.filter(unit="1806"), {"name_en": "Elsewhere"}, "18"),
        (Boundary.objects.filter(unit="080102"), {"geometry": "{}"}, "08"),
    ):
        before = dict(records.province_content())
        assert query.update(**changes) == 1
        after = dict(records.province_content())
        assert [key for key in before if before[key] != after[key]] == [province]
    assert len(before) == 25
    assert dict(records.province_content("12")) == {"12": after["12"]}


def test_a_merger_takes_all_below_along(by: Acting) -> None:
    into = Part("120405", "ទឹកល្អក់ធំ", "Tuek L'ak Thum", "sangkat")
    below = len(queries.children("120405")) + len(queries.children("120406"))
    key = actions.merge(by=by, units={"120405": 1, "120406": 1}, into=into, on=ON, instrument=PAPER)
    assert key == "120405-2"
    children = queries.children(key)
    assert len(children) == below and len({child.code for child in children}) == below
    assert all(child.code.startswith("120405") for child in children)
    assert [row.old_id for row in queries.predecessors(key)] == ["120405", "120406"]
    assert queries.by_code("120406").ended  # type: ignore[union-attr]
    assert dict(queries.outlines("commune", "1204"))[key]  # both borders, joined


def test_a_move_changes_code_and_kind(by: Acting) -> None:
    key = actions.move(
        by=by, unit="080101", version=1, parent="1205", code="120530", kind="sangkat", on=ON, instrument=PAPER
    )
    moved = queries.require(key)
    assert (moved.key, moved.kind, moved.province, moved.district) == ("120530", "sangkat", "12", "1205")
    assert all(child.code.startswith("120530") for child in queries.children(key))
    assert "080101" not in queries.keys("commune", "08")
    assert _entries("08")[-1] == _entries("12")[-1] == "places.move"


def test_a_district_moves_with_everything_below(by: Acting) -> None:
    communes, villages = len(queries.keys("commune", "0901")), len(queries.keys("village", "0901"))
    key = actions.move(by=by, unit="0901", version=1, parent="18", code="1809", on=ON, instrument=PAPER)
    assert len(queries.keys("commune", key)) == communes and len(queries.keys("village", key)) == villages
    assert all(unit.province == "18" for unit in queries.units("village", key))
    assert queries.keys("village", "0901") == []


def test_a_province_may_only_change_its_code(by: Acting) -> None:
    assert actions.move(by=by, unit="23", version=1, parent="", code="26", on=ON, instrument=PAPER) == "26"
    assert queries.require("26").province == "26" and len(queries.children("26")) == 2


def test_a_renaming_keeps_the_key_and_finds_the_old_name(by: Acting) -> None:
    actions.rename(
        by=by, unit="1806", version=1, name_km="សោមថ្មី", name_en="Saom Thmei", on=ON, instrument=PAPER
    )
    unit = queries.require("1806")
    assert unit.names == {"km": "សោមថ្មី", "en": "Saom Thmei"} and unit.version == 2
    assert "1806" in [one.key for one in queries.search("Kampong Saom")]
    assert queries.search("saom thmei")[0].key == "1806"
    assert Name.objects.get().name_en == "Kampong Saom"
    with pytest.raises(Invalid):  # the day must come after the last renaming
        actions.rename(by=by, unit="1806", version=2, name_km="ក", name_en="K", on=ON, instrument=PAPER)
    later = date(2026, 4, 1)
    actions.rename(by=by, unit="1806", version=2, name_km="ក", name_en="K", on=later, instrument=PAPER)
    assert Name.objects.order_by("-valid_to").first().valid_from == ON  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"instrument": " "}, Invalid),
        ({"on": date(2199, 1, 1)}, Invalid),
        ({"version": 7}, Changed),
        ({"unit": "999999"}, NotFound),
        ({"unit": "030401"}, NotPossible),
        ({"into": [Part("120404", "ក", "K", "sangkat")]}, Invalid),
        ({"into": [Part("120404", "ក", "K", "sangkat"), Part("120411", "ខ", "Kh", "sangkat")]}, Invalid),
    ],
)
def test_what_can_not_be_divided(by: Acting, changes: dict[str, object], problem: type[Exception]) -> None:
    with pytest.raises(problem):
        _split(by, **changes)
    assert Unit.objects.get(pk="120404").version == 1 and not Unit.objects.filter(pk="120411").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "1204"},
        {"code": "120405"},  # taken
        {"code": "120404"},  # twice
        {"kind": "district"},
        {"kind": "kingdom"},
        {"name_km": ""},
        {"name_en": "x" * 101},
        {"name_km": "a\x00b"},
    ],
)
def test_parts_must_be_right(by: Acting, wrong: dict[str, str]) -> None:
    first, second = _halves("120404")
    second = Part(**{**second.__dict__, **wrong})
    with pytest.raises(Invalid):
        _split(by, into=[first, second])
    assert not queries.require("120404").ended


def test_only_neighbours_merge(by: Acting) -> None:
    into = Part("120405", "ក", "K", "sangkat")
    with pytest.raises(NotPossible):
        actions.merge(by=by, units={"120405": 1, "120101": 1}, into=into, on=ON, instrument=PAPER)
    with pytest.raises(Invalid):
        actions.merge(by=by, units={"120405": 1}, into=into, on=ON, instrument=PAPER)


def test_a_unit_moves_under_the_level_above(by: Acting) -> None:
    for parent, problem in (("12", NotPossible), ("0304", NotPossible), ("9999", NotFound)):
        with pytest.raises(problem):
            actions.move(
                by=by, unit="120405", version=1, parent=parent, code="120599", on=ON, instrument=PAPER
            )
    with pytest.raises(Invalid):
        actions.rename(
            by=by, unit="1806", version=1, name_km="កំពង់សោម", name_en="Kampong Saom", on=ON, instrument=PAPER
        )


def test_residents_change_nothing() -> None:
    with pytest.raises(NotSignedIn):
        _split(RESIDENT)
    with pytest.raises(NotSignedIn):
        actions.rename(by=RESIDENT, unit="12", version=1, name_km="ក", name_en="K", on=ON, instrument=PAPER)


def test_nothing_is_saved_when_the_ledger_fails(by: Acting, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("the ledger is away")

    monkeypatch.setattr("sala.places.actions.ledger.record", broken)
    with pytest.raises(RuntimeError):
        _split(by)
    assert not Unit.objects.filter(pk="120411").exists()
    assert not Unit.objects.get(pk="120404").ended and not Succession.objects.filter(old="120404").exists()


def test_no_free_code_is_said(by: Acting) -> None:
    village = Unit.objects.get(pk="12040501")
    for number in range(1, 100):
        village.pk, village.code, village.village = f"x{number}", f"120411{number:02d}", f"x{number}"
        village.save(force_insert=True)
    with pytest.raises(NotPossible):
        _split(by)


@pytest.mark.parametrize(
    "wrong",
    [
        {"level": "region"},
        {"status": "rumour"},
        {"valid_to": ON, "ended": False},
        {"valid_from": ON, "valid_to": ON, "ended": True},
        {"commune": "120405"},
        {"parent": None},
    ],
)
def test_the_database_refuses_impossible_units(wrong: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Unit.objects.filter(pk="120404").update(**wrong)


def test_loading_again_changes_nothing(by: Acting) -> None:
    from sala.installation import packs
    from sala.places import bulk

    actions.rename(by=by, unit="1806", version=1, name_km="ក", name_en="K", on=ON, instrument=PAPER)
    lines = bulk.load(packs.path("kh"), by)
    assert len(lines) == 1 and queries.require("1806").name_en == "K"
