"""Mark a database as what it is, and let time be simulated in a demonstration only."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from sala.installation import queries
from sala.installation.models import Installation, Restoration
from sala.kit import clock
from sala.kit.errors import NotPossible, Refused
from sala.kit.terms import N_


def initialise(*, country: str, demonstration: bool, seed: int | None = None) -> None:
    """Write the one row. Raises `NotPossible` where it stands already: the mark can't be changed."""
    if queries.current() is not None:
        raise NotPossible(N_("This database is initialised already."))
    Installation.objects.create(country=country, demonstration=demonstration, seed=seed)
    queries.forget()


NAMED = 200
"""Of a restoration's faults, how many are kept word for word."""


def restored(*, written: str, faults: Sequence[str]) -> Restoration:
    """Keep that this hall was restored from a backup ``written`` then, although its ledger had these ``faults``."""
    return Restoration.objects.create(written=written, count=len(faults), faults=list(faults[:NAMED]))


@contextmanager
def simulated(at: datetime) -> Iterator[None]:
    """Act as if it were ``at``. Raises `Refused` outside a demonstration database."""
    if not queries.is_demonstration():
        raise Refused(N_("Time can be simulated in a demonstration only."))
    with clock.simulate(at):
        yield
