"""The commands of the pages: which of them the tests run, and in which situation."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING

from tests.support.doc_blocks import CONSOLE_BLOCKS

if TYPE_CHECKING:
    from tests.support.doc_blocks import Block

RUN_BY_OTHERS = {
    ".": "activates an environment",
    "cd": "enters a clone",
    "docker": "the nox session `container` runs what the image runs",
    "export": "sets what the tests set",
    "find": "test_engines_page.py runs it",
    "git": "clones a repository",
    "jupyter": "test_notebook.py runs the notebook",
    "nox": "runs the tests",
    "pip": "installs",
    "python3": "makes an environment",
}
"""Programs that no test of the pages starts, and why."""
MODULES_RUN_BY_OTHERS = {
    "benchmarks",
    "codegen",
    "nox",
    "pip",
    "pytest",
    "tests.compliance",
    "aiopartnercentral.codegen",
}
"""Modules with tests of their own."""


def lines_of(block: str) -> list[str]:
    """Return the commands of a block, each on one line and without its comment."""
    joined = (line for text in block.replace("\\\n", " ").splitlines() for line in text.split(" && "))
    return [re.sub(r"\s+# .*$", "", line).strip() for line in joined if line.strip()]


def program_of(line: str) -> str:
    """Return the program that a command starts; for `python -m`, the module."""
    program, *rest = line.split()
    if PurePath(program).name == "python" and rest[0] == "-m":
        return rest[1]
    return PurePath(program).name or program


def shell_text(line: str) -> str:
    """Return a command without the directory of its program."""
    program, _, rest = line.partition(" ")
    return f"{PurePath(program).name} {rest}"


def commands_of(block: Block) -> list[str]:
    """Return the commands of a block that the tests of the pages run."""
    lines = [line for line in lines_of(block.text) if program_of(line) not in RUN_BY_OTHERS]
    return [shell_text(line) for line in lines if program_of(line) not in MODULES_RUN_BY_OTHERS]


COMMANDS = {where: found for where, block in CONSOLE_BLOCKS.items() if (found := commands_of(block))}
"""The blocks that have commands to run, with these."""
