"""Public names of a package, listed once and imported on first use; and packages that an extra installs.

A package's `__init__.py` lists its exports only in its `if TYPE_CHECKING:` block, which type checkers and editors read:

    if TYPE_CHECKING:
        from aiopartnercentral.errors import DecodeError as DecodeError
    else:
        __getattr__, __dir__ = lazy_imports(globals())

The block is read from the package's source, so no table has to repeat it. In it, `import *` stands for the names that
another package lists in the same way.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec, resolve_name
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["GENERATED_FORMAT", "import_optional", "lazy_imports", "missing_package"]

_EMULATOR: Final = "aiopartnercentral.emulator"  # a distribution of its own, which may not be installed
GENERATED_FORMAT: Final = 2
"""Format of the generated packages that this version supports. Raise it with each change that breaks older ones."""


def lazy_imports(
    namespace: dict[str, Any], *, generated_format: int | None = None
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return the `__getattr__` and the `__dir__` of a package that exports what its `if TYPE_CHECKING:` block imports.

    `from package import *` and `package.__all__` have the same names. The source is read at the first call.

    Arguments:
        namespace: the package's globals, which keep what was imported.
        generated_format: the format of a generated package; None for any other package.

    Raises:
        ImportError: the package was generated for another version of aiopartnercentral; or, at the first call, it was
            installed without its source.
    """
    package: str = namespace["__name__"]
    if generated_format not in (None, GENERATED_FORMAT):
        reason = f"{package} was generated for another version of aiopartnercentral: generate it again"
        raise ImportError(reason, name=package)

    @cache
    def modules() -> dict[str, str]:
        source = _source(namespace)
        if not source:
            raise ImportError(f"{package} needs its source, not only its bytecode, to be installed", name=package)
        return _type_checking_imports(source, package)

    def load(name: str) -> object:
        if name == "__all__":
            return public()
        # Python looks up its own names, such as `__path__`, at each import.
        module = None if name.startswith("__") else modules().get(name)
        if module is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = import_module(f"{module}.{name}") if module == package else getattr(import_module(module), name)
        namespace[name] = value
        return value

    def public() -> list[str]:
        own = [name for name in ("__version__",) if name in namespace]
        lacking = () if _EMULATOR not in modules().values() or _is_package(_EMULATOR) else (_EMULATOR,)
        return sorted([*(name for name, module in modules().items() if module not in lacking), *own])

    return load, public


def _is_package(module: str) -> bool:
    """Return whether a module is a package; without the emulator, a single file says how to install it."""
    spec = find_spec(module)
    return spec is not None and spec.submodule_search_locations is not None


def _source(namespace: dict[str, Any]) -> str | None:
    """Return the source of a package, which may be in a zip file; unlike `linecache`, safe in several threads."""
    get_source = getattr(namespace["__loader__"], "get_source", None)
    if get_source is not None:
        source: str | None = get_source(namespace["__name__"])
        return source
    # The loader of pytest's import hook does not have it.
    from pathlib import Path  # noqa: PLC0415 - rarely needed

    return Path(namespace["__file__"]).read_text(encoding="utf-8")


def _type_checking_imports(source: str, package: str) -> dict[str, str]:
    """Return the module of each name that the `if TYPE_CHECKING:` block of a package imports."""
    import ast  # noqa: PLC0415 - loaded when something of the package is

    found: dict[str, str] = {}
    for block in ast.parse(source).body:
        if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING":
            for statement in block.body:
                if isinstance(statement, ast.ImportFrom):
                    module = resolve_name("." * statement.level + (statement.module or ""), package)
                    for alias in statement.names:
                        found |= _imports_of(module) if alias.name == "*" else {alias.asname or alias.name: module}
    return found


def _imports_of(package: str) -> dict[str, str]:
    namespace = vars(import_module(package))
    return _type_checking_imports(_source(namespace) or "", package)


_DISTRIBUTIONS = {"opentelemetry": "opentelemetry-api"}
"""The names of distributions that differ from the names of their packages."""


def import_optional(module: str, *, extra: str) -> Any:  # noqa: ANN401 - some of these packages have no types
    """Return a module of an optional dependency.

    Raises:
        ImportError: the package is not installed; the message says what to install.
    """
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise ImportError(missing_package(package, extra=extra), name=package) from error


def missing_package(package: str, *, extra: str) -> str:
    """Return what to install; the command does not depend on where this library was installed from."""
    distribution = _DISTRIBUTIONS.get(package, package)
    return f"this needs {package}: pip install {distribution} (part of the extra {extra!r} of aiopartnercentral)"
