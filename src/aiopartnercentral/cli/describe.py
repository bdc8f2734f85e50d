"""`describe`: describes operations and types, from the generated classes, their docstrings and AWS's documentation."""

from __future__ import annotations

import difflib
import inspect
import io
import json
import re
import sys
import zlib
from functools import cache
from html.parser import HTMLParser
from importlib.metadata import version
from importlib.resources import files
from textwrap import TextWrapper
from types import UnionType
from typing import TYPE_CHECKING, Any, Final, get_args

import attrs
from botocore.exceptions import DataNotFoundError
from botocore.loaders import Loader
from rich.console import Console
from rich.text import Text

from aiopartnercentral import account
from aiopartnercentral.account import operations, structures
from aiopartnercentral.cli.runner import USAGE, CommandError
from aiopartnercentral.cli.table import Column, encoded, render
from aiopartnercentral.cli.terminal import clean, one_line, squashed, width_of
from aiopartnercentral.cli.writer import STDOUT, Target, write_once
from aiopartnercentral.errors import ServiceError
from aiopartnercentral.types import OpenEnum, Operation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["describe", "plain"]

_SERVICE: Final = operations.SERVICE
_REFERENCE: Final = f"https://docs.aws.amazon.com/goto/WebAPI/{_SERVICE.name}-{_SERVICE.api_version}/"
_METHODS: Final = {one.name: name.lower() for name, one in vars(operations).items() if isinstance(one, Operation)}
_PAGES: Final = {one.operation.name: one for one in _SERVICE.paginations}
_AFTER_EMPTY_LINE: Final = frozenset(
    {"documentation", "readonly", "request", "response", "members", "values", "used_by", "errors"}
)
_LEAST_ROOM: Final = 10  # minimum columns for text, even in a narrow terminal


async def describe(name: str | None, *, docs: bool, as_json: bool) -> int:
    """Write the description of an operation or a type, or the list of all, to stdout; returns the exit code.

    Arguments:
        name: the name in any spelling; None for the list.
        docs: whether AWS's documentation of the members is shown as well.
        as_json: whether it is written as JSON.

    Raises:
        CommandError: there is no such name, or stdout cannot be written.
    """
    with await Target.open(STDOUT) as target:
        width = width_of(sys.stdout)
        found: Any = list(_entries()) if name is None else _described(_find(name), docs=docs)
        if as_json:
            text = json.dumps(found, indent=2, ensure_ascii=False) + "\n"
        elif name is None:
            columns = [Column("name", 0), Column("kind", 2), Column("Python", 1), Column("pages", 3)]
            rows = [[(*list(one.values())[:3], "paginated" * one["paginated"])] for one in found]
            text = render(columns, rows, width=width)
        else:
            text = _laid_out(found, width)
        await write_once(target, encoded(text, terminal=width is not None))
    return 0


@cache
def _known() -> Mapping[str, tuple[str, Any]]:
    """Return the kind and the object of each operation and type, by its name on the wire."""
    found: dict[str, tuple[str, Any]] = {
        one.name: ("operation", one) for one in vars(operations).values() if isinstance(one, Operation)
    }
    for name in dir(account):
        value = getattr(account, name)
        if isinstance(value, UnionType):
            found[name] = ("tagged union", value)
        elif isinstance(value, type) and value.__module__.startswith(structures.__name__):
            found[name] = ("structure", value)
        elif isinstance(value, type) and issubclass(value, OpenEnum | ServiceError):
            found[name] = ("enum" if issubclass(value, OpenEnum) else "error", value)
    return found


def _entries() -> Iterator[dict[str, Any]]:
    for name, (kind, _) in _known().items():
        yield {"name": name, "kind": kind, "python": _python(name), "paginated": name in _PAGES}


def _python(name: str) -> str:
    return f"client.{_METHODS[name]}" if name in _METHODS else f"account.{name}"


def _find(typed: str) -> str:
    """Return the name that matches the spelling; the class of a union's member matches the union.

    Raises:
        CommandError: no name matches.
    """
    variants = {squashed(one.__name__): name for name, (_, value) in _known().items() for one in get_args(value)}
    spellings = variants | {squashed(name): name for name in _known()}
    wanted = squashed(typed.strip().rpartition(".")[2].removesuffix("()"))
    if wanted not in spellings:
        close = [*difflib.get_close_matches(wanted, spellings), *(one for one in spellings if wanted and wanted in one)]
        near = list(dict.fromkeys(spellings[one] for one in close))[:5]
        hint = f"did you mean {', '.join(near)}?" if near else "`aiopartnercentral describe` lists all names"
        raise CommandError(f"there is no operation or type {one_line(typed)!r}: {hint}", exit_code=USAGE)
    return spellings[wanted]


def _described(name: str, *, docs: bool) -> dict[str, Any]:
    kind, value = _known()[name]
    texts, missing = _aws_texts()
    shapes = texts.get("shapes", {})
    own = (texts.get("operations", {}).get(name) or shapes.get(name, {})).get("documentation")
    found: dict[str, Any] = {"name": name, "kind": kind, "python": _python(name), "reference": _REFERENCE + name}
    found["documentation"] = plain(own) if own else f"({missing or f'botocore has no text about {name}'})"
    shapes = shapes if docs else {}
    if kind == "operation":
        found |= {"readonly": value.readonly, "idempotent": value.readonly or value.idempotent, "paginator": None}
        if pages := _PAGES.get(name):
            found |= {"paginator": f"client.paginate.{_METHODS[name]}", "items": pages.result_key}
        for role, cls in (("request", value.input), ("response", value.output)):
            found |= {role: f"account.{cls.__name__}", f"{role}_members": _members(cls, shapes)}
        return found | {"errors": [error.__name__ for error in value.errors]}
    found |= {"values": list(value)} if kind == "enum" else {"members": _members(value, shapes, name)}
    return found | {"used_by": _users(name)}


def _members(cls: Any, shapes: Mapping[str, Any], shape: str = "") -> list[dict[str, Any]]:  # noqa: ANN401 - any class
    """Return the members of a class: their types from the annotations, and their descriptions from the docstring."""
    if isinstance(cls, UnionType):
        *variants, unknown = get_args(cls)
        known = [_members(one, shapes, shape)[0] | {"name": one.__name__, "required": False} for one in variants]
        return [*known, {"name": unknown.__name__, "about": "a member that this version does not know"}]
    about = dict(re.findall(r"^    (\w+): (.+(?:\n {8}.+)*)", inspect.getdoc(cls) or "", re.MULTILINE))
    if attrs.has(cls):
        fields = [(one.name, one.type, one.default is attrs.NOTHING, one.repr is not True) for one in attrs.fields(cls)]
    else:
        parameters = inspect.signature(cls.__init__).parameters.values()
        fields = [(one.name, one.annotation, False, False) for one in parameters if one.kind is one.KEYWORD_ONLY]
    found = []
    for name, annotation, required, sensitive in fields:
        description = " ".join(about.get(name, "").split()).removeprefix("optional; ")
        wire_name = description.partition("`")[2].partition("`")[0]
        if wire_name:  # without one, it is not a member of the service, but response metadata
            kind = re.sub(r"\b[a-z_]+\.(?=[A-Za-z])", "", annotation).removesuffix(" | None")
            member = {"name": name, "wire_name": wire_name, "type": kind, "required": required, "sensitive": sensitive}
            reference = shapes.get(shape or cls.__name__, {}).get("members", {}).get(wire_name, {})
            text = reference.get("documentation") or shapes.get(reference.get("shape"), {}).get("documentation")
            found.append(member | {"about": description} | ({"documentation": plain(text)} if text else {}))
    return found


def _users(name: str) -> list[str]:
    """Return the operations that send, return or raise the type, and the members that have it."""
    return [user for user, used in _uses().items() if name in used]


@cache
def _uses() -> Mapping[str, set[str]]:
    """Return the types that each operation and each member of a type uses."""
    found: dict[str, set[str]] = {}
    for name, (kind, value) in _known().items():
        if kind == "operation":
            found[name] = {cls.__name__ for cls in (value.input, value.output, *value.errors)}
        elif kind != "enum":
            members = ((one["name"], one.get("type", "")) for one in _members(value, {}))
            found |= {f"{name}.{member}": set(re.findall(r"\w+", annotation)) for member, annotation in members}
    return found


@cache
def _aws_texts() -> tuple[Mapping[str, Any], str | None]:
    """Return botocore's model of the service, which has AWS's documentation; or an empty one and the reason."""
    loader = Loader([str(files("botocore") / "data")], include_default_search_paths=False)
    try:
        return loader.load_service_model(_SERVICE.name, "service-2", _SERVICE.api_version), None
    except (DataNotFoundError, OSError, EOFError, ValueError, zlib.error):
        service = f"{_SERVICE.name} {_SERVICE.api_version}"
        return {}, f"the installed botocore {version('botocore')} has no readable model of {service}"


def _laid_out(found: Mapping[str, Any], width: int | None) -> str:
    """Return the description as text; in a terminal, lines are wrapped."""
    shown = io.StringIO()
    console = Console(file=shown, width=width, height=1, force_terminal=width is not None, legacy_windows=False)
    wrap = TextWrapper(sys.maxsize, break_long_words=False, break_on_hyphens=False)
    for indent, bold, rest in _lines(found):
        wrap.width = sys.maxsize if width is None else max(_LEAST_ROOM, width - indent)
        for number, row in enumerate(wrap.wrap(clean(bold + rest)) or [""]):
            text = Text(" " * indent * bool(row) + row)
            text.stylize("bold", indent, indent + len(bold) * (not number))
            console.print(text, soft_wrap=True)
    return shown.getvalue()


def _lines(found: Mapping[str, Any]) -> Iterator[tuple[int, str, str]]:
    """Yield each line as its indentation, its bold beginning, and the rest."""
    for key, value in found.items():
        title = key.replace("_", " ")
        if key in _AFTER_EMPTY_LINE:
            yield 0, "", ""
        if key == "documentation":
            yield from ((0, "", line) for line in value.split("\n"))
        elif isinstance(value, list):
            yield 0, title, "" if value else ": none"
            for entry in value:
                yield from [(2, "", entry)] if isinstance(entry, str) else _member_lines(entry)
        else:
            yield 0, title, f": {'none' if value is None else str(value)}"


def _member_lines(member: Mapping[str, Any]) -> Iterator[tuple[int, str, str]]:
    need = "" if "required" not in member else ", required" if member["required"] else ", optional"
    yield 2, member["name"], f": {member['type']}{need}" if "type" in member else ""
    yield 4, "", member["about"]
    for line in member.get("documentation", "").split("\n"):
        yield from [(4, "", line)] if line else []


_BLOCKS: Final = "p div br pre ul ol li dl dt dd note important fullname h1 h2 h3 h4 table tr td th"
_INLINE: Final = "a b i em strong span sub sup u var img"
_ENDS: Final = dict.fromkeys(_BLOCKS.split(), "\n\n") | dict.fromkeys(_INLINE.split(), "") | {"code": "`"}
_STARTS: Final = _ENDS | {"li": "\n\n- ", "note": "\n\nNote: ", "important": "\n\nImportant: "}


def plain(html: str) -> str:
    """Return AWS's HTML as plain text, with paragraphs, list items and the addresses of links."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    text = re.sub(r"(\n(?:-|Note:|Important:))\s+", r"\1 ", reader.text)
    return "\n\n".join(filter(None, (" ".join(paragraph.split()) for paragraph in text.split("\n\n"))))


class _Reader(HTMLParser):
    """Collects the text. A tag that HTML does not have, such as `<account>` in the pattern of an ARN, is text."""

    text = address = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.address = dict(attrs).get("href") or "" if tag == "a" else self.address
        self.text += _STARTS.get(tag, self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        link = f" ({self.address})" if tag == "a" and "://" in self.address else ""
        self.text += _ENDS.get(tag, f"</{tag}>") + link

    def handle_data(self, data: str) -> None:
        self.text += data
