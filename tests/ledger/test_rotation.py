"""A hall changes its signing key: each key vouches for the next, old checkpoints and receipts stay verifiable."""

import pytest
from django.test import Client

from sala.kit.errors import NotPossible, Problem, Unavailable
from sala.ledger import actions, keyring, keys, queries, receipts, rotation, verification
from sala.ledger.models import Checkpoint, Entry, Key
from sala.ledger.rules import notes
from tests.ledger.conftest import BY, Things


def faults(**trusted: str) -> list[str]:
    return [
        finding.line() for finding in verification.Verification(**trusted).findings() if not finding.warning
    ]


def warnings() -> list[str]:
    return [finding.line() for finding in verification.Verification().findings() if finding.warning]


def test_before_the_first_checkpoint_there_is_nothing_to_change(things: Things) -> None:
    with pytest.raises(Problem):
        rotation.rotate(by=BY)


def test_each_key_signs_its_own_checkpoints(things: Things) -> None:
    things.fill(6)
    first = queries.verifier()
    receipt = actions.receipt(Entry.objects.order_by("leaf")[0])
    old = Checkpoint.objects.order_by("number")[0].note
    second = rotation.rotate(by=BY)
    things.write("later", "x")
    actions.seal()
    third = rotation.rotate(by=BY)
    assert len({first.public, second.public, third.public}) == 3
    assert queries.verifier() == third and not keys.next_path().exists()
    ring = keyring.current()
    assert [verifier for _, verifier in ring.keys] == [first, second, third]
    for row in Checkpoint.objects.order_by("number"):
        notes.opened(row.note, ring.at(row.size))
    assert faults() == [] and warnings() == []
    # Kept outside: a checkpoint and a receipt of the first key, the first and the last key.
    for trusted in (first, second, third):
        assert faults(outside=old, key=trusted.text()) == []
    assert (
        receipts.check(receipt).good
        and receipts.check(actions.receipt(Entry.objects.order_by("-leaf")[0])).good
    )
    acts = Entry.objects.filter(kind=keyring.KIND).order_by("leaf").values_list("act", "subject")
    assert list(acts) == [
        ("ledger.new_key", second.public.hex()),
        ("ledger.use_key", second.public.hex()),
        ("ledger.new_key", third.public.hex()),
        ("ledger.use_key", third.public.hex()),
    ]


def test_who_holds_the_first_key_can_follow_to_the_last(things: Things, client: Client) -> None:
    """With nothing but what is published: each key's last checkpoint, signed by it, names the key after it."""
    things.fill(3)
    held = queries.verifier()
    rotation.rotate(by=BY)
    rotation.rotate(by=BY)
    told = client.get("/ledger/keys").json()["keys"]
    assert told[0]["after"] == 0 and told[0]["up_to"] == told[1]["after"] and told[-1]["up_to"] is None
    for each in told[1:]:
        text = notes.opened(each["vouched_for_by"], held)
        line = next(line for line in text.splitlines() if line.startswith(keyring.NEXT))
        held = notes.Verifier.parse(line.removeprefix(keyring.NEXT))
        assert held.text() == each["key"]
    assert client.get("/ledger/key").content.decode().strip() == held.text()


def test_a_change_that_was_cut_off_is_finished_by_the_sealer(
    things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the database knew the new key and before its file lay in its place."""
    things.fill(3)
    real = keys.signing

    def killed(expected: bytes | None = None) -> object:
        if expected is not None:
            raise KeyboardInterrupt
        return real(expected)

    monkeypatch.setattr(keys, "signing", killed)
    with pytest.raises(KeyboardInterrupt):
        rotation.rotate(by=BY)
    monkeypatch.setattr(keys, "signing", real)
    assert keys.next_path().exists() and Key.objects.count() == 2
    things.write("later", "x")
    assert actions.seal() == 1
    assert not keys.next_path().exists() and faults() == []


def test_a_key_that_nobody_vouched_for_is_named(things: Things) -> None:
    """Who can write the tables and has no key: puts a key of his own into the sequence and goes on with it."""
    things.fill(3)
    first = queries.verifier()
    other = keys.path().with_name("other")
    keys.path().replace(other)
    keys._loaded.clear()
    keys.signing()
    size = queries.checkpoint().size
    Key.objects.create(number=1, public=first.public.hex(), after=0)
    Key.objects.create(number=2, public=queries.verifier().public.hex(), after=size)
    things.write("forged", "x")
    actions.seal()
    assert any("not vouched for" in line for line in faults(key=first.text()))


def test_an_old_key_signs_nothing_after_its_end(things: Things) -> None:
    things.fill(3)
    old = keys._load(keys.path())
    rotation.rotate(by=BY)
    last = queries.checkpoint()
    body = notes.Checkpoint(queries.origin(), last.size, bytes.fromhex(last.root), queries.extensions())
    last.note = notes.sign(body.text(), queries.origin(), old)
    last.save()
    assert any(f"size {last.size}" in line for line in faults())


def test_another_key_in_its_place_is_refused(things: Things) -> None:
    things.fill(3)
    rotation.rotate(by=BY)
    keys.path().unlink()
    keys._loaded.clear()
    things.write("later", "x")
    with pytest.raises(Unavailable):
        actions.seal()


def test_going_on_without_the_lost_key(things: Things) -> None:
    from django.db import transaction

    things.fill(3)
    first = queries.verifier()
    with pytest.raises(NotPossible), transaction.atomic():
        rotation.lost(by=BY, public=first.text())
    keys.path().unlink()
    keys._loaded.clear()
    with transaction.atomic():
        rotation.lost(by=BY, public=first.text())
    actions.seal()
    assert faults() == [] and any("not vouched for" in line for line in warnings())
    assert any("not vouched for" in line for line in faults(key=first.text()))
