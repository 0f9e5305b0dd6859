"""The command line of places: check the list, search it, show a unit."""

import json
from typing import Any

import click


@click.group("places")
def group() -> None:
    """The gazetteer: check it, search it, show a unit."""


def _line(unit: Any) -> str:
    from sala.places import queries

    title = queries.title(unit.key)
    above = " < ".join(one.name_en for one in reversed(queries.line(unit.key)[:-1]))
    gone = "  (former)" if unit.ended else ""
    return f"{unit.key}\t{title['km']}\t{title['en']}" + (f"\t< {above}" if above else "") + gone


def _as_dict(unit: Any) -> dict[str, Any]:
    from sala.places import shown

    return shown.record(unit)


@group.command("check")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def check(as_json: bool) -> None:
    """Report every defect of the list of places, and whether its numbers are those the pack expects."""
    from sala.places import report

    found = report.check()
    if as_json:
        click.echo(json.dumps(found.as_dict(), ensure_ascii=False, indent=1))
        return
    for finding in found.findings:
        click.echo(f"{finding['key']}\t{finding['defect']}\t{finding['text']}")
    for name, number in found.counts.items():
        click.echo(f"{name}: {number}")
    for difference in found.differences:
        click.echo(difference)
    click.echo(report.summary(found))


@group.command("search")
@click.argument("text")
@click.option("--limit", type=click.IntRange(1, 100), default=10, show_default=True, help="How many at most.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def search(text: str, limit: int, as_json: bool) -> None:
    """Find places by a Khmer or Latin name or a code: sala places search "tek laak 1"."""
    from sala.places import queries

    try:
        found = queries.search(text, limit=limit, former=True)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps([_as_dict(unit) for unit in found], ensure_ascii=False, indent=1))
        return
    if not found:
        raise click.ClickException(f"No place found for {text!r}. Try part of the name, or the code.")
    for unit in found:
        click.echo(_line(unit))


@group.command("show")
@click.argument("code")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def show(code: str, as_json: bool) -> None:
    """Show the unit (or units) with CODE: names, line, validity, defects, what became of it."""
    from sala.places import queries, shown

    found = queries.all_by_code(code) or [unit for unit in [queries.unit(code)] if unit]
    if not found:
        raise click.ClickException(f"There is no place with the code {code!r}.")
    if as_json:
        click.echo(json.dumps([_as_dict(unit) for unit in found], ensure_ascii=False, indent=1))
        return
    for unit in found:
        click.echo(_line(unit))
        for sentence in shown.sentences(unit):
            click.echo(f"  {sentence}")
        for child in queries.children(unit.key):
            click.echo(f"  {_line(child)}")
