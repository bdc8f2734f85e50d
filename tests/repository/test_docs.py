"""Every page for readers: its code compiles and uses names that exist, its programs run, its links lead somewhere."""

from __future__ import annotations

import ast
import inspect
import logging
import re
import shlex
import subprocess
import sys
from functools import cache
from runpy import run_path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.doc_blocks import BLOCKS, EXCERPTS, PAGES, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TESTED_ELSEWHERE = {"docs/engines.md", "docs/notebooks.md", "docs/recipes.md", "docs/testing.md", "docs/emulator.md"}
"""Pages whose programs have tests of their own, since each needs its own surroundings."""
WITH_SPARK = {where for where, block in BLOCKS.items() if "from pyspark" in block}
"""Those that the tests of Spark run, in an environment of their own."""
PROGRAMS = {
    where: block
    for where, block in BLOCKS.items()
    if (where[0] in ("docs/migration.md", "docs/pipelines.md") and where not in WITH_SPARK)
    or (where[0] not in TESTED_ELSEWHERE and re.search(r"^(anyio|asyncio)\.run\(main", block, re.MULTILINE))
}
NOT_INSTALLED = {"airflow", "dask", "deltalake", "pyiceberg", "ray", "rows", "tasks"}
"""Packages that only the nox session `recipes` installs, and a program of the same page."""
SHOWN = {
    ("README.md", 0): r"(\w+ .+\n){290,}(AWS|Sandbox) pac-.*\n[\s\S]*\n2 .*: 290 items",
    ("docs/bulk.md", 0): r"\{.*'ada: connections': 250.*\}\n[\s\S]*^grace ListPartners +failed[\s\S]*: 319 items",
    ("docs/observability.md", 0): r"^3 connections$",
    (
        "docs/observability.md",
        1,
    ): r"\A\w+: attempt 1 failed with \w+\n\w+: 2 attempts in [0-9.]+ s$",
    (
        "docs/observability.md",
        2,
    ): r"^AWS ListConnections: page 3 with 50 items in .* s\n.*complete after .*\n250 items",
    ("docs/observability.md", 3): r"^3 connections$",
    ("docs/observability.md", 4): r"^7 events$",
    ("docs/client.md", 0): r"^50 on the first page; request id \S+$",
    ("docs/errors.md", 1): r"^\d+ partners$",
    ("docs/errors.md", 0): r"^denied: ACCESS_DENIED$",
    ("docs/collections.md", 0): r"^[1-9]\d* active connections$",
    ("docs/collections.md", 1): r"^first subsidiary: pac-\S+ requests in flight: 0\n[\s\S]*^AWS +cancelled +\d+ ",
    ("docs/collections.md", 2): r"'Sandbox'[\s\S]*: 290 items.*\n60 connections, incomplete$",
    ("docs/collections.md", 3): r"^250 connections; failed: Sandbox\n\{'AWS': 'complete', 'Sandbox': 'skipped'\}$",
    ("docs/migration.md", 0): r"\Aequal: True\nAccessDeniedException\n\Z",
    ("docs/migration.md", 1): r"\ATrue True\n\Z",
    ("docs/pipelines.md", 0): r"^290 rows of 2 sources, complete: True$",
    ("docs/pipelines.md", 1): r"\A\[\('sandbox', 40\)\]\n40 items$",
    ("docs/pipelines.md", 2): r"^2 groups: 290 items, complete: True$",
    ("docs/pipelines.md", 3): r"^\('source_label', 'id'\) last_modified_date$",
    ("docs/pipelines.md", 4): r"^20 connections; \d+ partners$",
    ("docs/pipelines.md", 5): r"^250 items; 250 items; 250 items$",
    ("docs/pipelines.md", 6): r"^list_opportunities 290\nlist_connections 290\nreport 4$",
    ("docs/tutorial.md", 0): r"\A(pac-\S+ \d{4}-\d\d-\d\d [A-Z_ ]+\n){3}\Z",
    ("docs/tutorial.md", 1): r"^Counter\(\{.*'partner': \d+",
    ("docs/tutorial.md", 2): r": 290 items[\s\S]*^(AWS|Sandbox) pac-",
    ("docs/writing.md", 0): r"^pac-\S+ written \{'Id': '\S+', 'Arn': [\s\S]*^8 rows: \d+ written, \d+ skipped",
    ("docs/writing.md", 1): r'^would send: \$.AccessType: "DENY_ALL" -> "ALLOW_ALL"\nsent: \$.AccessType',
    ("docs/tutorial.md", 3): r"^AWS ListConnections +complete +250 [\s\S]*: 290 items",
}
"""What each program prints."""


def ids(where: tuple[str, int]) -> str:
    return f"{where[0]}:{where[1]}"


@pytest.fixture
def partnercentral_emulator_arguments() -> dict[str, Any]:
    return {"catalogs": {"AWS": 250, "Sandbox": 40}}


@pytest.fixture
def log_level() -> Iterator[None]:
    """Undo what a program has set."""
    logger = logging.getLogger("aiopartnercentral")
    level = logger.level
    yield
    logger.setLevel(level)


@pytest.mark.usefixtures("partnercentral_emulator", "log_level")
@pytest.mark.parametrize("where", PROGRAMS, ids=ids)
def test_a_program_runs_and_prints_what_it_should(
    where: tuple[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    script = tmp_path / "program.py"
    script.write_text(PROGRAMS[where], encoding="utf-8")
    if where[0] == "README.md":  # as its readers do it, and without any warning
        command = [sys.executable, "-W", "error", str(script)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
        printed = done.stdout
    else:
        run_path(str(script), run_name="__main__")
        printed = capsys.readouterr().out
    assert re.search(SHOWN[where], printed, re.MULTILINE), printed


def test_every_program_has_an_expected_output() -> None:
    assert SHOWN.keys() == PROGRAMS.keys()


@pytest.mark.parametrize(
    "where", [where for where in BLOCKS if where[0] not in EXCERPTS and where not in WITH_SPARK], ids=ids
)
def test_a_block_compiles_and_uses_names_and_arguments_that_exist(where: tuple[str, int]) -> None:
    compile(BLOCKS[where], ids(where), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    tree = ast.parse(BLOCKS[where])
    names = imported(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            resolved(node, names)
        elif isinstance(node, ast.Call) and callable(target := resolved(node.func, names)) and is_ours(target):
            arguments = {keyword.arg: None for keyword in node.keywords if keyword.arg}
            inspect.signature(target).bind_partial(*[None for _ in node.args], **arguments)


def imported(tree: ast.Module) -> dict[str, Any]:
    """Return the names that the imports of a block bind."""
    names: dict[str, Any] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            try:
                exec(compile(ast.Module([node], []), "import", "exec"), names)  # noqa: S102 - the project's own
            except ModuleNotFoundError as error:
                if str(error.name).partition(".")[0] not in NOT_INSTALLED:
                    raise
    return names


def resolved(node: ast.expr, names: dict[str, Any]) -> Any:
    """Return what a dotted name means; None for what only a running program knows.

    Raises:
        AttributeError: a module, or a class of this library, does not have the attribute.
    """
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = resolved(node.value, names)
        return getattr(owner, node.attr) if isinstance(owner, ModuleType | type) else None
    return None


def is_ours(target: Any) -> bool:
    return str(getattr(target, "__module__", "")).startswith("aiopartnercentral")


@pytest.mark.parametrize("page", PAGES)
def test_links_within_the_tree_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", PAGES[page]):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file), target


@cache
def anchors(file: Path) -> set[str]:
    """Return the anchors that GitHub makes of a page's headings."""
    text = re.sub(r"^```.*?^```$", "", file.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_paths_that_contributing_names_exist() -> None:
    named = re.findall(r"`((?:src|codegen|tests|docs|benchmarks)/[\w./-]*)", PAGES["CONTRIBUTING.md"])
    assert len(named) > 10
    assert [path for path in named if not (ROOT / path).exists()] == []


def commands(page: str) -> Iterator[list[str]]:
    """Yield the words of each command of the project, without the assignments before it."""
    for block in re.findall(r"^```console\n(.*?)^```$", PAGES[page], re.DOTALL | re.MULTILINE):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            while words and re.match(r"\w+=", words[0]):
                del words[0]
            if words and words[0] == "aiopartnercentral":
                yield words[1:]


@pytest.mark.parametrize("page", [page for page in PAGES if any(commands(page))])
def test_options_of_commands_exist(page: str) -> None:
    for first, *rest in commands(page):
        second = [word for word in rest[:1] if first == "collect" and not word.startswith("-")]
        options = {word.partition("=")[0] for word in rest if word.startswith("--")}
        assert options <= options_of(first, *second), (first, options)


SOURCES = """[defaults]
catalogs = ["AWS", "Sandbox"]

[[source]]
label = "acme {catalog}"
"""


@pytest.mark.usefixtures("partnercentral_emulator")
@pytest.mark.parametrize(("page", "files"), [("README.md", 4), ("docs/tutorial.md", 1)])
def test_commands_that_collect_write_what_the_page_says(page: str, files: int, tmp_path: Path) -> None:
    (tmp_path / "partners.toml").write_text(SOURCES, encoding="utf-8")
    (command,) = [each for each in commands(page) if each[0] == "collect"]
    done = subprocess.run(
        [sys.executable, "-m", "aiopartnercentral", *command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    written = list(tmp_path.glob("*.csv"))
    assert len(written) == files, [path.name for path in tmp_path.iterdir()]
    assert all(path.stat().st_size > 0 for path in written)
    assert not list(tmp_path.glob("*.json")), "the checkpoint is deleted when the run is complete"


@cache
def options_of(*command: str) -> set[str]:
    """Return the options that the help of a command names."""
    done = subprocess.run(
        [sys.executable, "-m", "aiopartnercentral", *command, "--help"], capture_output=True, text=True, check=True
    )
    return set(re.findall(r"--[a-z][a-z0-9-]*", done.stdout))
