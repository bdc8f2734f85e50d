"""The package itself: every public name, imported on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiopartnercentral._utils.lazy_imports import GENERATED_FORMAT

from .. import ir
from .types import Types
from .writer import Writer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..names import Names


def emit(service: ir.Service, names: Names) -> str:
    """Return the text of `__init__.py`."""
    summary = f"The {service.full_name}: types, converters and client, imported on first use."
    options = f", generated_format={GENERATED_FORMAT}"
    return lazy(summary, service.config.package, _exports(service, names), options)


def lazy(summary: str, package: str, exports: Mapping[str, str], options: str = "") -> str:
    """Return the text of the `__init__.py` of a package that imports its names on first use."""
    writer = Writer(summary)
    writer.use("aiopartnercentral._utils.lazy_imports", "lazy_imports")
    for name, module in exports.items():
        exported = name if name == "*" else f"{name} as {name}"
        writer.use(f"{package}.{module}" if module else package, exported, typing_only=True)
    with writer.block("else:"):
        writer.line(f"__getattr__, __dir__ = lazy_imports(globals(){options})")
    return writer.render()


def _exports(service: ir.Service, names: Names) -> dict[str, str]:
    """Return the module of each public name; a module itself has none."""
    exports = {"Client": "client", "Paginate": "client", "connect": "client", "wrap": "client", "listings": ""}
    for form in ("json", "botocore"):
        exports |= {f"{form}_converter": "converters", f"make_{form}_converter": "converters"}
    types = Types(service, names, "__init__")
    for shape in service.shapes.values():
        if isinstance(shape, ir.Structure | ir.Union | ir.Enum):
            home = types.home(shape.name)
            # The names of `structures` are listed there.
            exports |= dict.fromkeys(["*"] if home == "structures" else names.of(shape), home)
    return exports | dict.fromkeys(names.likes.values(), "enums")
