"""How does the outbox empty itself? Round after round of the worker, a channel at a time, gently to a gateway that is down."""

import logging
import time
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import F

from sala.kit import clock
from sala.notices import channels, queries, rules, senders
from sala.notices.models import Chat, Gateway, Notice
from sala.notices.rules import Result
from sala.notices.terms import Channel, State, Step

log = logging.getLogger("sala.notices")
BATCH = 50
LONGEST_ROUND = 20.0
"""Seconds after which a round ends with what it holds in hand: other jobs wait for the lane."""


def deliver_due(only: Iterable[Channel] = tuple(Channel)) -> int:
    """The job: hand over what waits, each notice under its own lease; returns how many were tried.

    No transaction is open while a server is spoken to. A notice whose sender dies is taken again when its lease
    has ended, under the same id; where the gateway would not know it again, it is uncertain instead.
    """
    return sum(_Round(channel).run() for channel in only)


class _Round:
    """One round of one channel."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.strikes = 0
        self.gateway = Gateway(channel=channel)

    def run(self) -> int:
        """Hand over what the gateway may be given now; returns how many were tried."""
        now = clock.now()
        if not Notice.objects.filter(channel=self.channel, next_at__isnull=False).exists():
            return 0
        with channels.open_sender(self.channel) as sender:
            if not sender.repeats:
                _give_up_on_cut_off(self.channel, now, asks=sender.asks)
            if sender.asks:
                self._ask(sender)
            return self._hand_over(sender, self._room(now))

    def _room(self, now: datetime) -> int:
        """How many notices the gateway may be given: none while it is left alone, one to try whether it is back."""
        self.gateway = Gateway.objects.filter(pk=self.channel).first() or self.gateway
        closed = self.gateway.closed_until
        if closed is not None and now < closed <= now + rules.LONGEST_WAIT:  # later: a clock that ran ahead
            return 0
        minute = now.replace(second=0, microsecond=0)
        if self.gateway.minute != minute:
            self.gateway.minute, self.gateway.handed = minute, 0
        room = min(BATCH, channels.per_minute(self.channel) - self.gateway.handed)
        return max(min(room, 1 if self.gateway.failures else BATCH), 0)

    def _hand_over(self, sender: senders.Sender, room: int) -> int:
        """Hand over up to ``room`` notices; returns how many were tried."""
        tried, end = 0, time.monotonic() + LONGEST_ROUND
        goes_on = True
        try:
            # Anew after each handful: the second message to an address is due when the first is there.
            while goes_on and (
                due := queries.due(self.channel, room - tried, repeats=sender.repeats) if room > tried else ()
            ):
                for notice in due:
                    if not take(notice, repeats=sender.repeats):
                        continue
                    tried += 1
                    goes_on = self._send(sender, notice) and time.monotonic() < end
                    if not goes_on:
                        break
        finally:
            if tried:
                self._keep(tried)
        return tried

    def _send(self, sender: senders.Sender, notice: Notice) -> bool:
        """Hand one over; returns whether the gateway is worth another try now."""
        result = sender.send(notice)
        if not finish(notice, result, asks=sender.asks):
            senders.discard([notice])  # it was withdrawn while it was being sent
        return self._goes_on(notice, result)

    def _keep(self, tried: int) -> None:
        """Tell other workers and the next round how the gateway does."""
        known = self.gateway
        told = {
            "failures": known.failures,
            "closed_until": known.closed_until,
            "minute": known.minute,
            "handed": known.handed + tried,
        }
        Gateway.objects.update_or_create(pk=self.channel, defaults=told)

    def _goes_on(self, notice: Notice, result: Result) -> bool:
        """Whether the gateway is worth another try now. When it is back, what waited for it is due at once."""
        disturbed = result.away or result.step in (Step.POSTPONE, Step.LOSE, Step.BREAK)
        if not disturbed:
            self.strikes = 0
            if self.gateway.failures:
                self.gateway.failures, self.gateway.closed_until = 0, None
                hurry(self.channel)
            return True
        self.strikes += 1
        if not result.away and not self.gateway.failures and self.strikes < rules.STRIKES:
            return True
        self.gateway.failures += 1
        pause = result.pause or rules.pause(self.gateway.failures, rules.spread(notice.pk))
        self.gateway.closed_until = clock.now() + pause
        log.warning("%s: the gateway is left alone for %.0f s", self.channel, pause.total_seconds())
        return False

    def _ask(self, sender: senders.Sender) -> None:
        """Ask what became of uncertain notices."""
        for notice in queries.to_ask(self.channel, BATCH):
            result = sender.ask(notice)
            learn(notice, result)
            if result.away:
                break


def take(notice: Notice, *, repeats: bool = True) -> bool:
    """Claim one notice, as it was read, by one atomic statement; False when another worker was first or it was withdrawn."""
    now = clock.now()
    states = [state for state in rules.TAKEABLE if repeats or state != State.SENDING]
    claim = {
        "state": State.SENDING,
        "attempts": notice.attempts + 1,
        "lease_until": now + rules.LEASE,
        "next_at": now + rules.LEASE,
        "changed": now,
    }
    mine = Notice.objects.filter(
        queries.due_at(now), pk=notice.pk, state__in=states, attempts=notice.attempts
    )
    if not mine.update(**claim):
        return False
    for name, value in claim.items():
        setattr(notice, name, value)
    return True


def finish(notice: Notice, result: Result, *, asks: bool = False) -> bool:
    """Write down how the handing over went, unless the notice was taken again meanwhile; False where it was withdrawn.

    A sender that comes back after its lease still knows more than the state "uncertain" that was given meanwhile.
    """
    now = clock.now()
    state = rules.TABLE.after(State.SENDING, result.step)
    spread = rules.spread(notice.pk)
    waits: dict[State, timedelta] = {
        State.TEMPORARY: rules.wait(notice.attempts, spread),
        State.TECHNICAL: rules.TECHNICAL_WAIT,
        **({State.UNCERTAIN: rules.ASK_FIRST} if asks else {}),
    }
    mine = Notice.objects.filter(
        pk=notice.pk,
        state__in=[State.SENDING, State.UNCERTAIN],
        attempts=notice.attempts,
        lease_until=notice.lease_until,
    )
    done = mine.update(
        state=state,
        lease_until=None,
        next_at=now + waits[state] if state in waits else None,
        delivered=now if result.step == Step.DELIVER else None,
        last_error=result.error[:300],
        reference=result.reference,
        changed=now,
    )
    if state in rules.TROUBLE:
        log.warning("notice %s (%s): %s: %s", notice.pk, notice.kind, state, result.error)
    if state == State.PERMANENT and notice.channel == Channel.TELEGRAM and done:
        Chat.objects.filter(about=notice.about, chat=notice.address).delete()  # blocked: other ways are left
    return bool(done) or not Notice.objects.filter(pk=notice.pk, erased__isnull=False).exists()


def learn(notice: Notice, result: Result) -> None:
    """Write down what the gateway said of an uncertain notice."""
    now = clock.now()
    state = rules.TABLE.after(State.UNCERTAIN, result.step)
    wait = rules.ask_wait(notice.asked + 1)
    next_at = {State.CREATED: now, State.UNCERTAIN: now + wait if wait else None}
    Notice.objects.filter(pk=notice.pk, state=State.UNCERTAIN, attempts=notice.attempts).update(
        state=state,
        asked=F("asked") + 1,
        next_at=next_at.get(state),
        lease_until=None,
        delivered=now if state == State.DELIVERED else None,
        last_error=result.error[:300] or F("last_error"),
        changed=now,
    )


def _give_up_on_cut_off(channel: Channel, now: datetime, *, asks: bool) -> None:
    """Notices whose sender was cut off in the middle, where the gateway knows no message again: uncertain."""
    Notice.objects.filter(queries.due_at(now), channel=channel, state=State.SENDING).update(
        state=State.UNCERTAIN,
        next_at=now + rules.ASK_FIRST if asks else None,
        last_error="the sender was cut off",
        changed=now,
    )


def hurry(channel: Channel) -> None:
    """The gateway is back: what it could not take is due at once, in the order of writing."""
    now = clock.now()
    Notice.objects.filter(
        channel=channel, state__in=[State.TEMPORARY, State.TECHNICAL], next_at__gt=now
    ).update(next_at=now)
