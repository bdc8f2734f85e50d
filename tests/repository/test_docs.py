"""Every page for readers: its code compiles and uses names that exist, its programs run, its links lead somewhere."""

from __future__ import annotations

import ast
import inspect
import logging
import re
import subprocess
import sys
from functools import cache
from runpy import run_path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from aiopartnercentral.bulk import load_sources
from tests.support.doc_blocks import ALL_BLOCKS, BLOCKS, EXCERPTS, PAGES, ROOT
from tests.support.page_programs import PROGRAMS, WITH_SPARK
from tests.support.shown_output import check_output

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOT_INSTALLED = {"airflow", "dask", "deltalake", "endpoint", "pyiceberg", "ray", "rows", "tasks"}
"""Packages that only the nox session `recipes` installs, and a program of the same page."""


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
def test_a_program_prints_what_the_page_shows(
    where: tuple[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))  # the pages do not have one
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    script = tmp_path / "program.py"
    script.write_text(PROGRAMS[where].text, encoding="utf-8")
    if where[0] == "README.md":  # as its readers do it, and without any warning
        command = [sys.executable, "-W", "error", str(script)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
        printed = done.stdout
    else:
        run_path(str(script), run_name="__main__")
        printed = capsys.readouterr().out
    shown = PROGRAMS[where].output
    assert shown is not None, f"show below the program what it prints:\n{printed}"
    check_output(shown, printed)


@pytest.mark.parametrize("where", [where for where, block in PROGRAMS.items() if "Emulator(" in block.text], ids=ids)
def test_a_program_gives_credentials_or_its_page_says_how(where: tuple[str, int]) -> None:
    """The tests set them; a reader's shell may have none."""
    given = "aws_access_key_id=" in BLOCKS[where] or "credentials=" in BLOCKS[where]
    assert given or re.search(r"`export\sAWS_ACCESS_KEY_ID=any\sAWS_SECRET_ACCESS_KEY=any`", PAGES[where[0]])


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


@pytest.mark.parametrize("page", sorted({page for (page, _), block in BLOCKS.items() if '"sources.toml"' in block}))
def test_a_page_whose_programs_read_a_file_of_sources_has_it_or_says_what_it_is(page: str, tmp_path: Path) -> None:
    files = [block.text for block in ALL_BLOCKS if block.page == page and "[[source]]" in block.text]
    if "(tutorial.md#start-the-emulator)" in PAGES[page]:  # its programs can be run
        assert files
    assert files or "(sources.md#a-file-of-sources)" in PAGES[page]
    for text in files:
        (tmp_path / "sources.toml").write_text(text, encoding="utf-8")
        assert load_sources(tmp_path / "sources.toml")


@pytest.mark.parametrize("page", PAGES)
def test_links_within_the_tree_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(<?([^)\s>]+)>?\)", PAGES[page]):
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
