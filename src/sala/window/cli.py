"""The command line of the window: list and show requests, erase a resident's data."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from sala.accounts.acting import system
from sala.kit.errors import Problem
from sala.window import listing, queries, shown
from sala.window.proposal.commands import COMMANDS


def _by() -> Any:
    """Whoever may open a shell on this machine acts as the system; the ledger names it."""
    return system("command-line")


def _say(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def _fail(problem: Problem) -> None:
    from sala.kit.api import say

    click.echo(say(problem.message), err=True)
    sys.exit(1)


@click.group("window")
def group() -> None:
    """The one window: services and requests."""


@group.command("services")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def services(as_json: bool) -> None:
    """The catalogue, with the status of fees and deadlines."""
    rows: list[dict[str, Any]] = [
        {
            "code": row.code,
            "name": {"km": row.name_km, "en": row.name_en},
            "fee_status": row.fee_status,
            "days": row.days,
            "days_status": row.days_status,
        }
        for row in queries.services()
    ]
    if as_json:
        _say(rows)
        return
    for row in rows:
        click.echo(
            f"{row['code']:24} {row['days']:3} {row['days_status']:9} {row['fee_status']:11} {row['name']['km']}"
        )


@group.command("list")
@click.option(
    "--state",
    type=click.Choice(["received", "in_progress", "waiting", "done", "refused", "withdrawn", "closed"]),
    help="Only requests in this state.",
)
@click.option("--place", default="", help="Gazetteer code of a place; everything in it is listed.")
@click.option(
    "--limit", default=20, type=click.IntRange(1, 1000), show_default=True, help="How many at most."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def requests(state: str | None, place: str, limit: int, as_json: bool) -> None:
    """The requests that are due first, without personal data."""
    rows = list(queries.narrowed(queries.listing(_by()), state=state or "", place=place)[:limit])
    names = shown.place_names(rows)
    plain = [listing.plain(row, names) for row in rows]
    if as_json:
        _say(plain)
        return
    for row in plain:
        click.echo(
            f"{row['number']:18} {row['state']:12} {row['due']:%Y-%m-%d} {row['service']:16} {row['place']}"
        )


@group.command("show")
@click.argument("number")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(number: str, as_json: bool) -> None:
    """One request with its steps, without personal data."""
    try:
        found = queries.by_number(_by(), number)
    except Problem as problem:
        _fail(problem)
        return
    plain = listing.plain(found, shown.place_names([found]))
    plain["events"] = [
        {"act": event.act, "state": event.target, "at": event.at, "post": event.post}
        for event in queries.events(found, public=False)
    ]
    if as_json:
        _say(plain)
        return
    click.echo(f"{plain['number']}  {plain['state']}  {plain['service']}  {plain['place']}")
    for event in plain["events"]:
        click.echo(f"  {event['at']:%Y-%m-%d %H:%M}  {event['act']:10} {event['state']:12} {event['post']}")


@group.command("looks")
@click.argument("number")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def who_looked(number: str, as_json: bool) -> None:
    """Who read what the resident told with a request, the newest first: time, door, appointment."""
    from sala.ledger import looks
    from sala.window import steps

    try:
        found = queries.by_number(_by(), number)
    except Problem as problem:
        _fail(problem)
        return
    rows = [
        {"at": look.at, "door": look.act, "post": look.post}
        for look in looks.of(steps.REQUEST, str(found.id), limit=1000)
    ]
    if as_json:
        _say(rows)
        return
    for row in rows:
        click.echo(f"{row['at']:%Y-%m-%d %H:%M}  {row['door']:16} {row['post']}")


@group.command("erase")
@click.argument("number")
@click.option("--yes", is_flag=True, help="Do it; without this the command only says what it would do.")
def erase(number: str, yes: bool) -> None:
    """Erase what a resident told about themselves; the ledger stays valid."""
    from sala.window import actions

    try:
        found = queries.by_number(_by(), number)
        if not yes:
            click.echo(
                f"{found.number}: contact, description, place and photos would be erased for good. Add --yes to do it."
            )
            return
        actions.erase_person(by=_by(), request_id=found.id)
    except Problem as problem:
        _fail(problem)
        return
    click.echo(f"{found.number}: erased.")


@group.command("open311-key")
@click.argument("name")
@click.option("--revoke", is_flag=True, help="End the key of this name instead of making one.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def open311_key(name: str, revoke: bool, as_json: bool) -> None:
    """A new key for a program that reports by Open311. It is shown once; only its digest is kept."""
    from sala.window import keys

    try:
        if revoke:
            keys.end_key(by=_by(), name=name)
            return
        key = keys.make_key(by=_by(), name=name)
    except Problem as problem:
        _fail(problem)
        return
    if as_json:
        _say({"name": name, "key": key})
    else:
        click.echo(key)


@group.group("catalogue")
def catalogue() -> None:
    """The list of services as a file: out, and back in."""


@catalogue.command("export")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
def catalogue_export(file: Path) -> None:
    """Write every service into FILE, which ends in .xlsx or .json."""
    from sala.window import editing, interchange

    writers = {".xlsx": interchange.as_xlsx, ".json": interchange.as_json}
    if file.suffix.lower() not in writers:
        raise click.UsageError("FILE must end in .xlsx or .json.")
    services = [editing.plain(version) for version in queries.catalogue()]
    file.write_bytes(writers[file.suffix.lower()](services))
    click.echo(f"{file}: {len(services)} services")


@catalogue.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def catalogue_import(file: Path, dry_run: bool, as_json: bool) -> None:
    """Take the services of FILE (.xlsx, .json): all of it, or nothing if one row is wrong. Services that it does not name stay."""
    from sala.kit.api import say
    from sala.window import editing, interchange

    found = interchange.read(file.read_bytes(), file.name)
    if found.faults:
        for fault in found.faults:
            where = f", {fault.column}" if fault.column else ""
            click.echo(f"{file.name}: row {fault.row}{where}: {say(fault.message)}", err=True)
        sys.exit(1)
    rows = [row for _number, row in found.rows]
    try:
        changes = editing.compare(rows) if dry_run else editing.take(by=_by(), rows=rows)
    except Problem as problem:
        for error in problem.errors:
            click.echo(f"{file.name}: {error.field}: {say(error.message)}", err=True)
        _fail(problem)
        return
    told = [{"code": one.code, "change": one.kind, "fields": list(one.keys)} for one in changes]
    if as_json:
        _say({"taken": not dry_run, "services": told})
        return
    for one in told:
        if one["change"] != "unchanged":
            fields = "" if one["change"] == "new" else f": {', '.join(one['fields'])}"
            click.echo(f"{one['code']:20} {one['change']}{fields}")
    same = sum(one["change"] == "unchanged" for one in told)
    click.echo(
        f"{len(told) - same} to change, {same} unchanged"
        if dry_run
        else f"{len(told) - same} changed, {same} unchanged"
    )


for command in COMMANDS:
    group.add_command(command)
