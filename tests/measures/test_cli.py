"""Does the command line list, import, count and show, with one clear line where it refuses?"""

import json

import pytest
from click.testing import CliRunner

from sala.kit.errors import Invalid
from sala.measures.cli import group
from sala.measures.models import Fact

pytestmark = pytest.mark.django_db


def run(*arguments):
    return CliRunner().invoke(group, list(arguments))


def test_list():
    assert "cdb.electricity" in run("list").output
    codes = [one["code"] for one in json.loads(run("list", "--json").output)]
    assert "window.on_time" in codes


def test_show():
    assert "0.35394" in run("show", "cdb.electricity").output
    rows = json.loads(
        run("show", "cdb.families", "--place", "12", "--period", "2011", "--below", "--json").output
    )
    assert (rows[0]["place"], rows[1]["place"][:2]) == ("12", "12")
    assert rows[0]["value"] == sum(row["value"] for row in rows[1:])
    assert "no data" in run("show", "cdb.families", "--period", "1999").output


def test_roll_up():
    assert json.loads(run("roll-up", "--json").output)["changed"] == 0
    assert "0 changed" in run("roll-up").output


def test_import_needs_to_know_how_the_file_is_read(tmp_path):
    file = tmp_path / "unknown.csv"
    file.write_text("a,b\n")
    answer = run("import", str(file))
    assert answer.exit_code == 1
    assert "Give --mapping, one of: cdb_2011" in answer.output


def header():
    return "NCDD_CodeC,Commune,TT_Family,Per_HH_El,Fami_Impro\n"


def test_import_a_correction(tmp_path):
    file = tmp_path / "corrected.csv"
    file.write_text(header() + "120404,Tuek L'ak,1,100,1\n")
    answer = run("import", str(file), "--mapping", "cdb_2011", "--source", "a letter")
    assert answer.exit_code == 0, answer.output
    assert "4 of them new or changed" in answer.output
    fact = Fact.objects.get(measure="cdb.families", place="120404", current=True)
    assert (fact.value, fact.version, fact.imported.source) == (1, 2, "a letter")
    rows = json.loads(run("show", "cdb.families", "--place", "120404", "--json").output)
    assert rows[0]["value"] == 1
    again = json.loads(run("import", str(file), "--mapping", "cdb_2011", "--json").output)
    assert again["taken"] is False


def test_import_names_bad_rows(tmp_path):
    file = tmp_path / "bad.csv"
    file.write_text(header() + "120404,x,1,100,1\n12,x,1,1,1\n120401,x,z,1,1\n")
    answer = CliRunner().invoke(group, ["import", str(file), "--mapping", "cdb_2011"])
    assert isinstance(answer.exception, Invalid)  # the command line's frame makes one line and exit 1 of it
    assert "bad.csv: row 3, NCDD_CodeC: “12” is not the code of a place of this level." in answer.output
    assert "bad.csv: row 4, TT_Family: “z” is not a number." in answer.output
    lenient = run("import", str(file), "--mapping", "cdb_2011", "--lenient")
    assert lenient.exit_code == 0
    assert "left out: row 3, NCDD_CodeC" in lenient.output
