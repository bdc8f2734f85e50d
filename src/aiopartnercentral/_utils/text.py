"""Text that can be shown and stored, the texts about generated code, and responses that no text shows."""

from __future__ import annotations

import ast
import inspect
import re
from datetime import UTC
from itertools import pairwise
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

__all__ = [
    "LIMIT",
    "REDACTED",
    "argument_texts",
    "attribute_texts",
    "clean",
    "counted",
    "did_you_mean",
    "docstring",
    "json_time",
    "listed",
    "nearest",
    "one_line",
    "replace_surrogates",
    "request_text",
    "squashed",
    "state_text",
    "utc_text",
]

REDACTED = "<redacted>"
LIMIT = 300
"""How many characters of a text that is not ours are shown in a line."""
_NAMED = 10  # how many names a text has
_LEAST_PART = 4  # characters of a part of a name that stands for it
_USER_INFO = re.compile(r"(?<=://)[^/\s@]+@")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def clean(text: str) -> str:
    """Return the text with each control character escaped, and each that reverses the direction of writing."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode("ascii") for char in text
    )


def one_line(text: str, *, limit: int | None = LIMIT) -> str:
    """Return the first line that is not empty, cleaned and cut to 300 characters or another limit.

    Further lines are dropped: some services append the request, with its headers and session token, to a message.
    """
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    line = clean(_USER_INFO.sub("", first))
    return line if limit is None or len(line) <= limit else f"{line[:limit]}..."


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number and its noun, such as `2 pages`; the plural adds an s unless it is given."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def listed(names: Iterable[str]) -> str:
    """Return the first names, and how many more there are."""
    every = list(names)
    more = len(every) - _NAMED
    return f"{', '.join(every[:_NAMED])} and {more} more" if more > 1 else ", ".join(every)


def state_text(*, was_opened: bool, is_open: bool) -> str:
    """Return the state of an object that can be opened once."""
    return "open" if is_open else "closed" if was_opened else "not opened"


def nearest(given: str, names: Iterable[str]) -> str | None:
    """Return the name that a misspelt one most likely stands for, or None; case, `-` and `_` do not count."""
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistake loads it

    folded = {squashed(name): name for name in names}
    wanted = squashed(given)
    near = get_close_matches(wanted, folded, 1)
    if not near and len(wanted) >= _LEAST_PART:
        near = [each for each in folded if wanted in each]
    return folded[near[0]] if near else None


def request_text(request_id: object) -> str:
    """Return the part of a message that names the service's id of a request; empty if there is none."""
    return f" (request id {clean(str(request_id))})" if request_id else ""


def did_you_mean(given: str, names: Iterable[str]) -> str:
    """Return the part of a message that asks for the name that a misspelt one may stand for; empty for none."""
    meant = nearest(given, names)
    return f" (did you mean {meant!r}?)" if meant else ""


def squashed(name: str) -> str:
    """Return a name in lower case without spaces, hyphens and underscores, so that its spellings compare equal."""
    return "".join(char for char in name if char not in "_- ").casefold()


def utc_text(moment: datetime) -> str:
    """Return a moment in UTC as people read it, such as `2026-11-29 02:15:00 UTC`."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def json_time(moment: datetime | None) -> str | None:
    """Return a moment as JSON has it, such as `2026-11-29T02:15:00.123Z`; None for None."""
    return None if moment is None else f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def replace_surrogates(text: str) -> str:
    """Return the text with U+FFFD for each lone surrogate, which JSON can hold and UTF-8 cannot."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def docstring(value: object) -> str:
    """Return the docstring of a method or a class; that of a class also lists its attributes that have texts."""
    texts = attribute_texts(value) if inspect.isclass(value) else {}
    section = ["", "Attributes:", *(f"    {name}: {text}" for name, text in texts.items())] if texts else []
    return "\n".join([inspect.getdoc(value) or "", *section])


def argument_texts(method: object) -> dict[str, str]:
    """Return what the docstring of a generated method says about each argument, as sentences."""
    _, _, section = (inspect.getdoc(method) or "").partition("\nArguments:\n")
    entries = re.findall(r"    (\w+): (.*(?:\n {8}.*)*)\n?", section.partition("\n\n")[0])
    return {name: " ".join(f"{text[:1].upper()}{text[1:]}".split()) for name, text in entries}


def attribute_texts(cls: type) -> dict[str, str]:
    """Return the string after each attribute in the source of a generated class, and of the bases with fields."""
    found = _own_texts(cls)
    for base in cls.__mro__[1:]:
        if "__attrs_attrs__" in vars(base):
            found = {**found, **_own_texts(base), **found}
    return found


def _own_texts(cls: type) -> dict[str, str]:
    """Return those in the source of the class itself."""
    try:
        tree = ast.parse(inspect.getsource(cls))
    except OSError:  # only compiled modules are installed
        return {}
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    found = {}
    for node, after in (pair for body in bodies for pair in pairwise(body)):
        match node, after:
            case (
                ast.Assign(targets=[ast.Name(id=name) | ast.Attribute(attr=name)])
                | ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = inspect.cleandoc(text).replace("\n", " ")
    return found


@attrs.frozen
class KeptResponse:
    """A response whose body and headers no repr shows, as they may be sensitive."""

    body: bytes | None = attrs.field(repr=False)
    http_status: int
    http_headers: Mapping[str, str] = attrs.field(repr=False)
