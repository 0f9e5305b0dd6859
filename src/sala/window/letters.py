"""What do we write to the applicant, and in which language? One short e-mail a public step, in theirs."""

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from sala.kit import clock
from sala.kit.khmer import date_long
from sala.notices import actions as notices
from sala.window import queries
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
}


def about(request: Request) -> str:
    """How notices refer to a request."""
    return f"window.request:{request.id}"


def link(code: str) -> str:
    """The address of the request's page, in the language in force."""
    path = reverse("request", args=[code]) if code else reverse("requests")
    return f"{settings.PUBLIC_URL}{path}"


def words(request: Request, event: Event, code: str) -> tuple[str, str]:
    """Subject and body of the notice about a step, in the language in force."""
    language = translation.get_language() or "km"
    terms = request.terms
    name = terms.short_km if language == "km" else terms.short_en
    number = request.number
    due = date_long(request.due_at.astimezone(clock.zone()).date(), language)
    act = Act(event.act)
    if act == Act.RECEIVE:
        subject = _("We have received your request %(number)s") % {"number": number}
        opening = _("We have received your request “%(name)s”. We will answer by %(due)s.") % {
            "name": name,
            "due": due,
        }
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
    else:
        subject = _("News about your request %(number)s") % {"number": number}
        opening = _("There is news about your request “%(name)s”:") % {"name": name}
    parts = [opening, event.text, _("Follow it here: %(link)s") % {"link": link(code)}]
    parts.append(_("Keep this message: whoever has this link can open your request."))
    return subject, "\n\n".join(part for part in parts if part)


def _office(event: Event, language: str) -> str:
    """The name of the office that a step brought the request to."""
    names = queries.halls_of([event])
    return names[event.office][language] if event.office in names else ""


def tell(request: Request, event: Event, contact: Contact | None, code: str) -> None:
    """Put a notice about a public step into the outbox, when the applicant left an e-mail address."""
    kind = KINDS.get(Act(event.act))
    if kind is None or contact is None or not contact.email:
        return
    with translation.override(contact.language):
        subject, body = words(request, event, code)
        notices.post(
            kind=kind,
            channel="email",
            address=contact.email,
            language=contact.language,
            subject=subject,
            body=body,
            about=about(request),
        )
