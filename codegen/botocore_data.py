"""The service models of a botocore: the installed one, or one in a directory or an archive."""

from __future__ import annotations

import gzip
import json
import re
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import attrs

from .errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from .services import ServiceConfig

KINDS = ("service-2", "paginators-1", "endpoint-rule-set-1")
READ_KINDS = ("service-2", "paginators-1")  # the files that the generator reads
OPTIONAL_KINDS = frozenset({"paginators-1"})
PROSE = frozenset({"documentation", "deprecatedMessage"})
_NEEDED = frozenset({"metadata", "operations", "shapes"})
_VERSION = re.compile(r"^__version__ = ['\"]([^'\"]+)['\"]", re.MULTILINE)


@attrs.frozen
class Botocore:
    """A botocore's package.

    Attributes:
        name: what messages call it.
        package: the directory `botocore`.
    """

    name: str
    package: Traversable

    @property
    def version(self) -> str:
        """Its version.

        Raises:
            SourceError: its `__init__.py` does not say.
        """
        try:
            found = _VERSION.search((self.package / "__init__.py").read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError) as error:
            raise SourceError(f"{self.name} has no readable __init__.py: {error}") from error
        if found is None:
            raise SourceError(f"the __init__.py of {self.name} does not say which version it is")
        return found[1]

    def has(self, config: ServiceConfig) -> bool:
        """Return whether it has this version of the service's model."""
        return _is_model(self._folder(config))

    def versions(self) -> dict[str, list[str]]:
        """Return the versions of each service's model, oldest first."""
        found: dict[str, list[str]] = {}
        for service in (self.package / "data").iterdir():
            versions = [version.name for version in service.iterdir() if _is_model(version)] if service.is_dir() else []
            if versions:
                found[service.name] = sorted(versions)
        return dict(sorted(found.items()))

    def original(self, config: ServiceConfig, kind: str) -> bytes | None:
        """Return a file, uncompressed, or None if it is optional and does not exist.

        Raises:
            SourceError: the service or version does not exist, or the file cannot be unpacked.
        """
        folder = self._folder(config)
        plain, packed = folder / f"{kind}.json", folder / f"{kind}.json.gz"
        try:
            if packed.is_file():
                return gzip.decompress(packed.read_bytes())
            if plain.is_file():
                return plain.read_bytes()
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
            raise SourceError(f"the {kind} of {config.name} in {self.name} is damaged: {error}") from error
        if kind in OPTIONAL_KINDS:
            return None
        raise SourceError(f"{self.name} has no {kind} of {config.name} {config.api_version}")

    def parsed(self, config: ServiceConfig, kind: str, original: bytes | None) -> Mapping[str, Any]:
        """Return a file of `original` without prose; an empty object if it does not exist.

        Raises:
            SourceError: it is not a JSON object, or one that lacks what every service model has.
        """
        file = f"the {kind} of {config.name} in {self.name}"
        try:
            found = {} if original is None else strip_prose(json.loads(original))
        except ValueError as error:
            raise SourceError(f"{file} is not JSON: {error}") from error
        except RecursionError as error:
            raise SourceError(f"{file} is nested too deeply") from error
        if not isinstance(found, dict):
            raise SourceError(f"{file} is not a JSON object")
        absent = sorted(_NEEDED - found.keys()) if kind == "service-2" else []
        if absent:
            raise SourceError(f"{file} is not a service model: it has no {absent[0]!r}")
        return found

    def _folder(self, config: ServiceConfig) -> Traversable:
        return self.package / "data" / config.name / config.api_version


def strip_prose(value: Any) -> Any:  # noqa: ANN401 - a service model is arbitrary JSON
    """Return the JSON without documentation text; a *member* called `documentation` is not text and stays."""
    if isinstance(value, dict):
        return {k: strip_prose(v) for k, v in value.items() if not (k in PROSE and isinstance(v, str))}
    if isinstance(value, list):
        return [strip_prose(v) for v in value]
    return value


def _is_model(folder: Traversable) -> bool:
    return any((folder / f"service-2.json{suffix}").is_file() for suffix in (".gz", ""))


def installed() -> Botocore:
    """Return the installed botocore."""
    from importlib.resources import files  # noqa: PLC0415 - only commands that read the installed one need it

    return Botocore("the installed botocore", files("botocore"))


def unpacked(path: Path) -> Botocore:
    """Return the botocore of a wheel, a zip file, or a directory: the package, or what it is imported from.

    Raises:
        SourceError: there is none.
    """
    try:
        root: Traversable = zipfile.Path(zipfile.ZipFile(path)) if path.is_file() else path
    except (OSError, zipfile.BadZipFile) as error:
        raise SourceError(f"{path} is not a directory, a wheel or a zip file: {error}") from error
    for package in (root / "botocore", root):
        if (package / "data").is_dir() and (package / "__init__.py").is_file():
            return Botocore(str(path), package)
    raise SourceError(f"{path} does not contain botocore")
