"""What do we write to the applicant, in which language, by which ways? One message a public step, in theirs.

E-mail tells what was said. SMS and Telegram say only that there is news, and where: a phone is shared, a text is paid by
its length, and nothing a resident told belongs into a messenger's hands.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from sala.kit import clock
from sala.kit.errors import Invalid
from sala.kit.khmer import date_long
from sala.kit.terms import N_
from sala.notices import actions as notices
from sala.notices import channels, chats, registry
from sala.notices import queries as outbox
from sala.notices import rules as notice_rules
from sala.notices.terms import Channel
from sala.window import queries, rules, steps
from sala.window.models import Contact, Event, Request
from sala.window.terms import Act

KINDS = {
    Act.RECEIVE: "window.received",
    Act.ASK: "window.asked",
    Act.ANSWER: "window.answered",
    Act.FINISH: "window.done",
    Act.REFUSE: "window.refused",
    Act.FORWARD: "window.forwarded",
    Act.RETURN: "window.returned",
    Act.REOPEN: "window.reopened",
    Act.JOIN: "window.joined",
    Act.PART: "window.parted",
    Act.SECOND: "window.split",
    Act.SETTLE: "window.settled",
}
log = logging.getLogger("sala.window")
LINKED = "window.linked"
MOVED = "window.moved"
SHORT = {
    Act.RECEIVE: N_("Your request %(number)s was received."),
    Act.ASK: N_(
        "The hall asks you something about your request %(number)s. Its clock is paused until you reply."
    ),
    Act.ANSWER: N_("There is news about your request %(number)s."),
    Act.FINISH: N_("Your request %(number)s is done. You can rate the service."),
    Act.REFUSE: N_("Your request %(number)s was refused. The reason stands on its page."),
    Act.FORWARD: N_("Your request %(number)s went to another office."),
    Act.RETURN: N_("Your request %(number)s went to another office."),
    Act.REOPEN: N_("Your request %(number)s is open again."),
    Act.JOIN: N_("Your report %(number)s is handled with others of the same problem."),
    Act.PART: N_("Your report %(number)s is handled by itself again."),
    Act.SECOND: N_("The second matter in your request is now request %(number)s."),
    Act.SETTLE: N_("The hall answered what you asked to be corrected in request %(number)s."),
}


def about(request: Request) -> str:
    """How notices refer to a request."""
    return f"window.request:{request.id}"


def link(code: str) -> str:
    """The address of the request's page, in the language in force."""
    path = reverse("request", args=[code]) if code else reverse("requests")
    return f"{settings.PUBLIC_URL}{path}"


def rating_link(request: Request) -> str:
    """The address that only rates, once."""
    return f"{settings.PUBLIC_URL}{reverse('request-rating', args=[queries.rating_key(request)])}"


def words(request: Request, event: Event, code: str) -> tuple[str, str]:
    """Subject and body of the notice about a step, in the language in force."""
    language = translation.get_language() or "km"
    terms = request.terms
    number = request.number
    name = terms.short_km if language == "km" else terms.short_en
    if not rules.openness(terms.kind, terms.service.protected).named:
        name = number
    due = date_long(request.due_at.astimezone(clock.zone()).date(), language)
    late = request.due_at < clock.now()  # of a report that is joined to an older one
    act = Act(event.act)
    if act == Act.RECEIVE:
        subject = _("We have received your request %(number)s") % {"number": number}
        opening = _("We have received your request “%(name)s”. We will answer by %(due)s.") % {
            "name": name,
            "due": due,
        }
        if late:
            opening = _(
                "We have received your report “%(name)s”. Others reported the same before you, and the hall is late with it."
            ) % {"name": name}
    elif act == Act.ASK:
        subject = _("We need something from you for request %(number)s") % {"number": number}
        opening = _("The clock of your request “%(name)s” is paused until you reply. We ask:") % {
            "name": name
        }
    elif act == Act.FINISH:
        subject = _("Your request %(number)s is done") % {"number": number}
        opening = _("Your request “%(name)s” is done. You can rate the service on its page.") % {"name": name}
    elif act == Act.REFUSE:
        subject = _("Your request %(number)s was refused") % {"number": number}
        opening = _("Your request “%(name)s” was refused for this reason:") % {"name": name}
    elif act in (Act.FORWARD, Act.RETURN):
        subject = _("Your request %(number)s went to another office") % {"number": number}
        opening = _(
            "Your request “%(name)s” is now with %(office)s. Its number, its code and its deadline stay the same."
        ) % {"name": name, "office": _office(event, language)}
    elif act == Act.REOPEN:
        subject = _("Your request %(number)s is open again") % {"number": number}
        opening = _("Your request “%(name)s” is open again. We will answer by %(due)s.") % {
            "name": name,
            "due": due,
        }
    elif act == Act.JOIN:
        subject = _("Others reported the same as your report %(number)s") % {"number": number}
        opening = _(
            "Your report “%(name)s” is handled with others of the same problem. What the hall does is told to each of you."
        ) % {"name": name}
        if not late:
            opening += " " + _("We will answer by %(due)s.") % {"due": due}
    elif act == Act.PART:
        subject = _("Your report %(number)s is handled by itself again") % {"number": number}
        opening = _("Your report “%(name)s” is another problem than those it was joined with.") % {
            "name": name
        }
        if not late:
            opening += " " + _("We will answer by %(due)s.") % {"due": due}
    elif act == Act.SECOND:
        subject = _("The second matter in your request is now request %(number)s") % {"number": number}
        opening = _(
            "Your request %(first)s held two matters. The second, “%(name)s”, is now a request of its own: %(number)s. It has a code of its own and counts from the day on which you asked."
        ) % {"first": event.text, "name": name, "number": number}
        if not late:
            opening += " " + _("We will answer by %(due)s.") % {"due": due}
    elif act == Act.SETTLE:
        subject = _("Your request %(number)s: what you asked to be corrected") % {"number": number}
        opening = _("You said that something the hall holds about you is wrong. Its answer:")
    else:
        subject = _("News about your request %(number)s") % {"number": number}
        opening = _("There is news about your request “%(name)s”:") % {"name": name}
    said = event.text if act != Act.SECOND else ""  # its number stands in the sentence
    parts = [opening, said, _("Follow it here: %(link)s") % {"link": link(code)}]
    if act == Act.FINISH:
        parts.insert(
            2,
            _("Rate the service with this link; it opens nothing else: %(link)s")
            % {"link": rating_link(request)},
        )
    parts.append(_("Keep this message: whoever has this link can open your request."))
    return subject, "\n\n".join(part for part in parts if part)


def _office(event: Event, language: str) -> str:
    """The name of the office that a step brought the request to."""
    names = queries.halls_of([event])
    return names[event.office][language] if event.office in names else ""


def short(act: Act, number: str, code: str) -> str:
    """The text of an SMS or a Telegram message, in the language in force: the link alone where both together are too long."""
    address = link(code)
    whole = f"{_(SHORT[act]) % {'number': number}} {address}"
    return whole if notice_rules.segments(whole) <= notices.LONGEST_SMS else address


def linked_chats(requests: Sequence[Request]) -> dict[str, str]:
    """The chats linked to requests, by `about`; the database is asked only where there is a bot."""
    return outbox.chats_of([about(each) for each in requests]) if channels.is_open(Channel.TELEGRAM) else {}


def ways(contact: Contact | None, chat: str) -> list[tuple[Channel, str]]:
    """By which channels to which addresses: e-mail where one was given, Telegram where a chat is linked, SMS where there is
    nothing but a telephone number and this hall has a gateway."""
    found: list[tuple[Channel, str]] = []
    if contact is not None and contact.email:
        found.append((Channel.EMAIL, contact.email))
    if chat:
        found.append((Channel.TELEGRAM, chat))
    if not found and contact is not None and contact.phone and channels.is_open(Channel.SMS):
        found.append((Channel.SMS, contact.phone))
    return found


def tell(request: Request, event: Event, contact: Contact | None, code: str) -> None:
    """Put a notice about a public step into the outbox, for each way to the applicant."""
    act = Act(event.act)
    kind = KINDS.get(act)
    if kind is None:
        return
    # Nobody can have linked a chat before the request's page is there.
    linked = linked_chats([request]) if act != Act.RECEIVE else {}
    for channel, address in ways(contact, linked.get(about(request), "")):
        language = contact.language if contact is not None else request.language
        with translation.override(language):
            subject, body = words(request, event, code)
            notices.post(
                kind=kind,
                channel=channel,
                address=address,
                language=language,
                subject=subject,
                body=body if channel == Channel.EMAIL else short(act, request.number, code),
                about=about(request),
                office=request.office_id,
            )


@dataclass
class Moved:
    """Whose requests are due later, by one way to them: number, service and new due date of each. The notice is about one."""

    channel: Channel
    address: str
    language: str
    about: str
    office: UUID
    code: str
    lines: list[tuple[str, Mapping[str, str], date]] = field(default_factory=list)


def moved(people: Iterable[Moved]) -> list[Any]:
    """Everybody's one notice, however many of their requests are due later; not yet in the outbox.

    Left out is who can't be written to: one wrong address must not keep the others from being told.
    """
    built = []
    ordered = sorted(people, key=lambda person: person.language)
    for language, some in groupby(ordered, key=lambda person: person.language):
        with translation.override(language):
            for person in some:
                try:
                    built.append(_moved(person, language))
                except Invalid as problem:
                    log.warning("not told of a holiday: %s (%s)", person.about, problem.code)
    return built


def _moved(person: Moved, language: str) -> Any:
    subject = _("A holiday was added: the deadline of your request moves")
    listed = [
        _("%(number)s, %(name)s: by %(due)s")
        % {"number": number, "name": names[language], "due": date_long(due, language)}
        for number, names, due in person.lines
    ]
    address = link(person.code if len(listed) == 1 else "")
    body = "\n\n".join([subject, "\n".join(listed), _("Follow it here: %(link)s") % {"link": address}])
    if person.channel != Channel.EMAIL:
        body = f"{subject} {address}"
        body = body if notice_rules.segments(body) <= notices.LONGEST_SMS else address
    return notices.build(
        kind=MOVED,
        channel=person.channel,
        address=person.address,
        language=language,
        subject=subject,
        body=body,
        about=person.about,
        office=person.office,
    )


def chat_address(request: Request) -> str:
    """The link that opens this hall's bot for a request, for the page its code opens; empty where there is no bot, or no news
    will come any more."""
    return chats.address(steps.REQUEST, request.id) if request.open else ""


def greet(key: str) -> registry.Greeting | None:
    """What a chat is told that was just linked to a request; None for one that is over, erased or unknown."""
    request = queries.open_request(UUID(key))
    if request is None:
        return None
    contact = queries.contact_of(request)
    language = contact.language if contact is not None else request.language
    with translation.override(language):
        text = _("You get news about your request %(number)s here. Send /stop to end this.")
    return registry.Greeting(LINKED, language, text % {"number": request.number}, request.office_id)
