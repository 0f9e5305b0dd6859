"""Is everything that is wrong with a file told by row, column and reason, and nothing counted?"""

import pytest
from click.testing import CliRunner

from sala.measures.cli import group
from sala.measures.sums import counting, loading

PLACES = "code,parent,level\n00,,nation\n01,00,province\n"
MEASURES = "[m]\naggregate_time='sum'\n[r]\naggregate_time='ratio'\naggregate_places='ratio'\n[d]\nkind='derived'\nexpression='m'\n"
HEAD = "measure,place,period,value,numerator,denominator\n"


def faults(folder, facts=HEAD, places=PLACES, measures=MEASURES):
    for name, text in (("P.csv", places), ("M.toml", measures), ("F.csv", facts)):
        data = text if isinstance(text, bytes) else text.encode()
        (folder / name).write_bytes(data)
    files = counting.Files(folder / "P.csv", folder / "M.toml", folder / "F.csv")
    try:
        counting.roll_up(files, folder / "O.csv")
    except loading.Faulty as faulty:
        assert not (folder / "O.csv").exists()
        return [(one.file, one.row, one.column, one.reason) for one in faulty.faults]
    return []


@pytest.mark.parametrize(
    ("line", "column", "said"),
    [
        ("x,01,2017,1,,", "measure", 'there is no measure "x"'),
        (",01,2017,1,,", "measure", 'there is no measure ""'),
        ("d,01,2017,1,,", "measure", '"d" is derived'),
        ("m,1,2017,1,,", "place", 'there is no place "1"'),
        ("m,01,2017-13,1,,", "period", '"2017-13" is no period'),
        ("m,01,,1,,", "period", '"" is no period'),
        ("m,01,2017,1a,,", "value", '"1a" is no number'),
        ("m,01,2017,NaN,,", "value", '"NaN" is no number'),
        ('m,01,2017,"1,5",,', "value", '"1,5" is no number'),
        ("r,01,2017,,1,", "numerator", "a ratio needs numerator and denominator"),
        ("r,01,2017,3,,", "numerator", "a ratio needs numerator and denominator"),
        ("r,01,2017,,1,x", "denominator", '"x" is no number'),
        ("m,01,2017,,1,2", "value", "there is no value"),
        ("m,01,2017", "denominator", "fewer cells than the head"),
        ("m,01,2017,1,,,9", "", "more cells than the head"),
        ('m,"01,2017,1,,', "place", "a quote that does not end"),
    ],
)
def test_a_row_of_facts(tmp_path, line, column, said):
    found = faults(tmp_path, HEAD + "m,01,2017,1,,\n" + line + "\n")
    assert [one[:3] for one in found] == [("F.csv", 3, column)]
    assert said in found[0][3]


@pytest.mark.parametrize(
    ("files", "row", "column", "said"),
    [
        ({"places": "code,parent\n"}, 1, "level", "there is no column level"),
        ({"places": "code,parent,level\na,b\n"}, 2, "", "has 2 cells, the head 3"),
        ({"places": "code,parent,level\n,,x\n"}, 2, "code", "is empty"),
        (
            {"places": "code,parent,level,valid_from\na,,x,2017-02-30\n"},
            2,
            "valid_from",
            '"2017-02-30" is no day',
        ),
        ({"places": b"code,parent,level\n\xff,,x\n"}, 0, "", "no CSV file in UTF-8"),
        ({"places": "code,parent,level\na,z,x\n"}, 2, "parent", "a: its parent z is not in the file"),
        ({"measures": "[m\n"}, 0, "", "line 1"),
        ({"measures": b"\xff"}, 0, "", "no text in UTF-8"),
        ({"measures": "m = 1\n"}, 0, "m", "is no table"),
        ({"measures": "[m]\nkind='other'\n"}, 0, "m", "neither value nor derived"),
        ({"measures": "[m]\nkind='derived'\n"}, 0, "m", "needs an expression"),
        ({"measures": "[m]\nkind='value'\nexpression='1'\n"}, 0, "m", "is not derived"),
        ({"measures": "[m]\nkind='derived'\nexpression='1 +'\n"}, 0, "m", "position 4"),
        ({"facts": ""}, 1, "measure", "there is no column measure, place, period"),
        ({"facts": "measure,place,period,value,value\n"}, 1, "value", "stands twice in the head"),
        ({"facts": HEAD.encode() + b"m,01,\xff,1,,\n"}, 2, "period", "is not in UTF-8"),
        ({"facts": "measure,place\n"}, 1, "period", "there is no column period"),
        ({"facts": "measure,place,period\n"}, 1, "value", "there is no column value"),
        ({"facts": "measure,place,period,value,count\n"}, 1, "count", "call the dimension otherwise"),
    ],
)
def test_a_file(tmp_path, files, row, column, said):
    found = faults(tmp_path, **files)
    assert (found[0][1], found[0][2]) == (row, column) and said in found[0][3]


def test_a_file_that_is_no_table(tmp_path):
    (tmp_path / "F.parquet").write_bytes(b"no parquet")
    for name, text in (("P.csv", PLACES), ("M.toml", MEASURES)):
        (tmp_path / name).write_text(text)
    files = counting.Files(tmp_path / "P.csv", tmp_path / "M.toml", tmp_path / "F.parquet")
    with pytest.raises(loading.Faulty) as refused:
        counting.roll_up(files, tmp_path / "O.csv")
    assert "can't be read" in refused.value.faults[0].reason


def test_many_faults_are_all_told_up_to_a_thousand(tmp_path):
    lines = [f"m,01,2017,{'x' if number % 2 else 1},," for number in range(3000)]
    found = faults(tmp_path, HEAD + "\n".join(lines) + "\n")
    assert len(found) == 1000 and [one[1] for one in found[:3]] == [3, 5, 7]


def test_an_empty_cell_is_no_fact_and_no_facts_no_figures(tmp_path):
    assert faults(tmp_path, HEAD + "m,01,2017,,,\n") == []
    assert (tmp_path / "O.csv").read_text().splitlines() == [
        "measure,place,level,period,value,numerator,denominator,count"
    ]


def run(folder, *more):
    names = {"--places": "P.csv", "--measures": "M.toml", "--facts": "F.csv"}
    files = [word for name, file in names.items() for word in (name, str(folder / file))]
    return CliRunner().invoke(group, [more[0], *files, *more[1:]])


def test_the_command_line(tmp_path):
    assert faults(tmp_path, HEAD + "m,01,2017-01,1.5,,\nr,01,2017,,1,4\n") == []
    out = tmp_path / "some.csv"
    done = run(tmp_path, "roll-up", "--levels", "province", "--periods", "year", "--out", str(out), "--json")
    assert (done.exit_code, done.output) == (0, f'{{"figures": 3, "out": "{out}"}}\n')
    assert "m,01,province,2017,1.5,,,1" in out.read_text()
    asked = run(tmp_path, "query", "--measure", "m, d", "--by", "place", "--json")
    assert asked.output == (
        '[{"measure": "m", "place": "01", "dimensions": {}, "value": 1.5}, '
        '{"measure": "d", "place": "01", "dimensions": {}, "value": 1.5}]\n'
    )
    assert run(tmp_path, "query", "--measure", "r").output == "r: 0.25\n"


def test_the_command_line_refuses(tmp_path):
    assert faults(tmp_path, HEAD + "m,01,2017,x,,\n")
    done = run(tmp_path, "roll-up", "--out", str(tmp_path / "O.csv"))
    assert done.exit_code == 1 and 'F.csv, row 2, value: "x" is no number' in done.output
    assert run(tmp_path, "roll-up").exit_code == 2
    done = run(tmp_path, "roll-up", "--periods", "week", "--out", str(tmp_path / "O.csv"))
    assert done.exit_code == 2 and "not week" in done.output
    (tmp_path / "F.csv").write_text(HEAD)
    done = run(tmp_path, "roll-up", "--levels", "moon", "--out", str(tmp_path / "O.csv"))
    assert 'no place has the level "moon"' in done.output
