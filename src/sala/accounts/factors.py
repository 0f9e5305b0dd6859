"""Set up, show and take away second factors: an app's codes, passkeys, recovery codes. allauth knows their arithmetic."""

from collections.abc import Callable
from typing import Any, cast

from allauth.account.internal.flows.login import record_authentication
from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn.internal import auth as webauthn
from axes.handlers.proxy import AxesProxyHandler
from cryptography.fernet import InvalidToken
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest

from sala.accounts import actions, queries, rules
from sala.accounts.acting import Post
from sala.accounts.models import Session, User
from sala.accounts.terms import Act, Factor
from sala.kit import clock
from sala.kit.acting import Acting, Where
from sala.kit.errors import FieldError, Invalid, NotFound, NotPossible, NotSignedIn, TooMany
from sala.kit.terms import N_
from sala.kit.text import normalise
from sala.ledger import actions as ledger
from sala.numbers import limits

MOST_PASSKEYS = 10
WRONG_CODES_AN_HOUR = 30
WRONG_CODE = N_("This code is not right, or was used already. Wait for the next one and try again.")
NO_PASSKEY = N_("This passkey does not open this account, or it took too long. Try again.")
TOO_OFTEN = N_("Too many wrong codes. Wait a while, then try again.")
OTP_WANTED = N_("Enter the code of your second factor as well.")
SET_UP_FIRST = N_("Your post demands a second factor. Sign in on the page and set it up first.")


def add_app(request: HttpRequest, *, code: str) -> list[str]:
    """Set up an app that shows codes; ``code`` proves that it holds the secret the page showed.

    Returns new recovery codes where the account had none. Side effects: a row (and one for recovery codes), ledger
    entries; the first factor of an account ends its other sessions. Raises `Invalid`, `NotPossible` for a second app.
    """
    acting, user = _person(request)
    secret = totp.get_totp_secret()
    if not totp.validate_totp_code(secret, rules.plain_code(code)):
        raise Invalid(WRONG_CODE, errors=[FieldError("code", "wrong", WRONG_CODE)])
    if any(row.type == Factor.APP for row in queries.factors_of(user.pk)):
        raise NotPossible(N_("An app is set up already. Remove it first if you have a new telephone."))
    typed = rules.plain_code(code)

    def make() -> Authenticator:
        row = totp.TOTP.activate(user, secret).instance
        _spend(row.pk, typed)
        row.refresh_from_db()
        return row

    codes = _add(request, acting, user, make)
    totp.clear_totp_secret(request)
    return codes


def add_passkey(request: HttpRequest, *, name: str, credential: Any) -> list[str]:
    """Set up a passkey from what the browser made; otherwise as `add_app`."""
    acting, user = _person(request)
    stand = [row for row in queries.factors_of(user.pk) if row.type == Factor.PASSKEY]
    if len(stand) >= MOST_PASSKEYS:
        raise NotPossible(N_("Ten passkeys are enough. Remove one that you no longer use."))
    try:
        webauthn.parse_registration_response(credential)
        webauthn.complete_registration(credential)  # refuses one that did not ask for finger, face or PIN
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Invalid(NO_PASSKEY) from error
    word = normalise(name).strip()[:40]
    return _add(request, acting, user, lambda: webauthn.WebAuthn.add(user, word, credential).instance)


def new_codes(request: HttpRequest) -> list[str]:
    """Make recovery codes anew; the earlier ones open nothing any more. Side effects: rows, ledger entries.

    Raises `NotPossible` without another second factor.
    """
    acting, user = _person(request)
    if not queries.has_factor(user.pk):
        raise NotPossible(N_("Recovery codes stand in for a second factor. Set one up first."))
    with transaction.atomic():
        for row in _locked(user).filter(type=Factor.CODES):
            _remove(acting, row, acting.where)
        return _make_codes(acting, user)


def remove(request: HttpRequest, *, factor: int) -> None:
    """Take away one of one's own factors; with the last one its recovery codes go. Side effects: rows, ledger entries.

    Raises `NotFound`, `NotPossible` for the last one where the post demands it.
    """
    acting, user = _person(request)
    with transaction.atomic():
        rows = {row.pk: row for row in _locked(user)}
        row = rows.pop(factor, None)
        if row is None or row.type == Factor.CODES:
            raise NotFound(N_("There is no such second factor."))
        left = [other for other in rows.values() if other.type != Factor.CODES]
        if not left and any(queries.demands_factor(held) for held in actions.posts_today(user)):
            raise NotPossible(
                N_("Your post demands a second factor. Set up another one before you remove this.")
            )
        _remove(acting, row, acting.where)
        if not left:
            for other in rows.values():
                _remove(acting, other, acting.where)


def take_away(*, by: Acting, user: Any) -> int:
    """Take away all factors of an account whose holder has lost them; how many. Its sessions end too.

    Side effects: rows, sessions, ledger entries. Deliberately not done: the password stays. Raises `Refused`, `NotFound`.
    """
    with transaction.atomic():
        row, at = actions.account_to_change(by, user)
        found = list(_locked(row))
        for factor in found:
            _remove(by, factor, at)
        Session.objects.filter(user=row).delete()
    return len(found)


def check_code(request: HttpRequest, user: User, code: str) -> Authenticator:
    """The app or the recovery codes of the account that know this code; it is spent with that.

    Side effects: the row; a recovery code also leaves a ledger entry. A wrong one counts as a failed sign-in. Raises
    `NotSignedIn` for a wrong one, `TooMany` after too many of them for this account, or from this address.
    """
    typed = rules.plain_code(code)[:32]
    with _Counted(request, user, WRONG_CODE):
        for row in queries.factors_of(user.pk):
            if row.type == Factor.APP and _spend(row.pk, typed):
                return row
            if row.type == Factor.CODES and _spend_recovery(row, user, typed):
                return row
        raise NotSignedIn(WRONG_CODE, code="otp")


def check_passkey(request: HttpRequest, user: User, credential: Any) -> Authenticator:
    """The passkey of the account that signed the challenge of this session. Side effects and errors as `check_code`."""
    with _Counted(request, user, NO_PASSKEY):
        try:
            webauthn.parse_authentication_response(credential)
            row = webauthn.complete_authentication(user, credential)
        except (ValidationError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise NotSignedIn(NO_PASSKEY, code="passkey") from error
    return cast(Authenticator, row)


def check_otp(request: HttpRequest, user: User, appointment: Any, otp: str) -> None:
    """For a program that signs in with a password: the code, where the account has a factor or its post demands one.

    Raises `NotSignedIn` without or with a wrong one, also where the post demands a factor that is not set up.
    """
    if queries.has_factor(user.pk):
        if not otp:
            raise NotSignedIn(OTP_WANTED, code="otp", errors=[FieldError("otp", "required", OTP_WANTED)])
        check_code(request, user, otp)
    elif queries.demands_factor(appointment):
        raise NotSignedIn(SET_UP_FIRST, code="second-factor")


def passkey_user(credential: Any) -> User:
    """Whose passkey this says it is, for a sign-in without a name. Raises `NotSignedIn`."""
    try:
        return cast(User, webauthn.extract_user_from_response(credential))
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise NotSignedIn(NO_PASSKEY, code="passkey") from error


def shown(request: HttpRequest, user: User, row: Authenticator, *, alone: bool = False) -> None:
    """Write into the session that this factor was shown; ``alone``: a passkey in place of name and password."""
    more = {"passwordless": True} if alone else {}
    record_authentication(request, user, "mfa", id=row.pk, type=row.type, **more)
    Authenticator.objects.filter(pk=row.pk).update(last_used_at=clock.now())


class _Counted:
    """What fails inside counts as a failed sign-in of this account: by name and address (axes), and by account."""

    def __init__(self, request: HttpRequest, user: User, message: Any) -> None:
        self.request, self.user, self.credentials = request, user, {"username": user.username}

    def __enter__(self) -> None:
        if not AxesProxyHandler.is_allowed(self.request, self.credentials):
            raise TooMany(TOO_OFTEN, retry_after=actions.PAUSE_SECONDS)

    def __exit__(self, kind: Any, problem: Any, trace: Any) -> None:
        if isinstance(problem, NotSignedIn):
            user_login_failed.send(sender=__name__, credentials=self.credentials, request=self.request)
            with transaction.atomic():
                limits.take(
                    door="second factor",
                    source=str(self.user.pk),
                    most=WRONG_CODES_AN_HOUR,
                    message=TOO_OFTEN,
                )


def _person(request: HttpRequest) -> tuple[Post, User]:
    acting: Post = request.acting  # type: ignore[attr-defined]
    acting.require_recent()
    return acting, cast(User, request.user)


def _locked(user: User) -> Any:
    """The factors of an account, changed by one at a time."""
    User.objects.select_for_update().get(pk=user.pk)
    return Authenticator.objects.filter(user=user)


def _add(request: HttpRequest, acting: Post, user: User, make: Callable[[], Authenticator]) -> list[str]:
    with transaction.atomic():
        first = not _locked(user).exclude(type=Factor.CODES).exists()
        _record(acting, Act.FACTOR, make(), acting.where)
        codes = [] if _locked(user).filter(type=Factor.CODES).exists() else _make_codes(acting, user)
        if first:  # they were opened without it
            Session.objects.filter(user=user).exclude(session_key=request.session.session_key).delete()
    actions.say_again(request, factor=True)
    return codes


def _make_codes(by: Acting, user: User) -> list[str]:
    made = RecoveryCodes.activate(user)
    _record(by, Act.CODES, made.instance, by.where)
    return list(made.generate_codes())


def _remove(by: Acting, row: Authenticator, at: Where) -> None:
    _record(by, Act.FACTOR_OFF, row, at, gone=True)
    row.delete()


def _spend(factor: int, typed: str) -> bool:
    """Whether an app shows this code now; each code counts once, whichever process is asked."""
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().get(pk=factor)
        try:
            secret = decrypt(row.data["secret"])
        except InvalidToken:
            return False  # the server's secret is another one now: `sala accounts factors-off` helps
        counters = list(totp.yield_hotp_counters_from_time())
        last = row.data.get("last", 0)
        if last > counters[-1] + 1:  # counted by a clock that was set back since
            last = 0
        for counter in counters:
            right = totp.format_hotp_value(totp.hotp_value(secret, counter))
            if counter > last and compare_user_code(actual=typed, expected=right):
                row.data["last"] = counter
                row.save(update_fields=["data"])
                return True
    return False


def _spend_recovery(row: Authenticator, user: User, typed: str) -> bool:
    try:
        with transaction.atomic():
            if not row.wrap().validate_code(typed):
                return False
            row.refresh_from_db()
            held = actions.posts_today(user)[0]
            _record(queries.post_of(held, user.pk), Act.CODE_USED, row, held.office.where)
            return True
    except InvalidToken:
        return False


def _record(by: Acting, act: str, row: Authenticator, at: Where, *, gone: bool = False) -> None:
    content = None if gone else queries.factor_content(row)
    ledger.record(by=by, act=act, kind=queries.FACTOR_KIND, subject=str(row.pk), at=at, content=content)
