"""Imports packages that an extra installs."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["import_optional", "missing_package"]

_DISTRIBUTIONS = {"opentelemetry": "opentelemetry-api"}
"""The names of distributions that differ from the names of their packages."""


def import_optional(module: str, *, extra: str) -> Any:  # noqa: ANN401 - some of these packages have no types
    """Return a module of an optional dependency.

    Raises:
        ImportError: the package is not installed; the message says what to install.
    """
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise ImportError(missing_package(package, extra=extra), name=package) from error


def missing_package(package: str, *, extra: str) -> str:
    """Return what to install; the command does not depend on where this library was installed from."""
    distribution = _DISTRIBUTIONS.get(package, package)
    return f"this needs {package}: pip install {distribution} (part of the extra {extra!r} of aiopartnercentral)"
