"""The package itself: every public name, imported when it is first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen.emit.writer import Writer, natural_order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codegen import ir
    from codegen.names import Names


def emit(service: ir.Service, names: Names) -> str:
    """Return the text of `__init__.py`."""
    summary = f"The {service.full_name}: types, converters and client; each is loaded when first named."
    return lazy(summary, service.config.package, _exports(service, names))


def lazy(summary: str, package: str, exports: Mapping[str, str]) -> str:
    """Return the text of the `__init__.py` of a package that imports a name's module when the name is asked for."""
    writer = Writer(summary)
    writer.use("importlib", "import_module")
    writer.use("typing", "TYPE_CHECKING")
    for name, module in exports.items():
        writer.use(f"{package}.{module}", name, typing_only=True)
    public = sorted(exports, key=natural_order)
    writer.line(f"__all__ = [{', '.join(repr(name) for name in public)}]")
    writer.line()
    writer.line(f"_MODULES = {{{', '.join(f'{name!r}: {exports[name]!r}' for name in public)}}}")
    writer.lines(["", ""])
    with writer.block("if not TYPE_CHECKING:  # which would take every name for a public one"):
        writer.line()
        with writer.block("def __getattr__(name: str) -> object:"):
            writer.line("module = _MODULES.get(name)")
            with writer.block("if module is None:"):
                writer.line('raise AttributeError(f"module {__name__!r} has no attribute {name!r}")')
            writer.line('value: object = getattr(import_module(f"{__name__}.{module}"), name)')
            writer.line("globals()[name] = value")
            writer.line("return value")
    writer.lines(["", ""])
    with writer.block("def __dir__() -> list[str]:"):
        writer.line("return __all__")
    return writer.render()


def _exports(service: ir.Service, names: Names) -> dict[str, str]:
    """Return the module of each public name."""
    exports = {"Client": "client", "Paginate": "client", "connect": "client", "wrap": "client"}
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
