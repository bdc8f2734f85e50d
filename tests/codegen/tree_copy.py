"""A copy of what the generator reads and writes for one service, and the real command run in it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import attrs

from codegen.project.pinned import SOURCES, sources_text
from codegen.services import ROOT, SERVICES

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
    def page(self) -> Path:
        """The page about the service."""
        return self.root / "docs" / "services" / "account.md"

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
    """Copy the generator, the runtime, and the pinned model and the package of the account, the only service there."""
    account, *others = SERVICES
    names = [(config.name, config.package.rpartition(".")[2]) for config in others]
    left_out = [each for name, package in names for each in (name, package, f"{package}.md")]
    ignore = shutil.ignore_patterns("__pycache__", *left_out)
    for folder in ("codegen", "docs/services", "service-model", "src"):
        shutil.copytree(ROOT / folder, target / folder, ignore=ignore)
    with (target / "codegen" / "services.py").open("a", encoding="utf-8") as services:
        services.write("SERVICES = SERVICES[:1]\n")
    tree = Tree(target)
    recorded = tomllib.loads((tree.models / SOURCES).read_text(encoding="utf-8"))
    key = f"{account.name}/{account.api_version}"
    (tree.models / SOURCES).write_text(sources_text({key: recorded[key]}), encoding="utf-8")
    return tree


def replace_model(tree: Tree, path: Path, text: str) -> None:
    """Replace a pinned file, and its digest in SOURCES.toml."""
    digests = [hashlib.sha256(path.read_bytes()).hexdigest(), hashlib.sha256(text.encode()).hexdigest()]
    path.write_text(text, encoding="utf-8")
    sources = tree.models / SOURCES
    sources.write_text(sources.read_text(encoding="utf-8").replace(*digests), encoding="utf-8")
