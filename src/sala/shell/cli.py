"""The command line: `sala ...`, one group a room, exit 0 done, 1 refused or failed, 2 wrong usage."""

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable
from typing import Any

import click


class House(click.Group):
    """The commands of the shell and of every room; a problem ends with one clear line and exit 1."""

    def invoke(self, ctx: click.Context) -> Any:
        from django.db import DatabaseError

        from sala.kit.errors import Problem

        try:
            return super().invoke(ctx)
        except Problem as problem:
            lines = [f"{error.field}: {error.message}" for error in problem.errors]
            raise click.ClickException("; ".join([str(problem.message), *lines])) from problem
        except DatabaseError as error:
            reason = str(error).strip().splitlines()[0]
            raise click.ClickException(
                f"The database did not do it: {reason}. Has `sala init` been run?"
            ) from error


@click.group(cls=House, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sala")
def sala() -> None:
    """Sala runs public halls: one record, from the window to the ministry."""


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
    from sala.shell import founding

    founding.migrate()
    if founding.is_founded():
        raise click.ClickException("This database is initialised already.")
    if demo:
        from sala.shell.demo import year

        year.found(country=country, requests=requests, seed=seed, say=click.echo)
    else:
        founding.found(country=country, demonstration=False, seed=None, say=click.echo)
    click.echo("The hall is open.")


@sala.command()
def migrate() -> None:
    """Bring the tables up to date after an upgrade."""
    from sala.shell import founding

    founding.migrate()
    click.echo("The tables are up to date.")


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
    click.echo(
        "Demonstration: every person and event is fictional. A second factor is offered, not demanded."
    )
    click.echo(f"{'user name':<22}{'password':<26}{'post':<30}place")
    for account in accounts:
        click.echo(
            f"{account['username']:<22}{account['password']:<26}{account['post']:<30}{account['place_code'] or '-'}"
        )


def _add_rooms(house: click.Group) -> None:
    """Find each room's group (`sala.<room>.cli`: `group`, and more in `commands`)."""
    from django.conf import settings

    for app in settings.INSTALLED_APPS:
        if app.startswith("sala.") and app != "sala.shell" and importlib.util.find_spec(f"{app}.cli"):
            module = importlib.import_module(f"{app}.cli")
            for command in [getattr(module, "group", None), *getattr(module, "commands", [])]:
                if command is not None:
                    house.add_command(command)
    if importlib.util.find_spec("sala.shell.serve"):
        serve = importlib.import_module("sala.shell.serve")
        house.add_command(serve.serve)
        house.add_command(serve.worker)


def main(arguments: list[str] | None = None, leave: Callable[[int], Any] = sys.exit) -> None:
    """Entry point of the command `sala`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sala.settings")
    import django
    from django.utils import translation

    django.setup()
    translation.activate("km" if os.environ.get("LANG", "").startswith("km") else "en")
    _add_rooms(sala)
    leave(sala.main(args=arguments, prog_name="sala", standalone_mode=True))
