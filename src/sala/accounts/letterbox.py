"""By which e-mail address is somebody of the staff written to, in which language, and does she want it? Her own choice."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction

from sala.accounts import actions, queries
from sala.accounts.acting import Post
from sala.accounts.models import User
from sala.accounts.terms import Act
from sala.kit.acting import Acting, Where
from sala.kit.errors import FieldError, Invalid
from sala.kit.terms import N_
from sala.ledger import actions as ledger
from sala.notices import actions as notices
from sala.notices.terms import Channel

LANGUAGE = N_("Choose Khmer or English.")
NONE = ("", "km", True)
"""Address, language and wish of an account that has none."""


@dataclass(frozen=True)
class Letterbox:
    """Where and in which language an account is written to."""

    address: str
    language: str


def of(person_ids: Collection[UUID]) -> dict[UUID, Letterbox]:
    """Of these persons in public office those who have an open account, an address, and want letters; in one read."""
    rows = User.objects.filter(person_id__in=person_ids, is_active=True, notified=True).exclude(email="")
    found = rows.order_by("created").values_list("person_id", "email", "language")
    return {person: Letterbox(email, language) for person, email, language in found}


def keep(*, by: Acting, user: UUID, email: str, language: str, notified: bool) -> User:
    """Keep, change or (with an empty one) remove the address of an account: one's own, or as who keeps accounts.

    Side effects: the row; where there was an address before, what the ledger held of it can't be recognised any more; one
    ledger entry. Deliberately not done: nothing is sent to find out whether the address is right. An address signs nobody
    in and chooses no password. Raises `NotFound`, `Refused`, `Invalid`.
    """
    email = email.strip()
    errors = notices.wrong_address(Channel.EMAIL, email, "email") if email else []
    if language not in dict(settings.LANGUAGES):
        errors.append(FieldError("language", "unknown", LANGUAGE))
    if errors:
        raise Invalid(errors[0].message, errors=errors)
    wanted = (email, language, notified) if email else NONE
    with transaction.atomic():
        row, at = _account(by, user)
        if wanted != (row.email, row.language, row.notified):
            if row.email:
                ledger.forget(by=by, kind=queries.ACCOUNT, subject=str(row.pk), at=at)
            row.email, row.language, row.notified = wanted
            row.save(update_fields=["email", "language", "notified"])
            actions.record(by, Act.EMAIL, row, at)
    return row


def _account(by: Acting, user: UUID) -> tuple[User, Where]:
    if isinstance(by, Post) and by.user == user:
        return User.objects.get(pk=user), by.where
    return actions.account_to_change(by, user)
