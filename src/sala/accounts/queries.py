"""Who acts with this session or this token, and what may a post do? One join each; grants are remembered by post."""

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from sala.accounts.acting import Post
from sala.accounts.models import Grant, Invitation, Session, Token, User
from sala.accounts.rules import READ, SEEN_EVERY, SKEW, digest, session_mark
from sala.accounts.sessions import AGAIN, FACTOR, SINCE, SessionStore
from sala.accounts.terms import Factor
from sala.installation.queries import is_demonstration
from sala.kit import clock
from sala.kit.acting import Where
from sala.kit.canonical import canonical
from sala.kit.rows import one
from sala.offices import queries as offices
from sala.offices.rules import Span

GRANTS = "accounts.grants"
ACCOUNT = "accounts.account"
TOKEN = "accounts.token"  # noqa: S105 - a kind of record
FACTOR_KIND = "accounts.factor"
INVITATION = "accounts.invitation"
LINK = "accounts.link"

RECENT = timedelta(minutes=settings.SIGN_IN_AGAIN_MINUTES)

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
    kept = store.get("_auth_user_hash", "")
    if not constant_time_compare(kept, user.get_session_auth_hash()) and not any(
        # The server's secret was changed since (`sala keys rotate secret`).
        constant_time_compare(kept, former)
        for former in user.get_session_auth_fallback_hash()
    ):
        return None  # the password was changed since
    user.backend = store.get("_auth_user_backend", "")
    now = clock.now()
    if now - row.seen > SEEN_EVERY:
        with contextlib.suppress(DatabaseError):  # where nothing can be written, one may still read
            Session.objects.filter(pk=row.pk).update(seen=now)
    told = store.get(AGAIN) or store.get(SINCE)
    recent = told is not None and -SKEW < now - datetime.fromisoformat(told) < RECENT
    post = post_of(appointment, user.pk)
    return (post if recent else replace(post, recent=False)), user


def lacks_factor(request: HttpRequest) -> bool:
    """Whether the session's post demands a second factor that was not shown yet. Only after `by_session` has found it."""
    row = request.session.row  # type: ignore[attr-defined]
    return row.appointment.post.second_factor and not request.session.get(FACTOR) and not is_demonstration()


def by_token(text: str) -> tuple[Post, User] | None:
    """The post and the user of an API token; None for one that is unknown, expired, revoked or whose post ended.

    The look-up goes by the digest, so its time says nothing about the token.
    """
    now = clock.now()
    rows = Token.objects.filter(
        digest=digest(text), revoked__isnull=True, expires__gt=now, created__lte=now + SKEW
    )
    row = one(rows.select_related("user", "appointment__person", "appointment__post", "appointment__office"))
    if row is None or not _valid(row.user, row.appointment):
        return None
    return limited(post_of(row.appointment, row.user_id), frozenset(row.limits)), row.user


def limited(post: Post, limits: frozenset[str]) -> Post:
    """The post as a token's bearer acts in it: with no more than the token's ``limits``, and never more than the post."""
    if not limits:
        return post
    if READ in limits:
        return replace(post, limits=limits)
    grants = {verb: scopes for verb, scopes in post.grants.items() if verb in limits}
    return replace(post, limits=limits, grants=grants)


def user(username: str) -> User | None:
    """The account with this user name, or None."""
    return User.objects.filter(username=username).first()


def account_of(person_id: UUID) -> User | None:
    """The open account of a person, or None."""
    return User.objects.filter(person_id=person_id, is_active=True).order_by("-created").first()


def accounts_of(person_ids: list[UUID]) -> dict[UUID, User]:
    """The open accounts of persons, by person."""
    rows = User.objects.filter(person_id__in=person_ids, is_active=True).order_by("created")
    return {row.person_id: row for row in rows if row.person_id}


def factors_of(user_id: UUID) -> list[Authenticator]:
    """The second factors of an account, recovery codes last."""
    rows = Authenticator.objects.filter(user_id=user_id).order_by("created_at", "pk")
    return sorted(rows, key=lambda row: row.type == Factor.CODES)


def has_factor(user_id: UUID) -> bool:
    """Whether an account has a second factor; recovery codes alone are none."""
    return bool(Authenticator.objects.filter(user_id=user_id).exclude(type=Factor.CODES).exists())


def demands_factor(appointment: Any) -> bool:
    """Whether one must show a second factor to act in this appointment: its post says so, and nothing here is fictional."""
    return bool(appointment.post.second_factor) and not is_demonstration()


def open_invitation(user_id: UUID) -> Invitation | None:
    """The invitation with which the password of this account may still be chosen, or None."""
    rows = Invitation.objects.filter(user_id=user_id, used__isnull=True, revoked__isnull=True)
    return rows.filter(expires__gt=clock.now()).first()


def links_of(user_id: UUID) -> list[SocialAccount]:
    """The sign-ins of providers that open an account."""
    return list(SocialAccount.objects.filter(user_id=user_id).order_by("date_joined"))


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
    """What the ledger holds of an account: never the password. Of an address only a digest, whose salt goes with it; it
    enters the digest where there is one, so that older entries stay good.
    """
    content: dict[str, object] = {
        "username": row.username,
        "person": str(row.person_id),
        "active": row.is_active,
    }
    if row.email:
        content |= {"email": row.email, "language": row.language, "notified": row.notified}
    return content


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
        **({"limits": sorted(row.limits)} if row.limits else {}),
    }


# What changes with each use of a factor, and says nothing about who may sign in.
_MOVING = ("used_mask", "last", "viewed_at")


def factor_content(row: Authenticator) -> dict[str, object]:
    """What the ledger holds of a second factor: whose, of which kind, and a digest of what is kept encrypted."""
    kept = {name: value for name, value in row.data.items() if name not in _MOVING}
    return {
        "user": str(row.user_id),
        "type": row.type,
        "kept": hashlib.sha256(canonical(kept)).hexdigest(),
    }


def factor_snapshots() -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every second factor, as the ledger verifies it."""
    for row in Authenticator.objects.iterator():
        yield str(row.pk), factor_content(row)


def invitation_content(row: Invitation) -> dict[str, object]:
    """What the ledger holds of an invitation."""
    return {
        "digest": row.digest,
        "user": str(row.user_id),
        "expires": row.expires.isoformat(),
        "used": row.used is not None,
        "revoked": row.revoked is not None,
    }


def invitation_snapshots() -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every invitation that is kept, as the ledger verifies it."""
    for row in Invitation.objects.iterator():
        yield str(row.pk), invitation_content(row)


def link_content(row: SocialAccount) -> dict[str, object]:
    """What the ledger holds of a provider's sign-in that opens an account."""
    return {"user": str(row.user_id), "provider": row.provider, "subject": row.uid}


def link_snapshots() -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every linked sign-in of a provider, as the ledger verifies it."""
    for row in SocialAccount.objects.iterator():
        yield str(row.pk), link_content(row)
