"""The command line: `sala ...`, one group a room, exit 0 done, 1 refused or failed, 2 wrong usage."""

import errno
import functools
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable
from typing import Any

import click

OPENING = ("init", "migrate", "demo", "doctor", "restore", "serve", "worker")
"""The shell's own commands; those of the rooms want an open hall."""


class House(click.Group):
    """The commands of the shell and of every room; whatever goes wrong ends with one clear line and exit 1."""

    def invoke(self, ctx: click.Context) -> Any:
        from django.db import DatabaseError

        from sala.kit.errors import Problem

        try:
            return super().invoke(ctx)
        except Problem as problem:
            lines = [f"{error.field}: {error.message}" for error in problem.errors]
            raise click.ClickException("; ".join([str(problem.message), *lines])) from problem
        except DatabaseError as error:
            from sala.shell import serve

            serve.check_database()  # tells it better where the database is away, empty or old
            raise click.ClickException(f"The database did not do it: {first_line(error)}") from error
        except OSError as error:
            if error.errno == errno.EPIPE:  # who read our output has had enough: click knows what to do
                raise
            raise click.ClickException(told(error)) from error


def first_line(error: BaseException) -> str:
    """What an error says, in one line."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def told(error: OSError) -> str:
    """The file and what is wrong with it."""
    reason = error.strerror or first_line(error)
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{reason}. Everything Sala writes is in SALA_HOME: may this user write there?"


@click.group(cls=House)
@click.version_option(package_name="sala")
def sala() -> None:
    """Sala runs public halls: one record, from the window to the ministry.

    Everything it writes is in SALA_HOME (default ./var). Exit status: 0 done, 1 refused or failed, 2 wrong usage.
    """


@sala.command()
@click.option("--country", default="kh", show_default=True, help="The country pack to load.")
@click.option(
    "--demo", is_flag=True, help="A demonstration: fictional people and a year of records, marked as such."
)
@click.option(
    "--requests", type=click.IntRange(0, 1_000_000), help="How many requests the demonstration has."
)
@click.option("--seed", type=int, help="The seed of the demonstration.")
def init(country: str, demo: bool, requests: int | None, seed: int | None) -> None:
    """Open a hall: tables, the country's places, offices, posts and services, keys; with --demo a year of records."""
    from django.conf import settings
    from django.db import transaction

    from sala.installation import packs
    from sala.shell import founding

    if not demo and (requests is not None or seed is not None):
        raise click.UsageError("--requests and --seed belong to --demo.")
    if country not in packs.known():
        raise click.ClickException(f"There is no pack for {country!r}; there is: {', '.join(packs.known())}.")
    founding.migrate()
    if founding.is_founded():
        raise click.ClickException(
            "This database is initialised already. `sala serve` opens it; another SALA_HOME is another hall."
        )
    with transaction.atomic():  # a hall is open as a whole or not at all: interrupted, it can be opened again
        if demo:
            from sala.shell.demo import opening

            opening.found(country=country, requests=requests, seed=seed, say=click.echo)
        else:
            founding.found(country=country, demonstration=False, seed=None, say=click.echo)
    str(settings.SECRET_KEY)  # asked for, it is made: to be saved with the ledger's key
    click.echo("The hall is open. Next: `sala serve`.")


@sala.command()
@click.option(
    "--pack", is_flag=True, help="Also load what is new in the country's pack: posts, permissions, services."
)
def migrate(pack: bool) -> None:
    """Bring the tables up to date after an upgrade."""
    from sala.installation import queries
    from sala.shell import founding

    founding.migrate()
    hall = queries.current() if pack else None
    if pack and hall is None:
        raise click.ClickException(
            "There is no hall here yet. `sala init` opens one, with its country's pack."
        )
    click.echo("The tables are up to date.")
    if hall is not None:
        founding.load_pack(hall.country, click.echo)


@sala.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def demo(as_json: bool) -> None:
    """Print the demonstration's sign-ins."""
    import json

    from sala.shell import founding

    accounts = founding.read_accounts()
    if not accounts:
        raise click.ClickException("There is no demonstration here. `sala init --demo` makes one.")
    if as_json:
        click.echo(json.dumps(accounts, ensure_ascii=False))
        return
    click.echo("A demonstration: every person and event is fictional. A second factor is not demanded.\n")
    for line in sign_in_lines(accounts):
        click.echo(line)


def sign_in_lines(accounts: list[dict[str, str]]) -> list[str]:
    """The sign-ins as a table: user name, password, post in words, place; columns as wide as they need."""
    rows = [("user name", "password", "post", "place")]
    rows += [
        (each["username"], each["password"], each["post"].replace("_", " "), each["place_code"] or "-")
        for each in accounts
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return [lines[0], "-" * max(map(len, lines)), *lines[1:]]


@sala.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(as_json: bool) -> None:
    """Look the installation over: what is well, what is not, and what to do; exit 1 when something is bad."""
    import json

    from sala.shell import doctor as examination

    found = examination.examine()
    if as_json:
        click.echo(json.dumps([check.as_dict() for check in found], ensure_ascii=False, indent=1))
    else:
        for check in found:
            click.echo(check.line())
    bad = [check.name for check in found if check.state == "bad"]
    if bad:
        raise click.ClickException(f"Bad: {', '.join(bad)}.")


def in_an_open_hall(command: click.Command) -> None:
    """Let a command of a room, or each one in its group, tell first when there is no database, or none that is ready."""
    if isinstance(command, click.Group):
        for each in command.commands.values():
            in_an_open_hall(each)
        return
    act = command.callback
    if act is None or hasattr(act, "__wrapped__") or getattr(command, "needs_no_hall", False):
        return

    @functools.wraps(act)
    def opened(*arguments: Any, **options: Any) -> Any:
        from sala.shell import serve

        serve.check_database()
        return act(*arguments, **options)

    command.callback = opened


def _add_rooms(house: click.Group) -> None:
    """Find each room's group (`sala.<room>.cli`: `group`, and more in `commands`)."""
    from django.conf import settings

    for app in settings.INSTALLED_APPS:
        if app.startswith("sala.") and app != "sala.shell" and importlib.util.find_spec(f"{app}.cli"):
            module = importlib.import_module(f"{app}.cli")
            for command in [getattr(module, "group", None), *getattr(module, "commands", [])]:
                if command is not None:
                    house.add_command(command)
    from sala.shell import backup, keys, restore, retention, serve

    house.add_command(serve.serve)
    house.add_command(serve.worker)
    house.add_command(backup.backup)
    house.add_command(keys.group)
    house.add_command(retention.retention)
    house.add_command(restore.restore)
    for name, command in house.commands.items():
        if name not in OPENING:
            in_an_open_hall(command)


def main(arguments: list[str] | None = None, leave: Callable[[int], Any] = sys.exit) -> None:
    """Entry point of the command `sala`."""
    os.umask(0o077)  # the database, the outbox and the reports hold what residents told: for this user alone
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sala.settings")
    import django
    from django.core.exceptions import ImproperlyConfigured
    from django.utils import translation

    try:
        django.setup()
    except (OSError, ImproperlyConfigured) as error:
        click.echo(f"Error: {told(error) if isinstance(error, OSError) else first_line(error)}", err=True)
        leave(1)
        return
    translation.activate("km" if os.environ.get("LANG", "").startswith("km") else "en")
    _add_rooms(sala)
    leave(sala.main(args=arguments, prog_name="sala", standalone_mode=True))
