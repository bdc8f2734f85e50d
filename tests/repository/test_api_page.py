"""docs/api.md lists every public name, but no generated type, with its arguments and the first line of its docstring.

`UPDATE_GOLDEN=1 python -m pytest tests/repository/test_api_page.py` writes it.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import os
from enum import Enum
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.services import CONFIGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
SERVICES = tuple(config.package for config in CONFIGS.values())
PACKAGES = (
    "aiopartnercentral",
    *(name for service in SERVICES for name in (service, f"{service}.listings")),
    "aiopartnercentral.bulk",
    "aiopartnercentral.cli.notebook",
    "aiopartnercentral.sinks",
    "aiopartnercentral.integrations.spark",
    "aiopartnercentral.emulator",
)
MADE_OF_THE_MODEL = ("enums", "errors", "structures")
"""Modules of a service whose classes `describe` shows."""
HEAD = """# API reference

Every public name, with its arguments and the first line of its docstring, except the types of the services.
`help(name)` and your editor show the rest. `aiopartnercentral describe NAME` shows the operations and types of
`aiopartnercentral.account`.

This page is generated: `UPDATE_GOLDEN=1 python -m pytest tests/repository/test_api_page.py`.
"""


def page() -> Iterator[str]:
    yield HEAD
    for name in PACKAGES:
        package = importlib.import_module(name)
        yield f"\n## {name}\n\n| name | description |\n|---|---|\n"
        for public in sorted(public_names(package), key=str.lower):
            value = getattr(package, public)
            yield f"| `{public}{arguments(value)}` | {first_line(value, package, public)} |\n"


def public_names(package: ModuleType) -> Iterator[str]:
    """Yield the public names of a package or module, without those that `describe` shows."""
    if not hasattr(package, "__path__"):
        yield from (name for name, value in vars(package).items() if is_function_of(package, name, value))
        return
    for name in dir(package):
        if not name.startswith("_") and not defining_module(package, name).startswith(
            tuple(f"{service}.{module}" for service in SERVICES for module in MADE_OF_THE_MODEL)
        ):
            yield name


def is_function_of(module: ModuleType, name: str, value: Any) -> bool:
    return inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")


def defining_module(package: ModuleType, name: str) -> str:
    """Return the module that a package imports a public name from, or the package whose names it imports with it."""
    for node in ast.walk(ast.parse(inspect.getsource(package))):
        if isinstance(node, ast.ImportFrom):
            if any(alias.asname == name for alias in node.names):
                return str(node.module)
            if node.names[0].name == "*" and name in dir(importlib.import_module(str(node.module))):
                return str(node.module)
    raise LookupError(f"{package.__name__} does not import {name}")


def arguments(value: Any) -> str:
    """Return the argument names of a function or class; users do not make exceptions, enums and containers."""
    if inspect.isfunction(value) or (inspect.isclass(value) and not issubclass(value, Exception | Enum | dict | list)):
        bare = [
            parameter.replace(annotation=inspect.Parameter.empty, default=inspect.Parameter.empty)
            for parameter in inspect.signature(value).parameters.values()
        ]
        return str(inspect.Signature(bare))
    return ""


def first_line(value: Any, package: ModuleType, name: str) -> str:
    is_documented = inspect.isclass(value) or inspect.isfunction(value) or inspect.ismodule(value)
    text = inspect.getdoc(value) if is_documented else text_below(name, defining_module(package, name))
    return (text or "").partition("\n")[0].replace("|", "\\|")


def text_below(name: str, module: str) -> str:
    """Return the string below the assignment of a name, such as a type alias, which has no docstring at run time."""
    body = ast.parse(inspect.getsource(importlib.import_module(module))).body
    for node, after in pairwise(body):
        target = node.target if isinstance(node, ast.AnnAssign) else None
        if isinstance(target, ast.Name) and target.id == name and isinstance(after, ast.Expr):
            return str(ast.literal_eval(after.value))
    return ""


def test_the_page_is_what_the_docstrings_say() -> None:
    text = "".join(page())
    if os.environ.get("UPDATE_GOLDEN"):
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text


def test_every_public_name_has_a_description() -> None:
    assert [row for row in page() if row.endswith("|  |\n")] == []
