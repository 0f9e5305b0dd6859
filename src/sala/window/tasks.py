"""What does the window do by itself? Closes finished requests in time, tells of late ones, counts deadlines anew when a holiday is added."""

import logging
from datetime import date, datetime
from uuid import UUID

from sala.accounts.acting import system
from sala.kit.acting import Acting
from sala.kit.errors import Problem
from sala.window import queries

log = logging.getLogger("sala.window")


def close_due() -> None:
    """Close what is due, one transaction each, so that one fault holds up nothing else."""
    from sala.window import actions

    by = system("window.close")
    for request_id in queries.due_to_close():
        try:
            actions.close(by=by, request_id=request_id)
        except Problem as problem:  # somebody was faster; the next round looks again
            log.info("not closed: %s (%s)", request_id, problem.code)


def escalate_due() -> None:
    """Tell of what gets late, one transaction each, so that one fault holds up nothing else."""
    from sala.window import escalating

    by = system("window.escalate")
    for request_id in escalating.due():
        try:
            escalating.escalate(by=by, request_id=request_id)
        except Problem as problem:  # somebody was faster; the next round looks again
            log.info("not escalated: %s (%s)", request_id, problem.code)


def erase_over(before: datetime, most: int) -> int:
    """Erase what residents told in requests that are over since before then, one transaction each; how many."""
    from sala.window import actions

    by, count = system("retention"), 0
    for request_id in queries.over_ids(before, most):
        try:
            actions.erase_person(by=by, request_id=request_id)
        except Problem as problem:  # somebody was faster
            log.info("not erased: %s (%s)", request_id, problem.code)
        else:
            count += 1
    return count


def recount(by: Acting, day: date, office: UUID | None) -> None:
    """What offices call when a holiday is added."""
    from sala.window import recounting

    recounting.recount(by=by, day=day, office=office)


def tell_moved() -> None:
    """Tell those whose deadlines a holiday moved."""
    from sala.window import postponing

    postponing.tell()
