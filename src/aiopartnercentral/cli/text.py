"""Text from elsewhere, made safe to show: one line, no control characters, no credentials in a URL."""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["clean", "counted", "is_text", "one_line", "say", "show", "unheard"]

_USER_INFO = re.compile(r"(?<=://)[^/\s@]+@")
_LIMIT = 300


def clean(text: str) -> str:
    """Make every character that could steer a terminal visible as its escape."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode("ascii") for char in text
    )


def is_text(argument: str) -> bool:
    """Tell whether an argument of the command line is text, rather than bytes that the locale could not decode."""
    return argument == argument.encode("utf-8", "replace").decode()


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
    """Write one line to stderr, marked as ours; see `show`."""
    show(f"aiopartnercentral: {message}\n")


def show(text: str) -> None:
    """Write to stderr; where nobody reads it, that is no fault."""
    with unheard():
        if sys.stderr is not None:
            sys.stderr.write(text)
            sys.stderr.flush()


@contextmanager
def unheard() -> Iterator[None]:
    """Give stderr up when it cannot be written, as the terminal or the reader has gone."""
    try:
        yield
    except OSError:
        # Python would try again at exit, and make that the exit code.
        sys.stderr = None
