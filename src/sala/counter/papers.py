"""What does the code on a receipt say? The facts that are signed, and how they are shown to whoever checks the paper."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from sala.counter import till
from sala.kit.errors import NotFound
from sala.ledger import papers
from sala.offices import queries as offices
from sala.ui import jinja
from sala.window import queries as window

RECEIPT = "receipt"
# One letter each: a short code is a coarse square, which an old telephone can still read.
NUMBER, OFFICE, REQUEST, SERVICE, DAY, RIEL = "n", "o", "q", "s", "d", "r"


def code(line: Any) -> str:
    """The signed code of a payment's receipt: what stands on the paper, without a name."""
    facts = {
        NUMBER: line.number,
        OFFICE: line.office.code,
        REQUEST: line.request.number,
        SERVICE: line.request.terms.service_id,
        DAY: line.day.isoformat(),
        RIEL: line.amount,
    }
    return papers.code(RECEIPT, facts, line.at)


def shown(facts: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """The facts of a receipt in the reader's language."""
    return [
        (_("Receipt number"), str(facts.get(NUMBER))),
        (_("Office"), _office(str(facts.get(OFFICE)))),
        (_("Request"), str(facts.get(REQUEST))),
        (_("Service"), _service(str(facts.get(SERVICE)))),
        (_("Paid on"), jinja.date_short(date.fromisoformat(str(facts.get(DAY))))),
        (_("Paid"), jinja.money(facts.get(RIEL))),
    ]


def ended(facts: Mapping[str, Any]) -> str:
    """Why the receipt is no longer good, in the reader's language: the day of the reversal, never who or why. Empty where it
    is good.
    """
    line = till.receipt(str(facts.get(NUMBER)))
    if line is None:
        return _("The cash book of this hall has no receipt of this number. Ask the hall.")
    back = getattr(line, "reversal", None)
    if back is None:
        return ""
    return _("The payment was reversed on %(day)s.") % {"day": jinja.date_short(back.day)}


def _office(code: str) -> str:
    """The office's name; its code where no such office is known."""
    return jinja.name(offices.office_by_code(code)) or code


def _service(code: str) -> str:
    """The service's name as it is today; its code where it is no longer on offer."""
    try:
        return jinja.name(window.service(code))
    except NotFound:
        return code
