from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INFERENCE = ROOT / "tests" / "typing" / "inference.py"
OPEN_ENUMS = ROOT / "tests" / "typing" / "open_enums.py"
MISTAKES = ROOT / "tests" / "typing" / "mistakes.py"

pytest.importorskip("mypy", reason="type checkers are in the extra `typing`")


def refused_lines() -> set[int]:
    lines = MISTAKES.read_text(encoding="utf-8").splitlines()
    return {number for number, line in enumerate(lines, 1) if "# refused: " in line}


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


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_types_are_inferred_precisely_and_mistakes_are_refused(checker: type) -> None:
    assert checker(INFERENCE, OPEN_ENUMS, MISTAKES) == {("mistakes.py", line) for line in refused_lines()}
    assert len(refused_lines()) == 25
