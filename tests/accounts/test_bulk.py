"""The grants of the pack: whole, known verbs only, read anew when they change, and watched by the ledger."""

import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from sala.accounts import bulk, queries, verbs
from sala.accounts.models import Grant
from sala.ledger.models import Entry
from sala.offices.models import PostKind

pytestmark = pytest.mark.django_db
PACK = Path(settings.COUNTRIES) / "kh"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    shutil.copy(PACK / "posts.toml", tmp_path / "posts.toml")
    return tmp_path


def test_every_grant_names_a_verb_a_room_declares_and_a_reason() -> None:
    data = tomllib.loads((PACK / "posts.toml").read_text("utf-8"))
    for entry in data["post"]:
        for verb, scope, basis in entry["grants"]:
            assert verbs.known(verb) is not None, (entry["code"], verb)
            assert not verbs.is_resident(verb), "what everybody may needs no grant"
            assert scope in ("office", "subtree", "nation") and basis in data["basis"]
    declared = {str(term) for room in verbs.rooms().values() for term in room}
    granted = {verb for entry in data["post"] for verb, _, _ in entry["grants"]}
    assert declared - granted == set(verbs.resident()), "a verb that no post has can't be used by anybody"
    assert set(data["can"]) == declared, "a sentence for each verb and none without one"


def test_personal_data_is_only_for_the_office_that_holds_the_case() -> None:
    assert set(Grant.objects.filter(verb="window.see_person").values_list("scope", flat=True)) == {"office"}
    assert not Grant.objects.filter(post_id="administrator", verb__startswith="window.").exists()
    assert not Grant.objects.filter(post_id="councillor", verb="window.see_person").exists()


def test_loading_again_changes_nothing(by: Any) -> None:
    entries = Entry.objects.count()
    assert "(0 posts changed)" in bulk.load(PACK, by)[0]
    assert Entry.objects.count() == entries


def test_a_changed_grant_counts_at_once_everywhere(by: Any, pack: Path, make: Any) -> None:
    clerk = make("clerk")
    assert clerk.acting.grants["window.finish"] == {"office"}
    path = pack / "posts.toml"
    text = path.read_text("utf-8")
    head, tail = text.split('code = "clerk"')
    path.write_text(
        head + 'code = "clerk"' + tail.replace('["window.finish", "office", "window"],', "", 1), "utf-8"
    )
    before = PostKind.objects.get(pk="clerk").version
    lines = bulk.load(pack, by)
    assert "(1 posts changed)" in lines[0]
    assert PostKind.objects.get(pk="clerk").version == before + 1
    assert "window.finish" not in clerk.acting.grants
    entry = Entry.objects.filter(kind=queries.GRANTS, subject="clerk").latest("at")
    assert entry.act == "accounts.load"


def test_a_process_that_did_not_load_reads_the_grants_by_the_posts_version(make: Any) -> None:
    clerk = make("clerk")
    assert clerk.acting.may("window.take", clerk.acting.where)
    Grant.objects.filter(post_id="clerk", verb="window.take").delete()
    assert clerk.acting.may("window.take", clerk.acting.where)  # remembered
    PostKind.objects.filter(pk="clerk").update(version=99)
    assert not clerk.acting.may("window.take", clerk.acting.where)


def test_a_verb_nobody_declares_is_left_out_and_told(by: Any, pack: Path) -> None:
    path = pack / "posts.toml"
    text = path.read_text("utf-8") + '\n[can."window.fly"]\nkm = "ហោះ"\nen = "Fly."\n'
    text = text.replace(
        'grants = [["accounts.powers", "office", "duty"]]', 'grants = [["window.fly", "office", "duty"]]', 1
    )
    path.write_text(text, "utf-8")
    lines = bulk.load(pack, by)
    assert any("window.fly" in line for line in lines[1:])
    assert not Grant.objects.filter(verb="window.fly").exists()


def test_a_grant_given_by_sql_no_longer_has_the_ledgers_content() -> None:
    before = dict(queries.grant_snapshots())["councillor"]
    Grant.objects.create(
        post_id="councillor",
        verb="window.see_person",
        scope="nation",
        sentence_km="ក",
        sentence_en="x",
        basis_km="ក",
        basis_en="x",
        status="U",
    )
    assert dict(queries.grant_snapshots())["councillor"] != before
