"""Which files belong to a record, and which one does this address open?"""

from collections import defaultdict
from collections.abc import Iterable

from sala.files import rules, store
from sala.files.models import File
from sala.files.terms import State
from sala.kit.prepared import Bound, Prepared

_OF = Prepared(
    lambda: File.objects.filter(kind=Bound("kind"), subject=Bound("subject")).order_by("created", "id")
)


def of(kind: str, subject: str) -> list[File]:
    """Files attached to a record, oldest first."""
    return _OF(kind=str(kind), subject=str(subject))


def of_many(kind: str, subjects: Iterable[str]) -> dict[str, list[File]]:
    """Files of several records by one statement; records without files are missing."""
    found: dict[str, list[File]] = defaultdict(list)
    for file in File.objects.filter(kind=kind, subject__in=[str(s) for s in subjects]).order_by(
        "created", "id"
    ):
        found[file.subject].append(file)
    return dict(found)


def attached(token: str) -> File | None:
    """The attached file of a token. Who may open it is for `registry.may_open`."""
    if not rules.TOKEN.match(token):
        return None
    return File.objects.filter(token=token, state=State.ATTACHED).first()


def kept(token: str) -> File | None:
    """An uploaded file that is not attached yet: a form that comes back with an error remembers it by its token."""
    if not rules.TOKEN.match(token):
        return None
    return File.objects.filter(token=token, state=State.KEPT).first()


def content(file: File, *, small: bool = False) -> bytes | None:
    """The picture's bytes, or its thumbnail's; None where the store has lost them."""
    return store.read(file.token, small=small)


def lost(limit: int = 100) -> list[File]:
    """Attached files whose content is missing: for `sala doctor`."""
    found = []
    for file in File.objects.filter(state=State.ATTACHED).order_by("created").iterator():
        if not store.path(file.token).is_file():
            found.append(file)
            if len(found) == limit:
                break
    return found
