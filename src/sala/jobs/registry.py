"""Which background work is there? Rooms register it in `apps.ready()`; the one leased loop runs it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Job:
    """A piece of work done ``every`` so often. ``run`` may be cut off or done twice: it must bear both."""

    name: str
    every: timedelta
    run: Callable[[], object]


_jobs: dict[str, Job] = {}


def register(name: str, every: timedelta, run: Callable[[], object]) -> None:
    """Register a job, named ``<room>.<what>`` (at most 64 characters). Raises ValueError for a name taken by another."""
    if not 0 < len(name) <= 64 or every <= timedelta(0):
        raise ValueError(f"job {name!r}: a name of 1 to 64 characters and a positive rhythm are needed")
    if name in _jobs and _jobs[name].run is not run:
        raise ValueError(f"job {name!r} is registered already")
    _jobs[name] = Job(name, every, run)


def jobs() -> Mapping[str, Job]:
    """All registered jobs by name."""
    return dict(_jobs)


@contextmanager
def replaced(*these: Job) -> Iterator[None]:
    """Only ``these`` jobs inside: for tests of the loop."""
    before = dict(_jobs)
    _jobs.clear()
    _jobs.update({job.name: job for job in these})
    try:
        yield
    finally:
        _jobs.clear()
        _jobs.update(before)
