"""The terminal: its width, whether its text is styled, and lines on stderr."""

from __future__ import annotations

import os
import sys
import textwrap
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

__all__ = [
    "STDOUT",
    "can_redraw",
    "color_wish",
    "is_styled",
    "is_terminal",
    "is_text",
    "say",
    "show",
    "tolerate_closed_stderr",
    "width_of",
    "wrapped",
]

STDOUT = "-"
"""The name of standard output among files."""

_USUAL_WIDTH = 80


def is_text(argument: str) -> bool:
    """Return whether a command-line argument is text, and not bytes that the locale cannot decode."""
    return argument == argument.encode("utf-8", "replace").decode()


def is_terminal(stream: object) -> bool:
    """Return whether the stream, which may be closed or None, is a terminal."""
    try:
        return bool(stream.isatty())  # type: ignore[attr-defined]
    except (AttributeError, ValueError):
        return False


def width_of(stream: TextIO | None) -> int | None:
    """Return the columns of the stream's terminal, or None if it is not a terminal."""
    if stream is None or not is_terminal(stream):
        return None
    asked = os.environ.get("COLUMNS", "")
    try:
        columns = int(asked) if asked.isascii() and asked.isdigit() else os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):  # Python limits the digits of a number
        columns = 0
    # A terminal that does not know its width reports 0.
    return columns or _USUAL_WIDTH


def wrapped(line: str, width: int | None, *, hanging: int = 0) -> str:
    """Return the line wrapped at words, each part indented as the line is; no word is broken.

    Arguments:
        line: the line.
        width: the columns of the terminal; None to wrap nothing.
        hanging: further columns by which all parts but the first are indented.
    """
    if width is None:
        return line
    indent = " " * (len(line) - len(line.lstrip()) + hanging)
    return textwrap.fill(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def color_wish() -> bool | None:
    """Return whether text is to be styled, by NO_COLOR, FORCE_COLOR and a dumb TERM; None if the stream decides."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return False if os.environ.get("TERM") == "dumb" else None


def is_styled(stream: object) -> bool:
    """Return whether text for a stream is to be styled: bold titles on a terminal, unless the environment differs."""
    wish = color_wish()
    return is_terminal(stream) if wish is None else wish


def can_redraw() -> bool:
    """Return whether stderr is a terminal that can move its cursor."""
    return is_terminal(sys.stderr) and os.environ.get("TERM", "") not in ("", "dumb", "unknown")


def say(message: str) -> None:
    """Write one line to stderr, prefixed with the command's name; see `show`."""
    show(f"aiopartnercentral: {message}\n")


def show(text: str) -> None:
    """Write to stderr; if it is closed, the text is dropped."""
    with tolerate_closed_stderr():
        if sys.stderr is not None:
            sys.stderr.write(text)
            sys.stderr.flush()


@contextmanager
def tolerate_closed_stderr() -> Iterator[None]:
    """Ignore errors of writing to stderr from now on, if it is closed."""
    try:
        yield
    except OSError:
        # Otherwise Python writes again at exit, and its failure becomes the exit code.
        sys.stderr = None
