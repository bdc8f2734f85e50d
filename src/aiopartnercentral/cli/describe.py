"""`describe`: prints the signatures and docstrings of the generated packages, and AWS's documentation from botocore."""

from __future__ import annotations

import difflib
import inspect
import json
import re
import shlex
import sys
import zlib
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, get_args

import attrs

from aiopartnercentral._utils import model_data
from aiopartnercentral._utils.text import clean, docstring, one_line, squashed
from aiopartnercentral.cli.each import nested_text
from aiopartnercentral.cli.runner import UsageError
from aiopartnercentral.cli.services import SERVICES, facts, listed_services, load
from aiopartnercentral.cli.shapes import Shapes, written
from aiopartnercentral.cli.subcommands import subcommand
from aiopartnercentral.cli.table import Column, encoded, render
from aiopartnercentral.cli.terminal import is_styled, width_of, wrapped
from aiopartnercentral.cli.writer import STDOUT, Target, write_once
from aiopartnercentral.errors import ServiceError
from aiopartnercentral.types import OpenEnum, Operation, Structure

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["describe"]


@attrs.frozen(eq=False)
class _Package:
    """The operations and types of a service.

    Attributes:
        service: the name of its package.
        operations: each operation with the name of its method, by its wire name.
        types: the public types by name, without those that arguments have for an enum, such as `ConnectionTypeLike`.
        kinds: the kind of each operation and type.
    """

    service: str
    operations: Mapping[str, tuple[str, Operation[Any, Any]]]
    types: Mapping[str, Any]
    kinds: Mapping[str, str]

    @property
    def client(self) -> Any:  # noqa: ANN401 - a generated module
        """The module of its client."""
        return load(self.service, "client")

    def python(self, name: str) -> str:
        """Return how an operation or a type is written in Python."""
        return f"client.{self.operations[name][0]}" if name in self.operations else f"{self.service}.{name}"


@cache
def _package(service: str) -> _Package:
    package = load(service)
    named = vars(load(service, "operations")).items()
    operations = {one.name: (name.lower(), one) for name, one in named if isinstance(one, Operation)}
    exported = {name: getattr(package, name) for name in dir(package)}
    types = {name: one for name, one in exported.items() if all(isinstance(each, type) for each in get_args(one))}
    kinds = dict.fromkeys(operations, "operation") | {
        name: "tagged union" if get_args(one) else kind
        for name, one in types.items()
        for base, kind in ((Structure, "structure"), (OpenEnum, "enum"), (ServiceError, "error"))
        if get_args(one) or (inspect.isclass(one) and issubclass(one, base))
    }
    return _Package(service, operations, types, kinds)


_INDENT: Final = 4  # of entries in a section of a docstring, and of what continues a line
_ENTRY: Final = re.compile(r" {4}[\w.*]+: ")
_NOT_SAID: Final = r"(?<!')'(?!')|self, |\b(?:structures|common|enums)\."  # of signatures


async def describe(name: str | None, *, docs: bool, as_json: bool) -> int:
    """Write the description of an operation or a type, or the list of all, to stdout; returns the exit code.

    Arguments:
        name: the operation or the type, in any spelling; the name of a service, for the list of what it has; or None,
            for the list of what all services have.
        docs: whether to add AWS's text about each member.
        as_json: whether to write JSON.
    """
    services = listed_services(name)
    rows = [
        {"service": package.service, "name": one, "kind": kind, "python": package.python(one)}
        for package in map(_package, services)
        for one, kind in package.kinds.items()
    ]
    found = {} if name is None or services else _described(*_find(name), docs=docs)
    width = width_of(sys.stdout)
    if as_json:
        text = json.dumps(found or rows, indent=2, ensure_ascii=False) + "\n"
    elif found:
        text = _laid_out(found, width, styled=is_styled(sys.stdout))
    else:
        columns = [Column("service", 0), Column("name", 0), Column("kind", 2), Column("Python", 1)]
        text = render(columns, [[tuple(row.values())] for row in rows], width=width, styled=is_styled(sys.stdout))
    with await Target.open(STDOUT) as target:
        await write_once(target, encoded(text, terminal=width is not None))
    return 0


def _find(typed: str) -> tuple[_Package, str]:
    """Return the name with this spelling, and its service; the class of a union's member has the union's.

    Raises:
        UsageError: there is none, or several services have one.
    """
    before, _, wanted = typed.strip().removesuffix("()").rpartition(".")
    wanted, within = squashed(wanted), before.rpartition(".")[2].lower()
    services = [within] if within in SERVICES else SERVICES
    # Only the package that has the name is loaded, or all of them for suggestions.
    packages = [*map(_package, [one for one in services if wanted in _names(one)] or services)]
    found = {package: spelled[wanted] for package in packages if wanted in (spelled := _spellings(package))}
    if not found:
        names = {spelling: name for package in packages for spelling, name in _spellings(package).items()}
        near = dict.fromkeys(names[one] for one in difflib.get_close_matches(wanted, names, 5))
        hint = f"did you mean {', '.join(near)}?" if near else "`aiopartnercentral describe` lists all names"
        raise UsageError(f"there is no operation or type {one_line(typed)!r}: {hint}")
    if len(found) > 1:
        choices = " or ".join(f"{package.service}.{name}" for package, name in found.items())
        raise UsageError(f"{one_line(typed)!r} is in {len(found)} services: write {choices}")
    return next(iter(found.items()))


def _names(service: str) -> set[str]:
    """Return the squashed names of a package's operations and types, and of more, without importing any class."""
    return {*map(squashed, dir(load(service))), *map(squashed, vars(load(service, "operations")))}


@cache
def _spellings(package: _Package) -> Mapping[str, str]:
    """Return the name of each squashed spelling."""
    variants = {squashed(one.__name__): name for name in package.kinds for one in get_args(package.types.get(name))}
    return variants | {squashed(name): name for name in package.kinds}


def _described(package: _Package, name: str, *, docs: bool) -> dict[str, Any]:
    python, service = package.python(name), package.service
    found: dict[str, Any] = {"service": service, "name": name, "kind": package.kinds[name], "python": python}
    if name in package.operations:
        method, operation = package.operations[name]
        response, paginate = operation.output, getattr(package.client.Paginate, method, None)
        sources = {python: getattr(package.client.Client, method), f"{service}.{response.__name__}": response}
        sources |= {f"client.paginate.{method}": paginate} if paginate else {}
        found |= {} if (how := nested_text(service, method)) is None else {"each": how}
    else:
        kind = package.types[name]
        sources = {f"{service}.{one.__name__}": one for one in get_args(kind) or [kind]}
        if (sent := facts(service).requests.get(name)) is not None:  # whose method describes the attributes
            method, _ = package.operations[sent.name]
            sources[package.python(sent.name)] = getattr(package.client.Client, method)
    if found["kind"] == "enum":
        found["values"] = list(package.types[name])
    heads = {value: one if "values" in found else f"{one}{inspect.signature(value)}" for one, value in sources.items()}
    found["docstrings"] = {re.sub(_NOT_SAID, "", head): docstring(value) for value, head in heads.items()}
    found["examples"] = _examples(package, name)
    return found | {"documentation": _aws_texts(service, name, docs=docs)}


def _examples(package: _Package, name: str) -> dict[str, str]:
    """Return how the structures of a listing's options are typed, or one that is such a structure or a part of it."""
    known = facts(package.service)
    model = model_data.load(known.name, known.api_version)
    shapes = Shapes(model["shapes"])
    requests = {
        one.operation.name: model["operations"][one.operation.name]["input"]["shape"] for one in known.paginations
    }
    if name in requests:
        command = package.operations[name][0].replace("_", "-")
        filters = subcommand(package.service, command).filters
        lines = [shlex.join(each.example) for each in filters if each.is_structure]
        return {f"aiopartnercentral collect {command}": "\n".join(lines)} if lines else {}
    is_structure = package.kinds[name] in ("structure", "tagged union") and "members" in shapes.shapes.get(name, {})
    is_typed = is_structure and any(name in shapes.within(request) for request in requests.values())
    return {"shorthand": written(shapes.example(name))} if is_typed else {}


def _aws_texts(package: str, name: str, *, docs: bool) -> dict[str, str]:
    """Return AWS's documentation of an operation or a type, with `docs` of members too, from botocore's model."""
    from botocore.exceptions import DataNotFoundError  # noqa: PLC0415 - the list of all names needs no botocore
    from botocore.loaders import Loader  # noqa: PLC0415

    service, api_version = facts(package).name, facts(package).api_version
    loader = Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    try:
        model = loader.load_service_model(service, "service-2", api_version)
    except (DataNotFoundError, OSError, EOFError, ValueError, zlib.error):
        return {name: f"(botocore {version('botocore')} has no readable model of {service} {api_version})"}
    shapes = model.get("shapes", {})
    found = {name: model.get("operations", {}).get(name) or shapes.get(name, {})}
    structures = [found[name][key]["shape"] for key in ("input", "output") if key in found[name]] or [name]
    for structure in structures if docs else ():
        for member, reference in shapes.get(structure, {}).get("members", {}).items():
            found[f"{structure}.{member}"] = shapes.get(reference["shape"], {}) | reference
    texts = {one: _plain(about.get("documentation", "")) for one, about in found.items()}
    return {one: text or f"(botocore has no text about {one})" for one, text in texts.items()}


def _plain(html: str) -> str:
    """Return HTML as the reStructuredText that the docstrings of botocore's clients are, with single empty lines."""
    from botocore.docs.bcdoc.restdoc import ReSTDocument  # noqa: PLC0415 - loads much of botocore

    document = ReSTDocument()
    document.include_doc_string(html)
    return re.sub(r"\s*\n\s*\n", "\n\n", document.getvalue().decode()).strip()


def _laid_out(found: dict[str, Any], width: int | None, *, styled: bool = False) -> str:
    """Return the description as text, on a terminal with lines wrapped at words; styled, with bold names."""
    title = f"{found['name']}: {found['kind']} of {found['service']}, {found['python']}"
    lines = [_head(title, width, styled=styled), *(wrapped(one, width) for one in found.get("values", ()))]
    if "each" in found:
        lines += ["", *(wrapped(clean(line), width) for line in found["each"].split("\n"))]
    texts = {head: "\n".join(_unwrapped(text)) for head, text in found["docstrings"].items()}
    for head, text in (texts | found["examples"] | found["documentation"]).items():
        lines += ["", _head(head, width, styled=styled)]
        for line in text.split("\n"):
            hanging = _INDENT if _ENTRY.match(line) else 0
            lines.append(wrapped(clean(f"    {line}".rstrip()), width, hanging=hanging))
    return "".join(f"{line}\n" for line in lines)


def _head(line: str, width: int | None, *, styled: bool) -> str:
    """Return a title, whose name is bold if it is styled; it is indented deeper than the text below it."""
    text = wrapped(clean(line), width, hanging=2 * _INDENT)
    name = re.split(r"[(:]", text, maxsplit=1)[0]
    return f"\x1b[1m{name}\x1b[0m{text.removeprefix(name)}" if styled else text


def _unwrapped(text: str) -> list[str]:
    """Return the lines of a docstring, each paragraph and each entry of a section as one line.

    Lines that are indented elsewhere than below an entry are code, and unchanged.
    """
    lines: list[str] = []
    for line in text.split("\n"):
        before = lines[-1] if lines else ""
        indent, is_entry = len(line) - len(line.lstrip()), bool(_ENTRY.match(before))
        if line.strip() and before.strip() and (indent > _INDENT if is_entry else not (indent or before[0].isspace())):
            lines[-1] = f"{before} {line.strip()}"
        else:
            lines.append(line)
    return lines
