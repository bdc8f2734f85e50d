"""The formats of a log: lines of text or of JSON."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

__all__ = ["JsonFormatter", "TextFormatter"]


class TextFormatter(logging.Formatter):
    """Writes a record as a line of text: the time, and then by the format."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return f"{_time(record)} {super().format(record)}"


class JsonFormatter(logging.Formatter):
    """Writes a record as a line of JSON: time, level, logger and message, or the facts of a request."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {"time": _time(record), "level": record.levelname, "logger": record.name}
        access = getattr(record, "access", None)
        line |= {"message": record.getMessage()} if access is None else access
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
