"""The pages for readers, and the Python blocks in them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))
}
BLOCKS = {
    (page, number): block
    for page, text in PAGES.items()
    for number, block in enumerate(re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
}
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
