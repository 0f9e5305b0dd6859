"""Does a change of the list of services make a new version, ask for permission, and leave what was promised?"""

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sala.accounts.acting import RESIDENT, system
from sala.kit import kept
from sala.kit.errors import Changed, Invalid, NotFound, NotPossible, NotSignedIn, Refused
from sala.ledger import queries as ledger
from sala.ledger import verification
from sala.window import actions, catalogue, editing, loading, queries
from sala.window.models import Request, Service, ServiceVersion
from sala.window.terms import Verb

PACK = Path(catalogue.__file__).parents[1] / "countries" / "kh"
pytestmark = pytest.mark.django_db


def now(code: str = "RP-SEWER") -> dict[str, Any]:
    return editing.plain(editing.present(code))


def test_who_may(posts: SimpleNamespace) -> None:
    for by in (posts.clerk, posts.chief, posts.district):
        with pytest.raises(Refused):
            editing.save(by=by, after=now() | {"days": 3}, version=1)
        with pytest.raises(Refused):
            editing.take(by=by, rows=[now()])
        with pytest.raises(Refused):
            editing.withdraw(by=by, code="RP-SEWER")
    with pytest.raises(NotSignedIn):
        editing.offer(by=RESIDENT, code="RP-SEWER")
    assert ServiceVersion.objects.get(service_id="RP-SEWER").days == 5


def test_a_change_is_a_new_version_and_promises_stay(
    posts: SimpleNamespace, report: Callable[..., actions.Received]
) -> None:
    before = report().request
    made = editing.save(by=posts.ministry, after=now() | {"days": 9, "verified": ["days"]}, version=1)
    assert (made.version, made.days, made.days_status, made.checked) == (2, 9, "verified", ["days"])
    assert queries.service("RP-SEWER") == made
    after = report(phone="+85512345649").request
    assert Request.objects.get(pk=before.pk).terms.version == 1 and after.terms_id == made.id
    assert after.due_at > before.due_at
    acts = {entry.act for entry in ledger.history(loading.SERVICE, str(made.id))}
    assert acts == {Verb.EDIT_SERVICES}
    assert editing.save(by=posts.ministry, after=now(), version=2) == made, (
        "nothing differs, nothing is written"
    )


def test_who_was_slower_is_told(posts: SimpleNamespace) -> None:
    editing.save(by=posts.ministry, after=now() | {"days": 9}, version=1)
    with pytest.raises(Changed):
        editing.save(by=posts.ministry, after=now() | {"days": 8}, version=1)
    with pytest.raises(Changed):
        editing.take(by=posts.ministry, rows=[now() | {"days": 8}], versions={"RP-SEWER": 1})
    assert queries.service("RP-SEWER").days == 9


def test_what_is_wrong_is_not_taken(posts: SimpleNamespace) -> None:
    with pytest.raises(Invalid) as told:
        editing.save(by=posts.ministry, after=now() | {"days": 0, "kind": "document"}, version=1)
    assert {error.field for error in told.value.errors} == {"days", "kind"}
    with pytest.raises(NotFound):
        editing.save(by=posts.ministry, after=now() | {"code": "RP-NONE"}, version=1)
    with pytest.raises(Invalid):
        editing.save(by=posts.ministry, after=now(), version=0)
    rows = [now("RP-ROAD") | {"days": 2}, now() | {"days": 0}]
    with pytest.raises(Invalid):
        editing.take(by=posts.ministry, rows=rows)
    assert queries.service("RP-ROAD").version == 1, "all or none"


def test_a_fee_is_charged_with_a_verified_law_only(posts: SimpleNamespace) -> None:
    fee = now("CR-BIRTH-LATE") | {"fee_riel": 4000, "legal_basis": "", "verified": ["fee"]}
    assert editing.save(by=posts.ministry, after=fee, version=1).fee_status == "no_basis"
    law = fee | {"legal_basis": "Prakas 12", "verified": ["fee", "basis"]}
    assert editing.save(by=posts.ministry, after=law, version=2).fee_status == "chargeable"


def test_a_withdrawn_service_is_asked_for_no_more_and_comes_back(
    posts: SimpleNamespace, report: Callable[..., actions.Received]
) -> None:
    request = report().request
    editing.withdraw(by=posts.ministry, code="RP-SEWER")
    with pytest.raises(NotFound):
        report(phone="+85512345649")
    actions.act(by=posts.clerk, request_id=request.id, version=1, verb=actions.Act.TAKE)
    with pytest.raises(NotPossible):
        editing.withdraw(by=posts.ministry, code="RP-SEWER")
    editing.save(by=posts.ministry, after=now() | {"days": 4}, version=1)
    assert not Service.objects.get(pk="RP-SEWER").offered, "a change does not bring it back"
    editing.offer(by=posts.ministry, code="RP-SEWER")
    with pytest.raises(NotPossible):
        editing.offer(by=posts.ministry, code="RP-SEWER")
    with pytest.raises(NotFound):
        editing.offer(by=posts.ministry, code="RP-NONE")
    assert report(phone="+85512345649").request.terms.version == 2


def test_the_pack_leaves_what_was_changed_here(posts: SimpleNamespace, tmp_path: Path) -> None:
    pack = tmp_path / "kh"
    pack.mkdir()
    for name in ("services.csv", "services.toml"):
        shutil.copy(PACK / name, pack / name)
    file = pack / "services.csv"
    file.write_text(file.read_text().replace("Report: blocked sewer", "Report: sewer"))
    editing.save(by=posts.ministry, after=now() | {"days": 9}, version=1)
    editing.withdraw(by=posts.ministry, code="RP-ROAD")
    told = loading.load(pack, system("test"))
    assert told[0] == "services: 52 (0 new, 0 changed)" and told[-1].startswith(
        "services: 2 were changed here"
    )
    assert queries.service("RP-SEWER").days == 9 and not Service.objects.get(pk="RP-ROAD").offered


def test_a_new_service_stands_last(posts: SimpleNamespace) -> None:
    fresh = now("CR-BIRTH") | {"code": "CR-NEW", "days_kind": "calendar", "passes": ["commune", "district"]}
    made = editing.save(by=posts.ministry, after=fresh, version=0)
    assert made.version == 1 and list(queries.services())[-1] == made and made.level_text == "commune"
    back = editing.take(by=posts.ministry, rows=[now("CR-NEW") | {"offered": False}, now()])
    assert [change.kind for change in back] == ["withdrawn", "unchanged"]
    assert [one.kind for one in editing.compare([now("CR-NEW") | {"offered": True}])] == ["back"]
    assert ServiceVersion.objects.filter(service_id="CR-NEW").count() == 1, "withdrawing makes no version"


def test_the_ledger_proves_every_version_and_withdrawal(posts: SimpleNamespace) -> None:
    editing.save(by=posts.ministry, after=now() | {"days": 9, "about": {"km": "ក", "en": "a"}}, version=1)
    editing.withdraw(by=posts.ministry, code="RP-SEWER")
    snapshots = dict(loading.snapshots()) | dict(loading.offer_snapshots())
    assert snapshots["RP-SEWER"] == {"service": "RP-SEWER", "kind": "report", "offered": False, "own": True}
    assert "about" not in snapshots[str(queries.versions("RP-ROAD")[0].id)], "digests from before stay true"
    assert [found.line() for found in verification.Verification().findings() if not found.warning] == []
    ServiceVersion.objects.filter(service_id="RP-SEWER", version=2).update(passes=["district"])
    Service.objects.filter(pk="RP-SEWER").update(offered=True)
    found = [each.line() for each in verification.Verification().findings() if not each.warning]
    assert len(found) == 2, "a row changed behind the ledger's back is found out"


def test_if_the_ledger_fails_nothing_is_changed(
    posts: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_said: Any) -> None:
        raise RuntimeError("no ledger")

    monkeypatch.setattr(editing.ledger, "record", broken)
    with pytest.raises(RuntimeError):
        editing.save(by=posts.ministry, after=now() | {"days": 9}, version=1)
    assert ServiceVersion.objects.get(service_id="RP-SEWER").version == 1


def test_another_process_sees_it_within_seconds(
    posts: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another process does leaves this one's memory as it is, until the stamp is looked at again."""
    assert queries.service("RP-SEWER").days == 5
    monkeypatch.setattr(queries, "forget_services", lambda: None)
    editing.save(by=posts.ministry, after=now() | {"days": 9}, version=1)
    assert queries.service("RP-SEWER").days == 5
    monkeypatch.setattr(kept, "FRESH_SECONDS", -1)
    assert queries.service("RP-SEWER").days == 9
    editing.withdraw(by=posts.ministry, code="RP-SEWER")
    with pytest.raises(NotFound):
        queries.service("RP-SEWER")
