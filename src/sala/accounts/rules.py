"""Which passwords, tokens and addresses of return are acceptable? Plain values, no database.

Passwords follow NIST SP 800-63B: length and a list of common ones, no rules of composition, no forced change.
"""

import hashlib
import unicodedata
from collections.abc import Iterable
from datetime import timedelta

SESSION_HOURS = 8
MOST_TOKEN_DAYS = 366
PASSWORD_MOST = 256
TOKEN_PREFIX = "sala_"  # noqa: S105 - how a key starts, so that scanners find one left lying about
READ = "read"
INVITATION_DAYS = 3
MOST_INVITATION_DAYS = 14
SKEW = timedelta(minutes=1)
"""By so much the clocks of two processes may differ; what lies further ahead was made by a clock that was set back since."""
SEEN_EVERY = timedelta(minutes=10)
RECOVERY_SHOWN = timedelta(minutes=10)


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


def limits(scope: Iterable[str], known: Iterable[str]) -> frozenset[str]:
    """To what a token is limited: nothing named for all its post may do, `READ` alone, or verbs. Raises `ValueError` with
    the word that is wrong.
    """
    words = frozenset(scope)
    if READ in words and len(words) > 1:
        raise ValueError(READ)
    for word in sorted(words - {READ} - frozenset(known)):
        raise ValueError(word)
    return words


_BROWSERS = [
    "Edg=Edge",
    "SamsungBrowser=Samsung",
    "OPR=Opera",
    "Firefox",
    "FxiOS=Firefox",
    "CriOS=Chrome",
    "Chrome",
    "Safari",
]
_SYSTEMS = ["Android", "iPhone", "iPad", "Windows", "CrOS=ChromeOS", "Mac=macOS", "Linux"]


def browser(user_agent: str) -> str:
    """Family of the browser and of its system ("Firefox, Android"), nothing more exact; empty where neither is known."""
    found = []
    for marks in (_BROWSERS, _SYSTEMS):
        pairs = [(mark.partition("=")[0], mark.rpartition("=")[2]) for mark in marks]
        found.append(next((name for mark, name in pairs if mark in user_agent), ""))
    return ", ".join(name for name in found if name)


def plain_code(typed: str) -> str:
    """A code as it is compared: its letters and digits alone, Khmer digits as ASCII ones."""
    digits = str.maketrans("០១២៣៤៥៦៧៨៩", "0123456789")
    return "".join(sign for sign in typed.translate(digits) if sign.isalnum())


def session_mark(session_key: str) -> str:
    """A name for a session that does not open it: the first 16 hex digits of the key's SHA-256."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:16]
