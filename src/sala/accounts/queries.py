"""Who acts with this session or this token, and what may a post do? One join each; grants are remembered by post."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from sala.accounts.acting import Post
from sala.accounts.models import Grant, Session, Token, User
from sala.accounts.rules import digest, session_mark
from sala.accounts.sessions import SessionStore
from sala.kit import clock
from sala.kit.acting import Where
from sala.kit.rows import one
from sala.offices import queries as offices
from sala.offices.rules import Span

GRANTS = "accounts.grants"
ACCOUNT = "accounts.account"
TOKEN = "accounts.token"  # noqa: S105 - a kind of record

# (post code -> (version of the post, its grants)): the version comes with every join, so a loading in any process counts.
_grants: dict[str, tuple[int, Mapping[str, frozenset[str]]]] = {}


def grants_of(post: str, version: int) -> Mapping[str, frozenset[str]]:
    """verb -> scopes of a kind of post, remembered for this ``version`` of it."""
    known = _grants.get(post)
    if known is not None and known[0] == version:
        return known[1]
    found: dict[str, set[str]] = {}
    for verb, scope in Grant.objects.filter(post_id=post).values_list("verb", "scope"):
        found.setdefault(verb, set()).add(scope)
    grants = {verb: frozenset(scopes) for verb, scopes in found.items()}
    _grants[post] = (version, grants)
    return grants


def forget_grants() -> None:
    """Read every post's grants anew."""
    _grants.clear()


def grants(posts: list[str] | None = None) -> list[Grant]:
    """The grants of these kinds of posts (default: all), by verb."""
    rows = Grant.objects.all() if posts is None else Grant.objects.filter(post_id__in=posts)
    return list(rows.order_by("verb", "post__order", "scope"))


def post_of(appointment: Any, user: UUID | None = None) -> Post:
    """The acting of an `offices` appointment, as it stands on its rows (person, post and office already joined)."""
    office, kind, person = appointment.office, appointment.post, appointment.person
    return Post(
        appointment=appointment.pk,
        user=user,
        person_id=person.pk,
        kind=kind.pk,
        office=office.pk,
        where=Where(
            province=office.province, district=office.district, commune=office.commune, office=office.pk
        ),
        grants=grants_of(kind.pk, kind.version),
        person={"km": person.name_km, "en": person.name_en},
        post_name=offices.title(kind, office.form),
        office_name={"km": office.name_km, "en": office.name_en},
        until=appointment.end,
    )


def acting_as(appointment_id: UUID | str, day: date | None = None) -> Post | None:
    """The acting of an appointment valid on ``day`` (default: today), or None. For the command line and demonstrations."""
    row = offices.appointment(appointment_id)
    if row is None or not Span(row.start, row.end).covers(day or clock.today()):
        return None
    return post_of(row)


def _valid(user: User | None, appointment: Any) -> bool:
    return (
        user is not None
        and user.is_active
        and appointment is not None
        and appointment.person_id == user.person_id
        and Span(appointment.start, appointment.end).covers(clock.today())
    )


def by_session(request: HttpRequest) -> tuple[Post, User] | None:
    """The post in which the session's person acts, and the user; None where the session opens nothing (any more)."""
    store = request.session
    key = store.get("_auth_user_id")  # reads the row with its join, if there is a cookie at all
    row = store.row if isinstance(store, SessionStore) else None
    if not key or row is None:
        return None
    user, appointment = row.user, row.appointment
    if user is None or not _valid(user, appointment):
        return None
    if not constant_time_compare(store.get("_auth_user_hash", ""), user.get_session_auth_hash()):
        return None  # the password was changed since
    user.backend = store.get("_auth_user_backend", "")
    return post_of(appointment, user.pk), user


def by_token(text: str) -> tuple[Post, User] | None:
    """The post and the user of an API token; None for one that is unknown, expired, revoked or whose post ended.

    The look-up goes by the digest, so its time says nothing about the token.
    """
    rows = Token.objects.filter(digest=digest(text), revoked__isnull=True, expires__gt=clock.now())
    row = one(rows.select_related("user", "appointment__person", "appointment__post", "appointment__office"))
    if row is None or not _valid(row.user, row.appointment):
        return None
    return post_of(row.appointment, row.user_id), row.user


def user(username: str) -> User | None:
    """The account with this user name, or None."""
    return User.objects.filter(username=username).first()


def tokens_of(user_id: UUID) -> list[Token]:
    """Tokens of an account that still open something, newest first."""
    rows = Token.objects.filter(user_id=user_id, revoked__isnull=True, expires__gt=clock.now())
    return list(rows.select_related("appointment__post", "appointment__office").order_by("-created"))


def sessions_of(user_id: UUID) -> list[tuple[str, Session]]:
    """Signed-in sessions of an account, newest first, each with a mark that names it without giving its key away."""
    rows = list(
        Session.objects.filter(user_id=user_id, expire_date__gt=clock.now()).order_by("-since", "expire_date")
    )
    return [(session_mark(row.session_key), row) for row in rows]


def grant_snapshots() -> Iterator[tuple[str, Mapping[str, object]]]:
    """The grants of every post, as the ledger verifies them."""
    found: dict[str, list[list[str]]] = {}
    fields = ("post_id", "verb", "scope", "sentence_km", "sentence_en", "basis_km", "basis_en", "status")
    for post, *facts in Grant.objects.order_by("post_id", "verb", "scope").values_list(*fields):
        found.setdefault(post, []).append([str(fact) for fact in facts])
    for post, rows in found.items():
        yield post, {"grants": rows}


def account_content(row: User) -> dict[str, object]:
    """What the ledger holds of an account: never the password."""
    return {"username": row.username, "person": str(row.person_id), "active": row.is_active}


def account_snapshots() -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every account, as the ledger verifies it."""
    for row in User.objects.filter(person__isnull=False).iterator():
        yield str(row.pk), account_content(row)


def token_snapshots() -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every token that is kept, as the ledger verifies it."""
    for row in Token.objects.iterator():
        yield str(row.pk), token_content(row)


def token_content(row: Token) -> dict[str, object]:
    """What the ledger holds of a token."""
    return {
        "digest": row.digest,
        "user": str(row.user_id),
        "appointment": str(row.appointment_id),
        "expires": row.expires.isoformat(),
        "revoked": row.revoked is not None,
    }
