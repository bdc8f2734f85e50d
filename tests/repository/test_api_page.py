"""docs/api.md lists every public name with its arguments and the first line of its docstring.

`UPDATE_GOLDEN=1 python -m pytest tests/repository/test_api_page.py` writes it.
"""

from __future__ import annotations

import importlib
import inspect
import os
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
PACKAGES = ("aiopartnercentral", "aiopartnercentral.bulk", "aiopartnercentral.sinks", "aiopartnercentral.emulator")
HEAD = """# API reference

Every public name, with its arguments and the first line of its docstring. `help(name)` and your editor show the rest.
`aiopartnercentral describe NAME` shows the operations and types of `aiopartnercentral.account`.

This page is generated: `UPDATE_GOLDEN=1 python -m pytest tests/repository/test_api_page.py`.
"""


def page() -> Iterator[str]:
    yield HEAD
    for name in PACKAGES:
        package = importlib.import_module(name)
        yield f"\n## {name}\n\n| name | description |\n|---|---|\n"
        for public in sorted(dir(package), key=str.lower):
            if not public.startswith("_"):
                value = getattr(package, public)
                yield f"| `{public}{arguments(value)}` | {first_line(value)} |\n"


def arguments(value: Any) -> str:
    """Return the argument names of a function or class; users do not make exceptions, enums and containers."""
    if inspect.isfunction(value) or (inspect.isclass(value) and not issubclass(value, Exception | Enum | dict | list)):
        bare = [
            parameter.replace(annotation=inspect.Parameter.empty, default=inspect.Parameter.empty)
            for parameter in inspect.signature(value).parameters.values()
        ]
        return str(inspect.Signature(bare))
    return ""


def first_line(value: Any) -> str:
    if inspect.isclass(value) or inspect.isfunction(value) or inspect.ismodule(value):
        return (inspect.getdoc(value) or "").partition("\n")[0].replace("|", "\\|")
    return "Type alias."


def test_the_page_is_what_the_docstrings_say() -> None:
    text = "".join(page())
    if os.environ.get("UPDATE_GOLDEN"):
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text


def test_every_public_name_has_a_description() -> None:
    assert [row for row in page() if row.endswith("|  |\n")] == []
