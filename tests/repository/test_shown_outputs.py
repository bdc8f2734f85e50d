"""No page shows an output that is not compared, and the comparison finds what is wrong."""

from __future__ import annotations

import re

import pytest

from tests.support.doc_blocks import ALL_BLOCKS, CONSOLE_BLOCKS, blocks_of
from tests.support.page_commands import COMMANDS
from tests.support.page_programs import PROGRAMS
from tests.support.shown_output import check_output

WITH_DRAWINGS = {"CONTRIBUTING.md", "docs/benchmarks.md", "docs/performance.md"}
"""Pages with blocks that are neither code nor output."""


def test_every_output_is_compared() -> None:
    run = {*PROGRAMS.values(), *(CONSOLE_BLOCKS[where] for where in COMMANDS)}
    assert [block for block in ALL_BLOCKS if block.output is not None and block not in run] == []


def test_every_output_follows_its_program_or_command() -> None:
    assert [block for block in ALL_BLOCKS if block.language == "text"] == []
    assert [block for block in ALL_BLOCKS if not block.language and block.page not in WITH_DRAWINGS] == []


def test_no_comment_shows_an_output() -> None:
    """A block below the program does, which is compared."""
    lines = [line for block in ALL_BLOCKS if block.language == "python" for line in block.text.splitlines()]
    assert [line for line in lines if re.search(r"print\(.*\)  # ", line)] == []


SHOWN = """\
AWS pac-1 2025-06-17 14:10:59Z
source   outcome   items  fetched (UTC)     pages  seconds  error
AWS      complete    250  2026-11-30 07:51      3     0.31
Sandbox  failed        0  2026-11-30 07:51      0    12.30  AccessDeniedException
2 sources: 250 items in 12.41 s from http://127.0.0.1:8080
request id ...
...
end
"""
PRINTED = """\
AWS pac-1 2025-06-17 14:10:59Z
source   outcome   items  fetched (UTC)              pages  seconds  error
AWS      complete    250  2027-01-01 23:59 to 00:01      3   112.00
Sandbox  failed        0  2027-01-01 23:59               0     1.02  AccessDeniedException
2 sources: 250 items in 113.00 s from http://127.0.0.1:41271
request id e431c7d0-cfba-4991-b6dc-000000000001
one
two
end
"""


def test_what_differs_from_run_to_run_is_not_compared() -> None:
    check_output(SHOWN, PRINTED)


@pytest.mark.parametrize(
    ("part", "tampered"),
    [
        ("pac-1", "pac-2"),
        ("2025-06-17", "2025-06-18"),
        ("  250  2027", "  251  2027"),
        ("complete", "failed"),
        ("AccessDeniedException", "ThrottlingException"),
        ("  error\n", "\n"),
        ("250 items in", "250 items, in"),
        ("request id", "id"),
        ("end\n", ""),
        ("end\n", "end\nmore\n"),
        ("AWS pac-1", "Warning\nAWS pac-1"),
    ],
)
def test_everything_else_is_compared(part: str, tampered: str) -> None:
    assert part in PRINTED
    with pytest.raises(AssertionError, match="the page shows another output"):
        check_output(SHOWN, PRINTED.replace(part, tampered, 1))


def test_an_output_belongs_to_the_block_before_it_in_its_section() -> None:
    page = """\
# One

```python
print(1)
```

Words between them.

```text
1
```

```toml
key = 1
```

## Two

```text
2
```
"""
    found = [(block.heading, block.language, block.text, block.output) for block in blocks_of("page.md", page)]
    assert found == [
        ("One", "python", "print(1)\n", "1\n"),
        ("One", "toml", "key = 1\n", None),
        ("Two", "text", "2\n", None),
    ]
