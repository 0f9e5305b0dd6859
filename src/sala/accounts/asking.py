"""Who asks for a page of work? The one who signed in; and, where a page is for one verb, only whose post has it somewhere."""

from django.http import HttpRequest
from django.utils.translation import gettext as _

from sala.kit.acting import Acting, Reach
from sala.kit.errors import NotSignedIn, Refused


def signed_in(request: HttpRequest) -> Acting:
    """Who asks; raises `NotSignedIn` for everybody else."""
    by: Acting = request.acting  # type: ignore[attr-defined]
    if not by.signed_in:
        raise NotSignedIn(_("Sign in first: this is work of an office."))
    return by


def with_verb(request: HttpRequest, verb: str, otherwise: str) -> Acting:
    """Who asks, if their post has the verb anywhere; raises `Refused` with the sentence ``otherwise`` if not."""
    by = signed_in(request)
    if by.reach(verb) == Reach():
        raise Refused(otherwise)
    return by
