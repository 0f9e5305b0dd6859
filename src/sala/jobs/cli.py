"""Which background work is there, and how is it going? `sala jobs`."""

import json
from dataclasses import asdict

import click


@click.group("jobs")
def group() -> None:
    """Background work: what it is, when it ran, what hinders it."""


@group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_jobs(as_json: bool) -> None:
    """List every job with its state."""
    from sala.jobs import queries

    rows = queries.report()
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows], default=lambda moment: moment.isoformat()))
        return
    for row in rows:
        last = f"{row.last_ok:%Y-%m-%d %H:%M:%S}" if row.last_ok else "never"
        line = f"{row.name:<32} {row.state:<8} every {row.every_seconds:g} s, last done {last}"
        click.echo(line + (f", failed {row.failures} times: {row.last_error}" if row.failures else ""))


@group.command("run")
@click.argument("name")
def run_job(name: str) -> None:
    """Do one job now, in this process, whether it is due or not."""
    from sala.jobs import actions, registry

    if name not in registry.jobs():
        raise click.ClickException(f"There is no job {name!r}; `sala jobs list` names them.")
    error = actions.run_now(name)
    if error:
        raise click.ClickException(f"{name}: {error}")
    click.echo(f"{name}: done")
