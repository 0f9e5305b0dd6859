"""What does the counter do by itself? It ends the tickets that nobody ended on their day."""

import logging

from sala.accounts.acting import system
from sala.kit import clock
from sala.kit.errors import Problem

log = logging.getLogger("sala.counter")
MOST = 1000  # in one round; the next one goes on


def end_day() -> None:
    """End what is left of the days before today, one transaction each, so that one fault holds up nothing else."""
    from sala.counter import actions, queries
    from sala.counter.terms import Step

    by = system("counter.end_day")
    for ticket_id in queries.open_before(clock.today(), MOST):
        try:
            version = queries.ticket(ticket_id, by=by).version
            actions.step(by=by, ticket_id=ticket_id, version=version, act=Step.LAPSE)
        except Problem as problem:  # somebody was faster; the next round looks again
            log.info("not ended: %s (%s)", ticket_id, problem.code)
