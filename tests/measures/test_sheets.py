"""Is every bad cell named by row, column and reason, and nothing guessed?"""

import pytest

from sala.measures import sheets
from sala.measures.sheets import Cells, Compare, SheetMapping

MAPPING = SheetMapping(
    name="t",
    file="t.csv",
    origin="t",
    period="2011",
    level="commune",
    code="Code",
    name_column="Name",
    facts=(
        Cells("t.families", value="Fam"),
        Cells("t.light", percent="Per", weight="Fam"),
        Cells("t.latrines", numerator="Lat", denominator="Fam"),
    ),
    compare=(Compare("other.csv", "C", {"Fam": "F"}, other_code="D"),),
)
HEAD = "Code,Name,Fam,Per,Lat\n"


def read(body, head=HEAD, others=None, mapping=MAPPING):
    data = body if isinstance(body, bytes) else (head + body).encode()
    return sheets.read(data, mapping, others)


def named(faults):
    return [(fault.row, fault.column, fault.code) for fault in faults]


def test_a_sound_row_becomes_facts():
    sheet = read("120404,Tuek L'ak,200,12.5,50\n")
    assert (sheet.faults, sheet.notes) == ([], [])
    assert [(f.measure, f.value, f.numerator, f.denominator) for f in sheet.rows[0].facts] == [
        ("t.families", 200, None, None),
        ("t.light", None, 25, 200),
        ("t.latrines", None, 50, 200),
    ]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("10201", "010201"),
        ("10201.00000000000", "010201"),
        (" 120404 ", "120404"),
        ("១២០៤០៤", "120404"),
        ("010201.", "010201"),
    ],
)
def test_codes_are_repaired_and_reported(typed, code):
    sheet = read(f"{typed},x,1,1,1\n")
    assert [row.code for row in sheet.rows] == [code]
    if typed.strip() != code:
        assert named(sheet.notes) == [(2, "Code", "repaired")]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (",x,1,1,1", (2, "Code", "no-code")),
        ("1204,x,1,1,1", (2, "Code", "code")),
        ("12040401,x,1,1,1", (2, "Code", "code")),
        ("10201.5,x,1,1,1", (2, "Code", "code")),
        ("1e5,x,1,1,1", (2, "Code", "code")),
        ("000000,x,1,1,1", (2, "Code", "code")),
        ("-10201,x,1,1,1", (2, "Code", "code")),
        ("120404,x,many,1,1", (2, "Fam", "number")),
        ("120404,x,nan,1,1", (2, "Fam", "number")),
        ("120404,x,1e3,1,1", (2, "Fam", "number")),
        ("120404,x,99999999999999,1,1", (2, "Fam", "number")),
        ("120404,x,-1,1,0", (2, "Fam", "negative")),
        ("120404,x,100,100.01,1", (2, "Per", "percent")),
        ("120404,x,100,1,101", (2, "Lat", "part")),
        ("120404,x,1,1", (2, "", "cells")),
        ("120404,x,1,1,1,1", (2, "", "cells")),
    ],
)
def test_bad_rows_are_named(row, fault):
    sheet = read(row + "\n")
    assert fault in named(sheet.faults)
    assert sheet.rows == []
    assert all(one.sentence() and "%(" not in one.sentence() for one in sheet.faults)


def test_one_bad_cell_is_told_once_though_three_measures_read_it():
    assert named(read("120404,x,many,1,1\n").faults) == [(2, "Fam", "number")]


def test_the_row_number_counts_lines_also_over_blank_ones():
    sheet = read("120404,x,1,1,1\n\n120405,x,y,1,1\n")
    assert named(sheet.faults) == [(4, "Fam", "number")]


def test_a_missing_cell_is_no_fact_never_zero():
    sheet = read("120404,x,10,,\n120405,x,,,\n")
    assert [[fact.measure for fact in row.facts] for row in sheet.rows] == [["t.families"]]
    assert (3, "", "no-figures") in named(sheet.notes)


def test_the_same_row_twice_is_taken_once_another_row_of_the_code_is_a_fault():
    sheet = read("120404,x,1,1,1\n120404,x,1,1,1\n120404,x,2,1,1\n")
    assert len(sheet.rows) == 1
    assert named(sheet.notes) == [(3, "Code", "repeated")]
    assert named(sheet.faults) == [(4, "Code", "code-twice")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"\x00\x01", "binary"),
        (HEAD.encode(), "no-rows"),
        (b'Code,Name,Fam,Per,Lat\n"120404,x,1,1,1\n', "quotes"),
        (b"Code,Name,Fam,Per\n120404,x,1,1\n", "no-column"),
        (b"Code,Name,Fam,Fam,Per,Lat\n120404,x,1,1,1,1\n", "column-twice"),
    ],
)
def test_a_file_that_can_not_be_read_is_refused_as_a_whole(data, code):
    sheet = read(data)
    assert code in [fault.code for fault in sheet.faults]
    assert sheet.rows == []


def test_too_many_rows(monkeypatch):
    monkeypatch.setattr(sheets, "MAX_ROWS", 2)
    assert [fault.code for fault in read("1,x,1,1,1\n2,x,1,1,1\n").faults] == ["long"]


def test_unreadable_characters_are_noted_and_the_row_is_kept():
    sheet = read(HEAD.encode() + b"120404,Prasat\xc0_,1,1,1\n")
    assert len(sheet.rows) == 1
    assert named(sheet.notes) == [(2, "Name", "characters")]


def test_grouped_numbers_and_excel_marks():
    sheet = read(b'\xef\xbb\xbfCode,Name,Fam,Per,Lat\r\n120404,x,"1,299",10,1\r\n')
    assert sheet.rows[0].facts[0].value == 1299


def test_disagreements_with_another_file_are_noted():
    other = b"C,D,F\n120404,120404,7\n120406,120407,1\n120406,120406,1\nx,x,1\n120405,120405,5\n"
    sheet = read("120404,x,8,1,1\n120405,x,5.0,1,1\n120408,x,1,1,1\n", others={"other.csv": other})
    codes = [note.code for note in sheet.notes]
    assert sorted(codes) == [
        "compare-code", "compare-codes", "compare-extra", "compare-missing", "compare-twice", "compare-value"
    ]  # fmt: skip
    assert all("%(" not in note.sentence() for note in sheet.notes)
    assert len(sheet.rows) == 3
    broken = read("120404,x,8,1,1\n", others={"other.csv": b"A,B\n1,2\n"})
    assert [note.code for note in broken.notes] == ["compare", "compare"]


def test_sentences_can_be_translated():
    fault = read("120404,x,many,1,1\n").faults[0]
    assert (
        fault.sentence(lambda text: text.replace("is not a number", "n'est pas un nombre"))
        == "“many” n'est pas un nombre."
    )
