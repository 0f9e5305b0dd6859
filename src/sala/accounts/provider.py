"""Sign in with another provider's word (OpenID Connect), and link it to an account. allauth talks to the provider."""

import secrets
from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

import requests
from allauth.account.internal.decorators import login_not_required
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.cryptokit import compare_user_code
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialAccount, SocialToken
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language, gettext, override

from sala.accounts import actions, queries
from sala.accounts.acting import Post
from sala.accounts.models import User
from sala.accounts.terms import Act
from sala.kit import network
from sala.kit.acting import Acting, Where
from sala.kit.errors import FieldError, Invalid, NotFound, NotSignedIn, Problem, Unavailable
from sala.kit.terms import N_
from sala.ledger import actions as ledger

NAME = "oidc"
FAILED = N_("The provider did not confirm who you are. Try again, or sign in with your user name.")
UNLINKED = N_(
    "No account here is linked to this sign-in. Sign in with your user name and link it on the account page, or ask your administrator."
)
AWAY = N_("The provider does not answer just now. Try again, or sign in with your user name.")


def configured() -> bool:
    """Whether a provider is set (SALA_OIDC_ISSUER, SALA_OIDC_CLIENT_ID, SALA_OIDC_CLIENT_SECRET)."""
    return bool(settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"])


def name() -> str:
    """What the provider is called on pages."""
    return str(settings.OIDC_NAME)


def subject_here(sub: str) -> str:
    """How a person of the configured provider is kept: a subject means nothing without its issuer."""
    return f"{settings.OIDC_ISSUER} {sub.strip()}"


class Adapter(OpenIDConnectOAuth2Adapter):
    """Believes only an ID token that the provider signed for this hall, for this very sign-in."""

    def get_provider(self) -> "Provider":
        """The configured provider, in our own dress."""
        app = super().get_provider().app
        return Provider(self.request, app=app)

    @property
    def openid_config(self) -> dict[str, Any]:
        """What the provider says of itself; refused where it speaks for another issuer than the one that was set."""
        config = cast(dict[str, Any], super().openid_config)
        if str(config.get("issuer", "")).rstrip("/") != settings.OIDC_ISSUER:
            raise OAuth2Error("the provider names another issuer")
        return config

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        """Where the provider sends the person back: one address for both languages, to be registered there."""
        return network.absolute(request, reverse("provider-back"))

    def complete_login(self, request: HttpRequest, app: Any, token: SocialToken, **kwargs: Any) -> Any:
        """Who signed in. Nothing is kept of the person but issuer and subject."""
        try:
            claims = jwtkit.verify_and_decode(
                credential=kwargs["response"].get("id_token") or "",
                keys_url=self.openid_config["jwks_uri"],
                issuer=self.openid_config["issuer"],
                audience=app.client_id,
                lookup_kid=jwtkit.lookup_kid_jwk,
                verify_signature=True,
            )
            nonce = request.session.pop(f"{NAME}.nonce", "")
            if not nonce or not compare_user_code(actual=str(claims.get("nonce", "")), expected=nonce):
                raise OAuth2Error("the ID token is for another sign-in")
            whole = subject_here(str(claims["sub"]))
        except (KeyError, TypeError, ValueError) as error:
            raise OAuth2Error("the ID token can't be read") from error
        found = {"issuer_subject": whole}
        return self.get_provider().sociallogin_from_response(request, {"id_token": found})


class Provider(OpenIDConnectProvider):
    """Sends a nonce along."""

    oauth2_adapter_class = Adapter

    def send(self, request: HttpRequest, *, link: bool, goal: str) -> HttpResponse:
        """Off to the provider."""
        nonce = request.session[f"{NAME}.nonce"] = secrets.token_hex(16)
        request.session[f"{NAME}.language"] = get_language()
        process = AuthProcess.CONNECT if link else AuthProcess.LOGIN
        response: HttpResponse = self.redirect(
            request, process=process, next_url=goal, auth_params={"nonce": nonce}
        )
        return response


@login_not_required
def back(request: HttpRequest) -> HttpResponse:
    """The person comes back from the provider."""
    if not configured():
        raise NotFound(N_("Nothing is here."))
    view = OAuth2CallbackView.adapter_view(Adapter(request, NAME))
    with override(request.session.get(f"{NAME}.language") or get_language()):
        return talk(request, lambda: view(request))


def talk(request: HttpRequest, step: Callable[[], HttpResponse]) -> HttpResponse:
    """A step in which the provider is asked; whatever fails is told on the page to sign in, or on the account's."""
    try:
        try:
            return step()
        except (requests.RequestException, OAuth2Error, KeyError, TypeError, ValueError) as error:
            raise told(error) from error
    except Problem as problem:
        messages.error(request, gettext(str(problem.message)))
        signed_in = request.acting.signed_in  # type: ignore[attr-defined]
        return HttpResponseRedirect(reverse("account" if signed_in else "sign-in"))


def decide(request: HttpRequest, login: Any) -> None:
    """The provider has confirmed somebody: link it to who is signed in and asked for that, let in who is linked, or refuse."""
    acting = request.acting  # type: ignore[attr-defined]
    if login.state.get("process") == AuthProcess.CONNECT:
        if not isinstance(acting, Post):
            raise NotSignedIn(N_("Sign in first."))
        link(by=acting, user=acting.user_id, subject=login.account.uid)
        raise ImmediateHttpResponse(HttpResponseRedirect(reverse("account")))
    if not login.is_existing or not login.user.is_active:
        raise NotSignedIn(UNLINKED, code="unlinked")


def told(exception: Any) -> Problem:
    """What a failure on the way to the provider or back is for the person: it is away, or it did not confirm her."""
    if isinstance(exception, requests.ConnectionError | requests.Timeout):
        return Unavailable(AWAY, code="provider")
    return NotSignedIn(FAILED, code="provider")


def link(*, by: Acting, user: UUID, subject: str) -> SocialAccount:
    """Let a provider's sign-in open an account: by the account's own holder after the provider confirmed her, or by who may
    open accounts. ``subject``: as `subject_here` writes it.

    Side effects: a row, one ledger entry. Raises `Refused`, `NotFound`, `Invalid` for one that is linked already.
    """
    words = subject.strip()
    if not 3 <= len(words) <= 191:
        message = N_("Give the subject as the provider names it, at most 100 letters.")
        raise Invalid(message, errors=[FieldError("subject", "subject", message)])
    with transaction.atomic():
        row, at = _whose(by, user)
        try:
            with transaction.atomic():
                made = SocialAccount.objects.create(user=row, provider=NAME, uid=words, extra_data={})
        except IntegrityError as error:
            message = N_("This sign-in is linked to an account already.")
            raise Invalid(message, errors=[FieldError("subject", "taken", message)]) from error
        _record(by, Act.LINK, made, at)
    return made


def unlink(*, by: Acting, user: UUID, link: int) -> None:
    """A provider's sign-in opens the account no more. Side effects: the row, one ledger entry. Raises `Refused`, `NotFound`."""
    with transaction.atomic():
        row, at = _whose(by, user)
        made = SocialAccount.objects.filter(user=row, pk=link).first()
        if made is None:
            raise NotFound(N_("There is no such sign-in."))
        _record(by, Act.UNLINK, made, at, gone=True)
        made.delete()


def _whose(by: Acting, user: UUID) -> tuple[User, Where]:
    if isinstance(by, Post) and by.user == user:
        by.require_recent()
        return User.objects.get(pk=user), by.where
    return actions.account_to_change(by, user)


def _record(by: Acting, act: str, row: SocialAccount, at: Where, *, gone: bool = False) -> None:
    content = None if gone else queries.link_content(row)
    ledger.record(by=by, act=act, kind=queries.LINK, subject=str(row.pk), at=at, content=content)
