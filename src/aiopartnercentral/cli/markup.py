"""The HTML of AWS's documentation as blocks of plain text: paragraphs, entries of lists, and code as it stands."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

import attrs

__all__ = ["Block", "blocks", "plain"]

_LISTS: Final = frozenset({"ul", "ol", "dl"})
_BLOCKS: Final = frozenset(
    {
        *("p", "div", "br", "hr", "pre", "blockquote", "section", "fullname", "dt", "dd", "li", "note", "important"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "caption", "examples", "title", "body"),
    }
)
_INLINE: Final = frozenset(
    {
        *("a", "abbr", "b", "cite", "code", "em", "i", "img", "kbd", "samp", "small", "span", "strong", "sub", "sup"),
        *("td", "th", "tt", "u", "var", "function", "replaceable", "literal", "parameter", "html"),
    }
)
_NOTICES: Final = {"note": "Note: ", "important": "Important: "}
_CODE: Final = frozenset({"code", "kbd", "samp", "tt", "literal"})


@attrs.frozen(kw_only=True)
class Block:
    """A piece of text that begins on a line of its own.

    Attributes:
        text: without line breaks, unless it is verbatim.
        depth: in how many lists it stands.
        bullet: what precedes it if it begins an entry of a list, otherwise empty.
        verbatim: whether its lines and spaces must stay.
    """

    text: str
    depth: int = 0
    bullet: str = ""
    verbatim: bool = False


def blocks(html: str) -> list[Block]:
    """Return the text of the HTML; a tag that HTML does not have is text, as `<account>` in the form of an ARN is."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.flush()
    return reader.found


def plain(text: list[Block]) -> str:
    """Return the blocks as one text, a line each and empty lines between paragraphs."""
    lines: list[str] = []
    for block in text:
        if lines and not block.bullet:
            lines.append("")
        bullet = f"{'  ' * max(0, block.depth - 1)}{block.bullet}" if block.bullet else "  " * block.depth
        lines += [f"{bullet}{line}" for line in block.text.split("\n")]
    return "\n".join(lines)


@attrs.define
class _List:
    """An open list; `entries` counts those of a numbered one, and is None for others."""

    entries: int | None


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Block] = []
        self._parts: list[str] = []
        self._lists: list[_List] = []
        self._links: list[tuple[str, int]] = []
        self._bullet = ""
        self._lead = ""
        self._in_term = False
        self._verbatim = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _LISTS or tag in _BLOCKS:
            self.flush()
            self._open(tag)
        elif tag in _CODE:
            self._parts.append("" if self._verbatim else "`")
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "", len(self._parts)))
        elif tag in ("td", "th"):
            self._parts.append(" ")
        elif tag not in _INLINE:
            self._parts.append(self.get_starttag_text() or "")

    def _open(self, tag: str) -> None:
        if tag in _LISTS:
            self._lists.append(_List(0 if tag == "ol" else None))
        elif tag == "li":
            self._bullet = "- "
            if self._lists and self._lists[-1].entries is not None:
                self._lists[-1].entries += 1
                self._bullet = f"{self._lists[-1].entries}. "
        elif tag == "pre":
            self._verbatim = True
        self._lead = _NOTICES.get(tag, self._lead)
        self._in_term = tag == "dt"

    def handle_endtag(self, tag: str) -> None:
        if tag in _LISTS or tag in _BLOCKS:
            self.flush()
            if tag in _LISTS and self._lists:
                self._lists.pop()
            if tag == "pre":
                self._verbatim = False
            self._in_term = False
        elif tag in _CODE:
            self._parts.append("" if self._verbatim else "`")
        elif tag == "a" and self._links:
            address, start = self._links.pop()
            if "://" in address and address != "".join(self._parts[start:]).strip():
                self._parts.append(f" ({address})")
        elif tag not in _INLINE:
            self._parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self._parts.append(data)

    def flush(self) -> None:
        """End the block that is being read, if there is anything in it."""
        text = "".join(self._parts)
        text = text.strip("\n").expandtabs() if self._verbatim else " ".join(text.split())
        self._parts.clear()
        if not text.strip():
            return
        depth = max(0, len(self._lists) - self._in_term)
        self.found.append(
            Block(text=self._lead + text, depth=depth, bullet=self._bullet, verbatim=self._verbatim),
        )
        self._bullet = self._lead = ""
