"""The command line of accounts: who may do what, where; open accounts, invite, close; and tokens for programs."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

from sala.offices.terms import Instrument

T = TypeVar("T")
PAPERS = [str(paper) for paper in Instrument]


def _say(problem: str) -> click.ClickException:
    return click.ClickException(problem)


def _run(step: Callable[[], T]) -> T:
    """An action's problem as one line on stderr."""
    from sala.kit.errors import Problem

    try:
        return step()
    except Problem as problem:
        raise _say("; ".join(str(each.message) for each in problem.errors) or str(problem.message)) from None


def _account(username: str) -> Any:
    from sala.accounts import queries

    user = queries.user(username)
    if user is None or not user.is_active:
        raise _say(f"There is no open account {username}.")
    return user


def _invite(user: Any, days: int, as_json: bool) -> None:
    from django.conf import settings

    from sala.accounts import acting, invitations

    code, row = _run(lambda: invitations.invite(by=acting.system("cli"), user=user.pk, days=days))
    link = f"{settings.PUBLIC_URL or f'http://{settings.BIND}'}/km/invitation?code={code}"
    if as_json:
        found = {"username": user.username, "code": code, "link": link, "expires": row.expires.isoformat()}
        click.echo(json.dumps(found))
    else:
        click.echo(
            f"{user.username} chooses a password with the code {code}, until {row.expires:%Y-%m-%d %H:%M} UTC."
        )
        click.echo(link)


@click.group("accounts")
def group() -> None:
    """Who may do what; accounts and invitations."""


@group.command("open")
@click.argument("username")
@click.option(
    "--post", required=True, help="Code of the post, as in the country's posts.toml: administrator."
)
@click.option("--office", required=True, help="Code of the office: commune-hall-120404.")
@click.option("--name-km", nargs=2, required=True, metavar="FAMILY GIVEN", help="Name in Khmer.")
@click.option("--name", nargs=2, required=True, metavar="FAMILY GIVEN", help="Name in Latin letters.")
@click.option(
    "--paper", type=click.Choice(PAPERS), default="decision", show_default=True, help="Kind of instrument."
)
@click.option("--number", default="", help="Number of the instrument.")
@click.option(
    "--days", type=click.IntRange(1, 14), default=3, show_default=True, help="Days of the invitation."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def open_(
    username: str,
    post: str,
    office: str,
    name_km: tuple[str, str],
    name: tuple[str, str],
    paper: str,
    number: str,
    days: int,
    as_json: bool,
) -> None:
    """Appoint a new person from today on, open the account USERNAME and print an invitation: the first administrator."""
    from django.db import transaction

    from sala.accounts import acting, actions
    from sala.kit import clock
    from sala.offices import actions as appointing
    from sala.offices import queries as offices

    at = offices.office_by_code(office)
    if at is None:
        raise _say(f"There is no office {office}.")
    if post not in {kind.pk for kind in offices.posts(at.kind)}:
        known = ", ".join(kind.pk for kind in offices.posts(at.kind))
        raise _say(f"There is no post {post} in this office. Known: {known or 'none'}")
    by = acting.system("cli")

    def opened() -> Any:
        with transaction.atomic():
            who = appointing.register_person(
                by=by,
                office=at,
                family_km=name_km[0],
                given_km=name_km[1],
                family_latin=name[0],
                given_latin=name[1],
            )
            appointing.appoint(
                by=by,
                person=who,
                post=post,
                office=at,
                start=clock.today(),
                instrument=appointing.Paper(paper, number),
            )
            return actions.open_account(by=by, person=who, username=username, at=at.where)

    _invite(_run(opened), days, as_json)


@group.command("invite")
@click.argument("username")
@click.option(
    "--days", type=click.IntRange(1, 14), default=3, show_default=True, help="Days of the invitation."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def invite(username: str, days: int, as_json: bool) -> None:
    """Print an invitation with which USERNAME chooses a (new) password. An earlier one ends."""
    _invite(_account(username), days, as_json)


@group.command("close")
@click.argument("username")
def close(username: str) -> None:
    """Close the account USERNAME: its sessions and tokens open nothing any more."""
    from sala.accounts import acting, actions

    user = _account(username)
    _run(lambda: actions.close_account(by=acting.system("cli"), user=user.pk))
    click.echo(f"{username} is closed.")


@group.command("factors-off")
@click.argument("username")
def factors_off(username: str) -> None:
    """Take away the second factors of USERNAME, who has lost them. Its sessions end."""
    from sala.accounts import acting, factors

    user = _account(username)
    gone = _run(lambda: factors.take_away(by=acting.system("cli"), user=user.pk))
    click.echo(f"{username}: {gone} removed.")


@group.command("link")
@click.argument("username")
@click.argument("subject")
def link(username: str, subject: str) -> None:
    """Let SUBJECT at the provider (SALA_OIDC_ISSUER) open the account USERNAME."""
    from sala.accounts import acting, provider

    if not provider.configured():
        raise _say("No provider is set: SALA_OIDC_ISSUER, SALA_OIDC_CLIENT_ID, SALA_OIDC_CLIENT_SECRET.")
    user = _account(username)
    _run(lambda: provider.link(by=acting.system("cli"), user=user.pk, subject=provider.subject_here(subject)))
    click.echo(f"{username} signs in with {provider.name()} now.")


@group.command("who-may")
@click.argument("verb")
@click.option("--at", "place", required=True, help="Gazetteer code of a place, or the code of an office.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def who_may(verb: str, place: str, as_json: bool) -> None:
    """List who may do VERB at a place today, and by which post: sala accounts who-may window.take --at 120404."""
    from sala.accounts import powers, verbs
    from sala.kit import clock
    from sala.offices import queries as offices
    from sala.places import queries as places

    if verbs.known(verb) is None:
        known = ", ".join(str(term) for room in verbs.rooms().values() for term in room)
        raise _say(f"There is no verb {verb}. Known: {known}")
    office = offices.office_by_code(place)
    unit = None if office else places.by_code(place)
    if office is None and unit is not None:
        office = offices.serving(unit.key, unit.level if unit.level != "village" else "commune")
    if office is None:
        raise _say(f"There is no place or office {place}.")
    rows: list[dict[str, Any]] = []
    if verbs.is_resident(verb):
        rows.append({"post": "everybody", "person": "", "office": "", "scope": "nation"})
    for row, scope in powers.who_may(verb, office, clock.today()):
        title = offices.title(row.post, row.office.form)
        rows.append(
            {
                "post": title["en"],
                "person": row.person.name_en,
                "office": row.office.name_en,
                "scope": str(scope),
            }
        )
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    for found in rows:
        click.echo(f"{found['post']}, {found['office']}: {found['person']} ({found['scope']})")
    if not rows:
        click.echo("Nobody today.")


@click.group("token")
def token() -> None:
    """Keys for programs."""


@token.command("create")
@click.argument("username")
@click.option("--days", type=click.IntRange(1, 366), default=30, show_default=True, help="How long it lives.")
@click.option("--post", default="", help="Code of the post, where the person holds several.")
@click.option("--label", default="", help="What it is for.")
@click.option(
    "--scope", multiple=True, help="Limit it: read, or verbs as who-may knows them (several times)."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def create(username: str, days: int, post: str, label: str, scope: tuple[str, ...], as_json: bool) -> None:
    """Make a token for USERNAME and print it once. It ends with its days, or with the post."""
    from sala.accounts import acting, actions, queries
    from sala.offices import queries as offices

    user = queries.user(username)
    if user is None or not user.is_active or user.person_id is None:
        raise _say(f"There is no open account {username}.")
    held = [row for row in offices.appointments_of(user.person_id) if not post or row.post_id == post]
    if not held:
        raise _say(f"{username} holds no {'such ' if post else ''}post today.")
    text, row = _run(
        lambda: actions.issue_token(
            by=acting.system("cli"),
            user=user,
            appointment=held[0],
            days=days,
            label=label or "sala token create",
            scope=scope,
        )
    )
    if as_json:
        found = {
            "token": text,
            "id": str(row.pk),
            "expires": row.expires.isoformat(),
            "post": held[0].post_id,
        }
        click.echo(json.dumps(found))
    else:
        click.echo(text)


commands = [token]
