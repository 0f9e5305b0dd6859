"""Does the command line check, search and show?"""

import json

import pytest
from click.testing import CliRunner, Result

from sala.places.cli import group

pytestmark = pytest.mark.django_db


def _run(*words: str) -> Result:
    return CliRunner().invoke(group, list(words))


def test_check_reports_and_ends_well() -> None:
    plain = _run("check")
    assert plain.exit_code == 0 and "codes_repeated: 26" in plain.output
    found = json.loads(_run("check", "--json").output)
    assert found["counts"]["village"] == 14576 and found["differences"] == []


def test_search() -> None:
    assert _run("search", "tek laak 1").output.startswith("120404\t")
    assert json.loads(_run("search", "120404", "--json", "--limit", "1").output)[0]["code"] == "120404"
    assert _run("search", "xyzzyq").exit_code == 1
    assert _run("search", "a\x00").exit_code == 1
    assert _run("search", "a", "--limit", "0").exit_code == 2


def test_show() -> None:
    assert _run("show", "0506140-").output.count("05061400-") == 9
    assert json.loads(_run("show", "02140401-2", "--json").output)[0]["commune"] == "021405"
    assert _run("show", "120404").output.count("1204040") >= 9
    assert _run("show", "99").exit_code == 1
