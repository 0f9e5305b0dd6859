"""Loading the pack's part: whole, again without a change, and with one."""

import shutil
from datetime import date, time
from pathlib import Path

import pytest
from django.conf import settings

from sala.accounts.acting import System
from sala.ledger.models import Entry
from sala.offices import bulk
from sala.offices.models import Holiday, Hours, Office, PostKind

pytestmark = pytest.mark.django_db
PACK = Path(settings.COUNTRIES) / "kh"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    for name in ("posts.toml", "offices.toml", "holidays.csv", "hours.toml"):
        shutil.copy(PACK / name, tmp_path / name)
    return tmp_path


def test_the_whole_country_has_offices() -> None:
    counts = {
        kind: Office.objects.filter(kind=kind).count()
        for kind in ("commune_hall", "one_window", "district_hall", "provincial_hall")
    }
    assert counts == {"commune_hall": 1661, "one_window": 210, "district_hall": 210, "provincial_hall": 25}
    assert (
        Office.objects.filter(parent__isnull=True, place__gt="")
        .exclude(kind__in=["working_group", "civil_society"])
        .count()
        == 0
    )
    hall = Office.objects.get(code="commune-hall-120404")
    assert [hall.parent.code, hall.parent.parent.code, hall.parent.parent.parent.code] == [  # type: ignore[union-attr]
        "one-window-1204",
        "district-hall-1204",
        "provincial-hall-12",
    ]


def test_loading_again_changes_nothing(by: System) -> None:
    entries, versions = (
        Entry.objects.count(),
        list(Office.objects.values_list("pk", "version").order_by("pk")),
    )
    bulk.load(PACK, by)
    assert Entry.objects.count() == entries
    assert list(Office.objects.values_list("pk", "version").order_by("pk")) == versions


def test_a_changed_pack_changes_only_what_differs(by: System, pack: Path) -> None:
    path = pack / "offices.toml"
    path.write_text(path.read_text("utf-8").replace("អាជ្ញាធរសវនកម្មជាតិ", "អាជ្ញាធរសវនកម្ម"), "utf-8")
    path = pack / "posts.toml"
    path.write_text(path.read_text("utf-8").replace('km = "សវនករ"', 'km = "សវនករជាតិ"'), "utf-8")
    before = dict(PostKind.objects.values_list("code", "version"))
    bulk.load(pack, by)
    assert Office.objects.get(code="audit-authority").name_km == "អាជ្ញាធរសវនកម្ម"
    after = dict(PostKind.objects.values_list("code", "version"))
    assert {code for code in after if after[code] != before[code]} == {"auditor"}
    assert Office.objects.filter(version__gt=1).count() == 1


def test_what_an_administrator_entered_stands_before_the_pack(by: System, pack: Path) -> None:
    day = Holiday.objects.filter(from_pack=True).earliest("date").date
    Holiday.objects.filter(date=day).update(from_pack=False, name_en="Ours")
    Holiday.objects.create(date=date(2033, 3, 3), name_km="ក", name_en="Own", status="decreed")
    Hours.objects.create(weekday=5, opens=time(8), closes=time(11))
    lines = bulk.load(pack, by)
    assert Holiday.objects.get(date=day).name_en == "Ours"
    assert Holiday.objects.filter(date=date(2033, 3, 3)).exists()
    assert any("2 entered here" in line for line in lines)
    assert not any(line.startswith("hours") for line in lines)


def test_changed_days_are_loaded_and_entered(by: System, pack: Path) -> None:
    entries = Entry.objects.count()
    with (pack / "holidays.csv").open("a", encoding="utf-8") as file:
        file.write("2035-01-02,សាក,Trial,fixed,a source\n")
    hours = pack / "hours.toml"
    hours.write_text(hours.read_text("utf-8").replace("07:30-11:30", "08:00-11:30"), "utf-8")
    bulk.load(pack, by)
    assert Holiday.objects.get(date=date(2035, 1, 2)).status == "fixed"
    assert set(Hours.objects.filter(opens__lt=time(12)).values_list("opens", flat=True)) == {time(8)}
    assert Entry.objects.count() == entries + 1


def test_a_pack_without_days_is_no_fault(by: System, pack: Path) -> None:
    (pack / "holidays.csv").unlink()
    (pack / "hours.toml").unlink()
    assert len(bulk.load(pack, by)) == 2
