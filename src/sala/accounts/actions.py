"""Open and close accounts, sign in and out, change a password, end sessions, issue and revoke tokens."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from allauth.account.internal.flows.login import get_authentication_records
from axes.models import AccessAttempt, AccessFailureLog
from django.conf import settings
from django.contrib.auth import authenticate, update_session_auth_hash
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from sala.accounts import queries, rules, verbs
from sala.accounts.acting import Post, System, system
from sala.accounts.models import Invitation, Session, Token, User
from sala.accounts.sessions import AGAIN, APPOINTMENT, BROWSER, FACTOR, SINCE
from sala.accounts.terms import Act, Verb
from sala.kit import clock, network
from sala.kit.acting import Acting, Where
from sala.kit.errors import FieldError, Invalid, NotFound, NotPossible, NotSignedIn, Refused, TooMany
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
    *,
    by: Acting,
    person: Any,
    username: str,
    password: str | None = None,
    at: Where | None = None,
    check: bool = True,
) -> User:
    """Open an account for a person in public office. ``at``: where the person's office stands (default: their first post's).

    Without a ``password`` nobody can sign in before the person chose one with an invitation; only the system (a
    demonstration) gives one. Side effects: one row, one ledger entry. Deliberately not done: the account opens nothing by
    itself, the person's appointments do. Raises `Refused`, `Invalid`.
    """
    if at is None:
        posts = offices.appointments_of(person.pk)
        at = posts[0].office.where if posts else Where()
    by.require(Verb.OPEN, at)
    if password is not None and not isinstance(by, System):
        raise Refused(N_("Nobody chooses another one's password. Make an invitation instead."))
    name = normalise(username).strip()
    if not 2 <= len(name) <= 64:
        message = N_("Give a user name of 2 to 64 characters.")
        raise Invalid(message, errors=[FieldError("username", "username", message)])
    row = User(username=name, person_id=person.pk)
    if check and password is not None:
        check_password(password, row)
    row.set_password(password)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            record(by, Verb.OPEN, row, at)
    except IntegrityError as error:
        message = N_("This user name is taken. Choose another one.")
        raise Invalid(message, errors=[FieldError("username", "taken", message)]) from error
    return row


def close_account(*, by: Acting, user: UUID) -> None:
    """Close an account: its sessions and tokens open nothing any more.

    Side effects: the row, its sessions, tokens and e-mail address, one ledger entry. Deliberately not done: the appointment stays, and
    nothing is deleted that the person did. Raises `Refused`, `NotFound`.
    """
    with transaction.atomic():
        row, at = account_to_change(by, user)
        row.is_active = False
        if row.email:  # nobody is written to any more
            ledger.forget(by=by, kind=queries.ACCOUNT, subject=str(row.pk), at=at)
        row.email = ""
        row.save(update_fields=["is_active", "email"])
        Session.objects.filter(user=row).delete()
        revoke(by, Token.objects.filter(user=row))
        uninvite(by, row, at)
        record(by, Act.CLOSE, row, at)


def account_to_change(by: Acting, user: UUID) -> tuple[User, Where]:
    """An account that ``by`` may open and close, and where its holder's first post stands. Raises `NotFound`, `Refused`."""
    row = User.objects.filter(pk=user).first()
    if row is None:
        raise NotFound(N_("There is no such account."))
    posts = offices.appointments_of(row.person_id) if row.person_id else []
    at = posts[0].office.where if posts else Where()
    by.require(Verb.OPEN, at)
    return row, at


def check_credentials(request: HttpRequest, username: str, password: str) -> User:
    """The user whose password this is. The answer to a wrong name and to a wrong password is the same, and as slow.

    Raises `NotSignedIn`, or `TooMany` after ten failures for this name from this address (others from elsewhere, and
    other names from here, go on), or when more names failed from here in an hour than one hall has people.
    """
    if len(password) > rules.PASSWORD_MOST or len(username) > 64 or "\0" in username + password:
        raise NotSignedIn(WRONG)
    name = normalise(username).strip()
    _refuse_trying_names(request, name)
    user = authenticate(request, username=name, password=password)
    if getattr(request, "axes_locked_out", False):
        raise TooMany(
            N_("Too many attempts with this user name from here. Wait 15 minutes, then try again."),
            retry_after=PAUSE_SECONDS,
        )
    if not isinstance(user, User):
        raise NotSignedIn(WRONG)
    return user


def _refuse_trying_names(request: HttpRequest, name: str) -> None:
    """Raises `TooMany` where `settings.SIGN_IN_NAMES` other names failed from this address within the hour."""
    rows = AccessFailureLog.objects.filter(
        ip_address=network.counted(request), attempt_time__gte=clock.now() - timedelta(hours=1)
    )
    names = rows.exclude(username=name).order_by().values("username").distinct()[: settings.SIGN_IN_NAMES]
    if len(names) >= settings.SIGN_IN_NAMES:
        raise TooMany(
            N_(
                "Too many different user names were tried from here. Wait an hour, or sign in from elsewhere."
            ),
            retry_after=60 * 60,
        )


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
    request.session[BROWSER] = rules.browser(request.headers.get("User-Agent", "")[:500])
    told = get_authentication_records(request, request.user)
    if any(step.get("method") == "mfa" for step in told):
        request.session[FACTOR] = True
    request.session.set_expiry(now + rules.token_life(None))


def say_again(request: HttpRequest, *, factor: bool) -> None:
    """The person has said again who she is; ``factor``: with her second factor. Acts that can't be undone are open for a while."""
    request.session[AGAIN] = clock.now().isoformat()
    if factor:
        request.session[FACTOR] = True


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
        revoke(acting, Token.objects.filter(user=user))
        uninvite(acting, user, acting.where)
        record(acting, Act.PASSWORD, user, acting.where)
    end = request.session.get_expiry_date()
    update_session_auth_hash(request, user)
    request.session.set_expiry(end)


def issue_token(
    *,
    by: Acting,
    user: User,
    appointment: Any,
    days: int | None = None,
    label: str = "",
    scope: Iterable[str] = (),
) -> tuple[str, Token]:
    """A new API token for a user's post, and its row. The text is returned once and not kept.

    ``days`` None: made with the password, lives as long as a session. ``scope``: nothing for all the post may do, "read",
    or verbs. Side effects: one row, one ledger entry. Deliberately not done: a token gives nothing the post does not, and
    ends with it. Raises `NotPossible`, `Invalid` for an unknown scope, `ValueError` for days out of range.
    """
    if isinstance(by, Post):
        by.require_recent()
    try:
        limits = rules.limits(scope, (str(verb) for room in verbs.rooms().values() for verb in room))
    except ValueError as error:
        message = N_("Limit a token to “read” alone, or to verbs as “accounts/me” names them.")
        raise Invalid(message, errors=[FieldError("scope", "scope", message)]) from error
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
            limits=sorted(limits),
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
        revoke(by, mine)


def end_session(*, by: Post, mark: str) -> None:
    """End one of one's own sessions, named by its mark. Side effects: the row, one ledger entry. Raises `NotFound`."""
    for known, row in queries.sessions_of(by.user_id):
        if known == mark:
            with transaction.atomic():
                row.delete()
                record(by, Act.SESSION, User.objects.get(pk=by.user_id), by.where)
            return
    raise NotFound(N_("There is no such session."))


def end_other_sessions(*, by: Post, mark: str) -> int:
    """End all of one's own sessions but the one with this mark; how many. Side effects: the rows, one ledger entry."""
    others = [row.pk for known, row in queries.sessions_of(by.user_id) if known != mark]
    with transaction.atomic():
        Session.objects.filter(pk__in=others).delete()
        if others:
            record(by, Act.SESSION, User.objects.get(pk=by.user_id), by.where)
    return len(others)


def clear_expired(now: datetime | None = None) -> int:
    """Remove sessions that ended, and tokens and invitations that ended over a year ago; how many. A job calls this.

    Side effect: a ledger entry for each token and invitation, which says that its row is gone.
    """
    at = now or clock.now()
    sessions, _ = Session.objects.filter(expire_date__lt=at).delete()
    AccessFailureLog.objects.filter(attempt_time__lt=at - timedelta(hours=1)).delete()
    for counted in (AccessFailureLog, AccessAttempt):  # by a clock that was set back since
        counted.objects.filter(attempt_time__gt=at + rules.SKEW).delete()
    with transaction.atomic():
        by, year = system("accounts.clear"), at - timedelta(days=366)
        old = list(_with_office(Token.objects.filter(expires__lt=year)))
        for row in old:
            _record_token(by, Act.CLEAR, row, gone=True)
            row.delete()
        unused = list(Invitation.objects.filter(expires__lt=year))
        for invitation in unused:
            record_invitation(by, Act.UNINVITE, invitation, Where(), gone=True)
            invitation.delete()
    return sessions + len(old) + len(unused)


def _with_office(tokens: QuerySet[Token]) -> QuerySet[Token]:
    return tokens.select_related("appointment__office").select_for_update(of=("self",))


def revoke(by: Acting, tokens: QuerySet[Token]) -> None:
    """End those of the tokens that still open something; a ledger entry each."""
    for row in _with_office(tokens.filter(revoked__isnull=True)):
        row.revoked = clock.now()
        row.save(update_fields=["revoked"])
        _record_token(by, Act.REVOKE, row)


def uninvite(by: Acting, user: User, at: Where) -> None:
    """End the open invitation of an account, if there is one; a ledger entry."""
    for row in Invitation.objects.filter(user=user, used__isnull=True, revoked__isnull=True):
        row.revoked = clock.now()
        row.save(update_fields=["revoked"])
        record_invitation(by, Act.UNINVITE, row, at)


def record_invitation(by: Acting, act: str, row: Invitation, at: Where, *, gone: bool = False) -> None:
    """Write an act about an invitation into the ledger, in the caller's transaction."""
    content = None if gone else queries.invitation_content(row)
    ledger.record(by=by, act=act, kind=queries.INVITATION, subject=str(row.pk), at=at, content=content)


def record(by: Acting, act: str, row: User, at: Where) -> None:
    """Write an act about an account into the ledger, in the caller's transaction."""
    content = queries.account_content(row)
    ledger.record(by=by, act=act, kind=queries.ACCOUNT, subject=str(row.pk), at=at, content=content)


def _record_token(by: Acting, act: str, row: Token, *, gone: bool = False) -> None:
    content = None if gone else queries.token_content(row)
    at = row.appointment.office.where
    ledger.record(by=by, act=act, kind=queries.TOKEN, subject=str(row.pk), at=at, content=content)
