"""What in a comment may name somebody? Found before publication, shown to the officer who decides; pure, no database."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from sala.window.terms import Personal

LEFT_OUT = "…"

_DIGIT = "[0-9\u17e0-\u17e9]"
_PATTERNS: tuple[tuple[Personal, re.Pattern[str]], ...] = (
    (Personal.EMAIL, re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+")),
    (Personal.LINK, re.compile(r"(?:https?://|www\.|t\.me/)\S+|(?<!\w)@[A-Za-z]\w{3,}", re.IGNORECASE)),
    # Telephone, identity card, account and plot numbers, however they are grouped.
    (Personal.NUMBER, re.compile(rf"\+?{_DIGIT}(?:[\s.\-/()]{{0,2}}{_DIGIT}){{4,}}")),
    # A title and the words after it: Khmer writes no space between title and name.
    (
        Personal.NAME,
        re.compile(
            r"(?:លោកស្រី|លោក|អ្នកស្រី|អ្នកនាង|កញ្ញា|ឧកញ៉ា)\s?[\u1780-\u17b3][\u1780-\u17d3]*(?:\s[\u1780-\u17b3][\u1780-\u17d3]*)?"
            r"|\b(?:Mr|Mrs|Ms|Miss|Dr|Lok|Neak)\b\.?\s?[A-Z]\w*(?:\s[A-Z]\w*)?"
        ),
    ),
)


class Part(NamedTuple):
    """Signs ``start`` to ``end`` of a comment, and what they may be."""

    start: int
    end: int
    what: Personal


def parts(comment: str, names: Iterable[str] = ()) -> list[Part]:
    """What in ``comment`` looks like a person's number, address or name, in order and without overlap.

    ``names``: words that are names for certain: the applicant's own and those of the office's officers. A finding is a
    proposal: the screen marks too much rather than too little, and a name that no list holds passes it.
    """
    found = [Part(*match.span(), what) for what, pattern in _PATTERNS for match in pattern.finditer(comment)]
    for name in {word for full in names for word in (full.strip(), *full.split()) if len(word) > 2}:
        found += [
            Part(*match.span(), Personal.NAME)
            for match in re.finditer(re.escape(name), comment, re.IGNORECASE)
        ]
    return _apart(found)


def _apart(found: list[Part]) -> list[Part]:
    """Parts that touch or overlap become one; the first says what it is."""
    merged: list[Part] = []
    for part in sorted(found, key=lambda each: (each.start, -each.end)):
        if merged and part.start <= merged[-1].end:
            last = merged.pop()
            part = Part(last.start, max(last.end, part.end), last.what)
        merged.append(part)
    return merged


def without(comment: str, leave_out: Iterable[str]) -> str:
    """``comment`` with every occurrence of the given words replaced by an ellipsis. Nothing else can be changed by whoever
    screens, so that a comment is shortened but never reworded."""
    for words in sorted({each.strip() for each in leave_out} - {""}, key=len, reverse=True):
        comment = comment.replace(words, LEFT_OUT)
    return re.sub(rf"{LEFT_OUT}(?:\s*{LEFT_OUT})+", LEFT_OUT, comment)


def says_something(shown: str) -> bool:
    """Whether anything is left to read."""
    return any(sign.isalnum() for sign in shown)
