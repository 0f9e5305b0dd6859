"""What can an operator do with figures on the command line? List measures, import a file, count, show a figure."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


def _files(needed: bool) -> Callable[[Any], Any]:
    """The three files of a count without a hall."""

    def with_options(command: Any) -> Any:
        for name, what in (
            (
                "facts",
                "Facts, CSV or Parquet: measure,place,period[,value][,numerator,denominator][,dimensions].",
            ),
            ("measures", "Measures, TOML: one table each."),
            ("places", "Places, CSV: code,parent,level[,valid_from,valid_to]."),
        ):
            kind = click.Path(exists=True, dir_okay=False, path_type=Path)
            command = click.option(f"--{name}", type=kind, required=needed, help=what)(command)
        return command

    return with_options


def _list(ctx: click.Context, parameter: click.Parameter, text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


@group.command("roll-up")
@_files(needed=False)
@click.option(
    "--levels", default="", callback=_list, help="Only these levels of the places, with commas between."
)
@click.option("--periods", default="", callback=_list, help="Only these of month,quarter,year.")
@click.option(
    "--engine",
    type=click.Choice(["duckdb"]),
    default="duckdb",
    expose_value=False,
    help="What counts: DuckDB, which is built in.",
)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Where the figures go, CSV or Parquet."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def roll_up(
    places: Path | None,
    measures: Path | None,
    facts: Path | None,
    levels: tuple[str, ...],
    periods: tuple[str, ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Count every figure anew, at every level, by month, quarter and year.

    Of the hall; or, with --places, --measures, --facts and --out, of these files alone: then no hall is needed.
    """
    files = (places, measures, facts, out)
    if places and measures and facts and out:
        _roll_up_files(places, measures, facts, levels, periods, out, as_json)
        return
    if any(files) or levels or periods:
        raise click.UsageError("Files are counted with --places, --measures, --facts and --out, all four.")
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


def _roll_up_files(
    places: Path,
    measures: Path,
    facts: Path,
    levels: tuple[str, ...],
    periods: tuple[str, ...],
    out: Path,
    as_json: bool,
) -> None:
    from sala.measures.sums import counting

    known = {str(kind): kind for kind in counting.KINDS}
    if unknown := [one for one in periods if one not in known]:
        raise click.UsageError(f"--periods knows month, quarter and year, not {', '.join(unknown)}.")
    kinds = [kind for name, kind in known.items() if name in periods] or list(counting.KINDS)
    files = counting.Files(places, measures, facts)
    with _told_row_by_row():
        count = counting.roll_up(files, out, levels, kinds)
    told = {"figures": count, "out": str(out)}
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else f"{count} figures in {out}.")


@contextmanager
def _told_row_by_row() -> Iterator[None]:
    """Everything that is wrong with the files, a line each, then the refusal."""
    from sala.measures.sums.loading import Faulty

    try:
        yield
    except Faulty as faulty:
        for fault in faulty.faults:
            click.echo(str(fault), err=True)
        if faulty.more:
            click.echo(f"and {faulty.more} rows more.", err=True)
        raise click.ClickException(str(faulty.message)) from faulty


@group.command("query")
@_files(needed=True)
@click.option("--measure", required=True, callback=_list, help="What is asked, with commas between.")
@click.option("--place", default="", callback=_list, help="Places of the answer, each with what lies in it.")
@click.option("--period", default="", callback=_list, help="Periods of the answer: 2017, 2017-Q1, 2017-04.")
@click.option("--within-place", default="", callback=_list, help="Only what lies in these places together.")
@click.option("--within-period", default="", callback=_list, help="Only what lies in these periods together.")
@click.option("--by", default="", callback=_list, help="What stays apart: place, period, dimensions.")
@click.option("--aggregate", default="", help="Another aggregation: sum, p90, last_over_time_then_max.")
@click.option("--round", "places_after", type=click.IntRange(0, 10), help="Round to so many decimal places.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def query(
    places: Path,
    measures: Path,
    facts: Path,
    measure: tuple[str, ...],
    place: tuple[str, ...],
    period: tuple[str, ...],
    within_place: tuple[str, ...],
    within_period: tuple[str, ...],
    by: tuple[str, ...],
    aggregate: str,
    places_after: int | None,
    as_json: bool,
) -> None:
    """Ask files of facts a question; no hall is needed. What has no data has no row."""
    from sala.measures.sums import counting

    asked = counting.Question(
        measure, place, period, within_place, within_period, by, aggregate, places_after
    )
    with _told_row_by_row():
        rows = counting.ask(counting.Files(places, measures, facts), asked)
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        key = [row["measure"], row.get("place", ""), row.get("period", ""), *row["dimensions"].values()]
        click.echo(" ".join(part for part in key if part) + f": {row['value']}")


roll_up.needs_no_hall = query.needs_no_hall = True  # type: ignore[attr-defined]


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
