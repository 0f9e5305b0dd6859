"""Open and close accounts, sign in and out, change a password, issue and revoke tokens."""

import secrets
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.contrib.auth import authenticate, update_session_auth_hash
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from sala.accounts import queries, rules
from sala.accounts.acting import system
from sala.accounts.models import Session, Token, User
from sala.accounts.sessions import APPOINTMENT, SINCE
from sala.accounts.terms import Act, Verb
from sala.kit import clock
from sala.kit.acting import Acting, Where
from sala.kit.errors import FieldError, Invalid, NotFound, NotPossible, NotSignedIn, TooMany
from sala.kit.terms import N_
from sala.kit.text import normalise
from sala.ledger import actions as ledger
from sala.offices import queries as offices

WRONG = N_("The user name and the password do not belong together. Check both and try again.")
NO_POST = N_("You hold no post today, so there is nothing to open. Ask the office that appoints you.")
PAUSE_SECONDS = 15 * 60


def check_password(password: str, user: User | None = None) -> None:
    """Raises `Invalid` for a password that is too short, too long, common or like the user name; nothing else is asked."""
    text = rules.normal_password(password)
    messages: list[Any] = []
    if len(text) > rules.PASSWORD_MOST:
        messages.append(N_("This password is too long. Use at most 256 characters."))
    else:
        try:
            validate_password(text, user)
        except ValidationError as error:
            messages += error.messages
    if messages:
        raise Invalid(messages[0], errors=[FieldError("password", "password", text) for text in messages])


def open_account(
    *, by: Acting, person: Any, username: str, password: str, at: Where | None = None, check: bool = True
) -> User:
    """Open an account for a person in public office. ``at``: where the person's office stands (default: their first post's).

    Side effects: one row, one ledger entry. Deliberately not done: the account opens nothing by itself, the person's
    appointments do. Raises `Refused`, `Invalid`.
    """
    if at is None:
        posts = offices.appointments_of(person.pk)
        at = posts[0].office.where if posts else Where()
    by.require(Verb.OPEN, at)
    name = normalise(username).strip()
    if not 2 <= len(name) <= 64:
        message = N_("Give a user name of 2 to 64 characters.")
        raise Invalid(message, errors=[FieldError("username", "username", message)])
    row = User(username=name, person_id=person.pk)
    if check:
        check_password(password, row)
    row.set_password(password)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            _record(by, Verb.OPEN, row, at)
    except IntegrityError as error:
        message = N_("This user name is taken. Choose another one.")
        raise Invalid(message, errors=[FieldError("username", "taken", message)]) from error
    return row


def close_account(*, by: Acting, user: UUID) -> None:
    """Close an account: its sessions and tokens open nothing any more.

    Side effects: the row, its sessions and tokens, one ledger entry. Deliberately not done: the appointment stays, and
    nothing is deleted that the person did. Raises `Refused`, `NotFound`.
    """
    with transaction.atomic():
        row = User.objects.filter(pk=user).first()
        if row is None:
            raise NotFound(N_("There is no such account."))
        posts = offices.appointments_of(row.person_id) if row.person_id else []
        at = posts[0].office.where if posts else Where()
        by.require(Verb.OPEN, at)
        row.is_active = False
        row.save(update_fields=["is_active"])
        Session.objects.filter(user=row).delete()
        _revoke(by, Token.objects.filter(user=row))
        _record(by, Act.CLOSE, row, at)


def check_credentials(request: HttpRequest, username: str, password: str) -> User:
    """The user whose password this is. The answer to a wrong name and to a wrong password is the same, and as slow.

    Raises `NotSignedIn`, or `TooMany` after ten failures for this name from this address; others from elsewhere, and
    other names from here, go on.
    """
    if len(password) > rules.PASSWORD_MOST or len(username) > 64 or "\0" in username + password:
        raise NotSignedIn(WRONG)
    user = authenticate(request, username=normalise(username).strip(), password=password)
    if getattr(request, "axes_locked_out", False):
        raise TooMany(
            N_("Too many attempts with this user name from here. Wait 15 minutes, then try again."),
            retry_after=PAUSE_SECONDS,
        )
    if not isinstance(user, User):
        raise NotSignedIn(WRONG)
    return user


def posts_today(user: User) -> list[Any]:
    """The appointments in which the user may act today. Raises `NotSignedIn` where there is none."""
    found = offices.appointments_of(user.person_id) if user.person_id else []
    if not found:
        raise NotSignedIn(NO_POST, code="no-post")
    return found


def begin_session(request: HttpRequest, appointment: Any) -> None:
    """After the password (and, where used, the second factor): act in this appointment for eight hours at most.

    Side effects: the session's key was changed at sign-in; its end is fixed here and does not move with use.
    """
    now = clock.now()
    request.session[APPOINTMENT] = str(appointment.pk)
    request.session[SINCE] = now.isoformat()
    request.session.set_expiry(now + rules.token_life(None))


def switch_post(request: HttpRequest, appointment: UUID) -> None:
    """Act in another of one's own posts, in the same session. Raises `NotFound` for one that is not held today."""
    if appointment not in {row.pk for row in posts_today(cast(User, request.user))}:
        raise NotFound(N_("You do not hold this post today."))
    end = request.session.get_expiry_date()
    request.session.cycle_key()
    request.session[APPOINTMENT] = str(appointment)
    request.session.set_expiry(end)


def change_password(request: HttpRequest, *, old: str, new: str) -> None:
    """Change one's own password. Side effects: every other session and every token of the account ends; one ledger entry.

    Raises `Invalid` for a wrong old or an unfit new password, `TooMany` after ten wrong ones.
    """
    acting: Acting = request.acting  # type: ignore[attr-defined]
    user = cast(User, request.user)
    try:
        check_credentials(request, user.username, old)
    except NotSignedIn as error:
        message = N_("This is not your present password.")
        raise Invalid(message, errors=[FieldError("old", "wrong", message)]) from error
    try:
        check_password(new, user)
    except Invalid as error:
        errors = [FieldError("new", found.code, found.message) for found in error.errors]
        raise Invalid(error.message, errors=errors) from error
    with transaction.atomic():
        user.set_password(new)
        user.save(update_fields=["password"])
        Session.objects.filter(user=user).exclude(session_key=request.session.session_key).delete()
        _revoke(acting, Token.objects.filter(user=user))
        _record(acting, Act.PASSWORD, user, acting.where)
    end = request.session.get_expiry_date()
    update_session_auth_hash(request, user)
    request.session.set_expiry(end)


def issue_token(
    *, by: Acting, user: User, appointment: Any, days: int | None = None, label: str = ""
) -> tuple[str, Token]:
    """A new API token for a user's post, and its row. The text is returned once and not kept.

    ``days`` None: made with the password, lives as long as a session. Side effects: one row, one ledger entry.
    Deliberately not done: a token gives nothing the post does not. Raises `NotPossible`, `ValueError` for days out of range.
    """
    if appointment.person_id != user.person_id or not user.is_active:
        raise NotPossible(N_("A token belongs to a post that its owner holds today."))
    text = rules.TOKEN_PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        row = Token.objects.create(
            digest=rules.digest(text),
            user=user,
            appointment=appointment,
            label=normalise(label)[:80],
            by_password=days is None,
            expires=clock.now() + rules.token_life(days),
        )
        _record_token(by, Act.TOKEN, row)
    return text, row


def revoke_token(*, by: Acting, user: UUID, token: UUID) -> None:
    """End one of one's own tokens. Side effects: the row, one ledger entry. Raises `NotFound`."""
    with transaction.atomic():
        mine = Token.objects.filter(pk=token, user_id=user)
        if not mine.exists():
            raise NotFound(N_("There is no such token."))
        _revoke(by, mine)


def end_session(*, user: UUID, mark: str) -> None:
    """End one of one's own sessions, named by its mark. Raises `NotFound`."""
    for known, row in queries.sessions_of(user):
        if known == mark:
            row.delete()
            return
    raise NotFound(N_("There is no such session."))


def clear_expired(now: datetime | None = None) -> int:
    """Remove sessions that ended and tokens that ended over a year ago; the number of both. A job calls this.

    Side effect: a ledger entry for each token, which says that its row is gone.
    """
    at = now or clock.now()
    sessions, _ = Session.objects.filter(expire_date__lt=at).delete()
    with transaction.atomic():
        old = list(_with_office(Token.objects.filter(expires__lt=at - timedelta(days=366))))
        for row in old:
            _record_token(system("accounts.clear"), Act.CLEAR, row, gone=True)
            row.delete()
    return sessions + len(old)


def _with_office(tokens: QuerySet[Token]) -> QuerySet[Token]:
    return tokens.select_related("appointment__office").select_for_update(of=("self",))


def _revoke(by: Acting, tokens: QuerySet[Token]) -> None:
    """End those of the tokens that still open something; a ledger entry each."""
    for row in _with_office(tokens.filter(revoked__isnull=True)):
        row.revoked = clock.now()
        row.save(update_fields=["revoked"])
        _record_token(by, Act.REVOKE, row)


def _record(by: Acting, act: str, row: User, at: Where) -> None:
    content = queries.account_content(row)
    ledger.record(by=by, act=act, kind=queries.ACCOUNT, subject=str(row.pk), at=at, content=content)


def _record_token(by: Acting, act: str, row: Token, *, gone: bool = False) -> None:
    content = None if gone else queries.token_content(row)
    at = row.appointment.office.where
    ledger.record(by=by, act=act, kind=queries.TOKEN, subject=str(row.pk), at=at, content=content)
