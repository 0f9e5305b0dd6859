"""The catalogue: what the pack says, how it is loaded, how it changes; and the command line."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.conf import settings

from sala.accounts.acting import RESIDENT, system
from sala.kit.errors import NotSignedIn
from sala.window import actions, catalogue, loading, queries
from sala.window.cli import group
from sala.window.models import Request, Service, ServiceVersion
from sala.window.terms import DaysStatus, FeeStatus, Kind, Level

PACK = settings.COUNTRIES / "kh"


def test_all_52_rows_are_read() -> None:
    rows = {row.code: row for row in catalogue.read(PACK)}
    assert len(rows) == 52
    assert {code for code, row in rows.items() if row.kind == Kind.REPORT} == {
        "RP-SEWER",
        "RP-POWER",
        "RP-LIGHT",
        "RP-ROAD",
    }
    assert all(row.facts["name_km"] and row.facts["name_en"] for row in rows.values())
    assert {row.facts["level"] for row in rows.values()} == {str(level) for level in Level}
    assert len({row.facts["level_text"] for row in rows.values()}) == 16
    for code, row in rows.items():
        if "OWSO" in row.facts["legal_basis"]:
            assert row.facts["fee_status"] in (FeeStatus.NO_BASIS, FeeStatus.UNKNOWN), code
        if row.facts["days_status"] == DaysStatus.VERIFIED:
            assert row.facts["days"] > 0
    assert not rows["LA-DISCHARGE-D"].facts["name_verified"]
    assert rows["LA-ISSUANCE-I"].facts["days"] == 5
    assert rows["RS-FAMBOOK"].facts["legal_basis"].startswith("GDI directive 2020")
    texts = [
        t
        for r in rows.values()
        for t in [*r.facts["papers"], r.facts["fee_note"], r.facts["days_note"], r.facts["validity"]]
        if t
    ]
    assert [t for t in texts if not t["km"]] == []


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    for name in ("services.csv", "services.toml"):
        shutil.copy(PACK / name, tmp_path / name)
    return tmp_path


def edit(pack: Path, old: str, new: str) -> None:
    path = pack / "services.csv"
    text = path.read_text(encoding="utf-8-sig")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8-sig")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (",commune,civil registration,0,free", ",village,civil registration,0,free", "row 2"),
        (",OWSO list", ",OWSO list", "twice"),
        ("7,,,,OWSO list", "soon,,,,OWSO list", "BZ-BARBER"),
    ],
)
def test_a_faulty_pack_names_the_row(pack: Path, old: str, new: str, words: str) -> None:
    if words == "twice":
        edit(pack, "CR-DEATH,", "CR-BIRTH,")
    else:
        edit(pack, old, new)
    with pytest.raises(catalogue.Faulty, match=words):
        catalogue.read(pack)


@pytest.mark.django_db
def test_loading_again_changes_nothing_and_a_change_is_a_new_version(
    pack: Path, report: Callable[..., Any]
) -> None:
    request = report().request
    by = system("test")
    assert loading.load(PACK, by)[0] == "services: 52 (0 new, 0 changed)"
    edit(pack, "Report: blocked sewer", "Report: sewer")
    assert loading.load(pack, by)[0] == "services: 52 (0 new, 1 changed)"
    now, before = queries.versions("RP-SEWER")
    assert (now.name_en, now.version, now.current) == ("Report: sewer", 2, True)
    assert (before.version, before.current) == (1, False)
    assert Request.objects.get().terms_id == before.id == request.terms_id
    assert queries.service("RP-SEWER") == now
    assert dict(loading.snapshots())[str(now.id)]["name_en"] == "Report: sewer"


@pytest.mark.django_db
def test_a_service_that_is_gone_is_not_offered(pack: Path, report: Callable[..., Any]) -> None:
    edit(pack, "RP-ROAD,", "RP-PATH,")
    assert loading.load(pack, system("test"))[0] == "services: 52 (1 new, 0 changed)"
    assert (
        not Service.objects.get(pk="RP-ROAD").offered
        and ServiceVersion.objects.filter(service_id="RP-ROAD").exists()
    )
    assert "RP-ROAD" not in [row.code for row in queries.services()]
    loading.load(PACK, system("test"))
    assert Service.objects.get(pk="RP-ROAD").offered


@pytest.mark.django_db
def test_only_the_system_loads() -> None:
    with pytest.raises(NotSignedIn):
        loading.bring(catalogue.read(PACK), by=RESIDENT)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "code"),
    [("barber", "BZ-BARBER"), ("កំណើត", "CR-BIRTH"), ("cr-birth", "CR-BIRTH"), ("sewer", "RP-SEWER")],
)
def test_services_are_found(words: str, code: str) -> None:
    assert code in [row.code for row in queries.services(words)]


def run(*arguments: str) -> Any:
    return CliRunner().invoke(group, arguments)


@pytest.mark.django_db
def test_command_line(report: Callable[..., Any]) -> None:
    request = report().request
    assert "RP-SEWER" in run("services").output and len(json.loads(run("services", "--json").output)) == 52
    assert request.number in run("list").output
    listed = json.loads(run("list", "--json", "--place", "1204", "--state", "received").output)
    assert [row["number"] for row in listed] == [request.number]
    assert json.loads(run("list", "--json", "--place", "99").output) == []
    shown = run("show", request.number)
    assert "receive" in shown.output and "តារា" not in shown.output
    assert json.loads(run("show", request.number, "--json").output)["number"] == request.number
    for command in ("show", "erase"):
        missing = run(command, "1-26-00001")
        assert missing.exit_code == 1 and missing.stderr.strip() and not missing.stdout
    assert "--yes" in run("erase", request.number).output and Request.objects.get().description
    assert run("erase", request.number, "--yes").exit_code == 0 and not Request.objects.get().description
    assert run("list", "--limit", "0").exit_code == 2


@pytest.mark.django_db
def test_place_must_be_present() -> None:
    from sala.kit.errors import Invalid

    with pytest.raises(Invalid):
        actions.locate("030401")
