"""How do we write a log line? Without personal data: no query strings, no bodies, no names, no address that opens something."""

import json
import logging
from datetime import UTC, datetime


class WithoutAddresses(logging.Filter):
    """Write the route instead of the address: an address may hold the code that opens a resident's request."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record where it speaks of a request; always lets it through."""
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
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)
