"""The package itself: every public name, imported on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen.emit.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codegen import ir
    from codegen.names import Names


def emit(service: ir.Service, names: Names) -> str:
    """Return the text of `__init__.py`."""
    summary = f"The {service.full_name}: types, converters and client, imported on first use."
    return lazy(summary, service.config.package, _exports(service, names))


def lazy(summary: str, package: str, exports: Mapping[str, str]) -> str:
    """Return the text of the `__init__.py` of a package that imports its names on first use."""
    writer = Writer(summary)
    writer.use("aiopartnercentral._utils.lazy_imports", "lazy_imports")
    for name, module in exports.items():
        writer.use(f"{package}.{module}" if module else package, f"{name} as {name}", typing_only=True)
    with writer.block("else:"):
        writer.line("__getattr__, __dir__ = lazy_imports(globals())")
    return writer.render()


def _exports(service: ir.Service, names: Names) -> dict[str, str]:
    """Return the module of each public name; a module itself has none."""
    exports = {"Client": "client", "Paginate": "client", "connect": "client", "wrap": "client", "listings": ""}
    for form in ("json", "botocore"):
        exports |= {f"{form}_converter": "converters", f"make_{form}_converter": "converters"}
    exports |= {names.classes[s.name]: "structures" for s in service.structures()}
    exports |= {names.classes[s.name]: "errors" for s in service.errors()}
    exports |= {names.classes[s.name]: "enums" for s in service.enums()}
    for union in service.unions():
        exports[names.classes[union.name]] = "unions"
        exports[names.unknowns[union.name]] = "unions"
        exports |= {names.variants[union.name, member.name]: "unions" for member in union.members}
    return exports
