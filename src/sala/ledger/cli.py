"""`sala ledger ...`: verify everything, print the latest checkpoint, export all entries."""

import json
import sys
from pathlib import Path
from typing import IO

import click

from sala.ledger import queries, verification


@click.group("ledger")
def group() -> None:
    """The record of every act that nobody can change unseen."""


@group.command()
@click.option(
    "--checkpoint",
    "outside",
    type=click.File(encoding="utf-8", errors="replace"),
    help="A checkpoint kept elsewhere: is the tree still its continuation?",
)
@click.option(
    "--key",
    type=click.File(encoding="utf-8", errors="replace"),
    help="The public key (as /ledger/key gives it) that signatures are checked with; default this hall's own.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(outside: IO[str] | None, key: IO[str] | None, as_json: bool) -> None:
    """Check every entry, the tree, the checkpoints and each record's own table; name what is wrong (exit 1)."""
    run = verification.Verification(
        outside=outside.read() if outside else None, key=key.read() if key else None
    )
    found: list[dict[str, object]] = []
    try:
        for finding in run.findings():
            click.echo(finding.line(), err=True)
            if as_json:
                found.append(finding.as_dict())
    except verification.BadKeyError as fault:
        raise click.ClickException(f"The key can't be read: {fault}") from fault
    if as_json:
        result = {
            "ok": run.faults == 0,
            "size": run.size,
            "root": run.root,
            "waiting": run.waiting,
            "checkpoints": run.checkpoints,
            "records": run.records,
            "findings": found,
        }
        click.echo(json.dumps(result, ensure_ascii=False))
    elif run.faults == 0:
        click.echo(
            f"The ledger is sound: {run.size} entries in the tree, {run.waiting} waiting, {run.checkpoints} checkpoints, "
            f"{run.records} records compared.\nRoot {run.root}"
        )
    sys.exit(1 if run.faults else 0)


@group.command()
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it to this file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def checkpoint(out: Path | None, as_json: bool) -> None:
    """Print the latest signed checkpoint. Keep it elsewhere: it proves later that nothing was rewritten."""
    found = queries.checkpoint()
    if out is not None:
        try:
            out.write_text(found.note, encoding="utf-8", newline="")
        except OSError as fault:
            raise click.ClickException(f"{out} can't be written: {fault.strerror}") from fault
    if as_json:
        facts = {"size": found.size, "root": found.root, "at": found.at.isoformat(), "note": found.note}
        click.echo(json.dumps(facts, ensure_ascii=False))
    elif out is None:
        click.echo(found.note, nl=False)


@group.command()
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=False))
def export(file: IO[str]) -> None:
    """Write all entries to FILE ("-" for the screen), one JSON object a line, in the order of their numbers."""
    for row in queries.export():
        file.write(json.dumps(row, ensure_ascii=False) + "\n")
