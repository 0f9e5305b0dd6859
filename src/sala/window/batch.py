"""What would one step do to each of many requests, and what came of it? Each goes the way of the single act."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from sala.kit.acting import Acting, Reach
from sala.kit.errors import FieldError, Invalid, Problem
from sala.kit.terms import N_
from sala.notices.terms import Channel
from sala.window import actions, admission, letters, loads, queries, rules
from sala.window.models import Request
from sala.window.terms import GRANTS, Act, State

NONE_CHOSEN = N_("Choose at least one request from the list.")
TOO_MANY = N_("Choose at most 200 requests at once.")


@dataclass(frozen=True)
class Wish:
    """The step that is wanted for all of them, with what it needs. ``each``: to whom each request is given, where not all go
    to one."""

    verb: Act
    text: str = ""
    assigned: UUID | None = None
    office: UUID | None = None
    each: Mapping[UUID, UUID] = field(default_factory=dict)

    def to(self, request: Request) -> UUID | None:
        """Who gets this one."""
        return self.each.get(request.pk, self.assigned)


class Line(NamedTuple):
    """What the step would do to a request: the state after it and by which ways the applicant hears of it, or why it can't."""

    request: Request
    after: State | None
    told: tuple[Channel, ...]
    problem: Any


class Outcome(NamedTuple):
    """What came of it: the request before the step, and why not where it was not taken."""

    request: Request
    problem: Any


def offered(by: Acting) -> list[Act]:
    """The steps the asker may take for many requests somewhere."""
    return [verb for verb in rules.AT_ONCE if by.reach(GRANTS[verb]) != Reach()]


def chosen(by: Acting, keys: Collection[UUID]) -> list[Request]:
    """The chosen requests that the asker may see, due first. Raises `Invalid` for none and for too many."""
    if not keys:
        raise Invalid(NONE_CHOSEN, errors=[FieldError("requests", "unknown", NONE_CHOSEN)])
    if len(keys) > rules.MOST_AT_ONCE:
        raise Invalid(TOO_MANY, errors=[FieldError("requests", "too-many", TOO_MANY)])
    found = queries.chosen(by, keys)
    if not found:
        raise Invalid(NONE_CHOSEN, errors=[FieldError("requests", "unknown", NONE_CHOSEN)])
    return found


def spread(found: Collection[Request]) -> dict[UUID, UUID]:
    """Request -> who gets it, where each goes to the officer of its office who has the least by then."""
    given: dict[UUID, UUID] = {}
    for office in dict.fromkeys(request.office_id for request in found):
        here = [
            request
            for request in found
            if request.office_id == office
            and any(move.verb == Act.ASSIGN for move in rules.TABLE.open_moves(State(request.state)))
        ]
        order = rules.spread(loads.of_office(office), [request.received_at for request in here])
        given.update({request.pk: key for request, key in zip(here, order, strict=False)})
    return given


def plan(by: Acting, wish: Wish, found: Collection[Request]) -> list[Line]:
    """What would happen to each. Changes nothing; what is the same for many is asked for once."""
    choices = queries.Choices(found if wish.verb in rules.HELD_BY_SUBTASKS else None)
    chats = letters.linked_chats(list(found)) if wish.verb in letters.KINDS else {}
    return [_line(by, wish, request, choices, chats) for request in found]


def _line(
    by: Acting, wish: Wish, request: Request, choices: queries.Choices, chats: Mapping[str, str]
) -> Line:
    try:
        admission.check(
            by=by,
            request=request,
            version=request.version,
            verb=wish.verb,
            text=wish.text,
            assigned=wish.to(request),
            office=wish.office,
            choices=choices,
        )
    except Problem as problem:
        return Line(request, None, (), why(problem))
    ways: list[tuple[Channel, str]] = []
    if wish.verb in letters.KINDS:
        ways = letters.ways(queries.contact_of(request), chats.get(letters.about(request), ""))
    after = rules.TABLE.after(State(request.state), wish.verb)
    return Line(request, after, tuple(channel for channel, _address in ways), None)


def do(by: Acting, wish: Wish, versions: Mapping[UUID, int]) -> list[Outcome]:
    """Take the step for each request of that version that it is possible for; one transaction each.

    Side effects: those of `actions.act` for each that is done. A request that can't, or that somebody changed in the
    meantime, holds up no other. Raises `Invalid` for none and for too many.
    """
    return [_one(by, wish, request, versions[request.pk]) for request in chosen(by, versions.keys())]


def _one(by: Acting, wish: Wish, request: Request, version: int) -> Outcome:
    try:
        actions.act(
            by=by,
            request_id=request.pk,
            version=version,
            verb=wish.verb,
            text=wish.text,
            assigned=wish.to(request),
            office=wish.office,
        )
    except Problem as problem:
        return Outcome(request, why(problem))
    return Outcome(request, None)


def why(problem: Problem) -> Any:
    """The sentence that says most: of the field that is wrong, or of the whole."""
    return problem.errors[0].message if problem.errors else problem.message
