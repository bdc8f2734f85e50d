"""The emitters: pure functions from the IR and its names to the text of a module, or of the modules of a package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import client, converters, enums, errors, listings, operations, package, structures
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
    "fast.py": converters.emit_fast,
    "listings.py": listings.emit,
    "operations.py": operations.emit,
    "summaries.py": listings.emit_summaries,
}


def texts(service: Service, names: Names) -> dict[str, str]:
    """Return the text of each file of a service's package, by its path in it."""
    modules = {name: emit(service, names) for name, emit in _MODULES.items()}
    marker = {"py.typed": f"{HEADER}\n"} if service.config.has_marker else {}
    return {**modules, **marker, **structures.emit(service, names)}
