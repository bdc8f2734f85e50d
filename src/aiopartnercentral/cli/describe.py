"""`describe`: prints the signatures and docstrings of the generated package, and AWS's documentation from botocore."""

from __future__ import annotations

import difflib
import inspect
import json
import re
import sys
import zlib
from importlib.metadata import version
from typing import Any, Final, get_args

from botocore.docs.bcdoc.restdoc import ReSTDocument
from botocore.exceptions import DataNotFoundError
from botocore.loaders import Loader

from aiopartnercentral import account
from aiopartnercentral._utils.docstrings import docstring
from aiopartnercentral.account import operations
from aiopartnercentral.cli.runner import USAGE, CommandError
from aiopartnercentral.cli.table import Column, encoded, render
from aiopartnercentral.cli.terminal import clean, one_line, squashed, width_of, wrapped
from aiopartnercentral.cli.writer import STDOUT, Target, write_once
from aiopartnercentral.errors import ServiceError
from aiopartnercentral.types import OpenEnum, Operation, Structure

__all__ = ["describe"]

_OPERATIONS: Final = {
    one.name: (name.lower(), one) for name, one in vars(operations).items() if isinstance(one, Operation)
}
_ALL: Final[dict[str, Any]] = {name: getattr(account, name) for name in dir(account)}
# Without the types that arguments have for an enum, such as `ConnectionTypeLike`.
_TYPES: Final = {name: one for name, one in _ALL.items() if all(isinstance(each, type) for each in get_args(one))}
_KINDS: Final = dict.fromkeys(_OPERATIONS, "operation") | {
    name: "tagged union" if get_args(one) else kind
    for name, one in _TYPES.items()
    for base, kind in ((Structure, "structure"), (OpenEnum, "enum"), (ServiceError, "error"))
    if get_args(one) or (inspect.isclass(one) and issubclass(one, base))
}
_PYTHON: Final = {one: f"client.{_OPERATIONS[one][0]}" if one in _OPERATIONS else f"account.{one}" for one in _KINDS}
_NOT_SAID: Final = r"(?<!')'(?!')|self, |\b(?:structures|common|enums)\."  # of signatures


async def describe(name: str | None, *, docs: bool, as_json: bool) -> int:
    """Write the description of an operation or a type, or the list of all, to stdout; returns the exit code."""
    rows = [{"name": one, "kind": kind, "python": _PYTHON[one]} for one, kind in _KINDS.items()]
    found = {} if name is None else _described(_find(name), docs=docs)
    width = width_of(sys.stdout)
    if as_json:
        text = json.dumps(found or rows, indent=2, ensure_ascii=False) + "\n"
    elif found:
        text = _laid_out(found, width or sys.maxsize)
    else:
        columns = [Column("name", 0), Column("kind", 2), Column("Python", 1)]
        text = render(columns, [[tuple(row.values())] for row in rows], width=width)
    with await Target.open(STDOUT) as target:
        await write_once(target, encoded(text, terminal=width is not None))
    return 0


def _find(typed: str) -> str:
    """Return the name with this spelling; the class of a union's member has the union's."""
    spellings: dict[str, str] = {squashed(one.__name__): name for name in _KINDS for one in get_args(_TYPES.get(name))}
    spellings |= {squashed(name): name for name in _KINDS}
    wanted = squashed(typed.strip().rpartition(".")[2].removesuffix("()"))
    if wanted not in spellings:
        near = dict.fromkeys(spellings[one] for one in difflib.get_close_matches(wanted, spellings, 5))
        hint = f"did you mean {', '.join(near)}?" if near else "`aiopartnercentral describe` lists all names"
        raise CommandError(f"there is no operation or type {one_line(typed)!r}: {hint}", exit_code=USAGE)
    return spellings[wanted]


def _described(name: str, *, docs: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "kind": _KINDS[name], "python": _PYTHON[name]}
    if name in _OPERATIONS:
        method, operation = _OPERATIONS[name]
        response, paginate = operation.output, getattr(account.Paginate, method, None)
        sources = {_PYTHON[name]: getattr(account.Client, method), f"account.{response.__name__}": response}
        sources |= {f"client.paginate.{method}": paginate} if paginate else {}
    else:
        sources = {f"account.{one.__name__}": one for one in get_args(_TYPES[name]) or [_TYPES[name]]}
    if found["kind"] == "enum":
        found["values"] = list(_TYPES[name])
    heads = {value: one if "values" in found else f"{one}{inspect.signature(value)}" for one, value in sources.items()}
    found["docstrings"] = {re.sub(_NOT_SAID, "", head): docstring(value) for value, head in heads.items()}
    return found | {"documentation": _aws_texts(name, docs=docs)}


def _aws_texts(name: str, *, docs: bool) -> dict[str, str]:
    """Return AWS's documentation of an operation or a type, with `docs` of members too, from botocore's model."""
    service, api_version = operations.SERVICE.name, operations.SERVICE.api_version
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
    document = ReSTDocument()
    document.include_doc_string(html)
    return re.sub(r"\s*\n\s*\n", "\n\n", document.getvalue().decode()).strip()


def _laid_out(found: dict[str, Any], width: int) -> str:
    """Return the description as text, with lines wrapped at words."""
    lines = [f"{found['name']}: {found['kind']}, {found['python']}", *found.get("values", ())]
    for head, text in (found["docstrings"] | found["documentation"]).items():
        lines += ["", head, *(f"    {line}" for line in text.split("\n"))]
    return "".join(f"{wrapped(clean(line), width)}\n" for line in lines)
