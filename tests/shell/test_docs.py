"""The documentation: it builds without a warning, and every command it quotes does what it says."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from sala.shell import cli
from tests.hall import SALA, Hall

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCED = re.compile(r"^```sh\n(.*?)^```", re.M | re.S)
INDENTED = re.compile(
    r"^ {4}((?:make|\.venv/bin/sala|sala|python3?|curl|git|pip|sudo|apt-get) [^\n]*)$", re.M
)
INLINE = re.compile(r"`((?:\.venv/bin/)?sala(?: [^`]*)?|make [a-z-]+)`")
LONG = (
    "init",
    "serve",
    "worker",
    "migrate",
)  # run for real in test_cli and test_serve, or they end only when told
EXAMPLE = "http://127.0.0.1:8000"
MACHINE = (ROOT / "docs" / "running-a-hall.md", ROOT / "docs" / "taking-a-hall-away.md")
"""Pages of which the commands want a machine of their own: run by `make install-test`, here only read."""
KNOWN = ("sala", ".venv/bin/sala", "python3", "curl", "make")

cli._add_rooms(cli.sala)


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def block_commands(page: Path) -> list[str]:
    """The commands of a page, in their order: comments taken off, lines that go on joined."""
    text = page.read_text(encoding="utf-8")
    blocks = "\n".join([*FENCED.findall(text), *INDENTED.findall(text)]).replace("\\\n", " ")
    lines = [line.split("  #")[0].strip() for line in blocks.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def inline_commands(page: Path) -> list[str]:
    return INLINE.findall(page.read_text(encoding="utf-8"))


QUOTED = [(page, line) for page in PAGES for line in block_commands(page)]
SPOKEN = [(page, line) for page in PAGES for line in inline_commands(page)]


def test_there_are_commands_to_check() -> None:
    assert ("README.md", "make demo") in {(name(page), line) for page, line in QUOTED}
    assert len(QUOTED) > 15
    assert len(SPOKEN) > 10


def understood(words: list[str]) -> None:
    """The command exists and takes these options; arguments in capitals stand for a value. Raises click.UsageError."""
    command: click.Command = cli.sala
    context = click.Context(command, info_name="sala")
    rest = words
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        found = command.get_command(context, rest[0])
        assert found is not None, f"there is no command {' '.join(words)!r}"
        command, rest = found, rest[1:]
        context = click.Context(command, info_name=rest[0] if rest else "", parent=context)
    takes = {
        option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
    }
    for word in rest:
        if word.startswith("-"):
            assert word.split("=")[0] in takes | {"--help", "--version"}, (
                f"{' '.join(words)!r}: no option {word}"
            )


def made(line: str) -> None:
    done = subprocess.run(
        ["make", "-n", *shlex.split(line)[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.once
@pytest.mark.parametrize(
    ("page", "line"), SPOKEN, ids=lambda value: value if isinstance(value, str) else name(value)
)
def test_commands_in_sentences_exist(page: Path, line: str) -> None:
    words = [word for word in shlex.split(line) if word != "..."]
    if words[0] == "make":
        made(line)
    else:
        understood(words[1:])


@pytest.mark.once
@pytest.mark.parametrize("page", MACHINE, ids=name)
def test_commands_of_a_machines_page_exist(page: Path) -> None:
    """What `make install-test` runs for real is at least spelt right at each `make test`."""
    found = [
        line[line.index("sala ") :]
        for line in block_commands(page)
        if re.match(r"(SALA_ENV=\S+ )?sala ", line)
    ]
    named = re.findall(r"/opt/sala/current/(deploy/[^\s*]+)", page.read_text(encoding="utf-8"))
    if page == MACHINE[0]:
        assert len(found) > 10 and len(named) > 3
    for line in found:
        understood(shlex.split(line)[1:])
    assert not [path for path in named if not (ROOT / path).exists()]


def script(page: Path, hall: Hall) -> str:
    """The page's commands as one script, with the test's hall in place of the example's; raises for what nobody checks."""
    lines = [
        'curl() { command curl --fail --max-time 60 "$@"; }',
        f'python3() {{ {shlex.quote(sys.executable)} "$@"; }}',
        f'sala() {{ {shlex.quote(str(SALA))} "$@"; }}',
    ]
    for line in block_commands(page):
        words = shlex.split(re.sub(r"^\w+=\$\((.*)\)$", r"\1", line), comments=True)
        assert words[0] in KNOWN, f"{name(page)} quotes a command that nobody checks: {line}"
        if words[0] == "make":
            made(line)
            continue
        if words[0].endswith("sala"):
            understood([word for word in words[1:] if "$" not in word])
            if words[1] in LONG:
                continue
        lines.append(line.replace(EXAMPLE, hall.url).replace(".venv/bin/sala", "sala"))
    return "\n".join(lines)


@pytest.mark.once
@pytest.mark.processes
@pytest.mark.xdist_group("hall")
@pytest.mark.parametrize("page", sorted({page for page, _line in QUOTED} - set(MACHINE)), ids=name)
def test_quoted_commands_work(page: Path, hall: Hall, tmp_path: Path) -> None:
    """Each page's commands in their order, in one shell and one folder, in a running demonstration hall."""
    programs = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)
    for index, program in enumerate(programs):
        file = tmp_path / ("verify.py" if index == 0 else f"program{index}.py")
        file.write_text(program, encoding="utf-8")
    done = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", script(page, hall)],
        cwd=tmp_path,
        env=hall.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, f"{name(page)}\n{done.stdout[-800:]}\n{done.stderr[-1500:]}"


@pytest.mark.once
@pytest.mark.processes
@pytest.mark.xdist_group("hall")
def test_the_outsiders_program_notices_another_tree(hall: Hall, tmp_path: Path) -> None:
    """Not only does it print that all is well: a checkpoint with another root, newly signed or not, ends it."""
    text = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8")
    (tmp_path / "verify.py").write_text(
        re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)[0], encoding="utf-8"
    )
    note = hall.sala("ledger", "checkpoint").stdout
    lines = note.split("\n")
    lines[2] = lines[2][::-1].lstrip("=") + "="
    for file, content in (("good.txt", note), ("bad.txt", "\n".join(lines))):
        (tmp_path / file).write_text(content, encoding="utf-8")
    subprocess.run(["curl", "-sf", "-o", "key.txt", f"{hall.url}/ledger/key"], cwd=tmp_path, check=True)
    hall.sala("keys", "rotate", "ledger")  # who holds the old key can still follow
    outcome = {
        file: subprocess.run(
            [sys.executable, "verify.py", hall.url, "key.txt", file],
            cwd=tmp_path,
            capture_output=True,
            check=False,
        ).returncode
        for file in ("good.txt", "bad.txt")
    }
    assert outcome == {"good.txt": 0, "bad.txt": 1}


@pytest.mark.once
def test_the_documentation_builds_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "docs.py"), "--out", str(tmp_path / "docs")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    line = (tmp_path / "docs" / "generated" / "command-line.html").read_text(encoding="utf-8")
    assert "sala ledger verify" in line and "--checkpoint" in line
    states = (tmp_path / "docs" / "generated" / "states.html").read_text(encoding="utf-8")
    assert "in_progress" in states and "stateDiagram-v2" in states
    assert (tmp_path / "docs" / "guide" / "clerk-km.html").is_file()


@pytest.mark.once
def test_every_room_and_file_the_pack_page_names_is_there() -> None:
    text = (ROOT / "docs" / "country-pack.md").read_text(encoding="utf-8")
    pack = ROOT / "src" / "sala" / "countries" / "kh"
    named = {
        word for row in re.findall(r"^\| (.*?) \|", text, re.M) for word in re.findall(r"`([^`]+)`", row)
    }
    assert len(named) > 8
    assert not [word for word in named if not (pack / word).exists()]
    present = {path.name + ("/" if path.is_dir() else "") for path in pack.iterdir()} - {
        "cdb_2011/",
        "__pycache__/",
    }
    assert present <= named
