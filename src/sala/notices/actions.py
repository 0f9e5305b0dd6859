"""What happens to a notice: posted in the caller's transaction, handed over by the worker, erased in time."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from sala.kit import clock, ids
from sala.kit.errors import FieldError, Invalid
from sala.kit.terms import N_
from sala.notices import queries, rules, senders
from sala.notices.models import Notice
from sala.notices.terms import Channel, State, Step

log = logging.getLogger("sala.notices")
BATCH = 50
LONGEST_BODY = 20_000


def build(
    *, kind: str, channel: str, address: str, language: str, subject: str, body: str, about: str
) -> Notice:
    """An unsaved notice, checked. Raises `Invalid` for an address nobody can be written to or an empty or too long text."""
    errors = []
    address, subject, body = address.strip(), rules.one_line(subject), body.replace("\x00", "").strip()
    if channel not in list(Channel):
        errors.append(FieldError("channel", "unknown", N_("Notices can be sent by e-mail only.")))
    try:
        validate_email(address)
        if len(address) > 254:
            raise ValidationError("too long")
    except ValidationError:
        errors.append(
            FieldError("address", "address", N_("Write an e-mail address such as name@example.com."))
        )
    if not subject or len(subject) > 200:
        errors.append(FieldError("subject", "length", N_("A notice needs a subject of 1 to 200 characters.")))
    if not body or len(body) > LONGEST_BODY:
        errors.append(FieldError("body", "length", N_("A notice needs a text of 1 to 20,000 characters.")))
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
        message_id=f"<{identity}@{senders.domain()}>",
    )


def post(
    *, kind: str, channel: str, address: str, language: str, subject: str, body: str, about: str
) -> Notice:
    """Put a message into the outbox, in the caller's transaction: it is sent only if the act it tells of is kept.

    ``about`` is the record it tells of (``kind:key``), by which it is found and forgotten. Raises `Invalid` (see
    `build`) and RuntimeError outside a transaction. Nothing is sent here; the job `notices.deliver` does that.
    """
    notice = build(
        kind=kind,
        channel=channel,
        address=address,
        language=language,
        subject=subject,
        body=body,
        about=about,
    )
    post_many([notice])
    return notice


def post_many(notices: Iterable[Notice]) -> None:
    """Put built notices into the outbox by one statement, in the caller's transaction."""
    if not connection.in_atomic_block:
        raise RuntimeError("A notice is posted in the transaction of the act it tells of.")
    Notice.objects.bulk_create(notices, batch_size=500)


def deliver_due() -> int:
    """The job: hand over what waits, each notice under its own lease; returns how many were tried.

    No transaction is open while a server is spoken to. A notice whose sender dies is taken again when its lease
    has ended, under the same Message-ID, so that a mailbox can tell the double.
    """
    tried = 0
    waiting = queries.due(BATCH)
    if not waiting:
        return 0
    with senders.open_sender() as sender:
        for identity in waiting:
            notice = _take(identity)
            if notice is not None:
                if not _finish(notice, sender.send(notice)):
                    senders.discard([notice])  # it was withdrawn while it was being sent
                tried += 1
    return tried


def _take(identity: UUID) -> Notice | None:
    """Claim one notice by one atomic statement; None when another worker was first."""
    now = clock.now()
    taken = Notice.objects.filter(queries.due_at(now), pk=identity, state__in=rules.TAKEABLE).update(
        state=State.SENDING,
        attempts=F("attempts") + 1,
        lease_until=now + rules.LEASE,
        next_at=now + rules.LEASE,
        changed=now,
    )
    return Notice.objects.get(pk=identity) if taken else None


def _finish(notice: Notice, result: senders.Result) -> bool:
    """Write down how the handing over went, unless the notice was taken again meanwhile; False where it was withdrawn."""
    now = clock.now()
    state = rules.TABLE.after(State.SENDING, result.step)
    waits: dict[State, timedelta] = {
        State.TEMPORARY: rules.wait(notice.attempts),
        State.TECHNICAL: rules.TECHNICAL_WAIT,
    }
    done = Notice.objects.filter(pk=notice.pk, state=State.SENDING, attempts=notice.attempts).update(
        state=state,
        lease_until=None,
        next_at=now + waits[state] if state in waits else None,
        delivered=now if result.step == Step.DELIVER else None,
        last_error=result.error[:300],
        changed=now,
    )
    if state in (State.PERMANENT, State.TECHNICAL):
        log.warning("notice %s (%s): %s: %s", notice.pk, notice.kind, state, result.error)
    return bool(done) or not Notice.objects.filter(pk=notice.pk, erased__isnull=False).exists()


def forget_about(about: str) -> int:
    """Erase address and text of every notice about a record, and withdraw those not yet sent; returns how many.

    For a person's right to be forgotten. Messages in the folder SALA_HOME/outbox are removed with them when the
    transaction is kept; what was given to a server can't be called back.
    """
    now = clock.now()
    mine = Notice.objects.filter(about=about)
    written = list(mine.only("id", "created"))
    transaction.on_commit(lambda: senders.discard(written))
    mine.filter(state__in=rules.TAKEABLE).update(
        state=State.PERMANENT, next_at=None, lease_until=None, last_error="withdrawn", changed=now
    )
    return mine.update(address="", subject="", body="", erased=now)


def old(before: datetime) -> int:
    """How many finished notices have kept their text since before."""
    return _old(before).count()


def _old(before: datetime) -> QuerySet[Notice]:
    return Notice.objects.filter(Q(state__in=rules.FINAL), erased__isnull=True, changed__lt=before)


def erase_old(before: datetime, most: int = 1000) -> int:
    """Take the text of notices finished before then away and shorten their addresses; returns how many."""
    now = clock.now()
    rows = list(_old(before).order_by("changed").only("id", "address", "created")[:most])
    for row in rows:
        row.address, row.subject, row.body, row.erased = rules.shorten(row.address), "", "", now
    Notice.objects.bulk_update(rows, ["address", "subject", "body", "erased"], batch_size=200)
    senders.discard(rows)
    return len(rows)
