"""The suites are named as the rooms of the package, and share nothing but what is in tests/support."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import aiopartnercentral

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).parents[1]
ROOMS = {path.stem for path in Path(aiopartnercentral.__file__).parent.iterdir()}
# Of more than one room, or of what is no room: the generator, the benchmarks, the repository as a whole.
OTHERS = {"all_services", "benchmarks", "codegen", "compliance", "costs", "formats", "repository", "support", "typing"}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_a_suite_is_named_as_the_room_that_it_tests() -> None:
    suites = {path.name for path in TESTS.iterdir() if any(path.rglob("*.py"))}
    assert suites - OTHERS <= ROOMS


def test_no_test_imports_from_a_test_or_from_another_suite() -> None:
    wrong = []
    for path in TESTS.rglob("*.py"):
        place = path.relative_to(TESTS)
        for name in imported(path):
            if name.startswith("tests."):
                suite, *modules = name.split(".")[1:]
                if suite not in (place.parts[0], "support") or any(part.startswith("test_") for part in modules):
                    wrong.append(f"{place}: {name}")
    assert wrong == []


def test_no_async_test_draws_from_hypothesis() -> None:
    """Hypothesis gives up an example by a BaseException, which ends the task that anyio runs all tests in."""
    wrong = [
        f"{path.relative_to(TESTS)}: {node.name}"
        for path in TESTS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.AsyncFunctionDef)
        and any("given(" in ast.unparse(decorator) for decorator in node.decorator_list)
        and ".draw(" in ast.unparse(node)
    ]
    assert wrong == []
