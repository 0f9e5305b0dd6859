"""When is somebody told that a request gets late, and who? Pure rules over the steps that a country's pack names."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sala.kit.days import Calendar

OWN, ABOVE = "own", "above"
LONGEST_CODE = 16
MOST_DAYS = 250
"""Working days before or after the deadline: about a year."""


@dataclass(frozen=True)
class Tell:
    """Whom a step tells: these posts of the office that holds the request, or of the next one above that has them."""

    office: str
    posts: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """One step: ``days`` working days from the deadline, negative before it. ``services`` empty: for all."""

    code: str
    names: Mapping[str, str]
    days: int
    tell: tuple[Tell, ...]
    services: frozenset[str] = frozenset()

    def is_for(self, service: str) -> bool:
        """Whether requests of this service take it."""
        return not self.services or service in self.services


@dataclass(frozen=True)
class Case:
    """What decides about a request: its service, its deadline, whether somebody of the hall is to act, and the step
    taken last for this deadline (empty: none)."""

    service: str
    due: datetime
    running: bool
    taken: str = ""


def parse(said: Mapping[str, Any]) -> tuple[Step, ...]:
    """The steps of ``escalation.toml`` (as read), in the order of their moments. Raises ValueError with a sentence."""
    found = tuple(_step(index, row) for index, row in enumerate(said.get("step", ()), start=1))
    if len({step.code for step in found}) != len(found):
        raise ValueError("escalation.toml: each step needs a code of its own")
    ordered = tuple(sorted(found, key=lambda step: step.days))
    for one, other in _pairs(ordered):
        shared = not one.services or not other.services or one.services & other.services
        if one.days == other.days and shared:
            raise ValueError(
                f"escalation.toml: {one.code} and {other.code} are the same moment; make them one"
            )
    return ordered


def _pairs(steps: Sequence[Step]) -> Iterable[tuple[Step, Step]]:
    return ((one, other) for index, one in enumerate(steps) for other in steps[index + 1 :])


def _step(index: int, row: Mapping[str, Any]) -> Step:
    where = f"escalation.toml, step {index}"
    code, days = row.get("code"), row.get("days")
    names = {key: str(row.get(key, "")) for key in ("km", "en")}
    if not isinstance(code, str) or not code.isidentifier() or len(code) > LONGEST_CODE:
        raise ValueError(f"{where}: code is a word of at most {LONGEST_CODE} letters")
    if type(days) is not int or abs(days) > MOST_DAYS:
        raise ValueError(f"{where}: days is a whole number of working days, at most {MOST_DAYS}")
    if not all(names.values()):
        raise ValueError(f"{where}: a name in both languages is needed")
    services = row.get("services", [])
    tell = tuple(_tell(where, each) for each in row.get("tell", ()))
    if not _words(services) or not tell:
        raise ValueError(f"{where}: services are codes, and somebody is to be told")
    return Step(code, names, days, tell, frozenset(services))


def _tell(where: str, row: Mapping[str, Any]) -> Tell:
    office, posts = row.get("office"), row.get("posts")
    if office not in (OWN, ABOVE) or not _words(posts) or not posts:
        raise ValueError(f'{where}: tell names an office, "own" or "above", and its posts')
    return Tell(office, tuple(posts))


def _words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def before(step: Step, calendar: "Calendar", now: datetime) -> datetime:
    """Exactly the requests whose deadline lies before this moment have reached the step by now.

    One moment for all requests of a calendar: whoever looks for them reads no more than an index.
    """
    reached = calendar.beyond(now, -step.days * calendar.minutes_a_day)
    return reached if step.days < 0 else min(reached, now)


def due_steps(steps: Sequence[Step], calendar: "Calendar", now: datetime, case: Case) -> tuple[Step, ...]:
    """The steps that are due for a request by now, in their order; none while it waits for the applicant or is over.

    A step is taken once a deadline: those up to the one taken last are not due again. Of a step that is no longer in the pack
    nobody knows what comes after it, so nothing does until there is a new deadline.
    """
    mine = [step for step in steps if step.is_for(case.service)]
    codes = [step.code for step in mine]
    if not case.running or (case.taken and case.taken not in codes):
        return ()
    rest = mine[codes.index(case.taken) + 1 :] if case.taken else mine
    return tuple(step for step in rest if case.due < before(step, calendar, now))


def earlier(steps: Sequence[Step], step: Step) -> list[str]:
    """What may be written on a request that has not taken ``step`` yet: nothing, or the code of one before it."""
    return ["", *(each.code for each in steps if each.days < step.days)]


def told(
    step: Step, own: str, above: Sequence[str], kinds: Mapping[str, Collection[str]]
) -> list[tuple[int, str]]:
    """Whom a step tells: pairs of office and post. An office is 0, the request's own, or its place (from 1) in ``above``.

    ``own`` and ``above`` are kinds of offices, the next one first; ``kinds`` says in which kinds of offices a post exists. Who
    is above is decided by what posts there are, not by who holds them: a post that is vacant today is told all the same.
    """
    found: list[tuple[int, str]] = []
    for tell in step.tell:
        line = [(0, own)] if tell.office == OWN else list(enumerate(above, start=1))
        for index, kind in line:
            here = [(index, post) for post in tell.posts if kind in kinds.get(post, ())]
            found += [each for each in here if each not in found]
            if here:
                break
    return found
