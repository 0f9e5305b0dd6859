"""Is this JSON, and only JSON? No duplicate keys, no NaN, no lone surrogates, no depth that exhausts the reader."""

import json
import re
from typing import Any

from django.utils.translation import gettext_lazy as _

from sala.kit.errors import Malformed

DEPTH = 32
_UNREADABLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]"
)  # not tab, line end, vertical tab, form feed


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed(_("A key stands twice in one JSON object. Send it once."), code="duplicate-key")
    return found


def _no_constant(_name: str) -> Any:
    raise Malformed(_("NaN and Infinity are no JSON numbers."), code="malformed-json")


def _too_deep(text: str) -> bool:
    """Whether brackets nest deeper than ``DEPTH``, found without recursion and without looking into strings."""
    depth, inside, escaped = 0, False, False
    for letter in text:
        if inside:
            if escaped:
                escaped = False
            elif letter == "\\":
                escaped = True
            elif letter == '"':
                inside = False
        elif letter == '"':
            inside = True
        elif letter in "[{":
            depth += 1
            if depth > DEPTH:
                return True
        elif letter in "]}":
            depth -= 1
    return False


def loads(body: bytes) -> Any:
    """The value in ``body`` (UTF-8). Raises `Malformed` with a sentence that says what is wrong."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed(_("The body is not UTF-8."), code="not-utf-8") from None
    if (text.count("[") + text.count("{")) > DEPTH and _too_deep(text):
        raise Malformed(_("The JSON is nested too deep."), code="too-deep")
    try:
        found = json.loads(text, object_pairs_hook=_pairs, parse_constant=_no_constant)
    except Malformed:
        raise
    except (ValueError, RecursionError):
        raise Malformed(_("The body is not readable JSON."), code="malformed-json") from None
    _check_texts(found)
    return found


def _check_texts(found: Any) -> None:
    """Refuse what a database can't keep: NUL, control characters, halves of a surrogate pair, numbers beyond all bounds."""
    stack = [found]
    while stack:
        here = stack.pop()
        if isinstance(here, dict):
            stack.extend(here)
            stack.extend(here.values())
        elif isinstance(here, list):
            stack.extend(here)
        elif isinstance(here, str):
            if _UNREADABLE.search(here):
                raise Malformed(
                    _("The text holds a character that can't be read. Please type it again."),
                    code="control-character",
                )
        elif (isinstance(here, float) and here in (float("inf"), float("-inf"))) or (
            isinstance(here, int) and not isinstance(here, bool) and abs(here) > 2**63
        ):
            raise Malformed(_("A number is too large."), code="malformed-json")
