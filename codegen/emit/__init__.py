"""The emitters: pure functions from the IR and its names to the text of a module, or of the modules of a package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import client, converters, enums, errors, fast, listings, operations, package, structures, summaries
from .writer import HEADER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..ir import Service
    from ..names import Names

_MODULES: Mapping[str, Callable[[Service, Names], str]] = {
    "__init__.py": package.emit,
    "client.py": client.emit,
    "converters.py": converters.emit,
    "enums.py": enums.emit,
    "errors.py": errors.emit,
    "fast.py": fast.emit,
    "listings.py": listings.emit,
    "operations.py": operations.emit,
    "summaries.py": summaries.emit,
}


def texts(service: Service, names: Names) -> dict[str, str]:
    """Return the text of each file of a service's package, by its path in it."""
    modules = {name: emit(service, names) for name, emit in _MODULES.items()}
    marker = {"py.typed": f"{HEADER}\n"} if service.config.has_marker else {}
    return {**modules, **marker, **structures.emit(service, names)}
