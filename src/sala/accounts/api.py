"""Accounts for programs: a token for a password, and what the bearer may do."""

from datetime import date, datetime
from typing import Any, Literal, cast
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Field, Router

from sala.accounts import actions, factors, powers, queries
from sala.accounts.acting import Post
from sala.kit.api import Strict
from sala.kit.errors import NotFound
from sala.kit.openapi import Link, Names, Told, says

router = Router(tags=["accounts"])
tokens = Router(tags=["accounts"])


class OfficeTold(Told):
    """The office in which somebody acts."""

    id: UUID
    name: Names


class PostTaken(Told):
    """The post in which somebody acts: appointment, kind of post and its title, person, office, place."""

    appointment: UUID
    post: str
    title: Names
    person: Names
    office: OfficeTold
    place: str


class TokenTold(Told):
    """A new token; its text is told this once."""

    token: str
    id: UUID
    token_type: Literal["Bearer"]
    expires: datetime
    post: PostTaken


class VerbTold(Told):
    """One thing the post may do: how far, and a sentence in both languages."""

    verb: str
    scope: str
    sentence: Names


class Me(PostTaken):
    """Who acts, until when, and what the post may do."""

    until: date | None
    verbs: list[VerbTold]


class TokenIn(Strict):
    """User name and password; ``otp``: the code of the second factor, where the account has one or the post demands it;
    ``appointment`` picks one of several posts; ``scope`` limits the token to ``["read"]`` or to verbs.
    """

    username: str = Field(max_length=64)
    password: str = Field(max_length=1000)
    otp: str = Field("", max_length=12)
    scope: list[str] = Field([], max_length=64)
    appointment: UUID | None = None

    model_config = {**Strict.model_config, "str_strip_whitespace": False}


@tokens.post(
    "",
    auth=None,
    response={201: dict[str, Any]},
    summary="A token for a user name and a password",
    operation_id="accounts_make_token",
)
@says(
    TokenTold,
    status=201,
    problems=(404, 429),
    links={"End": Link("accounts_end_token", {"token_id": "$response.body#/id"})},
)
def make(request: HttpRequest, body: TokenIn) -> Any:
    """The token's text is in the answer once. It lives as long as a session (8 hours), and only as long as the post is held."""
    user = actions.check_credentials(request, body.username, body.password)
    held = actions.posts_today(user)
    if body.appointment is None:
        chosen = held[0]
    else:
        chosen = next((row for row in held if row.pk == body.appointment), None)
        if chosen is None:
            raise NotFound(_("You do not hold this post today."))
    factors.check_otp(request, user, chosen, body.otp)
    by = queries.post_of(chosen, user.pk)
    text, row = actions.issue_token(by=by, user=user, appointment=chosen, label="API", scope=body.scope)
    return 201, {
        "token": text,
        "id": str(row.pk),
        "token_type": "Bearer",
        "expires": row.expires,
        "post": _post(by),
    }


@tokens.delete(
    "/{token_id}",
    response={204: None},
    summary="End one of one's own tokens",
    operation_id="accounts_end_token",
)
@says(status=204)
def end(request: HttpRequest, token_id: UUID) -> Any:
    """The token opens nothing any more."""
    acting = _own(request)
    actions.revoke_token(by=acting, user=acting.user_id, token=token_id)
    return 204, None


@router.get(
    "/me",
    summary="Who acts with this session or token, and what that post may do",
    operation_id="accounts_me",
)
@says(Me)
def me(request: HttpRequest) -> dict[str, Any]:
    """The post, its office, and each verb with its scope and sentence."""
    acting = _own(request)
    lines = [line for line in powers.own(acting) if line.verb in acting.grants]
    return {
        **_post(acting),
        "until": acting.until,
        "verbs": [{"verb": line.verb, "scope": line.cells[0], "sentence": line.sentence} for line in lines],
    }


def _own(request: HttpRequest) -> Post:
    return cast(Post, request.acting)  # type: ignore[attr-defined]  # the API lets in only who is signed in


def _post(acting: Post) -> dict[str, Any]:
    return {
        "appointment": acting.post,
        "post": acting.kind,
        "title": acting.post_name,
        "person": acting.person,
        "office": {"id": str(acting.office), "name": acting.office_name},
        "place": acting.where.place,
    }
