"""`describe`: prints the signatures and docstrings of the generated package, and AWS's documentation from botocore."""

from __future__ import annotations

import difflib
import inspect
import json
import re
import sys
import textwrap
import zlib
from importlib.metadata import version
from importlib.resources import files
from types import UnionType
from typing import TYPE_CHECKING, Any, Final, get_args

from botocore.docs.bcdoc.restdoc import ReSTDocument
from botocore.exceptions import DataNotFoundError
from botocore.loaders import Loader

from aiopartnercentral import account
from aiopartnercentral.account import operations
from aiopartnercentral.cli.runner import USAGE, CommandError
from aiopartnercentral.cli.table import Column, encoded, render
from aiopartnercentral.cli.terminal import clean, one_line, squashed, width_of
from aiopartnercentral.cli.writer import STDOUT, Target, write_once
from aiopartnercentral.types import OpenEnum, Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["describe"]

_SERVICE: Final = operations.SERVICE
_OPERATIONS: Final = {
    one.name: (name.lower(), one) for name, one in vars(operations).items() if isinstance(one, Operation)
}
_TYPES: Final[dict[str, Any]] = {name: getattr(account, name) for name in dir(account)}
_KINDS: Final = dict.fromkeys(_OPERATIONS, "operation") | {
    name: "tagged union" if isinstance(one, UnionType) else one.__doc__.partition(" `")[0].lower()
    for name, one in _TYPES.items()
    if isinstance(one, UnionType) or str(one.__doc__).startswith(("Structure `", "Enum `", "Error `"))
}


async def describe(name: str | None, *, docs: bool, as_json: bool) -> int:
    """Write the description of an operation or a type, or the list of all, to stdout; returns the exit code."""
    with await Target.open(STDOUT) as target:
        width = width_of(sys.stdout)
        rows = [(one, kind, _python(one)) for one, kind in _KINDS.items()]
        listed = [{"name": one, "kind": kind, "python": python} for one, kind, python in rows]
        found: Any = listed if name is None else _described(_find(name), docs=docs)
        if as_json:
            text = json.dumps(found, indent=2, ensure_ascii=False) + "\n"
        elif name is None:
            columns = [Column("name", 0), Column("kind", 2), Column("Python", 1)]
            text = render(columns, [[row] for row in rows], width=width)
        else:
            text = _laid_out(found, width or sys.maxsize)
        await write_once(target, encoded(text, terminal=width is not None))
    return 0


def _python(name: str) -> str:
    return f"client.{_OPERATIONS[name][0]}" if name in _OPERATIONS else f"account.{name}"


def _find(typed: str) -> str:
    """Return the name with this spelling; the class of a union's member has the union's."""
    variants: dict[str, str] = {squashed(one.__name__): name for name in _KINDS for one in get_args(_TYPES.get(name))}
    spellings: dict[str, str] = variants | {squashed(name): name for name in _KINDS}
    wanted = squashed(typed.strip().rpartition(".")[2].removesuffix("()"))
    if wanted not in spellings:
        close = [*difflib.get_close_matches(wanted, spellings), *(one for one in spellings if wanted and wanted in one)]
        near = list(dict.fromkeys(spellings[one] for one in close))[:5]
        hint = f"did you mean {', '.join(near)}?" if near else "`aiopartnercentral describe` lists all names"
        raise CommandError(f"there is no operation or type {one_line(typed)!r}: {hint}", exit_code=USAGE)
    return spellings[wanted]


def _described(name: str, *, docs: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "kind": _KINDS[name], "python": _python(name)}
    if name in _OPERATIONS:
        method, operation = _OPERATIONS[name]
        request, response = (cls.__name__ for cls in (operation.input, operation.output))
        sources = {_python(name): getattr(account.Client, method), f"account.{response}": operation.output}
        if paginate := getattr(account.Paginate, method, None):
            sources[f"client.paginate.{method}"] = paginate
        structures = [request, response]
    else:
        sources = {f"account.{one.__name__}": one for one in get_args(_TYPES[name]) or [_TYPES[name]]}
        structures = [name]
    if _KINDS[name] == "enum":
        found["values"] = list(_TYPES[name])
    found["docstrings"] = {one + _signature(value): inspect.getdoc(value) or "" for one, value in sources.items()}
    return found | {"documentation": _aws_texts(name, *(structures if docs else []))}


def _signature(called: Any) -> str:  # noqa: ANN401 - a class or a function
    if isinstance(called, type) and issubclass(called, OpenEnum):
        return ""
    return re.sub(r"'|self, |\b(?:structures|unions|enums)\.", "", str(inspect.signature(called)))


def _aws_texts(name: str, *structures: str) -> dict[str, str]:
    """Return AWS's documentation of an operation or a type, and of the members of structures, from botocore's model."""
    service, api_version = _SERVICE.name, _SERVICE.api_version
    loader = Loader([str(files("botocore") / "data")], include_default_search_paths=False)
    try:
        model = loader.load_service_model(service, "service-2", api_version)
    except (DataNotFoundError, OSError, EOFError, ValueError, zlib.error):
        return {name: f"(botocore {version('botocore')} has no readable model of {service} {api_version})"}
    shapes = model.get("shapes", {})
    texts = {name: (model.get("operations", {}).get(name) or shapes.get(name, {})).get("documentation")}
    for structure in structures:
        for member, reference in shapes.get(structure, {}).get("members", {}).items():
            own = reference.get("documentation") or shapes.get(reference.get("shape"), {}).get("documentation")
            texts[f"{structure}.{member}"] = own
    return {one: _plain(text) if text else f"(botocore has no text about {one})" for one, text in texts.items()}


def _plain(html: str) -> str:
    """Return HTML as the reStructuredText that the docstrings of botocore's clients are, with single empty lines."""
    document = ReSTDocument()
    document.include_doc_string(html)
    return re.sub(r"\s*\n\s*\n", "\n\n", document.getvalue().decode()).strip()


def _laid_out(found: Mapping[str, Any], width: int) -> str:
    """Return the description as text, with lines wrapped at words."""
    lines = [f"{found['name']}: {found['kind']}, {found['python']}", *found.get("values", ())]
    for head, text in [*found["docstrings"].items(), *found["documentation"].items()]:
        lines += ["", head, *textwrap.indent(text, "    ").split("\n")]
    wrap = textwrap.TextWrapper(width, break_long_words=False, break_on_hyphens=False)
    wrapped = []
    for line in map(clean, lines):
        wrap.initial_indent = wrap.subsequent_indent = line[: len(line) - len(line.lstrip())]
        wrapped += wrap.wrap(line.strip()) or [""]
    return "".join(f"{line}\n" for line in wrapped)
