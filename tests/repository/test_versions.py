"""The classifiers, the documentation, the tools and the sessions of nox name the same versions."""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT, TOOLS = PYPROJECT["project"], PYPROJECT["tool"]
CLASSIFIER = "Programming Language :: Python :: 3."
PYTHONS = [f"3.{each.removeprefix(CLASSIFIER)}" for each in PROJECT["classifiers"] if each.startswith(CLASSIFIER)]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
}


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return what noxfile.py defines."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("nox.registry._REGISTRY", {})  # which refuses a second session of the same name
    return runpy.run_path("noxfile.py")


def supported() -> str:
    return " ".join(PAGES["docs/support.md"].split())


def test_the_tools_check_for_the_lowest_python() -> None:
    lowest = PYTHONS[0]
    assert PROJECT["requires-python"] == f">={lowest}"
    assert [TOOLS["mypy"]["python_version"], TOOLS["pyright"]["pythonVersion"]] == [lowest, lowest]
    assert TOOLS["ruff"]["target-version"] == f"py{lowest.replace('.', '')}"


def test_the_documentation_names_the_pythons_of_the_classifiers() -> None:
    named = {page: set(re.findall(r"Python (3\.\d+) or later", text)) for page, text in PAGES.items()}
    assert named["README.md"] == named["docs/tutorial.md"] == {PYTHONS[0]}
    assert set().union(*named.values()) == {PYTHONS[0]}
    assert f"| Python | {PYTHONS[0]} and later | {', '.join(PYTHONS)} |" in supported()
    assert set(re.findall(r"`python(3\.\d+)`", PAGES["CONTRIBUTING.md"])) == set(PYTHONS)


def test_the_sessions_run_with_the_pythons_of_the_classifiers(sessions: dict[str, Any]) -> None:
    assert sessions["matrix"].python == PYTHONS
    assert {str(each) for each in sessions["matrix"].parametrize} == {"versions='lowest'", "versions='newest'"}
    assert sessions["spark"].python in PYTHONS


def test_the_lowest_versions_are_documented_and_those_of_the_sessions(sessions: dict[str, Any]) -> None:
    lowest = dict(each.split("==") for each in sessions["_lowest"]())
    _, _, sentence = supported().partition("**Lowest versions.** ")
    documented = dict(re.findall(r"(\w+) (\d[\d.]*\d)", sentence.partition(". ")[0]))
    assert {"aiobotocore", "anyio", "attrs", "cattrs", "msgspec"} <= documented.keys()
    assert documented == {name: lowest[name] for name in documented}
    (aioboto3,) = re.findall(r'"aioboto3>=([\d.]+)"', (ROOT / "noxfile.py").read_text(encoding="utf-8"))
    assert f"aioboto3 works from version {aioboto3} on" in supported()


def test_whatever_users_install_has_a_lowest_version(sessions: dict[str, Any]) -> None:
    optional = PROJECT["optional-dependencies"]
    needed = [*PROJECT["dependencies"], *(each for extra in sessions["EXTRAS"] for each in optional[extra])]
    names = {re.split(r"[^\w.-]", each)[0] for each in needed if not each.startswith("aiopartnercentral[")}
    assert {each.split("==")[0] for each in sessions["_lowest"]()} == names


def test_the_parts_of_the_matrix_exist(sessions: dict[str, Any]) -> None:
    assert [each for each in sessions["MATRIX_TESTS"] if not (ROOT / each).exists()] == []
