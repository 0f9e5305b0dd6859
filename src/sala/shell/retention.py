"""What is erased because its time is over? The job that does it in small batches, and `sala retention`, which only looks."""

import json
import logging

import click

from sala.kit.terms import N_

log = logging.getLogger("sala.retention")
MOST = 500
"""Of each kind, how much one run of the job erases."""
EVERY_HOURS = 1
ERASE, KIND = "installation.erase", "installation.retention"


def register() -> None:
    """The kinds of rooms that don't name the retention themselves."""
    from axes.models import AccessAttempt

    from sala.accounts.acting import system
    from sala.installation import retention
    from sala.ledger import looks
    from sala.notices import actions as notices

    by = system("retention")
    retention.register(
        "notices.text", N_("Text and address of notices that were sent"), 30, notices.old, notices.erase_old
    )
    retention.register(
        "ledger.looks",
        N_("Who read personal data"),
        1095,
        looks.old,
        lambda before, most: looks.erase(before, most, by=by),
    )

    def attempts(before: object) -> int:
        return AccessAttempt.objects.filter(attempt_time__lt=before).count()

    def forget_attempts(before: object, most: int) -> int:
        old = AccessAttempt.objects.filter(attempt_time__lt=before).order_by("pk")
        return AccessAttempt.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:most])).delete()[0]

    retention.register("accounts.attempts", N_("Failed sign-ins"), 90, attempts, forget_attempts)


def erase() -> int:
    """The job: of each kind up to `MOST` of what is older than its period; how many in all.

    Side effects: what each room does to erase, and an entry in the ledger for each kind of which something was erased:
    how many, and older than when.
    """
    from django.db import transaction

    from sala.accounts.acting import system
    from sala.installation import retention
    from sala.kit import clock
    from sala.kit.acting import Where
    from sala.ledger import actions as ledger

    total = 0
    for period in retention.periods():
        before = period.before(clock.now())
        count = period.kind.erase(before, MOST)
        if not count:
            continue
        total += count
        log.info("erased %d of %s", count, period.kind.name)
        with transaction.atomic():
            ledger.record(
                by=system("retention"),
                act=ERASE,
                kind=KIND,
                subject=period.kind.name,
                at=Where(),
                content={"count": count, "before": before, "days": period.days},
            )
    return total


@click.command("retention")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def retention(as_json: bool) -> None:
    """How long each kind of personal data is kept, and how much the job `installation.erase` would erase now; erases nothing."""
    from sala.installation import retention as kept
    from sala.kit import clock

    try:
        periods = kept.periods()
    except kept.BadRetentionError as fault:
        raise click.ClickException(str(fault)) from fault
    rows = [
        {
            "kind": period.kind.name,
            "what": str(period.kind.label),
            "days": period.days,
            "status": period.status,
            "basis": period.basis,
            "due": period.kind.due(period.before(clock.now())),
        }
        for period in periods
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        click.echo(
            f"{row['kind']:18} {row['days']:>6} days  {row['status']:9} {row['due']:>7} due  {row['what']}"
        )
