"""Which devices stand at the door? Links for kiosk and call screen are made and ended here; a link is shown once."""

import secrets
from uuid import UUID

from django.db import transaction

from sala.counter import queries
from sala.counter.models import Kiosk
from sala.counter.terms import LedgerAct, Verb
from sala.kit import clock
from sala.kit.acting import Acting
from sala.kit.errors import FieldError, Invalid, NotFound, NotPossible
from sala.kit.reach import q
from sala.kit.terms import N_
from sala.kit.text import normalise
from sala.ledger import actions as ledger
from sala.window import rules as window

NAMELESS = N_("Give the device a name of 1 to 80 letters, such as “Tablet at the door”.")
TAKEN = N_("A link of this name is in use. End it, or choose another name.")


def make(*, by: Acting, name: str) -> str:
    """A new link's key for a device of the acting post's office: the only time that it is seen.

    Side effects: one row, one ledger entry. Raises `Refused`, `NotPossible` (a post without an office), `Invalid` for a
    name that is none, or that of a link in use.
    """
    by.require(Verb.KIOSK, by.where)
    if by.office is None:
        raise NotPossible(N_("Tickets are given out in an office."))
    name = " ".join(normalise(name).split())
    if not 1 <= len(name) <= 80:
        raise Invalid(NAMELESS, errors=[FieldError("name", "length", NAMELESS)])
    key = secrets.token_urlsafe(32)
    with transaction.atomic():
        row, made = Kiosk.objects.get_or_create(
            office_id=by.office, name=name, ended=None, defaults={"digest": window.key_hash(key)}
        )
        if not made:
            raise Invalid(TAKEN, errors=[FieldError("name", "taken", TAKEN)])
        _record(by, Verb.KIOSK, row)
    return key


def end(*, by: Acting, kiosk_id: UUID) -> None:
    """End a link: from now on it opens nothing. Side effects: one row, one ledger entry. Raises `Refused`, `NotFound`."""
    by.require(Verb.KIOSK, by.where)
    with transaction.atomic():
        rows = Kiosk.objects.select_for_update().filter(q(by.reach(Verb.KIOSK)), pk=kiosk_id, ended=None)
        row = rows.first()
        if row is None:
            raise NotFound(N_("This link is not in use."))
        row.ended = clock.now()
        row.save(update_fields=["ended"])
        _record(by, LedgerAct.KIOSK_ENDED, row)


def _record(by: Acting, act: str, row: Kiosk) -> None:
    ledger.record(
        by=by,
        act=act,
        kind=queries.KIOSK,
        subject=str(row.pk),
        at=by.where,
        content=queries.kiosk_content(row),
    )
