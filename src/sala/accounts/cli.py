"""The command line of accounts: who may do what, where; and tokens for programs."""

import json
from typing import Any

import click


def _say(problem: str) -> click.ClickException:
    return click.ClickException(problem)


@click.group("accounts")
def group() -> None:
    """Who may do what."""


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
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def create(username: str, days: int, post: str, label: str, as_json: bool) -> None:
    """Make a token for USERNAME and print it once. It ends with its days, or with the post."""
    from sala.accounts import acting, actions, queries
    from sala.offices import queries as offices

    user = queries.user(username)
    if user is None or not user.is_active or user.person_id is None:
        raise _say(f"There is no open account {username}.")
    held = [row for row in offices.appointments_of(user.person_id) if not post or row.post_id == post]
    if not held:
        raise _say(f"{username} holds no {'such ' if post else ''}post today.")
    text, row = actions.issue_token(
        by=acting.system("cli"), user=user, appointment=held[0], days=days, label=label or "sala token create"
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
