"""What are the bytes of an entry in the tree, and what is the digest of its content?"""

import hashlib
from datetime import datetime
from json.encoder import encode_basestring as _quoted
from typing import Protocol
from uuid import UUID

from sala.kit.canonical import canonical, moment

SALT_BYTES = 32


def content_digest(salt: bytes, content: object) -> str:
    """Hex SHA-256 over the salt and the canonical content. Without the salt it says nothing about the content."""
    return hashlib.sha256(salt + canonical(content)).hexdigest()


def leaf_data(
    *, id: UUID, at: datetime, post: str, act: str, kind: str, subject: str, place: str, digest: str
) -> bytes:
    """The entry as it stands in the tree: canonical JSON of its eight fields; the leaf's number is its place.

    Written out by hand because a verification asks for each entry; equal to `canonical` of the mapping.
    """
    return (
        f'{{"act":{_quoted(act)},"at":"{moment(at)}","digest":{_quoted(digest)},"id":"{id}","kind":{_quoted(kind)},'
        f'"place":{_quoted(place)},"post":{_quoted(post)},"subject":{_quoted(subject)}}}'
    ).encode()


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf, RFC 6962, 2.1: SHA-256 over 0x00 and the data."""
    return hashlib.sha256(b"\x00" + data).digest()


class Leaf(Protocol):
    """The fields of an entry that stand in the tree."""

    id: UUID
    at: datetime
    post: str
    act: str
    kind: str
    subject: str
    place: str
    digest: str


def hash_of(entry: Leaf) -> bytes:
    """The leaf hash of an entry, computed anew from its fields."""
    return leaf_hash(
        leaf_data(
            id=entry.id,
            at=entry.at,
            post=entry.post,
            act=entry.act,
            kind=entry.kind,
            subject=entry.subject,
            place=entry.place,
            digest=entry.digest,
        )
    )


def stored_hash(text: str) -> bytes:
    """The hash that a row holds in hex. A damaged one must not stop the sealer: it gets a hash that fits no entry."""
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    return value if len(value) == 32 else hashlib.sha256(b"\x02" + text.encode()).digest()
