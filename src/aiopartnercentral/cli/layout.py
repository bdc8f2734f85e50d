"""Lines of styled text in the width that there is: broken between words, and never within an address or a pattern."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import attrs
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from aiopartnercentral.cli.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["BOLD", "DIM", "Line", "lay_out", "line"]

BOLD, DIM = "bold", "dim"
# Columns for text at least, however deep it is indented in however narrow a terminal.
_LEAST = 10


@attrs.frozen(kw_only=True)
class Line:
    """A line as long as it needs to be.

    Attributes:
        text: what it says, with styles.
        indent: spaces before it.
        hang: further spaces before what does not fit and goes on below.
        verbatim: it is not broken, and its spaces stay.
    """

    text: Text
    indent: int = 0
    hang: int = 0
    verbatim: bool = False


def line(*pieces: str | tuple[str, str], indent: int = 0, hang: int = 0, verbatim: bool = False) -> Line:
    """Return a line of pieces, plain or with a style each; nothing in it can steer a terminal."""
    styled = [(clean(piece), "") if isinstance(piece, str) else (clean(piece[0]), piece[1]) for piece in pieces]
    return Line(text=Text.assemble(*styled), indent=indent, hang=hang, verbatim=verbatim)


def lay_out(lines: Sequence[Line], *, width: int | None) -> str:
    """Return the lines as text.

    Arguments:
        lines: from the top; one without text is an empty line.
        width: of the terminal; None for lines as long as they are, without styles.
    """
    if width is None:
        return "".join(f"{' ' * one.indent}{one.text.plain}".rstrip() + "\n" for one in lines)
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, legacy_windows=False, highlight=False)
    for one in lines:
        for row in _rows(one, width):
            console.print(row, soft_wrap=True)
    return shown.getvalue()


def _rows(one: Line, width: int) -> Iterator[Text]:
    if one.verbatim:
        yield Text(" " * one.indent) + one.text
        return
    plain, indent, start, end = one.text.plain, one.indent, 0, 0
    for word in re.finditer(r"\S+", plain):
        room = max(_LEAST, width - indent)
        if end > start and cell_len(plain[start : word.end()]) > room:
            yield Text(" " * indent) + one.text[start:end]
            start, indent = word.start(), one.indent + one.hang
        end = word.end()
    yield Text(" " * indent if end else "") + one.text[start:end]
