"""How does allauth behave here? No sign-up, no e-mail; secrets are kept encrypted; after the last stage of a sign-in a post is taken up."""

import base64
import hmac
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from sala.accounts import actions


class AccountAdapter(DefaultAccountAdapter):
    """allauth's stages (a password or a provider's word, then the second factor) end in `login`, where Sala takes over."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: accounts are opened for persons in office."""
        return False

    def login(self, request: HttpRequest, user: Any) -> None:
        """Sign in with a fresh session key, acting in the first post of today."""
        appointment = actions.posts_today(user)[0]
        super().login(request, user)
        actions.begin_session(request, appointment)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Where one says again who one is; the page asks for what the account has."""
        return [{"id": "sign-in-again", "url": reverse("sign-in-again")}]

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Pages say by themselves what happened."""


class FactorAdapter(DefaultMFAAdapter):
    """Names that authenticators show, and the key under which their secrets are kept."""

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys belong to the host of SALA_PUBLIC_URL, else to the one asked for; they can't belong to a bare number."""
        asked = context.request.get_host().rpartition(":")[0] or context.request.get_host()
        return {"id": urlsplit(settings.PUBLIC_URL).hostname or asked, "name": "Sala"}

    def encrypt(self, text: str) -> str:
        """With a key made from the server's secret, which no backup of the database holds."""
        return _keys().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Raises `cryptography.fernet.InvalidToken` where the secret is not the one it was encrypted with."""
        return _keys().decrypt(encrypted_text.encode()).decode()


def _keys() -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.FORMER_SECRETS]
    digests = [hmac.digest(str(key).encode(), b"sala second factor", "sha256") for key in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


class ProviderAdapter(DefaultSocialAccountAdapter):
    """A provider's sign-in opens accounts that were linked to it before, and never makes one."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Never."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """The provider has said who it is: link it to who is signed in, or say that nobody is linked."""
        from sala.accounts import provider

        provider.decide(request, sociallogin)

    def on_authentication_error(self, request: HttpRequest, provider: Any, **about: Any) -> None:
        """Any failure on the way is one sentence."""
        from sala.accounts import provider as own

        raise own.told(about.get("exception"))


def locked_out(request: HttpRequest, response: HttpResponse, credentials: Any) -> HttpResponse:
    """axes asks what to answer while a name is held back for an address: the page and the API have said it already (429)."""
    return response
