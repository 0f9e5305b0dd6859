"""How is a paper's code written and read? COSE_Sign1 (RFC 9052) with EdDSA over CWT claims (RFC 8392), in base45 (RFC 9285)."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from fido2 import cbor

PREFIX = "KH1:"
LONGEST = 4096  # signs of a code; a QR code holds 4,296
ISSUER, ISSUED_AT, FACTS = 1, 6, -65537  # CWT claims; below -65536 they are free for private use
_ALGORITHM, _KEY_ID = 1, 4
_EDDSA = -8
_TAG = b"\xd2"  # CBOR tag 18: COSE_Sign1
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUES = {sign: value for value, sign in enumerate(_ALPHABET)}


class BadCodeError(ValueError):
    """The text is no code of a paper. The message is English, for programs."""


@dataclass(frozen=True)
class Signed:
    """A code that was read: which key it names (four bytes), its claims, and what the signature covers. Not yet verified."""

    key_id: bytes
    claims: Mapping[int, Any]
    covered: bytes
    signature: bytes

    def is_by(self, public: bytes) -> bool:
        """Whether the key (32 bytes) signed it."""
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(self.signature, self.covered)
        except InvalidSignature:
            return False
        return True


def write(claims: Mapping[int, Any], key: Ed25519PrivateKey, key_id: bytes) -> str:
    """The code of a paper: the prefix and, in base45, the signed claims."""
    protected = cbor.encode({_ALGORITHM: _EDDSA, _KEY_ID: key_id})
    payload = cbor.encode(claims)
    signature = key.sign(_covered(protected, payload))
    return PREFIX + base45(_TAG + cbor.encode([protected, {}, payload, signature]))


def read(text: str) -> Signed:
    """Take a code apart, as strictly as it was written. Raises `BadCodeError`."""
    text = "".join(line.strip("\r\t") for line in text.strip().split("\n"))
    if len(text) > LONGEST:
        raise BadCodeError("longer than any code")
    if not text.startswith(PREFIX):
        raise BadCodeError(f"a code begins with {PREFIX}")
    data = unbase45(text[len(PREFIX) :])
    if not data.startswith(_TAG):
        raise BadCodeError("no COSE_Sign1")
    try:
        parts: Any = cbor.decode(data[len(_TAG) :])
        protected, unprotected, payload, signature = parts
        header: Any = cbor.decode(protected)
        claims: Any = cbor.decode(payload)
        whole = _TAG + cbor.encode([protected, unprotected, payload, signature]) == data
        exact = cbor.encode(header) == protected and cbor.encode(claims) == payload
    except (ValueError, TypeError, IndexError, KeyError, RecursionError, struct.error) as fault:
        raise BadCodeError("no COSE_Sign1") from fault
    if not (whole and exact and isinstance(header, dict) and isinstance(claims, dict) and unprotected == {}):
        raise BadCodeError("written in another way than a hall writes it")
    if header.get(_ALGORITHM) != _EDDSA or not isinstance(header.get(_KEY_ID), bytes):
        raise BadCodeError("not signed with EdDSA by a named key")
    if not isinstance(signature, bytes) or not isinstance(claims.get(FACTS), dict):
        raise BadCodeError("no facts of a paper")
    return Signed(header[_KEY_ID], claims, _covered(protected, payload), signature)


def _covered(protected: bytes, payload: bytes) -> bytes:
    """The Sig_structure of RFC 9052, 4.4."""
    return cbor.encode(["Signature1", protected, b"", payload])


def base45(data: bytes) -> str:
    """Two bytes as three signs, a last single one as two."""
    signs = []
    for start in range(0, len(data), 2):
        pair = data[start : start + 2]
        value = int.from_bytes(pair, "big")
        for _ in range(len(pair) + 1):
            value, sign = divmod(value, 45)
            signs.append(_ALPHABET[sign])
    return "".join(signs)


def unbase45(text: str) -> bytes:
    """The bytes again. Raises `BadCodeError`."""
    found = bytearray()
    for start in range(0, len(text), 3):
        signs = text[start : start + 3]
        if len(signs) == 1 or any(sign not in _VALUES for sign in signs):
            raise BadCodeError("no base45")
        value = sum(_VALUES[sign] * 45**power for power, sign in enumerate(signs))
        size = len(signs) - 1
        if value >= 256**size:
            raise BadCodeError("no base45")
        found += value.to_bytes(size, "big")
    return bytes(found)
