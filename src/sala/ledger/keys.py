"""With which key does this hall sign? One Ed25519 key in SALA_HOME/keys, made at first use, never in the database.

A key is changed by `rotation`: the new one lies beside the old one (``.next``) until the database says that it signs.
"""

import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.conf import settings

from sala.kit.errors import Unavailable
from sala.kit.terms import N_

_loaded: dict[tuple[Path, int], Ed25519PrivateKey] = {}


def path() -> Path:
    """Where the key lies: PEM, mode 600."""
    return Path(settings.HOME) / "keys" / "ledger.ed25519"


def next_path() -> Path:
    """Where the key lies that is to follow."""
    return path().with_name("ledger.ed25519.next")


def signing(expected: bytes | None = None) -> Ed25519PrivateKey:
    """The private key; made when there is none yet. ``expected`` is the public key that the database says signs now.

    Side effect: the next key takes its place when it is the expected one (a change that was cut off is finished).
    Raises `Unavailable` when the file can't be read as a key, or is another one than expected.
    """
    file = path()
    if expected is None:
        if not file.exists():
            _make(file)
        return _load(file)
    if not file.exists() or _load(file).public_key().public_bytes_raw() != expected:
        follows = next_path()
        if not follows.exists() or _load(follows).public_key().public_bytes_raw() != expected:
            raise Unavailable(
                N_("The ledger's signing key is not the one its last change named. Restore it from a backup.")
            )
        follows.replace(file)
    return _load(file)


def make_next() -> bytes:
    """Make the key that is to follow and return its public key; one that was never used is replaced."""
    next_path().unlink(missing_ok=True)
    _make(next_path())
    return _load(next_path()).public_key().public_bytes_raw()


def public() -> bytes | None:
    """The public key (32 bytes); None when no key was made yet."""
    return _load(path()).public_key().public_bytes_raw() if path().exists() else None


def _make(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    # Written beside and linked into place: no other process ever sees half a key, and the first one wins.
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target:
        target.write(key)
        target.flush()
        os.fsync(target.fileno())
    try:
        os.link(draft, file)
    except FileExistsError:
        pass  # another process was first; its key counts
    finally:
        draft.unlink()


def _load(file: Path) -> Ed25519PrivateKey:
    stamp = (file, file.stat().st_mtime_ns)
    if stamp not in _loaded:
        try:
            key = load_pem_private_key(file.read_bytes(), None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as fault:
            raise Unavailable(
                N_("The ledger's signing key can't be read. Restore it from a backup.")
            ) from fault
        if not isinstance(key, Ed25519PrivateKey):
            raise Unavailable(N_("The ledger's signing key can't be read. Restore it from a backup."))
        _loaded[stamp] = key
    return _loaded[stamp]
