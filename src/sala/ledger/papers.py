"""Is this paper genuine? Papers carry a code that the hall signs; each kind of paper says how its facts are shown."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sala.kit.errors import NotFound
from sala.ledger import keyring, keys, queries
from sala.ledger.rules import cose, notes

Shown = Callable[[Mapping[str, Any]], Sequence[tuple[str, str]]]
Ended = Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True)
class Kind:
    """A kind of paper: what it is called (a lazy text), and how the facts in its code are shown, as on the paper.

    ``ended`` says in a sentence why a genuine paper is no longer good today; an empty text where it still is.
    """

    label: Any
    shown: Shown
    ended: Ended | None = None


@dataclass(frozen=True)
class Found:
    """What a code says. ``genuine``: this hall signed it; only then the rest says anything. ``ended``: why it is no longer
    good; None where the hall can't tell for this kind of paper.
    """

    genuine: bool
    issuer: str = ""
    label: Any = ""
    rows: Sequence[tuple[str, str]] = ()
    ended: str | None = None


_kinds: dict[str, Kind] = {}


def register(kind: str, label: Any, shown: Shown, ended: Ended | None = None) -> None:
    """Make a kind of paper known: called by a room's ``apps.ready``."""
    _kinds[kind] = Kind(label, shown, ended)


def code(kind: str, facts: Mapping[str, str | int], at: datetime) -> str:
    """The code of a paper of ``kind``: its facts, the hall's name and the moment, signed with the ledger's key.

    The same paper has the same code whenever it is printed, until the key is changed. Raises `Unavailable` (no key).
    """
    signing = keys.signing(keyring.expected())
    verifier = notes.Verifier(queries.origin(), signing.public_key().public_bytes_raw())
    claims = {
        cose.ISSUER: verifier.name,
        cose.ISSUED_AT: int(at.timestamp()),
        cose.FACTS: {"kind": kind, **facts},
    }
    return cose.write(claims, signing, verifier.key_id)


def check(text: str) -> Found:
    """What is on a paper with this code. Raises `cose.BadCodeError` for a text that is no code."""
    signed = cose.read(text)
    try:
        ring = keyring.current().keys
    except NotFound:
        ring = ()
    by_us = any(each.key_id == signed.key_id and signed.is_by(each.public) for _, each in ring)
    facts = signed.claims[cose.FACTS]
    kind = _kinds.get(str(facts.get("kind")))
    if not by_us or kind is None:
        return Found(False)
    ended = kind.ended(facts) if kind.ended is not None else None
    return Found(True, str(signed.claims.get(cose.ISSUER, "")), kind.label, kind.shown(facts), ended)
