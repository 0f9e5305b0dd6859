"""How does a notice travel: which states, which waits, which failure means what? Pure, over plain values."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl, unquote, urlsplit

from sala.kit.states import Move, Table
from sala.notices.terms import State, Step

LEASE = timedelta(minutes=2)
"""How long a sender may take over one notice before another may take it again."""
TRIES = 14
"""Temporary failures until it is given up: a little more than two days."""
KEPT = timedelta(days=30)
"""How long the text and the whole address of a finished notice are kept."""
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)
TECHNICAL_WAIT = timedelta(minutes=15)

TABLE: Table[State] = Table(
    name="notice",
    initial=State.CREATED,
    moves=(
        Move(State.CREATED, Step.TAKE, State.SENDING),
        Move(State.CREATED, Step.WITHDRAW, State.PERMANENT),
        Move(State.SENDING, Step.DELIVER, State.DELIVERED),
        Move(State.SENDING, Step.POSTPONE, State.TEMPORARY),
        Move(State.SENDING, Step.REJECT, State.PERMANENT),
        Move(State.SENDING, Step.BREAK, State.TECHNICAL),
        Move(State.SENDING, Step.TAKE, State.SENDING),  # its sender was killed: the lease has ended
        Move(State.SENDING, Step.WITHDRAW, State.PERMANENT),
        Move(State.TEMPORARY, Step.TAKE, State.SENDING),
        Move(State.TEMPORARY, Step.WITHDRAW, State.PERMANENT),
        Move(State.TECHNICAL, Step.TAKE, State.SENDING),
        Move(State.TECHNICAL, Step.WITHDRAW, State.PERMANENT),
    ),
    owners={
        State.CREATED: "worker",
        State.SENDING: "worker",
        State.DELIVERED: "sender",
        State.TEMPORARY: "worker",
        State.PERMANENT: "sender",
        State.TECHNICAL: "administrator",
    },
)
FINAL = (State.DELIVERED, State.PERMANENT)
TAKEABLE = tuple(move.source for move in TABLE.moves if move.verb == Step.TAKE)


def wait(attempts: int) -> timedelta:
    """The wait after the ``attempts``-th temporary failure: 1 minute, doubling to 6 hours."""
    doublings: int = min(max(attempts, 1) - 1, 20)
    return min(FIRST_WAIT * 2.0**doublings, LONGEST_WAIT)


def after_reply(code: int, attempts: int) -> Step:
    """The step after an SMTP reply (RFC 5321, 4.2.1): 4yz is temporary until the tries are used up, 5yz permanent."""
    if 200 <= code < 300:
        return Step.DELIVER
    if 400 <= code < 500:
        return after_disturbance(attempts)
    return Step.REJECT


def after_disturbance(attempts: int) -> Step:
    """The step after a lost connection or a server that is away."""
    return Step.POSTPONE if attempts < TRIES else Step.REJECT


def one_line(text: str) -> str:
    """``text`` without line breaks and control characters: nothing in it can begin another header."""
    plain = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    return re.sub(r" {2,}", " ", plain).strip()


def shorten(address: str) -> str:
    """What stays of an address when it has done its work: enough to recognise, too little to write to."""
    name, at, host = address.rpartition("@")
    return f"{name[:1]}…{at}{host}" if at and name else ("…" if address else "")


@dataclass(frozen=True)
class Transport:
    """Where e-mail goes. ``host`` empty: a folder of messages."""

    host: str = ""
    port: int = 0
    username: str = ""
    password: str = ""
    tls: bool = False
    starttls: bool = False
    sender: str = ""


def transport(url: str) -> Transport:
    """Read SALA_EMAIL_URL: ``smtp://[user:password@]host[:25][?starttls=1][&from=address]`` or ``smtps://`` (TLS from
    the start, port 465). Empty: a folder of messages. Raises ValueError with a sentence that never holds the password."""
    if not url:
        return Transport()
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(
            "SALA_EMAIL_URL can't be read; write smtp://host:25 or smtps://user:password@host"
        ) from None
    if parts.scheme not in ("smtp", "smtps"):
        raise ValueError(
            f"SALA_EMAIL_URL: {parts.scheme or 'no scheme'}:// is not known; use smtp:// or smtps://"
        )
    if not parts.hostname:
        raise ValueError("SALA_EMAIL_URL names no host; write smtp://host:25")
    options = dict(parse_qsl(parts.query))
    unknown = sorted(set(options) - {"starttls", "from"})
    if unknown:
        raise ValueError(f"SALA_EMAIL_URL: unknown option {unknown[0]!r}; known are starttls and from")
    tls = parts.scheme == "smtps"
    return Transport(
        host=parts.hostname,
        port=port or (465 if tls else 25),
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=tls,
        starttls=not tls and options.get("starttls", "") in ("1", "true", "yes"),
        sender=options.get("from", ""),
    )
