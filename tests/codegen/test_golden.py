"""The packages generated from the synthetic models, byte for byte; `UPDATE_GOLDEN=1` writes them anew."""

from __future__ import annotations

import difflib
import os
import subprocess
import sys
import tomllib

import pytest

from codegen import check
from codegen.services import ROOT
from tests.support import services, synthetic


def readable(files, folder):
    """Return the difference between what was generated and what is there as one unified diff."""
    there = {p.relative_to(folder).as_posix(): p.read_text() for p in folder.rglob("*.*") if p.suffix != ".pyc"}
    wanted = {name: content.decode() for name, content in files.items()}
    lines = []
    for name in sorted(there.keys() | wanted.keys()):
        old, new = (texts.get(name, "").splitlines() for texts in (there, wanted))
        lines += difflib.unified_diff(old, new, f"golden/{name}", f"generated/{name}", lineterm="")
    return "\n".join(lines)


def run(*command):
    path = os.pathsep.join([str(synthetic.GOLDEN), str(ROOT / "src")])
    environment = {**os.environ, "MYPYPATH": path, "PYTHONPATH": path}
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("feature", synthetic.FEATURES)
def test_the_generated_package_is_the_golden_one(feature):
    files = check.render(synthetic.source(feature))
    folder = synthetic.config(feature).output
    problems = check.differences(files, folder)
    if problems:
        diff = readable(files, folder)
        pytest.fail(
            "\n".join([*problems, "", diff, "", "UPDATE_GOLDEN=1 pytest tests/codegen accepts it"]), pytrace=False
        )


def test_there_is_no_golden_package_without_a_model():
    packages = {path.name for path in synthetic.GOLDEN.iterdir() if path.is_dir() and path.name.startswith("golden_")}
    assert packages == {f"golden_{feature}" for feature in synthetic.FEATURES}


def test_a_golden_that_differs_is_shown_as_a_diff(tmp_path):
    files = {"a.py": b"one\ntwo\n", "b.py": b"new\n"}
    (tmp_path / "a.py").write_text("one\n2\n")
    (tmp_path / "c.py").write_text("old\n")
    shown = readable(files, tmp_path).splitlines()
    assert shown[:2] == ["--- golden/a.py", "+++ generated/a.py"]
    assert {"-2", "+two", "+new", "-old"} <= set(shown)


def test_all_golden_packages_are_clean_under_mypy():
    pytest.importorskip("mypy", reason="mypy is in the extra `typing`")
    packages = [str(synthetic.config(feature).output) for feature in synthetic.FEATURES]
    done = run("mypy", *packages)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


@pytest.mark.parametrize("command", [("check", "--no-cache"), ("format", "--check", "--no-cache")])
def test_all_golden_packages_are_clean_under_ruff(command):
    done = run("ruff", *command, str(synthetic.GOLDEN))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_golden_packages_are_linted_as_the_real_one():
    real = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]["per-file-ignores"]
    golden = tomllib.loads((synthetic.GOLDEN / "ruff.toml").read_text())["lint"]["per-file-ignores"]
    assert set(golden["**"]) == set(real[f"src/aiopartnercentral/{{{','.join(sorted(services.NAMES))}}}/**"])
