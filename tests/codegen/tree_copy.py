"""A copy of what the generator reads and writes, and the real command run in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import attrs

from codegen.services import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@attrs.frozen
class Done:
    """What a run of the command left."""

    code: int
    out: str
    err: str


@attrs.frozen
class Tree:
    """A copy of the tree."""

    root: Path

    @property
    def package(self) -> Path:
        """The generated package."""
        return self.root / "src" / "aiopartnercentral" / "account"

    @property
    def models(self) -> Path:
        """The pinned models."""
        return self.root / "service-model"

    def run(self, *command: str, seed: str = "random") -> Done:
        """Run `python -m codegen` in the tree; it must never end in a traceback."""
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        environment |= {"PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1"}
        ended = subprocess.run(
            [sys.executable, "-m", "codegen", *command],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in ended.stderr, ended.stderr
        return Done(ended.returncode, ended.stdout, ended.stderr)

    def files(self) -> dict[str, bytes]:
        """Return the content of the generated package's files."""
        found = (path for path in self.package.rglob("*") if path.is_file())
        return {path.relative_to(self.package).as_posix(): path.read_bytes() for path in found}


def copy_tree(target: Path) -> Tree:
    """Copy the generator, the pinned models and the packages."""
    for folder in ("codegen", "service-model", "src"):
        shutil.copytree(ROOT / folder, target / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return Tree(target)
