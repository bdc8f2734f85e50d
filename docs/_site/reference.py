"""The pages of the reference: a page for each package, and several for each service."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING

from codegen.build import build
from codegen.project.pinned import load_all

from . import modelled
from .names import PACKAGES, ROOT, Name, home, is_modelled, public_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from codegen import ir

_INDEX = """# Reference

Every public name of the library. In a terminal, `aiopartnercentral describe NAME` shows the operations and types.

"""


def pages() -> dict[str, str]:
    """Return the text of each page by its name on the site."""
    made = {f"reference/{_short(package)}": "".join(_package(package)) for package in PACKAGES}
    tops = [name.removeprefix("reference/") for name in made]
    for source in load_all():
        service = build(source)
        short = _short(service.config.package)
        parts = {"client": _client(service), "listings": _listings(service)} | modelled.pages(service)
        made |= {f"reference/{short}/{name}": "".join(text) for name, text in parts.items()}
        top = f"# {service.config.package}\n\n{_summary(service.config.package)}\n\n"
        top += f"[{service.full_name}](../../services/{short}.md) gives an overview.\n\n"
        made[f"reference/{short}/index"] = top + _toctree(f"{title.replace('_', ' ')} <{title}>" for title in parts)
        tops.append(f"{short}/index")
    return made | {"reference/index": _INDEX + _toctree(tops)}


def _short(package: str) -> str:
    return package.removeprefix(f"{ROOT}.")


def _toctree(names: Iterable[str]) -> str:
    return "```{toctree}\n:maxdepth: 1\n\n" + "\n".join(names) + "\n```\n"


def _package(package: str) -> Iterator[str]:
    yield f"# {package}\n\n{_summary(package)}\n\n"
    yield from _names(public_names(package))


def _summary(package: str) -> str:
    return (inspect.getdoc(importlib.import_module(package)) or "").partition("\n\n")[0]


def _names(names: Iterable[Name]) -> Iterator[str]:
    """Yield the descriptions of names, and where those are described that another page has."""
    elsewhere = []
    yield "```{eval-rst}\n"
    for name in names:
        if inspect.ismodule(name.value):
            continue
        if home(name) == name.full:
            yield from _directive(name)
        else:
            elsewhere.append(f"{{py:obj}}`{name.name} <{home(name)}>`")
    yield "```\n\n"
    if elsewhere:
        yield f"Also here: {', '.join(elsewhere)}.\n"


def _directive(name: Name) -> Iterator[str]:
    value = name.value
    if inspect.isclass(value):
        kind = "exception" if issubclass(value, BaseException) else "class"
        yield f".. auto{kind}:: {name.full}\n   :members:\n"
        if kind == "exception":
            yield "   :show-inheritance:\n"
        if name.name in ("Client", "Paginate"):
            yield "   :inherited-members:\n"
    elif inspect.isroutine(value):
        yield f".. autofunction:: {name.full}\n"
    else:
        text = "\n".join(f"   {line}" for line in name.text.splitlines())
        yield f".. py:data:: {name.full}\n   :canonical: {name.module}.{name.name}\n\n{text}\n"
    yield "\n"


def _client(service: ir.Service) -> Iterator[str]:
    package = service.config.package
    yield f"# {package}: client\n\n"
    yield from _names(name for name in public_names(package) if not is_modelled(name))


def _listings(service: ir.Service) -> Iterator[str]:
    package = f"{service.config.package}.listings"
    yield f"# {package}\n\n{_summary(package)}\n\n"
    yield from _names(public_names(package))
