"""May this step be taken with a request now? Asked by the single act before it changes anything, and by previews."""

from uuid import UUID

from sala.kit.acting import Acting
from sala.kit.errors import Changed, FieldError, Invalid, NotPossible
from sala.kit.terms import N_
from sala.window import queries, rules
from sala.window.models import Request
from sala.window.terms import GRANTS, Act, State, Verb

CHANGED = N_(
    "Somebody changed this request while you had it open. Look at what is new, then send again what you typed."
)
BUSY = N_("A sub-task is still open. Mark it as done, or drop it, first.")
JOINED = N_("This report is joined to another. Take the step there, or take them apart first.")
NEEDED = N_("Fill in this field.")


def check(
    *,
    by: Acting,
    request: Request,
    version: int,
    verb: Act,
    text: str = "",
    assigned: UUID | None = None,
    office: UUID | None = None,
    choices: queries.Choices | None = None,
) -> tuple[UUID | None, UUID | None]:
    """Everything `act` asks before it changes a request that is in sight; to whom and where the step brings it.

    ``choices`` are shared by whoever looks at many requests. No side effects; raises as `act`.
    """
    admit(by, request, version, GRANTS[verb])
    return complete(by, request, verb, choices or queries.Choices(), text, assigned, office)


def admit(by: Acting, request: Request, version: int, verb: Verb) -> None:
    """Raises `Refused`, and `Changed` for another version."""
    by.require(verb, request.where)
    if request.version != version:
        raise Changed(CHANGED)


def complete(
    by: Acting,
    request: Request,
    verb: Act,
    choices: queries.Choices,
    text: str,
    assigned: UUID | None,
    office: UUID | None,
) -> tuple[UUID | None, UUID | None]:
    """To whom and where the step brings it. Raises `NotPossible`, `Invalid`."""
    if request.joined_id is not None and verb in rules.SHARED | {Act.ASK}:
        raise NotPossible(JOINED)
    if verb == Act.TAKE:
        assigned = queries.post_id(by)
    if verb == Act.RETURN:
        office = queries.origin_of(request)
    fields(request, verb, choices, text=text, assigned=assigned, office=office)
    return assigned, office


def fields(
    request: Request,
    verb: Act,
    choices: queries.Choices,
    *,
    text: str,
    assigned: UUID | None = None,
    office: UUID | None = None,
) -> None:
    """The step exists in this state and has what it needs. Raises `NotPossible`, `Invalid`."""
    move = rules.TABLE.move(State(request.state), verb)
    given = {"text": text.strip(), "assigned": assigned, "office": office}
    missing = [name for name in move.required if not given[name]]
    if missing:
        raise Invalid(NEEDED, errors=[FieldError(name, "required", NEEDED) for name in missing])
    if verb in rules.HELD_BY_SUBTASKS and choices.busy(request):
        raise NotPossible(BUSY)
    if verb == Act.ASSIGN and assigned not in choices.people(request.office_id):
        message = N_("Choose somebody who holds a post in this office today.")
        raise Invalid(message, errors=[FieldError("assigned", "not-here", message)])
    if verb == Act.FORWARD and office not in choices.targets(request):
        message = N_(
            "Choose an office from the list: one that takes on requests for this place or its neighbours."
        )
        raise Invalid(message, errors=[FieldError("office", "not-there", message)])
