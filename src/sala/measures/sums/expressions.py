"""What does a derived measure's expression say? Read into a tree that knows where in the text each part stands."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar

AGGREGATIONS = ("sum", "count", "min", "max", "average", "last", "ratio", *(f"p{n}" for n in range(1, 100)))
"""How values become one, over time or over places; ``p90``: the value that 90 of 100 do not exceed, interpolated."""
COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")
MONTHS = {"month": 1, "quarter": 3, "year": 12}
MOST = 10_000  # characters of an expression
DEEPEST = 60  # parentheses within each other

T = TypeVar("T")
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<name>[^\W\d][\w.\u1780-\u17d3]*)|(?P<text>"[^"]*"|'[^']*')"""
    r"""|(?P<sign>==|!=|<=|>=|[-+*/()<>,]))"""
)
_OFFSET = re.compile(r"\s*([+-]?\d{1,4})\s*(month|quarter|year)s?\s*", re.ASCII)


class WrongError(ValueError):
    """An expression that can't be read or meant. ``position`` counts characters from 1."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"position {position}: {message}")
        self.message, self.position = message, position


@dataclass(frozen=True)
class Node:
    """A part of an expression; ``at`` is its position in the text, from 1."""

    at: int


@dataclass(frozen=True)
class Number(Node):
    """A number: never data by itself."""

    value: Decimal


@dataclass(frozen=True)
class Name(Node):
    """A measure by its code."""

    code: str


@dataclass(frozen=True)
class Binary(Node):
    """Two parts with a sign between them: one of ``+ - * /`` or of `COMPARISONS`."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True)
class If(Node):
    """``if(condition, then, else)``: empty where the condition is."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True)
class Where(Node):
    """``where(e, "sex=f")``: only facts with these values of dimensions."""

    inner: Node
    wanted: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class PerPlace(Node):
    """``per_place(e)``: at each place with facts of its own, from these alone; then over the places."""

    inner: Node


@dataclass(frozen=True)
class Offset(Node):
    """``offset(e, "-1 month")``: in the period so many months later (earlier: below 0)."""

    inner: Node
    months: int


@dataclass(frozen=True)
class YearToDate(Node):
    """``year_to_date(e)``: from the first of January to the end of the period."""

    inner: Node


@dataclass(frozen=True)
class Aggregate(Node):
    """``aggregate(e, "A_over_time_then_B")``: with these aggregations instead of the measure's own."""

    inner: Node
    time: str
    places: str


@dataclass(frozen=True)
class Clock(Node):
    """``period_in_year()``, or with ``count`` ``periods_in_year()``."""

    count: bool


def inner(node: Node) -> tuple[Node, ...]:
    """The parts directly below."""
    match node:
        case Binary(left=left, right=right):
            return left, right
        case If(condition=condition, then=then, otherwise=otherwise):
            return condition, then, otherwise
        case Where(inner=one) | PerPlace(inner=one) | Offset(inner=one) | YearToDate(inner=one):
            return (one,)
        case Aggregate(inner=one):
            return (one,)
    return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it."""
    yield node
    for part in inner(node):
        yield from walk(part)


def aggregation(name: str) -> tuple[str, str]:
    """Over time and over places: ``average`` is both, ``last`` alone is by date, then the sum. Raises ValueError."""
    if name == "last":
        return "last", "sum"
    if name in AGGREGATIONS:
        return name, name
    time, then, places = name.partition("_over_time_then_")
    if then and time in AGGREGATIONS and places in AGGREGATIONS:
        return time, places
    raise ValueError(
        f'"{name}" is no aggregation: use sum, count, min, max, average, last, ratio, p1 to p99, or A_over_time_then_B'
    )


@lru_cache(maxsize=2048)
def parse(text: str) -> Node:
    """Read an expression. Raises `WrongError` with the position of the first thing that does not fit."""
    if len(text) > MOST:
        raise WrongError(f"an expression has at most {MOST} characters", MOST + 1)
    return _Reader(text).whole()


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


class _Reader:
    def __init__(self, text: str) -> None:
        self.tokens = list(_tokens(text))
        self.place = 0
        self.depth = 0

    @property
    def now(self) -> _Token:
        return self.tokens[self.place]

    def next(self) -> _Token:
        token = self.now
        self.place += token.kind != "end"
        return token

    def taken(self, *signs: str) -> _Token | None:
        return self.next() if self.now.kind == "sign" and self.now.text in signs else None

    def expect(self, sign: str) -> None:
        if not self.taken(sign):
            raise WrongError(f'expected "{sign}", found {_shown(self.now)}', self.now.at)

    def whole(self) -> Node:
        node = self.comparison()
        if self.now.kind != "end":
            raise WrongError(f"{_shown(self.now)} does not belong here", self.now.at)
        return node

    def comparison(self) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise WrongError(f"more than {DEEPEST} parentheses within each other", self.now.at)
        node = self.addition()
        if sign := self.taken(*COMPARISONS):
            node = Binary(sign.at, sign.text, node, self.addition())
            if self.now.text in COMPARISONS:
                raise WrongError("compare two things at a time", self.now.at)
        self.depth -= 1
        return node

    def addition(self) -> Node:
        node = self.product()
        while sign := self.taken("+", "-"):
            node = Binary(sign.at, sign.text, node, self.product())
        return node

    def product(self) -> Node:
        node = self.signed()
        while sign := self.taken("*", "/"):
            node = Binary(sign.at, sign.text, node, self.signed())
        return node

    def signed(self) -> Node:
        negative, first = False, self.now
        while sign := self.taken("-", "+"):
            negative ^= sign.text == "-"
        node = self.single()
        return Binary(first.at, "*", Number(first.at, Decimal(-1)), node) if negative else node

    def single(self) -> Node:
        token = self.next()
        if token.kind == "number":
            return Number(token.at, Decimal(token.text))
        if token.kind == "text":
            return Name(token.at, token.text[1:-1])
        if token.kind == "name":
            return self.call(token) if self.taken("(") else Name(token.at, token.text)
        if token.kind == "sign" and token.text == "(":
            node = self.comparison()
            self.expect(")")
            return node
        raise WrongError(f"expected a measure, a number or a function, found {_shown(token)}", token.at)

    def call(self, name: _Token) -> Node:
        match name.text:
            case "period_in_year" | "periods_in_year":
                node: Node = Clock(name.at, name.text == "periods_in_year")
            case "if":
                condition = self.comparison()
                self.expect(",")
                then = self.comparison()
                self.expect(",")
                node = If(name.at, condition, then, self.comparison())
            case "per_place":
                node = PerPlace(name.at, self.comparison())
            case "year_to_date":
                node = YearToDate(name.at, self.comparison())
            case "where":
                node = Where(name.at, *self.with_text(_wanted))
            case "offset":
                node = Offset(name.at, *self.with_text(_months))
            case "aggregate":
                one, (time, places) = self.with_text(_named)
                node = Aggregate(name.at, one, time, places)
            case other:
                raise WrongError(f'"{other}" is no function', name.at)
        self.expect(")")
        return node

    def with_text(self, read: Callable[[_Token], T]) -> tuple[Node, T]:
        one = self.comparison()
        self.expect(",")
        token = self.next()
        if token.kind != "text" and not (token.kind == "name" and read is _named):
            raise WrongError(f"expected a text in quotes, found {_shown(token)}", token.at)
        return one, read(token)


def _tokens(text: str) -> Iterator[_Token]:
    place = 0
    while text[place:].strip():
        found = _TOKEN.match(text, place)
        if not found:
            at = place + len(text[place:]) - len(text[place:].lstrip())
            raise WrongError(f'"{text[at]}" can\'t be read', at + 1)
        kind = str(found.lastgroup)
        yield _Token(kind, found[kind], found.start(kind) + 1)
        place = found.end()
    yield _Token("end", "", len(text) + 1)


def _shown(token: _Token) -> str:
    return "the end" if token.kind == "end" else f'"{token.text}"'


def _words(token: _Token) -> str:
    return token.text[1:-1] if token.kind == "text" else token.text


def _wanted(token: _Token) -> tuple[tuple[str, str], ...]:
    pairs = []
    for part in _words(token).split(","):
        dimension, equals, value = part.partition("=")
        if not equals or not dimension.strip():
            raise WrongError('write a dimension and its value: "sex=f"', token.at)
        pairs.append((dimension.strip(), value.strip()))
    return tuple(pairs)


def _months(token: _Token) -> int:
    found = _OFFSET.fullmatch(_words(token))
    if not found:
        raise WrongError('write a number of months, quarters or years: "-1 month"', token.at)
    return int(found[1]) * MONTHS[found[2]]


def _named(token: _Token) -> tuple[str, str]:
    try:
        return aggregation(_words(token))
    except ValueError as error:
        raise WrongError(str(error), token.at) from error
