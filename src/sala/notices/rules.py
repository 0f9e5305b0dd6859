"""How does a notice travel: which states, which waits, which failure means what? Pure, over plain values."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import UUID

from sala.kit.states import Move, Table
from sala.notices.terms import Channel, State, Step

LEASE = timedelta(minutes=2)
"""How long a sender may take over one notice before another may take it again."""
TRIES = 18
"""Temporary failures until it is given up: about two days."""
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
        Move(State.SENDING, Step.LOSE, State.UNCERTAIN),
        Move(State.SENDING, Step.TAKE, State.SENDING),  # its sender was killed: the lease has ended
        Move(State.SENDING, Step.WITHDRAW, State.PERMANENT),
        Move(State.TEMPORARY, Step.TAKE, State.SENDING),
        Move(State.TEMPORARY, Step.WITHDRAW, State.PERMANENT),
        Move(State.TECHNICAL, Step.TAKE, State.SENDING),
        Move(State.TECHNICAL, Step.WITHDRAW, State.PERMANENT),
        Move(State.UNCERTAIN, Step.CONFIRM, State.DELIVERED),
        Move(State.UNCERTAIN, Step.RESEND, State.CREATED),
        Move(State.UNCERTAIN, Step.MISS, State.CREATED),
        Move(State.UNCERTAIN, Step.LOSE, State.UNCERTAIN),  # asked, and the gateway could not say
        Move(State.UNCERTAIN, Step.REJECT, State.PERMANENT),
        Move(State.UNCERTAIN, Step.WITHDRAW, State.PERMANENT),
        Move(State.PERMANENT, Step.RESEND, State.CREATED),
    ),
    owners={
        State.CREATED: "worker",
        State.SENDING: "worker",
        State.DELIVERED: "sender",
        State.TEMPORARY: "worker",
        State.PERMANENT: "sender",
        State.TECHNICAL: "administrator",
        State.UNCERTAIN: "sender",
    },
)
FINAL = (State.DELIVERED,)
TAKEABLE = tuple(move.source for move in TABLE.moves if move.verb == Step.TAKE)
RESTING = tuple(state for state in State if state not in TAKEABLE)
"""States in which nothing happens by itself (but for the asking of `ASK_FIRST`): their texts are erased in time."""
TROUBLE = (State.UNCERTAIN, State.PERMANENT, State.TECHNICAL)
"""States that a person is shown."""

ASK_FIRST, ASK_LONGEST, ASKS = timedelta(minutes=1), timedelta(hours=1), 12
"""An uncertain notice: when its gateway is asked first (what is still under way must have come in), and how often."""
STRIKES = 3
"""Disturbances in a row after which a gateway counts as down."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(minutes=5)
"""How long a gateway that is down is left alone."""
PER_MINUTE = {Channel.EMAIL: 600, Channel.SMS: 300, Channel.TELEGRAM: 1200}
"""Notices handed to a gateway in a minute; Telegram allows 30 a second (Bot FAQ, "My bot is hitting limits")."""


@dataclass(frozen=True)
class Result:
    """How one handing over went. ``error`` names class and reply code only: servers quote addresses in their texts.

    ``away``: the gateway itself is down or refuses us, so that nothing else need be tried now; ``pause`` is how long it
    asked to be left alone. ``reference`` is its own name for the message.
    """

    step: Step
    error: str = ""
    away: bool = False
    pause: timedelta | None = None
    reference: str = ""


def spread(identity: UUID) -> float:
    """Where a notice stands between 0 and 1: the same for each of its tries, so that a wait can be told beforehand."""
    return (identity.int & 0xFFFF) / 0x10000


def wait(attempts: int, spread: float = 0.0) -> timedelta:
    """The wait after the ``attempts``-th temporary failure: 1 minute, doubling to 6 hours, up to a quarter less (``spread``)."""
    return _doubled(FIRST_WAIT, LONGEST_WAIT, attempts, spread)


def pause(failures: int, spread: float = 0.0) -> timedelta:
    """How long a gateway is left alone when it was found down for the ``failures``-th time in a row."""
    return _doubled(FIRST_PAUSE, LONGEST_PAUSE, failures, spread)


def ask_wait(asked: int) -> timedelta | None:
    """When to ask the gateway next after ``asked`` questions; None when it is left to a person."""
    return _doubled(ASK_FIRST, ASK_LONGEST, asked + 1, 0.0) if asked < ASKS else None


def _doubled(first: timedelta, longest: timedelta, times: int, spread: float) -> timedelta:
    doublings: int = min(max(times, 1) - 1, 20)
    return min(first * 2.0**doublings, longest) * (1 - 0.25 * spread)


def is_quiet(at: time, start: time, end: time) -> bool:
    """Whether a local time lies in the quiet hours, which may pass midnight. The end is no longer quiet; equal: never."""
    return start <= at < end if start <= end else at >= start or at < end


def quiet_hours(pack: Mapping[str, object]) -> tuple[time, time, frozenset[Channel]]:
    """The quiet hours of a country's ``notices.toml`` (as read): from, to, the channels held. Raises ValueError with a sentence."""
    said = pack.get("quiet", {})
    if not isinstance(said, Mapping) or not said:
        return time(0), time(0), frozenset()
    start, end, channels = said.get("from"), said.get("to"), said.get("channels")
    if not isinstance(start, time) or not isinstance(end, time):
        raise ValueError("notices.toml: quiet.from and quiet.to are times such as 21:00:00")
    if not isinstance(channels, list) or not set(channels) <= set(Channel):
        raise ValueError(f"notices.toml: quiet.channels may hold {', '.join(Channel)}")
    return start, end, frozenset(Channel(each) for each in channels)


def segments(text: str) -> int:
    """How many messages of the mobile network a text fills: in UCS-2 70 units, or 67 a part (3GPP TS 23.040, 9.2.3.24).

    Latin text would fit more closely in the 7-bit alphabet; counting it alike is on the safe side.
    """
    units = len(text.encode("utf-16-be")) // 2
    return 1 if units <= 70 else -(-units // 67)


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
    if at and name:
        return f"{name[:1]}…{at}{host}"
    if address.startswith("+") and len(address) > 8:
        return f"{address[:6]}…{address[-2:]}"
    return "…" if address else ""


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
