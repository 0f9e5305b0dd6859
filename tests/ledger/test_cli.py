"""`sala ledger ...`: exit status, one line a fault on stderr, JSON."""

import json

import pytest
from click.testing import CliRunner, Result

from sala.kit.errors import NotFound
from sala.ledger import queries
from sala.ledger.cli import group
from tests.ledger.conftest import Things


def sala(*arguments: str) -> Result:
    return CliRunner().invoke(group, arguments)


def test_a_sound_ledger(things: Things) -> None:
    things.fill(5)
    done = sala("verify")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith(
        "The ledger is sound: 5 entries in the tree, 0 waiting, 2 checkpoints, 5 records"
    )
    told = json.loads(sala("verify", "--json").stdout)
    assert (told["ok"], told["size"], told["root"], told["findings"]) == (
        True,
        5,
        queries.checkpoint().root,
        [],
    )


def test_each_fault_is_one_line_and_the_exit_is_1(things: Things) -> None:
    things.fill(5)
    things.sql("UPDATE ledger_entry SET act = 'x' WHERE leaf = 2")
    things.sql("UPDATE thing SET text = 'x' WHERE id = 't4'")
    done = sala("verify")
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "entry 2: changed after it was sealed (test.thing t2)",
        "test.thing t4: changed, it no longer says what entry 4 recorded",
    ]
    told = json.loads(sala("verify", "--json").stdout)
    assert [(found["fault"], found["entry"]) for found in told["findings"]] == [
        ("changed", 2),
        ("row-changed", 4),
    ]


def test_a_checkpoint_is_written_and_checked_later(things: Things, tmp_path) -> None:
    things.fill(5)
    file, key = tmp_path / "checkpoint.txt", tmp_path / "key.txt"
    key.write_text(queries.verifier().text() + "\n")
    assert sala("checkpoint", "--out", str(file)).exit_code == 0
    note = file.read_bytes().decode()
    assert sala("checkpoint").stdout == note == queries.checkpoint().note
    assert json.loads(sala("checkpoint", "--json").stdout)["size"] == 5
    assert sala("verify", "--checkpoint", str(file), "--key", str(key)).exit_code == 0
    file.write_text(note.replace("\n5\n", "\n4\n"))
    done = sala("verify", "--checkpoint", str(file))
    assert done.exit_code == 1
    assert done.stderr == "outside checkpoint: the signature does not fit the text\n"
    file.write_bytes(b"\xff\x00")
    assert sala("verify", "--checkpoint", str(file)).exit_code == 1


def test_wrong_use(things: Things, tmp_path) -> None:
    assert sala("verify", "--checkpoint", str(tmp_path / "none")).exit_code == 2
    key = tmp_path / "key.txt"
    key.write_text("no key")
    refused = sala("verify", "--key", str(key))
    assert refused.exit_code == 1
    assert refused.stderr.startswith("Error: The key can't be read")
    things.fill(1)
    assert sala("checkpoint", "--out", str(tmp_path / "none" / "x")).exit_code == 1


def test_no_checkpoint_yet(things: Things) -> None:
    assert isinstance(sala("checkpoint").exception, NotFound)  # the shell makes one line of it


def test_export_is_one_object_a_line(things: Things, tmp_path) -> None:
    things.fill(3)
    things.write("t9", "waiting")
    file = tmp_path / "ledger.jsonl"
    assert sala("export", str(file)).exit_code == 0
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [row["number"] for row in rows] == [0, 1, 2, None]
    assert set(rows[0]) == {
        "number",
        "id",
        "at",
        "post",
        "act",
        "kind",
        "subject",
        "place",
        "digest",
        "leaf_hash",
    }
    assert sala("export", "-").stdout.count("\n") == 4


@pytest.mark.parametrize("command", ["verify", "checkpoint", "export"])
def test_every_command_has_its_help(command: str) -> None:
    assert sala(command, "--help").exit_code == 0
