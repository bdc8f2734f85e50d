"""The generated packages of the library, by their names."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from codegen.services import SERVICES, ServiceConfig

CONFIGS: dict[str, ServiceConfig] = {config.package.rpartition(".")[2]: config for config in SERVICES}
NAMES: tuple[str, ...] = tuple(CONFIGS)
SIBLINGS: tuple[str, ...] = NAMES[1:]
"""The packages without that of the account, whose tests are the most thorough."""


def package(name: str) -> Any:
    """Return a generated package."""
    return import_module(CONFIGS[name].package)
