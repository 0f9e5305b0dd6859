"""What is this database: initialised, of which country, a demonstration?"""

from functools import cache

from sala.installation.models import Installation


def current() -> Installation | None:
    """The installation's row, or None before `init`."""
    return Installation.objects.filter(pk=1).first()


@cache
def _demonstration() -> bool:
    row = current()
    if row is None:
        raise LookupError("not initialised")  # not cached: `init` may come later in this process
    return row.demonstration


def is_demonstration() -> bool:
    """Whether everything in this database is fictional. The mark never changes, so it is read once a process."""
    try:
        return _demonstration()
    except LookupError:
        return False


def forget() -> None:
    """Read the mark anew (after `init`, and in tests)."""
    _demonstration.cache_clear()
