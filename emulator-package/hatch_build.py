"""Builds aiopartnercentral-emulator from the source tree of aiopartnercentral, or from its own sdist."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

PACKAGE = "aiopartnercentral/emulator"
SHARED = ("requires-python", "authors", "keywords", "classifiers")
"""What both distributions say in the same words."""


class CustomMetadataHook(MetadataHookInterface):
    """Takes the version and shared metadata from aiopartnercentral's own project; an sdist already has them."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the metadata that pyproject.toml calls dynamic."""
        checkout = Path(self.root).parent
        if "version" in metadata or not (checkout / "src" / PACKAGE).is_dir():
            return
        project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        source = (checkout / "src" / "aiopartnercentral" / "__init__.py").read_text(encoding="utf-8")
        (version,) = re.findall(r'^__version__ = "(.+)"$', source, re.MULTILINE)
        metadata["version"] = version
        metadata["dependencies"] = [
            f"{project['name']}=={version}",
            *project["optional-dependencies"]["emulator"],
        ]
        metadata |= {name: project[name] for name in SHARED if name in project}


class CustomBuildHook(BuildHookInterface[Any]):
    """Adds the package to the archive, and in the wheel the version that it was built for."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files; an editable installation is refused, as that of the checkout contains the emulator."""
        if version == "editable":
            raise RuntimeError("install the checkout instead, which contains the emulator: pip install -e '.[cli]'")
        root = Path(self.root)
        package = next(path for each in (root, root.parent) if (path := each / "src" / PACKAGE).is_dir())
        if self.target_name == "sdist":
            build_data["force_include"][str(package)] = f"src/{PACKAGE}"
            return
        build_data["force_include"][str(package)] = PACKAGE
        self._directory = TemporaryDirectory()
        stamp = Path(self._directory.name) / "_version.py"
        docstring = '"""The version of aiopartnercentral that this emulator is part of."""'
        stamp.write_text(f'{docstring}\n\nVERSION = "{self.metadata.version}"\n', encoding="utf-8", newline="\n")
        build_data["force_include"][str(stamp)] = f"{PACKAGE}/_version.py"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove the temporary file."""
        if self.target_name != "sdist":
            self._directory.cleanup()
