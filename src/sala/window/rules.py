"""What must happen to a request, and by when? States, routing, deadlines, numbers and codes of the window, as pure functions."""

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sala.kit.states import Move, Table
from sala.kit.terms import N_
from sala.window.terms import Act, DaysKind, DaysStatus, Fact, FeeStatus, Kind, Level, State

if TYPE_CHECKING:
    from sala.kit.days import Calendar

R, P, W, D = State.RECEIVED, State.IN_PROGRESS, State.WAITING, State.DONE
F, AGAIN = State.FORWARDED, State.REOPENED
CLOSE_AFTER_DAYS = 10
"""Working days in which a resident may have a finished request opened again; then it closes."""
REOPENED_DAYS = 3
"""Working days a reopened request has at the least. Ours: no law known to us says how many."""
REPORTS_AN_HOUR = 600
"""Requests from one address and hour without an account. Generous: whole towns share one address of a mobile network."""
TEXT = ("text",)
AWAY = ("text", "office")


def _untaken(state: State, *more: Move[State]) -> tuple[Move[State], ...]:
    """The moves of a request that lies with an office and that no officer has taken on; ``more`` of this state alone."""
    return (
        Move(state, Act.TAKE, P),
        Move(state, Act.ASSIGN, P, ("assigned",)),
        Move(state, Act.ASK, W, TEXT),
        Move(state, Act.ANSWER, P, TEXT),
        Move(state, Act.NOTE, state, TEXT),
        Move(state, Act.FINISH, D, TEXT),
        Move(state, Act.FORWARD, F, AWAY),
        *more,
        Move(state, Act.REFUSE, State.REFUSED, TEXT),
        Move(state, Act.WITHDRAW, State.WITHDRAWN),
    )


# The usual next step stands first: pages take their buttons from here, refusal last.
TABLE: Table[State] = Table(
    name="window.request",
    initial=R,
    moves=(
        *_untaken(R),
        *_untaken(F, Move(F, Act.RETURN, R, TEXT)),
        *_untaken(AGAIN),
        Move(P, Act.FINISH, D, TEXT),
        Move(P, Act.ANSWER, P, TEXT),
        Move(P, Act.ASK, W, TEXT),
        Move(P, Act.ASSIGN, P, ("assigned",)),
        Move(P, Act.NOTE, P, TEXT),
        Move(P, Act.FORWARD, F, AWAY),
        Move(P, Act.REFUSE, State.REFUSED, TEXT),
        Move(P, Act.WITHDRAW, State.WITHDRAWN),
        Move(W, Act.REPLY, P, TEXT),
        Move(W, Act.FINISH, D, TEXT),
        Move(W, Act.ANSWER, P, TEXT),
        Move(W, Act.ASSIGN, W, ("assigned",)),
        Move(W, Act.NOTE, W, TEXT),
        Move(W, Act.REFUSE, State.REFUSED, TEXT),
        Move(W, Act.WITHDRAW, State.WITHDRAWN),
        Move(D, Act.REOPEN, AGAIN, TEXT),
        Move(D, Act.RATE, D, ("courtesy", "speed")),
        Move(D, Act.CLOSE, State.CLOSED),
        Move(State.CLOSED, Act.RATE, State.CLOSED, ("courtesy", "speed")),
    ),
    owners={
        R: N_("the office that serves the place"),
        P: N_("the officer in charge"),
        W: N_("the applicant"),
        F: N_("the office it was forwarded to"),
        AGAIN: N_("the office that finished it"),
        D: N_("the calendar"),
        State.REFUSED: N_("the archive"),
        State.WITHDRAWN: N_("the archive"),
        State.CLOSED: N_("the archive"),
    },
)
AT_ONCE = (Act.TAKE, Act.ASSIGN, Act.ANSWER, Act.ASK, Act.NOTE, Act.FORWARD, Act.FINISH)
"""What can be done to many requests at once. Not refusing: a reason to appeal against is written for one applicant."""
MOST_AT_ONCE = 200
MOST_PHRASES = 100
MOST_LISTS = 20
MOST_RULES = 50
MOST_SUBTASKS = 20
HELD_BY_SUBTASKS = frozenset({Act.FINISH, Act.FORWARD})
"""What waits until every sub-task is done or dropped: the applicant is told that it is finished, another office can't see them."""
READY = (Act.ANSWER, Act.ASK, Act.FINISH, Act.REFUSE)
"""The steps for which an office keeps ready answers."""
FINAL = frozenset({State.REFUSED, State.WITHDRAWN, State.CLOSED})
OPEN = frozenset({R, P, W, F, AGAIN})
RESIDENTS = frozenset({Act.REPLY, Act.RATE, Act.WITHDRAW, Act.REOPEN, Act.DISPUTE})
"""What the applicant may do; of what they wrote there nothing stays when their data are erased."""
# Not steps of the work: possible in every state, changing none (personal data erased, disputed or put right, a holiday that is
# added, somebody told that it gets late, a second matter split off).
ASIDE = frozenset(
    {Act.ERASE, Act.RECOUNT, Act.CORRECT, Act.DISPUTE, Act.SETTLE, Act.ESCALATE, Act.SPLIT, Act.SECOND}
)
# What somebody wants corrected holds what the page of the code never shows: a name, a telephone number.
PUBLIC = frozenset(Act) - {Act.NOTE, Act.RATE, Act.ERASE, Act.LEAD, Act.DISPUTE, Act.ESCALATE}
# What happens to the report that leads joined ones happens to each of them. A question is put to one person, and so are
# the reply and the pause; a note is the office's own.
SHARED = frozenset(
    {Act.TAKE, Act.ASSIGN, Act.ANSWER, Act.FINISH, Act.REFUSE, Act.FORWARD, Act.RETURN, Act.REOPEN, Act.CLOSE}
    | {Act.RECOUNT}
)
REACTIONS = frozenset(
    {Act.TAKE, Act.ASSIGN, Act.ASK, Act.ANSWER, Act.FINISH, Act.REFUSE, Act.FORWARD, Act.RETURN}
)
ANSWERS = frozenset({Act.ASK, Act.ANSWER, Act.FINISH, Act.REFUSE})


def needs(verb: Act) -> tuple[str, ...]:
    """The fields that a step needs, whatever the state it is taken in."""
    return next(move.required for move in TABLE.moves if move.verb == verb)


def followed(state: State) -> State:
    """The state of a report that is joined to one in ``state``: nobody waits for its reporter, who was not asked."""
    return State.IN_PROGRESS if state == State.WAITING else state


def moves(state: State, *, joined: bool) -> tuple[Move[State], ...]:
    """What staff can do in ``state``; with a report that is joined to another only what stays inside the office."""
    found = TABLE.open_moves(state)
    return tuple(move for move in found if move.verb == Act.NOTE) if joined else found


@dataclass(frozen=True)
class Clock:
    """The times of a request. ``due`` already contains the pauses that are over; minutes are working minutes."""

    received: datetime
    due: datetime
    paused_at: datetime | None = None
    paused_minutes: int = 0


def due(calendar: "Calendar", received: datetime, days: int, kind: str = DaysKind.WORKING) -> datetime:
    """Close of business of the ``days``-th day after the day of receipt, on the office's own calendar.

    Of calendar days each counts; one that ends on a day off ends on the next working day, since nobody can hand over before.
    """
    if kind == DaysKind.CALENDAR:
        day = received.astimezone(calendar.zone).date() + timedelta(days=days)
        return calendar.closing(calendar.next_working_day(day))
    return calendar.add_days(received, days)


def pause(clock: Clock, at: datetime) -> Clock:
    """Stop the clock while the applicant is asked. Asking twice stops it once."""
    return clock if clock.paused_at else Clock(clock.received, clock.due, at, clock.paused_minutes)


def resume(clock: Clock, at: datetime, calendar: "Calendar") -> Clock:
    """Start it again: the due date moves by the working minutes that were waited, so nobody loses or wins time."""
    if clock.paused_at is None:
        return clock
    waited = max(
        0, calendar.minutes_between(clock.paused_at, at)
    )  # the computer's clock may have been set back
    later = calendar.add_minutes(clock.due, waited) if waited else clock.due
    return Clock(clock.received, later, None, clock.paused_minutes + waited)


def reopened(clock: Clock, done: datetime, at: datetime, calendar: "Calendar") -> Clock:
    """The clock of a request that was ``done`` and is opened again ``at``.

    The time in between was nobody's: it counts as a pause. The office gets `REOPENED_DAYS` at the least, so that it is not
    late at the moment of the objection.
    """
    rested = resume(Clock(clock.received, clock.due, done, clock.paused_minutes), at, calendar)
    return Clock(
        rested.received, max(rested.due, due(calendar, at, REOPENED_DAYS)), None, rested.paused_minutes
    )


def recounted(
    calendar: "Calendar",
    clock: Clock,
    days: int,
    reopened: datetime | None = None,
    kind: str = DaysKind.WORKING,
) -> datetime:
    """When it is due by a calendar that has one holiday more: the days anew, and the pauses that are over on top.

    Of a request that was opened again, the days after that count anew too; none becomes due sooner than it was.
    """
    fresh = due(calendar, clock.received, days, kind)
    if clock.paused_minutes:
        fresh = calendar.add_minutes(fresh, clock.paused_minutes)
    if reopened is None:
        return fresh
    return max(fresh, due(calendar, reopened, REOPENED_DAYS), clock.due)


def can_split(state: State, *, joined: bool) -> bool:
    """Whether a second matter can be split off: from an open request, not from a report that is joined to another."""
    return state in OPEN and not joined


def second_clock(
    calendar: "Calendar", first: Clock, at: datetime, days: int, kind: str, reopened: datetime | None = None
) -> Clock:
    """The clock of a matter that is split off ``at`` from a request with the clock ``first``.

    It was told on the same day, so its own days count from then, and what was waited for the applicant until now is not
    counted either. Of a request that was opened again, the days after that count as for the first.
    """
    fresh = due(calendar, first.received, days, kind)
    rested = resume(Clock(first.received, fresh, first.paused_at, first.paused_minutes), at, calendar)
    whole = Clock(first.received, fresh, None, rested.paused_minutes)
    return Clock(
        first.received, recounted(calendar, whole, days, reopened, kind), None, rested.paused_minutes
    )


def used_minutes(clock: Clock, at: datetime, calendar: "Calendar") -> int:
    """Working minutes from receipt to ``at`` without pauses, a running one included."""
    gross = calendar.minutes_between(clock.received, at)
    running = calendar.minutes_between(clock.paused_at, at) if clock.paused_at else 0
    return max(0, gross - clock.paused_minutes - running)


def on_time(clock: Clock, at: datetime) -> bool:
    """Whether ``at`` is within the deadline; the last moment of the day still counts."""
    return at <= clock.due


def number(place_code: str, year: int, sequence: int) -> str:
    """``120404-26-00317``: the office's place, two digits of the year of receipt, five digits (more when they are used up)."""
    return f"{place_code or '00'}-{year % 100:02d}-{sequence:05d}"


# ---- the code that opens a request ------------------------------------------------------------------------------------

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})
_CODE = re.compile(r"[0-9A-HJKMNP-TV-Z]{16}")


def code(secret: bytes, record_id: UUID, of: bytes = b"window.request:") -> str:
    """The unguessable code (80 bits) of a request as ``XXXX-XXXX-XXXX-XXXX``; derived, so it need not be stored.

    ``of`` names another kind of record, whose codes must not be those of requests.
    """
    digest = hmac.digest(secret, of + record_id.bytes, "sha256")
    value = int.from_bytes(digest[:10], "big")
    plain = "".join(_ALPHABET[(value >> (5 * place)) & 31] for place in reversed(range(16)))
    return written(plain)


def written(plain: str) -> str:
    """16 plain signs as they are written: in groups of four."""
    return "-".join(plain[start : start + 4] for start in range(0, len(plain), 4))


def read_code(typed: str) -> str | None:
    """What somebody typed, as 16 plain signs: spaces, dashes, small letters, O for 0 and I or L for 1 are understood. None: no code."""
    plain = re.sub(r"[\s\-]", "", typed).upper().translate(_READ_AS)
    return plain if _CODE.fullmatch(plain) else None


def rating_key(secret: bytes, request_id: UUID) -> str:
    """What stands in the link that only rates: the request, and 80 bits which nobody can make up."""
    mark = hmac.digest(secret, b"window.rating:" + request_id.bytes, "sha256")[:10]
    return urlsafe_b64encode(request_id.bytes + mark).decode().rstrip("=")


def read_rating_key(secrets: Iterable[bytes], key: str) -> UUID | None:
    """The request which a rating link names. None: it was not made here, with one of these secrets."""
    try:
        said = urlsafe_b64decode(key + "==")
    except ValueError:
        return None
    if len(said) != 26:
        return None
    request_id = UUID(bytes=said[:16])
    return request_id if any(same(rating_key(secret, request_id), key) for secret in secrets) else None


def code_hash(plain: str) -> str:
    """What the table keeps of a code (80 random bits need no slow hash)."""
    return hashlib.sha256(plain.replace("-", "").encode()).hexdigest()


def key_hash(key: str) -> str:
    """What the table keeps of a program's key (256 random bits need no slow hash)."""
    return hashlib.sha256(key.encode()).hexdigest()


def same(one: str, other: str) -> bool:
    """Equality in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())


_NUMBER = re.compile(r"\d{2,8}(?:-\d)?-\d{2}-\d{5,7}")


def is_number(typed: str) -> bool:
    """Whether it is written like a request's number."""
    return bool(_NUMBER.fullmatch(typed.strip()))


def joined(typed: str, ready: str) -> str:
    """What stands in the field after a ready answer is put into it: behind what was typed, and not twice."""
    typed = typed.strip()
    if ready in typed:
        return typed
    return f"{typed}\n\n{ready}" if typed else ready


# ---- how much somebody has to do -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Load:
    """What lies with an officer: open requests, how many of them wait for the applicant and how many are late, and when the
    newest that is theirs was received."""

    key: UUID
    open: int = 0
    waiting: int = 0
    late: int = 0
    newest: datetime | None = None

    @property
    def weight(self) -> int:
        """Twice what is open, once what waits for the applicant, and once more what is late."""
        return 2 * (self.open - self.waiting) + self.waiting + self.late


def lightest(loads: Iterable[Load]) -> Load | None:
    """Who has the least; of equals who is longest without a new one, then by key. None where there is nobody."""
    return min(loads, key=_order, default=None)


def _order(load: Load) -> tuple[int, float, str]:
    return load.weight, load.newest.timestamp() if load.newest else 0.0, str(load.key)


def spread(loads: Iterable[Load], received: Sequence[datetime]) -> list[UUID]:
    """To whom so many more requests go, one after the other, each to who has the least by then; empty where there is nobody."""
    found: list[UUID] = []
    now = {load.key: load for load in loads}
    for at in received if now else ():
        load = min(now.values(), key=_order)
        newest = max(load.newest, at) if load.newest else at
        now[load.key] = replace(load, open=load.open + 1, newest=newest)
        found.append(load.key)
    return found


# ---- the catalogue ----------------------------------------------------------------------------------------------------

NO_BASIS = frozenset({"", "owso list", "mlmupc list", "unverified"})


def fee_status(kind: str, fee: int | None, legal_basis: str, status: str) -> FeeStatus:
    """May this fee be charged? Fees without a legal basis are forbidden; a bare list of prices is none (FACTS, press)."""
    if kind == Kind.REPORT or fee == 0:
        return FeeStatus.FREE
    if fee is None:
        return FeeStatus.UNKNOWN
    based = legal_basis.strip().lower() not in NO_BASIS and status.strip().upper().startswith("VERIFIED")
    return FeeStatus.CHARGEABLE if based else FeeStatus.NO_BASIS


def fee_of(kind: str, fee: int | None, legal_basis: str, checked: Collection[str]) -> FeeStatus:
    """The same for a service whose facts were looked at one by one: law and fee both need to be verified."""
    proven = Fact.BASIS in checked and Fact.FEE in checked
    return fee_status(kind, fee, legal_basis, "VERIFIED" if proven else "")


def checked(name_verified: bool, days_status: str, legal_basis: str, status: str) -> list[Fact]:
    """Which facts of a service from the pack count as verified, by what its source says of the whole row."""
    found = [Fact.NAME] if name_verified else []
    whole = status.strip().upper().startswith("VERIFIED")
    if whole:
        found.append(Fact.FEE)
    if days_status == DaysStatus.VERIFIED:
        found.append(Fact.DAYS)
    if whole and legal_basis.strip().lower() not in NO_BASIS:
        found.append(Fact.BASIS)
    return found


def deadline(text: str, default: int) -> tuple[int, DaysStatus]:
    """Working days of a source's cell (``"7"``, ``"3-5"``: the longer one is the promise); empty: the pack's default, unverified.

    Raises ValueError for anything else.
    """
    if not text.strip():
        return default, DaysStatus.DEFAULT
    return max(int(part) for part in text.split("-")), DaysStatus.VERIFIED


def level(text: str, levels: Mapping[str, str]) -> Level:
    """The level that decides, from the source's free text by the pack's mapping. Raises KeyError for a text nobody mapped."""
    return Level(levels[text.strip()])


def masked(phone: str) -> str:
    """A phone number (as it is dialled in the country) of which nobody can be rung up: three digits and the last two."""
    return f"{phone[:3]} ••• •{phone[-2:]}" if len(phone) > 8 else "•••"


@dataclass(frozen=True)
class Openness:
    """What others than the applicant and the office may learn of the requests of a service."""

    listed: bool
    """In map, list, feed, counter, open data and Open311, and counted there."""
    joined: bool
    """Shown to somebody who reports the same nearby, and joined with others."""
    commented: bool
    """A comment on it may be published."""
    named: bool
    """A message, or a page that a link in it opens, may say which service it is: telephones are shared."""


def openness(kind: str, protected: bool) -> Openness:
    """What is open of the requests of a service of this kind.

    A document is nobody else's matter. Of a protected service nothing is public, and nothing on a telephone tells of it.
    """
    report = kind == Kind.REPORT and not protected
    return Openness(listed=report, joined=report, commented=not protected, named=not protected)
