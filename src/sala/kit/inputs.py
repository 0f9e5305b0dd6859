"""What does this typed text mean? One reader for each kind of value that comes in by an address, a header or a file."""

import re
import unicodedata
from datetime import date
from typing import Any
from uuid import UUID

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from sala.kit.text import normalise


class Wrong(ValueError):  # noqa: N818 - it says what it is
    """A text that means nothing here; ``message`` says why, ``code`` names it for programs."""

    def __init__(self, code: str, message: Any) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


# Vertical tab and form feed come with pasted text; `normalise` takes them out.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_WHOLE = re.compile(r"[0-9]{1,12}")
_PLACE = re.compile(r"(?:[0-9]{2}){1,4}(?:-[0-9]{1,2})?")
_DAY = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_DAY_FIRST = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})")
_YES = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}
# The same for programs, as JSON schemas: what is read is wider (Khmer digits, day first), what is told is always read.
PLACE = {"type": "string", "pattern": "^([0-9]{2}){1,4}(-[0-9]{1,2})?$"}
DAY = {
    "type": "string",
    "pattern": "^(19[0-9]{2}|2[01][0-9]{2})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
}
ID = {"type": "string", "format": "uuid"}
FLAG = {"type": "string", "enum": [*_YES]}


def digits(text: str) -> str:
    """With the digits of every script (Khmer ones) as 0-9, and without surrounding space."""
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text.strip())


def whole(text: str, least: int, most: int) -> int:
    """A whole number from ``least`` to ``most``."""
    plain = digits(text)
    if not _WHOLE.fullmatch(plain) or not least <= int(plain) <= most:
        raise Wrong(
            "number", format_lazy(_("Give a whole number from {least} to {most}."), least=least, most=most)
        )
    return int(plain)


def day(text: str) -> date:
    """A date: 2026-11-24, or day first 24/11/2026."""
    plain = digits(text)
    found = _DAY.fullmatch(plain)
    parts = found.groups() if found else None
    if parts is None:
        found = _DAY_FIRST.fullmatch(plain)
        parts = found.groups()[::-1] if found else None
    try:
        if parts is None or not 1900 <= int(parts[0]) <= 2200:
            raise ValueError
        return date(int(parts[0]), int(parts[1]), int(parts[2]))
    except ValueError:
        raise Wrong("date", _("Give a real date as year-month-day, such as 2026-11-24.")) from None


def place_code(text: str) -> str:
    """A gazetteer code of 2, 4, 6 or 8 digits."""
    plain = digits(text)
    if not _PLACE.fullmatch(plain):
        raise Wrong("place", _("Give the gazetteer code of a place: 2, 4, 6 or 8 digits, such as 120404."))
    return plain


def uuid(text: str) -> UUID:
    """The id of a record."""
    try:
        if len(text) > 40:
            raise ValueError
        return UUID(text.strip())
    except ValueError:
        raise Wrong("id", _("This is not the id of a record.")) from None


def flag(text: str) -> bool:
    """Yes or no."""
    found = _YES.get(text.strip().lower())
    if found is None:
        raise Wrong("flag", _("Give 1 for yes or 0 for no."))
    return found


def line(text: str, longest: int) -> str:
    """One line of text of at most ``longest`` characters, written as `text.normalise` does."""
    if _CONTROL.search(text):
        raise Wrong("control", _("The text holds a character that can't be read. Please type it again."))
    plain = " ".join(normalise(text).split())
    if len(plain) > longest:
        raise Wrong(
            "long", format_lazy(_("The text is too long: at most {longest} characters."), longest=longest)
        )
    return plain
