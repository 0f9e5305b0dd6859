"""Which programs may report by Open311? Keys are made and ended here; a key is shown once and kept nowhere in clear."""

import secrets

from django.db import transaction

from sala.kit import clock
from sala.kit.acting import Acting, Where
from sala.kit.errors import FieldError, Invalid, NotFound
from sala.kit.terms import N_
from sala.kit.text import normalise
from sala.ledger import actions as ledger
from sala.window import rules, steps
from sala.window.models import ApiKey
from sala.window.terms import LedgerAct


def make_key(*, by: Acting, name: str) -> str:
    """A new key for the program called ``name``: the only time that it is seen.

    Side effects: one row, one ledger entry. Raises `Refused`, `Invalid` for a name that is none, or taken by a key in use.
    """
    by.require(LedgerAct.KEY, Where())
    name = " ".join(normalise(name).split())
    if not 1 <= len(name) <= 80:
        message = N_("Give the program a name of 1 to 80 letters.")
        raise Invalid(message, errors=[FieldError("name", "length", message)])
    key = secrets.token_urlsafe(32)
    with transaction.atomic():
        row, made = ApiKey.objects.get_or_create(name=name, defaults={"digest": rules.key_hash(key)})
        if not made:
            message = N_("A key of this name is there already. End it, or choose another name.")
            raise Invalid(message, errors=[FieldError("name", "taken", message)])
        _record(by, LedgerAct.KEY, row)
    return key


def end_key(*, by: Acting, name: str) -> None:
    """End a program's key: from now on it opens nothing. Side effects: one row, one ledger entry. Raises `Refused`, `NotFound`."""
    by.require(LedgerAct.KEY_ENDED, Where())
    with transaction.atomic():
        row = ApiKey.objects.select_for_update().filter(name=name, ended=None).first()
        if row is None:
            raise NotFound(N_("There is no key of this name in use."))
        row.ended = clock.now()
        row.save(update_fields=["ended"])
        _record(by, LedgerAct.KEY_ENDED, row)


def _record(by: Acting, act: LedgerAct, row: ApiKey) -> None:
    ledger.record(
        by=by, act=act, kind=steps.KEY, subject=str(row.pk), at=Where(), content=steps.key_content(row)
    )
