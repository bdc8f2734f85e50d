"""The programs of the pages that the tests of the pages run."""

from __future__ import annotations

import re

from tests.support.doc_blocks import BLOCKS, PYTHON_BLOCKS

TESTED_ELSEWHERE = {
    *("docs/emulator.md", "docs/engines.md", "docs/fastapi.md", "docs/lambda.md"),
    *("docs/notebooks.md", "docs/recipes.md", "docs/testing.md"),
}
"""Pages whose programs have tests of their own, since each needs its own surroundings."""
WITH_SPARK = {where for where, block in BLOCKS.items() if "from pyspark" in block}
"""Those that the tests of Spark run, in an environment of their own."""
PROGRAMS = {
    where: block
    for where, block in PYTHON_BLOCKS.items()
    if (where[0] not in TESTED_ELSEWHERE or block.output is not None)
    and where not in WITH_SPARK
    and ("print(" in block.text or re.search(r"^(anyio|asyncio)\.run\(", block.text, re.MULTILINE))
}
"""Those that print something: each runs, and the page shows what it prints."""
