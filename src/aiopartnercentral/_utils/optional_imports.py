"""Packages that are installed on demand, and loaded when something first needs them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["needed"]


def needed(module: str, *, extra: str) -> Any:  # noqa: ANN401 - some of them have no types
    """Return a module of a package that an extra installs.

    Raises:
        ImportError: it is not installed; the message says how it would be.
    """
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise ImportError(f"this needs {package}: pip install 'aiopartnercentral[{extra}]'", name=package) from error
