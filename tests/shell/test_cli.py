"""The command line: help everywhere, exit 0, 1 and 2 as promised, one clear line when it refuses, JSON where there is output."""

import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from sala.shell import cli
from tests.hall import SALA, Hall

cli._add_rooms(cli.sala)
in_the_hall = pytest.mark.xdist_group("hall")
processes = pytest.mark.processes


def commands(group: click.Group = cli.sala, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every group and command."""
    yield path
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


ALL = list(commands())


def found(path: tuple[str, ...]) -> click.Command:
    command: click.Command = cli.sala
    for name in path:
        assert isinstance(command, click.Group)
        command = command.commands[name]
    return command


@pytest.mark.once
@pytest.mark.parametrize("path", ALL, ids=lambda path: " ".join(path) or "sala")
def test_help_everywhere(path: tuple[str, ...]) -> None:
    done = CliRunner().invoke(cli.sala, [*path, "--help"], prog_name="sala")
    assert done.exit_code == 0
    assert done.stdout.startswith(f"Usage: {' '.join(('sala', *path))} ")
    described = done.stdout.split("\n\n", 1)[1].strip()
    assert described and not described.startswith("Options:")  # a sentence of what it does


@pytest.mark.once
@pytest.mark.parametrize("path", [path for path in ALL if path], ids=" ".join)
def test_every_option_says_what_it_is(path: tuple[str, ...]) -> None:
    for option in found(path).params:
        if isinstance(option, click.Option):
            assert option.help, option.name


READING = [
    path for path in ALL if path and path[-1] in ("list", "show", "search", "check", "verify", "doctor", "demo", "services")
]  # fmt: skip


@pytest.mark.once
@pytest.mark.parametrize("path", READING, ids=" ".join)
def test_what_prints_prints_json_too(path: tuple[str, ...]) -> None:
    assert "as_json" in {option.name for option in found(path).params}


@pytest.mark.once
def test_the_promised_commands_are_there() -> None:
    promised = {
        "init",
        "serve",
        "worker",
        "migrate",
        "doctor",
        "ledger",
        "token",
        "places",
        "window",
        "measures",
    }
    assert promised <= set(cli.sala.commands)


def run(home: Path | str, *arguments: str, database: str = "") -> subprocess.CompletedProcess[str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SALA_", "DJANGO_", "PYTEST_"))
    }
    surroundings = {**kept, "SALA_HOME": str(home), "SALA_DATABASE_URL": database}
    return subprocess.run(
        [SALA, *arguments], env=surroundings, text=True, capture_output=True, check=False, timeout=120
    )


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """Exit 1, nothing on stdout, one clear line on stderr."""
    assert done.returncode == 1, done
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert all(word in done.stderr for word in words), done.stderr


@processes
@pytest.mark.once
def test_help_needs_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    done = run(tmp_path / "none", "ledger", "verify", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


@processes
@pytest.mark.once
@pytest.mark.parametrize(
    "arguments", [("nothing",), ("places", "sarch"), ("init", "--requests", "many"), ("init", "--seed", "3"), ("places", "show")]
)  # fmt: skip
def test_wrong_usage(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run(tmp_path, *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr and "Error: " in done.stderr
    assert list(tmp_path.iterdir()) == []


@processes
@pytest.mark.once
@pytest.mark.parametrize(
    "arguments", [("places", "check"), ("ledger", "verify", "--json"), ("token", "create", "somebody"), ("serve",), ("worker",)]
)  # fmt: skip
def test_before_init(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    refused(run(tmp_path, *arguments), "not initialised", "sala init")
    assert not (tmp_path / "sala.sqlite3").exists()


@processes
@pytest.mark.once
def test_unknown_country(tmp_path: Path) -> None:
    refused(run(tmp_path, "init", "--country", "../kh"), "'../kh'", "kh")
    assert list(tmp_path.iterdir()) == []


@processes
@pytest.mark.once
@pytest.mark.parametrize(
    ("database", "words"),
    [
        ("mysql://127.0.0.1/sala", ("SALA_DATABASE_URL", "mysql", "postgresql://")),
        ("postgresql://127.0.0.1:many/sala", ("SALA_DATABASE_URL", "many", "postgresql://")),
        ("postgresql://127.0.0.1:5432", ("SALA_DATABASE_URL", "names no database")),
        ("nonsense", ("SALA_DATABASE_URL", "postgresql://")),
    ],
)
def test_wrong_database_address(tmp_path: Path, database: str, words: tuple[str, ...]) -> None:
    refused(run(tmp_path, "jobs", "list", database=database), *words)


@processes
@pytest.mark.once
@pytest.mark.parametrize("arguments", [("init",), ("measures", "list")])
def test_database_away(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        address = f"postgresql://sala@127.0.0.1:{taken.getsockname()[1]}/sala"
        refused(run(tmp_path, *arguments, database=address), "can't be opened", "refused")


@processes
@pytest.mark.once
@pytest.mark.parametrize("arguments", [("init",), ("migrate",)])
def test_home_that_cant_be_written(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "file").write_text("in the way")
    refused(run(tmp_path / "file" / "home", *arguments), str(tmp_path / "file"), "SALA_HOME")


@processes
@in_the_hall
@pytest.mark.once
def test_the_pack_again(hall: Hall) -> None:
    """After an upgrade: what is new comes in, what stands stays."""
    said = hall.sala("migrate", "--pack").stdout
    assert "(0 posts changed)" in said and "(0 new, 0 changed)" in said


@processes
@pytest.mark.once
def test_the_pack_of_no_hall(tmp_path: Path) -> None:
    refused(run(tmp_path, "migrate", "--pack"), "no hall here yet")


@processes
@in_the_hall
def test_init_twice(hall: Hall) -> None:
    done = hall.sala("init", check=False)
    refused(done, "initialised already")
    refused(hall.sala("init", "--demo", check=False), "initialised already")


@processes
@in_the_hall
def test_the_sign_ins_are_a_table_to_read(hall: Hall) -> None:
    lines = hall.sala("demo").stdout.splitlines()
    assert "fictional" in lines[0]
    clerk = next(line for line in lines if line.startswith("clerk120404 "))
    assert hall.accounts["clerk120404"]["password"] in clerk and clerk.endswith(" 120404")
    assert json.loads(hall.sala("demo", "--json").stdout) == list(hall.accounts.values())
    assert stat.S_IMODE((hall.home / "demo" / "accounts.json").stat().st_mode) == 0o600


@processes
@in_the_hall
def test_a_token_opens_the_api(hall: Hall) -> None:
    from urllib.request import Request, urlopen

    token = hall.sala("token", "create", "clerk120404").stdout.strip()
    asked = Request(f"{hall.url}/api/v1/accounts/me", headers={"Authorization": f"Bearer {token}"})
    with urlopen(asked, timeout=10) as answer:
        assert json.load(answer)["place"] == "120404"
    refused(hall.sala("token", "create", "nobody", check=False), "nobody")


@processes
@in_the_hall
@pytest.mark.parametrize(
    ("arguments", "holds"),
    [
        (("places", "check", "--json"), lambda told: told["counts"] and told["findings"]),
        (("ledger", "verify", "--json"), lambda told: told["ok"] is True and told["size"] > 0),
        (("measures", "show", "window.received", "--json"), lambda told: told[0]["value"]),
        (("jobs", "list", "--json"), lambda told: {"ledger.seal"} <= {job["name"] for job in told}),
        (("window", "list", "--place", "120404", "--json"), lambda told: told[0]["number"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_json(hall: Hall, arguments: tuple[str, ...], holds: Any) -> None:
    done = hall.sala(*arguments)
    assert done.stderr == ""
    assert holds(json.loads(done.stdout))


@processes
@in_the_hall
def test_the_figure_and_the_measure_there_is_none_of(hall: Hall) -> None:
    assert "window.received nation" in hall.sala("measures", "show", "window.received").stdout
    refused(hall.sala("measures", "show", "window.nothing", check=False))
    refused(hall.sala("measures", "show", "window.received", "--place", "999999", check=False))


@processes
@in_the_hall
def test_the_doctor_finds_a_running_hall_well(hall: Hall) -> None:
    told = json.loads(hall.sala("doctor", "--json").stdout)
    assert {check["state"] for check in told} <= {"ok", "warn"}
    looked_at = {check["name"] for check in told if check["state"] == "ok"}
    assert looked_at >= {
        "python",
        "home",
        "keys",
        "clock",
        "texts",
        "static",
        "database",
        "worker",
        "ledger",
        "pictures",
    }
    secret = hall.home / "keys" / "secret"
    secret.chmod(0o644)
    try:
        done = hall.sala("doctor", check=False)
    finally:
        secret.chmod(0o600)
    assert done.returncode == 1
    assert f"chmod 600 {secret}" in done.stdout
    assert done.stderr == "Error: Bad: keys.\n"


@processes
@pytest.mark.once
def test_the_doctor_comes_to_a_hall_that_is_not_open(tmp_path: Path) -> None:
    done = run(tmp_path / "none", "doctor")
    assert done.returncode == 1
    assert done.stderr == "Error: Bad: home, keys, database.\n"
    assert "sala init" in done.stdout
    assert not (tmp_path / "none").exists()


@pytest.mark.once
def test_a_command_starts_without_what_only_pages_and_proposals_need(tmp_path: Path) -> None:
    """They would cost every command a third of a second, also on the slow machine of a commune."""
    heavy = {"ninja", "numpy", "scipy", "shapely", "typst"}
    code = f"""import atexit, sys
from sala.shell import cli
atexit.register(lambda: print(sorted({heavy!r} & set(sys.modules))))
cli.main(["ledger", "--help"])"""
    environment = {**os.environ, "SALA_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, text=True, capture_output=True, check=True
    )
    assert done.stdout.startswith("Usage: ") and done.stdout.splitlines()[-1] == "[]", done.stdout
