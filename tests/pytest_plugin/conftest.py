"""Suites as other people write them, run by a pytest of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Protocol

import attrs
import pytest

if TYPE_CHECKING:
    from pathlib import Path


@attrs.frozen
class Ran:
    """What a suite came to.

    Attributes:
        code: the exit code.
        text: everything that was printed.
        outcomes: `passed`, `failed` or `error` by the test's name.
    """

    code: int
    text: str
    outcomes: dict[str, str]

    def all_passed(self, *names: str) -> bool:
        """Tell whether these tests ran and passed, and nothing else happened."""
        return self.code == 0 and self.outcomes == dict.fromkeys(names, "passed")


class RunSuite(Protocol):
    def __call__(self, text: str, *arguments: str, ini: str = "", **environment: str) -> Ran: ...


@pytest.fixture
def run_suite(tmp_path: Path) -> RunSuite:
    """Return `run_suite(text, *arguments, ini=..., **environment)`; every warning is an error there."""
    folder = tmp_path / "suite"

    def run(text: str, *arguments: str, ini: str = "", **environment: str) -> Ran:
        folder.mkdir(exist_ok=True)
        (folder / "test_suite.py").write_text(text, encoding="utf-8")
        (folder / "pytest.ini").write_text(f"[pytest]\n{ini}", encoding="utf-8")
        strict = ("-W", "error", "--strict-markers", "--strict-config", "-p", "no:cacheprovider")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "AWS_"))}
        # The `aws` of the environment that runs this, wherever that is.
        inherited["PATH"] = os.pathsep.join((os.path.dirname(sys.executable), inherited.get("PATH", "")))  # noqa: PTH120
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *strict, "-rA", *arguments],
            cwd=folder,
            env=inherited | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        told = re.findall(r"^(PASSED|FAILED|ERROR) test_suite\.py::(?:\w+::)?(\S+)", done.stdout, re.MULTILINE)
        outcomes = {name: outcome.lower() for outcome, name in told}
        return Ran(done.returncode, done.stdout + done.stderr, outcomes)

    return run
