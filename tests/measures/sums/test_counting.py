"""Is every aggregation right, over places and over time, and equal to a plain count?"""

import csv
import itertools
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sala.kit.periods import Period
from sala.measures.sums import counting, loading
from sala.measures.sums.counting import Files, Question
from tests.measures.sums import plain

PLACES = """\
code,parent,level
00,,nation
01,00,province
02,00,province
0101,01,commune
0102,01,commune
0201,02,commune
"""
MOVED = """\
code,parent,level,valid_from,valid_to
00,,nation,,
01,00,province,,
02,00,province,,
0101,01,commune,,
0102,01,commune,,2017-01-31
0102,02,commune,2017-02-01,
"""


def write(folder: Path, places: str, measures: str, facts: str) -> Files:
    for name, text in (("P.csv", places), ("M.toml", measures), ("F.csv", facts)):
        (folder / name).write_text(text, encoding="utf-8")
    return Files(folder / "P.csv", folder / "M.toml", folder / "F.csv")


def counted(files: Files, **more) -> dict[tuple[str, ...], dict[str, str]]:
    """The rows by measure, place, period and the dimensions' values."""
    out = files.places.with_name("O.csv")
    counting.roll_up(files, out, **more)
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    fixed = ("measure", "place", "level", "period", "value", "numerator", "denominator", "count")
    return {
        (row["measure"], row["place"], row["period"], *(v for k, v in row.items() if k not in fixed)): row
        for row in rows
    }


def declared(time: str, places: str, code: str = "m") -> str:
    return f'[{code}]\nkind = "value"\naggregate_time = "{time}"\naggregate_places = "{places}"\n'


def derived(expression: str, code: str = "d") -> str:
    return f"[{code}]\nkind = 'derived'\nexpression = '''{expression}'''\n"


# Three places: 0101 says 1 in January and 3 in March, 0102 says 4 in February, the province 01 itself 10 in March.
THREE = """\
measure,place,period,value
m,0101,2017-01,1
m,0101,2017-03,3
m,0102,2017-02,4
m,01,2017-03,10
"""


@pytest.mark.parametrize(
    ("time", "places", "expected"),
    [
        ("sum", "sum", "18"),
        ("count", "count", "4"),
        ("min", "min", "1"),
        ("max", "max", "10"),
        ("average", "average", "4.5"),  # of the four single values
        ("last", "last", "10"),
        ("p50", "p50", "3.5"),
        ("p90", "p90", "8.2"),
        ("last", "sum", "17"),  # 3 + 4 + 10
        ("sum", "average", "6"),  # 4, 4 and 10
        ("average", "sum", "16"),  # 2 + 4 + 10
        ("average", "max", "10"),
        ("sum", "count", "3"),
        ("count", "max", "2"),
        ("max", "min", "3"),
        ("sum", "p50", "4"),
        ("p50", "sum", "16"),
        ("min", "last", "10"),  # 01 and 0101 end in March: the greater
    ],
)
def test_by_hand(tmp_path, time, places, expected):
    files = write(tmp_path, PLACES, declared(time, places), THREE)
    assert counted(files)["m", "01", "2017-Q1"]["value"] == expected


def test_a_ratio_is_the_sum_of_parts_out_of_the_sum_of_wholes(tmp_path):
    facts = "measure,place,period,numerator,denominator\nm,0101,2017,1,2\nm,0102,2017,1,10\nm,0201,2017,0,0\n"
    rows = counted(write(tmp_path, PLACES, declared("ratio", "ratio"), facts))
    row = rows["m", "00", "2017"]
    assert (row["value"], row["numerator"], row["denominator"], row["count"]) == (
        "0.166666666667",
        "2",
        "12",
        "3",
    )
    assert rows["m", "02", "2017"]["value"] == ""  # there is nothing to divide by, and that is said
    rows = counted(write(tmp_path, PLACES, declared("ratio", "average"), facts))
    assert rows["m", "01", "2017"]["value"] == "0.3"


def test_a_ratio_aggregated_otherwise_is_each_facts_quotient(tmp_path):
    facts = "measure,place,period,numerator,denominator\nm,0101,2017-01,1,2\nm,0101,2017-02,1,4\nm,0101,2017-03,1,0\n"
    measures = declared("ratio", "ratio") + derived('aggregate(m, "p50_over_time_then_sum")')
    files = write(tmp_path, PLACES, measures + derived('aggregate(m, "max")', "e"), facts)
    assert [row["value"] for row in counting.ask(files, Question(("d", "e"), periods=("2017",)))] == [
        0.375,
        0.5,
    ]


def test_no_data_is_no_row_and_a_place_counts_once(tmp_path):
    rows = counted(write(tmp_path, PLACES, declared("sum", "sum"), THREE))
    assert rows["m", "01", "2017-03"]["value"] == "13" and rows["m", "0101", "2017-03"]["value"] == "3"
    assert ("m", "02", "2017") not in rows and ("m", "0102", "2017-01") not in rows
    assert {row["level"] for row in counted(write(tmp_path, PLACES, declared("sum", "sum"), THREE), levels=["province"]).values()} == {"province"}  # fmt: skip


def test_a_place_that_moves_counts_for_each_parent_in_its_time_and_once_for_both(tmp_path):
    facts = "measure,place,period,value\nm,0102,2017-01,1\nm,0102,2017-02,5\nm,0101,2017-01,2\n"
    rows = counted(write(tmp_path, MOVED, declared("sum", "sum") + declared("average", "sum", "a"), facts + facts.split("\n", 1)[1].replace("m,", "a,")))  # fmt: skip
    assert [rows["m", place, "2017"]["value"] for place in ("00", "01", "02", "0102")] == ["8", "3", "5", "6"]
    # The nation's average of 0102 is that of its year, not of its two halves.
    assert [rows["a", place, "2017"]["value"] for place in ("00", "01", "02")] == ["5", "3", "5"]


def test_exact_and_rounded_once(tmp_path):
    facts = "measure,place,period,value\n" + "m,0101,2017-01,0.1\n" * 10 + "m,0102,2017-01,0.0000000001\n"
    rows = counted(write(tmp_path, PLACES, declared("sum", "sum"), facts))
    assert rows["m", "0101", "2017"]["value"] == "1"
    assert rows["m", "01", "2017"]["value"] == "1.0000000001"


def test_leading_zeros_khmer_and_spaces_stay_and_go(tmp_path):
    places = "code,parent,level\n007,,ឃុំ\n7,,ឃុំ\n"
    rows = counted(write(tmp_path, places, declared("sum", "sum", '"គ្រួសារ"'), "measure,place,period,value\nគ្រួសារ,007, 2017 ,1\nគ្រួសារ,7,2017,2\n"))  # fmt: skip
    assert {key[1]: row["value"] for key, row in rows.items()} == {"007": "1", "7": "2"}


def test_parquet_in_and_out(tmp_path):
    import duckdb

    files = write(tmp_path, PLACES, declared("sum", "sum"), THREE)
    parquet, out = tmp_path / "F.parquet", tmp_path / "O.parquet"
    duckdb.execute(f"COPY (SELECT measure, CAST(place AS VARCHAR) AS place, period, value FROM read_csv('{files.facts}', all_varchar = true)) TO '{parquet}'")  # fmt: skip
    assert counting.roll_up(Files(files.places, files.measures, parquet), out) == len(counted(files))
    found = duckdb.execute(
        f"SELECT value, count FROM '{out}' WHERE place = '01' AND period = '2017'"
    ).fetchone()
    assert found == (Decimal(18), 4)


# ---- derived ----------------------------------------------------------------------------------------------------------------

TWO = """\
measure,place,period,sex,value
m,0101,2017-01,f,3
m,0101,2017-01,m,4
m,0102,2017-02,f,5
m,0201,2017-04,m,2
n,0101,2017-01,,100
n,0102,2016-12,,50
"""


@pytest.mark.parametrize(
    ("expression", "key", "expected"),
    [
        ("m / n", ("01", "2017-01"), "0.07"),
        ("m / n * 1000 + 1", ("0101", "2017"), "71"),
        ("m / n", ("02", "2017"), None),  # no n there
        ("m + n", ("02", "2017"), "2"),  # n is left out
        ("m - n", ("01", "2016"), "-50"),
        ("n - 3", ("0102", "2016-12"), "47"),
        ("3 + 4", ("01", "2017"), None),  # numbers are no data
        ("m == 7", ("0101", "2017"), "1"),
        ("m > 7", ("0101", "2017"), "0"),
        ("m != n", ("0201", "2017"), None),
        ("if(m >= 5, 1, 0) + 0 * m", ("01", "2017"), "1"),
        ("if(n > 1, m, 0)", ("0201", "2017"), None),  # an empty condition
        ('where(m, "sex=f") / m', ("01", "2017"), "0.666666666667"),
        ('where(m + n, "sex=m")', ("00", "2017"), "6"),
        ("per_place(if(m >= 5, 1, 0))", ("00", "2017"), "2"),
        ('aggregate(per_place(m), "average")', ("01", "2017"), "6"),
        ('aggregate(per_place(m), "p50")', ("00", "2017"), "5"),
        ('aggregate(per_place(m), "sum_over_time_then_max")', ("00", "2017"), "7"),
        ('aggregate(m, "max_over_time_then_sum")', ("01", "2017"), "9"),
        ('aggregate(m, "average")', ("01", "2017"), "4"),
        ('aggregate(m, "count")', ("00", "2017"), "4"),
        ('offset(n, "-1 month")', ("0102", "2017-01"), "50"),
        ('offset(n, "-1 year") / n', ("01", "2017"), "0.5"),
        ('offset(m, "1 quarter")', ("02", "2017-Q1"), "2"),
        ("year_to_date(m)", ("01", "2017-02"), "12"),
        ("year_to_date(m)", ("01", "2017-03"), "12"),
        ('year_to_date(offset(m, "-1 month"))', ("0102", "2017-03"), "5"),
        ("m * periods_in_year() / period_in_year()", ("0201", "2017-04"), "6"),
        ("m * periods_in_year() / period_in_year()", ("0201", "2017-Q2"), "4"),
        ("e + e", ("0101", "2017"), "14"),
        ("m / (n - 100)", ("0101", "2017"), None),  # nothing divides by 0
        ("(m + 0.1 + 0.2 - m) == 0.3", ("0101", "2017"), "1"),
        ("-m + 2 * -1", ("0101", "2017"), "-9"),
    ],
)
def test_derived_by_hand(tmp_path, expression, key, expected):
    measures = declared("sum", "sum") + declared("sum", "sum", "n") + derived("m", "e") + derived(expression)
    asked = Question(("d",), places=key[:1], periods=key[1:])
    found = [row["value"] for row in counting.ask(write(tmp_path, PLACES, measures, TWO), asked)]
    assert found == ([] if expected is None else [float(expected)])


def test_a_derived_measure_keeps_the_dimensions_that_all_its_measures_have(tmp_path):
    measures = declared("sum", "sum") + declared("sum", "sum", "n") + derived("m * 2") + derived("m / n", "r")
    rows = counted(write(tmp_path, PLACES, measures, TWO))
    assert {key[3]: row["value"] for key, row in rows.items() if key[:3] == ("d", "0101", "2017")} == {
        "f": "6",
        "m": "8",
    }
    assert {key[3]: row["value"] for key, row in rows.items() if key[:3] == ("r", "0101", "2017")} == {
        "": "0.07"
    }


@pytest.mark.parametrize(
    ("measures", "said"),
    [
        (derived('where(m, "age=old")'), 'position 1: no fact has a dimension "age"'),
        (derived('aggregate(m, "ratio")'), 'position 11: "m" has no numerators'),
        (derived("x + 1"), 'position 1: there is no measure "x"'),
        (derived("m + e") + derived("1 + d", "e"), "a circle, d > e > d"),
        (derived("m +"), "position 4: expected a measure"),
        ('[m]\naggregate_time = "mean"\n', 'aggregate_time "mean" is no aggregation'),
    ],
)
def test_what_can_not_be_meant_is_refused_with_its_place(tmp_path, measures, said):
    text = measures if measures.startswith("[m]") else declared("sum", "sum") + measures
    with pytest.raises(loading.Faulty) as refused:
        counted(write(tmp_path, PLACES, text, TWO.replace("n,", "m,")))
    assert said in str(refused.value.faults[0])
    assert not (tmp_path / "O.csv").exists()


# ---- a plain count is the yardstick -----------------------------------------------------------------------------------------

NAMES = ["sum", "count", "min", "max", "average", "last", "p25", "p90"]
PAIRS = [
    *itertools.product(NAMES, NAMES),
    ("ratio", "ratio"),
    ("ratio", "average"),
    ("last", "ratio"),
    ("sum", "ratio"),
]
PERIODS = ["2016-12", "2017-01", "2017-02", "2017-03", "2017-Q1", "2017", "2017-W02", "2017-03-05"]


def test_every_pair_as_a_plain_count_does(tmp_path):
    chance = Random(7)
    measures = {f"m{number}": pair for number, pair in enumerate(PAIRS)}
    facts = [
        plain.Fact(
            code,
            chance.choice(["00", "01", "0101", "0102"]),
            Period.parse(chance.choice(PERIODS)),
            *(Fraction(chance.randrange(-50, 900), 10) for _ in range(2)),
            denominator=Fraction(chance.randrange(1, 50)),
            sex=chance.choice(["", "f", "m"]),
        )
        for code in measures
        for _ in range(12)
    ]
    compare(tmp_path, measures, facts)


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_any_facts_as_a_plain_count_does(data):
    numbers = st.decimals(-1000, 1000, places=2).map(Fraction)
    measures = {f"m{number}": data.draw(st.sampled_from(PAIRS)) for number in range(3)}
    facts = data.draw(
        st.lists(
            st.builds(
                plain.Fact,
                st.sampled_from(list(measures)),
                st.sampled_from(["00", "01", "02", "0101", "0102"]),
                st.sampled_from(PERIODS).map(Period.parse),
                numbers,
                numbers,
                st.integers(1, 100).map(Fraction),
                st.sampled_from(["", "f"]),
            ),
            max_size=25,
        )
    )
    with TemporaryDirectory() as folder:
        compare(Path(folder), measures, facts)


def compare(folder: Path, measures, facts) -> None:
    """The engine's figures and the plain ones, over a place that moves."""

    def said(fact):
        numbers = [fact.numerator, fact.denominator] if "ratio" in measures[fact.measure] else []
        values = ["", *numbers] if numbers else [fact.value, "", ""]
        told = ["" if one == "" else str(float(one)) for one in values]
        return ",".join([fact.measure, fact.place, fact.period.code, fact.sex, *told])

    text = "\n".join(["measure,place,period,sex,value,numerator,denominator", *map(said, facts)]) + "\n"
    toml = "".join(declared(*pair, code) for code, pair in measures.items())
    files = write(folder, MOVED, toml, text)
    tree = loading.places(files.places)
    expected = plain.everything(lambda place, day: tree.stretch(place, day).chain, measures, facts)
    found = {key: row["value"] for key, row in counted(files).items() if row["value"]}
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        assert abs(Fraction(found[key]) - value) < Fraction(1, 10**8), (key, measures[key[0]])


@settings(max_examples=6, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(["sum", "average", "p90", "count", "max"]))
def test_neither_order_nor_a_level_between_changes_a_figure(chance, name):
    places = ["0101", "0102", "0201", "01"]
    lines = [
        f"m,{chance.choice(places)},{chance.choice(PERIODS)},{chance.randrange(-999, 999) / 8}"
        for _ in range(30)
    ]
    split = PLACES.replace("0101,01,", "011,01,district\n0101,011,").replace("0102,01,", "0102,011,")
    head = "measure,place,period,value\n"
    with TemporaryDirectory() as folder:
        before = counted(write(Path(folder), PLACES, declared(name, name), head + "\n".join(lines) + "\n"))
        chance.shuffle(lines)
        after = counted(write(Path(folder), split, declared(name, name), head + "\n".join(lines) + "\n"))
    assert before.items() <= after.items()
    assert {key[1] for key in after.keys() - before.keys()} <= {"011"}


# ---- questions --------------------------------------------------------------------------------------------------------------


def test_questions(tmp_path):
    measures = declared("sum", "sum") + declared("sum", "sum", "n") + derived("m / n * 100")
    files = write(tmp_path, PLACES, measures, TWO)

    def ask(**asked):
        return [tuple(row.values()) for row in counting.ask(files, Question(**asked))]

    assert ask(measures=("m",)) == [("m", {}, 14)]
    assert ask(measures=("m",), places=("01", "0101", "02")) == [
        ("m", "01", {}, 12), ("m", "0101", {}, 7), ("m", "02", {}, 2),
    ]  # fmt: skip
    assert ask(measures=("m", "n"), periods=("2016", "2017-Q1")) == [
        ("m", "2017-Q1", {}, 12), ("n", "2016", {}, 50), ("n", "2017-Q1", {}, 100),
    ]  # fmt: skip
    assert ask(measures=("m",), by=("sex",), within_places=("0101", "0201")) == [("m", {"sex": "f"}, 3), ("m", {"sex": "m"}, 6)]  # fmt: skip
    assert ask(measures=("m",), within_periods=("2017-01", "2017-04")) == [("m", {}, 9)]
    assert ask(measures=("m",), periods=("2017",), within_periods=("2017-02", "2018")) == [
        ("m", "2017", {}, 5)
    ]
    assert ask(measures=("m",), by=("place", "period"), within_places=("01",)) == [
        ("m", "0101", "2017-01", {}, 7), ("m", "0102", "2017-02", {}, 5),
    ]  # fmt: skip
    assert ask(measures=("d",), periods=("2017-01",), round=0) == [("d", "2017-01", {}, 7)]
    assert ask(measures=("m",), aggregate="average", round=2) == [("m", {}, 3.5)]
    assert ask(measures=("m",), aggregate="last", within_places=("01",)) == [("m", {}, 12)]
    assert ask(measures=("m",), places=("02",), periods=("2016",)) == []


def test_three_months_hold_their_quarter(tmp_path):
    facts = "measure,place,period,value\nm,0101,2017-Q1,6\n"
    files = write(tmp_path, PLACES, declared("sum", "sum"), facts)
    three = Question(("m",), within_periods=("2017-01", "2017-02", "2017-03"))
    assert counting.ask(files, three) == [{"measure": "m", "dimensions": {}, "value": 6}]
    assert counting.ask(files, Question(("m",), within_periods=("2017-01", "2017-03"))) == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"measures": ("x",)}, 'no measure "x"'),
        ({"measures": ("m",), "places": ("99",)}, 'no place "99"'),
        ({"measures": ("m",), "periods": ("2017-13",)}, '"2017-13" is no period'),
        ({"measures": ("m",), "by": ("age",)}, 'no dimension "age"'),
        ({"measures": ("m",), "aggregate": "mean"}, '"mean" is no aggregation'),
    ],
)
def test_a_question_that_can_not_be_meant(tmp_path, asked, said):
    files = write(tmp_path, PLACES, declared("sum", "sum"), THREE)
    with pytest.raises(counting.Invalid, match=said):
        counting.ask(files, Question(**asked))
