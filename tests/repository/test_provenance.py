from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# What no text of the project may hold: hosts of package registries, paths of somebody's machine.
FORBIDDEN = re.compile(r"pypi\.org|pythonhosted\.org|registry\.npmjs|deb\.debian|/root/|/home/[a-z]+/|/work/")


def tracked_files() -> list[Path]:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


def test_no_text_names_a_registry_or_a_machine() -> None:
    files = tracked_files()
    assert files
    for path in files:
        if path.resolve() == Path(__file__).resolve():
            continue
        found = FORBIDDEN.search(path.read_text(encoding="utf-8", errors="replace"))
        assert found is None, f"{path}: {found}"


def test_generated_docstrings_hold_no_prose_of_the_model() -> None:
    pinned = (ROOT / "service-model").rglob("*.json")
    assert all('"documentation": "' not in path.read_text(encoding="utf-8") for path in pinned)
