"""What in a text tells which service is meant: its language, its words and pieces, the ideas it names, the size of a house.

Pure: a text and the pack's lexicon give the same features on every machine. Khmer is not cut into words: pieces of two to
five signs of its search skeleton do as well, and forgive spelling.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log

from sala.kit.khmer import ascii_digits
from sala.kit.text import COENG, normalise, skeleton

MOST = 2000  # signs of a text that count, as many as a description may have
KHMER, ENGLISH = "km", "en"

_KHMER_RUN = re.compile("[\u1780-\u17d3\u17dd]+")
_LATIN_WORD = re.compile("[a-z]+|[0-9]+")
_LETTER = re.compile("[a-z]")
_SHARE = 4  # a text is Khmer from one Khmer sign to four Latin letters: "ចង់ធ្វើ passport" is

# A size as residents write it: 120 m2, 120ម៉ែត្រការ៉េ, 8m x 10m, 8 by 10 metres, ៨ម៉ែត្រគុណ១០ម៉ែត្រ.
_NUMBER = r"([0-9]{1,4}(?:[.,][0-9]{1,2})?)"
_METRE = "(?:ម៉ែត្រ|ម៉ែត|ម|metres?|meters?|m)"
_SIDES = re.compile(rf"{_NUMBER} *{_METRE}? *(?:x|×|\*|by|គុណ|នឹង) *{_NUMBER}(?= *{_METRE}|[^0-9]|$)")
_SQUARE = "(?:m2|m²|ម២|ម2|sqm|sq\\.? ?m|square|ម៉ែត្រ ?ការ|ម៉ែត ?ការ|ការ៉េ|ការេ|m ?sq)"
_BETWEEN = re.compile(
    rf"{_NUMBER} *(?:{_SQUARE}\w*)? *(?:to|and|-|–|ដល់|តែមិនដល់|និង) *(?:under|below|not over)? *{_NUMBER} *{_SQUARE}"
)
_AREA = re.compile(rf"{_NUMBER} *{_SQUARE}")
_SIZES = (100, 200, 300, 400)


@dataclass(frozen=True)
class Lexicon:
    """The pack's words for the same idea in both scripts, and romanised words that make a text Khmer.

    ``khmer`` are skeletons, looked for anywhere between syllables; ``latin`` are words or phrases; a ``*`` at the end leaves the ending open.
    ``sizeless`` are ideas beside which square metres say nothing of a house: a plot is sold by them too.
    """

    khmer: tuple[tuple[str, re.Pattern[str]], ...]
    latin: tuple[tuple[str, re.Pattern[str]], ...]
    romanised: frozenset[str]
    sizeless: frozenset[str]


def lexicon(
    ideas: Mapping[str, Mapping[str, Sequence[str]]], romanised: Sequence[str], sizeless: Sequence[str]
) -> Lexicon:
    """The lexicon of what the pack's file says: for each idea its forms by script."""
    khmer = []
    for idea, forms in ideas.items():
        folded = sorted(map(skeleton, forms.get("km", ())), key=len, reverse=True)
        if folded:
            ways = "|".join(map(re.escape, folded))
            khmer.append((idea, re.compile(f"(?<!{COENG})(?:{ways})(?![\u17b6-\u17d3])")))
    latin = []
    for idea, forms in ideas.items():
        words = [*forms.get("en", ()), *forms.get("la", ())]
        if words:
            ways = "|".join(re.escape(word).replace(r"\*", "[a-z]*").replace(r"\ ", " ") for word in words)
            latin.append((idea, re.compile(rf"(?<![a-z])(?:{ways})(?![a-z])")))
    return Lexicon(tuple(khmer), tuple(latin), frozenset(romanised), frozenset(sizeless))


def plain(text: str) -> str:
    """A text in one way of writing: normalised, small letters, digits 0-9, at most `MOST` signs. Nothing is refused."""
    cut = text[: MOST * 2].replace("\x00", " ")
    return ascii_digits(normalise(cut)[:MOST].casefold())


def language(text: str, lexicon: Lexicon) -> str:
    """``km`` or ``en``: by script, and Latin letters by their words; a text without letters is Khmer."""
    typed = plain(text)
    khmer = sum(len(run) for run in _KHMER_RUN.findall(typed))
    latin = len(_LETTER.findall(typed))
    if khmer * _SHARE >= latin:
        return KHMER
    words = [word for word in _LATIN_WORD.findall(typed) if word.isalpha()]
    romanised = sum(word in lexicon.romanised for word in words)
    return KHMER if romanised * 3 >= len(words) else ENGLISH


def area(text: str) -> int | None:
    """The square metres a plain text names: the upper end of a span, or the product of two sides; None for none."""
    if found := _BETWEEN.search(text):
        return round(_value(found[2]))
    if found := _AREA.search(text):
        return round(_value(found[1]))
    if found := _SIDES.search(text):
        return round(_value(found[1]) * _value(found[2]))
    return None


def _value(number: str) -> float:
    return float(number.replace(",", "."))


def _size(text: str) -> Iterator[str]:
    square = area(text)
    if square is not None and square >= 10:
        upper = next((size for size in _SIZES if square <= size), None)
        yield f"a:{upper or 'more'}"


def _pieces(text: str, least: int, most: int) -> Iterator[str]:
    for length in range(least, most + 1):
        for start in range(len(text) - length + 1):
            yield text[start : start + length]


def _khmer(folded: str) -> Iterator[str]:
    for piece in _pieces(folded, 2, 5):
        yield f"k:{piece}"


def _latin(words: Sequence[str]) -> Iterator[str]:
    for word in words:
        yield f"w:{word}"
        if word.isalpha():
            yield f"r:{skeleton(word)}"
            for piece in _pieces(f" {word} ", 3, 5):
                yield f"c:{piece}"
    for first, second in pairwise(words):
        yield f"b:{first} {second}"


def _named(folded: Sequence[str], words: str, lexicon: Lexicon) -> set[str]:
    found = {idea for idea, pattern in lexicon.khmer if any(map(pattern.search, folded))}
    return found | {idea for idea, pattern in lexicon.latin if pattern.search(words)}


def _ideas(named: Sequence[str]) -> Iterator[str]:
    for index, idea in enumerate(named):
        yield f"x:{idea}"
        for other in named[index + 1 :]:
            yield f"y:{idea} {other}"


# How much a kind of feature counts beside the others; found by cross-validation, docs/service-proposal.md.
WEIGHTS = {"k": 1.0, "w": 1.5, "r": 1.0, "c": 0.7, "b": 1.0, "x": 2.0, "y": 1.5, "a": 8.0}


def features(text: str, lexicon: Lexicon) -> dict[str, float]:
    """The features of ``text`` with their weight before rarity is counted: 1 + log of how often, times its kind's weight."""
    typed = plain(text)
    folded = [skeleton(run) for run in _KHMER_RUN.findall(typed)]
    words = _LATIN_WORD.findall(typed)
    counted: Counter[str] = Counter()
    for run in folded:
        counted.update(_khmer(run))
    counted.update(_latin(words))
    named = _named(folded, " ".join(words), lexicon)
    counted.update(_ideas(sorted(named)))
    if not named & lexicon.sizeless:
        counted.update(_size(typed))
    return {name: (1 + log(count)) * WEIGHTS[name[0]] for name, count in counted.items()}
