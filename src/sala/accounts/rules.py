"""Which passwords, tokens and addresses of return are acceptable? Plain values, no database.

Passwords follow NIST SP 800-63B: length and a list of common ones, no rules of composition, no forced change.
"""

import hashlib
import unicodedata
from datetime import timedelta

SESSION_HOURS = 8
MOST_TOKEN_DAYS = 366
PASSWORD_MOST = 256
TOKEN_PREFIX = "sala_"  # noqa: S105 - how a key starts, so that scanners find one left lying about


def normal_password(text: str) -> str:
    """The password as it is hashed: NFKC (SP 800-63B section 5.1.1.2), so that look-alike input is the same password."""
    return unicodedata.normalize("NFKC", text)


def digest(token: str) -> str:
    """What is kept of a token: SHA-256 in hex. A token has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def token_life(days: int | None) -> timedelta:
    """How long a token lives: a session's 8 hours when made by password (``days`` None). Raises `ValueError`."""
    if days is None:
        return timedelta(hours=SESSION_HOURS)
    if not 1 <= days <= MOST_TOKEN_DAYS:
        raise ValueError(f"days must be 1 to {MOST_TOKEN_DAYS}")
    return timedelta(days=days)


def session_mark(session_key: str) -> str:
    """A name for a session that does not open it: the first 16 hex digits of the key's SHA-256."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:16]
