"""Who signed this text? Signed notes and checkpoints as C2SP writes them (c2sp.org/signed-note, c2sp.org/tlog-checkpoint)."""

import base64
import binascii
import hashlib
import unicodedata
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"  # the signature type of plain Ed25519
_DASH = "— "
DEMONSTRATION_LINE = "demonstration: all records are fictional"
GREATEST_NOTE = 64 * 1024


class BadNoteError(ValueError):
    """The text is no signed note, or not signed by the key asked for. The message is English, for programs."""


class UnsignedError(BadNoteError):
    """The note bears no signature of the key asked for."""


@dataclass(frozen=True)
class Verifier:
    """A name and the Ed25519 public key (32 bytes) that signs under it."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name, newline, type, key)."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def text(self) -> str:
        """The verifier key: ``name+hex id+base64(type, key)``."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> "Verifier":
        """Read a verifier key; raises `BadNoteError`."""
        parts = text.strip().split("+", 2)
        if len(parts) != 3:
            raise BadNoteError("a verifier key has the form name+id+key")
        key = _base64(parts[2])
        verifier = cls(parts[0], key[1:])
        if (
            not _is_name(parts[0])
            or key[:1] != ED25519
            or len(key) != 33
            or verifier.key_id.hex() != parts[1]
        ):
            raise BadNoteError("the verifier key is damaged")
        return verifier


@dataclass(frozen=True)
class Checkpoint:
    """The body of a checkpoint: the log's origin, its size, its root and any extension lines."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """The body to be signed."""
        lines = [self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions]
        return "".join(line + "\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Read a body; raises `BadNoteError`."""
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or not lines[0] or not all(lines[:-1]):
            raise BadNoteError("a checkpoint has an origin, a size and a root, each on its line")
        size = lines[1]
        if (
            not (size.isascii() and size.isdigit())
            or (size != "0" and size.startswith("0"))
            or len(size) > 18
        ):
            raise BadNoteError("the checkpoint's size is no number")
        root = _base64(lines[2])
        if len(root) != 32:
            raise BadNoteError("the checkpoint's root is no SHA-256 hash")
        return cls(lines[0], int(size), root, tuple(lines[3:-1]))


def sign(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """The note: ``text`` (which ends in a newline), an empty line and one signature line. Raises `BadNoteError`."""
    _check_text(text)
    if not _is_name(name):
        raise BadNoteError("a key's name has no blank and no plus sign")
    verifier = Verifier(name, key.public_key().public_bytes_raw())
    signature = base64.b64encode(verifier.key_id + key.sign(text.encode())).decode()
    return f"{text}\n{_DASH}{name} {signature}\n"


def opened(note: str, verifier: Verifier) -> str:
    """The text of a note that ``verifier`` signed; other keys' signatures are passed over. Raises `BadNoteError`."""
    text, signatures = split(note)
    for name, signature in signatures:
        if name != verifier.name or signature[:4] != verifier.key_id:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(verifier.public).verify(signature[4:], text.encode())
        except (InvalidSignature, ValueError):
            raise BadNoteError("the signature does not fit the text") from None
        return text
    raise UnsignedError(f"the note is not signed by {verifier.name}")


def split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The text and its (name, key id + signature) lines, unchecked. Raises `BadNoteError` for what is no note."""
    if len(note) > GREATEST_NOTE:
        raise BadNoteError("the note is too long")
    head, gap, tail = note.rpartition("\n\n")
    text = head + "\n"
    if not gap or not tail.endswith("\n"):
        raise BadNoteError("a note has a text, an empty line and signatures")
    _check_text(text)
    signatures: list[tuple[str, bytes]] = []
    for line in tail[:-1].split("\n"):
        name, blank, signature = line.removeprefix(_DASH).partition(" ")
        if not line.startswith(_DASH) or not blank or not _is_name(name):
            raise BadNoteError("a signature line begins with a dash, a name and a blank")
        signatures.append((name, _base64(signature)))
    return text, signatures


def _check_text(text: str) -> None:
    if not text.endswith("\n") or text == "\n":
        raise BadNoteError("a note's text ends in a newline")
    if any(character != "\n" and unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise BadNoteError("a note's text has no control characters")


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(character.isspace() for character in name)


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadNoteError("base64 is damaged") from None
