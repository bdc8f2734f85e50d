"""The emitters: pure functions from the IR and its names to the text of one module each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen.emit import client, converters, enums, errors, fast, operations, package, structures, unions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from codegen.ir import Service
    from codegen.names import Names

MODULES: Mapping[str, Callable[[Service, Names], str]] = {
    "__init__.py": package.emit,
    "client.py": client.emit,
    "converters.py": converters.emit,
    "enums.py": enums.emit,
    "errors.py": errors.emit,
    "fast.py": fast.emit,
    "operations.py": operations.emit,
    "structures.py": structures.emit,
    "unions.py": unions.emit,
}
