"""Is a file taken whole or not at all, kept in versions, and entered in the ledger?"""

from decimal import Decimal

import pytest

from sala.accounts.acting import RESIDENT, system
from sala.kit.errors import Invalid, NotSignedIn, TooLarge
from sala.ledger import actions as ledger
from sala.measures import pack, registry, taking
from sala.measures.models import Fact, Import
from sala.measures.rules import Measure, Text
from sala.measures.sheets import Cells, SheetMapping
from sala.measures.terms import KIND_IMPORT, Aggregation, Unit

pytestmark = pytest.mark.django_db
WORDS = Text("សាក", "test")
HEAD = "Code,Name,Fam,Per\n"
MAPPING = SheetMapping(
    name="test",
    file="t.csv",
    origin="nobody",
    period="2019",
    level="commune",
    code="Code",
    name_column="Name",
    facts=(Cells("test.families", value="Fam"), Cells("test.light", percent="Per", weight="Fam")),
)


@pytest.fixture(autouse=True)
def measures():
    common = {"name": WORDS, "what": WORDS, "rule": WORDS, "group": WORDS}
    registry.declare(
        Measure(code="test.families", unit=Unit.COUNT, aggregation=Aggregation.SUM, **common),
        Measure(code="test.light", unit=Unit.SHARE, aggregation=Aggregation.RATIO, **common),
    )
    yield
    registry.forget("test.families")
    registry.forget("test.light")


def take(body, tmp_path, **more):
    data = body if isinstance(body, bytes) else (HEAD + body).encode()
    options = {
        "by": system("test"),
        "file_name": "t.csv",
        "mapping": MAPPING,
        "source": "a test",
        "folder": tmp_path,
    } | more
    return taking.take(data=data, **options)


def current():
    facts = Fact.objects.filter(measure__startswith="test.", current=True)
    return {(f.measure, f.place): (f.value, f.numerator, f.denominator, f.version) for f in facts}


def test_a_sound_file(tmp_path):
    taken = take("120404,Tuek L'ak,200,12.5\n120401,x,10,0\n", tmp_path)
    assert (taken.rows, taken.facts, taken.changed, taken.faults, taken.report) == (2, 4, 4, [], None)
    assert current()["test.light", "120404"] == (None, 25, 200, 1)
    fact = Fact.objects.get(measure="test.light", place="120404")
    assert (fact.province, fact.district, fact.commune, fact.period, fact.row) == (
        "12",
        "1204",
        "120404",
        "2019",
        2,
    )
    assert (taken.imported.source, taken.imported.post, taken.imported.year) == (
        "a test",
        "system:test",
        2019,
    )


def test_strict_takes_nothing_and_names_every_bad_row(tmp_path):
    with pytest.raises(Invalid) as caught:
        take("120404,x,200,12.5\n999999,x,1,1\n120401,x,many,1\n", tmp_path)
    assert [(error.field, error.code) for error in caught.value.errors] == [
        ("3:Code", "place"),
        ("4:Fam", "number"),
    ]
    assert current() == {}
    assert not Import.objects.filter(mapping="test").exists()
    report = next(tmp_path.iterdir()).read_text(encoding="utf-8-sig")
    assert "120401 | x | many | 1" in report  # nothing is lost: the report has the row itself
    assert "fault,number" in report


def test_lenient_takes_the_good_rows_and_lists_the_bad(tmp_path):
    taken = take("120404,x,200,12.5\n999999,x,1,1\n120401,x,many,1\n", tmp_path, lenient=True)
    assert {place for _measure, place in current()} == {"120404"}
    assert [(fault.row, fault.code) for fault in taken.faults] == [(3, "place"), (4, "number")]
    assert taken.imported.report[0][:3] == [3, "Code", "place"]


def test_lenient_without_a_good_row_takes_nothing(tmp_path):
    with pytest.raises(Invalid):
        take("999999,x,1,1\n", tmp_path, lenient=True)


def test_the_same_file_again_changes_nothing(tmp_path):
    take("120404,x,200,12.5\n", tmp_path)
    assert take("120404,x,200,12.5\n", tmp_path).imported is None
    assert Import.objects.filter(mapping="test").count() == 1


def test_a_correction_is_a_new_version_and_the_old_one_is_kept(tmp_path):
    take("120404,x,200,12.5\n120401,x,10,5\n", tmp_path)
    taken = take("120404,x,250,12.5\n120401,x,10,5\n", tmp_path)
    assert (taken.imported.version, taken.facts, taken.changed) == (2, 4, 2)
    assert current()["test.families", "120404"] == (250, None, None, 2)
    assert current()["test.families", "120401"] == (10, None, None, 1)
    old = Fact.objects.get(measure="test.families", place="120404", current=False)
    assert (old.value, old.version) == (200, 1)


def test_a_former_commune_is_kept_and_reported(tmp_path):
    taken = take("30401,Chong Cheach,7,100\n", tmp_path)
    assert taken.former == ["030401"]
    assert [note.code for note in taken.notes] == ["repaired", "former"]
    assert current()["test.families", "030401"][0] == 7


def test_the_ledger_holds_the_import_and_notices_an_edited_figure(tmp_path):
    taken = take("120404,x,200,12.5\n", tmp_path)
    known = dict(taking.snapshots())
    content = known[str(taken.imported.id)]
    assert (content["rows"], content["facts"], content["file"]) == (1, 2, "t.csv")
    Fact.objects.filter(measure="test.families", place="120404").update(value=Decimal(201))
    assert dict(taking.snapshots())[str(taken.imported.id)]["facts_digest"] != content["facts_digest"]


def test_if_the_ledger_fails_nothing_is_saved(tmp_path, monkeypatch):
    def broken(**_arguments):
        raise OSError("no ledger")

    monkeypatch.setattr(ledger, "record", broken)
    with pytest.raises(OSError, match="no ledger"):
        take("120404,x,200,12.5\n", tmp_path)
    assert current() == {}
    assert not Import.objects.filter(mapping="test").exists()


def test_one_entry_a_file(tmp_path, monkeypatch):
    seen = []
    real = ledger.record
    monkeypatch.setattr(ledger, "record", lambda **arguments: seen.append(arguments) or real(**arguments))
    taken = take("120404,x,200,12.5\n120401,x,10,5\n", tmp_path)
    assert [(one["kind"], one["subject"], one["act"]) for one in seen] == [
        (KIND_IMPORT, str(taken.imported.id), "measures.import")
    ]


def test_residents_may_not_import(tmp_path):
    with pytest.raises(NotSignedIn):
        take("120404,x,200,12.5\n", tmp_path, by=RESIDENT)


def test_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(taking, "MAX_BYTES", 10)
    with pytest.raises(TooLarge):
        take("120404,x,200,12.5\n", tmp_path)


def test_loading_the_pack_again_changes_nothing():
    from sala.installation import packs
    from sala.measures import bulk

    before = Fact.objects.count()
    lines = bulk.load(packs.path("kh"), system("test"))
    assert any("in force already" in line for line in lines)
    assert Fact.objects.count() == before


def test_mappings_and_measures_of_the_pack_fit():
    folder = pack.folder()
    known = {one.code for one in pack.measures(folder)}
    for mapping in pack.mappings(folder).values():
        assert mapping.origin in pack.origins(folder)
        assert {cells.measure for cells in mapping.facts} <= known
        assert (folder / mapping.file).exists()
    assert pack.mapping("cdb_2011").period == "2011"
    with pytest.raises(Exception, match="no mapping"):
        pack.mapping("nothing")
