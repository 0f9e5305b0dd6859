"""What happens to a notice: posted in the caller's transaction, sent again by a person, erased in time."""

import re
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from sala.kit import clock, ids
from sala.kit.errors import FieldError, Invalid, NotFound, NotPossible
from sala.kit.rows import insert
from sala.kit.terms import N_
from sala.notices import rules, senders
from sala.notices.models import Chat, Notice
from sala.notices.terms import Channel, State, Step

LONGEST_BODY = {Channel.EMAIL: 20_000, Channel.TELEGRAM: 4_000}
LONGEST_SMS = 3
"""Segments an SMS may fill: each is paid for."""


def build(
    *,
    kind: str,
    channel: str,
    address: str,
    language: str,
    subject: str,
    body: str,
    about: str,
    office: UUID | None = None,
) -> Notice:
    """An unsaved notice, checked. Raises `Invalid` for an address nobody can be written to or an empty or too long text."""
    errors = []
    address, subject, body = address.strip(), rules.one_line(subject), body.replace("\x00", "").strip()
    if channel not in list(Channel):
        errors.append(
            FieldError("channel", "unknown", N_("Notices can be sent by e-mail, SMS or Telegram only."))
        )
    errors += wrong_address(channel, address)
    if not subject or len(subject) > 200:
        errors.append(FieldError("subject", "length", N_("A notice needs a subject of 1 to 200 characters.")))
    if not body or len(body) > LONGEST_BODY.get(channel, 20_000):  # type: ignore[call-overload]
        errors.append(FieldError("body", "length", N_("A notice needs a text of 1 to 20,000 characters.")))
    elif channel == Channel.SMS and rules.segments(body) > LONGEST_SMS:
        errors.append(FieldError("body", "length", N_("An SMS has room for about 200 Khmer characters.")))
    if language not in dict(settings.LANGUAGES):
        errors.append(FieldError("language", "unknown", N_("A notice is written in Khmer or English.")))
    if errors:
        raise Invalid(errors[0].message, errors=errors)
    identity = ids.uuid7()
    return Notice(
        id=identity,
        kind=kind,
        channel=channel,
        address=address,
        language=language,
        subject=subject,
        body=body,
        about=about,
        office=office,
        message_id=f"<{identity}@{senders.domain()}>",
    )


def wrong_address(channel: str, address: str, field: str = "address") -> list[FieldError]:
    """What is wrong with an address of this channel, told of the ``field`` in which it was given."""
    if channel == Channel.SMS:
        message = N_("Write a telephone number with its country, such as +855 12 345 678.")
        found = re.fullmatch(r"\+[1-9][0-9]{6,14}", address)
        return [] if found else [FieldError(field, "address", message)]
    if channel == Channel.TELEGRAM:
        message = N_("This is no chat of Telegram.")
        found = re.fullmatch(r"-?[0-9]{1,20}", address)
        return [] if found else [FieldError(field, "address", message)]
    try:
        validate_email(address)
        if len(address) > 254:
            raise ValidationError("too long")
    except ValidationError:
        return [FieldError(field, "address", N_("Write an e-mail address such as name@example.com."))]
    return []


def post(
    *,
    kind: str,
    channel: str,
    address: str,
    language: str,
    subject: str,
    body: str,
    about: str,
    office: UUID | None = None,
) -> Notice:
    """Put a message into the outbox, in the caller's transaction: it is sent only if the act it tells of is kept.

    ``about`` is the record it tells of (``kind:key``), by which it is found and forgotten; ``office`` the office whose staff
    look after it. Raises `Invalid` (see `build`) and RuntimeError outside a transaction. Nothing is sent here; the job of
    the channel does that (`delivery.deliver_due`).
    """
    notice = build(
        kind=kind,
        channel=channel,
        address=address,
        language=language,
        subject=subject,
        body=body,
        about=about,
        office=office,
    )
    post_many([notice])
    return notice


def post_many(notices: Iterable[Notice]) -> None:
    """Put built notices into the outbox by one statement, in the caller's transaction."""
    if not connection.in_atomic_block:
        raise RuntimeError("A notice is posted in the transaction of the act it tells of.")
    insert(notices)


def resend(identity: UUID) -> Notice:
    """A person lets a notice be sent again, under the same id. Raises `NotFound`, `NotPossible` (state, or its text is gone).

    The caller has asked for permission and enters the act in the ledger: this room stands below both.
    """
    notice = _load(identity)
    state = rules.TABLE.after(State(notice.state), Step.RESEND)
    if notice.erased is not None:
        raise NotPossible(N_("Its text was erased when its time was over. It can't be sent again."))
    return _set(notice, state, next_at=clock.now(), attempts=0, asked=0, last_error="")


def confirm(identity: UUID) -> Notice:
    """A person knows that an uncertain notice arrived. Raises and leaves to the caller as `resend`."""
    notice = _load(identity)
    state = rules.TABLE.after(State(notice.state), Step.CONFIRM)
    return _set(notice, state, next_at=None, delivered=clock.now())


def _load(identity: UUID) -> Notice:
    notice = Notice.objects.select_for_update().filter(pk=identity).first()
    if notice is None:
        raise NotFound(N_("There is no such message."))
    return notice


def _set(notice: Notice, state: State, **values: object) -> Notice:
    changes = {"state": state, "lease_until": None, "changed": clock.now(), **values}
    for name, value in changes.items():
        setattr(notice, name, value)
    notice.save(update_fields=list(changes))
    return notice


def forget_about(about: str) -> int:
    """Erase address and text of every notice about a record, and withdraw those not yet sent; returns how many.

    For a person's right to be forgotten. Messages in the folder SALA_HOME/outbox are removed with them when the
    transaction is kept; what was given to a server can't be called back.
    """
    now = clock.now()
    mine = Notice.objects.filter(about=about)
    written = list(mine.only("id", "created", "channel"))
    transaction.on_commit(lambda: senders.discard(written))
    Chat.objects.filter(about=about).delete()
    mine.filter(state__in=[*rules.TAKEABLE, State.UNCERTAIN]).update(
        state=State.PERMANENT, next_at=None, lease_until=None, last_error="withdrawn", changed=now
    )
    return mine.update(address="", subject="", body="", erased=now)


def old(before: datetime) -> int:
    """How many finished notices have kept their text since before."""
    return _old(before).count()


def _old(before: datetime) -> QuerySet[Notice]:
    return Notice.objects.filter(Q(state__in=rules.RESTING), erased__isnull=True, changed__lt=before)


def erase_old(before: datetime, most: int = 1000) -> int:
    """Take the text of notices finished before then away and shorten their addresses; returns how many."""
    now = clock.now()
    rows = list(_old(before).order_by("changed").only("id", "address", "created", "channel")[:most])
    for row in rows:
        row.address, row.subject, row.body, row.erased = rules.shorten(row.address), "", "", now
        row.next_at = None  # nobody asks any more after what could not be sent again
    Notice.objects.bulk_update(rows, ["address", "subject", "body", "erased", "next_at"], batch_size=200)
    senders.discard(rows)
    return len(rows)
