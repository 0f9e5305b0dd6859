"""Who hands over the notices of a channel, and is the channel open at all?"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import cast

from sala.notices import rules, senders, sms, telegram
from sala.notices.models import Notice
from sala.notices.rules import Result
from sala.notices.senders import Misconfigured, Sender
from sala.notices.terms import Channel, Step


def is_open(channel: Channel) -> bool:
    """Whether this hall sends by this channel: e-mail always (into a folder where no server is named)."""
    match channel:
        case Channel.SMS:
            return sms.is_configured()
        case Channel.TELEGRAM:
            return telegram.is_configured()
        case _:
            return True


@contextmanager
def open_sender(channel: Channel) -> Iterator[Sender]:
    """The sender for a round of messages; one that says what is wrong where the settings can't work."""
    if channel == Channel.EMAIL:
        with senders.open_email() as sender:
            yield sender
        return
    try:
        found = sms.gateway() if channel == Channel.SMS else telegram.bot()
    except ValueError as error:
        yield cast(Sender, Misconfigured(str(error)))
        return
    yield cast(Sender, found if found is not None else TextFolder())


def per_minute(channel: Channel) -> int:
    """How many messages a gateway is given in a minute."""
    if channel == Channel.SMS:
        with suppress(ValueError):
            found = sms.gateway()
            if found is not None:
                return found.description.per_minute
    return rules.PER_MINUTE[channel]


def wrong(channel: Channel) -> str:
    """What is wrong with a channel's settings, in one sentence; empty where it is open and sound, or not open at all."""
    try:
        if channel == Channel.EMAIL:
            senders.transport()
        elif is_open(channel):
            sms.gateway() if channel == Channel.SMS else telegram.bot()
    except ValueError as error:
        return str(error)
    return ""


@dataclass(frozen=True)
class TextFolder:
    """SMS for a trial: each message becomes a file in SALA_HOME/outbox; a second try writes the same file again."""

    repeats = True
    asks = False

    def send(self, notice: Notice) -> Result:
        """Write it."""
        target = senders.file_of(notice)
        try:
            senders.write(target, f"To: {notice.address}\n\n{notice.body}\n".encode())
        except OSError as error:
            return Result(Step.BREAK, type(error).__name__, away=True)
        return Result(Step.DELIVER)

    def ask(self, notice: Notice) -> Result:
        """A folder can't be asked."""
        return Result(Step.LOSE)
