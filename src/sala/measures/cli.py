"""What can an operator do with figures on the command line? List measures, import a file, count, show a figure."""

import json
from pathlib import Path
from typing import Any

import click


@click.group("measures")
def group() -> None:
    """Figures: what is counted, from files and from the rooms."""


@group.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_(as_json: bool) -> None:
    """All measures: code, name, unit, how they add up."""
    from sala.measures import queries

    found = queries.measures()
    if as_json:
        rows = [
            {
                "code": one.code,
                "name": one.name.as_dict(),
                "unit": one.unit.value,
                "aggregation": one.aggregation.value,
            }
            for one in found
        ]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    for one in found:
        click.echo(f"{one.code:28} {one.unit.value:8} {one.aggregation.value:8} {one.name.en}")


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--mapping",
    default="",
    help="The mapping in the pack's measures.toml (default: found by the file's name).",
)
@click.option("--source", default="", help="Where the file is from (default: what the mapping says).")
@click.option("--licence", default="", help="Its licence (default: what the mapping says).")
@click.option(
    "--lenient",
    is_flag=True,
    help="Take the good rows and list the bad; otherwise one bad row takes nothing.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def import_(file: Path, mapping: str, source: str, licence: str, lenient: bool, as_json: bool) -> None:
    """Take in a CSV file of figures, then count anew."""
    from sala.accounts.acting import system
    from sala.kit.errors import Invalid
    from sala.measures import actions, pack, taking

    chosen = pack.mapping(mapping) if mapping else _mapping_for(file)
    beside = {
        other.file: (pack.folder() / other.file).read_bytes()
        for other in chosen.compare
        if (pack.folder() / other.file).exists()
    }
    try:
        taken = taking.take(
            by=system("import"),
            data=file.read_bytes(),
            file_name=file.name,
            mapping=chosen,
            source=source,
            licence=licence,
            others=beside,
            lenient=lenient,
        )
    except Invalid as problem:
        for error in problem.errors:
            row, _colon, column = error.field.partition(":")
            click.echo(f"{file.name}: row {row}{', ' + column if column else ''}: {error.message}", err=True)
        raise
    counted = actions.roll_up()
    if as_json:
        click.echo(json.dumps(_told(taken, counted.totals), ensure_ascii=False, indent=1))
        return
    _say(file, taken)


def _mapping_for(file: Path) -> Any:
    from sala.measures import pack

    known = pack.mappings(pack.folder())
    fitting = [one for one in known.values() if Path(one.file).name == file.name]
    if len(fitting) != 1:
        raise click.ClickException(
            f"Which mapping does {file.name} follow? Give --mapping, one of: {', '.join(sorted(known))}."
        )
    return fitting[0]


def _told(taken: Any, totals: int) -> dict[str, Any]:
    def rows(faults: Any) -> list[dict[str, Any]]:
        return [{"row": f.row, "column": f.column, "code": f.code, "reason": f.sentence()} for f in faults]

    return {
        "taken": taken.imported is not None,
        "rows": taken.rows,
        "facts": taken.facts,
        "changed": taken.changed,
        "faults": rows(taken.faults),
        "notes": rows(taken.notes),
        "former": taken.former,
        "report": str(taken.report) if taken.report else None,
        "totals": totals,
    }


def _say(file: Path, taken: Any) -> None:
    if taken.imported is None:
        click.echo(f"{file.name}: this very file is in force already; nothing changed.")
    else:
        click.echo(
            f"{file.name}: {taken.rows} rows, {taken.facts} figures, {taken.changed} of them new or changed."
        )
    for fault in taken.faults:
        click.echo(
            f"left out: row {fault.row}{', ' + fault.column if fault.column else ''}: {fault.sentence()}"
        )
    for code in ("compare-value", "compare-missing", "compare-extra", "compare-codes", "characters"):
        for note in taken.notes:
            if note.code == code:
                click.echo(
                    f"noted: row {note.row}{', ' + note.column if note.column else ''}: {note.sentence()}"
                )
    repaired = sum(1 for note in taken.notes if note.code == "repaired")
    if repaired:
        click.echo(f"noted: {repaired} codes without leading zeros or with decimals were repaired.")
    if taken.former:
        click.echo(
            f"noted: {len(taken.former)} places are no longer in the gazetteer, kept: {' '.join(taken.former)}"
        )
    if taken.report:
        click.echo(f"Every note with its row: {taken.report}")


@group.command("roll-up")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def roll_up(as_json: bool) -> None:
    """Count every figure anew, at every level, by month, quarter and year."""
    from sala.measures import actions

    done = actions.roll_up()
    told = {
        "facts": done.facts,
        "totals": done.totals,
        "changed": done.changed,
        "milliseconds": done.milliseconds,
    }
    told["refused"] = done.refused
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(f"{done.facts} facts, {done.totals} figures, {done.changed} changed, {done.milliseconds} ms.")
    for line in done.refused:
        click.echo(f"left out: {line}", err=True)


@group.command("show")
@click.argument("measure")
@click.option("--place", default="", help="Gazetteer code; without it the nation.")
@click.option(
    "--period",
    "period_text",
    default="",
    help="A month, quarter or year (default: the latest year with data).",
)
@click.option("--below", is_flag=True, help="Also the units directly below.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def show(measure: str, place: str, period_text: str, below: bool, as_json: bool) -> None:
    """One figure, and what lies below it."""
    from sala.measures import asked, queries, told
    from sala.places import queries as places

    one = queries.measure(measure)
    key = queries.place(place)
    period = asked.period(period_text) if period_text else queries.default_period(one, key)
    found = queries.totals(one, period, key, None)
    if below:
        found += [part.figure.total for part in queries.parts(one, key, period) if part.figure.total]
    rows = told.serialised(found)
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    if not rows:
        click.echo(f"{one.code} {places.title(key)['en']} {period.code}: no data")
    for row in rows:
        parts = f" ({row['numerator']} of {row['denominator']})" if row["numerator"] is not None else ""
        click.echo(
            f"{one.code} {row['place'] or 'nation':8} {row['name']['en']} {period.code}: {row['value']}{parts}"
        )
