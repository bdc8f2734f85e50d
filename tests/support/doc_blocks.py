"""The pages for readers, the blocks of code in them, and the outputs that they show."""

from __future__ import annotations

import re
from pathlib import Path

import attrs

ROOT = Path(__file__).parents[2]
PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")), ROOT / "examples" / "README.md")
}

_PART = re.compile(r"^```(\w*)\n(.*?)^```$|^#+ ([^\n]*)$", re.DOTALL | re.MULTILINE)


@attrs.frozen
class Block:
    """A fenced block of a page."""

    page: str
    heading: str
    language: str
    text: str
    output: str | None = None
    """What the page shows as its output: the next block of the same section, if that is a block of `text`."""


def blocks_of(page: str, text: str) -> list[Block]:
    """Return the blocks of a page in their order; an output belongs to the block before it."""
    blocks: list[Block] = []
    heading, can_have_output = "", False
    for language, code, title in _PART.findall(text):
        if title:
            heading, can_have_output = title, False
        elif language == "text" and can_have_output:
            blocks[-1], can_have_output = attrs.evolve(blocks[-1], output=code), False
        else:
            blocks.append(Block(page, heading, language, code))
            can_have_output = True
    return blocks


ALL_BLOCKS = tuple(block for page, text in PAGES.items() for block in blocks_of(page, text))


def _numbered(language: str) -> dict[tuple[str, int], Block]:
    by_page: dict[str, list[Block]] = {}
    for block in ALL_BLOCKS:
        if block.language == language:
            by_page.setdefault(block.page, []).append(block)
    return {(page, number): block for page, blocks in by_page.items() for number, block in enumerate(blocks)}


PYTHON_BLOCKS = _numbered("python")
CONSOLE_BLOCKS = _numbered("console")
BLOCKS = {where: block.text for where, block in PYTHON_BLOCKS.items()}
EXCERPTS = {"docs/codegen.md"}
"""Pages whose blocks are excerpts of generated code."""


def table_rows(page: str, head: str) -> dict[str, list[str]]:
    """Return the cells of a table after its first column, by the names in that column.

    Arguments:
        page: the text of the page.
        head: the head of the table's first column.
    """
    table = page.partition(f"\n| {head} |")[2].partition("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in table]
    return {name: rest for first, *rest in cells for name in re.findall("`([^`]+)`", first)}
