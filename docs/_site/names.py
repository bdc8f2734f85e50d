"""The public names of the library, of which the reference describes each once."""

from __future__ import annotations

import ast
import importlib
import inspect
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import attrs

from codegen.services import SERVICES

if TYPE_CHECKING:
    from types import ModuleType

ROOT = "aiopartnercentral"
SERVICE_PACKAGES = tuple(config.package for config in SERVICES)
PACKAGES = (
    ROOT,
    *(f"{ROOT}.{name}" for name in ("bulk", "sinks", "integrations.dlt", "integrations.spark")),
    *(f"{ROOT}.{name}" for name in ("emulator", "pytest_plugin", "types", "errors")),
)
"""Packages and modules that people import from, except those of the services."""
MODELLED = ("enums", "errors", "structures")
"""Modules of a service's package whose names are made of its model."""


@attrs.frozen
class Name:
    """A public name.

    Attributes:
        package: where users import it from.
        name: as they write it.
        module: the module that defines it.
    """

    package: str
    name: str
    module: str

    @property
    def full(self) -> str:
        """The name with its package, under which the reference has it."""
        return f"{self.package}.{self.name}"

    @property
    def value(self) -> object:
        """The object that it stands for."""
        return getattr(importlib.import_module(self.package), self.name)

    @property
    def key(self) -> tuple[str, str]:
        """The module and name of the object, which are the same wherever it is exported."""
        value = self.value
        if inspect.isclass(value) or inspect.isfunction(value):
            return value.__module__, value.__qualname__
        return self.module, self.name

    @property
    def text(self) -> str:
        """Its description; that of a type alias or constant is the string below its assignment."""
        value = self.value
        if inspect.isclass(value) or inspect.isroutine(value) or inspect.ismodule(value):
            return inspect.getdoc(value) or ""
        body = ast.parse(inspect.getsource(importlib.import_module(self.module))).body
        for node, after in pairwise(body):
            target = node.target if isinstance(node, ast.AnnAssign) else None
            if isinstance(target, ast.Name) and target.id == self.name and isinstance(after, ast.Expr):
                return inspect.cleandoc(str(ast.literal_eval(after.value)))
        return ""


@cache
def public_names(package: str) -> tuple[Name, ...]:
    """Return the public names of a package or module: those it exports lazily, or in `__all__`, or its functions."""
    module = importlib.import_module(package)
    if "__getattr__" in vars(module):
        names = [name for name in dir(module) if not name.startswith("_")]
        return tuple(Name(package, name, _defining_module(module, name)) for name in names)
    listed = vars(module).get("__all__")
    if listed is None:
        listed = [name for name, value in vars(module).items() if _is_own(module, value) and not name.startswith("_")]
    return tuple(Name(package, name, _home(module, name)) for name in sorted(listed))


def _is_own(module: ModuleType, value: object) -> bool:
    return (inspect.isfunction(value) or inspect.isclass(value)) and value.__module__ == module.__name__


@cache
def _imports(package: str) -> tuple[tuple[str, str], ...]:
    """Return the module and the name of each import in a package's `__init__.py`."""
    tree = ast.parse(inspect.getsource(importlib.import_module(package)))
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return tuple((str(node.module), alias.asname or alias.name) for node in nodes for alias in node.names)


def _home(module: ModuleType, name: str) -> str:
    """Return the module that defines a name which a module lists."""
    value = getattr(module, name)
    if inspect.isclass(value) or inspect.isfunction(value):
        return str(value.__module__)
    imported = any(each == name for _, each in _imports(module.__name__))
    return _defining_module(module, name) if imported else module.__name__


def _defining_module(package: ModuleType, name: str) -> str:
    """Return the module that a package imports a name from.

    Raises:
        LookupError: it does not import the name.
    """
    for module, imported in _imports(package.__name__):
        if imported == name:
            return module
        if imported == "*" and name in dir(importlib.import_module(module)):
            return _defining_module(importlib.import_module(module), name)
    raise LookupError(f"{package.__name__} does not import {name}")


def is_modelled(name: Name) -> bool:
    """Return whether a name is made of a service's model."""
    return name.module.startswith(tuple(f"{service}.{module}" for service in SERVICE_PACKAGES for module in MODELLED))


@cache
def described() -> dict[str, Name]:
    """Return the names that the reference describes, by package and name; of one object, the first is described."""
    found: dict[str, Name] = {}
    objects: dict[tuple[str, str], str] = {}
    services = [each for service in SERVICE_PACKAGES for each in (service, f"{service}.listings")]
    for package in (*PACKAGES, *services):
        for name in public_names(package):
            if not inspect.ismodule(name.value) and objects.setdefault(name.key, name.full) == name.full:
                found[name.full] = name
    return found


def home(name: Name) -> str:
    """Return the full name under which the reference describes the object of a name."""
    return next(full for full, each in described().items() if each.key == name.key)
