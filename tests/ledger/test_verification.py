"""What is done to the ledger by SQL is found and named; what is done rightly is not."""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from time import perf_counter, process_time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection, transaction

from sala.kit import clock
from sala.ledger import actions, keys, queries, registry, row_check, tree_check
from sala.ledger.models import Checkpoint, Entry, Node, Salt
from sala.ledger.rules import damage, leaves, merkle, notes
from sala.ledger.terms import Fault
from sala.ledger.verification import BadKeyError, Verification
from tests.ledger.conftest import BY, HERE, MORNING, THING, Things

COUNT = 11


def faults(**options: str) -> list[tuple[str, int | None]]:
    return [(str(found.fault), found.entry) for found in Verification(**options).findings()]


def lines(**options: str) -> list[str]:
    return [found.line() for found in Verification(**options).findings()]


def renumber(things: Things, pairs: dict[int, int | None]) -> None:
    """Give entries other numbers, by SQL, around the unique constraint."""
    ids = dict(Entry.objects.filter(leaf__in=pairs).values_list("leaf", "id"))
    for number in pairs:
        things.sql("UPDATE ledger_entry SET leaf = NULL WHERE leaf = %s", number)
    for number, new in pairs.items():
        Entry.objects.filter(pk=ids[number]).update(leaf=new)


def rebuild(things: Things) -> None:
    """Compute the whole tree anew from the entries, as who can write to the database may do."""
    things.sql("DELETE FROM ledger_node")
    rows = list(Entry.objects.filter(leaf__isnull=False).order_by("leaf"))
    for number, row in enumerate(rows):
        Entry.objects.filter(pk=row.pk).update(leaf=None)
        row.leaf_hash = leaves.hash_of(row).hex()
        row.leaf = number
    for row in rows:
        row.save()
    nodes = merkle.grow(0, {}, [bytes.fromhex(row.leaf_hash) for row in rows])
    Node.objects.bulk_create(
        Node(position=merkle.position(place), hash=hash) for place, hash in nodes.items()
    )


def resign(things: Things) -> None:
    """Sign all checkpoints anew too, as who has the key may do."""
    for row in Checkpoint.objects.all():
        nodes = queries.nodes(merkle.edge(row.size))
        row.root = merkle.root(row.size, nodes).hex()
        body = notes.Checkpoint(queries.origin(), row.size, bytes.fromhex(row.root), queries.extensions())
        row.note = notes.sign(body.text(), body.origin, keys.signing())
        row.save()


def copy_of(entry: Entry, leaf: int | None, subject: str = "t99") -> None:
    entry.pk, entry.leaf, entry.subject = actions._entry_id(MORNING), leaf, subject
    entry.leaf_hash = leaves.hash_of(entry).hex()
    entry.save(force_insert=True)
    Salt.objects.create(entry_id=entry.pk, salt=bytes(32))


def insert_in_the_middle(things: Things) -> None:
    for number in reversed(range(5, COUNT)):
        things.sql("UPDATE ledger_entry SET leaf = %s WHERE leaf = %s", number + 1, number)
    copy_of(Entry.objects.get(leaf=4), 5)


def remove_and_close_up(things: Things) -> None:
    things.sql("DELETE FROM ledger_entry WHERE leaf = 4")
    for number in range(5, COUNT):
        things.sql("UPDATE ledger_entry SET leaf = %s WHERE leaf = %s", number - 1, number)


def change_and_rebuild(things: Things) -> None:
    things.sql("UPDATE ledger_entry SET act = 'test.other' WHERE leaf = 5")
    rebuild(things)


def damage_a_hash(things: Things) -> None:
    Node.objects.filter(position=merkle.position((0, 5))).update(hash=bytes(32))


TAMPERING: dict[str, tuple[Callable[[Things], object], set[tuple[str, int | None]]]] = {
    "act changed": (
        lambda t: t.sql("UPDATE ledger_entry SET act = 'test.x' WHERE leaf = 5"),
        {("changed", 5)},
    ),
    "post changed": (
        lambda t: t.sql("UPDATE ledger_entry SET post = 'resident' WHERE leaf = 0"),
        {("changed", 0)},
    ),
    "place changed": (
        lambda t: t.sql("UPDATE ledger_entry SET place = '' WHERE leaf = 10"),
        {("changed", 10)},
    ),
    "own hash changed": (
        lambda t: t.sql("UPDATE ledger_entry SET leaf_hash = 'zz' WHERE leaf = 3"),
        {("changed", 3)},
    ),
    "digest changed": (
        lambda t: t.sql("UPDATE ledger_entry SET digest = 'ab' WHERE leaf = 5"),
        {("changed", 5), ("row-changed", 5)},
    ),
    "time changed": (
        lambda t: Entry.objects.filter(leaf=5).update(at=MORNING + timedelta(days=1)),
        {("changed", 5)},
    ),
    "removed": (
        lambda t: t.sql("DELETE FROM ledger_entry WHERE leaf = 5"),
        {("removed", 5), ("row-inserted", None)},
    ),
    "first removed": (
        lambda t: t.sql("DELETE FROM ledger_entry WHERE leaf = 0"),
        {("removed", 0), ("row-inserted", None)},
    ),
    "last removed": (
        lambda t: t.sql("DELETE FROM ledger_entry WHERE leaf = 10"),
        {("removed", 10), ("row-inserted", None)},
    ),
    "removed and closed up": (
        remove_and_close_up,
        {("removed", 4), ("reordered", 4), ("row-inserted", None)},
    ),
    "inserted behind": (
        lambda t: copy_of(Entry.objects.get(leaf=4), COUNT),
        {("inserted", COUNT), ("row-removed", COUNT)},
    ),
    "inserted in the middle": (
        insert_in_the_middle,
        {("inserted", 5), ("reordered", 6), ("row-removed", 5)},
    ),
    "inserted unsealed with a foreign hash": (
        lambda t: t.sql(
            "INSERT INTO ledger_entry (id, at, post, act, kind, subject, place, digest, leaf_hash, leaf) "
            "SELECT %s, at, post, act, kind, subject, place, digest, leaf_hash, NULL FROM ledger_entry WHERE leaf = 10",
            "0192f6a0000070008000000000000001",
        ),
        {("changed", None), ("salt-missing", None), ("backlog", None)},
    ),
    "two swapped": (lambda t: renumber(t, {2: 7, 7: 2}), {("reordered", 2), ("reordered", 7)}),
    "number taken away": (
        lambda t: renumber(t, {6: None}),
        {("removed", 6), ("reordered", 6), ("backlog", None)},
    ),
    "leaf node removed": (
        lambda t: Node.objects.filter(position=merkle.position((0, 5))).delete(),
        {("node", 5)},
    ),
    "leaf node damaged": (damage_a_hash, {("node", 5), ("node", 4)}),
    "inner node damaged": (
        lambda t: Node.objects.filter(position=merkle.position((1, 2))).update(hash=bytes(32)),
        {("node", 4)},
    ),
    "inner node removed": (
        lambda t: Node.objects.filter(position=merkle.position((1, 2))).delete(),
        {("node", 4)},
    ),
    "node too many": (
        lambda t: Node.objects.create(position=merkle.position((2, 40)), hash=bytes(32)),
        {("node", 160)},
    ),
    "tree rebuilt without the key": (change_and_rebuild, {("rewritten", 4)}),
    "first checkpoint removed": (
        lambda t: t.sql("DELETE FROM ledger_checkpoint WHERE number = 1"),
        {("checkpoint", None)},
    ),
    "middle checkpoint removed": (
        lambda t: t.sql("DELETE FROM ledger_checkpoint WHERE number = 2"),
        {("checkpoint", None)},
    ),
    "last checkpoint removed": (
        lambda t: t.sql("DELETE FROM ledger_checkpoint WHERE number = 3"),
        {("checkpoint", 8)},
    ),
    "all checkpoints removed": (lambda t: t.sql("DELETE FROM ledger_checkpoint"), {("checkpoint", 0)}),
    "checkpoint removed and numbers closed": (
        lambda t: (
            t.sql("DELETE FROM ledger_checkpoint WHERE number = 2"),
            t.sql("UPDATE ledger_checkpoint SET number = 2 WHERE number = 3"),
        ),
        {("checkpoint", 8)},
    ),
    "checkpoint's row changed": (
        lambda t: t.sql("UPDATE ledger_checkpoint SET root = %s WHERE number = 2", "0" * 64),
        {("checkpoint", None)},
    ),
    "signature damaged": (
        lambda t: t.sql(
            "UPDATE ledger_checkpoint SET note = REPLACE(note, %s, %s) WHERE number = 2", "\n8\n", "\n7\n"
        ),
        {("signature", None)},
    ),
    "origin damaged": (
        lambda t: t.sql(
            "UPDATE ledger_checkpoint SET note = REPLACE(note, 'ledger', 'lodger') WHERE number = 1"
        ),
        {("signature", None)},
    ),
    "entries and nodes cut off": (
        lambda t: (
            t.sql("DELETE FROM ledger_entry WHERE leaf >= 8"),
            Node.objects.exclude(position__in=map(merkle.position, merkle.grow(0, {}, [b""] * 8))).delete(),
        ),
        {("removed", 8), ("row-inserted", None)},
    ),
    "salt removed": (lambda t: Salt.objects.filter(entry__leaf=5).delete(), {("salt-missing", 5)}),
    "salt changed": (
        lambda t: Salt.objects.filter(entry__leaf=5).update(salt=bytes(32)),
        {("row-changed", 5)},
    ),
    "record changed": (lambda t: t.sql("UPDATE thing SET text = 'x' WHERE id = 't5'"), {("row-changed", 5)}),
    "record removed": (lambda t: t.sql("DELETE FROM thing WHERE id = 't5'"), {("row-removed", 5)}),
    "found by a room's own check": (
        lambda t: registry.check(THING, lambda: iter([("t5", "thing 5: removed")])),
        {("room", None)},
    ),
    "record added": (
        lambda t: t.sql("INSERT INTO thing (id, text) VALUES ('new', 'x')"),
        {("row-inserted", None)},
    ),
}


@pytest.mark.parametrize("name", TAMPERING)
def test_tampering_is_found_and_named(things: Things, name: str) -> None:
    things.fill(COUNT)
    assert faults() == []
    tamper, expected = TAMPERING[name]
    tamper(things)
    assert set(faults()) == expected


@pytest.mark.parametrize("column", ["at", "id"])
def test_values_that_can_not_be_read_are_named_too(things: Things, column: str) -> None:
    if connection.vendor == "postgresql":
        pytest.skip("PostgreSQL takes no such value")
    things.fill(COUNT)
    things.write("t11", "waiting")
    things.sql(f"UPDATE ledger_entry SET {column} = 'zz' WHERE leaf = 5")
    assert ("changed", 5) in faults()
    things.sql(f"UPDATE ledger_entry SET {column} = 'yy' WHERE leaf IS NULL")
    assert ("changed", None) in faults()


def test_a_backlog_of_many_chunks_is_read_whole(things: Things, monkeypatch) -> None:
    monkeypatch.setattr(tree_check, "CHUNK", 4)
    for number in range(9):
        things.write(f"t{number}", "text")
    things.sql("UPDATE ledger_entry SET act = 'x' WHERE subject = 't8'")
    assert faults() == [("changed", None)]


def test_every_kind_of_fault_is_tried() -> None:
    assert {fault for _, expected in TAMPERING.values() for fault, _ in expected} == {
        str(fault) for fault in Fault
    }


def test_lines_name_the_entry_and_the_record(things: Things) -> None:
    things.fill(COUNT)
    things.sql("UPDATE ledger_entry SET act = 'x' WHERE leaf = 5")
    things.sql("UPDATE thing SET text = 'x' WHERE id = 't7'")
    assert lines() == [
        "entry 5: changed after it was sealed (test.thing t5)",
        "test.thing t7: changed, it no longer says what entry 7 recorded",
    ]


# Checkpoints kept outside ----------------------------------------------------------------------------------------


def test_a_rewritten_tree_against_an_old_checkpoint(things: Things) -> None:
    things.fill(COUNT)
    old = queries.checkpoint().note
    assert faults(outside=old) == []
    things.write("t0", "more")
    actions.seal()
    assert faults(outside=old) == []
    change_and_rebuild(things)
    resign(things)
    assert faults() == []  # who has database and key deceives everything but what lies outside
    assert faults(outside=old) == [("rewritten", 10)]
    assert "are not those of the outside checkpoint" in lines(outside=old)[0]


def test_a_tree_that_was_cut_against_a_newer_checkpoint(things: Things) -> None:
    things.fill(COUNT)
    newer = queries.checkpoint().note
    things.sql("DELETE FROM ledger_checkpoint WHERE number = 3")
    things.sql("DELETE FROM ledger_entry WHERE leaf >= 8")
    things.sql("DELETE FROM thing WHERE id IN ('t8', 't9', 't10')")
    Node.objects.exclude(position__in=map(merkle.position, merkle.grow(0, {}, [b""] * 8))).delete()
    assert faults() == []
    assert faults(outside=newer) == [("rewritten", 8)]


def test_outside_checkpoints_that_prove_nothing(things: Things) -> None:
    things.fill(COUNT)
    note = queries.checkpoint().note
    other = Ed25519PrivateKey.generate()
    body = notes.Checkpoint(queries.origin(), 3, bytes(32))
    assert faults(outside="x") == [("signature", None)]
    assert faults(outside=note.replace("\n11\n", "\n12\n")) == [("signature", None)]
    assert faults(outside=notes.sign(body.text(), body.origin, other)) == [("signature", None)]
    elsewhere = notes.Checkpoint("elsewhere.example/ledger", 3, bytes(32))
    assert faults(outside=notes.sign(elsewhere.text(), queries.origin(), keys.signing())) == [
        ("signature", None)
    ]


def test_by_a_key_from_outside(things: Things) -> None:
    things.fill(COUNT)
    good = queries.verifier().text()
    stranger = notes.Verifier(queries.origin(), Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    assert faults(key=good) == []
    assert {fault for fault, _ in faults(key=stranger.text())} == {"signature"}
    with pytest.raises(BadKeyError):
        faults(key="no key")


def test_without_the_key_file_the_tree_is_checked_all_the_same(things: Things) -> None:
    things.fill(COUNT)
    note, key = queries.checkpoint().note, queries.verifier().text()
    keys.path().unlink()
    assert faults() == [("signature", None)]
    assert faults(outside=note, key=key) == []


# What is right ---------------------------------------------------------------------------------------------------


def test_an_empty_ledger_is_sound(things: Things) -> None:
    assert faults() == []


def test_erased_records_stay_valid(things: Things) -> None:
    things.fill(COUNT)
    with transaction.atomic():
        things.sql("UPDATE thing SET text = '' WHERE id = 't5'")
        actions.forget(by=BY, kind=THING, subject="t5", at=HERE)
    assert faults() == []
    things.sql("DELETE FROM thing WHERE id = 't5'")
    assert faults() == []
    things.write("t5", "written anew")
    actions.seal()
    assert faults() == []
    things.sql("UPDATE thing SET text = 'x' WHERE id = 't5'")
    assert [fault for fault, _ in faults()] == ["row-changed"]


def test_a_clock_that_was_set_back_between_two_acts(things: Things) -> None:
    """The later act has the earlier time: the place in the tree tells which is the last."""
    for moment, text in ((MORNING + timedelta(days=400), "ahead"), (MORNING, "set back")):
        things.write("t1", text, moment)
        things.write("t2", text, moment)
        actions.seal()
    with transaction.atomic(), clock.simulate(MORNING - timedelta(days=2)):
        actions.forget(by=BY, kind=THING, subject="t2", at=HERE)
    with clock.simulate(MORNING - timedelta(days=2)):
        assert faults() == []
    with clock.simulate(MORNING):
        actions.seal()
    assert faults() == []
    things.sql("UPDATE thing SET text = 'ahead' WHERE id = 't1'")
    assert faults() == [("row-changed", 2)]


def test_a_salt_missing_from_an_entry_after_the_erasure_is_named(things: Things) -> None:
    things.fill(3)
    with transaction.atomic():
        actions.forget(by=BY, kind=THING, subject="t1", at=HERE)
    entry = things.write("t1", "anew")
    actions.seal()
    Salt.objects.filter(entry_id=entry.pk).delete()
    assert faults() == [("salt-missing", 4)]


def test_records_removed_by_an_act_are_not_missed(things: Things) -> None:
    things.fill(COUNT)
    things.remove("t3")
    actions.seal()
    assert faults() == []
    things.sql("DELETE FROM thing WHERE id = 't4'")
    assert faults() == [("row-removed", 4)]


def test_a_backlog_is_a_warning(things: Things) -> None:
    with clock.simulate(MORNING):
        things.write("a", "one", MORNING)
        assert faults() == []
    with clock.simulate(MORNING + timedelta(seconds=61)):
        run = Verification()
        found = list(run.findings())
    assert [(each.fault, each.warning) for each in found] == [(Fault.BACKLOG, True)]
    assert found[0].line().startswith("warning: 1 entries wait")
    assert (run.faults, run.waiting, run.records) == (0, 1, 1)


def test_kinds_without_snapshots_are_not_compared(things: Things, monkeypatch) -> None:
    things.fill(2)
    monkeypatch.setattr(registry, "_kinds", {})
    things.sql("UPDATE thing SET text = 'x'")
    assert faults() == []
    assert registry.label(THING) == THING


def test_many_removed_records_are_named_one_by_one(things: Things, monkeypatch) -> None:
    monkeypatch.setattr(row_check, "_TOGETHER", 3)
    things.fill(COUNT)
    things.sql("DELETE FROM thing")
    assert faults() == [("row-removed", number) for number in sorted(range(COUNT), key=lambda n: f"t{n}")]


def test_bounded_time_for_many_entries(things: Things) -> None:
    with transaction.atomic(), clock.simulate(MORNING):
        pairs = [
            actions.build(
                by=BY,
                act="test.write",
                kind="test.other",
                subject=str(number % 997),
                at=HERE,
                content={"n": number},
            )
            for number in range(20_000)
        ]
        actions.save_many(pairs)
    begun = perf_counter()
    assert actions.seal() == 20_000
    assert (
        perf_counter() - begun < 60
    )  # 1,000 a second on a quiet machine; a plan that reads all rows takes minutes
    begun = process_time()
    assert faults() == []
    assert process_time() - begun < 10
    Entry.objects.filter(leaf=9_999).update(act="x")
    assert faults() == [("changed", 9_999)]


# The rule that names the damage ------------------------------------------------------------------------------------


def h(number: int) -> bytes:
    return bytes([number])


def test_damage_of_neighbours_that_moved_together_is_one_line() -> None:
    standing = {number: h(number - 1) for number in range(6, 20)} | {5: h(99)}
    sealed = {number: h(number) for number in range(5, 19)}
    places = {h(number): number for number in range(5, 19)}
    assert damage.classify(standing, sealed, places) == [
        damage.Damage(Fault.INSERTED, 5, 5),
        damage.Damage(Fault.REORDERED, 6, 19, 1),
    ]


def test_damage_of_few_is_named_singly() -> None:
    standing = {4: h(5), 5: h(6)}
    sealed = {number: h(number) for number in (4, 5, 6)}
    places = {h(5): 5, h(6): 6}
    assert damage.classify(standing, sealed, places) == [
        damage.Damage(Fault.REMOVED, 4, 4),
        damage.Damage(Fault.REORDERED, 4, 4, -1),
        damage.Damage(Fault.REORDERED, 5, 5, -1),
    ]


def test_findings_as_json(things: Things) -> None:
    things.fill(2)
    things.sql("DELETE FROM thing WHERE id = 't1'")
    found = next(Verification().findings())
    assert json.loads(json.dumps(found.as_dict()))["fault"] == "row-removed"
    assert io.StringIO(found.text).readline().startswith("test.thing t1: removed")
