"""How does an SMS gateway want to be spoken to? Its description (TOML) read, filled in, and its answers understood. Pure."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from sala.notices.rules import Result
from sala.notices.terms import Step

PLACES = frozenset({"to", "digits", "text", "id", "secret"})
_PLACE = re.compile(r"\{([a-z]+)\}")
_KEYS = {"method", "body", "repeats", "per_minute", "headers", "fields", "answer", "ask"}
_PARTS = {"answer": {"state", "taken", "refused", "reference"}, "ask": {"url", "state", "had", "refused", "never", "missing"}}  # fmt: skip


@dataclass(frozen=True)
class Asking:
    """How the gateway is asked about a message: address with ``{id}``, where the answer's state stands, what it means.

    ``missing`` are the HTTP statuses by which it says that it never had the message.
    """

    url: str
    state: str = ""
    had: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()
    missing: frozenset[int] = frozenset({404})


@dataclass(frozen=True)
class Description:
    """A gateway. The default: JSON by POST with ``to``, ``text`` and ``id``; any 2xx takes the message.

    ``repeats``: the gateway knows ``{id}`` again and sends nothing twice. ``state`` is the way to a value in a JSON
    answer (``messages.0.status``) whose meaning ``taken`` and ``refused`` list.
    """

    method: str = "POST"
    body: str = "json"
    repeats: bool = False
    per_minute: int = 300
    headers: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=lambda: {"to": "{to}", "text": "{text}", "id": "{id}"})
    state: str = ""
    taken: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    reference: str = ""
    asking: Asking | None = None


def read(text: str) -> Description:
    """A description. Raises ValueError with one sentence that says what is wrong, without values: there may be keys in them."""
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise ValueError("it is not TOML") from None
    _known(said, _KEYS, "")
    answer, ask = _table(said, "answer"), _table(said, "ask")
    method, body = said.get("method", "POST"), said.get("body", "json")
    if method not in ("POST", "PUT", "GET") or body not in ("json", "form", "query"):
        raise ValueError("method is POST, PUT or GET, body is json, form or query")
    per_minute = said.get("per_minute", 300)
    if not isinstance(per_minute, int) or not 1 <= per_minute <= 100_000:
        raise ValueError("per_minute is a whole number from 1 to 100000")
    repeats = said.get("repeats", False)
    if not isinstance(repeats, bool):
        raise ValueError("repeats is true or false")
    headers = {name: str(value) for name, value in _table(said, "headers").items()}
    fields = _table(said, "fields") or Description().fields
    _check_places(headers, {"secret", "id"})
    _check_places(fields, PLACES)
    if not {"to", "digits"} & set(_PLACE.findall(json.dumps(fields))):
        raise ValueError("fields name no {to} and no {digits}: whom would the message go to?")
    if repeats and "id" not in _PLACE.findall(json.dumps([headers, fields])):
        raise ValueError("repeats needs {id} in fields or headers: how else would it know a message again?")
    state = str(answer.get("state", ""))
    if bool(state) != bool(answer.get("taken")):
        raise ValueError("answer needs state and taken together")
    return Description(
        method, body, repeats, per_minute, headers, fields, state, _words(answer, "taken"),
        _words(answer, "refused"), str(answer.get("reference", "")), _asking(ask),
    )  # fmt: skip


def _asking(ask: Mapping[str, Any]) -> Asking | None:
    if not ask:
        return None
    url = str(ask.get("url", ""))
    if "{id}" not in url:
        raise ValueError("ask.url needs {id}: about which message is asked?")
    missing = ask.get("missing", [404])
    if not isinstance(missing, list) or not all(isinstance(each, int) for each in missing):
        raise ValueError("ask.missing is a list of HTTP statuses")
    found = Asking(
        url, str(ask.get("state", "")), _words(ask, "had"), _words(ask, "refused"), _words(ask, "never"), frozenset(missing)
    )  # fmt: skip
    if found.state and not found.had:
        raise ValueError("ask needs had: which states say that it has the message?")
    return found


def _known(said: Mapping[str, Any], keys: set[str], where: str) -> None:
    for name in sorted(set(said) - keys):
        raise ValueError(f"{where}{name} is not known; known are {', '.join(sorted(keys))}")


def _table(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = said.get(name, {})
    if not isinstance(found, Mapping):
        raise ValueError(f"{name} is a table: write [{name}]")
    if name in _PARTS:
        _known(found, _PARTS[name], f"{name}.")
    return found


def _words(said: Mapping[str, Any], name: str) -> frozenset[str]:
    found = said.get(name, [])
    if not isinstance(found, list):
        raise ValueError(f"{name} is a list")
    return frozenset(str(each) for each in found)


def _check_places(said: object, known: set[str] | frozenset[str]) -> None:
    for name in _PLACE.findall(json.dumps(said)):
        if name not in known:
            raise ValueError(f"{{{name}}} is not known here; known are {', '.join(sorted(known))}")


def fill(said: Any, values: Mapping[str, str]) -> Any:
    """``said`` (texts, tables, lists) with every ``{place}`` filled, each once: a text that holds ``{id}`` stays as it is."""
    match said:
        case str():
            return _PLACE.sub(lambda found: values.get(found[1], found[0]), said)
        case Mapping():
            return {name: fill(each, values) for name, each in said.items()}
        case list():
            return [fill(each, values) for each in said]
        case _:
            return said


@dataclass(frozen=True)
class Question:
    """What is sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""


def question(description: Description, url: str, values: Mapping[str, str]) -> Question:
    """The message as this gateway takes it. Raises ValueError where a header would become two."""
    headers = _headers(description, values)
    fields = fill(description.fields, values)
    if description.body == "query":
        joint = "&" if "?" in url else "?"
        return Question(description.method, f"{url}{joint}{urlencode(_flat(fields))}", headers)
    if description.body == "form":
        headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
        return Question(description.method, url, headers, urlencode(_flat(fields)).encode())
    headers["Content-Type"] = "application/json; charset=utf-8"
    return Question(description.method, url, headers, json.dumps(fields, ensure_ascii=False).encode())


def asking(description: Description, values: Mapping[str, str]) -> Question:
    """The question what became of a message."""
    assert description.asking is not None
    url = fill(description.asking.url, {name: quote(value, safe="") for name, value in values.items()})
    return Question("GET", url, _headers(description, values))


def _headers(description: Description, values: Mapping[str, str]) -> dict[str, str]:
    headers = {"Accept": "application/json", "User-Agent": "Sala", **fill(description.headers, values)}
    if any(not value.isprintable() for value in headers.values()):
        raise ValueError("a header holds a line break")
    return headers


def _flat(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, each if isinstance(each, str) else json.dumps(each)) for name, each in fields.items()]


def at(body: bytes, way: str) -> str | None:
    """The value a way (``messages.0.status``) leads to in a JSON answer; None where there is none."""
    try:
        found = json.loads(body)
        for step in way.split("."):
            found = found[int(step)] if isinstance(found, list) else found[step]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return None
    return (
        None
        if isinstance(found, dict | list)
        else json.dumps(found)
        if isinstance(found, bool)
        else str(found)
    )


def understand(description: Description, status: int, body: bytes) -> Result:
    """What an answer to a message means. Steps `Step.POSTPONE` and `Step.LOSE` are the caller's to weigh."""
    word = f"HTTP {status}"
    if 200 <= status < 300:
        reference = (at(body, description.reference) or "")[:100] if description.reference else ""
        if not description.state:
            return Result(Step.DELIVER, reference=reference)
        state = at(body, description.state)
        if state in description.taken:
            return Result(Step.DELIVER, reference=reference)
        if state in description.refused:
            return Result(Step.REJECT, f"{word}: refused", reference=reference)
        return Result(Step.LOSE, f"{word}: answer not understood", reference=reference)
    if status in (502, 504):  # a proxy's word: what stands behind it may have taken the message
        return Result(Step.LOSE, word)
    if status in (408, 425, 429) or status >= 500:
        return Result(Step.POSTPONE, word, away=status in (429, 503))
    if status in (400, 406, 409, 410, 413, 415, 422):
        return Result(Step.REJECT, word)
    return Result(Step.BREAK, word, away=True)  # an address, a key, a redirection: ours to repair


def understand_asked(asking: Asking, status: int, body: bytes) -> Result:
    """What the answer to "what became of it?" means; `Step.LOSE` where it can't be told."""
    word = f"asked: HTTP {status}"
    if status in asking.missing:
        return Result(Step.MISS, word)
    if not 200 <= status < 300:
        return Result(Step.LOSE, word)
    if not asking.state:
        return Result(Step.CONFIRM)
    state = at(body, asking.state)
    if state in asking.had:
        return Result(Step.CONFIRM)
    if state in asking.never:
        return Result(Step.MISS, word)
    if state in asking.refused:
        return Result(Step.REJECT, f"{word}: refused")
    return Result(Step.LOSE, f"{word}: answer not understood")
