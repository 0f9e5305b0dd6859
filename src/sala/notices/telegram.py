"""How does a Telegram bot speak: messages to linked chats, and what people write to it (Bot API)?"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from sala.notices import exchange, rules, sms
from sala.notices.models import Notice
from sala.notices.rules import Result
from sala.notices.terms import Step


@dataclass(frozen=True)
class Telegram:
    """Gives messages to the Bot API, which knows no message again and can't be asked."""

    url: str
    token: str
    repeats = False
    asks = False

    def send(self, notice: Notice) -> Result:
        """Hand over."""
        said = {
            "chat_id": notice.address,
            "text": notice.body,
            "link_preview_options": {"is_disabled": True},
        }
        try:
            answer = self.call("sendMessage", said)
        except exchange.AwayError as error:
            step = Step.BREAK if error.ours else rules.after_disturbance(notice.attempts)
            return Result(step, str(error), away=True)
        except exchange.LostError as error:
            return Result(Step.LOSE, str(error))
        found, retry_after = understand(answer)
        return sms.weighed(found, notice, repeats=False, retry_after=retry_after)

    def ask(self, notice: Notice) -> Result:
        """The Bot API can't be asked."""
        return Result(Step.LOSE)

    def updates(self, offset: int = 0) -> list[Mapping[str, Any]]:
        """What people wrote since; what lies before ``offset`` is confirmed thereby and forgotten over there."""
        said = {"offset": offset, "timeout": 0, "limit": 100, "allowed_updates": ["message"]}
        answer = self.call("getUpdates", said)
        found = _json(answer.body).get("result") if answer.status == 200 else None
        return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []

    def call(self, method: str, said: Mapping[str, Any]) -> exchange.Answer:
        """One method of the Bot API. Raises as `exchange.ask`; never says its address, which holds the token."""
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "Sala"}
        body = json.dumps(said, ensure_ascii=False).encode()
        return exchange.ask("POST", f"{self.url}/bot{self.token}/{method}", headers, body)


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def understand(answer: exchange.Answer) -> tuple[Result, int]:
    """What the Bot API's answer means, and how many seconds it wants to be left alone."""
    word, said = f"HTTP {answer.status}", _json(answer.body)
    match answer.status:
        case 200 if said.get("ok") is True:
            message = said.get("result")
            number = message.get("message_id", "") if isinstance(message, dict) else ""
            return Result(Step.DELIVER, reference=str(number)[:100]), 0
        case 200 | 502 | 504:
            return Result(Step.LOSE, word), 0
        case 400 | 403:  # no such chat, or the bot was blocked in it
            return Result(Step.REJECT, word), 0
        case 429:
            parameters = said.get("parameters")
            wanted = parameters.get("retry_after") if isinstance(parameters, dict) else 0
            seconds = wanted if isinstance(wanted, int) and 0 < wanted <= 3600 else answer.retry_after
            return Result(Step.POSTPONE, word, away=True), seconds
        case status if status >= 500:
            return Result(Step.POSTPONE, word, away=status == 503), 0
        case _:
            return Result(Step.BREAK, word, away=True), 0


def is_configured() -> bool:
    """Whether this hall has a bot."""
    return bool(settings.TELEGRAM_BOT and settings.TELEGRAM_TOKEN)


def bot() -> Telegram:
    """The bot of the settings. Raises ValueError with a sentence for settings that can't work."""
    if not is_configured():
        raise ValueError("SALA_TELEGRAM_BOT and SALA_TELEGRAM_TOKEN are not both set: this hall has no bot")
    name, token = settings.TELEGRAM_BOT, settings.TELEGRAM_TOKEN
    if not name.replace("_", "").isalnum() or not name.isascii():
        raise ValueError("SALA_TELEGRAM_BOT is the bot's name without @, such as ourhall_bot")
    if not token.isascii() or not token.replace(":", "").replace("_", "").replace("-", "").isalnum():
        raise ValueError("SALA_TELEGRAM_TOKEN is no token of a bot; @BotFather gives it")
    exchange.check(settings.TELEGRAM_URL, "SALA_TELEGRAM_URL")
    return Telegram(settings.TELEGRAM_URL, token)
