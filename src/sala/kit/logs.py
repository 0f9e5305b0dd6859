"""How do we write a log line? Without personal data: no query strings, no bodies, no names, no address that opens something."""

import json
import logging
import re
import traceback
from datetime import UTC, datetime
from types import TracebackType

from django.db import Error as DatabaseFault

from sala.kit import tracing

Raised = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)  # as logging has it


def trace(raised: Raised) -> str:
    """A traceback whose messages of databases and of values are left out: they quote the row or the text that was refused."""
    lines: list[str] = []
    fault = raised[1]
    while fault is not None:
        told = "" if isinstance(fault, DatabaseFault | ValueError) or _of_driver(fault) else f": {fault}"
        frames = "".join(traceback.format_tb(fault.__traceback__)).rstrip()
        lines.append(f"{frames}\n{type(fault).__module__}.{type(fault).__name__}{told}".lstrip())
        fault = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
    return "\n\nafter:\n".join(lines)


def _of_driver(fault: BaseException) -> bool:
    return type(fault).__module__.split(".")[0] in ("psycopg", "sqlite3")


_PERSONAL = (
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "(e-mail address)"),
    (re.compile(r"\b(?:[0-9A-Z]{4}-){3}[0-9A-Z]{4}\b"), "(code)"),
    (re.compile(r"\?[\w%.\[\]-]+=[^\s\"']*"), "?(query)"),
    (re.compile(r"(?<![\w.:-])(?:\+?855|0)[ -]?\d(?:[ -]?\d){6,8}(?![\w-])"), "(telephone number)"),
)


def without_persons(text: str) -> str:
    """A text with what looks like an e-mail address, a telephone number, a request's code or a query taken out.

    A second net: what Sala itself logs names records by their ids. Other programs' messages (a mail server's refusal)
    quote what they were given.
    """
    for pattern, word in _PERSONAL:
        text = pattern.sub(word, text)
    return text


class WithoutAddresses(logging.Filter):
    """Write the route instead of the address: an address may hold the code that opens a resident's request; and a fault
    without the words of the row it was found in.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record where it speaks of a request; always lets it through."""
        if record.exc_info and record.exc_info is not True:
            record.exc_text = without_persons(trace(record.exc_info))  # which formatters write as it is
        request = getattr(record, "request", None)
        path = getattr(request, "path", None)
        if path and isinstance(record.args, tuple):
            match = getattr(request, "resolver_match", None)
            route = f"/{match.route}" if match is not None else "(no route)"
            record.args = tuple(
                route
                if argument == path
                else argument.replace(path, route)
                if isinstance(argument, str)
                else argument
                for argument in record.args
            )
        said = record.getMessage()
        clean = without_persons(said)
        if clean != said:
            record.msg, record.args = clean, None
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, event, request, what happened; for a request route, status, ms, post."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "event": getattr(record, "event", record.name),
        }
        if identity := tracing.current.get():
            entry["request"] = identity
        entry |= getattr(record, "facts", None) or {"message": without_persons(record.getMessage())}
        if record.exc_info and record.exc_info is not True:
            entry["exception"] = record.exc_text or without_persons(trace(record.exc_info))
        return json.dumps(entry, ensure_ascii=False)
