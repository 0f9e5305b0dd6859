"""Does the list of services come back as it went, and is every bad cell told by row, column and reason?"""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from sala.window import catalogue, editing, facts, interchange, queries
from sala.window.cli import group
from sala.window.terms import Fact, Level

PACK = Path(catalogue.__file__).parents[1] / "countries" / "kh"
SOUND: dict[str, Any] = {
    "code": "CR-TEST", "kind": "document", "offered": True, "name_km": "សំបុត្រ", "name_en": "Letter", "level": "commune",
    "sector": "s", "sector_km": "ក", "sector_en": "S", "fee_riel": None, "days": 3, "legal_basis": "", "verified": [],
}  # fmt: skip
odd = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=40)


def names() -> Any:
    return st.fixed_dictionaries({"km": odd, "en": odd.map(lambda text: f"x{text}")})


@st.composite
def services(draw: Any) -> facts.Plain:
    said = SOUND | {
        "name_km": "ក" + draw(odd), "name_en": draw(odd) + "e", "short_en": draw(odd), "about": draw(names()),
        "fee_riel": draw(st.none() | st.integers(0, facts.MOST_FEE)), "days": draw(st.integers(1, 1000)),
        "papers": draw(st.lists(names(), max_size=3)), "passes": draw(st.lists(st.sampled_from(list(Level)), unique=True)),
        "legal_basis": draw(odd), "verified": draw(st.lists(st.sampled_from([Fact.NAME, Fact.DAYS]), unique=True)),
        "offered": draw(st.booleans()), "protected": draw(st.sampled_from([None, True, False])), "source": draw(odd), "days_kind": draw(st.sampled_from(["working", "calendar"])),
        "form": [{"code": "floor", "datatype": "string", "label": {"km": "ជាន់", "en": draw(odd) + "f"}, "hint": draw(names())}],
    }  # fmt: skip
    return facts.tidy(said)


@given(services())
@settings(max_examples=40, deadline=None)
def test_odd_texts_come_back_as_they_went(plain: facts.Plain) -> None:
    assert facts.tidy(plain) == plain, "tidy is tidy"
    for made, name in ((interchange.as_json([plain]), "a.json"), (interchange.as_xlsx([plain]), "a.xlsx")):
        back = interchange.read(made, name)
        assert not back.faults, back.faults
        assert [row for _number, row in back.rows] == [plain], name


def test_no_cell_is_a_formula() -> None:
    evil = facts.tidy(
        SOUND | {"name_en": "=1+1", "source": "+x", "about": {"km": "", "en": "@x"}, "status": "'=2"}
    )
    sheet = openpyxl.load_workbook(BytesIO(interchange.as_xlsx([evil]))).active
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    cells = {head.value: cell.value for head, cell in zip(*sheet.iter_rows(), strict=True)}
    assert (cells["name_en"], cells["source"], cells["about_en"]) == ("'=1+1", "'+x", "'@x")


def sheet(*rows: dict[str, Any], head: tuple[str, ...] = interchange.COLUMNS) -> bytes:
    book = openpyxl.Workbook()
    book.active.append(list(head))
    for row in rows:
        book.active.append([row.get(column) for column in head])
    file = BytesIO()
    book.save(file)
    return file.getvalue()


CELLS = SOUND | {"offered": "yes", "verified": "", "fee_riel": "៤.០០០".replace(".", ""), "days": 3.0}


def test_a_sheet_is_read_as_people_write_it() -> None:
    read = interchange.read(
        sheet(CELLS | {"papers_km": "ក\n\nគ", "papers_en": "a\nb\nc", "passes": "commune;district"}), "A.XLSX"
    )
    assert not read.faults
    ((number, plain),) = read.rows
    assert (
        number == 2
        and plain["fee_riel"] == 4000
        and plain["days"] == 3
        and plain["passes"] == ["commune", "district"]
    )
    assert plain["papers"] == [{"km": "ក", "en": "a"}, {"km": "", "en": "b"}, {"km": "គ", "en": "c"}]


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"days": "soon"}, "days", "number"),
        ({"days": 0}, "days", "days"),
        ({"fee_riel": "-5"}, "fee_riel", "number"),
        ({"offered": "perhaps"}, "offered", "flag"),
        ({"form": "[{]"}, "form", "form"),
        ({"form": '["x"]'}, "form", "form"),
        ({"form": '[{"code": "A b", "datatype": "string", "label": {"km": "ក", "en": "a"}}]'}, "form", "code"),
        ({"form": '[{"code": "a", "datatype": "odd", "label": {"km": "ក", "en": "a"}}]'}, "form", "form"),
        ({"form": '[{"code": "a", "datatype": "string", "label": {"km": "", "en": "a"}}]'}, "form", "required"),
        ({"level": "moon"}, "level", "unknown-value"),
        ({"passes": "moon"}, "passes", "unknown-value"),
        ({"verified": "basis"}, "verified", "no-basis"),
        ({"verified": "luck"}, "verified", "unknown-value"),
        ({"code": "no code"}, "code", "code"),
        ({"name_en": ""}, "name_en", "required"),
        ({"name_km": "ក" * 301}, "name_km", "too-long"),
        ({"source": "s" * 2001}, "source", "too-long"),
        ({"about_km": "ក"}, "about_en", "required"),
        ({"about_en": "a" * 2001}, "about_en", "too-long"),
        ({"papers_km": "ក"}, "papers", "required"),
        ({"papers_en": "a" * 301}, "papers", "too-long"),
        ({"papers_en": "a\n" * 41}, "papers", "too-many"),
        ({"name_en": "=1+1"}, "name_en", "formula"),
    ],
)  # fmt: skip
def test_a_bad_cell_is_named(cells: dict[str, Any], column: str, code: str) -> None:
    read = interchange.read(sheet(CELLS, CELLS | {"code": "CR-B"} | cells), "a.xlsx")
    assert [(fault.row, fault.column, fault.code) for fault in read.faults] == [(3, column, code)]
    assert all(fault.message for fault in read.faults) and len(read.rows) == 1


def test_a_file_that_is_none_is_told() -> None:
    def codes(data: bytes, name: str) -> set[tuple[int, str]]:
        return {(fault.row, fault.code) for fault in interchange.read(data, name).faults}

    assert codes(b"x", "a.csv") == {(0, "unknown-format")}
    assert codes(b"x" * (interchange.LARGEST + 1), "a.json") == {(0, "too-large")}
    assert codes(b"x", "a.xlsx") == {(0, "not-xlsx")} and codes(b"PK\x03\x04", "a.xlsx") == {(0, "not-xlsx")}
    assert codes(sheet(head=()), "a.xlsx") <= {(0, "empty"), (1, "no-column")}
    assert codes(sheet(), "a.xlsx") == {(0, "empty")}
    assert codes(sheet(CELLS, CELLS), "a.xlsx") == {(3, "twice")}
    assert codes(sheet(CELLS, head=(*interchange.COLUMNS, "code")), "a.xlsx") == {(1, "column-twice")}
    assert codes(sheet(CELLS, head=(*interchange.COLUMNS, "mood")), "a.xlsx") == {(1, "unknown-column")}
    assert codes(b"{", "a.json") == {(0, "not-json")} and codes(b"[]", "a.json") == {(0, "not-services")}
    assert codes(b'{"format": "sala.window.services/1", "services": [1]}', "a.json") == {(0, "not-services")}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (SOUND | {"days": "3"}, "shape"),
        (SOUND | {"mood": 1}, "unknown-column"),
        ({key: value for key, value in SOUND.items() if key != "days"}, "no-column"),
        (SOUND | {"papers": [1]}, "shape"),
        (SOUND | {"papers": [{"km": 1}]}, "shape"),
        (SOUND | {"about": {"km": 1}}, "shape"),
        (SOUND | {"passes": [1]}, "shape"),
        (SOUND | {"form": [{"label": 3}]}, "shape"),
        (SOUND | {"form": [{"label": {}, "values": [1]}]}, "shape"),
        (SOUND | {"fee_riel": -1}, "fee"),
        (SOUND | {"kind": "report", "fee_riel": 500}, "fee"),
        (SOUND | {"days": True}, "days"),
        (SOUND | {"name_en": "a\x00b"}, "unreadable"),
    ],
)  # fmt: skip
def test_json_of_another_shape_is_told(row: dict[str, Any], code: str) -> None:
    read = interchange.read(interchange.as_json([row]), "a.json")
    assert {(fault.row, fault.code) for fault in read.faults} == {(1, code)}


@pytest.mark.django_db
@pytest.mark.parametrize("ending", ["xlsx", "json"])
def test_what_was_exported_changes_nothing(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"services.{ending}"
    assert CliRunner().invoke(group, ["catalogue", "export", str(file)]).exit_code == 0
    done = CliRunner().invoke(group, ["catalogue", "import", str(file)])
    assert (done.exit_code, done.output) == (0, "0 changed, 52 unchanged\n"), done.output
    assert queries.kept_here() == 0


@pytest.mark.django_db
def test_a_file_is_taken_whole_or_not(tmp_path: Path) -> None:
    file = tmp_path / "services.json"
    sewer = editing.plain(queries.service("RP-SEWER")) | {"days": 3, "verified": ["days"]}
    fresh = facts.tidy(SOUND | {"fee_riel": 500, "legal_basis": "Prakas 1", "verified": ["fee", "basis"]})
    road = editing.plain(queries.service("RP-ROAD")) | {"offered": False}
    file.write_bytes(interchange.as_json([sewer, fresh, road, fresh]))
    done = CliRunner().invoke(group, ["catalogue", "import", str(file)])
    assert done.exit_code == 1 and "row 4, code" in done.output and queries.service("RP-SEWER").days == 5
    file.write_bytes(interchange.as_json([sewer, fresh, road]))
    tried = CliRunner().invoke(group, ["catalogue", "import", str(file), "--dry-run"])
    assert "3 to change, 0 unchanged" in tried.output and queries.service("RP-SEWER").version == 1
    done = CliRunner().invoke(group, ["catalogue", "import", str(file), "--json"])
    kinds = {row["code"]: row["change"] for row in json.loads(done.output)["services"]}
    assert kinds == {"RP-SEWER": "changed", "CR-TEST": "new", "RP-ROAD": "withdrawn"}
    assert (queries.service("RP-SEWER").days, queries.service("CR-TEST").fee_status) == (3, "chargeable")
    assert CliRunner().invoke(group, ["catalogue", "export", str(tmp_path / "x.csv")]).exit_code == 2
