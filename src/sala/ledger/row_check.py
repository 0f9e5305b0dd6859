"""Do the records still say what the ledger says of them? Recomputes each record's latest digest from its own table."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from django.db.models import Exists, F, OuterRef, Q

from sala.ledger import registry
from sala.ledger.findings import Finding
from sala.ledger.models import Entry
from sala.ledger.rules import leaves
from sala.ledger.terms import FORGET, Fault

_TOGETHER = 400
_BUCKETS = 256

Latest = tuple[str, str, int | None, bytes | None]  # act, digest, leaf, salt


@dataclass
class Rows:
    """How many records were compared."""

    count: int = 0


def check_salts() -> Iterator[Finding]:
    """Entries whose salt is gone although no later entry records that the record was erased."""
    # By the place in the tree, not by time: the computer's clock may have been set back between two acts.
    later = Q(leaf__gt=OuterRef("leaf")) | Q(leaf__isnull=True)
    erased = Entry.objects.filter(later, kind=OuterRef("kind"), subject=OuterRef("subject"), act=FORGET)
    missing = Entry.objects.filter(~Exists(erased), salt__isnull=True).order_by(
        F("leaf").asc(nulls_last=True)
    )
    for leaf, kind, subject in missing.values_list("leaf", "kind", "subject").iterator():
        name = f"entry {leaf}" if leaf is not None else "a waiting entry"
        text = f"{name}: its salt is missing and no erasure is recorded ({kind} {subject})"
        yield Finding(Fault.SALT, text, leaf, kind, subject)


def check_rows(counted: Rows) -> Iterator[Finding]:
    """Records changed, added or removed without an entry, kind by kind."""
    for kind in registry.kinds():
        seen = [0] * _BUCKETS
        rows = kind.snapshots()
        while chunk := dict(islice(rows, _TOGETHER)):
            for subject in chunk:
                mark = _mark(subject)
                seen[mark % _BUCKETS] ^= mark
            counted.count += len(chunk)
            yield from _chunk(kind.kind, chunk)
        yield from _gone(kind, seen)


def check_rooms() -> Iterator[Finding]:
    """What the rooms' own checks find."""
    for kind, run in registry.checks():
        for subject, text in run():
            yield Finding(Fault.ROOM, text, None, kind, subject)


def _chunk(kind: str, chunk: Mapping[str, object]) -> Iterator[Finding]:
    latest = _latest(kind, list(chunk))
    for subject, content in chunk.items():
        entry = latest.get(subject)
        if entry is None:
            yield Finding(
                Fault.ROW_INSERTED,
                f"{kind} {subject}: no entry in the ledger says that it was made",
                None,
                kind,
                subject,
            )
            continue
        act, digest, leaf, salt = entry
        if act == FORGET or salt is None:
            continue  # a missing salt without an erasure is `check_salts`' finding
        if leaves.content_digest(salt, content) != digest:
            number = f"entry {leaf}" if leaf is not None else "its waiting entry"
            yield Finding(
                Fault.ROW_CHANGED,
                f"{kind} {subject}: changed, it no longer says what {number} recorded",
                leaf,
                kind,
                subject,
            )


def _latest(kind: str, subjects: list[str]) -> dict[str, Latest]:
    rows = Entry.objects.filter(kind=kind, subject__in=subjects)
    rows = rows.order_by(F("leaf").asc(nulls_last=True), "at", "id")  # as in `check_salts`
    found = rows.values_list("subject", "act", "digest", "leaf", "salt__salt")
    return {
        subject: (act, digest, leaf, None if salt is None else bytes(salt))
        for subject, act, digest, leaf, salt in found.iterator()
    }


def _gone(kind: registry.Kind, seen: list[int]) -> Iterator[Finding]:
    """Subjects that the ledger knows and the table does not.

    Sums of marks are compared first, in buckets, so that memory stays small; only buckets that differ are looked at.
    """
    for subject in _subjects(kind.kind):
        mark = _mark(subject)
        seen[mark % _BUCKETS] ^= mark
    different = {bucket for bucket, rest in enumerate(seen) if rest}
    if not different:
        return
    there = {subject for subject, _ in kind.snapshots() if _mark(subject) % _BUCKETS in different}
    away = (s for s in _subjects(kind.kind) if _mark(s) % _BUCKETS in different and s not in there)
    while chunk := list(islice(away, _TOGETHER)):
        for subject, (act, digest, leaf, salt) in sorted(_latest(kind.kind, chunk).items()):
            if act == FORGET or salt is None or leaves.content_digest(salt, None) == digest:
                continue
            text = f"{kind.kind} {subject}: removed, the ledger says that it is there (entry {leaf})"
            yield Finding(Fault.ROW_REMOVED, text, leaf, kind.kind, subject)


def _subjects(kind: str) -> Iterator[str]:
    rows = Entry.objects.filter(kind=kind).order_by("subject").values_list("subject", flat=True).distinct()
    return rows.iterator()


def _mark(subject: str) -> int:
    return int.from_bytes(hashlib.blake2b(subject.encode(), digest_size=8).digest(), "big")
