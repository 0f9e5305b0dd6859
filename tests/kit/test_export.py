"""Exports: cells no spreadsheet takes for formulas, and values that come back as they were."""

import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from sala.kit import export, workbook
from sala.kit.errors import Malformed, TooLarge
from sala.kit.export import Column, safe, write

COLUMNS = [Column("number", "Number"), Column("text", "ចំណងជើង"), Column("at", "At"), Column("riel", "Riel")]
ROW = {"number": "ភព-១", "text": "=1+1", "at": datetime(2026, 11, 24, 2, 30, tzinfo=UTC), "riel": 4000}


def body(response) -> bytes:
    return b"".join(response.streaming_content)


def read_csv(response) -> list[list[str]]:
    raw = body(response)
    assert raw.startswith(b"\xef\xbb\xbf"), "Excel needs the mark"
    return list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "＝1", "=cmd|' /C calc'!A0"],
)
def test_what_would_be_a_formula_is_text(text: str):
    assert safe(text).startswith("'")
    assert read_csv(write("x", [Column("a", "A")], [{"a": text}]))[1][0].startswith("'")


@pytest.mark.parametrize("text", ["", "a=b", "សាលាឃុំ", "120404", "a-b", "'=1"])
def test_other_text_is_left_alone(text: str):
    assert safe(text) == text


@given(st.text(max_size=40))
def test_no_text_begins_like_a_formula(text: str):
    assert not safe(text).lstrip(" \u00a0").startswith(("=", "+", "-", "@", "\t", "\r"))


def test_numbers_stay_numbers():
    rows = read_csv(
        write(
            "x",
            [Column("a", "A"), Column("b", "B"), Column("c", "C")],
            [{"a": -5, "b": Decimal("-1.50"), "c": True}],
        )
    )
    assert rows == [["A", "B", "C"], ["-5", "-1.50", "true"]]


def test_csv():
    with translation.override("km"):
        response = write("សំណើ", COLUMNS, [ROW], "csv")
        assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert response.headers["Content-Language"] == "km"
        assert "filename*=utf-8''" in response.headers["Content-Disposition"]
        rows = read_csv(response)
    assert rows == [
        ["Number", "ចំណងជើង", "At", "Riel"],
        ["ភព-១", "'=1+1", "2026-11-24T09:30:00+07:00", "4000"],
    ]


def test_xlsx():
    response = write("Requests/2026", COLUMNS, [ROW, {**ROW, "at": None, "text": "a\x0bb"}], "xlsx")
    book = load_workbook(io.BytesIO(body(response)))
    rows = list(book.active.iter_rows(values_only=True))
    assert rows[0] == ("Number", "ចំណងជើង", "At", "Riel")
    assert rows[1] == ("ភព-១", "'=1+1", datetime(2026, 11, 24, 9, 30), 4000)
    assert rows[2] == ("ភព-១", "ab", None, 4000)
    assert all(cell.data_type != "f" for row in book.active for cell in row)


def test_json():
    rows = json.loads(
        body(
            write(
                "x",
                [*COLUMNS, Column("id", "Id"), Column("d", "D"), Column("name", "N")],
                [{**ROW, "id": UUID(int=1), "d": date(2026, 1, 2), "name": {"km": "ក", "en": "A"}}],
                "json",
            )
        )
    )
    assert rows == [
        {
            "number": "ភព-១",
            "text": "=1+1",
            "at": "2026-11-24T09:30:00+07:00",
            "riel": 4000,
            "id": str(UUID(int=1)),
            "d": "2026-01-02",
            "name": {"km": "ក", "en": "A"},
        }
    ]


@pytest.mark.parametrize("kind", ["csv", "xlsx", "json"])
def test_nothing_to_export_is_still_a_file(kind: str):
    assert body(write("x", COLUMNS, [], kind))


@pytest.mark.parametrize("kind", ["csv", "xlsx", "json"])
def test_the_mark_stands_in_every_row_and_the_name(kind: str):
    response = write("x", COLUMNS, [ROW, ROW], kind, mark="Demonstration: fictional")
    assert "-demo-" in response.headers["Content-Disposition"]
    raw = body(response)
    if kind == "xlsx":
        rows = list(load_workbook(io.BytesIO(raw)).active.iter_rows(values_only=True))
        assert [row[-1] for row in rows[1:]] == ["Demonstration: fictional"] * 2
    else:
        assert raw.decode().count("Demonstration: fictional") == 2


def test_names_in_the_readers_language():
    column = [Column("name", "Name")]
    with translation.override("en"):
        assert read_csv(write("x", column, [{"name": {"km": "ភូមិ", "en": "Village"}}]))[1] == ["Village"]
    with translation.override("km"):
        assert read_csv(write("x", column, [{"name": {"km": "ភូមិ", "en": "Village"}}]))[1] == ["ភូមិ"]


def test_an_unknown_kind_is_told():
    with pytest.raises(Malformed):
        write("x", COLUMNS, [], "pdf")


def test_more_rows_than_a_sheet_holds(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(export, "SHEET_ROWS", 2)
    with pytest.raises(TooLarge):
        write("x", COLUMNS, [ROW] * 3, "xlsx")


def test_rows_are_not_gathered_first():
    """CSV leaves row by row: an endless list gives its first rows."""

    def endless():
        while True:
            yield ROW

    content = iter(write("x", COLUMNS, endless(), "csv").streaming_content)
    assert [next(content) for _ in range(4)][3].startswith("ភព-១".encode())


@pytest.mark.parametrize("name", ["a/b\\c", "..", "x\r\nSet-Cookie: a=b", 'a"b', "ភ" * 300, ""])
def test_a_name_cannot_leave_its_header(name: str):
    header = write(name, COLUMNS, [], "csv").headers["Content-Disposition"]
    assert "\n" not in header and "/" not in header.replace("utf-8''", "") and len(header) < 1200


def test_a_workbook_holds_every_kind_of_value_as_what_it_is():
    file = io.BytesIO()
    row = ["<a & b>", ' "x"\r\n\ty ', "", None, True, 7, 1.5, Decimal("2.25"), date(2026, 2, 28), datetime(2026, 11, 24, 9, 30, 5)]  # fmt: skip
    workbook.write(file, "A/B: <C>", [["head"] * 10, row])
    book = load_workbook(file)
    assert book.sheetnames == ["A B  <C>"] and book.active.freeze_panes == "A2"
    found = [cell.value for cell in list(book.active.iter_rows())[1]]
    assert found == ["<a & b>", ' "x"\r\n\ty ', None, None, True, 7, 1.5, 2.25, datetime(2026, 2, 28), datetime(2026, 11, 24, 9, 30, 5)]  # fmt: skip
    assert type(found[4]) is bool
    with pytest.raises(TypeError):
        workbook.write(io.BytesIO(), "x", [[object()]])
