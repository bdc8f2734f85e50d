"""Reads the value of an option that is a structure: shorthand, JSON, or `file://` and the path of a file of either."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from aiopartnercentral.cli.shorthand import ShorthandError, parse, shorthand
from aiopartnercentral.cli.terminal import clean, one_line, squashed
from aiopartnercentral.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from aiopartnercentral.cli.shapes import Shapes

__all__ = ["StructureReader", "written"]

_FILE: Final = "file://"


def written(value: object) -> str:
    """Return an example as it is typed after an option."""
    return shorthand(value) if isinstance(value, dict) else str(value)


@attrs.frozen
class StructureReader:
    """Reads structures of one shape.

    Attributes:
        shapes: the shapes of the service's model.
        shape: the shape of a structure.
        decode: returns the object of a structure's JSON.
    """

    shapes: Shapes
    shape: str
    decode: Callable[[object], Any]

    @property
    def takes_shorthand(self) -> bool:
        """Whether a value can be shorthand, and not only JSON."""
        found = self.shapes.shapes[self.shape]
        return found["type"] in ("structure", "map") and not found.get("document")

    def one(self, text: str) -> Any:  # noqa: ANN401 - of the shape's class
        """Return the structure of an option.

        Raises:
            ValueError: it is not one; the message is for the user.
        """
        (found,) = self._all([text], is_list=False)
        return found

    def several(self, texts: Sequence[str]) -> list[Any]:
        """Return the structures of a repeated option, each value of which is one of them, or a JSON array of some.

        Raises:
            ValueError: a value is not a structure; the message is for the user.
        """
        return self._all(texts, is_list=True)

    def _all(self, texts: Sequence[str], *, is_list: bool) -> list[Any]:
        found: list[Any] = []
        for number, text in enumerate(texts, 1):
            where = f" of value {number}" if len(texts) > 1 else ""
            try:
                found += self._read(_contents(text), where, len(found) if is_list else None)
            except ShorthandError as error:
                example = written(self.shapes.example(self.shape))
                raise ValueError(f"{error}{where}: write it as {example}, or as JSON") from None
            except DecodeError as error:
                # Not chained, as a converter's error has the value.
                raise ValueError(one_line(str(error), limit=None)) from None
            except RecursionError:
                raise ValueError("it is nested too deeply") from None
        return found

    def _read(self, text: str, where: str, first: int | None) -> Iterator[Any]:
        """Yield the structures of a text, the first of which has this index in its list.

        Raises:
            ShorthandError, DecodeError: the text is not one; `where` says which of several texts it is.
        """
        from aiopartnercentral._serialization import jsontext  # noqa: PLC0415 - loads msgspec

        places: Mapping[str, int] = {}
        if self.takes_shorthand and not text.lstrip().startswith(("{", "[")):
            found = parse(text)
            value, places = self.shapes.typed(found.value, self.shape), found.places
        else:
            value = jsontext.loads(text)
        parts = value if isinstance(value, list) and first is not None else [value]
        for index, part in enumerate(parts, first or 0):
            try:
                self.shapes.check(part, self.shape)
                yield self.decode(part)
            except DecodeError as error:
                place = _place(places, error.path)
                error.within("" if first is None else f"[{index}]")
                error.path += "" if place is None else f" at character {place}{where}"
                raise


def _place(places: Mapping[str, int], path: str) -> int | None:
    """Return where in shorthand the value at a path is, or else the structure that lacks it."""
    wanted = squashed(path)
    around = [each for each in places if re.match(rf"{re.escape(squashed(each))}(?![^.\[])", wanted)]
    return places[max(around, key=lambda each: (len(squashed(each)), each == path))] if around else None


def _contents(value: str) -> str:
    """Return a value, or the text of the file that it names.

    Raises:
        ValueError: the file cannot be read.
    """
    if not value.startswith(_FILE):
        return value
    path = Path(value.removeprefix(_FILE))
    try:
        return path.expanduser().read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"cannot read {clean(str(path))}: {error.strerror}") from None
    except (UnicodeDecodeError, RuntimeError, ValueError) as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else one_line(str(error))
        raise ValueError(f"cannot read {clean(str(path))}: {reason}") from None
