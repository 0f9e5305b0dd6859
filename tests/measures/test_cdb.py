"""Are the figures of 2011 those of the file? Recomputed here from the CSV with nothing but the csv module."""

import csv
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings

from sala.kit.periods import Period
from sala.measures import queries
from sala.measures.models import Fact, Import

pytestmark = pytest.mark.django_db
FOLDER = Path(settings.COUNTRIES) / "kh" / "cdb_2011"
YEAR = Period.parse("2011")


@pytest.fixture(scope="module")
def rows():
    with (FOLDER / "commune_census_data_2011.csv").open(encoding="latin-1", newline="") as file:
        return list(csv.DictReader(file))


def recount(rows):
    """Families, electrified families, latrines by province code and '' for the nation."""
    found = defaultdict(lambda: [Decimal(0), Decimal(0), Decimal(0)])
    for row in rows:
        code = row["NCDD_CodeC"].zfill(6)
        families = Decimal(row["TT_Family"])
        lit = families * Decimal(row["Per_HH_El"]) / 100
        for key in ("", code[:2], code[:4]):
            found[key][0] += families
            found[key][1] += lit
            found[key][2] += Decimal(row["Fami_Impro"])
    return found


def test_nation_and_provinces_and_districts_equal_the_file(rows):
    expected = recount(rows)
    assert len([key for key in expected if len(key) == 2]) == 24  # Tboung Khmum came later
    for key, (families, lit, latrines) in expected.items():
        place = queries.place(key)
        value = {code: queries.figure(queries.measure(code), place, YEAR) for code in
                 ("cdb.families", "cdb.electricity", "cdb.latrines", "cdb.latrines_share")}  # fmt: skip
        assert value["cdb.families"].value == families, key
        assert value["cdb.latrines"].value == latrines, key
        assert abs(value["cdb.electricity"].value - lit / families) < Decimal("1e-12"), key
        assert value["cdb.latrines_share"].value == latrines / families, key


def test_the_nation_as_published(rows):
    electricity = queries.figure(queries.measure("cdb.electricity"), "", YEAR)
    assert round(electricity.value * 100, 1) == Decimal("35.4")
    mean = sum(Decimal(row["Per_HH_El"]) for row in rows) / len(rows)
    assert abs(electricity.value * 100 - mean) > 3  # an average of percentages would be another figure


def test_every_row_is_kept_and_former_communes_are_listed(rows):
    taken = Import.objects.get(mapping="cdb_2011")
    assert taken.rows == len(rows) == 1621
    assert Fact.objects.filter(measure="cdb.families", current=True).count() == 1621
    former = [line for line in taken.report if line[2] == "former"]
    assert len(former) == 161
    assert taken.licence == "CC BY-SA 4.0"
    assert not [
        line for line in taken.report if line[2] in ("compare-value", "compare-missing", "compare-extra")
    ]
    assert len([line for line in taken.report if line[2] == "compare-codes"]) == 36
    with (FOLDER / "cdb2011_hh_with_electricity.csv").open(encoding="latin-1", newline="") as file:
        disagreeing = [row for row in csv.DictReader(file) if row["NCDD_CodeC"] != row["Com_Code"]]
    assert len(disagreeing) == 36


def test_former_communes_stand_under_the_province_they_were_in():
    fact = Fact.objects.get(measure="cdb.families", place="030401")
    assert (fact.province, fact.district) == ("03", "0304")
    tboung_khmum = queries.figure(queries.measure("cdb.families"), "25", YEAR)
    assert tboung_khmum.total is None  # no data is no row, never 0


def test_the_fact_opens_to_its_row_in_the_file(rows):
    from sala.accounts.acting import RESIDENT

    opened = queries.opened(queries.measure("cdb.families"), "120404", YEAR, RESIDENT)
    assert opened.count == 1
    value, _top, _bottom, file_name, position = opened.records[0].cells
    row = rows[position - 2]
    assert (row["NCDD_CodeC"], file_name) == ("120404", "commune_census_data_2011.csv")
    assert value == Decimal(row["TT_Family"])
