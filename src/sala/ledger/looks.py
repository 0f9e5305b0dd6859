"""Who read personal data? Written in the transaction of the read; bound to the ledger in batches; erased after its time."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import groupby

from django.db import transaction
from django.db.models import Max

from sala.kit.acting import Acting, Where
from sala.kit.canonical import canonical
from sala.kit.prepared import Bound, Prepared
from sala.kit.rows import insert
from sala.ledger import actions, queries
from sala.ledger.models import Look
from sala.ledger.terms import Act

BATCH = "ledger.looks"
MOST = 5000  # looks in one batch
_LOCK = 0x53414C42


def note(*, by: Acting, act: str, kind: str, subject: str, at: Where) -> None:
    """Write down that ``by`` reads personal data of a record, in the transaction in which it is read.

    ``act`` names the door (a record's page, a photo, a search ...), ``at`` where the record stands. If this fails, so does
    the read: nothing is shown that is not written down. Raises `actions.NotInTransactionError` outside a transaction.
    """
    if not transaction.get_connection().in_atomic_block:
        raise actions.NotInTransactionError("a look is written down in the transaction of the read")
    insert([Look(post=by.post, act=str(act), kind=str(kind), subject=str(subject), place=at.place)])


@lru_cache(maxsize=8)
def _newest(limit: int) -> Prepared[Look]:
    found = Look.objects.filter(kind=Bound("kind"), subject=Bound("subject")).order_by("-at", "-id")
    return Prepared(lambda: found[:limit])


def of(kind: str, subject: str, limit: int = 50) -> list[Look]:
    """The newest looks at one record, the newest first. Whoever asks must already have been allowed to see the record."""
    return _newest(limit)(kind=str(kind), subject=str(subject))


def bind(*, by: Acting) -> int:
    """The job: bind what was written down since the last time to one entry of the ledger; returns how many looks."""
    with transaction.atomic():
        if not actions.locked(_LOCK):
            return 0
        new = list(Look.objects.filter(batch__isnull=True).order_by("at", "id")[:MOST])
        if not new:
            return 0
        # The batch's number must be free for ever, also after batches were erased: the ledger remembers.
        number = queries.count(BATCH, Act.LOOKS) + 1
        Look.objects.filter(pk__in=[look.pk for look in new]).update(batch=number)
        actions.record(
            by=by, act=Act.LOOKS, kind=BATCH, subject=str(number), at=Where(), content=_content(new)
        )
    return len(new)


def _content(looks: list[Look]) -> dict[str, object]:
    digest = hashlib.sha256()
    for each in looks:
        digest.update(canonical([each.id, each.at, each.post, each.act, each.kind, each.subject, each.place]))
    return {"count": len(looks), "digest": digest.hexdigest()}


def snapshots() -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every batch as it stands."""
    rows = Look.objects.filter(batch__isnull=False).order_by("batch", "at", "id")
    for number, looks in groupby(rows.iterator(chunk_size=2000), key=lambda look: look.batch):
        yield str(number), _content(list(looks))


def old(before: datetime) -> int:
    """How many looks are older than ``before`` in batches of which all are."""
    return Look.objects.filter(batch__in=_ended(before)).count()


def erase(before: datetime, most: int, *, by: Acting) -> int:
    """Erase batches all of whose looks are older than ``before``, about ``most`` looks; returns how many looks."""
    count = 0
    for number in _ended(before):
        if count >= most:
            break
        with transaction.atomic():
            count += Look.objects.filter(batch=number).delete()[0]
            actions.forget(by=by, kind=BATCH, subject=str(number), at=Where())
    return count


def _ended(before: datetime) -> list[int]:
    rows = Look.objects.filter(batch__isnull=False, at__lt=before).order_by()
    candidates = rows.values_list("batch", flat=True).distinct()
    newest = Look.objects.filter(batch__in=list(candidates[:200])).order_by().values_list("batch")
    return sorted(number or 0 for number, at in newest.annotate(newest=Max("at")) if at < before)
