"""What does somebody want corrected of what the hall holds about them? Asked with the code, answered by an officer, once each."""

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from sala.kit import clock
from sala.kit.acting import Acting, Reach
from sala.kit.errors import FieldError, Invalid, NotPossible
from sala.kit.prepared import Prepared
from sala.kit.terms import N_
from sala.window import actions, letters, queries
from sala.window.models import Event, Request
from sala.window.terms import Act, Verb

LONGEST = 1000
ASKED = N_("You have asked for a correction already. The hall will answer on this page.")
ERASED = N_("What was told with this request has been erased.")
NOTHING = N_("No correction is asked for here, or it was answered meanwhile.")
SAY = N_("Say what is wrong, and how it should be.")
REPLY = N_("Write what you did, or why it stays as it is; the applicant reads it.")


def _words(text: str, needed: str) -> str:
    said = text.strip()
    if not 3 <= len(said) <= LONGEST:
        raise Invalid(needed, errors=[FieldError("text", "required", needed)])
    return said


def dispute(*, by: Acting, code: str, text: str) -> Request:
    """Somebody says that what is held about them is wrong. Whoever has the code may; only the office reads the words.

    Side effects: a step that is not shown, the mark on the request, a ledger entry. Raises `NotFound` (code), `Invalid`
    (3 to 1,000 characters), `NotPossible` (asked already, or erased).
    """
    said = _words(text, SAY)
    with transaction.atomic():
        request = actions.own(by=by, code=code)
        if request.erased_at is not None:
            raise NotPossible(ERASED)
        if request.disputed_at is not None:
            raise NotPossible(ASKED)
        request.disputed_at = clock.now()
        actions.aside(by=by, request=request, act=Act.DISPUTE, text=said, also=("disputed_at",))
    return request


def settle(*, by: Acting, request_id: UUID, version: int, text: str) -> Request:
    """An officer answers it: what was put right, or why nothing was. Name and contact are put right by `held.correct`.

    Side effects: a public step with the words, the mark is gone, a ledger entry, a notice. Raises `NotFound`, `Refused`,
    `Changed`, `Invalid` (3 to 1,000 characters), `NotPossible` (nothing is asked for).
    """
    said = _words(text, REPLY)
    with transaction.atomic():
        request = actions.opened(by=by, request_id=request_id, version=version, verb=Verb.CORRECT)
        if request.disputed_at is None:
            raise NotPossible(NOTHING)
        request.disputed_at = None
        event = actions.aside(by=by, request=request, act=Act.SETTLE, text=said, also=("disputed_at",))
        letters.tell(request, event, queries.contact_of(request), queries.code_of(request))
    return request


def waiting(by: Acting) -> QuerySet[Request]:
    """The requests for which the asker may answer a correction that is asked for, the oldest first."""
    found = Request.objects.filter(queries.reach_q(by.reach(Verb.CORRECT)), disputed_at__isnull=False)
    return found.select_related("terms").order_by("disputed_at", "pk")


_ANY = Prepared(lambda: Request.objects.filter(disputed_at__isnull=False).values_list("pk")[:1])


def asked(by: Acting) -> int:
    """How many corrections the asker may answer, at most a hundred. Nearly always none, and that is known at once."""
    if by.reach(Verb.CORRECT) == Reach() or not _ANY():
        return 0
    return waiting(by).order_by()[:100].count()


def words_of(request: Request) -> str:
    """What the person wants corrected; empty where nothing is asked for. For who may see what residents told."""
    if request.disputed_at is None:
        return ""
    found = Event.objects.filter(request=request, act=Act.DISPUTE).order_by("-position")
    return found.values_list("text", flat=True).first() or ""
