"""How does somebody get news in Telegram? A link with an unguessable token opens the bot; what the bot hears links the chat."""

import base64
import hmac
import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from sala.notices import actions, exchange, registry, telegram
from sala.notices.models import Chat
from sala.notices.registry import Greeting
from sala.notices.terms import Channel

log = logging.getLogger("sala.notices")
_MAC = 16
_LENGTH = 43  # of a token: 32 bytes
MOST = 5  # questions in a round, 100 messages each


def address(kind: str, key: UUID) -> str:
    """The link that opens the bot for a record (``kind`` of `registry.link`); empty where this hall has no bot.

    Whoever has it gets the record's news: it belongs only onto a page that the same person may open.
    """
    if not telegram.is_configured():
        return ""
    return f"https://t.me/{settings.TELEGRAM_BOT}?start={token(kind, key)}"


def token(kind: str, key: UUID) -> str:
    """43 signs for a record: its key and a keyed digest, so that nothing need be kept and nobody can guess one."""
    return (
        base64.urlsafe_b64encode(key.bytes + _mac(str(settings.SECRET_KEY), kind, key)).rstrip(b"=").decode()
    )


def _mac(secret: str, kind: str, key: UUID) -> bytes:
    return hmac.digest(secret.encode(), b"telegram " + kind.encode() + b" " + key.bytes, "sha256")[:_MAC]


def read(text: str) -> tuple[str, UUID] | None:
    """Kind and key of a token of this hall, made with its secret or a former one; None for anything else."""
    if len(text) != _LENGTH or not text.isascii():
        return None
    try:
        raw = base64.b64decode(text + "=", altchars=b"-_", validate=True)
    except ValueError:
        return None
    key, mac = UUID(bytes=raw[:16]), raw[16:]
    for kind in registry.linkable():
        for secret in (str(settings.SECRET_KEY), *settings.FORMER_SECRETS):
            if hmac.compare_digest(mac, _mac(secret, kind, key)):
                return kind, key
    return None


def listen() -> int:
    """The job: hear what people wrote to the bot; returns how many messages. Asked for, not waited for: no door is opened.

    A round that is cut off hears the same again, and linking twice changes nothing.
    """
    if not telegram.is_configured():
        return 0
    heard = 0
    try:
        bot = telegram.bot()
        found = bot.updates()
        for _round in range(MOST):
            if not found:
                break
            for update in found:
                _hear(update)
            heard += len(found)
            numbers = [each["update_id"] for each in found if isinstance(each.get("update_id"), int)]
            found = bot.updates(max(numbers) + 1) if numbers else []
    except (ValueError, exchange.AwayError, exchange.LostError) as error:
        log.info("the bot was not heard: %s", error)
    return heard


def _hear(update: Mapping[str, Any]) -> None:
    message = update.get("message")
    chat = message.get("chat") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not isinstance(chat, dict):
        return
    number, text = chat.get("id"), message.get("text")
    if not isinstance(number, int) or not isinstance(text, str) or chat.get("type") != "private":
        return  # a group would show everybody what concerns one
    words = text.split()
    if words[:1] == ["/start"] and len(words) == 2 and (found := read(words[1])):
        link(kind=found[0], key=found[1], chat=str(number))
    elif words[:1] == ["/stop"]:
        unlink(str(number))


def link(*, kind: str, key: UUID, chat: str) -> bool:
    """Link a chat to a record and greet it there; a later one takes the place of the earlier. False where nothing is new.

    Side effects: the chat's row, one notice. Nothing is linked to a record that is gone or of which nobody is told.
    """
    greeting: Greeting | None = registry.linkable()[kind](str(key))
    if greeting is None:
        return False
    about = f"{kind}:{key}"
    with transaction.atomic():
        if Chat.objects.filter(about=about, chat=chat).exists():
            return False
        Chat.objects.update_or_create(about=about, defaults={"chat": chat})
        actions.post(
            kind=greeting.kind,
            channel=Channel.TELEGRAM,
            address=chat,
            language=greeting.language,
            subject=greeting.text[:200],
            body=greeting.text,
            about=about,
            office=greeting.office,
        )
    return True


def unlink(chat: str) -> int:
    """End all links of a chat; returns how many."""
    return Chat.objects.filter(chat=chat).delete()[0]
