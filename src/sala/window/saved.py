"""Which lists of the queue does somebody come back to? Bookmarks of a post, kept without words that were searched for.

Nothing of them enters the ledger: they change no record, and nobody else reads them.
"""

from urllib.parse import urlencode
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import QueryDict

from sala.kit import clock
from sala.kit.acting import Acting, Reach
from sala.kit.errors import FieldError, Invalid, NotFound, Refused
from sala.kit.paging import Listing
from sala.kit.prepared import Bound, Prepared
from sala.kit.terms import N_
from sala.window import listing, queries, rules
from sala.window.models import SavedList
from sala.window.terms import Verb

NOTHING = N_("Narrow the list first: by a view or a filter. Words that you search for are not kept.")
NAMELESS = N_("Write a name of at most 60 letters.")
TOO_MANY = N_("At most 20 lists can be kept. Delete one that is not needed any more.")


def rows(by: Acting) -> QuerySet[SavedList]:
    """The lists of the asker's post, by name. Raises `Refused` for who sees no requests."""
    post = queries.post_id(by)
    if post is None or by.reach(Verb.SEE) == Reach():
        raise Refused(N_("Your post does not see requests."))
    return SavedList.objects.filter(post=post).order_by("name")


_COLUMNS = tuple(field.attname for field in SavedList._meta.concrete_fields)
_MINE = Prepared(lambda: SavedList.objects.filter(post=Bound("post")).order_by("name").values_list(*_COLUMNS))


def mine(by: Acting) -> list[SavedList]:
    """The same, read; none for who sees no requests."""
    post = queries.post_id(by)
    return [SavedList(*row) for row in _MINE(post=post)] if post is not None else []


def keep(*, by: Acting, name: str, params: QueryDict) -> SavedList:
    """Keep what an address of the queue narrows to under a name; the same name again replaces it.

    Side effect: a row. Raises `Refused` (sees no requests), `Invalid` (no name, nothing narrowed, a wrong filter, too many).
    """
    post = queries.post_id(by)
    if post is None or by.reach(Verb.SEE) == Reach():
        raise Refused(N_("Your post does not see requests."))
    name = " ".join(name.split())
    if not 0 < len(name) <= 60:
        raise Invalid(NAMELESS, errors=[FieldError("name", "required", NAMELESS)])
    query = urlencode(_narrowed(by, params))
    if not query or len(query) > 500:
        raise Invalid(NOTHING, errors=[FieldError("query", "nothing", NOTHING)])
    with transaction.atomic():
        others = SavedList.objects.filter(post=post).exclude(name=name)
        if others.count() >= rules.MOST_LISTS:
            raise Invalid(TOO_MANY, errors=[FieldError("name", "too-many", TOO_MANY)])
        row, _made = SavedList.objects.update_or_create(
            post=post, name=name, defaults={"query": query, "created": clock.now()}
        )
    return row


def drop(*, by: Acting, key: UUID) -> None:
    """Delete one of one's own lists. Side effect: the row is gone. Raises `NotFound`."""
    post = queries.post_id(by)
    if post is None or not SavedList.objects.filter(pk=key, post=post).delete()[0]:
        raise NotFound(N_("There is no such list."))


def _narrowed(by: Acting, params: QueryDict) -> list[tuple[str, str]]:
    """The parameters that narrow or order the list, and no other. Raises `Invalid` for values that mean nothing."""
    spec = listing.spec(by)
    found = Listing.of(params, spec)
    if found.errors:
        raise Invalid(found.errors[0].message, errors=found.errors)
    view = params.get("view", "")
    kept = [("view", view)] if view in queries.VIEWS else []
    kept += [(each.name, value) for each in spec.filters for value in found.typed_list(each.name)]
    narrows = bool(kept)
    sort = params.get("sort", "")
    return [*kept, ("sort", sort)] if narrows and sort else kept
