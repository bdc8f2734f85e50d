from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from textwrap import indent

import pytest

from tests.support.doc_blocks import BLOCKS, EXCERPTS, ROOT
from tests.support.services import NAMES
from tests.support.typing_program import program

INFERENCE = ROOT / "tests" / "typing" / "inference.py"
OPEN_ENUMS = ROOT / "tests" / "typing" / "open_enums.py"
MISTAKES = ROOT / "tests" / "typing" / "mistakes.py"

CONTEXT = """\
from __future__ import annotations
from typing import Any
import duckdb, polars
from aiopartnercentral import Collected, account
from aiopartnercentral.bulk import Collection, Credentials, CredentialsProvider, Origin, Source
from aiopartnercentral.sinks import S3Options, arrow_schema, open_sink, record_batches, to_pandas
"""
FRAGMENTS = {
    ("docs/sources.md", 0): "fetch_from_vault: CredentialsProvider, my_client: Any",
    ("docs/limits.md", 0): "source: Source",
    ("docs/notebooks.md", 1): "",
    ("docs/notebooks.md", 2): "client: account.Client",
    ("docs/notebooks.md", 3): "stack: Any",
    ("docs/notebooks.md", 4): "",
    ("docs/notebooks.md", 6): "",
    ("docs/notebooks.md", 8): "report: Any",
    ("docs/notebooks.md", 9): "report: Any, Path: Any",
    ("docs/recipes.md", 2): "",
    ("docs/recipes.md", 3): "collected: Collected[Origin, account.ConnectionSummary]",
    ("docs/recipes.md", 4): "collected: Collected[Origin, account.ConnectionSummary]",
    ("docs/sinks.md", 0): "position: Any, items: list[account.ConnectionSummary]",
    ("docs/s3.md", 0): "collection: Collection[account.ConnectionSummary]",
    ("docs/s3.md", 1): "secret: str",
    ("docs/s3.md", 2): "fsspec: Any",
}
"""Blocks that are no programs: the names that they use."""

UNTYPED = {
    *(("docs/pipelines.md", number) for number in (8, 9, 10)),
    *(("docs/notebooks.md", number) for number in (5, 7)),
    *(("docs/fastapi.md", number) for number in (1, 2)),
    *(("docs/dataframes.md", number) for number in (1, 3)),
    *(("docs/engines.md", number) for number in (0, 1, 2, 4, 5, 7)),
}
"""Blocks whose engines have no types, or imprecise ones, or are not installed."""

pytest.importorskip("mypy", reason="type checkers are in the extra `typing`")


def refused_lines(path: Path) -> set[tuple[str, int]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return {(path.name, number) for number, line in enumerate(lines, 1) if "# refused: " in line}


def mypy(*paths: Path) -> set[tuple[str, int]]:
    command = [sys.executable, "-m", "mypy", "--strict", "--warn-unreachable", "--no-error-summary", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    found = re.findall(r"^(\S+?):(\d+): error", done.stdout, re.MULTILINE)
    assert done.returncode == (1 if found else 0), done.stdout + done.stderr
    return {(Path(path).name, int(line)) for path, line in found}


def pyright(*paths: Path) -> set[tuple[str, int]]:
    command = [sys.executable, "-m", "pyright", "--outputjson", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    report = json.loads(done.stdout[done.stdout.index("{") :])
    return {
        (Path(problem["file"]).name, problem["range"]["start"]["line"] + 1)
        for problem in report["generalDiagnostics"]
        if problem["severity"] == "error"
    }


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The Python of every page, each block in a file of its own."""
    folder, written = tmp_path_factory.mktemp("programs"), []
    for (page, number), block in BLOCKS.items():
        if page not in EXCERPTS and (page, number) not in UNTYPED:
            path = folder / f"{Path(page).stem.lower()}_{number}.py"
            parameters = FRAGMENTS.get((page, number))
            body = f"{CONTEXT}async def fragment({parameters}) -> None:\n{indent(block, '    ')}"
            path.write_text(block if parameters is None else body, encoding="utf-8")
            written.append(path)
    assert len(written) > 30
    return written


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A program for each service, which uses all of its listings, unions and enums."""
    folder = tmp_path_factory.mktemp("services")
    paths = [folder / f"use_{name}.py" for name in NAMES]
    for name, path in zip(NAMES, paths, strict=True):
        path.write_text(program(name), encoding="utf-8")
        assert len(refused_lines(path)) > 10, name
    return paths


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_types_are_inferred_precisely_and_mistakes_are_refused(
    checker: type, programs: list[Path], services: list[Path]
) -> None:
    found = checker(INFERENCE, OPEN_ENUMS, MISTAKES, *programs, *services)
    assert found == set().union(*map(refused_lines, [MISTAKES, *services]))
    assert len(refused_lines(MISTAKES)) == 36
