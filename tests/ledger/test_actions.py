"""Writing, sealing, erasing and receipts."""

import stat
from datetime import timedelta

import pytest
from django.db import transaction

from sala.installation import queries as installation
from sala.kit import clock
from sala.kit.errors import Invalid, NotFound, Unavailable
from sala.ledger import actions, keys, queries, receipts, registry
from sala.ledger.models import Checkpoint, Entry, Node, Salt
from sala.ledger.rules import leaves, merkle, notes
from tests.ledger.conftest import BY, HERE, MORNING, THING, Things


def test_an_entry_holds_no_content_but_its_digest(things: Things) -> None:
    entry = things.write("a", "ទឹកស្អុយ", MORNING)
    entry.refresh_from_db()
    assert (entry.post, entry.act, entry.kind, entry.subject, entry.place) == (
        "system:test",
        "test.write",
        THING,
        "a",
        "120404",
    )
    assert entry.at == MORNING
    assert entry.id.version == 7
    assert entry.leaf is None
    salt = bytes(Salt.objects.get(entry_id=entry.id).salt)
    assert entry.digest == leaves.content_digest(salt, {"text": "ទឹកស្អុយ"})
    assert entry.leaf_hash == leaves.hash_of(entry).hex()


def test_many_records_are_entered_as_one_is(things: Things) -> None:
    actions.record_many(
        by=BY, act="test.write", kind=THING, said=[(name, "120404", {"text": name}) for name in "abc"]
    )
    entries = list(Entry.objects.order_by("at", "id"))
    assert [entry.subject for entry in entries] == ["a", "b", "c"]
    for entry in entries:
        salt = bytes(Salt.objects.get(entry_id=entry.id).salt)
        assert entry.digest == leaves.content_digest(salt, {"text": entry.subject})
        assert entry.leaf_hash == leaves.hash_of(entry).hex()
        assert (entry.post, entry.act, entry.place) == (BY.post, "test.write", "120404")


def test_nothing_is_recorded_outside_a_transaction(things: Things, monkeypatch) -> None:
    monkeypatch.setattr(transaction.get_connection(), "in_atomic_block", False)
    with pytest.raises(actions.NotInTransactionError):
        actions.record(by=BY, act="test.write", kind=THING, subject="a", at=HERE, content={})
    with pytest.raises(actions.NotInTransactionError):
        actions.forget(by=BY, kind=THING, subject="a", at=HERE)
    with pytest.raises(actions.NotInTransactionError):
        actions.record_many(by=BY, act="test.write", kind=THING, said=[("a", "", {})])
    with pytest.raises(actions.NotInTransactionError):
        actions.save_many([])
    monkeypatch.undo()
    assert not Entry.objects.exists()


def test_when_the_entry_fails_the_act_is_undone(things: Things, monkeypatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(actions, "insert", fail)
    with pytest.raises(OSError, match="no room"):
        things.write("a", "one")
    assert list(things.rows()) == []


def test_content_without_a_canonical_form_undoes_the_act(things: Things) -> None:
    with pytest.raises(TypeError), transaction.atomic():
        things.sql("INSERT INTO thing (id, text) VALUES ('a', 'one')")
        actions.record(by=BY, act="test.write", kind=THING, subject="a", at=HERE, content={"set": {1}})
    assert list(things.rows()) == []


def test_acts_of_one_moment_keep_their_order(things: Things) -> None:
    made = [things.write("a", f"text {number}", MORNING).id for number in range(50)]
    assert made == sorted(made)
    actions.seal()
    assert list(Entry.objects.order_by("leaf").values_list("id", flat=True)) == made
    assert [entry.id for entry in queries.history(THING, "a")] == made
    first = queries.first(THING, "a")
    assert first is not None
    assert first.id == made[0]
    assert queries.first(THING, "b") is None


def test_build_and_save_many_leave_the_same_as_record(things: Things) -> None:
    with clock.simulate(MORNING), transaction.atomic():
        pairs = [
            actions.build(
                by=BY, act="test.write", kind=THING, subject=f"s{number}", at=HERE, content={"n": number}
            )
            for number in range(3)
        ]
        assert not Entry.objects.exists()
        actions.save_many(pairs)
    assert Entry.objects.count() == Salt.objects.count() == 3


def test_sealing_numbers_in_the_order_of_time_and_signs(things: Things) -> None:
    things.write("b", "later", MORNING + timedelta(minutes=1))
    things.write("a", "earlier", MORNING)
    assert actions.seal() == 2
    assert list(Entry.objects.order_by("leaf").values_list("leaf", "subject")) == [(0, "a"), (1, "b")]
    assert actions.seal() == 0
    things.write("c", "third", MORNING)
    assert actions.seal() == 1
    assert list(Checkpoint.objects.order_by("number").values_list("number", "size", "previous")) == [
        (1, 2, 0),
        (2, 3, 2),
    ]
    last = queries.checkpoint()
    body = notes.Checkpoint.parse(notes.opened(last.note, queries.verifier()))
    hashes = [
        bytes.fromhex(hash) for hash in Entry.objects.order_by("leaf").values_list("leaf_hash", flat=True)
    ]
    assert body.size == 3
    assert body.root == merkle.root(3, merkle.grow(0, {}, hashes))
    assert body.root.hex() == last.root
    assert Node.objects.count() == 4


def test_batches_make_the_same_tree(things: Things) -> None:
    things.fill(11, batch=4)
    assert list(Checkpoint.objects.order_by("number").values_list("size", flat=True)) == [4, 8, 11]
    hashes = [
        bytes.fromhex(hash) for hash in Entry.objects.order_by("leaf").values_list("leaf_hash", flat=True)
    ]
    assert queries.nodes(merkle.grow(0, {}, hashes)) == merkle.grow(0, {}, hashes)


def test_sealing_stops_on_a_tree_that_lost_its_edge(things: Things) -> None:
    things.fill(3)
    Node.objects.filter(position=merkle.position((0, 2))).delete()
    things.write("d", "four")
    with pytest.raises(actions.DamagedError):
        actions.seal()
    assert Entry.objects.filter(leaf__isnull=True).count() == 1


def test_a_seal_whose_entry_vanished_changes_nothing(things: Things, monkeypatch) -> None:
    things.write("a", "one")
    real = actions._checkpoint

    def vanish(*values: object) -> Checkpoint:
        things.sql("DELETE FROM ledger_entry")
        return real(*values)

    monkeypatch.setattr(actions, "_checkpoint", vanish)
    with pytest.raises(actions.DamagedError):
        actions.seal()
    assert not Checkpoint.objects.exists()


def test_who_seals_second_does_nothing(things: Things, monkeypatch) -> None:
    things.write("a", "one")
    real = actions._checkpoint

    def overtaken(*values: object) -> Checkpoint:
        monkeypatch.setattr(actions, "_checkpoint", real)
        assert actions.seal() == 1
        return real(*values)

    monkeypatch.setattr(actions, "_checkpoint", overtaken)
    assert actions.seal() == 0
    assert Checkpoint.objects.count() == 1


def test_while_another_holds_the_lock_nothing_is_sealed(things: Things, monkeypatch) -> None:
    things.write("a", "one")
    monkeypatch.setattr(actions, "locked", lambda _lock: False)
    assert actions.seal() == 0
    assert Entry.objects.filter(leaf__isnull=True).count() == 1


def test_the_own_act_has_its_words() -> None:
    assert registry.act(actions.FORGET).en == "Erase a record's content"
    assert registry.act("test.unknown") == "test.unknown"


def test_erasing_keeps_the_tree_and_forgets_the_salts(things: Things) -> None:
    things.write("a", "a name")
    things.write("b", "stays")
    with transaction.atomic():
        entry = actions.forget(by=BY, kind=THING, subject="a", at=HERE)
    assert entry.act == actions.FORGET
    salted = set(Salt.objects.values_list("entry__subject", "entry__act"))
    assert salted == {("a", actions.FORGET), ("b", "test.write")}
    assert Entry.objects.count() == 3


def test_the_key_is_made_once_and_only_its_owner_reads_it(key_home) -> None:
    assert keys.public() is None
    first = keys.signing().public_key().public_bytes_raw()
    assert keys.public() == first == keys.signing().public_key().public_bytes_raw()
    assert stat.S_IMODE(keys.path().stat().st_mode) == 0o600
    assert [file.name for file in keys.path().parent.iterdir()] == ["ledger.ed25519"]


def test_the_first_key_wins(key_home) -> None:
    first = keys.signing().public_key().public_bytes_raw()
    keys._make(keys.path())
    assert keys.public() == first


@pytest.mark.parametrize("rsa", [False, True])
def test_a_damaged_key_is_said(key_home, rsa: bool) -> None:
    keys.path().parent.mkdir(parents=True)
    text = b"no key"
    if rsa:
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        text = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
    keys.path().write_bytes(text)
    with pytest.raises(Unavailable):
        keys.signing()


# Queries -------------------------------------------------------------------------------------------------------


def test_the_demonstration_is_in_the_origin_and_the_checkpoint(things: Things, monkeypatch, settings) -> None:
    settings.PUBLIC_URL = "https://sala.example"
    monkeypatch.setattr(installation, "is_demonstration", lambda: True)
    assert queries.origin() == "sala.example/ledger/demonstration"
    things.fill(1)
    body = notes.Checkpoint.parse(notes.opened(queries.checkpoint().note, queries.verifier()))
    assert body.extensions == (notes.DEMONSTRATION_LINE,)
    settings.PUBLIC_URL = "https://other.example"
    assert queries.origin() == "sala.example/ledger/demonstration"  # fixed by the first checkpoint


def test_the_origin_of_a_real_hall(things: Things, monkeypatch, settings) -> None:
    settings.PUBLIC_URL = ""
    monkeypatch.setattr(installation, "is_demonstration", lambda: False)
    assert queries.origin() == "sala.invalid/ledger"
    things.fill(1)
    assert (
        notes.Checkpoint.parse(notes.opened(queries.checkpoint().note, queries.verifier())).extensions == ()
    )


def test_before_the_first_checkpoint_there_is_nothing_to_prove(things: Things) -> None:
    for ask in (
        queries.checkpoint,
        queries.verifier,
        lambda: queries.inclusion(0),
        lambda: queries.consistency(1),
    ):
        with pytest.raises(NotFound):
            ask()


@pytest.mark.parametrize(("entry", "size"), [(-1, None), (5, None), (3, 3), (0, 6), (0, 0)])
def test_inclusion_out_of_range(things: Things, entry: int, size: int | None) -> None:
    things.fill(5)
    with pytest.raises(Invalid):
        queries.inclusion(entry, size)


@pytest.mark.parametrize(("old", "size"), [(0, None), (6, None), (4, 3), (1, 6)])
def test_consistency_out_of_range(things: Things, old: int, size: int | None) -> None:
    things.fill(5)
    with pytest.raises(Invalid):
        queries.consistency(old, size)


def test_proofs_for_every_size(things: Things) -> None:
    things.fill(9, batch=2)
    for size in range(1, 10):
        for entry in range(size):
            found = queries.inclusion(entry, size)
            assert merkle.is_included(entry, size, found.leaf_hash, found.proof, found.root)
        whole = queries.consistency(size)
        assert merkle.is_consistent(size, 9, whole.old_root, whole.root, whole.proof)


# Receipts ------------------------------------------------------------------------------------------------------


def test_a_receipt_is_the_same_before_and_after_sealing_and_checks(things: Things) -> None:
    entry = things.write("a", "one", MORNING)
    note = actions.receipt(entry)
    assert f"entry: {entry.id}\ntime: 2026-11-20T02:00:00.000000Z\nact: test.write\n" in note
    assert f"digest: {entry.digest}\n" in note
    waiting = receipts.check(note)
    assert (waiting.good, waiting.included) == (True, None)
    actions.seal()
    entry.refresh_from_db()
    assert actions.receipt(entry) == note
    sealed = receipts.check(note.replace("\n", "\r\n"))  # as a browser's form sends it
    assert (sealed.good, sealed.included, sealed.size) == (True, True, 1)


def test_a_receipt_that_was_altered(things: Things) -> None:
    note = actions.receipt(things.write("a", "one", MORNING))
    actions.seal()
    found = receipts.check(note.replace("act: test.write", "act: test.reads"))
    assert (found.readable, found.signed, found.same, found.good) == (True, False, False, False)


def test_a_receipt_of_an_entry_that_was_changed_or_removed(things: Things) -> None:
    note = actions.receipt(things.write("a", "one", MORNING))
    actions.seal()
    things.sql("UPDATE ledger_entry SET act = 'test.other'")
    changed = receipts.check(note)
    assert (changed.signed, changed.known, changed.same, changed.included, changed.good) == (
        True,
        True,
        False,
        False,
        False,
    )
    things.sql("DELETE FROM ledger_entry")
    gone = receipts.check(note)
    assert (gone.signed, gone.known, gone.good) == (True, False, False)


def test_a_receipt_of_an_entry_behind_the_tree(things: Things) -> None:
    note = actions.receipt(things.write("a", "one", MORNING))
    actions.seal()
    things.sql("UPDATE ledger_entry SET leaf = 7")
    assert receipts.check(note).included is False


@pytest.mark.parametrize("text", ["", "x", "\x00", "a\n\n— b AAAA\n", "x" * 100_000])
def test_what_is_no_receipt(things: Things, text: str) -> None:
    things.fill(1)
    assert receipts.check(text).readable is False


def test_a_checkpoint_is_no_receipt(things: Things) -> None:
    things.fill(1)
    assert receipts.check(queries.checkpoint().note).readable is False


def test_a_key_that_is_not_there_signs_nothing(things: Things) -> None:
    note = actions.receipt(things.write("a", "one", MORNING))
    keys.path().unlink()
    assert receipts.check(note).signed is False


def test_entries_are_found_by_their_id_only(things: Things) -> None:
    entry = things.write("a", "one")
    assert queries.entry(entry.id) == entry
    with pytest.raises(NotFound):
        queries.entry(type(entry.id)(int=1))
    assert queries.last_acts() == []
    actions.seal()
    assert queries.last_acts() == [entry]
