"""Names of a package that are imported when they are first asked for, so that nobody waits for what he does not use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["lazily"]


def lazily(namespace: dict[str, object], modules: Mapping[str, str]) -> Callable[[str], object]:
    """Return the `__getattr__` of a package.

    Arguments:
        namespace: its globals, which keep what was imported.
        modules: the module of each name, below `aiopartnercentral`.
    """

    def load(name: str) -> object:
        module = modules.get(name)
        if module is None:
            raise AttributeError(f"module {namespace['__name__']!r} has no attribute {name!r}")
        value: object = getattr(import_module(f"aiopartnercentral.{module}"), name)
        namespace[name] = value
        return value

    return load
