"""Text from elsewhere, made safe to show: one line, no control characters, no credentials in a URL."""

from __future__ import annotations

import re
import sys

__all__ = ["clean", "counted", "one_line", "say"]

_USER_INFO = re.compile(r"(?<=://)[^/\s@]+@")
_LIMIT = 300


def clean(text: str) -> str:
    """Make every character that could steer a terminal visible as its escape."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode("ascii") for char in text
    )


def one_line(text: str) -> str:
    """Return the first line that says something, at most 300 characters of it; what follows may quote a request.

    Some services append the request that they saw to a complaint, headers and session token included.
    """
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    line = clean(_USER_INFO.sub("", first))
    return line if len(line) <= _LIMIT else f"{line[:_LIMIT]}..."


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number and what it counts; the plural is the singular and an s if it is not given."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def say(message: str) -> None:
    """Write one line to stderr, marked as ours; where nobody reads it, that is no fault."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(f"aiopartnercentral: {message}\n")
        sys.stderr.flush()
    except OSError:
        return
