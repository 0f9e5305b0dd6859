"""How does allauth behave here? No sign-up, no e-mail; after the last stage of a sign-in a post is taken up."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest, HttpResponse

from sala.accounts import actions


class AccountAdapter(DefaultAccountAdapter):
    """allauth's stages (password now, a second factor beside it) end in `login`, where Sala takes over."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: accounts are opened for persons in office."""
        return False

    def login(self, request: HttpRequest, user: Any) -> None:
        """Sign in with a fresh session key, acting in the first post of today."""
        appointment = actions.posts_today(user)[0]
        super().login(request, user)
        actions.begin_session(request, appointment)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Pages say by themselves what happened."""


def locked_out(request: HttpRequest, response: HttpResponse, credentials: Any) -> HttpResponse:
    """axes asks what to answer while a name is held back for an address: the page and the API have said it already (429)."""
    return response
