"""How is an e-mail handed over: written into a folder, or given to an SMTP server?"""

import os
import smtplib
import socket
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail.backends.smtp import EmailBackend

from sala.kit import clock
from sala.notices import rules
from sala.notices.models import Notice
from sala.notices.rules import Result
from sala.notices.terms import Step

LONGEST_LINE = 990
"""Bytes of a line that servers take as they are (RFC 5322 allows 998)."""
TIMEOUT = 10
"""Seconds an SMTP server may be silent; well below a notice's lease."""


class Sender(Protocol):
    """Hands messages over.

    ``repeats`` says that a second try does no harm: e-mail carries the same Message-ID (RFC 1047 prefers a second copy
    to none), some gateways know the id. ``asks`` says that the gateway can be asked what became of a message.
    """

    repeats: bool
    asks: bool

    def send(self, notice: Notice) -> Result:
        """Hand one message over; never raises for what a server, a network or a setting does."""
        ...

    def ask(self, notice: Notice) -> Result:
        """What became of it: `Step.CONFIRM`, `Step.MISS`, `Step.REJECT`, or `Step.LOSE` where the gateway can't say."""
        ...


class Mail:
    """What holds for each way of sending e-mail."""

    repeats = True
    asks = False

    def ask(self, notice: Notice) -> Result:
        """A mail server can't be asked."""
        return Result(Step.LOSE)


def domain() -> str:
    """The host that stands in message ids and in the sender's address."""
    return urlsplit(settings.PUBLIC_URL).hostname or "sala.localdomain"


def outbox() -> Path:
    """The folder of messages, where no server is named."""
    return Path(settings.HOME) / "outbox"


def message(notice: Notice, sender: str = "") -> EmailMessage:
    """The notice as an RFC 5322 message: headers encoded (RFC 2047), text in UTF-8, the same Message-ID at every try.

    Raises ValueError where a value could begin another header. Python's own message class, since Django's folds a
    Khmer subject into a line of nothing but a space.
    """
    text = EmailMessage(policy=SMTP)
    text["Subject"] = notice.subject
    text["From"] = sender or f"Sala <sala@{domain()}>"
    text["To"] = ascii_address(notice.address)
    text["Date"] = notice.created.astimezone(clock.zone())
    text["Message-ID"] = notice.message_id
    text["Auto-Submitted"] = "auto-generated"
    longest = max(len(line.encode()) for line in notice.body.splitlines() or [""])
    text.set_content(notice.body, cte="8bit" if longest <= LONGEST_LINE else "base64")
    text["Content-Language"] = notice.language  # after the text, which clears headers named Content-...
    return text


def ascii_address(address: str) -> str:
    """The address with its host in ASCII (IDNA), as servers without SMTPUTF8 want it."""
    name, at, host = address.rpartition("@")
    with suppress(UnicodeError):
        host = host.encode("idna").decode()
    return name + at + host


def transport() -> rules.Transport:
    """Where SALA_EMAIL_URL says that e-mail goes. Raises ValueError with a sentence."""
    return rules.transport(settings.EMAIL_URL)


@contextmanager
def open_email() -> Iterator[Sender]:
    """The sender that SALA_EMAIL_URL names; one connection for all messages of a round."""
    try:
        named = transport()
    except ValueError as error:
        yield Misconfigured(str(error))
        return
    if not named.host:
        yield Folder(outbox())
        return
    sender = Smtp(named)
    try:
        yield sender
    finally:
        sender.close()


def discard(notices: Iterable[Notice]) -> int:
    """Remove the files of messages from the folder, half-written ones too; returns how many. Those given to a server are gone."""
    removed = 0
    for notice in notices:
        written = file_of(notice)
        for path in (written, written.with_suffix(".part")):
            with suppress(FileNotFoundError):
                path.unlink()
                removed += 1
    return removed


def file_of(notice: Notice) -> Path:
    """Where the folder holds a message."""
    ending = "eml" if notice.channel in ("", "email") else "txt"
    return outbox() / f"{notice.created:%Y%m%dT%H%M%S}-{notice.pk}.{ending}"


def write(target: Path, content: bytes) -> None:
    """Write a message's file whole or not at all, for the hall's own eyes. Raises OSError."""
    partial = target.with_suffix(".part")
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(target)


@dataclass(frozen=True)
class Misconfigured:
    """Sends nothing and says why."""

    reason: str
    repeats = True
    asks = False

    def send(self, notice: Notice) -> Result:
        """A technical failure with the reason."""
        return Result(Step.BREAK, self.reason, away=True)

    def ask(self, notice: Notice) -> Result:
        """Nobody to ask."""
        return Result(Step.LOSE, self.reason)


@dataclass(frozen=True)
class Folder(Mail):
    """Writes each message as a file; a second try writes the same file again."""

    path: Path

    def send(self, notice: Notice) -> Result:
        """Write it."""
        try:
            content = message(notice).as_bytes()
        except ValueError as error:
            return Result(Step.REJECT, type(error).__name__)
        target = self.path / file_of(notice).name
        try:
            write(target, content)
        except OSError as error:
            return Result(Step.BREAK, f"{type(error).__name__}: {os.strerror(error.errno or 0)}", away=True)
        return Result(Step.DELIVER)


class Smtp(Mail):
    """Gives messages to a server through the connection of Django's SMTP backend."""

    def __init__(self, transport: rules.Transport) -> None:
        self.transport = transport
        self.backend = EmailBackend(
            host=transport.host,
            port=transport.port,
            username=transport.username,
            password=transport.password,
            use_tls=transport.starttls,
            use_ssl=transport.tls,
            timeout=TIMEOUT,
            fail_silently=False,
        )

    def send(self, notice: Notice) -> Result:
        """Hand over; a connection that broke at an earlier message is opened anew."""
        try:
            self.backend.open()
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return opening(error, notice.attempts)
        try:
            text = message(notice, self.transport.sender)
            sender = parseaddr(text["From"])[1]
            assert self.backend.connection is not None
            self.backend.connection.sendmail(sender, [ascii_address(notice.address)], text.as_bytes())
        except ValueError as error:
            return Result(Step.REJECT, type(error).__name__)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return sending(error, notice.attempts)
        return Result(Step.DELIVER)

    def close(self) -> None:
        """Say good-bye; a server that doesn't answer is left."""
        with suppress(OSError, smtplib.SMTPException):
            self.backend.close()
        self.backend.connection = None


def opening(error: Exception, attempts: int) -> Result:
    """What a failure before the first message means: a wrong name, key or password is ours to repair, all else passes."""
    name = type(error).__name__
    match error:
        case ssl.SSLError() | smtplib.SMTPNotSupportedError() | socket.gaierror():
            return Result(Step.BREAK, name, away=True)
        case smtplib.SMTPResponseException() if error.smtp_code >= 500:
            return Result(Step.BREAK, f"{name}: SMTP {error.smtp_code}", away=True)
        case smtplib.SMTPResponseException():
            return Result(rules.after_disturbance(attempts), f"{name}: SMTP {error.smtp_code}", away=True)
        case _:
            return Result(rules.after_disturbance(attempts), name, away=True)


def sending(error: Exception, attempts: int) -> Result:
    """What a failure with a message in hand means: a refused sender is ours to repair, a refused recipient final."""
    name = type(error).__name__
    match error:
        case smtplib.SMTPSenderRefused() if error.smtp_code >= 500:
            return Result(Step.BREAK, f"{name}: SMTP {error.smtp_code}", away=True)
        case smtplib.SMTPRecipientsRefused():
            code = min((reply[0] for reply in error.recipients.values()), default=550)
            return Result(rules.after_reply(code, attempts), f"{name}: SMTP {code}")
        case smtplib.SMTPResponseException():
            return Result(rules.after_reply(error.smtp_code, attempts), f"{name}: SMTP {error.smtp_code}")
        case smtplib.SMTPNotSupportedError():
            return Result(Step.REJECT, name)
        case _:
            return Result(rules.after_disturbance(attempts), name)
