"""Build the documentation into build/docs: the pages of docs/ and those generated from the code. A warning is an error.

make docs            python tools/docs.py [--out build/docs]
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))
os.environ["DJANGO_SETTINGS_MODULE"] = "sala.settings"

import click
import django

CSS = """\
body, .sphinxsidebar, h1, h2, h3, input { font-family: "Noto Sans Khmer", "Khmer OS", system-ui, sans-serif !important; }
div.body { line-height: 1.7; }
div.body h1, div.body h2, div.body h3 { line-height: 1.5; text-wrap: balance; }
div.body img { max-width: 360px; width: 100%; height: auto; border: 1px solid #ccd; border-radius: 4px; }
div.body img.wide { max-width: 100%; }
div.body figure { margin: 1rem 0; }
div.body table { display: block; overflow-x: auto; max-width: 100%; }
div.body pre { overflow-x: auto; }
@media (max-width: 875px) {
  div.document { display: flex; flex-direction: column; }
  div.documentwrapper { order: 1; float: none; }
  div.sphinxsidebar { order: 2; }
}
"""


def commands(command: click.Command, path: tuple[str, ...], parent: click.Context | None) -> Iterator[str]:
    """A chapter for each command below ``command``: what it does, how it is called, its arguments and options."""
    context = click.Context(command, info_name=path[-1], parent=parent)
    if isinstance(command, click.Group):
        if len(path) > 1:
            yield f"## {' '.join(path)}\n\n{command.help}\n"
        # single commands of the shell first, then the rooms' groups
        for name in sorted(
            command.commands, key=lambda key: (isinstance(command.commands[key], click.Group), key)
        ):
            yield from commands(command.commands[name], (*path, name), context)
        return
    level = "##" if len(path) == 2 else "###"
    yield f"{level} {' '.join(path)}\n\n{' '.join((command.help or '').split())}\n"
    yield f"```text\n{context.get_usage().removeprefix('Usage: ')}\n```\n"
    rows = [parameter.get_help_record(context) for parameter in command.get_params(context)]
    for row in rows:
        if row and "--help" not in row[0]:
            yield f"- `{row[0]}`: {' '.join(row[1].split())}"
    yield ""


def command_line() -> str:
    """The page of the command line, from click's own definitions."""
    from sala.shell import cli

    cli._add_rooms(cli.sala)
    head = (
        "# The command line\n\n"
        "Everywhere: `--help`; exit status 0 done, 1 refused or failed with one clear line on stderr, 2 wrong usage; "
        "`--json` where there is output to read. `SALA_HOME` and `SALA_DATABASE_URL` choose the hall.\n"
    )
    return "\n".join([head, *commands(cli.sala, ("sala",), None)])


def states() -> str:
    """The page of the state tables, from the rooms' rules."""
    from sala.files import rules as files
    from sala.kit.states import Table
    from sala.notices import rules as notices
    from sala.window import rules as window

    tables: list[Table] = [window.TABLE, notices.TABLE, files.TABLE]
    parts = [
        "# States\n\nOne table a kind of record decides what may happen next: the buttons on the page, the verbs of the API, and "
        "this page come from it. Tests see that every state has an owner, can be reached and, unless it is meant to be final, "
        "has an exit.\n"
    ]
    for table in tables:
        parts.append(f"## {table.name}\n")
        parts.append("| in the state | who must act | by | becomes | needs |\n|---|---|---|---|---|")
        for state in type(table.initial):
            moves = table.open_moves(state)
            for index, move in enumerate(moves):
                first = (f"**{state}**", table.owners[state]) if index == 0 else ("", "")
                needs = ", ".join(move.required)
                parts.append(f"| {first[0]} | {first[1]} | {move.verb} | {move.target} | {needs} |")
            if not moves:
                parts.append(f"| **{state}** | {table.owners[state]} | *final* | | |")
        parts.append(f"\nAs Mermaid text:\n\n```text\n{table.mermaid()}\n```\n")
    return "\n".join(parts)


EVERYWHERE = {"400", "401", "411", "413", "414", "415", "422", "431", "503", "507"}
"""Statuses that say nothing about one operation."""


def operations() -> str:
    """The page of the API's operations, from its OpenAPI document."""
    from sala.shell.api import build

    document = build().get_openapi_schema()
    rooms: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        room = path.removeprefix("/api/v1/").split("/")[0].split(".")[0]
        for method, operation in methods.items():
            who = "sign-in" if operation.get("security") else "all"
            answers = ", ".join(sorted(set(map(str, operation["responses"])) - EVERYWHERE))
            named = f"`{method.upper()} {path}`"
            rooms.setdefault(room, []).append(
                f"| {named} | {operation.get('summary', '')} | {who} | {answers} |"
            )
            sent = (
                operation.get("requestBody", {})
                .get("content", {})
                .get("application/json", {})
                .get("schema", {})
            )
            if name := sent.get("$ref", "").rpartition("/")[2]:
                rooms[room].append(f"| | sends {fields(document['components']['schemas'][name])} | | |")
    parts = [
        "# Operations of the API\n\nMade from the API's own description, which programs read at `/api/v1/openapi.json`. *For*: open to all, or to whoever "
        f"is signed in or carries a token. *Answers*: the statuses that are declared; [what they mean](../api.md#errors). Not repeated in each line: "
        f"{', '.join(sorted(EVERYWHERE))}.\n"
    ]
    for room, lines in rooms.items():
        head = f"## {room}\n\n| operation | what it does | for | answers |\n|---|---|---|---|\n"
        parts.append(head + "\n".join(lines) + "\n")
    return "\n".join(parts)


def fields(schema: dict[str, Any]) -> str:
    """The fields of a body: those that must be there in bold."""
    must = schema.get("required", [])
    return ", ".join(f"**`{name}`**" if name in must else f"`{name}`" for name in schema["properties"])


def decisions() -> str:
    """The list of decision records."""
    names = sorted(path.stem for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    lines = "\n".join(names)
    return f"# Decisions\n\nWhy it is so: one page each.\n\n```{{toctree}}\n:maxdepth: 1\n\n{lines}\n```\n"


def licences() -> str:
    """NOTICE as it lies in the repository and in the pack."""
    text = (ROOT / "NOTICE").read_text(encoding="utf-8")
    return f"# Notice\n\nThe file `NOTICE` of the repository.\n\n```text\n{text}```\n"


def prepare(source: Path) -> None:
    """A copy of docs/ with the generated pages."""
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(ROOT / "docs", source, ignore=shutil.ignore_patterns("__pycache__"))
    pages = {
        "generated/command-line.md": command_line(),
        "generated/states.md": states(),
        "generated/operations.md": operations(),
        "generated/notice.md": licences(),
        "generated/static/khmer.css": CSS,
        "decisions/index.md": decisions(),
    }
    for name, text in pages.items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "docs")
    given = parser.parse_args()
    django.setup()
    source = given.out.parent / f"{given.out.name}-source"
    prepare(source)
    shutil.rmtree(given.out, ignore_errors=True)
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-b",
        "html",
        "-W",
        "--keep-going",
        "-q",
        "-E",
        source,
        given.out,
    ]
    done = subprocess.run(command, check=False)
    if done.returncode == 0:
        print(f"The documentation is in {given.out / 'index.html'}")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
