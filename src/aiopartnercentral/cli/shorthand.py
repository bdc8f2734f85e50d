r"""The AWS CLI's shorthand for structures, such as `SortBy=CreatedDate,SortOrder=DESCENDING`.

    structure = member *("," member)
    member    = name "=" (list / object / text *("," text))
    list      = "[" [value *("," value)] "]"
    object    = "{" [structure] "}"
    value     = list / object / text
    text      = "'" text "'" / '"' text '"' / text without , and quotes, or with \, for a comma

Several texts of a member are a list. All values are text: the service's model says which of them are numbers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import attrs

from aiopartnercentral._serialization.conversion_errors import key_segment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiopartnercentral.types import JsonValue

__all__ = ["Shorthand", "ShorthandError", "parse", "shorthand"]

_Value: TypeAlias = "str | list[Any] | dict[str, Any]"

_SPACE: Final = re.compile(r"[ \t\n\r\x0b\x0c]*")
_NAME: Final = re.compile(r"[A-Za-z0-9_.#/:-]*")
_NEXT_MEMBER: Final = re.compile(rf",{_SPACE.pattern}{_NAME.pattern}{_SPACE.pattern}=")
_START: Final = r"""(?:\\,|[^\x00-\x20"',=\[{])"""
# In the first text of a member `=` is a character like others, and in the further ones `]` and `}` are.
_FIRST: Final = re.compile(_START + r"""(?:\\,|[^\x00-\x08\x0e-\x1b"',\]}])*""")
_FURTHER: Final = re.compile(_START + r"""(?:\\,|[^\x00-\x08\x0e-\x1b"',=])*""")
_QUOTED: Final = {quote: re.compile(rf"{quote}((?:\\{quote}|[^{quote}])*){quote}") for quote in "'\""}
_ESCAPED: Final = {quote: re.compile(rf"\\([\\{quote}])") for quote in "'\""}
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.:/+-]+")


class ShorthandError(ValueError):
    """A text is not shorthand.

    Attributes:
        position: the index of the first character that cannot be there.
    """

    def __init__(self, problem: str, position: int) -> None:
        super().__init__(f"{problem} at character {position}")
        self.position = position


@attrs.frozen
class Shorthand:
    """A structure that was written in shorthand.

    Attributes:
        value: the structure, in which all scalars are text.
        places: the position of each member and element in the text, by its JSON path.
    """

    value: Mapping[str, Any]
    places: Mapping[str, int]


def parse(text: str) -> Shorthand:
    """Return the structure that a text describes.

    Raises:
        ShorthandError: the text is not shorthand.
        RecursionError: it is nested too deeply.
    """
    reader = _Reader(text)
    return Shorthand(reader.structure(), reader.places)


def shorthand(value: JsonValue) -> str:
    """Return a JSON object in shorthand, as it is typed after an option."""
    return ",".join(f"{name}={_written(part)}" for name, part in value.items())


def _written(value: JsonValue) -> str:
    if isinstance(value, dict):
        return f"{{{shorthand(value)}}}"
    if isinstance(value, list):
        return f"[{','.join(map(_written, value))}]"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


class _Reader:
    """Reads a text from left to right.

    Attributes:
        places: where it found each member and element, by path.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self.places: dict[str, int] = {}

    def structure(self) -> dict[str, Any]:
        """Read the members of the text."""
        found: dict[str, Any] = {}
        self._skip()
        while True:
            path, name = self._name(found, "$")
            found[name] = self._value(path) if self._next() in ("[", "{") else self._texts()
            self._skip()
            if self._at == len(self._text):
                return found
            self._expect(",")

    def _name(self, earlier: Mapping[str, Any], path: str) -> tuple[str, str]:
        """Read `name=`, and return the member's path and its name."""
        start, found = self._at, _NAME.match(self._text, self._at)
        name = "" if found is None else found[0]
        if not name:
            raise ShorthandError("expected the name of a member", start)
        if name in earlier:
            raise ShorthandError(f"{name} is given a second time", start)
        self._at += len(name)
        self._skip()
        self._expect("=")
        inner = f"{path}{key_segment(name)}"
        self.places[inner] = start
        return inner, name

    def _texts(self) -> str | list[str]:
        """Read the text of a member that is not in braces, or several texts."""
        texts = [self._scalar(_FIRST) or ""]
        self._skip()
        while self._next() == "," and not _NEXT_MEMBER.match(self._text, self._at):
            self._expect(",")
            further = self._scalar(_FURTHER)
            if further is None:
                raise ShorthandError("expected text or NAME=VALUE", self._at)
            texts.append(further)
            self._skip()
        return texts if len(texts) > 1 else texts[0]

    def _value(self, path: str) -> _Value:
        """Read a list, an object, or a text of one of them."""
        match self._next():
            case "[":
                return self._list(path)
            case "{":
                return self._object(path)
            case _:
                return self._scalar(_FIRST) or ""

    def _list(self, path: str) -> list[Any]:
        found: list[Any] = []
        self._expect("[")
        while self._next() != "]":
            inner = f"{path}[{len(found)}]"
            self.places[inner] = self._at
            found.append(self._value(inner))
            self._separate("]")
        self._at += 1
        return found

    def _object(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self._expect("{")
        while self._next() != "}":
            inner, name = self._name(found, path)
            found[name] = self._value(inner)
            self._separate("}")
        self._at += 1
        return found

    def _separate(self, end: str) -> None:
        """Read a comma, unless the list or object ends here."""
        self._skip()
        if self._next() != end:
            self._expect(",", f"',' or '{end}'")

    def _scalar(self, plain: re.Pattern[str]) -> str | None:
        """Read text; None if there is none."""
        quote = self._next()
        if quote in _QUOTED:
            quoted = _QUOTED[quote].match(self._text, self._at)
            if quoted is None:
                raise ShorthandError("the quote does not end", self._at)
            self._at = quoted.end()
            return _ESCAPED[quote].sub(r"\1", quoted[1])
        found = plain.match(self._text, self._at)
        if found is None:
            return None
        self._at = found.end()
        return found[0].replace("\\,", ",").rstrip()

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self) -> None:
        space = _SPACE.match(self._text, self._at)
        self._at = self._at if space is None else space.end()

    def _expect(self, char: str, wanted: str | None = None) -> None:
        if self._next() != char:
            raise ShorthandError(f"expected {wanted or repr(char)}", self._at)
        self._at += 1
        self._skip()
