"""Imports packages that an extra installs."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["import_optional"]


def import_optional(module: str, *, extra: str) -> Any:  # noqa: ANN401 - some of these packages have no types
    """Return a module of an optional dependency.

    Raises:
        ImportError: the package is not installed; the message gives the `pip install` command.
    """
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise ImportError(f"this needs {package}: pip install 'aiopartnercentral[{extra}]'", name=package) from error
