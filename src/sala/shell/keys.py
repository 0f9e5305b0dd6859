"""How are a hall's keys changed? `sala keys`: the ledger's signing key, and the server's secret."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

import click


@click.group("keys")
def group() -> None:
    """The keys of this hall: the ledger's, and the server's secret."""


@group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(as_json: bool) -> None:
    """The ledger's public keys with the checkpoints each signs, and how many former secrets are kept."""
    from django.conf import settings

    from sala.ledger import keyring

    found: list[dict[str, Any]] = keyring.published()
    former = {"still_sign": len(settings.SECRET_KEY_FALLBACKS), "kept": len(settings.FORMER_SECRETS)}
    if as_json:
        click.echo(json.dumps({"ledger": found, "former_secrets": former}, ensure_ascii=False))
        return
    for each in found:
        until = f"to {each['up_to']}" if each["up_to"] is not None else "and signs now"
        click.echo(f"ledger  after {each['after']} {until}: {each['key']}")
    click.echo(f"secret  {former['kept']} former ones kept, {former['still_sign']} of them good for sessions")


@group.command("rotate")
@click.argument("which", type=click.Choice(["ledger", "secret"]))
@click.option(
    "--at-once",
    is_flag=True,
    help="With `secret`, when it leaked: whoever is signed in signs in again.",
)
def rotate(which: str, at_once: bool) -> None:
    """Change a key: `ledger` (the old key vouches for the new one) or `secret` (then start `sala serve` anew)."""
    from sala.accounts.acting import system
    from sala.ledger import rotation

    by = system("command-line")
    if which == "ledger":
        if at_once:
            raise click.UsageError("--at-once belongs to `secret`.")
        new = rotation.rotate(by=by)
        click.echo(f"The ledger is signed with a new key from here on: {new.text()}")
        click.echo(
            "Keep it where you keep checkpoints. Back up the keys now: `sala backup FILE --keys FILE`."
        )
        return
    new_secret(at_once=at_once)
    record(by, at_once)
    click.echo("The server has a new secret. Start `sala serve` and `sala worker` anew, so that they use it.")
    click.echo("Back up the keys now: `sala backup FILE --keys FILE`.")


def record(by: Any, at_once: bool) -> None:
    """The entry that says that the secret was changed; nothing of it is in it."""
    from django.db import transaction

    from sala.kit.acting import Where
    from sala.ledger import actions as ledger

    with transaction.atomic():
        ledger.record(
            by=by,
            act=ACT,
            kind="installation.secret",
            subject="secret",
            at=Where(),
            content={"at_once": at_once},
        )


ACT = "installation.new_secret"


def new_secret(*, at_once: bool) -> None:
    """Put a new secret in place. The old one joins the former ones first: cut off between the two, nothing is lost.

    ``at_once``: neither the old one nor any before it is good for sessions any more.
    """
    from django.conf import settings

    path, former = settings.SECRET_FILES
    old = path.read_text().strip()
    lines = former.read_text().splitlines() if former.is_file() else []
    lines = [f"signs {old}", *(line for line in lines if line.split(" ", 1)[1] != old)]
    if at_once:
        lines = [f"opens {line.split(' ', 1)[1]}" for line in lines]
    _replace(former, "".join(f"{line}\n" for line in lines))
    _replace(path, secrets.token_urlsafe(64))


def _replace(path: Path, text: str) -> None:
    """Write a file for its owner alone, whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
