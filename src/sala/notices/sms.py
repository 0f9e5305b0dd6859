"""How is an SMS handed over: to the gateway that SALA_SMS_URL names, or into a folder for a trial?"""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from sala.notices import descriptions, exchange, rules
from sala.notices.models import Notice
from sala.notices.rules import Result
from sala.notices.terms import Step

FOLDER = "folder"
"""SALA_SMS_URL for a trial: messages become files."""


@dataclass(frozen=True)
class Sms:
    """Gives messages to one gateway."""

    url: str
    secret: str
    description: descriptions.Description

    @property
    def repeats(self) -> bool:
        """Whether the gateway knows a message's id again."""
        return self.description.repeats

    @property
    def asks(self) -> bool:
        """Whether it can be asked."""
        return self.description.asking is not None

    def send(self, notice: Notice) -> Result:
        """Hand over, with the same id at every try."""
        try:
            question = descriptions.question(self.description, self.url, self._values(notice))
        except ValueError as error:
            return Result(Step.BREAK, str(error), away=True)
        try:
            answer = exchange.ask(question.method, question.url, question.headers, question.body)
        except exchange.AwayError as error:
            step = Step.BREAK if error.ours else rules.after_disturbance(notice.attempts)
            return Result(step, str(error), away=True)
        except exchange.LostError as error:
            return weighed(Result(Step.LOSE, str(error)), notice, repeats=self.repeats)
        found = descriptions.understand(self.description, answer.status, answer.body)
        return weighed(found, notice, repeats=self.repeats, retry_after=answer.retry_after)

    def ask(self, notice: Notice) -> Result:
        """What became of it. A gateway that is away says nothing."""
        assert self.description.asking is not None
        try:
            question = descriptions.asking(self.description, self._values(notice))
            answer = exchange.ask(question.method, question.url, question.headers)
        except (ValueError, exchange.AwayError, exchange.LostError) as error:
            return Result(Step.LOSE, f"asked: {error}", away=True)
        return descriptions.understand_asked(self.description.asking, answer.status, answer.body)

    def _values(self, notice: Notice) -> dict[str, str]:
        return {
            "to": notice.address,
            "digits": notice.address.lstrip("+"),
            "text": notice.body,
            "id": str(notice.pk),
            "secret": self.secret,
        }


def weighed(found: Result, notice: Notice, *, repeats: bool, retry_after: int = 0) -> Result:
    """A result in the light of the tries so far, and of a gateway that knows an id again: there nothing is uncertain."""
    step = found.step
    if step == Step.LOSE and repeats and notice.attempts < rules.TRIES:
        step = Step.POSTPONE
    elif step == Step.POSTPONE:
        step = rules.after_disturbance(notice.attempts)
    pause = timedelta(seconds=retry_after) if retry_after and found.away else None
    return Result(step, found.error, found.away, pause, found.reference)


def is_configured() -> bool:
    """Whether this hall sends SMS at all; asked at every request with a telephone number, so it reads no file."""
    return bool(settings.SMS_URL)


def gateway() -> Sms | None:
    """The gateway of the settings; None for the folder. Raises ValueError with a sentence for settings that can't work."""
    url = settings.SMS_URL
    if not url:
        raise ValueError("SALA_SMS_URL is not set: this hall sends no SMS")
    if url == FOLDER:
        return None
    exchange.check(url, "SALA_SMS_URL")
    description = descriptions.Description()
    if settings.SMS_FILE:
        try:
            text = Path(settings.SMS_FILE).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"SALA_SMS_FILE can't be read: {type(error).__name__}") from None
        try:
            description = _read(text)
        except ValueError as error:
            raise ValueError(f"SALA_SMS_FILE: {error}") from None
    if description.asking is not None:
        exchange.check(description.asking.url.replace("{id}", "0"), "SALA_SMS_FILE: ask.url")
    return Sms(url, settings.SMS_SECRET, description)


@lru_cache(maxsize=4)
def _read(text: str) -> descriptions.Description:
    return descriptions.read(text)
