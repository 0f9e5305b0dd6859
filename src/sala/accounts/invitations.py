"""Invite the holder of an account to choose a password, and let her choose it: once, until the invitation ends."""

import secrets
from datetime import timedelta
from uuid import UUID

from django.db import transaction

from sala.accounts import actions, queries, rules
from sala.accounts.models import Invitation, Session, Token, User
from sala.accounts.terms import Act
from sala.kit import clock
from sala.kit.acting import Acting
from sala.kit.errors import FieldError, Invalid, NotPossible
from sala.kit.terms import N_
from sala.offices import queries as offices

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without I, O, 0, 1: it is read from paper
UNKNOWN = N_(
    "This invitation opens nothing: it was mistyped, was used already, or has ended. Ask your administrator for a new one."
)


def invite(*, by: Acting, user: UUID, days: int = rules.INVITATION_DAYS) -> tuple[str, Invitation]:
    """A code with which the account's holder chooses a password, and its row. The code is returned once and not kept.

    Side effects: the row, an earlier open invitation ends, ledger entries. Deliberately not done: the present password
    opens the account until another one is chosen. Raises `Refused`, `NotFound`, `NotPossible` for a closed account,
    `ValueError` for days out of range.
    """
    if not 1 <= days <= rules.MOST_INVITATION_DAYS:
        raise ValueError(f"days must be 1 to {rules.MOST_INVITATION_DAYS}")
    code = "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(5))  # 125 bits
    with transaction.atomic():
        row, at = actions.account_to_change(by, user)
        if not row.is_active:
            raise NotPossible(N_("This account is closed."))
        actions.uninvite(by, row, at)
        made = Invitation.objects.create(
            digest=_digest(code), user=row, expires=clock.now() + timedelta(days=days)
        )
        actions.record_invitation(by, Act.INVITE, made, at)
    return code, made


def choose(*, code: str, password: str) -> User:
    """Choose the account's password with an invitation's code.

    Side effects: the password, the invitation is used up, the account's sessions and tokens end, ledger entries in the
    name of the account's own post. Deliberately not done: nobody is signed in with it. Raises `Invalid` for an unfit
    password, or for a code that is unknown, used or has ended: one answer for all three.
    """
    digest = _digest(code)
    with transaction.atomic():
        rows = Invitation.objects.select_for_update(of=("self",)).select_related("user")
        row = rows.filter(
            digest=digest, used__isnull=True, revoked__isnull=True, expires__gt=clock.now()
        ).first()
        actions.check_password(password, row.user if row is not None else None)
        if row is None or not row.user.is_active:
            raise Invalid(UNKNOWN, errors=[FieldError("code", "unknown", UNKNOWN)])
        user = row.user
        held = offices.appointments_of(user.person_id) if user.person_id else []
        if not held:
            raise Invalid(actions.NO_POST)
        by, at = queries.post_of(held[0], user.pk), held[0].office.where
        user.set_password(password)
        user.save(update_fields=["password"])
        row.used = clock.now()
        row.save(update_fields=["used"])
        Session.objects.filter(user=user).delete()
        actions.revoke(by, Token.objects.filter(user=user))
        actions.record_invitation(by, Act.CHOOSE, row, at)
        actions.record(by, Act.PASSWORD, user, at)
    return user


def _digest(code: str) -> str:
    return rules.digest(rules.plain_code(code).upper()[:64])
