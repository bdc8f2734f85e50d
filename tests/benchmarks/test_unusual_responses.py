"""The comparison page says what this library does with unusual responses: that column is measured again."""

from __future__ import annotations

import pytest

from benchmarks.unusual_responses import CASES, Case, ours, outcome
from tests.support.doc_blocks import ROOT

PAGE = (ROOT / "docs" / "comparison.md").read_text(encoding="utf-8")
ROWS = {line.split("|")[1].strip(): line.split("|")[2].strip() for line in PAGE.splitlines() if line.count("|") == 6}


@pytest.mark.anyio
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
async def test_the_page_shows_what_this_library_does(case: Case, anyio_backend: str) -> None:
    if anyio_backend == "trio":
        pytest.skip("the client of this comparison runs on asyncio")
    assert await outcome(case, ours) == ROWS[case.title]
