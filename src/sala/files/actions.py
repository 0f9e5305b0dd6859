"""What happens to an upload: checked, written anew and kept; attached to a record; removed."""

import hashlib
from datetime import timedelta
from typing import IO, Any
from uuid import UUID

from django.db import transaction

from sala.files import pictures, registry, rules, store
from sala.files.models import File
from sala.files.terms import State, Step
from sala.kit import clock, network
from sala.kit.acting import Where
from sala.kit.errors import FieldError, Invalid, NotFound, TooMany
from sala.kit.terms import N_


class UploadTooLarge(Invalid):
    """413: more bytes than we take; a form shows it beside its field like any `Invalid`."""

    status, code = 413, "too-large"


def keep(upload: IO[bytes] | bytes | Any, *, purpose: str, at: Where, source: str = "") -> File:
    """Check an upload, write it anew without metadata and keep it for two days, until `attach` gives it to a record.

    ``upload`` is Django's uploaded file, an open file or bytes; its name and declared type are ignored. ``at`` is where
    the record stands. ``source`` is the network address of somebody without an account: it is counted against
    `rules.ANONYMOUS_AN_HOUR` (raises `TooMany`) and kept as a keyed digest for an hour only.
    Raises `Invalid` with a sentence for everything that is not a sound picture, `UploadTooLarge` beyond 10 MB.
    Content is written before the row: a rolled back transaction leaves content that `sweep` removes.
    """
    digest = _source(source) if source else ""
    if digest and File.objects.filter(source=digest).count() >= rules.ANONYMOUS_AN_HOUR:
        raise TooMany(
            N_("Too many photos have come from your network in this hour. Please try again later."),
            retry_after=3600,
        )
    try:
        picture = pictures.harmless(_bytes(upload))
    except Invalid as error:
        error.errors = (FieldError("photo", error.code, error.message),)
        raise
    file = File(
        media_type=rules.MEDIA_TYPE,
        sha256=hashlib.sha256(picture.content).hexdigest(),
        small_sha256=hashlib.sha256(picture.small).hexdigest(),
        size=len(picture.content),
        width=picture.width,
        height=picture.height,
        purpose=purpose,
        province=at.province,
        district=at.district,
        commune=at.commune,
        village=at.village,
        office=at.office,
        source=digest,
    )
    store.write(file.token, picture.content)
    store.write(file.token, picture.small, small=True)
    file.save(force_insert=True)
    return file


def _bytes(upload: IO[bytes] | bytes | Any) -> bytes:
    """The upload's bytes, never more than one beyond the limit."""
    if isinstance(upload, bytes):
        content = upload
    else:
        upload.seek(0)
        content = upload.read(rules.MOST_BYTES + 1)
    if not content:
        raise Invalid(
            N_("This file is empty. Please choose a photo of the kind JPEG, PNG or WebP."), code="empty"
        )
    if len(content) > rules.MOST_BYTES:
        raise UploadTooLarge(N_("This photo is larger than 10 MB. Please choose a smaller one."))
    return content


def _source(address: str) -> str:
    """A keyed digest of a network address in this hour: enough to count, too little to find anybody."""
    return network.pseudonym(address, f"{clock.now():%Y%m%d%H}")


def attach(file_id: UUID, *, kind: str, subject: str) -> None:
    """Give a kept file to a record, in the caller's transaction; from then on the record's room says who may open it.

    Raises `NotFound` when it is gone or was attached before (a file belongs to one record), LookupError for a kind
    nobody registered.
    """
    if not registry.is_registered(kind):
        raise LookupError(f"no room has registered who may open files of {kind!r}")
    moved = File.objects.filter(pk=file_id, state=State.KEPT).update(
        state=rules.TABLE.after(State.KEPT, Step.ATTACH),
        kind=kind,
        subject=str(subject),
        attached=clock.now(),
    )
    if not moved:
        raise NotFound(N_("The photo is no longer there. Please choose it again."))


def remove(file: File) -> None:
    """Remove one file; its content goes when the transaction is kept."""
    token = file.token
    File.objects.filter(pk=file.pk).delete()
    transaction.on_commit(lambda: store.remove(token))


def remove_of(kind: str, subject: str) -> int:
    """Remove all files of a record (a person's right to be forgotten); returns how many."""
    files = list(File.objects.filter(kind=kind, subject=str(subject)))
    for file in files:
        remove(file)
    return len(files)


def sweep() -> int:
    """The job: remove what nobody attached within two days, content without a row, and digests of addresses after an hour."""
    now = clock.now()
    File.objects.filter(created__lt=now - timedelta(hours=1)).exclude(source="").update(source="")
    old = list(File.objects.filter(state=State.KEPT, created__lt=now - rules.UNATTACHED_FOR)[:1000])
    for file in old:
        # Only while still unattached: a form may be sent at this very moment.
        if File.objects.filter(pk=file.pk, state=State.KEPT).delete()[0]:
            store.remove(file.token)
    return len(old) + _remove_orphans()


def _remove_orphans() -> int:
    """Remove content whose row was rolled back; returns how many tokens."""
    tokens = sorted(set(store.tokens_before(clock.now() - rules.UNATTACHED_FOR)))
    removed = 0
    for start in range(0, len(tokens), 500):
        part = tokens[start : start + 500]
        present = set(File.objects.filter(token__in=part).values_list("token", flat=True))
        for token in part:
            if token not in present:
                store.remove(token)
                removed += 1
    return removed
